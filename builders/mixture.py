"""Which example goes to which split, and how many of each language and task stay."""

from __future__ import annotations

import polars as pl

from builders.recipe import Mixture, Split
from builders.sources._base import group_rank

_RANKS = float(2**64)


def with_ranks(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Add ``_rank``, the seeded rank of each example's group, and ``_share`` in [0, 1).

    The two are drawn apart: a source limited to its lowest ranks still fills every split.
    """
    # A keyed hash that stays the same for years is not a polars expression.
    groups = frame["group"].unique(maintain_order=True)
    table = pl.DataFrame(
        {
            "group": groups,
            "_rank": pl.Series([group_rank(seed, group) for group in groups], dtype=pl.UInt64),
            "_share": pl.Series(
                [group_rank(seed, f"split\x1f{group}") / _RANKS for group in groups],
                dtype=pl.Float64,
            ),
        }
    )
    return frame.join(table, on="group", how="left", maintain_order="left")


def limit_groups(frame: pl.DataFrame, limit: int | None) -> pl.DataFrame:
    """Set ``reason`` on examples beyond the ``limit`` lowest-ranked groups of their languages."""
    if limit is None:
        return frame.with_columns(pl.lit(None, pl.String).alias("reason"))
    place = pl.col("_rank").rank("dense").over("task", "language", "source_language")
    return frame.with_columns(
        pl.when(place > limit)
        .then(pl.lit(f"beyond the source's limit of {limit} groups"))
        .alias("reason")
    )


def assign_splits(frame: pl.DataFrame, split: Split) -> pl.DataFrame:
    """Fill ``split`` where the source left it open: whole groups, by their share.

    A group that its source has put into test is in test everywhere.
    """
    drawn = (
        pl.when(pl.col("_share") < split.test)
        .then(pl.lit("test"))
        .when(pl.col("_share") < split.test + split.validation)
        .then(pl.lit("validation"))
        .otherwise(pl.lit("train"))
    )
    tested = (pl.col("split") == "test").any().over("group").fill_null(False)
    return frame.with_columns(
        pl.when(tested).then(pl.lit("test")).otherwise(pl.coalesce("split", drawn)).alias("split")
    )


def cap(frame: pl.DataFrame, mixture: Mixture) -> pl.DataFrame:
    """Set ``reason`` on examples beyond the mixture's cap of their split, task and language.

    Groups take turns: the second example of a group comes after the first of every other, so
    that a small cap still sees as many different texts as it can; lower ranks come first. So
    languages that share a source share its groups, and their scores are on the same texts.
    """
    caps = pl.DataFrame(
        [
            (split, task, most)
            for split in ("train", "validation", "test")
            for task, most in getattr(mixture, split).items()
        ],
        schema={"split": pl.String, "task": pl.String, "_cap": pl.Int64},
        orient="row",
    )
    cell = ["split", "task", "language"]
    # Which of a group's examples is first differs by language, or English would be asked from
    # the alphabetically first source language only.
    frame = frame.with_columns((pl.col("_rank") ^ _pair_rank(frame)).alias("_within")).with_columns(
        pl.col("_within").rank("ordinal").over([*cell, "group"]).alias("_turn")
    )
    frame = frame.with_columns(
        pl.int_range(pl.len()).over(cell, order_by=["_turn", "_rank", "row"]).alias("_place")
    )
    capped = frame.join(caps, on=["split", "task"], how="left", maintain_order="left")
    return capped.with_columns(
        pl.when(pl.col("_place") >= pl.col("_cap"))
        .then(pl.format("beyond the mixture's cap of {} rows", "_cap"))
        .alias("reason")
    ).drop("_within", "_turn", "_place", "_cap")


def _pair_rank(frame: pl.DataFrame) -> pl.Series:
    pairs = frame.select(
        pl.concat_str(pl.col("source_language").fill_null(""), "language", separator=">")
    ).to_series()
    ranks = {pair: group_rank(0, pair) for pair in pairs.unique()}
    return pl.Series([ranks[pair] for pair in pairs], dtype=pl.UInt64)
