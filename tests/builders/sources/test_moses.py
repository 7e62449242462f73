"""Pairs of aligned files: references, directions, ids, and languages from names or options."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.sources import open_source, pairs, read, texts

from isogloss.errors import IsoglossError

PAIR = "{source_language}-{language}"
NAMED = {"source": f"{PAIR}/src.{{source_language}}", "target": f"{PAIR}/ref.*.{{language}}"}


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_several_files_are_the_references_of_one(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "en-de/src.en": "One.\nTwo.\nThree.\n",
            "en-de/ref.B.de": "Eins!\n\nDrei.\n",
            "en-de/ref.A.de": "Eins.\nZwei.\nDrei.\n",
            "en-de/ref.C.de": "EINS\nZWEI\n\n",
        },
    )
    found = read("moses", tmp_path, ("de",), **NAMED, split="test")
    assert texts(found) == [("One.", "Eins."), ("Two.", "Zwei."), ("Three.", "Drei.")]
    assert found["references"].to_list() == [
        ["Eins.", "Eins!", "EINS"], ["Zwei.", "ZWEI"], ["Drei."],
    ]  # fmt: skip
    assert found["source_id"].to_list() == ["en-de#1", "en-de#2", "en-de#3"]
    assert found["group"].to_list() == ["One.", "Two.", "Three."]
    assert set(found["split"]) == {"test"}


def test_a_line_is_rejected_only_where_no_reference_has_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "de-en/src.de": "Eins.\nZwei.\n\n",
            "de-en/ref.A.en": "\n\nThree.\n",
            "de-en/ref.B.en": "One.\n \nThree.\n",
        },
    )
    found = read("moses", tmp_path, ("en",), **NAMED)
    assert texts(found) == [("Eins.", "One.")]
    assert found["reason"].to_list() == [
        None, "the line of its translation is empty", "its line is empty",
    ]  # fmt: skip


def test_both_directions_share_ids_and_groups(tmp_path: Path) -> None:
    write(tmp_path, {"c.de-fr.de": "Eins.\nZwei.\n", "c.de-fr.fr": "Un.\nDeux.\n"})
    options = {
        "source": f"c.{PAIR}.{{source_language}}",
        "target": f"c.{PAIR}.{{language}}",
        "both_directions": True,
    }
    found = read("moses", tmp_path, ("de", "fr"), **options)
    assert pairs(found) == [("de", "fr"), ("fr", "de")]
    assert texts(found, language="de") == [("Un.", "Eins."), ("Deux.", "Zwei.")]
    assert found["source_id"].to_list() == ["de-fr#1", "de-fr#2"] * 2
    assert found["group"].to_list() == ["Eins.", "Zwei."] * 2
    assert pairs(read("moses", tmp_path, ("de",), **options)) == [("fr", "de")]
    options["both_directions"] = False
    assert pairs(read("moses", tmp_path, ("de", "fr"), **options)) == [("de", "fr")]


def test_files_that_pair_either_way_are_read_once_for_both_directions(tmp_path: Path) -> None:
    write(tmp_path, {"c.de": "Eins.\n", "c.fr": "Un.\n", "c.sw": "Moja.\n"})
    options = {"source": "c.{source_language}", "target": "c.{language}"}
    once = read("moses", tmp_path, ("de", "fr", "sw"), **options)
    both = read("moses", tmp_path, ("de", "fr", "sw"), **options, both_directions=True)
    assert sorted(pairs(once)) == sorted(pairs(both))
    assert once.height == both.height == 6
    assert set(both["source_id"]) == {"de-fr#1", "de-sw#1", "fr-sw#1"}


def test_the_english_side_groups(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "t/corpus.en": "One.\n", "t/corpus.de": "Eins.\n",
            "t/corpus.sw": "Moja.\n", "t/corpus.README": "no language",
        },
    )  # fmt: skip
    into = {"source": "t/corpus.{source_language}", "target": "t/corpus.en", "language": "en"}
    found = read("moses", tmp_path, ("en", "de", "sw"), **into)
    assert texts(found) == [("Eins.", "One."), ("Moja.", "One.")]
    assert found["group"].to_list() == ["One."] * 2
    assert found["source_id"].to_list() == ["de-en#1", "sw-en#1"]


def test_languages_that_the_names_do_not_say(tmp_path: Path) -> None:
    write(tmp_path, {"train.src": "One.\n", "train.tgt": "Eins.\n"})
    options = {
        "source": "train.src", "target": "train.tgt", "source_language": "eng_Latn", "language": "de",
    }  # fmt: skip
    assert texts(read("moses", tmp_path, ("de",), **options), source_language="en") == [
        ("One.", "Eins.")
    ]
    for left_out in ("source_language", "language"):
        with pytest.raises(ValidationError, match=f"give either {left_out}"):
            read("moses", tmp_path, ("de",), **{**options, left_out: None})
    with pytest.raises(ValidationError, match="give either language"):
        read("moses", tmp_path, ("de",), **NAMED, language="de")


def test_tags_are_served_as_the_recipe_has_them(tmp_path: Path) -> None:
    write(tmp_path, {"en-zh/src.en": "One.\n", "en-zh/ref.A.zh": "一。\n"})
    for tag in ("zh-Hans", "zh", "zh-CN"):
        assert pairs(read("moses", tmp_path, (tag,), **NAMED)) == [("en", tag)]
    with pytest.raises(IsoglossError, match="none of the 1 files is of a pair"):
        read("moses", tmp_path, ("zh-Hant", "en"), **NAMED)


def test_duplicate_lines_stay_apart(tmp_path: Path) -> None:
    write(tmp_path, {"en-de/src.en": "Yes.\n" * 3, "en-de/ref.A.de": "Ja.\n" * 3})
    found = read("moses", tmp_path, ("de",), **NAMED)
    assert found["source_id"].to_list() == ["en-de#1", "en-de#2", "en-de#3"]
    assert texts(found) == [("Yes.", "Ja.")] * 3


def test_compressed_bitext(tmp_path: Path) -> None:
    line = "x" * 50 + "\n"
    write(
        tmp_path,
        {
            "b.en.gz": gzip.compress(line.encode() * 20_000),
            "b.de.gz": gzip.compress(b"y\n" * 20_000),
        },
    )
    found = read(
        "moses", tmp_path, ("de",), source="b.{source_language}.gz", target="b.{language}.gz"
    )
    assert found.height == 20_000
    assert found["source_id"].to_list() == [f"en-de#{number}" for number in range(1, 20_001)]


@pytest.mark.parametrize(
    ("files", "options", "told"),
    [
        ({"en-de/ref.A.de": ""}, NAMED, r"sources\[0\]\.source: .*there is no such file"),
        ({"en-de/src.en": ""}, NAMED, r"src\.en: there is no translation of it.*ref\.\*\.de"),
        ({"en-de/src.en": "a\n", "en-de/ref.A.de": "a\nb\n"}, NAMED, r"ref\.A\.de: has 2 lines, but .*src\.en has 1\."),
        ({"en-de/src.en": "a\n", "en-de/ref.A.de": "a\n", "en-de/ref.B.de": ""}, NAMED, r"ref\.B\.de: has 0 lines"),
        ({"en-de/src.en": "a\n", "en-de/ref.A.de": b"\xe4\n"}, NAMED, r"ref\.A\.de:1: is not UTF-8"),
        (
            {"en-de/x.src.en": "a\n", "en-de/y.src.en": "a\n", "en-de/ref.A.de": "a\n"},
            {**NAMED, "source": f"{PAIR}/*.src.{{source_language}}"},
            "are both the source of en-de",
        ),
        ({"t.en": "a\n"}, {"source": "t.en", "target": "t.en", "language": "de", "source_language": "tlhh"}, "'tlhh' is not a language tag"),
    ],
)  # fmt: skip
def test_what_is_broken_is_told_with_its_place(
    files: dict[str, str | bytes], options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(IsoglossError, match=told):
        read("moses", write(tmp_path, files), ("de",), **options)


def test_wmt22_as_published(shared_data: Path) -> None:
    options = {
        "source": f"wmt22/{PAIR}/{PAIR}.src.{{source_language}}",
        "target": f"wmt22/{PAIR}/{PAIR}.ref.*.{{language}}",
        "split": "test",
    }
    languages = ("en", "zh-Hans", "ja", "fr", "ru")
    reading = open_source("moses", shared_data, languages, **options)
    found = pl.concat(list(reading.frames))
    counts = found.group_by("source_language", "language").len().sort("source_language", "language")
    assert counts.rows() == [
        ("de", "en", 1984), ("de", "fr", 1984),
        ("en", "ja", 2037), ("en", "zh-Hans", 2037), ("sah", "ru", 1123),
    ]  # fmt: skip
    folder = shared_data / "wmt22" / "de-en"
    sides = [
        (folder / f"de-en.{name}").read_bytes().decode().split("\n")[:-1]
        for name in ("src.de", "ref.A.en", "ref.B.en")
    ]
    german = found.filter(source_language="de", language="en")
    assert german["reason"].null_count() == german.height
    assert german["input"].to_list() == sides[0]
    assert german["output"].to_list() == sides[1]
    for seen, one, other in zip(german["references"], sides[1], sides[2], strict=True):
        assert seen.to_list() == list(dict.fromkeys([one, other]))
    again = open_source("moses", shared_data, languages, **options)
    assert again.sha256 == reading.sha256
    assert pl.concat(list(again.frames)).equals(found)


SHOWN = regex.compile(r"[^\s\p{Cc}\p{Cf}]")
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\ufeff"), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1))
def test_what_is_written_as_lines_comes_back_as_rows(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "t.sw").write_bytes("".join(f"{given}\n" for given, _ in rows).encode())
        (folder / "t.yo").write_bytes("".join(f"{asked}\r\n" for _, asked in rows).encode())
        options = {"source": "t.{source_language}", "target": "t.yo", "language": "yo"}
        found = read("moses", folder, ("yo",), **options)
    assert found["source_id"].to_list() == [f"sw-yo#{number + 1}" for number in range(len(rows))]
    for (given_text, asked), row in zip(rows, found.iter_rows(named=True), strict=True):
        assert row["input"] == row["group"] == given_text
        shown = [SHOWN.search(text) is not None for text in (given_text, asked)]
        assert row["output"] == (asked if shown[1] else "")
        whole = all(shown)
        assert (row["reason"] is None) == (row["rejected_by"] is None) == whole
