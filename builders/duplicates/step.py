"""The step ``[duplicates]``: equal rows go, and nearly equal ones; those of the same input are merged."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from builders.duplicates import exact
from builders.duplicates.near import Batch, NearOptions, near_duplicates
from builders.rows.rows import POSITION, Rows
from isogloss.hashing import xxh64

# Near-duplicates are of one task, in the same languages, on the same passage, in these texts.
_CELL = ("task", "language", "source_language", "context")
_TEXTS = ("instruction", "input", "output")


def deduplicate(rows: Rows, near: NearOptions | None, seed: int) -> None:
    """Drop rows that are the same as an earlier one, or nearly.

    Args:
        rows: The rows.
        near: When two are nearly the same; None where nearly does not count.
        seed: The recipe's seed.
    """
    rows.drop("duplicates", exact.identical(rows))
    if near is None:
        return
    found = near_duplicates(
        lambda: _batches(rows), near, rows.folder / "near", seed, workers=rows.workers
    )
    reason = pl.format(
        "nearly the same as another example (Jaccard {})", pl.col("jaccard").round(2)
    )
    rows.drop("near-duplicates", found.select(POSITION, reason.alias("reason")))


def merge(rows: Rows) -> None:
    """Make one row of those that ask the same: it has the references of all."""
    reasons, references = exact.merge(rows)
    rows.drop("same-input", reasons)
    rows.change(references)


def _batches(rows: Rows) -> Iterator[Batch]:
    # Two questions on one passage are alike in most of their texts, and not the same.
    for frame in rows.batches((*_CELL, *_TEXTS, "tags", "split")):
        texts = [pl.col(name).fill_null("") for name in _TEXTS]
        cell = [pl.col(name).fill_null("") for name in _CELL]
        cell.append(exact.wanted_output())
        compared = frame.select(
            POSITION,
            xxh64(pl.concat_str(cell, separator="\x1f")).alias("cell"),
            pl.concat_str(texts, separator="\n").alias("text"),
            exact.precedence(pl.col("split")).alias("priority"),
        )
        yield Batch(*(compared[name] for name in compared.columns))
