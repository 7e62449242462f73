from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isogloss import records
from isogloss.errors import IsoglossError
from isogloss.files import read_json, sha256_json, write_json, write_text, writing


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(KeyboardInterrupt), writing(target) as partial:
        partial.write_text("ne")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_told_with_the_file_and_the_remedy(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(IsoglossError, match=r"a\.txt: the disk is full\. Free"), writing(target):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(IsoglossError, match=r"a\.txt: the disk is full\. Free"), writing(target):
        raise OSError("No space left on device (os error 28)")  # as polars tells it
    assert list(tmp_path.iterdir()) == []


def test_json_is_the_same_bytes_whatever_the_order_of_keys(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    write_json(tmp_path / "b.json", {"a": "ü", "b": 1})
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert sha256_json({"b": 1, "a": 2}) == sha256_json({"a": 2, "b": 1})


def test_broken_json_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(IsoglossError, match=r"a\.json: is not JSON"):
        read_json(tmp_path / "a.json")


VALUES = st.lists(st.text(max_size=5), min_size=2, max_size=2)


@given(VALUES, VALUES)
def test_ids_tell_records_apart_however_their_text_is_cut(one: list[str], two: list[str]) -> None:
    row = dict.fromkeys(records.SCHEMA, "x") | {"references": ["x"], "tags": []}
    texts = [row | {"instruction": a, "input": b} for a, b in (one, two)]
    ids = records.with_ids(pl.DataFrame(texts, schema=records.SCHEMA))["id"]
    assert (ids[0] == ids[1]) == (one == two)


ANY = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(ANY, st.none() | st.lists(ANY, max_size=3))
def test_ids_are_hashes_of_the_identity_as_compact_json(text: str | None, texts: Any) -> None:
    row = dict.fromkeys(records.SCHEMA, text) | {"references": texts, "tags": []}
    made = records.with_ids(pl.DataFrame([row], schema=records.SCHEMA))
    values = [row[name] for name in records.IDENTITY]
    told = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    assert made["id"].to_list() == [hashlib.sha256(told.encode()).hexdigest()[:16]]


def test_ids_do_not_hang_on_provenance() -> None:
    row = dict.fromkeys(records.SCHEMA, "x") | {"references": ["x"], "tags": []}
    frame = pl.DataFrame([row, row | {"source": "y", "split": "test"}], schema=records.SCHEMA)
    ids = records.with_ids(frame)["id"].to_list()
    assert ids[0] == ids[1] != "x"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(IsoglossError, match=r"f: records lack the columns .*output"):
        records.conform(pl.DataFrame({"id": ["1"]}), where="f")


def test_a_prompt_is_instruction_and_input() -> None:
    frame = pl.DataFrame({"instruction": ["Do", "Do"], "input": ["this", ""]})
    assert frame.select(records.prompt_expr())["prompt"].to_list() == ["Do\n\nthis", "Do"]


def test_a_column_of_another_type_is_one_line() -> None:
    text = {name: ["x"] for name in records.SCHEMA}
    with pytest.raises(
        IsoglossError, match=r"^f: a column has the wrong type \(.*list.*\)$"
    ) as told:
        records.conform(pl.DataFrame(text), where="f")
    assert "\n" not in str(told.value)
