"""Exact duplicates: the same example met twice goes; the same input with another output is merged.

Which inputs are the same is known by two 64-bit hashes: among 10,000,000 rows, two that differ are
taken for the same with a probability of about 1e-25.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from builders.rows.rows import INPUT_KEYS, KEYS, POSITION, REFERENCE_KEYS, Rows
from builders.rows.spool import owned
from isogloss.hashing import xxh64
from isogloss.text import MAYBE_NOT_NFC, mended

#: What makes two examples ask the same: the task, in which languages, of what text.
KEY = ("task", "language", "source_language", "instruction", "context", "input")

MERGED = "another example has the same input; this output is kept there as a reference"
IDENTICAL = "another example is the same"

# What stands between texts that are hashed together, and stands in none.
_BETWEEN = "\x1f"


def wanted_output() -> pl.Expr:
    """Return what kind of output an example wants, beside its texts: the title of a text, or its summary."""
    kinds = pl.element().filter(pl.element().str.starts_with("output:"))
    return pl.col("tags").list.eval(kinds).list.join(_BETWEEN).fill_null("")


def precedence(split: pl.Expr) -> pl.Expr:
    """Return what goes first: rows that their source has put into test, then into validation.

    Their place there would be lost if another row stood for them.
    """
    return split.replace_strict({"test": 0, "validation": 1}, default=2, return_dtype=pl.Int8)


def with_keys(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the hashes of what they ask and of their references: the columns `KEYS`."""
    texts = [pl.col(name).fill_null("") for name in KEY[:3]]
    texts += [_folded(pl.col(name).fill_null("")) for name in KEY[3:]]
    texts.append(wanted_output())
    # Each text is made once: polars does not see that two expressions with Python in them are one.
    made = frame.select(
        pl.concat_str(texts, separator=_BETWEEN).alias("input"),
        _folded(_joined(frame["references"])).alias("references"),
    )
    hashed = made.select(
        xxh64(pl.col(text), seed).alias(name)
        for text, names in (("input", INPUT_KEYS), ("references", REFERENCE_KEYS))
        for seed, name in enumerate(names)
    )
    return frame.hstack(hashed.get_columns())


def _joined(references: pl.Series) -> pl.Expr:
    if (references.list.len() == 1).all():  # as most are: nothing is copied
        return pl.col("references").list.first().fill_null("")
    return pl.col("references").list.join("\x1e").fill_null("")


def identical(rows: Rows) -> pl.DataFrame:
    """Find rows whose texts are all the same as an earlier one's: ``position`` and ``reason``.

    The same is what a reader would not tell apart: equal in NFC, white space aside. Case and
    punctuation count ("C" is not "C++", "Delete" is not "Delete?").
    """
    twins = _twins(rows, KEYS)
    return twins.filter(pl.col(POSITION) != pl.col("_first")).select(
        POSITION, pl.lit(IDENTICAL).alias("reason")
    )


def merge(rows: Rows) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Merge rows that ask the same into the first of them, which then has every reference.

    Returns:
        ``position`` and ``reason`` of the merged ones; ``position`` and ``references`` (its own
        first) of those that they are merged into.
    """
    twins = _twins(rows, INPUT_KEYS)
    merged = rows.positions(twins[POSITION])
    found = [owned(frame) for frame in rows.batches(("references",), only=merged)]
    if not found:
        return (
            pl.DataFrame(schema={POSITION: pl.Int64, "reason": pl.String}),
            pl.DataFrame(schema={POSITION: pl.Int64, "references": pl.List(pl.String)}),
        )
    references = (
        twins.sort("_precedence", POSITION)
        .join(pl.concat(found), on=POSITION, maintain_order="left")
        .group_by("_first", maintain_order=True)
        .agg(
            pl.col("references")
            .list.explode(keep_nulls=False, empty_as_null=False)
            .unique(maintain_order=True)
        )
        .rename({"_first": POSITION})
    )
    reasons = twins.filter(pl.col(POSITION) != pl.col("_first")).select(
        POSITION, pl.lit(MERGED).alias("reason")
    )
    return reasons, references.sort(POSITION)


def _twins(rows: Rows, names: Sequence[str]) -> pl.DataFrame:
    """Return the rows that are not the only one of their keys: position, ``_precedence``, ``_first``."""
    # Most rows differ in the first of the hashes already; only the others are looked at in full.
    frames = list(rows.batches(names[:1]))
    if not frames:
        return pl.DataFrame(schema={POSITION: pl.Int64, "_precedence": pl.Int8, "_first": pl.Int64})
    positions = np.concatenate([frame[POSITION].to_numpy() for frame in frames])
    hashed = np.concatenate([frame[names[0]].to_numpy() for frame in frames])
    frames.clear()
    order = np.argsort(hashed)
    ranked = hashed[order]
    same = np.zeros(len(order) + 1, dtype=bool)
    same[1:-1] = ranked[1:] == ranked[:-1]
    alike = np.zeros(rows.height, dtype=bool)
    alike[positions[order[same[:-1] | same[1:]]]] = True
    found = [
        frame.select(POSITION, *names, precedence(pl.col("split")).alias("_precedence"))
        for frame in rows.batches((*names, "split"), only=alike)
    ]
    if not found:
        return pl.DataFrame(schema={POSITION: pl.Int64, "_precedence": pl.Int8, "_first": pl.Int64})
    return (
        pl.concat(found)
        .filter(pl.len().over(*names) > 1)
        .with_columns(
            pl.col(POSITION).sort_by("_precedence", POSITION).first().over(*names).alias("_first")
        )
        .select(POSITION, "_precedence", "_first")
        .sort(POSITION)
    )


def _folded(text: pl.Expr) -> pl.Expr:
    def fold(odd: pl.Expr) -> pl.Expr:
        return odd.str.normalize("NFC").str.replace_all(r"\s+", " ").str.strip_chars()

    return mended(text, rf"[{MAYBE_NOT_NFC}]|[^\S ]|  |^ | $", fold)
