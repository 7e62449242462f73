"""Which example goes to which split: whole groups, by a seeded rank."""

from __future__ import annotations

import polars as pl

from builders.example import rank
from builders.mixture.settings import Split
from isogloss.records import SPLITS

_RANKS = float(2**64)


def ranks(seed: int) -> list[pl.Expr]:
    """Return ``_rank``, the seeded rank of each example's group, and ``_share`` in [0, 1).

    The two are drawn apart: a source limited to its lowest ranks still fills every split.
    """
    share = rank(seed, pl.concat_str(pl.lit("split\x1f"), pl.col("group"))) / _RANKS
    return [rank(seed, pl.col("group")).alias("_rank"), share.alias("_share")]


def assign_splits(index: pl.DataFrame, split: Split) -> pl.DataFrame:
    """Fill ``split`` where the source left it open: whole groups, by their share.

    A group that its source has put into test is in test everywhere. With ``split.test_rows``, the
    groups of the lowest shares follow into test where a task's language has fewer rows there.
    """
    drawn = (
        pl.when(pl.col("_share") < split.test)
        .then(pl.lit("test"))
        .when(pl.col("_share") < split.test + split.validation)
        .then(pl.lit("validation"))
        .otherwise(pl.lit("train"))
    )
    tested = index.filter(pl.col("split") == "test")["_rank"].unique()
    assigned = index.with_columns(
        pl.when(pl.col("_rank").is_in(tested.implode()))
        .then(pl.lit("test"))
        .otherwise(pl.coalesce(pl.col("split").cast(pl.String), drawn))
        .cast(pl.Enum(SPLITS))
        .alias("split"),
        pl.col("split").is_null().alias("_open"),
    )
    if split.test_rows:
        assigned = _with_more_test(assigned, split.test_rows)
    return assigned.drop("_open")


def _with_more_test(index: pl.DataFrame, wanted: int) -> pl.DataFrame:
    """Move groups from train to test where a cell has fewer than the wanted rows in test.

    Cells (task and language) are filled one after the other, the smallest first: the groups of one
    are often those of others too. No cell has more than half of its rows moved for its own sake.
    """
    testable = index.filter(pl.col("split") != "validation")
    cells = testable.group_by("task", "language").agg(
        pl.len().alias("rows"), (pl.col("split") == "test").sum().alias("test")
    )
    short = cells.filter(pl.col("test") < pl.min_horizontal(wanted, pl.col("rows") // 2))
    movable = testable.filter((pl.col("split") == "train") & pl.col("_open"))
    # A group with a row that its source wants in train stays there.
    fixed = testable.filter((pl.col("split") == "train") & ~pl.col("_open"))["_rank"].unique()
    movable = movable.filter(~pl.col("_rank").is_in(fixed.implode()))
    names = [pl.col(name).cast(pl.String) for name in ("task", "language")]
    moved = pl.Series("_rank", [], dtype=index["_rank"].dtype)
    for task, language, rows, test in short.sort("rows", *names).iter_rows():
        groups = (
            movable.filter(task=task, language=language)
            .group_by("_rank")
            .agg(pl.col("_share").first(), pl.len())
            .sort("_share", "_rank")
        )
        there = pl.col("_rank").is_in(moved.implode())
        before = test + groups.filter(there)["len"].sum()
        after = groups.filter(~there).with_columns(pl.col("len").cum_sum().alias("_sum"))
        need = min(wanted, rows // 2) - before
        moved = moved.append(after.filter(pl.col("_sum") - pl.col("len") < need)["_rank"])
    to_test = pl.col("_open") & pl.col("_rank").is_in(moved.implode())
    return index.with_columns(
        pl.when(to_test & (pl.col("split") == "train"))
        .then(pl.lit("test", dtype=pl.Enum(SPLITS)))
        .otherwise("split")
        .alias("split")
    )
