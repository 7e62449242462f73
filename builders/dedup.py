"""Exact duplicates: the same input met twice is one example with both answers as references."""

from __future__ import annotations

import polars as pl

#: What makes two examples the same: the task asked, in which languages, of what text.
KEY = ("task", "language", "source_language", "_context", "_input")

REASON = "another example has the same input; this output is kept there as a reference"


def comparable(text: pl.Expr) -> pl.Expr:
    """Return text with its letters, marks and digits only, in NFKC and lower case.

    For where it is better to take two texts for the same than to miss one. Text without any (``"!?"``) is compared as it stands.
    """
    plain = text.str.normalize("NFKC").str.to_lowercase()
    kept = plain.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    return pl.when(kept == "").then(plain).otherwise(kept)


def merge_duplicates(frame: pl.DataFrame) -> pl.DataFrame:
    """Merge examples with the same task, languages, context and input into the first of them.

    The same is what a reader would not tell apart: equal in NFC, white space aside. Case and
    punctuation count ("C" is not "C++", "Delete" is not "Delete?").

    Args:
        frame: Examples with the columns ``row`` (their order) and ``split``. One that its source
            has put into test or validation goes before all that are free or to be trained on, or
            its place there would be lost.

    Returns:
        All of them, sorted by ``row``: the kept ones have every distinct reference, their own
        first; for the others ``reason`` says why they are not.
    """
    place = pl.col("split").replace_strict({"test": 0, "validation": 1}, default=2)
    keyed = frame.with_columns(
        _folded(pl.col("context").fill_null("")).alias("_context"),
        _folded(pl.col("input")).alias("_input"),
    ).sort(place, "row")
    merged = keyed.group_by(KEY, maintain_order=True).agg(
        pl.col("row").first(),
        pl.col("references")
        .list.explode(keep_nulls=False, empty_as_null=False)
        .unique(maintain_order=True)
        .alias("_merged"),
    )
    joined = keyed.join(merged.select("row", "_merged"), on="row", how="left").sort("row")
    first = pl.col("_merged").is_not_null()
    return joined.with_columns(
        pl.when(first).then("_merged").otherwise("references").alias("references"),
        pl.when(~first).then(pl.lit(REASON)).alias("reason"),
    ).drop("_merged", "_context", "_input")


def _folded(text: pl.Expr) -> pl.Expr:
    return text.str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars()
