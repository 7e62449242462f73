"""Examples of translation, from columns of aligned lines."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from builders.example import conformed, is_blank


def numbered(prefix: str, first: int, count: int) -> pl.Series:
    """Return ``PREFIX#N`` for ``count`` lines, the first of which has the number ``first``."""
    numbers = pl.int_range(first, first + count)
    return pl.select(pl.format("{}#{}", pl.lit(prefix), numbers).alias("id")).to_series()


def is_english(tag: str) -> bool:
    """Tell whether a tag is English, of wherever."""
    return tag.split("-")[0] == "en"


def translations(
    given: pl.Series,
    references: Sequence[pl.Series],
    *,
    languages: tuple[str, str],
    ids: pl.Series,
    groups: pl.Series,
    split: str | None,
) -> pl.DataFrame:
    """Return aligned lines as examples.

    Args:
        given: The texts to translate.
        references: One column or several of their translations, the best first.
        languages: The tags of the input and of the output.
        ids: What identifies each line.
        groups: What keeps lines that belong together in one split.
        split: The split of all, or None.

    Returns:
        As many rows in ``SCHEMA``, in the same order. A translation that is empty is not a
        reference, and the next becomes the output; a row that has none, or no input, has a reason.
    """
    sides = [f"reference {number}" for number in range(len(references))]
    frame = pl.DataFrame(
        [
            given.alias("input"),
            ids.alias("source_id"),
            groups.alias("group"),
            *(column.alias(side) for side, column in zip(sides, references, strict=True)),
        ]
    )
    if len(sides) == 1:  # lists of one need not be looked through
        frame = frame.with_columns(_empty=is_blank(pl.col(sides[0])))
        output = pl.when("_empty").then(pl.lit("")).otherwise(sides[0])
        frame = frame.with_columns(output.alias("output"))
        frame = frame.with_columns(pl.concat_list("output").alias("references"))
    else:
        texts = [pl.when(~is_blank(pl.col(side))).then(pl.col(side)) for side in sides]
        listed = pl.concat_list(texts).list.drop_nulls().list.unique(maintain_order=True)
        frame = frame.with_columns(listed.alias("references"))
        frame = frame.with_columns(_empty=pl.col("references").list.len() == 0)
        shown = pl.when("_empty").then(pl.lit([""])).otherwise("references")
        frame = frame.with_columns(shown.alias("references"))
        frame = frame.with_columns(pl.col("references").list.first().alias("output"))
    reason = (
        pl.when(is_blank(pl.col("input")))
        .then(pl.lit("its line is empty"))
        .when("_empty")
        .then(pl.lit("the line of its translation is empty"))
    )
    made = frame.with_columns(
        pl.lit("translation").alias("task"),
        pl.lit(languages[0]).alias("source_language"),
        pl.lit(languages[1]).alias("language"),
        pl.lit([], dtype=pl.List(pl.String)).alias("tags"),
        pl.lit(split, dtype=pl.String).alias("split"),
        reason.alias("reason"),
        pl.when(reason.is_not_null()).then(pl.lit("source")).alias("rejected_by"),
    )
    return conformed(made)
