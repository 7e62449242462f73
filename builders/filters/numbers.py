"""Numbers that a translation must keep, in whatever digits and with whatever separators."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import polars as pl
from pydantic import Field

from builders.filters._base import FilterOptions, Sweep, because, first_of
from builders.filters._prose import words
from isogloss.text import mended

DESCRIPTION = "drops translations whose numbers are not those of their source"

SCORED_BY = ("min_digits",)

# What may stand before each three digits of a large number: "1,234,567", "1.234.567", "1 234 567"
# (with three kinds of spaces), "1'234'567", and Arabic's own two.
_THOUSANDS = r"[.,'’٬،  \u{202F}\u{2009}](\d{3})\b"


class Options(FilterOptions):
    """How far the numbers of both sides must agree.

    Numbers in words, in other units, of another calendar or with a unit in the place of zeros
    ("2万" is 20,000) make a right translation differ, so that not all need agree.
    """

    min_digits: int = Field(default=2, ge=1)
    """Shorter numbers are not compared: they are often spelt out."""
    min_agreement: float = Field(default=0.3, ge=0, le=1)
    """The least share of the numbers of both sides that the other side has too. Of right pairs of
    FLORES-200 (English with 39 languages), 2 in 1,000 have less; of wrong ones 5 in 100.
    """
    min_numbers: int = Field(default=3, ge=1)
    """Rows with fewer numbers on both sides together are let through."""


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``agreement``, from 0 to 1, and ``numbers``, those of both sides.

    The agreement is Dice's of both sets of numbers; NaN where there are none, or of other tasks.
    """
    index = frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"))
    texts = index.hstack(frame.select(pl.col("input", "output").fill_null("")))
    translations = texts.filter((frame["task"] == "translation") & _has_digit(texts))
    sets = translations.select(
        "row",
        *(_numbers(pl.col(side), options.min_digits).alias(side) for side in ("input", "output")),
    )
    both = pl.col("input").list.len() + pl.col("output").list.len()
    common = pl.col("input").list.set_intersection("output").list.len()
    # 0/0 is NaN, which says that there are no numbers.
    found = sets.select("row", (2 * common / both).alias("agreement"), both.alias("numbers"))
    every = index.join(found, on="row", how="left", maintain_order="left")
    return every.select(
        pl.col("agreement").fill_null(float("nan")).cast(pl.Float32),
        pl.col("numbers").fill_null(0).cast(pl.UInt32),
    )


def verdict(options: Options) -> pl.Expr:
    """Drop where too few numbers agree."""
    some = pl.col("numbers") >= options.min_numbers
    # NaN is below nothing.
    wrong = some & (pl.col("agreement") < options.min_agreement)
    reason = pl.format(
        "{}% of the numbers agree", (pl.col("agreement") * 100).round().cast(pl.Int32, strict=False)
    )
    return first_of(because(wrong, reason))


def sweeps(options: Options) -> list[Sweep]:
    """Return the least agreement."""
    some = pl.col("numbers") >= options.min_numbers
    return [Sweep("min_agreement", "agreement", options.min_agreement, "below", among=some)]


def _has_digit(texts: pl.DataFrame) -> pl.Series:
    digit = (pl.col(side).str.contains(r"\d") for side in ("input", "output"))
    return texts.select(pl.any_horizontal(digit)).to_series()


def _numbers(text: pl.Expr, digits: int) -> pl.Expr:
    """Return the numbers of a text, each once, in ASCII digits without separators of thousands."""
    plain = mended(words(text), r"[\p{Nd}--0-9]", lambda odd: odd.str.replace_many(_digits()))
    joined = plain.str.replace_all(_THOUSANDS, "$1")
    return joined.str.extract_all(rf"[0-9]{{{digits},}}").list.unique(maintain_order=True)


@cache
def _digits() -> dict[str, str]:
    """Return the digits of all scripts but ASCII's, with those."""
    every = (chr(point) for point in range(0x80, sys.maxunicode + 1))
    return {one: str(unicodedata.decimal(one)) for one in every if one.isdecimal()}
