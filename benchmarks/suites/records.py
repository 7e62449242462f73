"""From a suite's file to its records: read, select, template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.suites.examples import CELL, numbered, read_sources, select, templated, whole
from benchmarks.suites.file import (
    Selection,
    SuiteFile,
    check_found,
    of_pairs,
    pairs_of,
    wanted_languages,
    wanted_pairs,
)
from builders.templates.loading import load_templates
from isogloss.console import warn
from isogloss.errors import IsoglossError, Unavailable
from isogloss.languages import canonical
from isogloss.records import conform, prompt_expr, with_ids

# What of a suite is asked, and what is shown before, is chosen by this seed for ever.
_SEED = 42


@dataclass(frozen=True)
class SuiteRecords:
    """What of a suite is asked.

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


def records(file: SuiteFile, selection: Selection) -> SuiteRecords:
    """Return a suite's records as chosen, in their order, and what they were read from.

    Raises:
        IsoglossError: Data are missing or broken, or there is nothing of what is chosen.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    if file.records is not None:
        return _embedded(file, selection)
    pairs = wanted_pairs(file, selection)
    languages = wanted_languages(file, selection, pairs)
    data = selection.data or (file.path.parent / file.data if file.data else None)
    try:
        rows, sources = read_sources(
            file,
            data,
            languages=languages,
            pairs=pairs,
            where=file.path if data is None else data,
            remedy=_name_a_folder(file),
        )
    except Unavailable as error:
        raise _without_data(file, error) from error
    if pairs:
        rows = of_pairs(rows, pairs)
    examples = whole(rows)
    _check_complete(examples, file, selection, languages, pairs)
    prompts = selection.prompts or file.prompts
    if prompts not in ("target", "source"):
        prompts = canonical(prompts, where=f"{file.path}: prompts")
    shots = file.shots if selection.shots is None else selection.shots
    limit = file.limit if selection.limit is None else selection.limit
    selected, shown = select(examples, limit=limit, shots=shots, seed=_SEED)
    templates = load_templates([file.path.parent / name for name in file.templates])

    def made_of(part: pl.DataFrame) -> pl.DataFrame:
        return templated(
            part, templates, instruction_language=prompts, seed=_SEED, where=str(file.path)
        )

    made = made_of(selected)
    if shots:
        made = _after(made, made_of(shown))
    reason = pl.coalesce("reason", "rejected_by").alias("reason")
    lines = rows.join(made.select("place", "id"), on="place", how="left", maintain_order="left")
    return SuiteRecords(made, sources, lines.select(*CELL, "id", reason))


def _after(records: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Put each cell's examples before its prompts: prompt, blank line, answer, blank line."""
    worked = pl.concat_str(prompt_expr(), pl.col("output"), separator="\n\n")
    before = shown.group_by(CELL, maintain_order=True).agg(worked.str.join("\n\n").alias("_before"))
    joined = records.join(before, on=CELL, how="left", nulls_equal=True, maintain_order="left")
    text = pl.concat_str("_before", "instruction", separator="\n\n", ignore_nulls=True)
    return joined.with_columns(text.alias("instruction")).drop("_before")


def _check_complete(
    examples: pl.DataFrame,
    file: SuiteFile,
    selection: Selection,
    languages: Sequence[str],
    pairs: Sequence[tuple[str, str]],
) -> None:
    """Warn of languages and pairs that the data have nothing of.

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
    message = f"there is nothing in {', '.join(missing)}"
    if selection.languages or selection.pairs or not found:
        raise IsoglossError(message, where=selection.data or file.path, remedy=_name_a_folder(file))
    warn(f"suite {file.name}: {message}; the rest is asked")


def _name_a_folder(file: SuiteFile) -> str:
    layout = f" that holds {file.layout}" if file.layout else ""
    return f"Name a folder{layout}: --data FOLDER"


def _without_data(file: SuiteFile, error: Unavailable) -> Unavailable:
    remedy = f"{error.remedy}; or" if error.remedy else "Or"
    folder = _name_a_folder(file)
    local = f"{remedy} {folder[0].lower()}{folder[1:]}" if file.local else error.remedy
    return Unavailable(error.problem, where=error.where, remedy=local)


def _embedded(file: SuiteFile, selection: Selection) -> SuiteRecords:
    for name in ("data", "prompts", "shots"):
        if getattr(selection, name):
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
    languages = selection.languages or file.languages
    if languages:
        kept = [canonical(tag, where=f"{file.path}: languages") for tag in languages]
        made = made.filter(pl.col("language").is_in(kept))
    pairs = pairs_of(selection.pairs or file.pairs, f"{file.path}: pairs")
    if pairs:
        made = of_pairs(made, pairs)
    check_found(made, selection, f"suite {file.name}")
    limit = file.limit if selection.limit is None else selection.limit
    selected = made
    if limit is not None:
        selected = made.group_by(CELL, maintain_order=True).head(limit)
    is_selected = pl.col("id").is_in(selected["id"].implode())
    lines = made.select(*CELL, pl.when(is_selected).then("id"), reason=pl.lit(None, pl.String))
    return SuiteRecords(selected, [], lines)


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
    return filled if "id" in frame.columns else with_ids(filled).with_columns(numbered("id"))
