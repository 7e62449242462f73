"""Unicode: composed to NFC, without control characters; text that was already broken is dropped."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import polars as pl

from builders.filters._base import TEXT, FilterOptions, Sweep, because, first_of
from isogloss.errors import IsoglossError
from isogloss.text import MAYBE_NOT_NFC, in_lists, mended

DESCRIPTION = "NFC, no control characters, one kind of line end; drops text with U+FFFD in it"

SCORED_BY = ("mojibake",)

# Controls but for tab and line feed, the byte order mark, soft hyphens, and non-characters. The
# joiners U+200C and U+200D stay: Persian and Hindi are misspelt without them; so do the bidi marks.
_UNWANTED = r"[\x00-\x08\x0B-\x1F\x7F-\x9F\x{FEFF}\x{00AD}\x{FFFE}\x{FFFF}]"

# Unicode Standard Annex 9: embeddings and overrides, which U+202C closes, and isolates and U+2069.
_OPEN, _CLOSE = "[\u202a\u202b\u202d\u202e]", "\u202c"
_ISOLATE, _CLOSE_ISOLATE = "[\u2066-\u2068]", "\u2069"
_BIDI = "[\u202a-\u202e\u2066-\u2069]"

_WIDE_DIGITS_AND_LETTERS = (
    r"[\x{FF10}-\x{FF19}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{FF61}-\x{FFDC}]+"
)


class Options(FilterOptions):
    """What is mended besides; all of it is off by default."""

    mojibake: Literal["keep", "drop", "repair"] = "keep"
    """UTF-8 that was read as another encoding ("schÃ¶n"): ``keep`` it, ``drop`` rows with it, or
    ``repair`` it where ftfy (Speer 2019) is sure of what it was. Needs ftfy.
    """
    bidi: Literal["keep", "mend"] = "keep"
    """``mend`` takes embeddings, overrides and isolates out of texts in which they are not closed,
    or closed without being open; the marks U+200E, U+200F and U+061C always stay.
    """
    width: Literal["keep", "fold"] = "keep"
    """``fold`` writes wide letters and digits plain, and half-wide kana and Hangul whole (NFKC of
    them); wide punctuation stays, as Chinese and Japanese are written with it.
    """


def repair(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the examples with clean text."""
    code = pl.col("task") == "code"

    def clean(text: pl.Expr) -> pl.Expr:
        for mend in _mends(options):
            text = mend(text)
        return text

    references = in_lists(frame["references"], clean)
    parts = pl.col("references").list
    return (
        frame.with_columns(clean(pl.col(name)).alias(name) for name in TEXT)
        .with_columns(references)
        .with_columns(
            *(_stripped(pl.col(name), code).alias(name) for name in TEXT),
            pl.when(code)
            .then(parts.eval(_stripped(pl.element(), pl.lit(True))))
            .otherwise(parts.eval(_stripped(pl.element(), pl.lit(False)))),
        )
    )


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``broken``: how often U+FFFD is there; and ``mojibake``, if it is to be dropped.

    The latter counts sequences that hardly stand in text that was read rightly.
    """
    counts = {"broken": _count("\ufffd")}
    if options.mojibake == "drop":
        counts["mojibake"] = _count(_suspicious())
    return frame.select(count.alias(name) for name, count in counts.items())


def verdict(options: Options) -> pl.Expr:
    """Drop where text was broken at its source."""
    reasons = [because(pl.col("broken") > 0, "holds U+FFFD: it was decoded wrongly before")]
    if options.mojibake == "drop":
        reasons.append(because(pl.col("mojibake") > 0, "is UTF-8 that was read as something else"))
    return first_of(*reasons)


def sweeps(options: Options) -> list[Sweep]:
    """Return none: one such character is too many."""
    return []


def _mends(options: Options) -> list[Callable[[pl.Expr], pl.Expr]]:
    mends: list[Callable[[pl.Expr], pl.Expr]] = [_decoded] if options.mojibake == "repair" else []
    mends.append(_clean)
    if options.bidi == "mend":
        mends.append(_balanced)
    if options.width == "fold":
        mends.append(_plain_width)
    return mends


def _clean(text: pl.Expr) -> pl.Expr:
    def mend(odd: pl.Expr) -> pl.Expr:
        lines = odd.str.replace_all("\r\n?", "\n").str.replace_all("[\u2028\u2029\u0085]", "\n")
        return lines.str.normalize("NFC").str.replace_all(_UNWANTED, "")

    return mended(text, rf"[{MAYBE_NOT_NFC}\x{{2028}}\x{{2029}}{_UNWANTED[1:]}", mend)


def _decoded(text: pl.Expr) -> pl.Expr:
    import ftfy

    # ftfy takes one text at a time; few are suspicious.
    return mended(
        text,
        _suspicious(),
        lambda odd: odd.map_elements(ftfy.fix_encoding, return_dtype=pl.String),
    )


def _balanced(text: pl.Expr) -> pl.Expr:
    def mend(odd: pl.Expr) -> pl.Expr:
        uneven = pl.lit(False)
        for opening, closing in ((_OPEN, _CLOSE), (_ISOLATE, _CLOSE_ISOLATE)):
            uneven |= odd.str.count_matches(opening) != odd.str.count_matches(closing)
        return pl.when(uneven).then(odd.str.replace_all(_BIDI, "")).otherwise(odd)

    return mended(text, _BIDI, mend)


def _plain_width(text: pl.Expr) -> pl.Expr:
    def mend(odd: pl.Expr) -> pl.Expr:
        # Runs are cut out, so that half-wide kana meet their marks of voicing, and nothing else
        # is folded.
        parts = odd.str.extract_all(rf"{_WIDE_DIGITS_AND_LETTERS}|[^\x{{FF10}}-\x{{FFDC}}]+|.")
        wide = pl.element().str.contains(f"^{_WIDE_DIGITS_AND_LETTERS}$")
        folded = pl.when(wide).then(pl.element().str.normalize("NFKC")).otherwise(pl.element())
        return parts.list.eval(folded).list.join("")

    return mended(text, _WIDE_DIGITS_AND_LETTERS, mend)


@cache
def _suspicious() -> str:
    """Return ftfy's pattern of mojibake, for polars: it has no look-around, so it runs natively."""
    try:
        from ftfy.badness import BADNESS_RE
    except ImportError as error:
        raise IsoglossError(
            "the option mojibake of the filter unicode needs ftfy, which is not installed",
            remedy='Run: pip install "isogloss[clean]"',
        ) from error
    import regex

    # It is written with white space to be read; inside a class, white space is meant.
    return str(regex.sub(r"\[[^\]]*\]|\s+", lambda found: found[0].strip(), BADNESS_RE.pattern))


def _count(pattern: str) -> pl.Expr:
    texts = (pl.col(name).fill_null("").str.count_matches(pattern) for name in TEXT)
    in_references = pl.col("references").list.eval(pl.element().str.count_matches(pattern))
    return pl.sum_horizontal(*texts, in_references.list.sum().fill_null(0)).cast(pl.UInt32)


def _stripped(text: pl.Expr, code: pl.Expr) -> pl.Expr:
    """Strip white space around text; in code, the indentation of the first line has a meaning."""
    return (
        pl.when(code)
        .then(text.str.strip_chars_end().str.strip_chars_start("\n"))
        .otherwise(text.str.strip_chars())
    )
