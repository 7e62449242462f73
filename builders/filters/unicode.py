"""Unicode: composed to NFC, without control characters; text that was already broken is dropped."""

from __future__ import annotations

import polars as pl

from builders.filters._base import TEXT, FilterOptions, because, first_of
from isogloss.text import MAYBE_NOT_NFC, mended

DESCRIPTION = "NFC, no control characters, one kind of line end; drops text with U+FFFD in it"

# Controls but for tab and line feed, the byte order mark, soft hyphens, and non-characters. The
# joiners U+200C and U+200D stay: Persian and Hindi are misspelt without them; so do the bidi marks.
_UNWANTED = r"[\x00-\x08\x0B-\x1F\x7F-\x9F\x{FEFF}\x{00AD}\x{FFFE}\x{FFFF}]"


class Options(FilterOptions):
    """No options of its own."""


def repair(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the examples with clean text."""
    code = pl.col("task") == "code"
    return frame.with_columns(
        *(_stripped(_clean(pl.col(name)), code).alias(name) for name in TEXT),
        pl.when(code)
        .then(pl.col("references").list.eval(_stripped(_clean(pl.element()), pl.lit(True))))
        .otherwise(pl.col("references").list.eval(_stripped(_clean(pl.element()), pl.lit(False))))
        .alias("references"),
    )


def verdict(options: Options) -> pl.Expr:
    """Drop where text was broken at its source."""
    broken = pl.any_horizontal(
        *(_is_broken(pl.col(name)).fill_null(False) for name in TEXT),
        pl.col("references").list.eval(_is_broken(pl.element())).list.any().fill_null(False),
    )
    return first_of(because(broken, "holds U+FFFD: it was decoded wrongly before"))


def _clean(text: pl.Expr) -> pl.Expr:
    def mend(odd: pl.Expr) -> pl.Expr:
        lines = odd.str.replace_all("\r\n?", "\n").str.replace_all("[\u2028\u2029\u0085]", "\n")
        return lines.str.normalize("NFC").str.replace_all(_UNWANTED, "")

    return mended(text, rf"[{MAYBE_NOT_NFC}\x{{2028}}\x{{2029}}{_UNWANTED[1:]}", mend)


def _stripped(text: pl.Expr, code: pl.Expr) -> pl.Expr:
    """Strip white space around text; in code, the indentation of the first line has a meaning."""
    return (
        pl.when(code)
        .then(text.str.strip_chars_end().str.strip_chars_start("\n"))
        .otherwise(text.str.strip_chars())
    )


def _is_broken(text: pl.Expr) -> pl.Expr:
    return text.str.contains("\ufffd", literal=True)
