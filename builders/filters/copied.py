"""A source copied to the output: an untranslated string, or a question repeated as its answer."""

from __future__ import annotations

import polars as pl

from builders.dedup import comparable
from builders.filters._base import FilterOptions, because, reasoned

DESCRIPTION = "drops rows whose output repeats their input, letter case and punctuation aside"


class Options(FilterOptions):
    """No options."""


def apply(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Set ``reason`` where the output is the input."""
    same = comparable(pl.col("input")) == comparable(pl.col("output"))
    return reasoned(frame, because(same, "the output is a copy of the input"))
