"""The one definition of an instruction record: what builders make, models answer, tasks score."""

from __future__ import annotations

import polars as pl

from isogloss.errors import IsoglossError
from isogloss.hashing import sha256

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

SPLITS = ("train", "validation", "test")


def with_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill the ``id`` column: the content hash of each record.

    It is the first 16 hex digits of the SHA-256 of the values of `IDENTITY`, as a compact JSON list
    in UTF-8, which keeps fields apart whatever text they hold.
    """
    listed = pl.concat_str([_json(name) for name in IDENTITY], separator=",")
    hashed = sha256(pl.concat_str(pl.lit("["), listed, pl.lit("]")))
    return frame.with_columns(hashed.str.slice(0, 16).alias("id"))


def _json(name: str) -> pl.Expr:
    """Return a column's values as JSON."""
    # Only structs have an encoder: the value is cut out of {"x":…}.
    return pl.struct(pl.col(name).alias("x")).struct.json_encode().str.slice(5).str.head(-1)


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
        said = str(error).partition("\n")[0]
        raise IsoglossError(f"a column has the wrong type ({said})", where=where) from error


def prompt_expr() -> pl.Expr:
    """Return the expression of a record's prompt: instruction, blank line, input (where both are)."""
    return (
        pl.when(pl.col("input").fill_null("") == "")
        .then(pl.col("instruction"))
        .when(pl.col("instruction").fill_null("") == "")
        .then(pl.col("input"))
        .otherwise(pl.concat_str("instruction", "input", separator="\n\n"))
        .alias("prompt")
    )
