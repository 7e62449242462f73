"""The suite that ships inside the package: its records are whole, parallel and correct."""

from __future__ import annotations

import ast
import doctest
import json
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.metrics import statistics

import benchmarks
from isogloss.languages import canonical
from isogloss.records import SCHEMA

KEYS = [
    "task", "language", "source_language", "instruction_language", "instruction", "input",
    "output", "references", "tests", "source", "source_id", "licence",
]  # fmt: skip
LANGUAGES = "en es fr de pt it ru uk tr ar fa hi id ja ko zh-Hans".split()
#: Records of each task in every language; of translations into English there are more.
PARALLEL = {"translation": 8, "qa": 5, "summarization": 2, "code": 3}
EXTRACTIVE = ("qa-1", "qa-2", "qa-3")
SECONDS = 20

Record = dict[str, Any]


def read() -> list[Record]:
    path = Path(benchmarks.__file__).parent / "suites" / "starter.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


RECORDS = read()


def of(**wanted: str) -> list[Record]:
    return [one for one in RECORDS if all(one[key] == value for key, value in wanted.items())]


def by_id(task: str) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in of(task=task):
        found.setdefault(record["source_id"], []).append(record)
    return found


def run(program: str) -> subprocess.CompletedProcess[bytes]:
    """Run a program of the suite (our own text, which the repository holds) by itself."""
    command = [sys.executable, "-I", "-X", "utf8", "-"]
    return subprocess.run(
        command, input=program.encode(), capture_output=True, timeout=SECONDS, check=False
    )


def test_it_loads_by_its_name_with_every_record() -> None:
    suite = benchmarks.load_suite("starter")
    assert suite.name == "starter"
    assert suite.records.columns == list(SCHEMA)
    assert suite.records.height == len(RECORDS)
    assert suite.records["id"].is_unique().all()
    assert set(suite.records["licence"]) == {"CC0-1.0"}


def test_every_record_has_the_same_keys_in_the_same_order() -> None:
    assert all(list(record) == KEYS for record in RECORDS)
    assert {record["source"] for record in RECORDS} == {"starter"}
    assert {record["licence"] for record in RECORDS} == {"CC0-1.0"}


def test_every_language_has_every_task() -> None:
    counts = Counter((one["task"], one["language"]) for one in RECORDS)
    expected = {(task, tag): n for task, n in PARALLEL.items() for tag in LANGUAGES}
    assert counts == expected | {("translation", "en"): len(LANGUAGES) - 1}


def test_tags_are_canonical_and_instructions_are_native() -> None:
    for record in RECORDS:
        source = record["source_language"]
        assert canonical(record["language"]) == record["language"] == record["instruction_language"]
        assert (source is not None) == (record["task"] == "translation")
        assert source != record["language"]
    assert {one["source_language"] for one in of(task="translation", language="en")} == {
        *LANGUAGES[1:]
    }
    others = [one for one in of(task="translation") if one["language"] != "en"]
    assert {one["source_language"] for one in others} == {"en"}


@pytest.mark.parametrize("task", PARALLEL)
def test_the_same_is_asked_in_every_language(task: str) -> None:
    found = by_id(task)
    for number in range(1, PARALLEL[task] + 1):
        tags = [record["language"] for record in found[f"{task}-{number}"]]
        assert sorted(tags) == sorted(LANGUAGES)
    for record in of(task=task):
        same = of(task=task, language=record["language"], source_id=record["source_id"])
        assert same == [record]


def test_translations_of_one_sentence_share_its_english() -> None:
    for records in by_id("translation").values():
        english = {one["input" if one["language"] != "en" else "output"] for one in records}
        assert len(english) == 1


def test_texts_are_whole_and_clean() -> None:
    for record in RECORDS:
        texts = [record["instruction"], record["input"], *record["references"]]
        assert record["references"][0] == record["output"]
        assert len(set(record["references"])) == len(record["references"])
        for text in texts:
            assert text == text.strip() != ""
            assert unicodedata.is_normalized("NFC", text)
            assert "\ufffd" not in text
        assert "{" not in record["instruction"]


def test_no_two_records_of_a_cell_have_the_same_input() -> None:
    cells = Counter((one["task"], one["language"], one["input"]) for one in RECORDS)
    assert set(cells.values()) == {1}


def test_passages_hold_their_answers_and_questions_do_not() -> None:
    for record in of(task="qa"):
        passage, _, question = record["input"].rpartition("\n\n")
        assert (passage != "") == (record["source_id"] in EXTRACTIVE)
        for answer in record["references"]:
            assert not passage or answer in passage
            assert answer not in question


def test_summaries_are_shorter_than_their_texts() -> None:
    for record in of(task="summarization"):
        assert 2 * len(record["output"]) < len(record["input"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_in_their_languages(language: str) -> None:
    prose = [one for one in RECORDS if one["task"] != "code"]
    answers = [one["output"] for one in prose if one["language"] == language]
    asked = [
        one["input"] for one in prose if (one["source_language"] or one["language"]) == language
    ]
    instructions = [one["instruction"] for one in RECORDS if one["language"] == language]
    for texts in (answers, asked, instructions):
        references = [[text] for text in texts]
        assert not statistics("wrong_script", texts, references, language)[:, 0].any()
    for texts in (answers, asked):
        references = [[text] for text in texts]
        assert statistics("wrong_language", texts, references, language)[:, 0].mean() <= 0.1


@pytest.mark.parametrize("language", LANGUAGES)
def test_programs_pass_their_tests_and_keep_to_their_examples(language: str) -> None:
    for record in of(task="code", language=language):
        program, tests = record["output"], record["tests"]
        done = run(f"{program}\n\n\n{tests}\n{checked_examples(record['input'])}")
        assert done.returncode == 0, done.stderr.decode()


def checked_examples(stub: str) -> str:
    """Turn the examples of a stub's docstring, of which there must be some, into assertions."""
    (function,) = ast.parse(stub).body
    assert isinstance(function, ast.FunctionDef)
    examples = doctest.DocTestParser().get_examples(ast.get_docstring(function) or "")
    assert examples
    pairs = [(one.source.strip(), one.want.strip()) for one in examples]
    return "\n".join(f"assert repr({call}) == {wanted!r}" for call, wanted in pairs)


@pytest.mark.parametrize("number", range(1, PARALLEL["code"] + 1))
def test_problems_share_their_tests_and_the_tests_find_an_empty_program(number: int) -> None:
    records = by_id("code")[f"code-{number}"]
    assert len({one["tests"] for one in records}) == 1
    assert len({one["input"].splitlines()[0] for one in records}) == 1
    assert all(one["output"].startswith(one["input"]) for one in records)
    stub, tests = records[0]["input"], records[0]["tests"]
    done = run(f"{stub}\n\n\n{tests}")
    assert done.returncode != 0
    assert b"AssertionError" in done.stderr


def test_only_programs_have_tests() -> None:
    assert all((one["tests"] is not None) == (one["task"] == "code") for one in RECORDS)
