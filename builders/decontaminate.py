"""No text of the test split is ever trained on, in whatever template, direction or language pair."""

from __future__ import annotations

import polars as pl

from builders.dedup import comparable

REASON = "its text is in the test split"


def decontaminate(frame: pl.DataFrame) -> pl.DataFrame:
    """Set ``reason`` on train and validation examples that share a text with a test example.

    A text is shared when, in the same language, it is equal but for case, spaces and
    punctuation, on whatever side it stands: a pair asked the other way round, or through another
    language, is caught. Short answers of questions (*yes*, *Paris*) recur by nature, so of a
    question only the question and its passage count.

    Args:
        frame: Examples with ``row`` and ``split``.
    """
    texts = _texts(frame)
    tested = texts.filter(pl.col("split") == "test").select("_language", "_text").unique()
    guilty = (
        texts.filter(pl.col("split") != "test")
        .join(tested, on=["_language", "_text"], how="semi")
        .get_column("row")
        .unique()
    )
    return frame.with_columns(
        pl.when(pl.col("row").is_in(guilty.implode())).then(pl.lit(REASON)).alias("reason")
    )


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return every text that counts, as ``row``, ``split``, ``_language``, ``_text``."""
    common = ["row", "split"]
    source = pl.coalesce("source_language", "language").alias("_language")
    inputs = frame.select(*common, source, pl.col("input").alias("_text"))
    passages = frame.filter(pl.col("context").is_not_null()).select(
        *common, source, pl.col("context").alias("_text")
    )
    # With a passage, a question is the same only where the passage is.
    inputs = inputs.join(passages.select("row"), on="row", how="anti")
    outputs = (
        frame.filter(pl.col("task") != "qa")
        .select(*common, pl.col("language").alias("_language"), pl.col("references").alias("_text"))
        .explode("_text", keep_nulls=False, empty_as_null=False)
    )
    texts = pl.concat([inputs, passages, outputs])
    return texts.with_columns(comparable(pl.col("_text")).alias("_text")).filter(
        pl.col("_text") != ""
    )
