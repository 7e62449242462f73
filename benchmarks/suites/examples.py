"""The examples of a suite's sources: read, selected, and made records of with templates.

A suite reads the same kinds of source as a recipe, and asks with the same templates; but nothing is
filtered, merged or drawn at random, for what is asked must be all that its publisher asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any, Literal

import polars as pl
from pydantic import Field

from benchmarks.catalog import list_tasks
from benchmarks.suites.file import SuiteFile, tasks_of
from builders.example import SCHEMA, rank
from builders.sources._base import Context
from builders.sources._opening import plan_sources
from builders.templates.applying import apply
from builders.templates.loading import Templates
from isogloss.console import progress, warn
from isogloss.errors import IsoglossError
from isogloss.files import check_unchanged, watched_files
from isogloss.languages import to_flores
from isogloss.plugins import lookup
from isogloss.records import conform, with_ids
from isogloss.settings import Settings, validate

#: What one line of a table of scores is about.
CELL = ("task", "language", "source_language")


class _Each(Settings):
    """A table that stands for one a language or a pair."""

    per: Literal["language", "pair"]
    names: dict[str, str] = Field(default_factory=dict)


def read_sources(
    file: SuiteFile,
    data: Path | None,
    *,
    languages: tuple[str, ...],
    pairs: Sequence[tuple[str, str]],
    where: str | Path,
    remedy: str,
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Read the rows of a suite's sources, broken ones among them, in their order.

    Args:
        file: The suite's file.
        data: The folder of its files; None where they come from the hub.
        languages: Canonical tags of the languages that are read.
        pairs: The pairs that are read, from which language into which.
        where: The place to name in an error about the folder.
        remedy: How a folder is named.

    Returns:
        Rows with the columns of ``builders.example.SCHEMA``, ``source`` and ``place``
        (their number), and for each source its name, version, licence and hash. Rows in other
        languages or tasks than the suite's are left out; the user is warned of those that the
        source itself finds broken.

    Raises:
        IsoglossError: There is no such folder, or the suite is not read from one; a table is
            wrong, or a file is missing or broken.
        Unavailable: A hub does not answer, or the network is forbidden.
    """
    key = "hub" if data is None else "local"
    if data is not None and not data.is_dir():
        raise IsoglossError(
            f"there is no such folder for the files of {file.name}", where=where, remedy=remedy
        )
    if data is not None and not file.local:
        raise IsoglossError(
            f"{file.name} is read from the hub only",
            where=where,
            remedy="Name no folder of files for it",
        )
    if data is None and not file.hub:
        raise IsoglossError(f"{file.name} is read from local files", where=where, remedy=remedy)
    return _read(
        _source_tables(file, getattr(file, key), languages, pairs),
        languages=languages,
        tasks=tasks_of(file),
        folder=data or file.path.parent,
        where=f"{file.path}: {key}",
    )


def _source_tables(
    file: SuiteFile,
    tables: Sequence[dict[str, Any]],
    languages: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Write the tables of a suite's file out as those of a recipe's sources.

    A table with ``per`` stands for one a language or a pair: ``$language`` and ``$source_language``
    are filled in as tags, ``$name`` and ``$source_name`` as what the data call them: as ``names``
    says, or FLORES codes.
    """
    made = [one for table in tables for one in _each(table, languages, pairs, str(file.path))]
    return [
        _named(table, file.name, file.licence, number, pairs) for number, table in enumerate(made)
    ]


def _each(
    table: dict[str, Any],
    languages: Sequence[str],
    pairs: Sequence[tuple[str, str]],
    where: str,
) -> list[dict[str, Any]]:
    """Write a table out for every language or pair, if it says so."""
    if "per" not in table:
        return [table]
    each = validate(
        _Each, {key: table[key] for key in ("per", "names") if key in table}, where=where
    )
    rest = {key: value for key, value in table.items() if key not in ("per", "names")}
    keys = [(None, tag) for tag in languages] if each.per == "language" else list(pairs)
    found = []
    for source, target in keys:
        if each.names and target not in each.names:
            continue
        values = {"language": target, "name": each.names.get(target) or to_flores(target)}
        if source is not None:
            values |= {
                "source_language": source,
                "source_name": each.names.get(source) or to_flores(source),
            }
        found.append(_filled(rest, values))
    return found


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).safe_substitute(values)
    if isinstance(value, dict):
        return {key: _filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    return value


def _named(
    table: dict[str, Any],
    name: str,
    licence: str,
    number: int,
    pairs: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Give a table what all of a suite's have in common."""
    kind = lookup("builders.sources", str(table.get("kind")))
    fields = kind.Options.model_fields if kind is not None else {}
    common: dict[str, Any] = {"name": name if number == 0 else f"{name}-{number + 1}"}
    if licence:
        common["licence"] = licence
    if pairs and "pairs" in fields:
        common["pairs"] = [":".join(pair) for pair in pairs]
    return common | table


def whole(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that their source does not find broken."""
    return rows.filter(pl.coalesce("reason", "rejected_by").is_null())


def _read(
    tables: Sequence[dict[str, Any]],
    *,
    languages: tuple[str, ...],
    tasks: tuple[str, ...],
    folder: Path,
    where: str,
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    frames, sources = [], []
    context = Context(languages, tasks, folder, where, seed=0)
    for planned in plan_sources(tables, context, list(list_tasks())):
        options = planned.options
        with watched_files() as files:
            reading = planned.module.read(options, planned.context)
        licence = options.licence or reading.licence
        with progress(f"reading {options.name}", None) as bar:
            for batch in reading.examples({}):
                frames.append(
                    batch.with_columns(
                        pl.lit(options.name).alias("source"),
                        pl.coalesce("licence", pl.lit(licence)),
                    )
                )
                bar.advance(batch.height)
        check_unchanged(files)
        sources.append(
            {
                "name": options.name,
                "version": options.version or reading.version,
                "licence": licence,
                "sha256": reading.sha256,
            }
        )
    schema = {**SCHEMA, "source": pl.String()}
    frame = pl.concat(frames) if frames else pl.DataFrame(schema=schema)
    frame = frame.with_row_index("place").filter(
        pl.col("language").is_in(languages), pl.col("task").is_in(tasks)
    )
    _warn_of_broken(frame, where)
    return frame, sources


def _warn_of_broken(frame: pl.DataFrame, where: str) -> None:
    broken = frame.filter(pl.coalesce("reason", "rejected_by").is_not_null())
    plain = pl.coalesce("reason", "rejected_by").str.replace_all(r"\d+(\.\d+)?", "N")
    for reason, count in broken.group_by(plain.alias("reason")).len().sort("reason").rows():
        warn(f"{where}: {count} rows are left out: {reason}")


def select(
    frame: pl.DataFrame, *, limit: int | None, shots: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Select what becomes prompts, and what is shown as examples before each.

    Args:
        frame: Examples, as `whole` gives them.
        limit: At most so many prompts of each cell; None for all.
        shots: Show so many before each.
        seed: Ranks the groups; both are selected by rank, so that of parallel texts the same are
            selected in every language.

    Returns:
        The examples of the prompts and those to show, each in its order. A group of which something
        is shown is in no prompt of any language.
    """
    ranked = frame.with_columns(_rank=rank(seed, pl.col("group"))).sort("_rank", "place")
    shown = ranked.group_by(CELL, maintain_order=True).tail(shots)
    left = ranked.filter(~pl.col("group").is_in(shown["group"].unique().implode()))
    if limit is not None:
        left = left.group_by(CELL, maintain_order=True).head(limit)
    return left.sort("place").drop("_rank"), shown.sort("place").drop("_rank")


def templated(
    frame: pl.DataFrame, templates: Templates, *, instruction_language: str, seed: int, where: str
) -> pl.DataFrame:
    """Make records of examples, in their order.

    Args:
        frame: Examples, as `select` gives them.
        templates: The templates.
        instruction_language: ``target``, ``source`` or a tag; see `builders.templates.applying.apply`.
        seed: Decides which phrasing of a template each gets.
        where: The file to name in an error.

    Returns:
        Records with the columns of `isogloss.records.SCHEMA` and ``place``, with the split
        ``test``. A record that is there again, text for text, has its number behind its id: ``…-2``.
    """
    made = apply(frame, templates, instruction_language=instruction_language, seed=seed)
    made = made.sort("place").with_columns(pl.lit("").alias("id"), pl.lit("test").alias("split"))
    records = with_ids(conform(made, where=where)).with_columns(numbered("id"))
    return records.with_columns(made["place"])


def numbered(column: str) -> pl.Expr:
    """Return a column of names with ``-2``, ``-3`` … behind those that were there before."""
    number = pl.int_range(1, pl.len() + 1).over(column)
    return (
        pl.when(number > 1)
        .then(pl.format("{}-{}", pl.col(column), number))
        .otherwise(pl.col(column))
        .alias(column)
    )
