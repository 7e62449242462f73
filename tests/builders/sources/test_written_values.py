"""Values of tables are text as they are written, or are told."""

from __future__ import annotations

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sources import data_set, read, rows

from builders.readers.json import Picker, record
from builders.sources._columns import Columns
from isogloss.errors import IsoglossError

QA: dict[str, Any] = {"task": "qa", "columns": {"input": "q", "output": "a"}, "language": "de"}


def table(folder: Path, **columns: pa.Array) -> str:
    pq.write_table(pa.table(columns), folder / "p.parquet")
    return "p.parquet"


MIXED = '{"q": "a", "a": 5}\n{"q": "b", "a": 2.50}\n{"q": "c", "a": 9007199254740993}\n' + (
    '{"q": "d", "a": true}\n{"q": "e", "a": NaN}\n{"q": "f", "a": "1911-02-12"}\n'
    f'{{"q": "g", "a": {"9" * 5000}}}\n'
)
AS_WRITTEN = [
    ("a", "5", None), ("b", "2.50", None), ("c", "9007199254740993", None), ("d", "true", None),
    ("e", "", "it has no output"), ("f", "1911-02-12", None), ("g", "9" * 5000, None),
]  # fmt: skip


def test_values_of_json_are_text_as_written(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(MIXED)
    assert rows(read("files", tmp_path, ("de",), path="p.jsonl", **QA)) == AS_WRITTEN
    (tmp_path / "p.csv").write_text("q,a\na,5\nb,2.50\nc,9007199254740993\nd,NA\n")
    texts = read("files", tmp_path, ("de",), path="p.csv", **QA)["output"].to_list()
    assert texts == ["5", "2.50", "9007199254740993", "NA"]


def test_data_sets_of_json_and_csv_are_text_as_written(tmp_path: Path) -> None:
    found = read("huggingface", tmp_path, ("de",), **QA, **data_set(tmp_path, "train.jsonl", MIXED))
    assert rows(found) == AS_WRITTEN
    assert found["source_id"].to_list()[1] == "default/train#1"
    (tmp_path / "set" / "train.jsonl").unlink()
    (tmp_path / "set" / "train.csv").write_text("q,a,,\na,5,,\nb,2.5,,\nc,NA,,\nd,,,\n")
    found = read("huggingface", tmp_path, ("de",), dataset="set", **QA, rows=3)
    assert found["output"].to_list() == ["5", "2.5", "NA"]
    (tmp_path / "set" / "train.csv").unlink()
    listed = json.dumps([{"q": "a", "a": "1911-02-12"}, {"q": "b", "a": 7}], indent=1)
    (tmp_path / "set" / "train.json").write_text(listed)
    found = read("huggingface", tmp_path, ("de",), dataset="set", **QA)
    assert found["output"].to_list() == ["1911-02-12", "7"]
    with pytest.raises(IsoglossError, match="unknown split 'test'"):
        read("huggingface", tmp_path, ("de",), dataset="set", **QA, data_split="test")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_any_value_of_json_is_text_or_a_reason(value: Any) -> None:
    picker = Picker(Columns(input="q", output="a.b", references="a.b").wanted(), "f")
    found = record(json.dumps({"q": value, "a": value}), "f:1")
    try:
        frame = picker.frame([picker.pick(found)])
    except IsoglossError as error:
        assert "\n" not in error.problem
    else:
        assert frame.height == 1
        if isinstance(value, int) and not isinstance(value, bool):
            assert frame["q"].item() == str(value)


def test_types_of_parquet_are_text_or_told_with_their_name(tmp_path: Path) -> None:
    def text(values: pa.Array) -> str | None:
        path = table(tmp_path, q=pa.array(["w"]), a=values)
        return read("files", tmp_path, ("de",), path=path, **QA)["output"].item() or None

    day, amount = datetime.date(1911, 2, 12), decimal.Decimal("1.50")
    assert text(pa.array([day])) == text(pa.array([day], pa.date64())) == "1911-02-12"
    assert text(pa.array([amount])) == text(pa.array([amount], pa.decimal256(60, 2))) == "1.50"
    assert text(pa.array([2**64 - 1], pa.uint64())) == str(2**64 - 1)
    assert text(pa.array([True])) == "true"
    assert text(pa.array(["x"]).dictionary_encode()) == "x"
    assert text(pa.array(['{"a": 1}'], pa.json_())) == '{"a": 1}'
    assert text(pa.array([float("nan")])) is None
    assert text(pa.array([["x", "y"]], pa.list_(pa.string(), 2))) == "x"
    assert text(pa.array([[None, " ", "y"]])) == "y"
    for values, told in [
        (pa.array([[("x", "y")]], pa.map_(pa.string(), pa.string())), "a map, not texts"),
        (pa.array([b"x"]), "bytes, not text"),
        (pa.array([datetime.timedelta(1)]), "Duration"),
        (pa.array([{"x": 1}]), "the fields x"),
        (pa.array([b"0" * 16], pa.uuid()), "bytes, not text"),
    ]:
        with pytest.raises(IsoglossError, match=rf"p\.parquet: the column 'a' holds .*{told}"):
            text(values)


def test_labels_are_given_by_their_names(tmp_path: Path) -> None:
    label = datasets.ClassLabel(names=["schlecht", "gut"])
    features = datasets.Features({"q": datasets.Value("string"), "a": label})
    (tmp_path / "set").mkdir()
    noted = {"info": {"features": features.to_dict()}}
    values = pa.table({"q": ["x", "y", "z"], "a": [0, 1, -1]})
    path = tmp_path / "set" / "train.parquet"
    pq.write_table(values.replace_schema_metadata({"huggingface": json.dumps(noted)}), path)
    expected = [("x", "schlecht", None), ("y", "gut", None), ("z", "", "it has no output")]
    assert rows(read("files", tmp_path, ("de",), path="set/train.parquet", **QA)) == expected
    assert rows(read("huggingface", tmp_path, ("de",), dataset="set", **QA)) == expected
    path.rename(tmp_path / "p.parquet")
    (tmp_path / "set" / "train.jsonl").write_text('{"q": "x", "a": 0}\n{"q": "y", "a": "gut"}\n')
    card = "dataset_info:\n  features:\n  - {name: q, dtype: string}\n  - name: a\n    dtype:\n"
    card += "      class_label: {names: {'0': schlecht, '1': gut}}\n"
    (tmp_path / "set" / "README.md").write_text(f"---\n{card}---\n")
    found = read("huggingface", tmp_path, ("de",), dataset="set", **QA)
    assert found["output"].to_list() == ["schlecht", "gut"]
    path = tmp_path / "set" / "train.parquet"
    pq.write_table(
        values.set_column(1, "a", pa.array([0, 1, 7])).replace_schema_metadata(
            {"huggingface": json.dumps(noted)}
        ),
        path,
    )
    with pytest.raises(IsoglossError, match="the label 7, and there are names of 2"):
        read("files", tmp_path, ("de",), path="set/train.parquet", **QA)
