"""What every filter shares."""

from __future__ import annotations

from typing import Literal

import polars as pl

from isogloss.settings import Settings

Task = Literal["translation", "qa", "summarization", "code"]

#: Columns of an example that hold text.
TEXT = ("context", "input", "output")

#: A character of a script that packs about a word into one or two characters.
DENSE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"


class FilterOptions(Settings):
    """Options every filter has; a filter's ``Options`` adds its own."""

    name: str


def reasoned(frame: pl.DataFrame, *reasons: pl.Expr) -> pl.DataFrame:
    """Set the column ``reason`` to the first of the reasons that is not null.

    Args:
        frame: Examples.
        reasons: Expressions of nullable strings, in order of precedence.
    """
    return frame.with_columns(pl.coalesce(*reasons, pl.lit(None, pl.String)).alias("reason"))


def because(condition: pl.Expr, reason: str | pl.Expr) -> pl.Expr:
    """Return the reason where the condition holds, else null."""
    text = pl.lit(reason) if isinstance(reason, str) else reason
    return pl.when(condition.fill_null(False)).then(text)
