"""Personal data: e-mail addresses, telephone numbers, IP addresses, IBANs and card numbers."""

from __future__ import annotations

from typing import Literal, get_args

import polars as pl
from pydantic import Field

from builders.filters import _personal
from builders.filters._base import TEXT, FilterOptions, because, first_of
from builders.filters._personal import Kind
from isogloss.text import in_lists, mended

DESCRIPTION = (
    "masks personal data (e-mail, telephone, IP, IBAN, card numbers), or drops rows with it"
)

SCORED_BY = ("action", "kinds", "regions")

# Instructions that come with a source may hold such data too.
_COLUMNS = ("instruction", *TEXT)


class Options(FilterOptions):
    """What is looked for. Programs (the task code) are left alone."""

    action: Literal["mask", "drop"] = "mask"
    """``mask`` it by a token (``<EMAIL>``, ``<PHONE>``, ``<IP>``, ``<IBAN>``, ``<CARD>``), the same
    on all sides, or ``drop`` rows with it.
    """
    kinds: tuple[Kind, ...] = Field(default=get_args(Kind), min_length=1)
    """What is looked for: any of email, phone, ip, iban, card."""
    regions: tuple[str, ...] = ()
    """Countries (ISO 3166, such as ``DE``) whose telephone numbers are found without ``+`` and the
    country's code too; numbers of other things may then look like them.
    """


def repair(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the examples with personal data masked, if that is wanted."""
    if options.action == "drop":
        return frame
    finder = _personal.Finder(options.kinds, options.regions)

    def mask(text: pl.Expr) -> pl.Expr:
        # Checksums and national numbering plans are no column expressions; few texts come here.
        return mended(
            text,
            finder.maybe,
            lambda some: some.map_elements(finder.mask, return_dtype=pl.String),
        )

    prose = pl.col("task") != "code"
    return frame.with_columns(
        *(
            pl.when(prose).then(mask(pl.col(name))).otherwise(pl.col(name)).alias(name)
            for name in _COLUMNS
        ),
        pl.when(prose)
        .then(in_lists(frame["references"], mask))
        .otherwise(pl.col("references"))
        .alias("references"),
    )


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``personal``: how many such data a row holds; 0 where they are masked."""
    none = pl.zeros(frame.height, pl.UInt32, eager=True)
    if options.action == "mask":
        return none.alias("personal").to_frame()
    finder = _personal.Finder(options.kinds, options.regions)
    found = none
    for text in (*(frame[name] for name in _COLUMNS), frame["references"].list.join("\n")):
        marked = (text.str.contains(finder.maybe) & (frame["task"] != "code")).fill_null(False)
        # See `repair`: one text at a time.
        counts = [finder.count(one) for one in text.filter(marked)]
        found += none.scatter(marked.arg_true(), pl.Series(counts, dtype=pl.UInt32))
    return found.alias("personal").to_frame()


def verdict(options: Options) -> pl.Expr:
    """Drop where there are such data."""
    return first_of(because(pl.col("personal") > 0, "holds personal data"))
