"""Files that a source finds and does not read are told with their number, whatever the source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.sources import open_source

OTHER = "of other languages than the recipe's"
NEARER = "of a language that another file is nearer to"
NO_LANGUAGE = "whose names say no language that is known"


def write(folder: Path, *names: str, text: str = "One.\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("files", {"task": "summarization", "columns": {"input": "a", "output": "b"}}),
        ("summaries", {"columns": {"text": "a", "summary": "b"}}),
        ("squad", {}),
        ("problems", {}),
        ("functions", {"columns": {"code": "b"}}),
        ("back-translation", {"model": "m", "into": "en"}),
    ],
)
def test_a_pattern_tells_the_files_that_it_leaves_out(
    kind: str, options: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, *(f"q/{name}.jsonl" for name in ("de", "deu_Latn", "fr", "ru", "q1", "notes")))
    found = open_source(kind, tmp_path, ("de",), path="q/{language}.jsonl", **options).details
    assert found["unread"] == {OTHER: 2, NO_LANGUAGE: 2}
    said = capsys.readouterr().err
    assert "warning: r.toml: sources[0]: 4 files not read: " in said
    assert f"2 {OTHER} (q/fr.jsonl, q/ru.jsonl)" in said
    assert f"2 {NO_LANGUAGE} (q/notes.jsonl, q/q1.jsonl)" in said


def test_files_of_other_languages_alone_are_no_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, *(f"{number}\x1b{code}.json" for code in ("de", "fr") for number in range(9)))
    write(tmp_path, "fr.json", "de.json")
    path = {"*de.json": "de", "*fr.json": "fr"}
    assert open_source("squad", tmp_path, ("de",), path=path).details["unread"] == {OTHER: 10}
    said = capsys.readouterr().err
    assert "warning" not in said
    assert "\x1b" not in said
    assert said.count("fr.json") == 6
    assert ", …)" in said


def test_what_another_pattern_reads_is_not_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.de.jsonl", "a.xx1.jsonl")
    path = ["a.{language}.jsonl", "a.xx1.jsonl"]
    assert open_source("mkqa", tmp_path, ("de",), path=path).details == {"files": 2}


def test_all_files_being_read_nothing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "de.json")
    assert open_source("squad", tmp_path, ("de",), path="{language}.json").details == {"files": 1}
    assert capsys.readouterr().err == ""


def test_parallel_files_that_make_no_pair_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, *(f"{name}.txt" for name in ("en", "de", "de-AT", "fr", "READ1", "ru")))
    found = open_source(
        "parallel", tmp_path, ("en", "de", "ru"), path="{language}.txt", pairs=["en:de"]
    )
    assert found.details["languages"] == ["de", "en"]
    assert found.details["unread"] == {OTHER: 2, NEARER: 1, NO_LANGUAGE: 1}
    assert "warning: r.toml: sources[0]: 4 files not read: " in capsys.readouterr().err


def test_pairs_of_files_that_are_not_read_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("en-de/src.en", "en-de/ref.de", "en-fr/src.en", "en-fr/ref.fr", "en-de1/src.en")
    write(tmp_path, *names)
    pair = "{source_language}-{language}"
    found = open_source(
        "moses",
        tmp_path,
        ("en", "de"),
        source=f"{pair}/src.{{source_language}}",
        target=f"{pair}/ref.{{language}}",
    )
    assert found.details == {"pairs": ["en:de"], "unread": {OTHER: 1, NO_LANGUAGE: 1}}
    assert f"1 {NO_LANGUAGE} (en-de1/src.en)" in capsys.readouterr().err


def test_translations_that_are_not_read_are_told(tmp_path: Path) -> None:
    write(tmp_path, *(f"c/text.{name}" for name in ("en", "de", "fr", "ids1")))
    found = open_source(
        "moses",
        tmp_path,
        ("en", "de"),
        source="c/text.en",
        target="c/text.{language}",
        source_language="en",
    )
    assert found.details == {"pairs": ["en:de"], "unread": {OTHER: 1, NO_LANGUAGE: 1}}
