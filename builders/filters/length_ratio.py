"""Sides of a pair whose lengths cannot be each other's translation or summary."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from builders.filters import _lengths
from builders.filters._base import FilterOptions, Sweep, because, first_of
from isogloss.files import sha256_file

NAME = "length-ratio"
DESCRIPTION = "drops translations much longer or shorter than their source; summaries not shorter"

SCORED_BY = ("slack", "words")
VERSION = sha256_file(_lengths.FILE)


class Options(FilterOptions):
    """Bounds of the ratio of the longer to the shorter side, each as long as it would be in English."""

    max_ratio: float = Field(default=3.0, ge=1)
    """The bound of characters. Of right pairs of FLORES-200, 1 in 10,000 is over 2, of wrong ones
    12 in 100.
    """
    slack: int = Field(default=12, ge=0)
    """So many characters (for words, a fifth of it) are added to both sides, which spares short
    texts: "OK" may be "Einverstanden".
    """
    words: bool = False
    """Count words too, where white space parts them in both languages."""
    max_words_ratio: float = Field(default=3.0, ge=1)
    """The bound of words."""
    max_summary: float = Field(default=1.0, gt=0)
    """A summary may be so many times as long as its text."""


# About the length of a word and the space after it.
_WORD = 5


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``ratio`` and ``words_ratio`` of translations and ``summary`` of summaries.

    The first two are of the longer to the shorter side; the last of the output to the input. NaN
    where a row is of another task, or its words cannot be counted.
    """
    texts = {side: frame[side].fill_null("") for side in ("input", "output")}
    own = frame["language"]
    tags = {
        "input": frame.select(pl.coalesce("source_language", "language")).to_series(),
        "output": own,
    }
    chars = [_lengths.chars(texts[side], tags[side]) for side in texts]
    found = {"ratio": _ratio(chars[0], chars[1], options.slack)}
    if options.words:
        words = [_lengths.words(texts[side], tags[side]) for side in texts]
        found["words_ratio"] = _ratio(words[0], words[1], options.slack / _WORD)
    is_summary = frame["task"] == "summarization"
    scores = {name: _where(value, frame["task"] == "translation") for name, value in found.items()}
    return pl.DataFrame(scores | {"summary": _where(chars[1] / chars[0], is_summary)})


def verdict(options: Options) -> pl.Expr:
    """Drop where a translation's sides, or a summary and its text, do not fit."""
    reasons = [_uneven("ratio", options.max_ratio, "lengths")]
    if options.words:
        reasons.append(_uneven("words_ratio", options.max_words_ratio, "numbers of words"))
    long = _above("summary", options.max_summary)
    what = "no shorter than its text" if options.max_summary == 1 else "too long for its text"
    return first_of(*reasons, because(long, f"the summary is {what}"))


def sweeps(options: Options) -> list[Sweep]:
    """Return the bounds."""
    found = [Sweep("max_ratio", "ratio", options.max_ratio, "above")]
    if options.words:
        found.append(Sweep("max_words_ratio", "words_ratio", options.max_words_ratio, "above"))
    return [*found, Sweep("max_summary", "summary", options.max_summary, "above")]


def _ratio(left: pl.Series, right: pl.Series, slack: float) -> pl.Series:
    sides = pl.DataFrame({"left": left + slack, "right": right + slack})
    ratio = pl.max_horizontal("left", "right") / pl.min_horizontal("left", "right")
    # Without slack, two empty sides are even; one that is empty is endlessly shorter.
    both = (pl.col("left") == 0) & (pl.col("right") == 0)
    unknown = pl.col("left").is_nan() | pl.col("right").is_nan()
    return sides.select(
        pl.when(both).then(1.0).when(unknown).then(float("nan")).otherwise(ratio)
    ).to_series()


def _where(values: pl.Series, mask: pl.Series) -> pl.Series:
    unmeasured = pl.Series([float("nan")], dtype=pl.Float32)
    return values.cast(pl.Float32).zip_with(mask.fill_null(False), unmeasured)


def _above(score: str, most: float) -> pl.Expr:
    # To polars, NaN is above every number.
    return (pl.col(score) > most) & pl.col(score).is_not_nan()


def _uneven(score: str, most: float, what: str) -> pl.Expr:
    reason = pl.format(f"the sides' {what} differ {{}} times", pl.col(score).round(1))
    return because(_above(score, most), reason)
