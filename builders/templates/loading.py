"""Templates: what makes an instruction of an example, in the words of a language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Literal

import polars as pl
from pydantic import Field

from isogloss.errors import IsoglossError
from isogloss.files import sha256_json
from isogloss.languages import canonical
from isogloss.settings import Settings, read_toml, unknown, validate

#: The language that stands in where a template has none of the wanted one.
FALLBACK = "en"

#: What the template of an example that brings its own instruction ends in, after its source.
OWN = "/own"

_FOLDER = Path(__file__).parent

_IN_INSTRUCTION = ("source_language", "target_language")
_IN_INPUT = ("context", "input")


class Template(Settings):
    """One template, as a file has it."""

    id: str
    """Its name within the task."""
    language: str
    """The language of the instruction."""
    kind: Literal["plain", "with_context", "short"] = "plain"
    """What it is for: ``with_context``, questions with a passage; ``short``, texts of which a line
    is asked for (a title); ``plain``, all else.
    """
    instruction: str
    """The words, in which ``{source_language}`` and ``{target_language}`` may stand."""
    input: str = "{input}"
    """How the texts stand below: ``{input}``, with its ``{context}`` before it."""


class TemplateFile(Settings):
    """A file of templates: one task, one version."""

    version: str
    """Raised whenever a text changes."""
    task: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """The task; a new one is known by its file alone."""
    place: int | None = None
    """Where the task stands among others where they are listed; those without a place stand
    behind, by name.
    """
    templates: tuple[Template, ...]
    """The templates."""


@dataclass(frozen=True)
class _File:
    """What a file gives: its task, where that stands, and its templates by their names."""

    task: str
    place: int | None
    rows: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Templates:
    """Every template known, one row each.

    ``table`` has the columns task, language, kind, number (from 0, within those three), count,
    template (its full name with its version), instruction, layout (of the input). ``sha256`` is the hash of all.
    ``tasks`` are those that have templates, in the order in which they are listed.
    """

    table: pl.DataFrame
    sha256: str
    tasks: tuple[str, ...]


def load_templates(extra: Sequence[Path] = ()) -> Templates:
    """Read the shipped templates and those of a recipe.

    Args:
        extra: Further TOML files. A template with the id of an earlier one takes its place.

    Raises:
        IsoglossError: A file is broken; a language or placeholder is unknown; an id is
            used twice in one file.
    """
    found: dict[str, dict[str, str]] = {}
    files = [*_shipped(), *map(_read, extra)]
    for file in files:
        found |= file.rows
    rows = sorted(found.values(), key=lambda row: row["template"])
    table = (
        pl.DataFrame(rows)
        .with_columns(
            pl.int_range(pl.len()).over("task", "language", "kind").alias("number"),
            pl.len().over("task", "language", "kind").alias("count"),
        )
    )  # fmt: skip
    return Templates(table, sha256_json(rows), _in_order(files))


def _in_order(files: Sequence[_File]) -> tuple[str, ...]:
    """Return the tasks of files, each once: by their places, then by their names."""
    places: dict[str, tuple[float, str]] = {}
    for file in files:
        place = float("inf") if file.place is None else file.place
        places[file.task] = min(places.get(file.task, (place, file.task)), (place, file.task))
    return tuple(sorted(places, key=lambda task: places[task]))


def template_tasks(extra: Sequence[Path] = ()) -> tuple[str, ...]:
    """Return the tasks of the shipped templates and of some more files, as they are listed.

    Raises:
        IsoglossError: As `load_templates`.
    """
    return _in_order([*_shipped(), *map(_read, extra)])


def shipped_files() -> list[Path]:
    """Return the files of the shipped templates, in order."""
    return sorted(_FOLDER.glob("*.toml"))


def list_templates() -> dict[str, list[str]]:
    """Return the languages of the shipped templates, by task."""
    table = load_templates().table
    return {
        str(task): part["language"].unique().sort().to_list()
        for (task,), part in table.group_by("task", maintain_order=True)
    }


@cache
def _shipped() -> tuple[_File, ...]:
    return tuple(map(_read, shipped_files()))


def _read(path: Path) -> _File:
    file = validate(TemplateFile, read_toml(path), where=str(path))
    found: dict[str, dict[str, str]] = {}
    for index, template in enumerate(file.templates):
        where = f"{path}: templates[{index}]"
        key = f"{file.task}/{template.id}"
        if key in found:
            raise IsoglossError(f"the id {template.id!r} is used twice", where=where)
        check_placeholders(template, where=where)
        found[key] = {
            "task": file.task,
            "language": canonical(template.language, where=f"{where}.language"),
            "kind": template.kind,
            "template": f"{key}@{file.version}",
            "instruction": template.instruction,
            "layout": template.input,
        }
    return _File(file.task, file.place, found)


def check_placeholders(template: Template, *, where: str) -> None:
    """Check that a template's placeholders are known, and that the layout has those of its kind.

    Raises:
        IsoglossError: One is not known, is missing, or cannot be filled; a brace is alone.
    """
    _names(template.instruction, _IN_INSTRUCTION, f"{where}.instruction")
    used = _names(template.input, _IN_INPUT, f"{where}.input")
    if used != (["context", "input"] if template.kind == "with_context" else ["input"]):
        raise IsoglossError(
            "lacks a placeholder that its kind needs, or has one that it cannot fill",
            where=f"{where}.input",
            remedy="plain uses {input}; with_context uses {context} and {input}, each once, in this order",
        )


def _names(text: str, known: Sequence[str], where: str) -> list[str]:
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise IsoglossError(f"has a brace too many or too few ({error})", where=where) from error
    for name in names:
        if name not in known:
            raise unknown("placeholder", name, list(known), where=where)
        text = text.replace(f"{{{name}}}", "")
    if "{" in text or "}" in text:  # doubled, or with a conversion: they would stay as they are
        raise IsoglossError(
            "has doubled braces or a conversion, which would stay as they are", where=where
        )
    return names
