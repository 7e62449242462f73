"""Who is ahead, and who only seems to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import list_metrics, list_tasks
from benchmarks.statistics import Difference, difference, ranks
from leaderboard.collect import Run


@dataclass(frozen=True)
class Place:
    """A system's place among others: that of the first of its cluster, counted from 1."""

    rank: int
    tied: bool


def point(run: Run, task: str, language: str | None) -> float:
    """Return a system's main score of a task in a language (None: the mean of the languages)."""
    row = run.cells.get((task, list_tasks()[task].main, language, None))
    return float("nan") if row is None else float(row["score"])


def contrast(one: Run, two: Run, task: str, language: str | None) -> Difference:
    """Return the difference of two systems' main scores, one minus two, by paired bootstrap."""
    key = (task, language)
    delta = point(one, task, language) - point(two, task, language)
    ours, theirs = one.draws[key], two.draws[key]
    return difference(delta, ours.draws - theirs.draws, items=ours.items)


def places(runs: Sequence[Run], task: str, language: str | None = None) -> list[Place]:
    """Return every system's place by a task's main metric: that of its cluster, as WMT draws them.

    Systems that share a place cannot all be told apart; see `benchmarks.statistics.ranks`.
    """
    sign = 1.0 if list_tasks()[task].main in _rising() else -1.0
    points = np.asarray([point(run, task, language) for run in runs]) * sign
    drawn = [run.draws[task, language] for run in runs]
    found = ranks(points, np.stack([one.draws for one in drawn]) * sign, items=drawn[0].items)
    return [Place(rank, found.count(rank) > 1) for rank in found]


def _rising() -> set[str]:
    return {name for name, metric in list_metrics().items() if metric.descending}


def by_place(runs: Sequence[Run], task: str, language: str | None = None) -> list[int]:
    """Return the systems' numbers, the best first: by place, then by score, then by name."""
    found = places(runs, task, language)
    sign = 1.0 if list_tasks()[task].main in _rising() else -1.0
    return sorted(
        range(len(runs)),
        key=lambda n: (
            found[n].rank,
            -np.nan_to_num(point(runs[n], task, language) * sign, nan=-np.inf),
            runs[n].name,
        ),
    )
