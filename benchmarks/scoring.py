"""Scores of predictions: every metric, task by task and language by language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl

from benchmarks.statistics import Array, bounds, difference, draws, seed_of
from isogloss.errors import IsoglossError
from isogloss.plugins import discover

#: Columns of a table of scores.
SCORES: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "metric": pl.String(),
    "score": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "n": pl.Int64(),
    "signature": pl.String(),
}

#: Columns of a table of differences.
DIFFERENCES: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "metric": pl.String(),
    "score_a": pl.Float64(),
    "score_b": pl.Float64(),
    "delta": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "p_value": pl.Float64(),
    "n": pl.Int64(),
    "signature": pl.String(),
}

_BOOTSTRAP = "bs:{resamples}|level:{level}|seed:{seed}|"


@dataclass(frozen=True)
class Metric:
    """A metric as a table needs to know it; ``unit`` is ``points`` of 100 or ``%`` of answers."""

    name: str
    label: str
    description: str
    tasks: tuple[str, ...]
    higher_is_better: bool
    unit: str


@dataclass(frozen=True)
class Task:
    """A task as a table needs to know it."""

    name: str
    label: str
    description: str
    main: str


def list_metrics() -> dict[str, Metric]:
    """Return every metric, by name."""
    return {
        name: Metric(
            name,
            module.LABEL,
            module.DESCRIPTION,
            tuple(module.TASKS),
            module.HIGHER_IS_BETTER,
            module.UNIT,
        )
        for name, module in discover("benchmarks.metrics").items()
    }


def list_tasks() -> dict[str, Task]:
    """Return every task, by name."""
    return {
        name: Task(name, module.LABEL, module.DESCRIPTION, module.MAIN)
        for name, module in discover("benchmarks.tasks").items()
    }


@dataclass(frozen=True)
class _Cell:
    """The segments of one row of a table."""

    task: str
    language: str
    source_language: str | None
    ids: list[str]
    answers: list[str]
    references: list[list[str]]


@dataclass(frozen=True)
class _Measured:
    """A metric of a cell, or of a task's languages together: its score, and that of resamples.

    ``signature`` is the metric's, without the bootstrap's.
    """

    task: str
    language: str | None
    source_language: str | None
    metric: str
    score: float
    draws: Array
    n: int
    signature: str


def score(
    predictions: pl.DataFrame,
    records: pl.DataFrame,
    *,
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Score predictions with every metric of their task.

    Args:
        predictions: Columns ``id`` and ``prediction`` (a model's text, as it came).
        records: The records that were asked, in `isogloss.records.SCHEMA`. One without a
            prediction counts as answered with nothing.
        resamples: Bootstrap resamples of each interval.
        seed: The seed of the bootstrap.
        level: The intervals' coverage.

    Returns:
        One row a task, language and metric, with the columns of `SCORES`; for translation also
        one a source language (``source_language`` is null where all are together); and one a task
        and metric whose ``language`` is null: the mean of the languages, each counted alike.
        Scores are 0 to 100, NaN where a language cannot be judged; bounds are null where there are
        fewer than two segments.

    Raises:
        IsoglossError: A prediction's id is unknown or there twice.
    """
    prefix = _BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    rows = []
    for found in _measured(predictions, records, resamples, seed):
        low, high = bounds(found.draws, level) if found.n > 1 else (None, None)
        rows.append(
            {
                "task": found.task,
                "language": found.language,
                "source_language": found.source_language,
                "metric": found.metric,
                "score": found.score,
                "low": low,
                "high": high,
                "n": found.n,
                "signature": prefix + found.signature,
            }
        )
    return pl.DataFrame(rows, schema=SCORES).with_columns(pl.col("low", "high").fill_nan(None))


def compare(
    one: pl.DataFrame,
    two: pl.DataFrame,
    records: pl.DataFrame,
    *,
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Compare two systems' predictions of the same records by paired bootstrap (Koehn 2004).

    Args:
        one: The first system's predictions, as for `score`.
        two: The second's.
        records: The records that both were asked.
        resamples: Bootstrap resamples, the same for both.
        seed: The seed of the bootstrap.
        level: The intervals' coverage.

    Returns:
        One row a task, language and metric, with the columns of `DIFFERENCES`; ``delta`` is
        the first minus the second; ``language`` is null for the mean of the languages.

    Raises:
        IsoglossError: A prediction's id is unknown or there twice.
    """
    prefix = "paired-" + _BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    pairs = zip(
        _measured(one, records, resamples, seed, by_source=False),
        _measured(two, records, resamples, seed, by_source=False),
        strict=True,
    )
    rows = []
    for ours, theirs in pairs:
        found = difference(ours.score - theirs.score, ours.draws - theirs.draws, level)
        told = ours.n > 1
        rows.append(
            {
                "task": ours.task,
                "language": ours.language,
                "metric": ours.metric,
                "score_a": ours.score,
                "score_b": theirs.score,
                "delta": found.delta,
                "low": found.low if told else None,
                "high": found.high if told else None,
                "p_value": found.p_value if told else 1.0,
                "n": ours.n,
                "signature": prefix + ours.signature,
            }
        )
    empty = pl.col("low", "high").fill_nan(None)
    return pl.DataFrame(rows, schema=DIFFERENCES).with_columns(empty)


def main_draws(
    predictions: pl.DataFrame, records: pl.DataFrame, *, resamples: int = 1000, seed: int = 42
) -> dict[tuple[str, str | None], Array]:
    """Return the main metric of each task and language in every bootstrap resample.

    Args:
        predictions: As for `score`.
        records: As for `score`.
        resamples: How many resamples.
        seed: The seed; with the same, any two systems' resamples are pairs.

    Returns:
        By task and language, scores of shape (resamples,); the language is None for the mean of
        the languages.
    """
    mains = {name: task.main for name, task in list_tasks().items()}
    return {
        (found.task, found.language): found.draws
        for found in _measured(predictions, records, resamples, seed, by_source=False, only=mains)
    }


def _measured(
    predictions: pl.DataFrame,
    records: pl.DataFrame,
    resamples: int,
    seed: int,
    *,
    by_source: bool = True,
    only: dict[str, str] | None = None,
) -> Iterator[_Measured]:
    """Measure every cell with the metrics of its task, then each task's mean over languages."""
    whole: dict[tuple[str, str], list[_Measured]] = {}
    for cell in _cells(answers(predictions, records), by_source=by_source):
        for name, module in _metrics_of(cell.task):
            if only is not None and only[cell.task] != name:
                continue
            found = _measure(cell, name, module, resamples, seed)
            if cell.source_language is None:
                whole.setdefault((cell.task, name), []).append(found)
            yield found
    for (task, name), parts in whole.items():
        # A language that cannot be judged (NaN throughout) is left out of the mean.
        judged = [part for part in parts if not np.isnan(part.score)]
        signatures = sorted({part.signature for part in judged})
        yield _Measured(
            task,
            None,
            None,
            name,
            float(np.mean([part.score for part in judged])) if judged else float("nan"),
            np.mean([part.draws for part in judged], axis=0)
            if judged
            else np.full(resamples, np.nan),
            sum(part.n for part in judged),
            f"mean-of-languages:{len(judged)}|" + " ".join(signatures),
        )


def _measure(cell: _Cell, name: str, module: ModuleType, resamples: int, seed: int) -> _Measured:
    statistics = module.statistics(cell.answers, cell.references, cell.language)
    return _Measured(
        cell.task,
        cell.language,
        cell.source_language,
        name,
        float(module.combine(statistics.sum(axis=0))),
        draws(statistics, module.combine, resamples=resamples, seed=_seed(seed, cell)),
        len(cell.ids),
        module.signature(cell.language),
    )


def answers(predictions: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the records with a column ``answer``: what is read from each prediction.

    Raises:
        IsoglossError: A prediction's id is unknown or there twice.
    """
    twice = predictions.filter(pl.col("id").is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(f"two predictions have the id {twice[0]!r}", where="predictions")
    strange = predictions.join(records, on="id", how="anti")["id"]
    if strange.len():
        raise IsoglossError(
            f"{strange.len()} predictions have ids that the suite does not ({strange[0]!r})",
            where="predictions",
            remedy="Score them on the suite that they answer",
        )
    joined = records.join(
        predictions.select("id", "prediction"), on="id", how="left", maintain_order="left"
    ).sort("task", "language", "id")
    readers = discover("benchmarks.tasks")
    columns = joined.select("task", "prediction", "input").iter_rows()
    # Reading an answer is a rule a task states in Python, a line of text at a time.
    read = [
        readers[task].read_answer(prediction or "", asked=asked or "")
        for task, prediction, asked in columns
    ]
    return joined.with_columns(pl.Series("answer", read, dtype=pl.String))


def _cells(frame: pl.DataFrame, *, by_source: bool = True) -> Iterator[_Cell]:
    for (task, language), rows in frame.group_by("task", "language", maintain_order=True):
        yield _cell(task, language, None, rows)
        if by_source and task == "translation":
            parts = rows.sort("source_language", "id").group_by(
                "source_language", maintain_order=True
            )
            for (source,), part in parts:
                yield _cell(task, language, source, part)


def _cell(task: Any, language: Any, source: Any, rows: pl.DataFrame) -> _Cell:
    return _Cell(
        task,
        language,
        source,
        rows["id"].to_list(),
        rows["answer"].to_list(),
        rows["references"].to_list(),
    )


def _metrics_of(task: str) -> list[tuple[str, ModuleType]]:
    return [
        (name, module)
        for name, module in discover("benchmarks.metrics").items()
        if task in module.TASKS
    ]


def _seed(seed: int, cell: _Cell) -> int:
    return seed_of(seed, [cell.task, cell.language, cell.source_language or "", *cell.ids])
