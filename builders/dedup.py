"""Exact duplicates: the same example met twice goes; the same input with another output is merged.

Which texts are the same is told by two 64-bit hashes of each: among 10,000,000 rows, two that differ
are taken for the same with a probability of about 1e-25.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from builders.store import POSITION, Store
from isogloss.hashing import xxh64
from isogloss.text import MAYBE_NOT_NFC, mended

#: What makes two examples ask the same: the task, in which languages, of what text.
KEY = ("task", "language", "source_language", "instruction", "context", "input")

MERGED = "another example has the same input; this output is kept there as a reference"
IDENTICAL = "another example is the same"

# What stands between texts that are hashed together, and stands in none.
_BETWEEN = "\x1f"
_SEEDS = (0, 1)


def comparable(text: pl.Expr) -> pl.Expr:
    """Return text with its letters, marks and digits only, in NFKC and lower case.

    For where it is better to take two texts for the same than to miss one. Text without any (``"!?"``) is compared as it stands.
    """
    plain = text.str.normalize("NFKC").str.to_lowercase()
    kept = plain.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars()
    return pl.when(kept == "").then(plain).otherwise(kept)


def place(split: pl.Expr) -> pl.Expr:
    """Return what goes first: rows that their source has put into test, then into validation.

    Their place there would be lost if another row stood for them.
    """
    return split.replace_strict({"test": 0, "validation": 1}, default=2, return_dtype=pl.Int8)


def identical(store: Store) -> pl.DataFrame:
    """Find rows whose texts are all the same as an earlier one's: ``position`` and ``reason``.

    The same is what a reader would not tell apart: equal in NFC, white space aside. Case and
    punctuation count ("C" is not "C++", "Delete" is not "Delete?").
    """
    twins = _twins(store, (*KEY, "references"))
    return twins.filter(pl.col(POSITION) != pl.col("_first")).select(
        POSITION, pl.lit(IDENTICAL).alias("reason")
    )


def merge(store: Store) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Merge rows that ask the same into the first of them, which then has every reference.

    Returns:
        ``position`` and ``reason`` of the merged ones; ``position`` and ``references`` (its own
        first) of those that they are merged into.
    """
    twins = _twins(store, KEY)
    chosen = np.zeros(store.height, dtype=bool)
    chosen[twins[POSITION].to_numpy()] = True
    found = list(store.batches(("references",), only=chosen))
    if not found:
        return (
            pl.DataFrame(schema={POSITION: pl.Int64, "reason": pl.String}),
            pl.DataFrame(schema={POSITION: pl.Int64, "references": pl.List(pl.String)}),
        )
    references = (
        twins.sort("_place", POSITION)
        .join(pl.concat(found), on=POSITION, maintain_order="left")
        .group_by("_first", maintain_order=True)
        .agg(
            pl.col("references")
            .list.explode(keep_nulls=False, empty_as_null=False)
            .unique(maintain_order=True)
        )
        .rename({"_first": POSITION})
    )
    merged = twins.filter(pl.col(POSITION) != pl.col("_first")).select(
        POSITION, pl.lit(MERGED).alias("reason")
    )
    return merged, references.sort(POSITION)


def _twins(store: Store, columns: Sequence[str]) -> pl.DataFrame:
    """Return the rows that are not the only one of their key: position, ``_place``, ``_first``."""
    keys: list[np.ndarray[Any, Any]] = []
    positions: list[np.ndarray[Any, Any]] = []
    for frame in store.batches(columns):
        hashed = frame.select(POSITION, _joined(columns).alias("_text")).with_columns(
            xxh64(pl.col("_text"), seed).alias(f"_{seed}") for seed in _SEEDS
        )
        positions.append(hashed[POSITION].to_numpy())
        keys.append(hashed.select("_0", "_1").to_numpy())
    if not keys:
        return pl.DataFrame(schema={POSITION: pl.Int64, "_place": pl.Int8, "_first": pl.Int64})
    hashes, numbers = np.concatenate(keys), np.concatenate(positions)
    keys.clear()
    order = np.argsort(hashes[:, 0])
    ranked = hashes[order, 0]
    same = np.zeros(len(order) + 1, dtype=bool)
    same[1:-1] = ranked[1:] == ranked[:-1]
    few = order[same[:-1] | same[1:]]
    candidates = pl.DataFrame(
        {POSITION: numbers[few], "_0": hashes[few, 0], "_1": hashes[few, 1]}
    ).filter(pl.len().over("_0", "_1") > 1)
    return _ranked(store, candidates)


def _ranked(store: Store, candidates: pl.DataFrame) -> pl.DataFrame:
    """Say which row is the first of its key."""
    chosen = np.zeros(store.height, dtype=bool)
    chosen[candidates[POSITION].to_numpy()] = True
    places = [
        frame.select(POSITION, place(pl.col("split")).alias("_place"))
        for frame in store.batches(("split",), only=chosen)
    ]
    if not places:
        return pl.DataFrame(schema={POSITION: pl.Int64, "_place": pl.Int8, "_first": pl.Int64})
    return (
        candidates.join(pl.concat(places), on=POSITION)
        .with_columns(
            pl.col(POSITION).sort_by("_place", POSITION).first().over("_0", "_1").alias("_first")
        )
        .select(POSITION, "_place", "_first")
        .sort(POSITION)
    )


def _joined(columns: Sequence[str]) -> pl.Expr:
    texts = [
        pl.col(name).list.join("\x1e") if name == "references" else pl.col(name) for name in columns
    ]
    return pl.concat_str([_folded(text.fill_null("")) for text in texts], separator=_BETWEEN)


def _folded(text: pl.Expr) -> pl.Expr:
    def fold(odd: pl.Expr) -> pl.Expr:
        return odd.str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars()

    return mended(text, rf"[{MAYBE_NOT_NFC}]|[^\S ]|  |^ | $", fold)
