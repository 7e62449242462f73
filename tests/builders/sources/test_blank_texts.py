"""Blank is missing, in every source and every field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.sources import data_set, read, rows

from builders.example import blank, is_blank

QA: dict[str, Any] = {"task": "qa", "columns": {"input": "q", "output": "a"}, "language": "de"}
#: A zero-width space, a Hangul filler, Braille's empty cell, a variation selector.
NOTHING = ("", " ", "\n\t", "\u200b", "\u3164", "\u2800", "\ufe0f \u00a0")


@given(st.text(st.characters(codec="utf-8"), max_size=6))
@example("\u3164\u200b")
@example("\u2800")
def test_both_ways_to_tell_what_is_blank_agree(text: str) -> None:
    assert blank(text) is pl.select(is_blank(pl.lit(text))).item()
    assert not blank(text + "က")


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("kind", ["jsonl", "parquet", "csv", "huggingface"])
def test_blank_texts_are_missing_in_every_table(kind: str, nothing: str, tmp_path: Path) -> None:
    records = [{"q": "Wo?", "a": nothing}, {"q": nothing, "a": "da"}, {"q": "Was?", "a": "das"}]
    lines = "\n".join(json.dumps(one) for one in records)
    name, options = f"p.{kind}", QA
    if kind == "jsonl":
        (tmp_path / name).write_text(lines)
    elif kind == "huggingface":
        options = QA | data_set(tmp_path, "train.jsonl", lines)
    else:
        frame = pl.DataFrame(records)
        (frame.write_csv if kind == "csv" else frame.write_parquet)(tmp_path / name)
    if kind == "huggingface":
        found = read(kind, tmp_path, ("de",), **options)
    else:
        found = read("files", tmp_path, ("de",), path=name, **options)
    assert found["reason"].to_list() == ["it has no output", "it has no input", None]


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_blank_reference_beside_a_good_one_is_none(nothing: str, tmp_path: Path) -> None:
    answers = {"text": [nothing, "rot", nothing, "ein Rot"]}
    (tmp_path / "p.jsonl").write_text(json.dumps({"q": "Was?", "c": nothing, "a": answers}))
    columns = {"input": "q", "output": "a.text", "references": "a.text", "context": "c"}
    (row,) = read(
        "files", tmp_path, ("de",), path="p.jsonl", **{**QA, "columns": columns}
    ).to_dicts()
    assert (row["output"], row["references"]) == ("rot", ["rot", "ein Rot"])
    assert (row["context"], row["reason"], row["group"]) == (None, None, "Was?")


@pytest.mark.parametrize("nothing", [*NOTHING, None])
def test_blank_answers_of_squad(nothing: str | None, tmp_path: Path) -> None:
    asked = [("Farbe?", [nothing, "rot"]), ("Was?", [nothing]), ("", ["rot"]), ("Wer?", [])]
    qas = [
        {"id": str(number), "question": question, "answers": [{"text": text} for text in texts]}
        for number, (question, texts) in enumerate(asked)
    ]
    paragraph = {"context": "Der Ball ist rot.", "qas": qas}
    (tmp_path / "q.json").write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}))
    options = {"path": "q.json", "language": "de"}
    none = "the passage does not answer the question"
    assert rows(read("squad", tmp_path, ("de",), **options)) == [
        ("Farbe?", "rot", None), ("Was?", "", none), ("", "rot", "it has no question"),
        ("Wer?", "", none),
    ]  # fmt: skip
    kept = read("squad", tmp_path, ("de",), **options, unanswerable="keep")
    assert kept["reason"].to_list() == [None, None, "it has no question", None]
    assert kept["references"].to_list() == [["rot"], [""], ["rot"], [""]]


@pytest.mark.parametrize("nothing", NOTHING)
def test_blank_summaries_texts_and_translations(nothing: str, tmp_path: Path) -> None:
    record = {"text": "Ein Text.", "summary": nothing, "title": "Titel"}
    (tmp_path / "s.jsonl").write_text(json.dumps(record))
    found = read("summaries", tmp_path, ("de",), path="s.jsonl", language="de")
    assert found["reason"].to_list() == ["it has no output", None]
    unit = "<tuv xml:lang='{}'><seg>{}</seg></tuv>"
    (tmp_path / "m.tmx").write_text(
        f"<tmx><tu>{unit.format('en', nothing)}{unit.format('de', 'Eins')}</tu></tmx>"
    )
    found = read("tmx", tmp_path, ("de",), path="m.tmx")
    assert found["reason"].to_list() == ["its segment is empty"]
    for name, text in {"a.en": "One", "a.de": nothing.replace("\n", ""), "b.de": "Eins"}.items():
        (tmp_path / name).write_text(f"{text}\n")
    found = read(
        "moses",
        tmp_path,
        ("de",),
        source="a.en",
        target="?.de",
        source_language="en",
        language="de",
    )
    assert found["references"].to_list() == [["Eins"]]
