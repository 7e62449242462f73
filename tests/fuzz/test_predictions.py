"""Other people's outputs, damaged, in every form that they are taken in."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest
from support.fuzz import Reader, at, each_quick_and_many
from support.outputs import records, suite, words

from runners.outputs import read_outputs


@each_quick_and_many
@pytest.mark.parametrize("ending", ["txt", "json", "jsonl", "csv", "tsv", "parquet"])
def test_damaged_outputs(ending: str, examples: int, tmp_path: Path) -> None:
    asked = records(suite(tmp_path, *words(4)))
    rows = [
        {"id": name, "prediction": f'Wort, "{n}"\tä', "sample": 0}
        for n, name in enumerate(asked["id"])
    ]
    file = io.BytesIO()
    frame = pl.DataFrame(rows)
    if ending == "parquet":
        frame.write_parquet(file, compression="uncompressed")
    elif ending in ("csv", "tsv"):
        frame.write_csv(file, separator="," if ending == "csv" else "\t")
    sound = {
        "txt": "Wort 1\nWort 2\nWort 3\nWört 4\n".encode(),
        "json": json.dumps({row["id"]: row["prediction"] for row in rows}).encode(),
        "jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in rows),
    }.get(ending, file.getvalue())
    kind = {"txt": "text", "json": "json", "jsonl": "json", "parquet": "bytes"}.get(ending, "table")
    path = tmp_path / f"o.{ending}"
    Reader(f"predictions .{ending}", kind, sound, at(path, lambda: read_outputs(path, asked))).fuzz(
        examples
    )
