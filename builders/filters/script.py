"""The script that a text is written in, against those of the language that it claims."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from builders.filters import _script
from builders.filters._base import FilterOptions, Sweep, first_of
from isogloss.scripts import versions

DESCRIPTION = "drops rows with a side whose letters are mostly not in a script of its language"

SCORED_BY = ("sides",)


class Options(FilterOptions):
    """What share of letters is enough, and of which sides."""

    min_share: float = Field(default=0.5, ge=0, le=1)
    """The share of letters that must be in a script of the language; an ideograph or a syllable of
    Chinese, Japanese or Korean is as much as three letters.
    """
    sides: tuple[_script.Side, ...] = Field(default=("context", "input", "output"), min_length=1)
    """The sides to check."""


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``letters``, ``script_share`` and ``script`` of each side; see `_script.counted`."""
    given = _script.there(frame, options.sides)
    counted = _script.counted(_script.claims(frame, given)).drop("own")
    return _script.beside(counted, given, options.sides, _script.NO_LETTERS)


def __getattr__(name: str) -> str:
    """Return ``VERSION``: what the scores hang on besides text and options."""
    if name == "VERSION":
        return f"2 {versions()}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def verdict(options: Options) -> pl.Expr:
    """Drop where too few letters of a side are in a script of its language."""
    return first_of(*(_script.wrong_script(side, options.min_share) for side in options.sides))


def sweeps(options: Options) -> list[Sweep]:
    """Return the share's bound, for each side."""
    return [
        Sweep(
            "min_share",
            f"{side}_script_share",
            options.min_share,
            "below",
            among=_script.checked(side),
        )
        for side in options.sides
    ]
