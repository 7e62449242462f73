"""Exact duplicates: the same input met twice is one example with both answers as references."""

from __future__ import annotations

import polars as pl

#: What makes two examples the same: the task asked, in which languages, of what text.
KEY = ("task", "language", "source_language", "_context", "_input")

REASON = "the same input came before; this output is kept there as a reference"


def comparable(text: pl.Expr) -> pl.Expr:
    """Return text as compared: NFKC, lower case, letters, marks and digits only.

    Text without any (``"!?"``) is compared as it stands.
    """
    plain = text.str.normalize("NFKC").str.to_lowercase()
    kept = plain.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    return pl.when(kept == "").then(plain).otherwise(kept)


def merge_duplicates(frame: pl.DataFrame) -> pl.DataFrame:
    """Merge examples with the same task, languages, context and input into the first of them.

    Args:
        frame: Examples with a column ``row`` (their order).

    Returns:
        All of them, sorted by ``row``: the kept ones have every distinct reference, in order;
        for the others ``reason`` says why they are not.
    """
    keyed = frame.sort("row").with_columns(
        comparable(pl.col("context").fill_null("")).alias("_context"),
        comparable(pl.col("input")).alias("_input"),
    )
    merged = keyed.group_by(KEY, maintain_order=True).agg(
        pl.col("row").first(),
        pl.col("references")
        .list.explode(keep_nulls=False, empty_as_null=False)
        .unique(maintain_order=True)
        .alias("_merged"),
    )
    joined = keyed.join(
        merged.select("row", "_merged"), on="row", how="left", maintain_order="left"
    )
    first = pl.col("_merged").is_not_null()
    return joined.with_columns(
        pl.when(first).then("_merged").otherwise("references").alias("references"),
        pl.when(~first).then(pl.lit(REASON)).alias("reason"),
    ).drop("_merged", "_context", "_input")
