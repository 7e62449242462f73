"""No text of a suite or of the test split is trained on: whole, in part or nearly.

A row is found for one of three reasons:

``equal``
    One of its texts is a protected text in the same language, but for case, spaces and punctuation,
    on whatever side either stands: a pair asked the other way round, or through another language,
    is caught. Short answers of questions (*yes*, *Paris*) recur by nature, so of a question only the
    question and its passage count; and with a passage, a question is the same only where the passage
    is.
``ngram``
    One of its texts, whichever, shares a run of 13 words with a protected text, whichever, or as much
    in a script without spaces; see `builders.decontamination.index`. Languages do not matter: the same words are the
    same text. A text that is shorter than that shares none.
``near``
    One of its texts shares so many of its runs of five characters with a protected text (Jaccard
    index) that it is the same text but for small changes. The protected text must be an n-gram long;
    half of one will do where it would count whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import polars as pl

from builders.decontamination.index import Index, Matches, Size
from builders.decontamination.settings import DecontaminationOptions
from isogloss.text import comparable

#: What the texts of a corpus' own test split are said to be of.
TEST_SPLIT = "the test split"

#: The columns of protected texts.
PROTECTED: dict[str, pl.DataType] = {
    "language": pl.String(),
    "text": pl.String(),
    "origin": pl.String(),
    "item": pl.String(),
    "known": pl.Boolean(),
}

#: The columns of hits.
HITS: dict[str, pl.DataType] = {
    "position": pl.Int64(),
    "column": pl.String(),
    "kind": pl.String(),
    "origin": pl.String(),
    "item": pl.String(),
    "text": pl.String(),
    "similarity": pl.Float64(),
    "count": pl.Int64(),
}

_KINDS = ("equal", "ngram", "near")


class Contamination:
    """Protected texts, searched batch by batch for what others have of them.

    It grows with the protected texts, not with what is searched.

    Args:
        options: What counts.
        frames: Protected texts, in `PROTECTED`'s columns; see `protected`. A text that several have
            is found as of the first.
    """

    def __init__(self, options: DecontaminationOptions, frames: Iterable[pl.DataFrame]) -> None:
        ignored = pl.Series(options.ignore, dtype=pl.String)
        self._texts = _distinct(frames).filter(~_plain("text").is_in(_compared(ignored).implode()))
        known = self._texts["known"]
        self._index = Index(
            self._texts["text"],
            Size(options.tokens, options.characters, options.letters),
            options.ignore,
            options.near,
            known,
        )
        self._whole = np.unique(self._index.whole[known.to_numpy()])
        self._equal = (
            self._texts.with_row_index("doc")
            .filter("known")
            .select(_base("language").alias("_base"), _plain("text").alias("_plain"), "doc")
            .unique(["_base", "_plain"], keep="first", maintain_order=True)
        )

    def hits(self, frame: pl.DataFrame, *, workers: int | None = None) -> pl.DataFrame:
        """Find the rows that have something of a protected text.

        Args:
            frame: Examples or records with ``position`` and any of the columns task, language,
                source_language, instruction, context, input, output and references.
            workers: Threads, by default as many as there are processors. The hits do not depend on
                it.

        Returns:
            A row for each that has, by position, in `HITS`'s columns: of its hits the longest, where
            it is (``column``), what of the row's text it is (``text``), and in which text of which
            origin it is too (``item``); ``similarity`` is the Jaccard index where it is near;
            ``count`` is how many hits there are.
        """
        sides = pl.concat(list(_sides(frame, pl.col("position").cast(pl.Int64))))
        found = self._index.search(sides["text"], sides["known"], workers=workers)
        equal = self._equals(sides.with_row_index("number"), found)
        rest_of = np.ones(sides.height, np.bool_)
        rest_of[equal["number"].to_numpy()] = False
        rest = _shared(sides, found, rest_of & (found.doc >= 0))
        everything = pl.concat([equal, rest])
        texts = self._texts.select("origin", "item").with_row_index("doc")
        size = pl.col("text").str.len_chars()
        rank = pl.col("kind").replace_strict(_KINDS, range(len(_KINDS)))
        longest = (
            everything.join(texts, on="doc", how="left")
            .sort("position", size, rank, "number", descending=[False, True, False, False])
            .group_by("position", maintain_order=True)
            .agg(pl.exclude("count").first(), pl.col("count").sum())
        )
        return longest.select(pl.col(name).cast(kind) for name, kind in HITS.items())

    def _equals(self, sides: pl.DataFrame, found: Matches) -> pl.DataFrame:
        """Return the texts that are protected ones."""
        # What is equal has equal hashes; only the few texts that have are compared.
        like = np.isin(found.whole, self._whole) & sides["known"].to_numpy()
        return (
            sides.filter(like)
            .with_columns(_base("language").alias("_base"), _plain("text").alias("_plain"))
            .join(self._equal, on=["_base", "_plain"], how="inner", maintain_order="left")
            .select(
                "position", "number", "column", "text", "doc",
                pl.lit(_KINDS[0]).alias("kind"),
                pl.lit(None, pl.Float64).alias("similarity"),
                pl.lit(1, pl.Int64).alias("count"),
            )
        )  # fmt: skip


def protected(frame: pl.DataFrame, origin: str) -> pl.DataFrame:
    """Return the texts of examples or records as protected ones.

    Args:
        frame: Examples or records, of which an ``id`` or a ``source_id`` names each.
        origin: Where they are from: a suite's name, or `TEST_SPLIT`.
    """
    names = [pl.col(name) for name in ("id", "source_id") if name in frame.columns]
    item = pl.coalesce(*names, pl.lit("")) if names else pl.lit("")
    sides = pl.concat(list(_sides(frame, item)))
    return sides.select(
        "language",
        "text",
        pl.lit(origin).alias("origin"),
        pl.col("position").alias("item"),
        "known",
    )


def reason() -> pl.Expr:
    """Return the expression, over hits, of the reason to drop their rows."""
    said = pl.col("kind").replace_strict(
        _KINDS, ["is in {}", "shares an n-gram with {}", "is nearly in {}"]
    )
    phrase = said.str.replace("{}", pl.col("origin"), literal=True)
    return pl.format("its {} {}", "column", phrase).alias("reason")


def summarise(hits: pl.DataFrame, *, shown: int = 20, length: int = 200) -> list[dict[str, Any]]:
    """Return what the manifest says of hits.

    Args:
        hits: All of them.
        shown: How many examples to show of each origin.
        length: How many characters of a text to show.

    Returns:
        For each origin its name, how many rows had something of it and of what kind, and examples:
        the texts that they had, each with in how many rows, those in most rows first. A phrase that
        is in many rows, and in many items, is a common one; a leak is long and seldom.
    """
    entries = []
    for (origin,), part in hits.sort("origin").group_by("origin", maintain_order=True):
        texts = (
            part.group_by("text", "kind")
            .agg(
                pl.len().alias("rows"),
                pl.col("item").n_unique().alias("items"),
                pl.col("item").min(),
                pl.col("column").min(),
                pl.col("similarity").max(),
            )
            .sort("rows", "text", "kind", descending=[True, False, False])
            .head(shown)
            .with_columns(_shortened("text", length))
        )
        kinds = {kind: part.filter(pl.col("kind") == kind).height for kind in _KINDS}
        examples = [
            {name: value for name, value in row.items() if value is not None}
            for row in texts.to_dicts()
        ]
        entries.append({"origin": origin, "rows": part.height, **kinds, "examples": examples})
    return entries


def _sides(frame: pl.DataFrame, name: pl.Expr) -> Iterator[pl.DataFrame]:
    """Yield every text of examples: ``position`` (its name), ``column``, language, text, known."""
    given = pl.coalesce("source_language", "language").alias("language")
    answered = pl.col("task") != "qa"
    here = set(frame.columns)
    alone = pl.col("context").is_null() if "context" in here else pl.lit(True)
    columns = {
        "instruction": (given, pl.lit(False)),
        "context": (given, pl.lit(True)),
        "input": (given, alone),
        "output": (pl.col("language"), answered),
    }
    named = frame.with_columns(name.alias("position"))
    for column, (language, known) in columns.items():
        if column in here:
            yield _filled(named, column, pl.col(column), language, known)
    if "references" in here:
        # The output is one of the references.
        others = named.explode("references", keep_nulls=False, empty_as_null=False)
        if "output" in here:
            others = others.filter(pl.col("references").ne_missing(pl.col("output")))
        yield _filled(others, "references", pl.col("references"), pl.col("language"), answered)


def _filled(
    frame: pl.DataFrame, column: str, text: pl.Expr, language: pl.Expr, known: pl.Expr
) -> pl.DataFrame:
    return frame.select(
        "position",
        pl.lit(column).alias("column"),
        language.cast(pl.String),
        text.alias("text"),
        known.alias("known"),
    ).filter(pl.col("text").fill_null("") != "")


def _shared(sides: pl.DataFrame, found: Matches, shown: np.ndarray[Any, Any]) -> pl.DataFrame:
    """Return the texts that share something with protected ones, and what of them they share."""
    numbers = np.flatnonzero(shown)
    part = sides[numbers].with_columns(pl.Series("number", numbers, dtype=pl.UInt32))
    near = found.similarity[numbers] > 0
    # polars cuts by characters, not by bytes; and these are the few that are shown.
    cut = [
        text if whole else text.encode()[begin:end].decode()
        for text, whole, begin, end in zip(
            part["text"], near, found.begin[numbers], found.end[numbers], strict=True
        )
    ]
    kinds = pl.Series(near, dtype=pl.Boolean)
    return part.select(
        "position", "number", "column",
        pl.Series("text", cut, dtype=pl.String),
        pl.Series("doc", found.doc[numbers], dtype=pl.UInt32),
        pl.when(kinds).then(pl.lit(_KINDS[2])).otherwise(pl.lit(_KINDS[1])).alias("kind"),
        pl.when(kinds).then(pl.Series(found.similarity[numbers])).alias("similarity"),
        pl.Series("count", np.maximum(found.runs[numbers], 1), dtype=pl.Int64),
    )  # fmt: skip


def _distinct(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Join frames of protected texts, each text once, in the order they come."""
    key = ["language", "text", "known"]
    kept = pl.DataFrame(schema=PROTECTED)
    waiting: list[pl.DataFrame] = []
    for frame in frames:
        waiting.append(frame.select(pl.col(name).cast(kind) for name, kind in PROTECTED.items()))
        # Many-way parallel texts come again and again: they are not held until the end.
        if sum(one.height for one in waiting) > max(kept.height, 1 << 16):
            kept = pl.concat([kept, *waiting]).unique(key, keep="first", maintain_order=True)
            waiting = []
    return pl.concat([kept, *waiting]).unique(key, keep="first", maintain_order=True)


def _base(column: str) -> pl.Expr:
    """Return languages without script and territory: a text of ``pt-BR`` is one of ``pt``."""
    return pl.col(column).str.split("-").list.first()


def _plain(column: str) -> pl.Expr:
    return comparable(pl.col(column))


def _compared(texts: pl.Series) -> pl.Series:
    return pl.select(comparable(pl.lit(texts))).to_series()


def _shortened(column: str, length: int) -> pl.Expr:
    text = pl.col(column)
    return (
        pl.when(text.str.len_chars() > length)
        .then(pl.format("{}…", text.str.head(length)))
        .otherwise(text)
        .alias(column)
    )
