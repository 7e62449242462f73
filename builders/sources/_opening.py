"""The sources of a recipe, checked and opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from builders.sources._base import Context, SourceOptions
from builders.sources._columns import MappedOptions
from isogloss.errors import IsoglossError
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
