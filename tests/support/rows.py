"""Examples on disk, as the steps over all sources have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from builders.duplicates.exact import with_keys
from builders.example import examples
from builders.rows.rows import Rows, SourceRows
from builders.rows.spool import packed


def pair(source: str, target: str, **more: Any) -> dict[str, Any]:
    """Return a translation example, English to German unless said otherwise."""
    row = {"task": "translation", "language": "de", "source_language": "en"}
    return row | {"input": source, "output": target, "group": source, "source_id": source} | more


def stored(folder: Path, *rows: dict[str, Any], part: int = 3) -> Rows:
    """Store examples in parts of a few rows."""
    made = examples(rows).drop("reason", "rejected_by")
    made = made.with_row_index("row").with_columns(
        pl.col("row").cast(pl.Int64), source=pl.lit("ours"), licence=pl.lit("MIT")
    )
    source = SourceRows.empty("ours", folder)
    for frame in made.iter_slices(part):
        source.kept.add(packed(with_keys(frame)))
    return Rows.of([source], folder, 1)


def reasons(rows: Rows, dropped: pl.DataFrame) -> list[str | None]:
    """Return the reason against each row, by position."""
    found = dict(dropped.select("position", "reason").iter_rows())
    return [found.get(position) for position in range(rows.height)]
