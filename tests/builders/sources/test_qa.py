"""Question answering over passages as its sets lay it out: SQuAD, XQuAD, MLQA, TyDiQA."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.sources import open_source, read, texts

LANGUAGES = ("en", "de", "ar", "zh-Hans")


def squad(folder: Path, name: str, *questions: tuple[str, str, str, str]) -> None:
    """Write a file of (id, passage, question, answer), a paragraph each."""
    paragraphs = [
        {
            "context": passage,
            "qas": [
                {
                    "id": id_,
                    "question": question,
                    "answers": [{"text": answer, "answer_start": passage.find(answer)}],
                }
            ],
        }
        for id_, passage, question, answer in questions
    ]
    data = {"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]}
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def test_mlqa_asks_in_one_language_about_a_passage_in_another(tmp_path: Path) -> None:
    german, english = "Der Rhein ist 1233 km lang.", "The Rhine is 1,233 km long."
    squad(tmp_path, "test/test-context-de-question-de.json", ("q1", german, "Wie lang?", "1233 km"))
    squad(tmp_path, "test/test-context-de-question-ar.json", ("q1", german, "كم طوله؟", "1233 km"))
    squad(
        tmp_path, "test/test-context-en-question-de.json", ("q1", english, "Wie lang?", "1,233 km")
    )
    path = "test/test-context-{language}-question-{source_language}.json"
    found = read("squad", tmp_path, LANGUAGES, path=path)
    told = found.select("language", "source_language", "input", "output").rows()
    assert sorted(told, key=str) == [
        ("de", "ar", "كم طوله؟", "1233 km"),
        ("de", None, "Wie lang?", "1233 km"),
        ("en", "de", "Wie lang?", "1,233 km"),
    ]
    assert found["group"].n_unique() == 1, "one question's passages share a split in all languages"
    only = read("squad", tmp_path, ("en",), path=path)
    assert only.select("language", "source_language").rows() == [("en", "de")]
    citation = open_source("squad", tmp_path, LANGUAGES, path=path).citation
    assert "2020.acl-main.653" in citation


def test_tydiqa_says_the_language_in_the_id(tmp_path: Path) -> None:
    squad(
        tmp_path, "tydiqa-goldp-v1.1-train.json",
        ("arabic-238-1", "وُلد في القاهرة.", "أين وُلد؟", "القاهرة"),
        ("english-7-1", "Born in Cairo.", "Where?", "Cairo"),
        ("swahili-9-2", "Alizaliwa Kairo.", "Wapi?", "Kairo"),
        ("zz-unknown", "a b", "c?", "b"),
    )  # fmt: skip
    name = "tydiqa-goldp-v1.1-train.json"
    found = read("squad", tmp_path, ("ar", "en"), path=name, language_in_id=True)
    assert found["language"].to_list() == ["ar", "en", "sw", "und"]
    assert texts(found, language="ar") == [("أين وُلد؟", "القاهرة")]
    assert found["reason"].to_list()[3] == "its id 'zz-unknown' does not begin with a language"
    assert (
        "2020.tacl-1.30"
        in open_source("squad", tmp_path, ("ar",), path=name, language_in_id=True).citation
    )


def test_files_named_in_english_are_given_their_languages(tmp_path: Path) -> None:
    squad(tmp_path, "dev-arabic.json", ("1", "أ ب", "ج؟", "ب"))
    squad(tmp_path, "dev-english.json", ("1", "a b", "c?", "b"))
    path = {"dev-arabic.json": "ar", "dev-english.json": "en"}
    assert read("squad", tmp_path, LANGUAGES, path=path)["language"].to_list() == ["ar", "en"]


@pytest.mark.parametrize(
    "options",
    [{"path": "q.json"}, {"path": "q.json", "language": "de", "language_in_id": True},
     {"path": "{language}.json", "language": "de"}],
)  # fmt: skip
def test_the_language_is_said_once(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="say the language once"):
        open_source("squad", tmp_path, LANGUAGES, **options)


def test_xquad_as_published(shared_data: Path) -> None:
    reading = open_source(
        "squad", shared_data / "xquad", ("en", "de", "th"), path="xquad.{language}.json"
    )
    assert "2020.acl-main.421" in reading.citation
    found = pl.concat(list(reading.frames))
    assert found.group_by("language").len().sort("language").rows() == [
        ("de", 1190), ("en", 1190), ("th", 1190),
    ]  # fmt: skip
    kept = found.filter(pl.col("rejected_by").is_null())
    assert kept.height >= 3 * 1190 - 10
    assert (
        kept.select(pl.col("context").str.contains(pl.col("output"), literal=True).mean()).item()
        > 0.99
    )
    assert found.group_by("group").agg(pl.col("language").n_unique())[
        "language"
    ].unique().to_list() == [3]


def test_half_surrogate_pairs_are_shown_as_damage(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text(
        '{"data": [{"paragraphs": [{"context": "a \\ud800 b", "qas": [{"id": "1", '
        '"question": "q\\udc00?", "answers": [{"text": "a", "answer_start": 0}]}]}]}]}'
    )
    found = read("squad", tmp_path, ("de",), path="q.json", language="de")
    assert found.select("context", "input").rows() == [("a \ufffd b", "q\ufffd?")]
