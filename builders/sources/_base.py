"""What every kind of source shares: its options, its examples, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from pydantic import Field

from isogloss.chat import Engine
from isogloss.settings import Settings


class SourceOptions(Settings):
    """Options every kind of source has; a kind's ``Options`` adds its own."""

    name: str
    """The source's name in the records."""
    kind: str
    """The kind: a module of ``builders.sources``."""
    optional: bool = False
    """Whether the recipe goes on without it where it is unavailable."""
    limit: int | None = Field(default=None, gt=0)
    """At most so many groups per (task, language, source language); None for all."""
    licence: str | None = None
    """An SPDX expression or a name; required where the kind does not know it."""
    version: str | None = None
    """The publisher's name for the version, where the kind does not know it (files)."""
    citation: str | None = None
    """What to cite, for the manifest and the card, where the kind does not know it."""
    tags: tuple[str, ...] = ()
    """Tags of all its rows. ``translated`` and ``synthetic`` say that a machine wrote them."""


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
        engine: Answers prompts with a model, for sources that make text; None where there is none.
    """

    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    folder: Path
    where: str
    seed: int
    engine: Engine | None = None


@dataclass(frozen=True)
class Reading:
    """An opened source.

    Attributes:
        version: The source's version as its publisher names it, or a revision.
        licence: An SPDX expression or a name.
        sha256: The hash of the content that is read.
        frames: Batches of examples in `SCHEMA`, in a fixed order; for a source that is made of others
            (a pivot, a back-translation), a function of these that returns them.
        details: Anything else for the manifest (must be the same at every reading).
        citation: What its publisher asks to cite: BibTeX, a line or an address.
        made_sha256: Returns the hash of content that is made while it is read: that of `sha256`
            before, and another one after that.
    """

    version: str
    licence: str
    sha256: str
    frames: Iterator[pl.DataFrame] | Callable[[Earlier], Iterator[pl.DataFrame]]
    details: dict[str, Any] = field(default_factory=dict)
    citation: str = ""
    made_sha256: Callable[[], str] | None = None

    def examples(self, earlier: Earlier) -> Iterator[pl.DataFrame]:
        """Return the batches of examples, made of earlier sources where they are."""
        return self.frames(earlier) if callable(self.frames) else self.frames


class SourceModule(Protocol):
    """What a module of ``builders.sources`` defines.

    ``LANGUAGES`` and ``LICENCE`` tell users in a line which languages it has and under what licence.
    """

    Options: type[SourceOptions]
    DESCRIPTION: str
    EXAMPLE: str
    LANGUAGES: str
    LICENCE: str

    def read(self, options: Any, context: Context) -> Reading:
        """Open the source."""
