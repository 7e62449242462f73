"""The index: of every row that is in, what its split and its share of the mixture hang on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from builders.mixture import sizes
from builders.mixture.settings import ORIGINS, Mixture, Split
from builders.mixture.splits import assign_splits, ranks
from builders.rows.rows import POSITION, Rows
from isogloss.records import SPLITS

_COLUMNS = ("task", "language", "source_language", "source", "tags", "group", "split", *sizes.TEXTS)


def split(
    rows: Rows,
    settings: Split,
    mixture: Mixture,
    *,
    languages: Sequence[str],
    tasks: Sequence[str],
    seed: int,
    recipe: Path,
) -> pl.DataFrame:
    """Put every row into a split: the step ``[split]``.

    Args:
        rows: The rows.
        settings: The shares of the splits.
        mixture: The mixture, whose unit the rows are measured in.
        languages: The recipe's languages.
        tasks: Every task there is, in the order in which they are listed.
        seed: The recipe's seed.
        recipe: The recipe's file, from which the path of a tokenizer starts.

    Returns:
        The index: a row of numbers and names for each row that is in, by ``position``, with its
        ``split``.
    """
    names = [source.name for source in rows.sources]
    texts = [pl.col(name).str.len_bytes().fill_null(0) for name in ("context", "input", "output")]
    measure = sizes.measure(mixture, recipe)
    tags = pl.col("tags")
    origin = (
        pl.when(tags.list.contains("synthetic")).then(pl.lit("synthetic"))
        .when(tags.list.contains("translated")).then(pl.lit("translated"))
        .otherwise(pl.lit("native"))
    )  # fmt: skip
    frames = [
        frame.select(
            POSITION,
            pl.col("split").cast(pl.Enum(SPLITS)),
            pl.col("task").cast(pl.Enum(tasks)),
            pl.col("language").cast(pl.Enum(languages)),
            pl.col("source_language").cast(pl.Categorical),
            pl.col("source").cast(pl.Enum(names)),
            origin.cast(pl.Enum(ORIGINS)).alias("origin"),
            pl.sum_horizontal(texts).cast(pl.UInt32).alias("bytes"),
            *([measure(frame)] if measure else []),
            *ranks(seed),
        )
        for frame in rows.batches(_COLUMNS)
    ]
    return assign_splits(pl.concat(frames), settings).drop("_share")


def test_positions(index: pl.DataFrame) -> pl.Series:
    """Return the positions of the test split."""
    return index.filter(pl.col("split") == "test")[POSITION]
