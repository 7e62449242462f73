"""What every kind of source shares: its options, its examples, and what it says of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from pydantic import Field

from isogloss.settings import Settings

#: Columns of a source example: what a source gives before a template makes a record of it.
SCHEMA: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "context": pl.String(),
    "input": pl.String(),
    "output": pl.String(),
    "references": pl.List(pl.String()),
    "tests": pl.String(),
    "source_id": pl.String(),
    "group": pl.String(),
    "split": pl.String(),
    "tags": pl.List(pl.String()),
    "licence": pl.String(),
    "rejected_by": pl.String(),
    "reason": pl.String(),
}


class SourceOptions(Settings):
    """Options every kind of source has; a kind's ``Options`` adds its own.

    Attributes:
        name: The source's name in the records.
        kind: The kind: a module of ``builders.sources``.
        optional: Whether the recipe goes on without it where it is unavailable.
        limit: At most so many groups per (task, language, source language); None for all.
        licence: An SPDX expression or a name; required where the kind does not know it.
    """

    name: str
    kind: str
    optional: bool = False
    limit: int | None = Field(default=None, gt=0)
    licence: str | None = None


@dataclass(frozen=True)
class Context:
    """What a source may need to know of the recipe it is read for.

    Attributes:
        languages: Canonical tags the recipe keeps; examples in others need not be made.
        tasks: Tasks the recipe keeps.
        folder: The folder of the recipe file, which relative paths start from.
        where: The place to name in an error, such as ``starter.toml: sources[0]``.
        seed: The recipe's seed.
    """

    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    folder: Path
    where: str
    seed: int


@dataclass(frozen=True)
class Reading:
    """An opened source.

    Attributes:
        version: The source's version as its publisher names it, or a revision.
        licence: An SPDX expression or a name.
        sha256: The hash of the content that was read.
        frames: Batches of examples in `SCHEMA`, in a fixed order.
        details: Anything else for the manifest (must be the same at every reading).
    """

    version: str
    licence: str
    sha256: str
    frames: Iterator[pl.DataFrame]
    details: dict[str, Any] = field(default_factory=dict)


class SourceModule(Protocol):
    """What a module of ``builders.sources`` defines."""

    Options: type[SourceOptions]
    DESCRIPTION: str
    EXAMPLE: str

    def read(self, options: Any, context: Context) -> Reading:
        """Open the source."""


def examples(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return a frame of examples from rows that may leave columns out.

    ``references`` defaults to the output alone and ``tags`` to none.
    """
    filled = [{"references": [row["output"]], "tags": [], **row} for row in rows]
    columns = {name: [row.get(name) for row in filled] for name in SCHEMA}
    return pl.DataFrame(columns, schema=SCHEMA)


def conformed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with exactly the columns of `SCHEMA`; those that it lacks are null."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in SCHEMA.items()
    )


def group_rank(seed: int, group: str) -> int:
    """Return the seeded rank of a group: 64 bits of BLAKE2b, the same on every machine for years."""
    digest = hashlib.blake2b(f"{seed}:{group}".encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest())
