"""The one definition of an instruction record: what builders make, models answer, tasks judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import polars as pl

from isogloss.errors import IsoglossError

#: Column names and types of an instruction record, in file order.
SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "task": pl.String(),
    "language": pl.String(),
    "instruction_language": pl.String(),
    "source_language": pl.String(),
    "instruction": pl.String(),
    "input": pl.String(),
    "output": pl.String(),
    "references": pl.List(pl.String()),
    "tests": pl.String(),
    "source": pl.String(),
    "source_id": pl.String(),
    "licence": pl.String(),
    "template": pl.String(),
    "split": pl.String(),
    "tags": pl.List(pl.String()),
}

#: Columns that make up a record's identity. Provenance is not part of it: the same example
#: from the same template keeps its id when a source is renamed or its split changes.
IDENTITY = (
    "task",
    "language",
    "instruction_language",
    "source_language",
    "instruction",
    "input",
    "output",
    "references",
    "tests",
)

TASKS = ("translation", "qa", "summarization", "code")
SPLITS = ("train", "validation", "test")


def record_id(values: Sequence[str | list[str] | None]) -> str:
    """Return the content hash of a record: 16 hex digits of SHA-256 over its identity.

    Args:
        values: The values of `IDENTITY`, in that order.

    The hash is over compact JSON, which keeps fields apart whatever text they hold.
    """
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def with_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill the ``id`` column from the identity columns."""
    # SHA-256 is not a polars expression, and polars' own hash may change between versions.
    rows = frame.select(IDENTITY).iter_rows()
    ids = [record_id(row) for row in rows]
    return frame.with_columns(pl.Series("id", ids, dtype=pl.String))


def conform(frame: pl.DataFrame, *, where: str) -> pl.DataFrame:
    """Return the frame with exactly the record columns, in order and typed.

    Raises:
        IsoglossError: A column is missing or holds another type.
    """
    missing = [name for name in SCHEMA if name not in frame.columns]
    if missing:
        raise IsoglossError(
            f"records lack the columns {', '.join(missing)}",
            where=where,
            remedy="See isogloss/records.py for the columns of a record",
        )
    try:
        return frame.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    except pl.exceptions.PolarsError as error:
        raise IsoglossError(f"a column has the wrong type ({error})", where=where) from error


def prompt_expr() -> pl.Expr:
    """Return the expression of a record's prompt: instruction, blank line, input (if any)."""
    return (
        pl.when(pl.col("input").fill_null("") == "")
        .then(pl.col("instruction"))
        .otherwise(pl.concat_str("instruction", "input", separator="\n\n"))
        .alias("prompt")
    )
