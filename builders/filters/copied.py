"""A source copied to the output: an untranslated string, or a question repeated as its answer."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from builders.filters._base import FilterOptions, Sweep, because, first_of
from builders.filters._prose import words
from isogloss.text import comparable, utf8

DESCRIPTION = (
    "drops rows whose output repeats their input, and translations that are left half undone"
)

SCORED_BY = ("stretch", "min_chars")

# Of longer texts, only so many characters are searched for stretches.
_LIMIT = 1_000_000
# So many letters are compared before texts are folded as a whole.
_LETTERS = 8
# Most of Unicode: characters that fold to themselves. Beyond the last there are only private ones,
# unassigned ones, and selectors of variants.
_IDEOGRAPHS = (slice(0x3400, 0x4DC0), slice(0x4E00, 0x9FFD), slice(0x20000, 0x2A6DE))
_ASSIGNED = 0x32400


class Options(FilterOptions):
    """Copies of all or of most of a text."""

    stretch: int = Field(default=12, ge=8)
    """What counts as copied is so many characters in a row, or more. Placeholders, tags and
    addresses do not count.
    """
    max_copied: float = Field(default=0.6, ge=0, le=1)
    """At most so great a share of a translation may be copied. Of right pairs of FLORES-200, all 40
    languages with each other, 2 in 10,000 have more.
    """
    min_chars: int = Field(default=40, ge=0)
    """Translations that are shorter may be all names; only whole copies are dropped."""


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``same`` (letter case and punctuation aside) and ``copied``.

    ``copied`` is the share of the output that lies in stretches which stand in the input; NaN of
    other tasks than translation, and of outputs that are too short for it.
    """
    from builders.filters import _stretches

    texts = frame.select(pl.col("input", "output").fill_null(""))
    left, right = (utf8(texts[side]) for side in texts.columns)
    alike = pl.Series(_stretches.start_alike(*left, *right, _letters(), _LETTERS))
    same = texts.filter(alike).select(comparable(pl.col("input")) == comparable(pl.col("output")))
    compared = (frame["task"] == "translation").fill_null(False) & (
        texts["output"].str.len_chars() >= options.min_chars
    )
    sharing = compared & pl.Series(_stretches.may_share(*left, *right, options.stretch))
    copied = texts.select(pl.when(compared).then(0.0).otherwise(float("nan"))).to_series()
    return pl.DataFrame(
        {
            "same": pl.zeros(frame.height, pl.Boolean, eager=True).scatter(
                alike.arg_true(), same.to_series()
            ),
            "copied": copied.cast(pl.Float32).scatter(
                sharing.arg_true(), _copied(texts.filter(sharing), options.stretch)
            ),
        }
    )


def verdict(options: Options) -> pl.Expr:
    """Drop where the output is the input, or most of it is."""
    share = pl.col("copied")
    partly = (share > options.max_copied) & share.is_not_nan()
    return first_of(
        because(pl.col("same"), "the output is a copy of the input"),
        because(
            partly, pl.format("{}% of the output is copied", (share * 100).round().cast(pl.Int32))
        ),
    )


def sweeps(options: Options) -> list[Sweep]:
    """Return the bound of what may be copied."""
    return [Sweep("max_copied", "copied", options.max_copied, "above")]


def _copied(texts: pl.DataFrame, stretch: int) -> pl.Series:
    from builders.filters import _stretches

    plain = texts.select(words(pl.col("input")), words(pl.col("output")))
    source, target = (utf8(plain[side]) for side in plain.columns)
    return pl.Series(_stretches.shared(*source, *target, stretch, _LIMIT))


@cache
def _letters() -> NDArray[np.int32]:
    """Return the letter that each code point stands for, coarser than `comparable` has them.

    Marks, and the vowels and finals that Hangul's syllables are made of, stand for none (0); what
    stands for several is not known (-1).
    """
    table = np.zeros(0x110000, dtype=np.int32)
    for ideographs in _IDEOGRAPHS:
        table[ideographs] = np.arange(ideographs.start, ideographs.stop)
    for point in np.flatnonzero(table[:_ASSIGNED] == 0):
        character = chr(point)
        if unicodedata.category(character)[0] in "LMNS":
            folded = unicodedata.normalize("NFKD", character).casefold()
            letters = [one for one in unicodedata.normalize("NFKD", folded) if _is_letter(one)]
            table[point] = 0 if not letters else ord(letters[0]) if len(letters) == 1 else -1
    return table


def _is_letter(character: str) -> bool:
    part_of_syllable = "\u1160" <= character <= "\u11ff"
    return unicodedata.category(character)[0] in "LN" and not part_of_syllable
