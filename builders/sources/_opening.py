"""The sources of a recipe, checked and opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from builders.sources._base import Context, Reading, SourceOptions
from builders.sources._columns import MappedOptions
from isogloss.chat import Engine
from isogloss.console import warn
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import check_unchanged, watched_files
from isogloss.plugins import discover, lookup
from isogloss.settings import unknown, validate


@dataclass(frozen=True)
class PlannedSource:
    """A source of the recipe: its module, its checked options and its place in the file."""

    module: ModuleType
    options: SourceOptions
    context: Context


def plan_sources(
    tables: Sequence[dict[str, Any]], context: Context, tasks: Sequence[str]
) -> tuple[PlannedSource, ...]:
    """Check tables of sources.

    Args:
        tables: The tables, as read.
        context: What all of them are read for; its ``where`` names the list of tables.
        tasks: Every task there is, those that ``context`` does not keep among them.

    Raises:
        IsoglossError: A kind or a task is unknown, an option is wrong, or two have one name.
    """
    planned: list[PlannedSource] = []
    for index, table in enumerate(tables):
        where = f"{context.where}[{index}]"
        kind = str(table.get("kind", ""))
        module = lookup("builders.sources", kind)
        if module is None:
            raise unknown("kind of source", kind, list(discover("builders.sources")), where=where)
        options = validate(module.Options, table, where=where)
        if options.name in [source.options.name for source in planned]:
            raise IsoglossError(f"two sources are named {options.name!r}", where=where)
        if isinstance(options, MappedOptions) and options.task not in tasks:
            raise unknown("task", options.task, list(tasks), where=f"{where}.task")
        planned.append(PlannedSource(module, options, replace(context, where=where)))
    return tuple(planned)


@dataclass(frozen=True)
class Source:
    """A source of the recipe, opened, or the reason why it is not.

    Attributes:
        planned: What the recipe says of it.
        reading: What it gives; None where it is unavailable.
        problem: Why it is unavailable.
        files: The files that were hashed to open it, with their hashes.
    """

    planned: PlannedSource
    reading: Reading | None
    problem: str | None = None
    files: Mapping[Path, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The source's name."""
        return self.planned.options.name

    @property
    def derived(self) -> bool:
        """Tell whether it is made of other sources, and of what their filters let through."""
        return bool(getattr(self.planned.options, "of", ()))

    @property
    def licence(self) -> str:
        """The licence of rows that do not say theirs."""
        return self.planned.options.licence or (self.reading.licence if self.reading else "")

    @property
    def entry(self) -> dict[str, Any]:
        """What the manifest says of the source: of one that is made, once it is read to its end."""
        options, reading = self.planned.options, self.reading
        common = {"name": options.name, "kind": options.kind}
        if reading is None:
            return {**common, "unavailable": self.problem}
        return {
            **common,
            "version": options.version or reading.version,
            "licence": self.licence,
            "citation": options.citation or reading.citation,
            "sha256": reading.made_sha256() if reading.made_sha256 else reading.sha256,
            "details": reading.details,
        }

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Check after the source was read that its files are those that it was opened with.

        Raises:
            IsoglossError: One is not; whatever else went wrong came of that.
        """
        try:
            yield
        except Exception:
            check_unchanged(self.files)
            raise
        check_unchanged(self.files)


def open_source(planned: PlannedSource, engine: Engine | None = None) -> Source:
    """Open a source of a recipe.

    Args:
        planned: The source.
        engine: Answers prompts for a source that a model makes.

    Raises:
        IsoglossError: It is broken; or it is unavailable and not optional.
    """
    context = replace(planned.context, engine=engine)
    try:
        with watched_files() as files:
            return Source(planned, planned.module.read(planned.options, context), files=files)
    except Unavailable as error:
        if not planned.options.optional:
            raise Unavailable(
                error.problem,
                where=error.where or context.where,
                remedy=(f"{error.remedy}; or" if error.remedy else "Or")
                + " let the recipe go on without this source with optional = true",
            ) from error
        warn(f"going on without the source {planned.options.name!r}: {error}")
        return Source(planned, None, error.problem)
