"""A corpus is read by its manifest: what is damaged, foreign, swapped or gone is named and refused."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import command, wrong
from support.corpora import row, write_corpus, write_manifest

import benchmarks
import builders
from isogloss.corpora import OWN_HASH, open_corpus
from isogloss.errors import IsoglossError
from isogloss.files import read_json, sha256_file, write_json

TRAIN = "data/de/translation-train-00000.parquet"
TEST = "data/de/translation-test-00000.parquet"


def rows() -> list[dict[str, object]]:
    return [
        row(f"Satz {n}", language=language, split=split)
        for language in ("de", "fr")
        for split in ("train", "test")
        for n in range(20)
    ]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_corpus(tmp_path_factory.mktemp("sound") / "corpus", rows())
    write_manifest(folder)
    return folder


@pytest.fixture
def corpus(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "corpus"))


def readings(corpus: Path, split: str) -> list[Callable[[], object]]:
    """Return all that reads a split of a corpus."""
    found: list[Callable[[], object]] = [
        lambda: open_corpus(corpus).records(split),
        lambda: builders.export(corpus, corpus.parent / "x.jsonl", layout="messages", split=split),
        lambda: builders.diff(corpus, corpus),
    ]
    if split == "test":
        found.append(lambda: benchmarks.load_suite(f"corpus:{corpus}"))
    return found


def refused(corpus: Path, split: str, told: str) -> None:
    for read in readings(corpus, split):
        with pytest.raises(IsoglossError, match=told) as caught:
            read()
        assert "\n" not in str(caught.value)


def test_a_sound_corpus_is_read(corpus: Path) -> None:
    for split in ("train", "test"):
        for read in readings(corpus, split):
            read()
    assert open_corpus(corpus).records("train").height == 40


@pytest.mark.parametrize(("name", "split"), [(TRAIN, "train"), (TEST, "test")])
def test_a_file_that_is_not_as_listed_is_named_and_refused(
    name: str, split: str, corpus: Path
) -> None:
    path = corpus / name
    good = path.read_bytes()
    chance = random.Random(5)
    for _ in range(15):
        flipped = bytearray(good)
        flipped[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        refused(corpus, split, rf"{name}: is not the file that manifest.json lists")
    for other in (good[: len(good) // 2], b"", good + b"\0", bytes(len(good))):
        path.write_bytes(other)
        refused(corpus, split, rf"{name}: is not the file that manifest.json lists")
    shutil.copy(corpus / name.replace("/de/", "/fr/"), path)
    refused(corpus, split, rf"{name}: is not the file that manifest.json lists")
    path.unlink()
    refused(corpus, split, rf"{name}: is missing, or is no file")
    os.mkfifo(path)  # nobody waits for who never writes
    refused(corpus, split, rf"{name}: is missing, or is no file")


@pytest.mark.parametrize(
    "name",
    [
        "data/de/translation-train-00001.parquet",
        "data/notes.txt",
        "rejected/length-00001.parquet",
    ],
)
def test_what_is_not_listed_is_named_and_refused(name: str, corpus: Path, tmp_path: Path) -> None:
    shutil.copy(corpus / TRAIN, corpus / name)
    told = rf"{name}: lies in a corpus whose manifest.json does not list it"
    refused(corpus, "train", told)
    refused(corpus, "test", told)
    wrong(command("export", corpus, tmp_path / "x.jsonl"), told)
    (corpus / name).rename(corpus / "data" / ".hidden")  # which nobody loads
    (corpus / "data" / "empty").mkdir()
    assert open_corpus(corpus).records("train").height == 40


def test_a_linked_folder_of_somebody_else_is_refused(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus / "data" / "fr", tmp_path / "other")
    (corpus / "data" / "it").symlink_to(tmp_path / "other")
    refused(corpus, "train", "data/it: lies in a corpus whose manifest.json does not list it")


def test_a_corpus_of_links_to_files_is_read(corpus: Path, tmp_path: Path) -> None:
    """As the cache of the hub has them."""
    for path in [path for path in corpus.rglob("*") if path.is_file()]:
        blob = tmp_path / f"blob-{path.name}-{path.parent.name}"
        path.rename(blob)
        path.symlink_to(blob)
    assert open_corpus(corpus).records("test").height == 40


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_manifest_with_another_bit_is_refused_or_says_the_same(
    at: int, bit: int, sound: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    corpus = tmp_path_factory.mktemp("any") / "corpus"
    corpus.mkdir()
    data = bytearray((sound / "manifest.json").read_bytes())
    data[at % len(data)] ^= 1 << bit
    (corpus / "manifest.json").write_bytes(data)
    try:
        found = open_corpus(corpus)
    except IsoglossError as error:
        assert "manifest.json" in str(error)
    else:
        manifest = dict(found.manifest)
        assert OWN_HASH not in manifest or manifest == read_json(sound / "manifest.json")


def test_a_changed_count_in_the_manifest_is_found(corpus: Path) -> None:
    text = (corpus / "manifest.json").read_text()
    assert '"train": 20' in text
    (corpus / "manifest.json").write_text(text.replace('"train": 20', '"train": 21'))
    refused(corpus, "train", r"manifest\.json: was changed after it was written")


def test_manifests_of_earlier_versions_have_no_hash_and_what_can_be_checked_is(
    corpus: Path,
) -> None:
    write_manifest(corpus, own_hash=False)
    assert open_corpus(corpus).records("train").height == 40
    manifest = read_json(corpus / "manifest.json")
    manifest["files"][TRAIN]["rows"] = 21
    write_json(corpus / "manifest.json", manifest)
    with pytest.raises(IsoglossError, match=r"holds 20 rows, and manifest\.json lists it with 21"):
        open_corpus(corpus).records("train")


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/passwd",
        "data/../../x",
        "data//x",
        "a\0b",
        "a\u202eb",
        "\ud800",
        "..\\x",
        "",
        "a\n",
    ],
)
def test_a_manifest_that_lists_what_is_no_name_in_it_is_refused(name: str, corpus: Path) -> None:
    manifest = read_json(corpus / "manifest.json")
    manifest.pop(OWN_HASH)
    manifest["files"][name] = manifest["files"]["README.md"]
    (corpus / "manifest.json").write_text(json.dumps(manifest))
    refused(corpus, "train", r"which is no name in it|is not UTF-8")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "7", '{"format": 1}', '{"format": 99, "inputs_sha256": "", "files": {}}',
     '{"format": 1, "inputs_sha256": "", "files": []}', "\ufeff{", '{"a": "\\ud800"}',
     '{"format": 1, "inputs_sha256": "", "files": {"a": {"sha256": "no", "bytes": 1}}}'],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(text: str, corpus: Path) -> None:
    (corpus / "manifest.json").write_text(text, encoding="utf-8")
    refused(corpus, "train", r"manifest\.json: ")


def test_a_file_that_is_no_parquet_is_told_as_such(corpus: Path) -> None:
    (corpus / TRAIN).write_bytes(b"PAR1" + b"\0" * 400 + b"PAR1")
    frame = pl.DataFrame({"a": [1]})
    manifest = read_json(corpus / "manifest.json")
    for content in ((corpus / TRAIN).read_bytes(), frame.write_csv().encode()):
        (corpus / TRAIN).write_bytes(content)
        manifest["files"][TRAIN] |= {"bytes": len(content), "sha256": sha256_file(corpus / TRAIN)}
        manifest.pop(OWN_HASH, None)
        write_json(corpus / "manifest.json", manifest)
        with pytest.raises(IsoglossError, match="is not a Parquet file that can be read"):
            open_corpus(corpus).records("train")
