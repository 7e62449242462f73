"""The file of a suite: which data it reads, in which languages, and how it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field, model_validator

from benchmarks.catalog import check_metrics, list_tasks
from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.settings import Settings, read_toml, unknown, validate

_FOLDER = Path(__file__).parent


class SuiteFile(Settings):
    """A suite, as its TOML file describes it."""

    name: str
    """Its name."""
    version: str
    """Raised whenever it asks something else."""
    description: str
    """What it asks, in a line."""
    licence: str = ""
    """Of the records, where the sources do not say."""
    citation: str = ""
    """What to cite."""
    tasks: tuple[str, ...] = ()
    """Only these tasks of the data."""
    languages: tuple[str, ...] = ()
    """The languages that are asked; all of the records' where they are embedded."""
    pairs: tuple[str, ...] = ()
    """Of translation, the pairs that are asked unless others are chosen: ``en:de``."""
    prompts: str = "target"
    """The language of instructions: ``target`` (native prompts), ``source``, or a tag (``en`` for
    English prompts).
    """
    shots: int = Field(default=0, ge=0)
    """Questions with their answers before each question."""
    limit: int | None = Field(default=None, gt=0)
    """At most so many records of each task and pair of languages."""
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Options of metrics."""
    templates: tuple[str, ...] = ()
    """TOML files of templates beside the shipped ones, from the suite's file."""
    records: str | None = None
    """A JSON Lines or Parquet file of records, beside the suite's."""
    data: str | None = None
    """The folder of the local files, from the suite's file; the user may name another."""
    layout: str = ""
    """What files that folder holds, in words."""
    local: tuple[dict[str, Any], ...] = ()
    """Sources (as in a recipe) of files in the folder."""
    hub: tuple[dict[str, Any], ...] = ()
    """Sources that are fetched where there is no folder."""
    path: Path = Path()

    @model_validator(mode="after")
    def _reads_something(self) -> SuiteFile:
        if self.records is not None and (self.local or self.hub):
            raise ValueError("give records, or local and hub, not both")
        if self.records is None and not self.local and not self.hub:
            raise ValueError("names no data: give records, or tables of local or hub")
        if self.records is None and not self.languages and not self.pairs:
            raise ValueError("say which languages or pairs are asked")
        return self


@dataclass(frozen=True)
class Selection:
    """What of a suite is asked, and how; what is None or empty is as the suite's file says.

    Attributes:
        data: The folder with the suite's files; without it they come from the hub.
        languages: Only these languages (of a pair, both).
        pairs: Only these pairs of languages, as ``en:de``; of an n-way set, any.
        prompts: The language of the instructions: ``target``, ``source`` or a tag.
        shots: Questions with their answers before each question.
        limit: Ask only so many records of each task and pair of languages.
    """

    data: Path | None = None
    languages: Sequence[str] = ()
    pairs: Sequence[str] = ()
    prompts: str | None = None
    shots: int | None = None
    limit: int | None = None


def read(path: Path) -> SuiteFile:
    """Read and check a suite's file.

    Raises:
        IsoglossError: It is missing or broken, or a language, task, metric or option is unknown.
    """
    table = read_toml(path) | {"path": path}
    file = validate(SuiteFile, table, where=str(path))
    for task in file.tasks:
        if task not in list_tasks():
            raise unknown("task", task, list(list_tasks()), where=f"{path}: tasks")
    check_metrics((), file.metrics, where=f"{path}: metrics")
    languages = tuple(canonical(tag, where=f"{path}: languages") for tag in file.languages)
    pairs_of(file.pairs, f"{path}: pairs")
    return file.model_copy(update={"languages": languages})


@cache
def shipped() -> dict[str, SuiteFile]:
    """Return the shipped suites, by name."""
    files = [read(path) for path in sorted(_FOLDER.glob("*.toml"))]
    return {file.name: file for file in files}


def tasks_of(file: SuiteFile) -> tuple[str, ...]:
    """Return the tasks that a suite reads of its data: its own, or every one there is."""
    return file.tasks or tuple(list_tasks())


def pairs_of(texts: Sequence[str], where: str) -> list[tuple[str, str]]:
    """Read pairs of languages: ``en:zh-Hans`` is from English into Chinese.

    Raises:
        IsoglossError: One is not a pair of tags.
    """
    found = []
    for text in texts:
        source, separator, target = text.partition(":")
        if not separator:
            raise IsoglossError(
                f"{text!r} is not a pair of languages", where=where, remedy="Write en:de"
            )
        found.append((canonical(source, where=where), canonical(target, where=where)))
    return found


def of_pairs(frame: pl.DataFrame, pairs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """Keep the rows of the pairs, and those that no pair concerns (answers to no source text)."""
    table = pl.DataFrame(
        list(pairs), schema={"source_language": pl.String, "language": pl.String}, orient="row"
    )
    marked = frame.join(
        table.unique().with_columns(pl.lit(True).alias("_wanted")),
        on=["source_language", "language"],
        how="left",
        maintain_order="left",
    )
    kept = pl.col("source_language").is_null() | pl.col("_wanted").fill_null(False)
    return marked.filter(kept).drop("_wanted")


def check_selection(selection: Selection) -> None:
    """Refuse pairs into languages that are not among the chosen ones.

    Raises:
        IsoglossError: There is one.
    """
    tags = [canonical(tag, where="languages") for tag in selection.languages]
    for source, target in pairs_of(selection.pairs, "pairs"):
        if tags and target not in tags:
            raise IsoglossError(
                f"the pair {source}:{target} is not into any of the languages {', '.join(tags)}",
                where="languages and pairs",
                remedy=f"Choose the language {target} too, or only pairs",
            )


def check_found(records: pl.DataFrame, selection: Selection, where: str) -> None:
    """Refuse a selection of which the chosen records have nothing.

    Raises:
        IsoglossError: There is nothing in a chosen language or pair.
    """
    found = set(records.select("source_language", "language").unique().iter_rows())
    there = {tag for pair in found for tag in pair}
    tags = [canonical(tag, where="languages") for tag in selection.languages]
    missing = [tag for tag in tags if tag not in there]
    missing += [":".join(pair) for pair in pairs_of(selection.pairs, "pairs") if pair not in found]
    if missing:
        has = ", ".join(sorted(tag for tag in there if tag))
        raise IsoglossError(
            f"there is nothing in {', '.join(missing)}",
            where=where,
            remedy=f"What else is chosen has {has}" if has else None,
        )


def wanted_pairs(file: SuiteFile, selection: Selection) -> list[tuple[str, str]]:
    """Return the pairs that are asked; none where a suite has no pairs.

    Raises:
        IsoglossError: None is left of the chosen languages, or of one of them.
    """
    pairs = pairs_of(selection.pairs or file.pairs, f"{file.path}: pairs")
    tags = [canonical(tag, where="languages") for tag in selection.languages]
    if tags and not selection.pairs:
        pairs = [pair for pair in pairs if pair[0] in tags and pair[1] in tags]
        if file.pairs and not pairs:
            raise IsoglossError(
                f"{file.name} asks no pair of {', '.join(tags)} unless told to",
                where="languages",
                remedy="Name the pairs: --pair SOURCE:TARGET",
            )
    without = [tag for tag in tags if not any(tag in pair for pair in pairs)]
    if pairs and without:
        raise IsoglossError(
            f"no pair that is asked of {file.name} is from or into {', '.join(without)}",
            where="languages",
            remedy="Name its pairs too: --pair SOURCE:TARGET",
        )
    return pairs


def wanted_languages(
    file: SuiteFile, selection: Selection, pairs: Sequence[tuple[str, str]]
) -> tuple[str, ...]:
    """Return the languages whose data are read.

    Raises:
        IsoglossError: One is not among the suite's.
    """
    if pairs:
        return tuple(sorted({tag for pair in pairs for tag in pair}))
    if not selection.languages:
        return file.languages
    tags = tuple(canonical(tag, where="languages") for tag in selection.languages)
    for tag in tags:
        if tag not in file.languages:
            raise unknown("language", tag, list(file.languages), where=f"suite {file.name}")
    return tags
