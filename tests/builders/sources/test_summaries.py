"""Records of summaries: a text with its summary and its title, in every table and language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.sources import open_source, read, texts

from isogloss.errors import IsoglossError
from isogloss.languages import same_language

ROWS: list[dict[str, Any]] = [
    {"id": "a", "title": "Rhein", "summary": "Ein Fluss.", "text": "Der Rhein ist ein Fluss …", "lang": "de"},
    {"id": "b", "title": "Nile", "summary": None, "text": "The Nile is a river …", "lang": "en"},
    {"id": "c", "title": "?", "summary": "x", "text": "y", "lang": "klingonese"},
]  # fmt: skip
COLUMNS = {"language": "lang", "id": "id"}
BOTH = ["summary", "title"]


@pytest.mark.parametrize("name", ["r.jsonl", "r.csv", "r.parquet"])
def test_a_record_gives_its_summary_and_its_title(name: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS[:2])
    write = {"jsonl": frame.write_ndjson, "csv": frame.write_csv, "parquet": frame.write_parquet}
    write[name.partition(".")[2]](tmp_path / name)  # type: ignore[operator]
    found = read("summaries", tmp_path, ("en", "de"), path=name, columns=COLUMNS, outputs=BOTH)
    assert set(found["task"]) == {"summarization"}
    german = found.filter(language="de")
    assert texts(german) == [
        ("Der Rhein ist ein Fluss …", "Ein Fluss."),
        ("Der Rhein ist ein Fluss …", "Rhein"),
    ]
    assert german["source_id"].to_list() == ["a:summary", "a:title"]
    assert german["tags"].to_list() == [["output:summary"], ["output:title"]]
    assert german["group"].n_unique() == 1, "both outputs of a text share its split"


def test_what_a_record_lacks_is_rejected_and_its_other_output_is_not(tmp_path: Path) -> None:
    pl.DataFrame(ROWS).write_parquet(tmp_path / "r.parquet")
    found = read(
        "summaries", tmp_path, ("en", "de"), path="r.parquet", columns=COLUMNS, outputs=BOTH
    )
    reasons = {row["source_id"]: row["reason"] for row in found.to_dicts() if row["rejected_by"]}
    assert reasons == {
        "b:summary": "it has no output",
        "c:summary": "its language 'klingonese' is not a language tag",
        "c:title": "its language 'klingonese' is not a language tag",
    }
    assert texts(found, language="en") == [("The Nile is a river …", "Nile")]


def test_one_output_needs_no_column_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "de.jsonl").write_text('{"document": "Lang.", "abstract": "Kurz."}\n')
    (tmp_path / "sw.jsonl").write_text('{"document": "Ndefu.", "abstract": "Fupi."}\n')
    found = read(
        "summaries", tmp_path, ("de",), path="{language}.jsonl", outputs=["summary"],
        columns={"text": "document", "summary": "abstract"},
    )  # fmt: skip
    assert found.select("language", "input", "output").rows() == [("de", "Lang.", "Kurz.")]
    with pytest.raises(IsoglossError, match=r"de\.jsonl: unknown column 'text'"):
        read("summaries", tmp_path, ("de",), path="{language}.jsonl")


@pytest.mark.parametrize(
    "options",
    [{}, {"language": "de", "columns": {"language": "lang"}}, {"language": "de", "path": "{language}.jsonl"}],
)  # fmt: skip
def test_the_language_is_said_once(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="say the language once"):
        open_source("summaries", tmp_path, ("de",), **{"path": "r.jsonl", **options})


def test_klexikon_as_published(shared_data: Path) -> None:
    path = shared_data / "klexikon" / "test.jsonl"
    found = read(
        "summaries", path.parent, ("de",), path=path.name, columns={"language": "language"},
        outputs=BOTH,
    )  # fmt: skip
    records = [json.loads(line) for line in path.open(encoding="utf-8")]
    assert found.height == 2 * len(records)
    assert found["rejected_by"].null_count() == found.height
    assert all(same_language(tag, "de") for tag in found["language"].unique())
    by_title = found.filter(pl.col("tags").list.contains("output:title"))
    assert by_title["output"].to_list() == [record["title"] for record in records]
    assert by_title["input"].to_list() == [record["text"] for record in records]
