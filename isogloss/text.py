"""Whole columns of texts: mended where they need it, which is cheaper than all; and as bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

#: A character that NFC may change, or join to the one before it (Unicode Standard Annex 15): marks,
#: Hangul's letters, and the characters with a canonical decomposition that no composition makes.
MAYBE_NOT_NFC = (
    r"\p{M}\x{0374}\x{037E}\x{0387}\x{0958}-\x{095F}\x{09DC}-\x{09DF}\x{0A33}-\x{0A36}"
    r"\x{0A59}-\x{0A5E}\x{0B5C}-\x{0B5D}\x{0F00}-\x{0FFF}\x{1100}-\x{11FF}\x{1F00}-\x{1FFF}"
    r"\x{2000}-\x{2001}\x{2126}-\x{212B}\x{2329}-\x{232A}\x{2ADC}\x{F900}-\x{FAFF}"
    r"\x{FB1D}-\x{FB4F}\x{1D100}-\x{1D1FF}\x{2F800}-\x{2FA1F}"
)


def mended(text: pl.Expr, odd: str, mend: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """Return texts of which those are mended that match a pattern.

    Args:
        text: The texts.
        odd: A regular expression; what does not match it, ``mend`` would leave as it is.
        mend: Makes the expression of the mended text.
    """

    def some(texts: pl.Series) -> pl.Series:
        found = texts.str.contains(odd).fill_null(False)
        if not found.any():
            return texts
        fixed = texts.filter(found).to_frame("text").select(mend(pl.col("text"))).to_series()
        return texts.scatter(found.arg_true(), fixed)

    return text.map_batches(some, return_dtype=pl.String)


def utf8(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the UTF-8 of strings without nulls, end to end, and where each starts (n + 1 offsets)."""
    # The oldest layout that polars gives away is Arrow's large strings; its newest is views.
    array: Any = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data or b"", np.uint8), starts


def in_lists(lists: pl.Series, mend: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Return lists of strings, each string mended; all at once, which ``list.eval`` does not do.

    Args:
        lists: The lists.
        mend: Makes the expression of a mended string.
    """
    rows = pl.DataFrame({"row": pl.int_range(lists.len(), eager=True), "old": lists})
    flat = rows.filter(pl.col("old").list.len() > 0).explode("old")
    fixed = flat.select("row", mend(pl.col("old")).alias("new"))
    if fixed["new"].equals(flat["old"]):
        return lists
    again = rows.join(fixed.group_by("row").agg("new"), on="row", how="left", maintain_order="left")
    return again.select(pl.coalesce("new", "old").alias(lists.name)).to_series()


def one_line(error: BaseException) -> str:
    """Return what an error says, or else what it is, as one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def comparable(text: pl.Expr) -> pl.Expr:
    """Return text with its letters, marks and digits only, in NFKC and lower case.

    For where it is better to take two texts for the same than to miss one. Text without any
    (``"!?"``) is compared as it stands.
    """
    plain = text.str.normalize("NFKC").str.to_lowercase()
    kept = plain.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    return pl.when(kept == "").then(plain).otherwise(kept)
