"""Every metric of every cell, with its resamples: what tables of scores are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, list_tasks, metrics_of, options_of
from benchmarks.scores.answers import Cell, answers, cells, distinct
from benchmarks.scores.means import Ends, Found, mean
from benchmarks.scores.statistics import Array, inflated, resampled, seed_of, spread_of


@dataclass(frozen=True)
class Measure:
    """A metric of a cell.

    Attributes:
        name: The metric.
        signature: Its signature, without the bootstrap's and the number of references.
        statistics: Its sufficient statistics of each record, shape (n, k).
        combine: From summed statistics to scores.
        within: The least and the greatest score there can be.
        shares: Whether each record is right or wrong, and the score is the share of one kind.
        references: How many references each record has; None where the signature tells nothing
            of them.
    """

    name: str
    signature: str
    statistics: Array
    combine: Any
    within: Ends = (None, None)
    shares: bool = False
    references: Sequence[int] | None = None

    @property
    def score(self) -> float:
        """The corpus's score."""
        return float(self.combine(self.statistics.sum(axis=0)))


def measures(cell: Cell, only: Sequence[str], options: MetricOptions) -> list[Measure]:
    """Return the metrics of a cell."""
    return [
        _measure_of(cell, name, module, options) for name, module in metrics_of(cell.task, only)
    ]


def _measure_of(cell: Cell, name: str, module: Any, options: MetricOptions) -> Measure:
    own = options_of(name, cell.language, options)
    segments = cell.segments
    # A share of several answers to one record, or records of one item, is no yes or no.
    once = len(segments) == cell.size == len(set(cell.items))
    starts = np.flatnonzero(np.diff(cell.records, prepend=-1)).tolist()
    return Measure(
        name,
        module.signature(cell.language, own),
        cell.by_record(module.statistics(segments, own)),
        module.combine,
        tuple(getattr(module, "WITHIN", (None, None))),
        once and bool(getattr(module, "SHARES", False)),
        [len(segments.references[start]) for start in starts]
        if getattr(module, "NUMBERS_REFERENCES", False)
        else None,
    )


def _signature(one: Measure, rows: Sequence[int]) -> str:
    """Return a signature with the number of references in it, as sacrebleu tells it."""
    if one.references is None:
        return one.signature
    counts = {one.references[row] for row in rows}
    many = str(counts.pop()) if len(counts) == 1 else "var"
    name, *rest = one.signature.split("|")
    return "|".join([name, f"nrefs:{many}", *rest])


def measure(
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
        by_source: Whether tasks for which it matters (translation) are measured by source language too.
        means: Whether the means over languages come too.
    """
    whole: dict[tuple[str, str], list[Found]] = {}
    for cell in cells(answers(predictions, records)):
        metrics = measures(cell, only, options or {})
        together = list(_resampled(cell, None, metrics, resamples, seed))
        for found in together:
            whole.setdefault((cell.task, found.metric), []).append(found)
            yield found
        if by_source and list_tasks()[cell.task].by_source:
            yield from _by_source(cell, together, metrics, resamples, seed)
    if means:
        for (task, name), parts in whole.items():
            yield mean(parts, task, name)


def _by_source(
    cell: Cell, together: list[Found], metrics: list[Measure], resamples: int, seed: int
) -> Iterator[Found]:
    """Measure the records from each source language; where all are from one, they are measured."""
    if len(set(cell.sources)) == 1 and cell.sources[0] is not None:
        for found in together:
            yield replace(found, source_language=cell.sources[0])
        return
    for source in sorted({source for source in cell.sources if source is not None}):
        yield from _resampled(cell, source, metrics, resamples, seed)


def _resampled(
    cell: Cell, source: str | None, metrics: list[Measure], resamples: int, seed: int
) -> Iterator[Found]:
    """Resample all metrics of a cell at once, or of its records from one source language."""
    if not metrics:
        return
    beside = np.concatenate([one.statistics for one in metrics], axis=1)
    # What is asked of a pair of languages is some of what is asked in the target language.
    rows = [number for number, one in enumerate(cell.sources) if source in (None, one)]
    beside, items = beside[rows], [cell.items[number] for number in rows]
    names, starts = distinct(items)
    drawn = tuple(names)
    together = np.add.reduceat(beside, starts, axis=0)
    sums = resampled(together, resamples=resamples, seed=cell_seed(seed, cell.task, names))
    ends = np.cumsum([one.statistics.shape[1] for one in metrics])
    for one, (start, end) in zip(metrics, pairwise([0, *ends]), strict=True):
        own = together[:, start:end]
        total = beside[:, start:end].sum(axis=0)
        # An item that no metric could count anything of says nothing.
        measured = np.asarray(own.any(axis=1))
        score, count = float(one.combine(total)), int(measured.sum())
        if count == 0 and not math.isnan(score):
            measured, count = np.ones_like(measured), len(measured)
        draws = inflated(one.combine(sums[:, start:end]), count)
        yield Found(
            cell.task,
            cell.language,
            source,
            one.name,
            score,
            draws,
            len(items),
            drawn,
            count,
            spread_of(draws, count),
            _signature(one, rows),
            one.within,
            one.shares,
            _effects(one, own, total, measured) if source is None else np.empty(0),
        )


def _effects(one: Measure, own: Array, total: Array, measured: Any) -> Array:
    """Return how far each item moves a score; see `Found`."""
    found = np.zeros(len(own))
    count = int(measured.sum())
    if count > 1:
        moved = one.combine(total) - one.combine(total - own[measured])
        found[measured] = np.nan_to_num(moved) * math.sqrt((count - 1) / count)
    return found


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
        By task and language what was found; the language is None for the mean of the languages,
        which has no resamples of its own: differences of means are means of differences (`minus`).
    """
    if mains is None:
        mains = {name: task.main for name, task in list_tasks().items()}
    found = measure(
        predictions, records, resamples=resamples, seed=seed, only=tuple(mains.values()),
        options=options, by_source=False,
    )  # fmt: skip
    return {(one.task, one.language): one for one in found if mains.get(one.task) == one.metric}
