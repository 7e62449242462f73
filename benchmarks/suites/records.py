"""From a suite's file to its records: read, choose, ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.suites.file import (
    Choice,
    SuiteFile,
    check_found,
    chosen_languages,
    chosen_pairs,
    of_pairs,
    pairs_of,
)
from builders import testsets
from isogloss.console import warn
from isogloss.errors import IsoglossError, Unavailable
from isogloss.languages import canonical
from isogloss.records import TASKS, conform, prompt_expr, with_ids

# What of a suite is asked, and what is shown before, is chosen by this seed for ever.
_SEED = 42
_CELL = testsets.CELL


@dataclass(frozen=True)
class Asked:
    """What is asked of a suite.

    Attributes:
        records: The records, in their order.
        sources: What they were read from.
        lines: Every row of the data in the order of its source: ``task``, ``language``,
            ``source_language``, the ``id`` of its record, null where it is not asked, and the
            ``reason`` why it cannot be, null for none.
    """

    records: pl.DataFrame
    sources: list[dict[str, Any]]
    lines: pl.DataFrame


def records(file: SuiteFile, choice: Choice) -> Asked:
    """Return a suite's records as chosen, in their order, and what they were read from.

    Raises:
        IsoglossError: Data are missing or broken, or there is nothing of what is chosen.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    if file.records is not None:
        return _embedded(file, choice)
    pairs = chosen_pairs(file, choice)
    languages = chosen_languages(file, choice, pairs)
    tables, folder = _tables(file, choice, languages, pairs)
    tasks = file.tasks or TASKS
    key = "local" if folder is not None else "hub"
    try:
        rows, sources = testsets.read_rows(
            tables,
            languages=languages,
            tasks=tasks,
            folder=folder or file.path.parent,
            where=f"{file.path}: {key}",
        )
    except Unavailable as error:
        raise _without_data(file, error) from error
    if pairs:
        rows = of_pairs(rows, pairs)
    examples = testsets.whole(rows)
    _complete(examples, file, choice, languages, pairs)
    shots = file.shots if choice.shots is None else choice.shots
    limit = file.limit if choice.limit is None else choice.limit
    asked, shown = testsets.choose(examples, limit=limit, shots=shots, seed=_SEED)
    prompts = choice.prompts or file.prompts
    if prompts not in ("target", "source"):
        prompts = canonical(prompts, where=f"{file.path}: prompts")
    made = testsets.ask(asked, instruction_language=prompts, seed=_SEED, where=str(file.path))
    if shots:
        examples_shown = testsets.ask(
            shown, instruction_language=prompts, seed=_SEED, where=str(file.path)
        )
        made = _after(made, examples_shown)
    reason = pl.coalesce("reason", "rejected_by").alias("reason")
    lines = rows.join(made.select("place", "id"), on="place", how="left", maintain_order="left")
    return Asked(made, sources, lines.select(*_CELL, "id", reason))


def _after(asked: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Put each cell's examples before its questions: prompt, blank line, answer, blank line."""
    worked = pl.concat_str(prompt_expr(), pl.col("output"), separator="\n\n")
    before = shown.group_by(_CELL, maintain_order=True).agg(
        worked.str.join("\n\n").alias("_before")
    )
    joined = asked.join(before, on=_CELL, how="left", nulls_equal=True, maintain_order="left")
    text = pl.concat_str("_before", "instruction", separator="\n\n", ignore_nulls=True)
    return joined.with_columns(text.alias("instruction")).drop("_before")


def _complete(
    examples: pl.DataFrame,
    file: SuiteFile,
    choice: Choice,
    languages: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> None:
    """Tell languages and pairs that the data have nothing of.

    Raises:
        IsoglossError: Somebody has chosen one of them.
    """
    found = set(examples.select("source_language", "language").unique().iter_rows())
    there = {language for _, language in found}
    missing = (
        [":".join(pair) for pair in pairs if pair not in found]
        if pairs
        else [tag for tag in languages if tag not in there]
    )
    if not missing:
        return
    told = f"there is nothing in {', '.join(missing)}"
    if choice.languages or choice.pairs or not found:
        raise IsoglossError(told, where=choice.data or file.path, remedy=_told(file))
    warn(f"suite {file.name}: {told}; the rest is asked")


def _tables(
    file: SuiteFile,
    choice: Choice,
    languages: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> tuple[list[dict[str, Any]], Path | None]:
    """Return the tables to read, and the folder of their files; None for the hub's."""
    folder = choice.data or (file.path.parent / file.data if file.data else None)
    if folder is not None:
        if not folder.is_dir():
            raise IsoglossError("there is no such folder", where=folder, remedy=_told(file))
        if not file.local:
            raise IsoglossError(f"{file.name} is read from the hub only", where=file.path)
    elif not file.hub:
        raise IsoglossError(
            f"{file.name} is read from local files", where=file.path, remedy=_told(file)
        )
    tables = file.local if folder is not None else file.hub
    made = testsets.suite_tables(
        tables,
        name=file.name,
        licence=file.licence,
        languages=languages,
        pairs=pairs,
        where=str(file.path),
    )
    return made, folder


def _told(file: SuiteFile) -> str:
    layout = f" that holds {file.layout}" if file.layout else ""
    return f"Name a folder{layout}: --data FOLDER"


def _without_data(file: SuiteFile, error: Unavailable) -> Unavailable:
    remedy = f"{error.remedy}; or" if error.remedy else "Or"
    local = f"{remedy} {_told(file)[0].lower()}{_told(file)[1:]}" if file.local else error.remedy
    return Unavailable(error.problem, where=error.where, remedy=local)


def _embedded(file: SuiteFile, choice: Choice) -> Asked:
    for name in ("data", "prompts", "shots"):
        if getattr(choice, name):
            raise IsoglossError(
                f"the records of {file.name} are ready made; {name} cannot be chosen",
                where=file.path,
            )
    source = file.path.parent / str(file.records)
    if not source.is_file():
        raise IsoglossError("there is no such file", where=f"{file.path}: records: {source}")
    made = parquet(source) if source.suffix == ".parquet" else _lines(source, file)
    if file.tasks:
        made = made.filter(pl.col("task").is_in(file.tasks))
    languages = choice.languages or file.languages
    if languages:
        kept = [canonical(tag, where=f"{file.path}: languages") for tag in languages]
        made = made.filter(pl.col("language").is_in(kept))
    pairs = pairs_of(choice.pairs or file.pairs, f"{file.path}: pairs")
    if pairs:
        made = of_pairs(made, pairs)
    check_found(made, choice, f"suite {file.name}")
    limit = file.limit if choice.limit is None else choice.limit
    asked = made
    if limit is not None:
        asked = made.group_by(_CELL, maintain_order=True).head(limit)
    is_asked = pl.col("id").is_in(asked["id"].implode())
    lines = made.select(*_CELL, pl.when(is_asked).then("id"), reason=pl.lit(None, pl.String))
    return Asked(asked, [], lines)


def parquet(path: Path) -> pl.DataFrame:
    """Read a Parquet file of records.

    Raises:
        IsoglossError: It is not one.
    """
    try:
        return conform(pl.read_parquet(path), where=str(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise IsoglossError(
            f"is not a Parquet file that can be read ({error})",
            where=path,
            remedy="Build or fetch it again",
        ) from error


def _lines(path: Path, file: SuiteFile) -> pl.DataFrame:
    """Read JSON Lines with at least task, language, instruction, input and output."""
    try:
        frame = pl.read_ndjson(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise IsoglossError(f"is not JSON Lines ({error})", where=path) from error
    needed = {"task", "language", "instruction", "input", "output"}
    missing = sorted(needed - set(frame.columns))
    if missing:
        raise IsoglossError(f"records lack {', '.join(missing)}", where=path)
    defaults = {
        "instruction_language": pl.col("language"),
        "source_language": pl.lit(None, pl.String),
        "references": pl.concat_list("output"),
        "tests": pl.lit(None, pl.String),
        "source": pl.lit(file.name),
        "source_id": pl.int_range(pl.len()).cast(pl.String),
        "licence": pl.lit(file.licence),
        "template": pl.lit("suite"),
        "split": pl.lit("test"),
        "tags": pl.lit([], pl.List(pl.String)),
        "id": pl.lit(""),
    }
    filled = frame.with_columns(
        expression.alias(name) for name, expression in defaults.items() if name not in frame.columns
    )
    filled = conform(filled, where=str(path))
    return (
        filled if "id" in frame.columns else with_ids(filled).with_columns(testsets.numbered("id"))
    )
