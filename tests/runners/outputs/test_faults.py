"""Other people's outputs that are broken or do not fit: told in one line, and nothing written."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import done
from support.outputs import answers, records, rows_of, suite, told, words

from isogloss.errors import IsoglossError
from runners.outputs import read_outputs


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A suite of one task and pair of languages, five records."""
    return suite(tmp_path, *words(5))


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A suite of four cells: two sources into German, Chinese, and questions in German."""
    return suite(
        tmp_path,
        *words(3),
        *words(2, source_language="fr"),
        *words(2, language="zh-Hans"),
        *words(2, task="qa", source_language=None),
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a\n" * 7, r"has 7 lines, and translation en → de has 5 records; .* too many, 6, is 'a'"),
        ("a\n" * 4, r"has 4 lines, and translation en → de has 5 records\. Give every"),
        ("", r"has 0 lines, and"),
        ("a\n" * 5 + "\x1b[2J\u202e" * 50, r"has 6 lines.*'\\x1b\[2J\\u202e"),
        ('{"id": "x", "prediction": "y"}\n' * 5, "Name it .jsonl"),
    ],
)
def test_lines_that_are_not_as_many_as_records(
    text: str, what: str, pair: Path, tmp_path: Path
) -> None:
    (tmp_path / "o.txt").write_bytes(text.encode())
    assert len(told(tmp_path / "o.txt", pair, tmp_path, what)) < 400


def test_bytes_that_are_no_text_are_told_with_their_line(pair: Path, tmp_path: Path) -> None:
    for ending, before in [
        ("txt", b"a\nb\n"),
        ("csv", b"id,prediction\na,b\n"),
        ("jsonl", b"\n\n"),
    ]:
        path = tmp_path / f"o.{ending}"
        path.write_bytes(before + b"ab\xff\n")
        told(path, pair, tmp_path, rf"o\.{ending}:3: is not UTF-8 \(the byte 0xff, 3 bytes in\)")
    (tmp_path / "o.json").write_bytes(b'{"a": "\xff"}')
    told(tmp_path / "o.json", pair, tmp_path, "is not UTF-8")
    (tmp_path / "o.txt").write_bytes("a\n".encode("utf-16"))
    told(tmp_path / "o.txt", pair, tmp_path, "Save the file as UTF-8")


def test_ids_that_do_not_fit_are_counted_and_named(several: Path, tmp_path: Path) -> None:
    path = tmp_path / "o.jsonl"

    def refused(rows: list[Any], what: str) -> None:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        told(path, several, tmp_path, what)

    rows = rows_of(records(several))
    strange = [{"id": f"no{n}", "prediction": "x"} for n in range(5)]
    refused(rows + strange, "5 ids are not in the suite: 'no0', 'no1', 'no2', …")
    refused(strange[:1], "1 ids are not in the suite: 'no0'")
    refused(rows + rows[:1], rf"the id '{rows[0]['id']}' is there twice \(at 1 and 10\)")
    refused(rows[1:], rf"1 of the suite's 9 records have no prediction: '{rows[0]['id']}'")
    german = records(several).filter(language="de")["id"].to_list()
    refused(
        [row for row in rows if row["id"] in german],
        "2 of the suite's 9 records .* no prediction at all for zh-Hans",
    )
    refused([], "9 of the suite's 9 records have no prediction.*, …; .* for de, zh-Hans")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("[1]", "o.jsonl:2: is a list, not a JSON object"),
        ('{"id": 1, "prediction": "x"}', "'id' is a number, not text"),
        ('{"id": null, "prediction": "x"}', "'id' is null, not text"),
        ('{"id": "a", "prediction": null}', "'prediction' is null, not text"),
        ('{"id": "a", "prediction": ["x"]}', "'prediction' is a list, not text"),
        ('{"id": "a", "prediction": true}', "'prediction' is true or false, not text"),
        ('{"id": "a", "text": "x"}', "there is no 'prediction'. It has 'id', 'text'"),
        ('{"id": "a", "prediction": "x", "id": "b"}', "the key 'id' is there twice"),
        ('{"id": "a", "prediction": "x", "sample": -1}', "'sample' is a number, not a whole"),
        ('{"id": "a", "prediction": "x", "sample": true}', "'sample' is true or false"),
        ('{"id": "a", "prediction": "x", "stop_reason": 3}', "'stop_reason' is a number"),
        ('{"id": "a", "prediction": ' + "9" * 5000 + "}", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{broken", "o.jsonl:2: is not JSON"),
    ],
)
def test_rows_of_the_wrong_kind(line: str, what: str, pair: Path, tmp_path: Path) -> None:
    (tmp_path / "o.jsonl").write_text(f"\n{line}\n")
    told(tmp_path / "o.jsonl", pair, tmp_path, what)


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("o.json", '["a"]', "is a list, not an object from ids to answers.*\\.jsonl"),
        ("o.json", '{"a": 1}', "'a': 'prediction' is a number, not text"),
        ("o.json", '{"a": "x", "a": "y"}', "the key 'a' is there twice"),
        ("o.csv", "id;prediction\na;b\n", "there is no 'id'. It has 'id;prediction'"),
        ("o.csv", "", "there is no 'id'. It has none"),
        ("o.csv", "id,prediction,id\n", "two columns have one name"),
        ("o.csv", "id,prediction\na,b,c\n", "o.csv:2: has 3 fields, and the first line 2"),
        ("o.csv", 'id,prediction\na,"b\n', "o.csv:2: is not CSV .*closing quote"),
        (
            "o.csv",
            'id,prediction\na,"b" c\n',
            "o.csv:2: a quotation mark stands inside a quoted field",
        ),
        ("o.csv", "id,prediction,sample\na,b,1.5\n", "'sample' is '1.5', not a whole number"),
        ("o.parquet", "PAR1 and no more", "o.parquet: cannot be read"),
    ],
)
def test_files_of_the_wrong_kind(
    name: str, text: str, what: str, pair: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    told(tmp_path / name, pair, tmp_path, what)


def test_columns_of_the_wrong_kind(pair: Path, tmp_path: Path) -> None:
    path = tmp_path / "o.parquet"

    def refused(frame: pl.DataFrame, what: str) -> None:
        frame.write_parquet(path)
        told(path, pair, tmp_path, what)

    fits = pl.DataFrame(rows_of(records(pair)))
    refused(fits.drop("id"), "there is no 'id'")
    refused(fits.with_columns(id=pl.int_range(pl.len())), "column 'id' holds Int64, not text")
    refused(fits.with_columns(prediction=pl.lit(1.5)), "column 'prediction' holds Float64")
    refused(fits.with_columns(sample=pl.lit(0.0)), "'sample' holds Float64, not whole numbers")
    refused(fits.with_columns(sample=pl.lit(2**63, dtype=pl.UInt64)), "row 1: 'sample' is 1000000")
    holes = pl.when(pl.int_range(pl.len()) == 2).then(None).otherwise("prediction")
    refused(fits.with_columns(prediction=holes), "row 3: 'prediction' is null")
    told(tmp_path / "none.csv", pair, tmp_path, "none.csv: there is no such file")
    fits.with_columns(pl.col("id").cast(pl.Categorical)).write_parquet(path)
    done("score", "--predictions", path, "--suite", pair, "--out", tmp_path / "run")


@pytest.mark.parametrize("ending", ["txt", "jsonl", "json", "csv", "parquet"])
def test_a_gigantic_answer_is_refused_at_once(ending: str, pair: Path, tmp_path: Path) -> None:
    rows = rows_of(records(pair))
    rows[1]["prediction"] = "ا" * 100_001
    path = tmp_path / f"o.{ending}"
    frame = pl.DataFrame(rows)
    if ending == "txt":
        path.write_text("\n".join(row["prediction"] for row in rows), encoding="utf-8")
    elif ending == "json":
        path.write_text(json.dumps(dict(frame.rows())))
    else:
        write = {"jsonl": "write_ndjson", "csv": "write_csv", "parquet": "write_parquet"}[ending]
        getattr(frame, write)(path)
    began = time.monotonic()
    line = told(path, pair, tmp_path, "is longer than 100,000 characters. Cut it")
    assert time.monotonic() - began < 5
    assert len(line) < 400
    assert ending == "txt" or rows[1]["id"] in line
    if ending in ("txt", "jsonl"):
        path.write_bytes(b"x" * 20_000_000)
        told(path, pair, tmp_path, "o.*:1: a line is longer")


def test_what_cannot_be_stored_is_replaced_and_nothing_else(pair: Path, tmp_path: Path) -> None:
    rows = rows_of(records(pair))
    rows[0]["prediction"] = "a\ud800b"
    rows[1]["prediction"] = "\U0001f600"
    text = "".join(json.dumps(row) + "\n" for row in rows)
    assert "\\ud83d\\ude00" in text
    (tmp_path / "o.jsonl").write_text(text)
    done("score", "--predictions", tmp_path / "o.jsonl", "--suite", pair, "--out", tmp_path / "run")
    assert list(answers(tmp_path / "run").values())[:2] == ["a\ufffdb", "\U0001f600"]


HIDDEN = [
    ("a\x00b", "control characters"),
    ("a\x1b[2J", "control characters"),
    ("a\rb", "control characters"),
    ("a\r", "control characters"),
    ("a\x85", "control characters"),
    ("a\u202eb", "bidirectional controls"),
    ("\u2066a", "bidirectional controls"),
    ("a\ud800b", "U+FFFD"),
    ("a\ufffdb", "U+FFFD"),
]


@pytest.mark.parametrize(("text", "kind"), HIDDEN)
def test_characters_that_nobody_sees_are_scored_and_told(
    text: str, kind: str, pair: Path, tmp_path: Path
) -> None:
    rows = rows_of(records(pair))
    for row in rows[2:4]:
        row["prediction"] = text
    (tmp_path / "o.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = done(
        "score", "--predictions", tmp_path / "o.jsonl", "--suite", pair, "--out", tmp_path / "run"
    )
    warnings = [line for line in told.stderr.split("\n") if "warning: " in line]
    assert len(warnings) == 1
    assert f"2 of 5 answers hold {kind}" in warnings[0]
    assert f"o.jsonl: '{rows[2]['id']}'; they are scored as they are" in warnings[0]
    assert warnings[0].isprintable()
    kept = text.replace("\ud800", "\ufffd")
    assert list(answers(tmp_path / "run").values())[2:4] == [kept, kept]


def test_hidden_characters_by_place_are_told_with_their_line(
    pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "o\u202e.txt"
    path.write_text("a\tb\r\nb\u2069\nc\x07\u202a\nd\u200d\ne\n", encoding="utf-8", newline="")
    assert read_outputs(path, records(pair))["prediction"][0] == "a\tb"
    control, turned = capsys.readouterr().err.splitlines()
    assert "1 of 5 answers hold control" in control
    assert "o\\u202e.txt:3; " in control
    assert "2 of 5 answers hold bidirectional" in turned
    assert "o\\u202e.txt:2; " in turned


def test_tabs_and_the_ends_of_lines_are_ordinary(
    pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row | {"prediction": "a\tb\nc\r\nd \u200c\u200f"} for row in rows_of(records(pair))]
    (tmp_path / "o.json").write_text(json.dumps({row["id"]: row["prediction"] for row in rows}))
    read_outputs(tmp_path / "o.json", records(pair))
    assert capsys.readouterr().err == ""


def test_a_hostile_files_name_is_told_on_one_line(pair: Path, tmp_path: Path) -> None:
    path = tmp_path / "a\nb\x1b[2J\u202e.csv"
    told(path, pair, tmp_path, r"a b\\x1b\[2J\\u202e\.csv: there is no such file")


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=60), ending=st.sampled_from(["jsonl", "json", "csv", "tsv", "txt"]))
def test_any_bytes_are_read_or_told(
    raw: bytes, ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    asked = records(suite(folder, *words(2)))
    (folder / f"o.{ending}").write_bytes(raw)
    try:
        found = read_outputs(folder / f"o.{ending}", asked)
    except IsoglossError as error:
        assert f"o.{ending}" in str(error)
    else:
        assert found.height == 2


def test_a_broken_parquet_file_is_read_or_told(pair: Path, tmp_path: Path) -> None:
    asked, path = records(pair), tmp_path / "o.parquet"
    pl.DataFrame(rows_of(asked)).write_parquet(path)
    whole, draw = path.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(draw.choice([1, 3])):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        path.write_bytes(broken)
        try:
            read_outputs(path, asked)
        except IsoglossError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 75
