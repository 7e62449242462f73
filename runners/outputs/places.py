"""Where other people's outputs lie: a file, a file for each cell of a suite, or a run folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import polars as pl

from isogloss.console import warn
from isogloss.errors import IsoglossError
from isogloss.languages import flores_codes
from isogloss.runs import is_run, system_of
from isogloss.settings import unknown
from runners.outputs._lines import shown, some
from runners.outputs.tables import READERS

_KEYS = ("task", "source_language", "language")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_ENDINGS = (".txt", *READERS)
# How files of a folder may be named, where nobody gives a pattern.
_EXAMPLE = "{language}.txt"
_LAYOUTS = tuple(
    task + cell
    for task in ("", "{task}/", "{task}.")
    for cell in ("{source_language}-{language}", "{language}")
)


@dataclass(frozen=True)
class Cell:
    """What a file by place can answer: a task, from one language into another."""

    task: str
    source_language: str | None
    language: str

    def __str__(self) -> str:
        pair = f"{self.source_language} → " if self.source_language is not None else ""
        return f"{self.task} {pair}{self.language}"


@dataclass(frozen=True)
class Part:
    """A file, and the records that it answers, in the suite's order."""

    path: Path
    cells: tuple[Cell, ...]
    records: pl.DataFrame

    @property
    def positional(self) -> bool:
        """Whether its answers are told apart by their place only."""
        return self.path.suffix.lower() not in READERS


def name_of(path: Path) -> str:
    """Return a name for the system that wrote some outputs, after their file or folder.

    Raises:
        IsoglossError: It is a run folder that is broken.
    """
    if is_run(path):
        return system_of(path)
    plain = _PLACEHOLDER.sub("", path.name)
    last = path.name if path.is_dir() else plain.removesuffix(path.suffix)
    fixed = [part for part in path.absolute().parts[:-1] if not _PLACEHOLDER.search(part)]
    return last.strip(".-_") or fixed[-1]


def parts(path: Path, records: pl.DataFrame) -> list[Part]:
    """Find the files of outputs, and which of a suite's records each answers.

    Args:
        path: A file; a pattern of files with any of ``{task}``, ``{source_language}`` and
            ``{language}`` in it; or a folder with a file for each cell, named by its languages
            (``en-de.txt``, ``de.txt``), if need be in a folder named by its task. A language may be
            written as a tag or as FLORES does (``deu_Latn``).
        records: The suite's records.

    Raises:
        IsoglossError: A file is not there, there are two for a cell, or one that tells answers
            apart by their place is for more than one cell.
    """
    cells = [Cell(*row) for row in records.select(_KEYS).unique(maintain_order=True).rows()]
    if path.is_file():
        return [_part(path, cells, records)]
    if path.is_dir():
        there = {str(one) for depth in ("*", "*/*") for one in path.glob(depth) if one.is_file()}
        endings = [end for end in _ENDINGS if any(one.endswith(end) for one in there)]
        patterns = [str(path / (layout + end)) for layout, end in product(_LAYOUTS, endings)]
    elif _PLACEHOLDER.search(str(path)):
        _check_placeholders(path)
        there, patterns = None, [str(path)]
    else:
        raise IsoglossError("there is no such file", where=path)
    files = _files(cells, patterns, there, path)
    if there is not None:
        _warn_of_unused(path, {one for one in there if Path(one).suffix in _ENDINGS} - set(files))
    return [_part(Path(file), some, records) for file, some in files.items()]


def _files(
    cells: Sequence[Cell], patterns: Sequence[str], there: set[str] | None, where: Path
) -> dict[str, list[Cell]]:
    """Return the cells of each file; every cell has one."""
    spelled = _spellings(cells)
    files: dict[str, list[Cell]] = {}
    without = []
    for cell in cells:
        tried = dict.fromkeys(_candidates(cell, patterns, spelled))
        found = [one for one in tried if (Path(one).is_file() if there is None else one in there)]
        if len(found) > 1:
            raise IsoglossError(
                f"both {shown(Path(found[0]).name)} and {shown(Path(found[1]).name)} could be for "
                f"{cell}",
                where=where,
                remedy="Give a pattern that fits one of them",
            )
        if found:
            files.setdefault(found[0], []).append(cell)
        else:
            without.append(cell)
    if without:
        named = ", ".join(map(str, without[:3])) + (", …" if len(without) > 3 else "")
        wanted = next(_candidates(without[0], patterns or [str(where / _EXAMPLE)], spelled), None)
        raise IsoglossError(
            f"there is no file for {len(without)} of the suite's {len(cells)} cells: {named}",
            where=where,
            remedy=f"For {without[0]} it could be {wanted}"
            if wanted
            else f"{without[0]} has no source language; leave it out of the pattern",
        )
    return files


def _warn_of_unused(folder: Path, unused: set[str]) -> None:
    if unused:
        names = some(sorted(str(Path(one).relative_to(folder)) for one in unused))
        warn(f"{folder}: {len(unused)} files are for no cell of the suite: {names}")


def _part(path: Path, cells: Sequence[Cell], records: pl.DataFrame) -> Part:
    """Return a file with its records; one that goes by place must be for one cell only."""
    frame = pl.DataFrame(
        [(cell.task, cell.source_language, cell.language) for cell in cells],
        schema={name: records.schema[name] for name in _KEYS},
        orient="row",
    )
    mine = records.join(frame, on=_KEYS, how="semi", nulls_equal=True, maintain_order="left")
    part = Part(path, tuple(cells), mine)
    if part.positional and len(cells) > 1:
        raise IsoglossError(
            f"tells answers apart by their place, and is for {len(cells)} cells of the suite: "
            f"{cells[0]}, {cells[1]}{', …' if len(cells) > 2 else ''}",
            where=path,
            remedy="Give a pattern that names the cell, such as "
            "FOLDER/{source_language}-{language}.txt or {task}/{language}.txt, or a file with ids",
        )
    return part


def _check_placeholders(path: Path) -> None:
    for name in _PLACEHOLDER.findall(str(path)):
        if name not in _KEYS:
            raise unknown("placeholder", name, list(_KEYS), where=str(path))


def _spellings(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """Return how each language may be written in a file's name, its tag first."""
    tags = {tag for cell in cells for tag in (cell.language, cell.source_language) if tag}
    plain = Counter(tag.split("-")[0] for tag in tags)
    found = {}
    for tag in tags:
        first = tag.split("-")[0]
        # The language alone will do where the suite has it in one script and territory only.
        short = [first] if plain[first] == 1 else []
        found[tag] = list(dict.fromkeys([tag, tag.replace("-", "_"), *flores_codes(tag), *short]))
    return found


def _candidates(
    cell: Cell, patterns: Sequence[str], spelled: dict[str, list[str]]
) -> Iterator[str]:
    for pattern in patterns:
        if cell.source_language is None and "{source_language}" in pattern:
            continue
        sources = spelled.get(cell.source_language or "", [""])
        for source, language in product(sources, spelled[cell.language]):
            yield (
                pattern.replace("{task}", cell.task)
                .replace("{source_language}", source)
                .replace("{language}", language)
            )
