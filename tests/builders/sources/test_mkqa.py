"""MKQA's lines: languages, answers and their aliases, and questions that have none."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sources import open_source, read, texts

from builders.example import blank
from isogloss.errors import IsoglossError


def entity(text: str | None, *aliases: str) -> dict[str, Any]:
    return {"type": "entity", "entity": "Q545186", "text": text, "aliases": list(aliases)}


def line(number: int, **languages: tuple[str | None, list[dict[str, Any]]]) -> str:
    value = {
        "query": "who",
        "example_id": number,
        "queries": {code: query for code, (query, _) in languages.items()},
        "answers": {code: answers for code, (_, answers) in languages.items()},
    }
    return json.dumps(value, ensure_ascii=False) + "\n"


WHO = line(
    563260143484355911,
    en=("who sings i hear you knocking", [entity("Dave Edmunds")]),
    ru=("кто поет", [entity("Эдмундс, Дэйв", "Эдмундс", "Dave Edmunds", "Эдмундс")]),
    zh_cn=("谁演唱的", [{"type": "entity", "text": "戴维·埃德蒙兹 ", "entity": "Q545186"}]),
    zh_hk=("邊個唱", [entity("戴夫")]),
    zh_tw=("誰唱的", [entity("大衛")]),
    no=("hvem synger", [entity("Dave", " "), entity("Edmunds", "Dave")]),
)
NONE = line(
    -7449157003522518870,
    en=("why is it", [{"type": "long_answer", "text": None}]),
    ru=("почему", [{"type": "unanswerable", "text": None, "aliases": []}]),
)


def write(folder: Path, *written: str) -> Path:
    (folder / "mkqa.jsonl").write_text("".join(written), encoding="utf-8")
    return folder


def test_each_language_asks_and_answers_in_itself(tmp_path: Path) -> None:
    write(tmp_path, WHO)
    found = read("mkqa", tmp_path, ("en", "ru", "de"), path="mkqa.jsonl", licence=None)
    assert texts(found, language="en") == [("who sings i hear you knocking", "Dave Edmunds")]
    row = found.filter(language="ru").row(0, named=True)
    assert row["references"] == ["Эдмундс, Дэйв", "Эдмундс", "Dave Edmunds"]
    assert (row["task"], row["source_language"], row["context"]) == ("qa", None, None)
    assert row["group"] == "563260143484355911"
    assert row["source_id"] == "mkqa.jsonl#563260143484355911"
    assert row["tags"] == ["answer:entity"]
    assert set(found["language"]) == {"en", "ru"}


def test_each_code_serves_the_language_it_means(tmp_path: Path) -> None:
    write(tmp_path, WHO)
    found = read("mkqa", tmp_path, ("zh-Hans", "zh-Hant", "zh-HK", "nb"), path="mkqa.jsonl")
    assert found.select("language", "output").rows() == [
        ("zh-Hans", "戴维·埃德蒙兹"), ("zh-Hant", "大衛"), ("zh-HK", "戴夫"), ("nb", "Dave"),
    ]  # fmt: skip
    assert found.filter(language="nb")["references"].item().to_list() == ["Dave", "Edmunds"]
    as_named = read("mkqa", tmp_path, ("no", "zh-CN", "zh-TW"), path="mkqa.jsonl")
    assert set(as_named["language"]) == {"no", "zh-CN", "zh-TW"}


def test_what_has_no_short_answer_is_rejected_or_kept_empty(tmp_path: Path) -> None:
    write(tmp_path, WHO, "\n", NONE)
    dropped = read("mkqa", tmp_path, ("en", "ru"), path="mkqa.jsonl")
    assert dropped["reason"].to_list() == [
        None, None, "it has no short answer (long_answer)", "it has no short answer (unanswerable)",
    ]  # fmt: skip
    kept = read("mkqa", tmp_path, ("en", "ru"), path="mkqa.jsonl", unanswerable="keep")
    assert texts(kept)[2:] == [("why is it", ""), ("почему", "")]
    assert kept["references"].to_list()[2:] == [[""], [""]]


def test_what_a_line_lacks_is_rejected_or_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        line(1, de=("Wer?", [entity(None)]), fr=(None, [entity("x")]), pl=("Kto?", [])),
        line(2, de=("Was?", [entity("Das"), {"type": "unanswerable", "text": None}])),
    )
    found = read(
        "mkqa", tmp_path, ("de", "fr", "pl"), path="mkqa.jsonl", unanswerable="keep", split="test"
    )
    assert found.select("language", "reason").rows() == [
        ("de", "it has no answer in this language"),
        ("fr", "it has no question in this language"),
        ("pl", "it has no answer in this language"),
        ("de", None),
    ]
    assert set(found["split"]) == {"test"}
    with pytest.raises(IsoglossError, match="holds no question in a language of the recipe"):
        read("mkqa", tmp_path, ("sw",), path="mkqa.jsonl")


def test_compressed_and_always_the_same(tmp_path: Path) -> None:
    write(tmp_path, WHO, NONE)
    plain = read("mkqa", tmp_path, ("en", "ru"), path="mkqa.jsonl")
    packed = gzip.compress((tmp_path / "mkqa.jsonl").read_bytes())
    (tmp_path / "m.jsonl.gz").write_bytes(packed)
    first, second = (
        open_source("mkqa", tmp_path, ("en", "ru"), path="*.gz", licence=None) for _ in range(2)
    )
    assert (first.sha256, first.licence) == (second.sha256, "CC-BY-SA-3.0")
    frame = pl.concat(list(first.frames))
    assert frame.equals(pl.concat(list(second.frames)))
    assert frame.drop("source_id").equals(plain.drop("source_id"))


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("{broken\n", r"mkqa\.jsonl:2: Invalid JSON"),
        ("[]\n", r"mkqa\.jsonl:2: Input should be an object"),
        ('{"example_id": 1, "queries": {}}\n', r"mkqa\.jsonl:2: answers: Field required"),
        ('{"example_id": 1, "queries": [], "answers": {}}\n', "mkqa.jsonl:2: queries: "),
        ('{"example_id": 1, "queries": {"en": 3}, "answers": {}}\n', r"queries\.en: Input should be a valid string"),
        ('{"example_id": 1, "queries": {"en": "a"}, "answers": {"en": [{"text": "a"}]}}\n', r"answers\.en\.0\.type: Field required"),
        ('{"example_id": 1, "queries": {"de": "\\ud800"}, "answers": {}}\n', r"mkqa\.jsonl:2: Invalid JSON: .*hex escape at byte 44"),
        ("[" * 100_000, r"mkqa\.jsonl:2: Invalid JSON"),
    ],
)  # fmt: skip
def test_what_is_broken_is_rejected_with_its_line(bad: str, told: str, tmp_path: Path) -> None:
    write(tmp_path, WHO, bad)
    good, broken = read("mkqa", tmp_path, ("en",), path="mkqa.jsonl").to_dicts()
    assert good["reason"] is None
    assert re.search(told, broken["reason"])
    assert broken["source_id"] == "mkqa.jsonl:2"
    (tmp_path / "mkqa.jsonl").write_text(bad)
    with pytest.raises(IsoglossError, match=told.replace("2", "1")):
        read("mkqa", tmp_path, ("en",), path="mkqa.jsonl")


def test_a_language_that_is_broken_costs_no_other_and_nothing_where_nobody_wants_it(
    tmp_path: Path,
) -> None:
    value = json.loads(WHO)
    value["answers"] |= {"ru": [{"text": "a"}], "fi": 5}
    value["queries"] |= {"fi": ["x"]}
    write(tmp_path, json.dumps(value))
    found = read("mkqa", tmp_path, ("en", "ru"), path="mkqa.jsonl")
    assert found.select("language", "output", "reason").rows() == [
        ("en", "Dave Edmunds", None),
        ("ru", "", "mkqa.jsonl:1: answers.ru.0.type: Field required"),
    ]
    with pytest.raises(IsoglossError, match=r"mkqa\.jsonl:1: queries\.fi: Input should be a valid"):
        read("mkqa", tmp_path, ("fi",), path="mkqa.jsonl")


def test_a_line_that_is_not_utf8_is_rejected_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "mkqa.jsonl").write_bytes(WHO.encode() + b'{"example_id": "\xff"}\n')
    found = read("mkqa", tmp_path, ("en",), path="mkqa.jsonl")
    assert found["reason"].to_list() == [None, "mkqa.jsonl:2: is not UTF-8 (byte 0xff)"]


ANSWER = st.text(st.characters(codec="utf-8"), max_size=8)


@given(st.lists(st.tuples(ANSWER, st.lists(ANSWER, max_size=3)), min_size=1, max_size=5))
def test_references_are_every_text_and_alias_once(answers: list[tuple[str, list[str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given_answers = [entity(text, *aliases) for text, aliases in answers]
        write(Path(folder), line(1, sw=("Nani?", given_answers)))
        row = read("mkqa", Path(folder), ("sw",), path="mkqa.jsonl").row(0, named=True)
    expected = [text.strip() for text, aliases in answers for text in (text, *aliases)]
    expected = list(dict.fromkeys(text for text in expected if not blank(text)))
    assert row["references"] == (expected or [""])
    assert row["output"] == row["references"][0]
    assert (row["reason"] is None) == (bool(expected) and "\0" not in row["output"])
