"""Dialogues: folders named for languages, and licences as packages tell them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builders.sources import _licence, dialogue
from builders.sources._base import Context, Reading
from isogloss.errors import IsoglossError

TALK = "conversations:\n- - Question\n  - Answer\n"


def opened(folder: Path, languages: tuple[str, ...], **options: Any) -> Reading:
    context = Context(languages, ("qa",), folder, "r.toml: sources[0]", 42)
    chosen = dialogue.Options.model_validate({"name": "s", "kind": "dialogue", **options})
    return dialogue.read(chosen, context)


def languages_of(reading: Reading) -> set[str]:
    return set(pl.concat(list(reading.frames))["language"])


def talks(root: Path, *folders: str) -> None:
    for folder in folders:
        (root / folder).mkdir(parents=True)
        (root / folder / "a.yml").write_text(TALK, encoding="utf-8")


def test_folders_may_be_named_by_tag(tmp_path: Path) -> None:
    tags = ("en", "id", "ko", "de", "hu", "ca", "pa", "ha", "so", "ga", "yo", "as", "bo", "zh-Hans")
    talks(tmp_path, *tags)
    reading = opened(tmp_path, tags, path=".", licence="MIT")
    assert languages_of(reading) == set(tags)
    assert reading.details == {"folders": {tag: tag for tag in tags}, "left_out": {}}


def test_folders_may_be_named_in_english(tmp_path: Path) -> None:
    talks(tmp_path, "german", "traditionalchinese", "pt_BR", "portuguese")
    reading = opened(tmp_path, ("zh-Hant", "de", "pt", "pt-BR"), path=".", licence="MIT")
    assert reading.details["folders"] == {
        "german": "de", "portuguese": "pt", "pt_BR": "pt-BR", "traditionalchinese": "zh-Hant",
    }  # fmt: skip
    assert languages_of(reading) == {"de", "zh-Hant", "pt", "pt-BR"}


def test_folders_that_are_left_out_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talks(tmp_path, "de", "swedish", "greetings", ".cache")
    reading = opened(tmp_path, ("de",), path=".", licence="MIT")
    assert reading.details == {
        "folders": {"de": "de"},
        "left_out": {"greetings": "not named for a language", "swedish": "sv"},
    }
    said = capsys.readouterr().err
    assert "'greetings' is not named for a language" in said
    assert ".cache" not in said
    named = opened(tmp_path, ("de", "fr"), path=".", licence="MIT", folders={"greetings": "fr"})
    assert languages_of(named) == {"de", "fr"}


def wheel(cache: Path, metadata: str) -> None:
    """Put a wheel with one conversation into the cache."""
    path = cache / "wheels" / "talks-1.0" / "talks-1.0-py3-none-any.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("talks/data/de/a.yml", TALK)
        archive.writestr("talks-1.0.dist-info/METADATA", metadata)


def test_the_licence_is_what_the_wheel_says(tmp_path: Path, private_cache: Path) -> None:
    asked: dict[str, Any] = {"pypi": "talks==1.0", "member": "talks/data"}
    wheel(private_cache, "Metadata-Version: 2.4\nName: talks\nLicense-Expression: CC0-1.0\n")
    assert opened(tmp_path, ("de",), **asked).licence == "CC0-1.0"
    assert opened(tmp_path, ("de",), licence="MIT", **asked).licence == "MIT"
    wheel(private_cache, "Metadata-Version: 2.4\nName: talks\n\nLicense: in the readme only\n")
    with pytest.raises(IsoglossError, match="the licence of these dialogues is not known"):
        opened(tmp_path, ("de",), **asked)


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ("License: BSD\nLicense-Expression: BSD-3-Clause\n", "BSD-3-Clause"),
        ("License: MIT\nClassifier: License :: OSI Approved :: BSD License\n", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License\n", "BSD License"),
        ("License: UNKNOWN\nClassifier: License :: Public Domain\n", "Public Domain"),
        ("Classifier: License :: OSI Approved\n", None),
        ("License: Copyright 2020\n        All rights\n", None),
        ("License-File: LICENSE\n", None),
    ],
)
def test_metadata_name_a_licence(fields: str, licence: str | None) -> None:
    assert _licence.of_metadata(f"Name: x\n{fields}\nLicense: of the text below\n") == licence


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("conversations: " + "[" * 500, r"a\.yml:1: is nested over 16 deep"),
        # PyYAML counts for itself since 6.0.4, and comes first.
        ("conversations: " + "[" * 50_000, r"a\.yml:1: .*nest"),
        ("a: &a [x, y]\nconversations:\n- *a\n- *a\n", r"a\.yml:3: has an alias"),
    ],
)
def test_what_would_end_the_process_is_told(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "a.yml").write_text(text)
    with pytest.raises(IsoglossError, match=told):
        list(opened(tmp_path, ("de",), path=".", licence="MIT").frames)


def test_a_package_is_cited_by_its_page(tmp_path: Path, private_cache: Path) -> None:
    wheel(private_cache, "Metadata-Version: 2.4\nName: talks\nLicense-Expression: CC0-1.0\n")
    reading = opened(tmp_path, ("de",), pypi="talks==1.0", member="talks/data")
    assert reading.citation == "talks 1.0, https://pypi.org/project/talks/1.0/"
