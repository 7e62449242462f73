"""Sides of a pair whose lengths cannot be each other's translation or summary."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from builders.filters._base import DENSE, FilterOptions, because, reasoned

NAME = "length-ratio"
DESCRIPTION = "drops translations much longer or shorter than their source; summaries not shorter"

# One Han, kana or Hangul character says about as much as this many alphabetic ones; FLORES-200's
# parallel sentences have 2 to 3 times fewer characters in Chinese, Japanese and Korean than
# in English.
_DENSITY = 2.0


class Options(FilterOptions):
    """``max_ratio`` of the longer to the shorter side; ``slack`` in characters spares short text."""

    max_ratio: float = Field(default=3.0, ge=1)
    slack: int = Field(default=12, ge=0)


def apply(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Set ``reason`` where a translation's sides, or a summary and its text, do not fit."""
    left, right = (_weight(pl.col(side)) for side in ("input", "output"))
    ratio = (pl.max_horizontal(left, right) + options.slack) / (
        pl.min_horizontal(left, right) + options.slack
    )
    translation = (pl.col("task") == "translation") & (ratio > options.max_ratio)
    summary = (pl.col("task") == "summarization") & (right >= left)
    return reasoned(
        frame,
        because(translation, pl.format("the sides' lengths differ {} times", ratio.round(1))),
        because(summary, "the summary is no shorter than its text"),
    )


def _weight(text: pl.Expr) -> pl.Expr:
    filled = text.fill_null("")
    return filled.str.len_chars() + (_DENSITY - 1) * filled.str.count_matches(DENSE)
