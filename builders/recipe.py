"""The recipe: everything a corpus is made from, checked before any work begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import Field

from builders.filters._base import FilterOptions, Task
from builders.sources._base import Context, SourceOptions
from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.plugins import discover, lookup
from isogloss.provenance import sha256_json
from isogloss.records import TASKS
from isogloss.settings import Settings, read_toml, unknown, validate

#: Tables of the file that other rooms read; they do not change the corpus.
FOREIGN = ("run", "publish")


class Split(Settings):
    """Shares of groups that go to validation and test; the rest is train."""

    test: float = Field(default=0.0, ge=0, lt=1)
    validation: float = Field(default=0.0, ge=0, lt=1)


Cap = Annotated[int, Field(ge=0)]


class Mixture(Settings):
    """How many rows each (task, language) may have, by split; 0 is none.

    A task left out has no cap.
    """

    train: dict[str, Cap] = Field(default_factory=dict)
    validation: dict[str, Cap] = Field(default_factory=dict)
    test: dict[str, Cap] = Field(default_factory=dict)


class _File(Settings):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: str = "1"
    description: str = ""
    licence_note: str = ""
    seed: int = 42
    languages: tuple[str, ...] = Field(min_length=1)
    tasks: tuple[Task, ...] = Field(
        default=("translation", "qa", "summarization", "code"), min_length=1
    )
    instruction_language: str = "target"
    templates: tuple[str, ...] = ()
    sources: tuple[dict[str, Any], ...] = Field(min_length=1)
    filters: tuple[dict[str, Any], ...] = ()
    split: Split = Split()
    mixture: Mixture = Mixture()
    run: dict[str, Any] | None = None
    publish: dict[str, Any] | None = None


@dataclass(frozen=True)
class PlannedSource:
    """A source of the recipe: its module, its checked options and its place in the file."""

    module: ModuleType
    options: SourceOptions
    context: Context


@dataclass(frozen=True)
class PlannedFilter:
    """A filter of the recipe: its module and its checked options."""

    name: str
    module: ModuleType
    options: FilterOptions


@dataclass(frozen=True)
class Recipe:
    """A checked recipe.

    ``table`` is the part of the file that decides the corpus, as read; ``sha256`` is its hash.
    ``run`` and ``publish`` are handed on to the other rooms unread.
    """

    path: Path
    name: str
    version: str
    description: str
    licence_note: str
    seed: int
    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    instruction_language: str
    templates: tuple[Path, ...]
    sources: tuple[PlannedSource, ...]
    filters: tuple[PlannedFilter, ...]
    split: Split
    mixture: Mixture
    table: dict[str, Any]
    sha256: str
    run: dict[str, Any] | None
    publish: dict[str, Any] | None


def load_recipe(path: Path | str) -> Recipe:
    """Read and check a recipe.

    Raises:
        IsoglossError: There is no such file; it is not TOML; a key, language, task, source kind
            or filter is unknown; an option is wrong.
    """
    path = Path(path)
    table = read_toml(path)
    file = validate(_File, table, where=str(path))
    languages = _languages(file.languages, path)
    instruction = file.instruction_language
    if instruction not in ("target", "source"):
        instruction = canonical(instruction, where=f"{path}: instruction_language")
    if file.split.test + file.split.validation >= 1:
        raise IsoglossError("split.test and split.validation leave nothing to train on", where=path)
    for split in ("train", "validation", "test"):
        for task in getattr(file.mixture, split):
            if task not in TASKS:
                raise unknown("task", task, list(TASKS), where=f"{path}: mixture.{split}")
    corpus_table = {key: value for key, value in table.items() if key not in FOREIGN}
    return Recipe(
        path=path,
        name=file.name,
        version=file.version,
        description=file.description,
        licence_note=file.licence_note,
        seed=file.seed,
        languages=languages,
        tasks=file.tasks,
        instruction_language=instruction,
        templates=tuple(_template_file(path, name) for name in file.templates),
        sources=plan_sources(
            file.sources, Context(languages, file.tasks, path.parent, f"{path}: sources", file.seed)
        ),
        filters=_filters(file, path),
        split=file.split,
        mixture=file.mixture,
        table=corpus_table,
        sha256=sha256_json(corpus_table),
        run=file.run,
        publish=file.publish,
    )


def _languages(tags: tuple[str, ...], path: Path) -> tuple[str, ...]:
    found = tuple(canonical(tag, where=f"{path}: languages") for tag in tags)
    for tag in found:
        if found.count(tag) > 1:
            raise IsoglossError(f"the language {tag!r} is listed twice", where=f"{path}: languages")
    return found


def _template_file(recipe: Path, name: str) -> Path:
    path = recipe.parent / name
    if not path.is_file():
        raise IsoglossError("there is no such file", where=f"{recipe}: templates: {path}")
    return path


def plan_sources(tables: Sequence[dict[str, Any]], context: Context) -> tuple[PlannedSource, ...]:
    """Check tables of sources.

    Args:
        tables: The tables, as read.
        context: What all of them are read for; its ``where`` names the list of tables.

    Raises:
        IsoglossError: A kind is unknown, an option is wrong, or two have one name.
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
        planned.append(PlannedSource(module, options, replace(context, where=where)))
    return tuple(planned)


def _filters(file: _File, path: Path) -> tuple[PlannedFilter, ...]:
    known = discover("builders.filters")
    planned = []
    for index, table in enumerate(file.filters):
        where = f"{path}: filters[{index}]"
        name = str(table.get("name", ""))
        if name not in known:
            raise unknown("filter", name, list(known), where=where)
        planned.append(
            PlannedFilter(name, known[name], validate(known[name].Options, table, where=where))
        )
    return tuple(planned)
