"""Text that goes round in circles: stretches or lines that were there before, in any script."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from builders.filters._base import FilterOptions, Sweep, because, first_of, sides
from isogloss.text import utf8

DESCRIPTION = "drops rows much of whose input (with its context) or output stood in it before"

SCORED_BY = ("stretch",)

_SIDES = ("input", "output")
_PROSE = pl.col("task") != "code"
# Of longer texts, only so many characters are looked at.
_LIMIT = 1_000_000


class Options(FilterOptions):
    """How much of a text may have stood in it before.

    After Rae et al. (2021, Gopher, section A1.1), who bound the share of a document's characters that
    lie in repeated n-grams of words and in repeated lines. Stretches of characters take the place of
    n-grams here, because many scripts part no words. Programs (the task code) are left alone.
    """

    stretch: int = Field(default=20, ge=4)
    """So many characters in a row."""
    max_repeated: float = Field(default=0.3, ge=0, le=1)
    """The greatest share of characters that may lie in stretches which stood in the text before. Of
    FLORES-200's sentences 1 in 10,000 have more, and of the questions of XQuAD with their passages
    6; of the articles of Klexikon none.
    """
    max_lines: float = Field(default=0.3, ge=0, le=1)
    """The greatest share of characters that may lie in lines which stood in it before."""


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``repeated`` and ``lines`` of both sides: shares of their characters, 0 to 1."""
    from builders.filters import _stretches

    texts = frame.select(text.alias(side) for side, text in sides(_SIDES).items())
    found = {}
    for side in _SIDES:
        found[f"{side}_repeated"] = pl.Series(
            _stretches.repeated(*utf8(texts[side]), options.stretch, _LIMIT)
        )
        found[f"{side}_lines"] = _lines(texts[side])
    return pl.DataFrame(found)


def verdict(options: Options) -> pl.Expr:
    """Drop where too much of a side is repeated."""
    reasons = []
    for side in _SIDES:
        for unit, most in (("repeated", options.max_repeated), ("lines", options.max_lines)):
            share = pl.col(f"{side}_{unit}")
            what = "is repeated" if unit == "repeated" else "is repeated lines"
            reason = pl.format(f"{{}}% of the {side} {what}", (share * 100).round().cast(pl.Int32))
            reasons.append(because(_PROSE & (share > most), reason))
    return first_of(*reasons)


def sweeps(options: Options) -> list[Sweep]:
    """Return both bounds, for either side."""
    return [
        Sweep(
            f"max_{unit}",
            f"{side}_{unit}",
            getattr(options, f"max_{unit}"),
            "above",
            among=_PROSE,
        )
        for side in _SIDES
        for unit in ("repeated", "lines")
    ]


def _lines(texts: pl.Series) -> pl.Series:
    """Return the share of characters in lines that stood in the text before; blank lines are none."""
    found = pl.Series([0.0], dtype=pl.Float32).new_from_index(0, texts.len())
    many = texts.str.contains("\n", literal=True)
    if not many.any():
        return found
    rows = many.arg_true()
    lines = pl.DataFrame({"row": rows, "line": texts.filter(many).str.split("\n")}).explode("line")
    lines = lines.with_columns(pl.col("line").str.strip_chars()).filter(pl.col("line") != "")
    size = pl.col("line").str.len_chars()
    shares = lines.group_by("row").agg(
        (size.filter(~pl.struct("line").is_first_distinct()).sum() / size.sum()).alias("share")
    )
    return found.scatter(shares["row"], shares["share"].cast(pl.Float32))
