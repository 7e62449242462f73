"""What every kind of source shares: its options, its examples, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow as pa
from pydantic import Field

from isogloss.hashing import xxh64
from isogloss.settings import Settings

#: Columns of a source example: what a source gives before a template makes a record of it. Where a
#: source has its own ``instruction``, no template is used.
SCHEMA: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "instruction": pl.String(),
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

_SURROGATES = re.compile("[\ud800-\udfff]")


class Engine(Protocol):
    """What answers prompts: a model, near or far."""

    def __call__(self, model: str, prompts: Sequence[str], **settings: Any) -> list[str]:
        """Return an answer to each prompt, in order.

        Args:
            model: What users name a model by.
            prompts: Prompts.
            settings: How it answers: see `builders.engines`.
        """


class SourceOptions(Settings):
    """Options every kind of source has; a kind's ``Options`` adds its own.

    Attributes:
        name: The source's name in the records.
        kind: The kind: a module of ``builders.sources``.
        optional: Whether the recipe goes on without it where it is unavailable.
        limit: At most so many groups per (task, language, source language); None for all.
        licence: An SPDX expression or a name; required where the kind does not know it.
        version: The publisher's name for the version, where the kind does not know it (files).
        citation: What to cite, for the manifest and the card, where the kind does not know it.
        tags: Tags of all its rows. ``translated`` and ``synthetic`` say that a machine wrote them.
    """

    name: str
    kind: str
    optional: bool = False
    limit: int | None = Field(default=None, gt=0)
    licence: str | None = None
    version: str | None = None
    citation: str | None = None
    tags: tuple[str, ...] = ()


#: The tag of examples whose output is a line, such as a title: they are asked for in words of their own.
SHORT = "output:title"

#: Examples of an earlier source of the recipe, batch by batch, as its filters have let them through.
Earlier = Mapping[str, Callable[[], Iterator[pl.DataFrame]]]


@dataclass(frozen=True)
class Context:
    """What a source may need to know of the recipe it is read for.

    Attributes:
        languages: Canonical tags the recipe keeps; examples in others need not be made.
        tasks: Tasks the recipe keeps.
        folder: The folder of the recipe file, which relative paths start from.
        where: The place to name in an error, such as ``starter.toml: sources[0]``.
        seed: The recipe's seed.
        earlier: The sources before this one, for those that are made of others (a pivot, a
            back-translation). It is filled while they are read: ask it in ``frames`` only.
        engine: Answers prompts with a model, for sources that make text; None where there is none.
    """

    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    folder: Path
    where: str
    seed: int
    earlier: Earlier = field(default_factory=dict)
    engine: Engine | None = None


@dataclass(frozen=True)
class Reading:
    """An opened source.

    Attributes:
        version: The source's version as its publisher names it, or a revision.
        licence: An SPDX expression or a name.
        sha256: The hash of the content that was read.
        frames: Batches of examples in `SCHEMA`, in a fixed order.
        details: Anything else for the manifest (must be the same at every reading).
        citation: What its publisher asks to cite: BibTeX, a line or an address.
    """

    version: str
    licence: str
    sha256: str
    frames: Iterator[pl.DataFrame]
    details: dict[str, Any] = field(default_factory=dict)
    citation: str = ""


class SourceModule(Protocol):
    """What a module of ``builders.sources`` defines.

    ``LANGUAGES`` and ``LICENCE`` tell users in a line which languages it has and under what licence.
    Where ``MADE = True`` stands, too, the content is made while it is first read: it is opened again
    after that, for its hash.
    """

    Options: type[SourceOptions]
    DESCRIPTION: str
    EXAMPLE: str
    LANGUAGES: str
    LICENCE: str

    def read(self, options: Any, context: Context) -> Reading:
        """Open the source."""


def examples(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return a frame of examples from rows that may leave columns out.

    ``references`` defaults to the output alone and ``tags`` to none. Half surrogate pairs, which are
    no text but can be written in JSON and YAML, are shown as the damage they are: U+FFFD.
    """
    filled = [{"references": [row["output"]], "tags": [], **row} for row in rows]
    made = pl.DataFrame(
        [_column(name, [row.get(name) for row in filled], kind) for name, kind in SCHEMA.items()]
    )
    return _without_nul(made)


def _column(name: str, values: list[Any], kind: pl.DataType) -> pl.Series:
    listed = isinstance(kind, pl.List)
    arrow = pa.large_list(pa.large_string()) if listed else pa.large_string()
    try:
        # Of lists, Arrow makes a column sixty times as fast as polars.
        return pl.Series(name, pl.from_arrow(pa.array(values, arrow)))
    except UnicodeEncodeError:
        return _column(name, [_whole(value) for value in values], kind)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    return [_whole(one) for one in value] if isinstance(value, list) else value


def conformed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with exactly the columns of `SCHEMA`; those that it lacks are null."""
    made = frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in SCHEMA.items()
    )
    return _without_nul(made)


def _without_nul(frame: pl.DataFrame) -> pl.DataFrame:
    """Reject rows that hold U+0000: it is in no text, and ends one for many a program."""
    texts = ("instruction", "context", "input", "output")
    nul = pl.any_horizontal(pl.col(name).str.contains("\0", literal=True) for name in texts)
    found = frame.select((nul.fill_null(False) & pl.col("rejected_by").is_null()).alias("nul"))
    if not found["nul"].any():
        return frame
    told = {"rejected_by": "source", "reason": "it holds a NUL character"}
    return frame.with_columns(
        pl.when(found["nul"]).then(pl.lit(text)).otherwise(name).alias(name)
        for name, text in told.items()
    )


def rank(seed: int, text: pl.Expr) -> pl.Expr:
    """Return the seeded rank of a text: 64 bits of XXH64, the same on every machine for years.

    All sampling and shuffling go by it, never by the order in which examples come.
    """
    return xxh64(pl.concat_str(pl.lit(f"{seed}:"), text))
