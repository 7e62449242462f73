"""Writing ``scores/``: the scores of every row, beside the rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from builders.corpus import layout
from builders.corpus.layout import write_parquet
from builders.rows.rows import ROW, SourceRows
from builders.rows.spool import spooled
from isogloss.inorder import in_order


def write(out: Path, index: int, source: SourceRows, workers: int) -> dict[str, dict[str, Any]]:
    """Write the scores of a source.

    Args:
        out: The corpus folder.
        index: The source's number in the recipe.
        source: The source, with its scores.
        workers: How many files are written at once.

    Returns:
        For each file, by its path in the folder: ``sha256``, ``bytes`` and ``rows``.
    """

    def write_one(part: tuple[int, pl.DataFrame]) -> tuple[str, dict[str, Any]]:
        number, table = part
        file = f"scores/{layout.stem(index, source.name)}-{number:05d}.parquet"
        return file, write_parquet(table, out / file)

    return dict(in_order(write_one, _tables(source), workers))


def _tables(source: SourceRows) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield each batch's number and its scores by all filters, the same columns in all."""
    cheap, expensive = source.scores, list(source.expensive.values())
    schema: dict[str, pl.DataType] = {}
    for spool in (cheap, *expensive):
        for path in spool.paths():
            schema |= spooled(path).schema
    for number in cheap.numbers:
        table = spooled(cheap.path(number))
        for spool in expensive:
            if number in spool.numbers:
                more = spooled(spool.path(number))
                table = table.join(more, on=ROW, how="left", maintain_order="left")
        missing = [
            pl.lit(None, kind).alias(key)
            for key, kind in schema.items()
            if key not in table.columns
        ]
        yield number, table.with_columns(missing).select(list(schema))
