"""The recipe: everything a corpus is made from, checked before any work begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from builders.decontamination.settings import DecontaminationOptions
from builders.duplicates.near import NearOptions
from builders.filters._base import FilterOptions
from builders.filters._steps import PlannedFilter
from builders.mixture.settings import Mixture, Split, checked
from builders.recipes.shipped import recipe_file
from builders.sources._base import Context
from builders.sources._opening import PlannedSource, plan_sources
from builders.templates.loading import template_tasks
from isogloss.errors import IsoglossError
from isogloss.files import sha256_json
from isogloss.languages import canonical
from isogloss.plugins import discover, lookup
from isogloss.settings import Settings, read_toml, unknown, validate

#: Tables of the file that other rooms read; they do not change the corpus.
FOREIGN = ("run", "publish")


class Duplicates(Settings):
    """What besides exact duplicates goes: ``near`` drops near-duplicates too."""

    near: NearOptions | None = None


class _File(Settings):
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: str = "1"
    description: str = ""
    licence_note: str = ""
    seed: int = 42
    languages: tuple[str, ...] = Field(min_length=1)
    tasks: tuple[str, ...] | None = Field(default=None, min_length=1)
    instruction_language: str = "target"
    licences: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    sources: tuple[dict[str, Any], ...] = Field(min_length=1)
    filters: tuple[dict[str, Any], ...] = ()
    duplicates: Duplicates = Duplicates()
    decontamination: DecontaminationOptions = DecontaminationOptions()
    split: Split = Split()
    mixture: Mixture = Mixture()
    run: dict[str, Any] | None = None
    publish: dict[str, Any] | None = None


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
    licences: tuple[str, ...]
    templates: tuple[Path, ...]
    sources: tuple[PlannedSource, ...]
    filters: tuple[PlannedFilter, ...]
    duplicates: Duplicates
    decontamination: DecontaminationOptions
    split: Split
    mixture: Mixture
    table: dict[str, Any]
    sha256: str
    run: dict[str, Any] | None
    publish: dict[str, Any] | None


def loaded(recipe: Recipe | Path | str) -> Recipe:
    """Return a recipe that is given as such, or as the path of its file; see `load_recipe`."""
    return recipe if isinstance(recipe, Recipe) else load_recipe(recipe)


def load_recipe(path: Path | str) -> Recipe:
    """Read and check a recipe.

    Args:
        path: Its file; or, as a text, the name of a shipped one.

    Raises:
        IsoglossError: There is no such file; it is not TOML; a key, language, task, source kind
            or filter is unknown; an option is wrong.
    """
    path = recipe_file(path)
    table = read_toml(path)
    file = validate(_File, table, where=str(path))
    languages = _languages(file.languages, path)
    instruction = file.instruction_language
    if instruction not in ("target", "source"):
        instruction = canonical(instruction, where=f"{path}: instruction_language")
    if file.split.test + file.split.validation >= 1:
        raise IsoglossError("split.test and split.validation leave nothing to train on", where=path)
    templates = tuple(_template_file(path, name) for name in file.templates)
    known = template_tasks(templates)
    tasks = _tasks(file, known, path)
    context = Context(languages, tasks, path.parent, f"{path}: sources", file.seed)
    sources = plan_sources(file.sources, context, known)
    names = [source.options.name for source in sources]
    mixture = checked(file.mixture, languages, tasks, names, where=f"{path}: mixture")
    corpus_table = {key: value for key, value in table.items() if key not in FOREIGN}
    return Recipe(
        path=path,
        name=file.name,
        version=file.version,
        description=file.description,
        licence_note=file.licence_note,
        seed=file.seed,
        languages=languages,
        tasks=tasks,
        instruction_language=instruction,
        licences=file.licences,
        templates=templates,
        sources=sources,
        filters=_filters(file, path, languages, known),
        duplicates=file.duplicates,
        decontamination=file.decontamination,
        split=file.split,
        mixture=mixture,
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


def _tasks(file: _File, known: Sequence[str], path: Path) -> tuple[str, ...]:
    """Return a recipe's tasks: those that it names, or all of the shipped templates.

    A task that only templates of its own make known has to be named too: a slip of the pen in one
    place is no new task.
    """
    shipped = template_tasks()
    tasks = shipped if file.tasks is None else file.tasks
    _check_known(tasks, known, f"{path}: tasks")
    for task in known:
        if task not in shipped and task not in tasks:
            wrong = unknown("task", task, [*shipped, *tasks], where=f"{path}: templates")
            raise IsoglossError(
                wrong.problem,
                where=wrong.where,
                remedy=f"{wrong.remedy}. Name a new one under tasks too",
            )
    return tasks


def _check_known(tasks: Sequence[str], known: Sequence[str], where: str) -> None:
    for task in tasks:
        if task not in known:
            raise unknown("task", task, list(known), where=where)


def _template_file(recipe: Path, name: str) -> Path:
    path = recipe.parent / name
    if not path.is_file():
        raise IsoglossError("there is no such file", where=f"{recipe}: templates: {path}")
    return path


def _filters(
    file: _File, path: Path, languages: Sequence[str], tasks: Sequence[str]
) -> tuple[PlannedFilter, ...]:
    planned: list[PlannedFilter] = []
    for index, table in enumerate(file.filters):
        where = f"{path}: filters[{index}]"
        name = str(table.get("name", ""))
        module = lookup("builders.filters", name)
        if module is None:
            raise unknown("filter", name, list(discover("builders.filters")), where=where)
        options = validate(module.Options, table, where=where)
        _check_kept(options.languages, languages, f"{where}.languages")
        _check_known(options.tasks, tasks, f"{where}.tasks")
        # The same filter may stand in a recipe twice, with other options.
        again = sum(step.name == name for step in planned)
        planned.append(
            PlannedFilter(
                name,
                f"{name}#{again + 1}" if again else name,
                module,
                options,
                _by_language(module.Options, table, languages, where),
            )
        )
    return tuple(planned)


def _by_language(
    options: type[FilterOptions], table: dict[str, Any], languages: Sequence[str], where: str
) -> dict[str, FilterOptions]:
    """Return a filter's options for the languages that have their own."""
    where = f"{where}.by_language"
    common = {key: value for key, value in table.items() if key != "by_language"}
    found: dict[str, FilterOptions] = {}
    for name, own in table.get("by_language", {}).items():
        tag = canonical(name, where=where)
        _check_kept([tag], languages, where)
        if tag in found:
            raise IsoglossError(f"{tag!r} is named twice", where=where)
        found[tag] = validate(options, {**common, **own}, where=f"{where}.{name}")
    return found


def _check_kept(tags: Sequence[str], languages: Sequence[str], where: str) -> None:
    """Refuse languages that the recipe has not: "zh" for its "zh-Hans" would do nothing, unheard."""
    for tag in tags:
        if tag not in languages:
            raise unknown("language", tag, list(languages), where=where)
