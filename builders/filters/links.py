"""Addresses that a translation must keep as they are: URLs and e-mail."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from builders.filters._base import FilterOptions, Sweep, because, first_of

DESCRIPTION = "drops translations whose URLs and e-mail addresses are not those of their source"

# The characters of RFC 3986, which text of any script may follow without a space.
_URL = r"(?i:https?|ftp)://[\w\-.~:/?#\[\]@!$&'()*+,;=%&&[\x00-\x7F]]+"
_MAIL = r"[\w.+\-&&[\x00-\x7F]]+@(?:[\w\-&&[\x00-\x7F]]+\.)+[A-Za-z]{2,}"
# What ends a sentence or a bracket around an address, and no address.
_CLOSING = r"[.,;:!?'()\[\]*]+$"


class Options(FilterOptions):
    """How far the addresses must agree."""

    min_agreement: float = Field(default=1.0, ge=0, le=1)
    """The least share of the addresses of both sides that the other side has too. Sites that name a
    language in their addresses need less than all.
    """


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``agreement`` (Dice's, of the sets of addresses): NaN where there are none."""
    texts = frame.select(pl.col("input", "output").fill_null(""))
    marked = texts.select(pl.any_horizontal(pl.all().str.contains(r"://|@"))).to_series()
    compared = marked & (frame["task"] == "translation").fill_null(False)
    found = pl.Series("agreement", [float("nan")], dtype=pl.Float32).new_from_index(0, frame.height)
    if not compared.any():
        return found.to_frame()
    sets = texts.filter(compared).select(
        _addresses(pl.col(side)).alias(side) for side in texts.columns
    )
    common = pl.col("input").list.set_intersection("output").list.len()
    both = pl.col("input").list.len() + pl.col("output").list.len()
    shares = sets.select((2 * common / both).cast(pl.Float32)).to_series()
    return found.scatter(compared.arg_true(), shares).to_frame()


def verdict(options: Options) -> pl.Expr:
    """Drop where addresses are on one side only."""
    wrong = pl.col("agreement") < options.min_agreement
    return first_of(because(wrong, "an address is on one side only"))


def sweeps(options: Options) -> list[Sweep]:
    """Return the least agreement."""
    return [Sweep("min_agreement", "agreement", options.min_agreement, "below")]


def _addresses(text: pl.Expr) -> pl.Expr:
    every = text.str.extract_all(f"{_URL}|{_MAIL}")
    return every.list.eval(pl.element().str.replace(_CLOSING, "")).list.unique(maintain_order=True)
