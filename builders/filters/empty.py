"""Nothing to learn: no text, or text without a single letter or digit."""

from __future__ import annotations

import polars as pl

from builders.filters._base import FilterOptions, because, first_of

DESCRIPTION = "drops rows whose input or output has no letter and no digit"


class Options(FilterOptions):
    """``letters``: want a letter, not only a digit."""

    letters: bool = False


def verdict(options: Options) -> pl.Expr:
    """Drop where input or output is empty."""
    wanted = r"\p{L}" if options.letters else r"[\p{L}\p{N}]"
    kind = "letter" if options.letters else "letter or digit"
    return first_of(
        *(
            because(~pl.col(side).fill_null("").str.contains(wanted), f"the {side} has no {kind}")
            for side in ("input", "output")
        )
    )
