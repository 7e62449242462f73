"""Test sets: the examples of sources, chosen and asked as records; what a suite is made of.

A suite reads the same kinds of source as a recipe, and asks with the same templates; but nothing is
filtered, merged or drawn at random, for what is asked must be all that its publisher asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from builders.mixture import with_ranks
from builders.recipe import plan_sources
from builders.sources._base import SCHEMA, Context
from builders.templating import apply, load_templates
from isogloss.console import progress, warn
from isogloss.records import conform, with_ids

#: What one line of a table of scores is about.
CELL = ("task", "language", "source_language")


def read_examples(
    tables: Sequence[dict[str, Any]],
    *,
    languages: tuple[str, ...],
    tasks: tuple[str, ...],
    folder: Path,
    where: str,
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Read the examples of sources, in their order.

    Args:
        tables: Tables of sources, as a recipe has them.
        languages: Canonical tags of the outputs' languages.
        tasks: The tasks that are asked.
        folder: The folder that paths start from.
        where: The place of the tables, to name in errors.

    Returns:
        Examples with the columns of ``builders.sources._base.SCHEMA``, ``source`` and ``place``
        (their number), and for each source its name, version, licence and hash. Examples in other
        languages or tasks than asked for are left out, and so, with a warning, are those that the
        source itself finds broken.

    Raises:
        IsoglossError: A table is wrong, or a file is missing or broken.
        Unavailable: A hub does not answer, or the network is forbidden.
    """
    frames, told = [], []
    context = Context(languages, tasks, folder, where, seed=0)
    for planned in plan_sources(tables, context):
        options = planned.options
        reading = planned.module.read(options, planned.context)
        licence = options.licence or reading.licence
        with progress(f"reading {options.name}", None) as bar:
            for batch in reading.frames:
                frames.append(
                    batch.with_columns(
                        pl.lit(options.name).alias("source"),
                        pl.coalesce("licence", pl.lit(licence)),
                    )
                )
                bar.advance(batch.height)
        told.append(
            {
                "name": options.name,
                "version": reading.version,
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
    return frame.filter(pl.coalesce("reason", "rejected_by").is_null()), told


def _warn_of_broken(frame: pl.DataFrame, where: str) -> None:
    broken = frame.filter(pl.coalesce("reason", "rejected_by").is_not_null())
    plain = pl.coalesce("reason", "rejected_by").str.replace_all(r"\d+(\.\d+)?", "N")
    for reason, count in broken.group_by(plain.alias("reason")).len().sort("reason").rows():
        warn(f"{where}: {count} rows are left out: {reason}")


def choose(
    frame: pl.DataFrame, *, limit: int | None, shots: int, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Choose what is asked and what is shown as examples before it.

    Args:
        frame: Examples, as `read_examples` gives them.
        limit: Ask at most so many of each cell; None for all.
        shots: Show so many before each question.
        seed: Ranks the groups; both are chosen by rank, so that of parallel texts the same are
            chosen in every language.

    Returns:
        The examples to ask and those to show, each in its order. A group of which something is
        shown is not asked in any language.
    """
    ranked = with_ranks(frame, seed).drop("_share").sort("_rank", "place")
    shown = ranked.group_by(CELL, maintain_order=True).tail(shots)
    asked = ranked.filter(~pl.col("group").is_in(shown["group"].unique().implode()))
    if limit is not None:
        asked = asked.group_by(CELL, maintain_order=True).head(limit)
    return asked.sort("place").drop("_rank"), shown.sort("place").drop("_rank")


def ask(frame: pl.DataFrame, *, instruction_language: str, seed: int, where: str) -> pl.DataFrame:
    """Make records of examples, in their order.

    Args:
        frame: Examples, as `choose` gives them.
        instruction_language: ``target``, ``source`` or a tag; see `builders.templating.apply`.
        seed: Chooses among the phrasings of a template.
        where: The file to name in an error.

    Returns:
        Records in `isogloss.records.SCHEMA`, with the split ``test``. A record that is asked again,
        text for text, has its number behind its id: ``…-2``.
    """
    made = apply(
        frame, load_templates(), instruction_language=instruction_language, seed=seed
    ).with_columns(pl.lit("").alias("id"), pl.lit("test").alias("split"))
    return with_ids(conform(made, where=where)).with_columns(numbered("id"))


def numbered(column: str) -> pl.Expr:
    """Return a column of names with ``-2``, ``-3`` … behind those that were there before."""
    number = pl.int_range(1, pl.len() + 1).over(column)
    return (
        pl.when(number > 1)
        .then(pl.format("{}-{}", pl.col(column), number))
        .otherwise(pl.col(column))
        .alias(column)
    )
