"""Every metric of every cell, with its resamples: what tables of scores are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, list_tasks, metrics_of, options_of
from benchmarks.reading import Cell, answers, cells, distinct
from benchmarks.statistics import Array, resampled, seed_of


@dataclass(frozen=True)
class Measure:
    """A metric of a cell.

    Attributes:
        name: The metric.
        module: Its module.
        signature: Its signature, without the bootstrap's.
        statistics: Its sufficient statistics of each record, shape (n, k).
        combine: From summed statistics to scores.
    """

    name: str
    signature: str
    statistics: Array
    combine: Any

    @property
    def score(self) -> float:
        """The corpus's score."""
        return float(self.combine(self.statistics.sum(axis=0)))


@dataclass(frozen=True)
class Found:
    """A metric of a cell, or of a task's languages together: its score, and that of resamples.

    Attributes:
        task: The task.
        language: The language of the answers; None for the mean of languages.
        source_language: The language of what was asked about; None for all together.
        metric: The metric.
        score: The score.
        draws: The score of each resample; NaN throughout where there is but one item.
        n: The number of records.
        names: The items that were resampled; of a mean, of all its languages.
        signature: The metric's signature, without the bootstrap's.
    """

    task: str
    language: str | None
    source_language: str | None
    metric: str
    score: float
    draws: Array
    n: int
    names: frozenset[str]
    signature: str

    @property
    def items(self) -> int:
        """The number of items."""
        return len(self.names)


def measures(cell: Cell, only: Sequence[str], options: MetricOptions) -> list[Measure]:
    """Return the metrics of a cell."""
    return [_measure(cell, name, module, options) for name, module in metrics_of(cell.task, only)]


def _measure(cell: Cell, name: str, module: ModuleType, options: MetricOptions) -> Measure:
    chosen = options_of(name, cell.language, options)
    statistics = cell.by_record(module.statistics(cell.segments, chosen))
    return Measure(name, module.signature(cell.language, chosen), statistics, module.combine)


def measured(
    predictions: pl.DataFrame,
    records: pl.DataFrame,
    *,
    resamples: int,
    seed: int,
    only: Sequence[str] = (),
    options: MetricOptions | None = None,
    by_source: bool = True,
    means: bool = True,
) -> Iterator[Found]:
    """Measure every cell with the metrics of its task, then each task's mean over languages.

    Items are resampled, each with all its records. The languages and pairs of languages that have
    the same items are resampled alike, as are systems: what is hard in one is hard in the others.

    Args:
        predictions: As for `benchmarks.score`.
        records: As for `benchmarks.score`.
        resamples: Bootstrap resamples of each score.
        seed: Their seed.
        only: The metrics; every one that needs no asking where empty.
        options: Options of metrics.
        by_source: Whether translations are measured by source language too.
        means: Whether the means over languages come too.
    """
    whole: dict[tuple[str, str], list[Found]] = {}
    for cell in cells(answers(predictions, records)):
        chosen = measures(cell, only, options or {})
        together = list(_resampled(cell, None, chosen, resamples, seed))
        for found in together:
            whole.setdefault((cell.task, found.metric), []).append(found)
            yield found
        if by_source and cell.task == "translation":
            yield from _by_source(cell, together, chosen, resamples, seed)
    if means:
        for (task, name), parts in whole.items():
            yield mean(parts, task, name)


def _by_source(
    cell: Cell, together: list[Found], measured: list[Measure], resamples: int, seed: int
) -> Iterator[Found]:
    """Measure the records from each source language; where all are from one, they are measured."""
    if len(set(cell.sources)) == 1 and cell.sources[0] is not None:
        for found in together:
            yield replace(found, source_language=cell.sources[0])
        return
    for source in sorted({source for source in cell.sources if source is not None}):
        yield from _resampled(cell, source, measured, resamples, seed)


def _resampled(
    cell: Cell, source: str | None, measured: list[Measure], resamples: int, seed: int
) -> Iterator[Found]:
    """Resample all metrics of a cell at once, or of its records from one source language."""
    if not measured:
        return
    beside = np.concatenate([one.statistics for one in measured], axis=1)
    items = cell.items
    if source is not None:
        # What is asked of a pair of languages is some of what is asked in the target language.
        rows = [number for number, one in enumerate(cell.sources) if one == source]
        beside, items = beside[rows], [items[number] for number in rows]
    names, starts = distinct(items)
    together = np.add.reduceat(beside, starts, axis=0)
    sums = resampled(together, resamples=resamples, seed=cell_seed(seed, cell.task, names))
    ends = np.cumsum([one.statistics.shape[1] for one in measured])[:-1]
    totals = np.split(beside.sum(axis=0), ends)
    for one, total, part in zip(measured, totals, np.split(sums, ends, axis=1), strict=True):
        yield Found(
            cell.task,
            cell.language,
            source,
            one.name,
            float(one.combine(total)),
            one.combine(part) if len(names) > 1 else np.full(resamples, np.nan),
            len(items),
            frozenset(names),
            one.signature,
        )


def mean(parts: Sequence[Found], task: str, metric: str) -> Found:
    """Return the mean of languages, each counted alike.

    A language that cannot be judged (NaN) is left out.
    """
    judged = [part for part in parts if not np.isnan(part.score)]
    signatures = sorted({part.signature for part in judged})
    nothing = np.full(len(parts[0].draws) if parts else 0, np.nan)
    return Found(
        task,
        None,
        None,
        metric,
        float(np.mean([part.score for part in judged])) if judged else float("nan"),
        np.mean([part.draws for part in judged], axis=0) if judged else nothing,
        sum(part.n for part in judged),
        frozenset().union(*(part.names for part in judged)),
        f"mean-of-languages:{len(judged)}|" + " ".join(signatures),
    )


def cell_seed(seed: int, task: str, items: Sequence[str]) -> int:
    """Return the seed of resamples: of the items that are asked, not of who answers in what."""
    return seed_of(seed, [task, *items])


def main_draws(
    predictions: pl.DataFrame,
    records: pl.DataFrame,
    *,
    resamples: int = 1000,
    seed: int = 42,
    mains: Mapping[str, str] | None = None,
    options: MetricOptions | None = None,
) -> dict[tuple[str, str | None], Found]:
    """Return one metric of each task and language, with its score in every bootstrap resample.

    Args:
        predictions: As for `score`.
        records: As for `score`.
        resamples: How many resamples.
        seed: The seed; with the same, any two systems' resamples are pairs.
        mains: The metric of each task; its main one where None.
        options: As for `score`.

    Returns:
        By task and language what was found; the language is None for the mean of the languages.
    """
    if mains is None:
        mains = {name: task.main for name, task in list_tasks().items()}
    found = measured(
        predictions, records, resamples=resamples, seed=seed, only=tuple(mains.values()),
        options=options, by_source=False,
    )  # fmt: skip
    return {(one.task, one.language): one for one in found if mains.get(one.task) == one.metric}
