"""Who is ahead, and who only seems to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import list_metrics, list_tasks
from benchmarks.statistics import Difference, difference
from leaderboard.collect import Array, Run

# A difference that chance would give less often than this counts.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Place:
    """A system's place among others: 1 + how many are significantly better than it."""

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
    return difference(delta, one.draws[key] - two.draws[key])


def places(runs: Sequence[Run], task: str, language: str | None = None) -> list[Place]:
    """Return every system's place by a task's main metric.

    A system is better than another where the paired bootstrap's p-value of their difference is
    below 0.05. Systems that share a place cannot be told apart from one above them.
    """
    sign = 1.0 if list_metrics()[list_tasks()[task].main].higher_is_better else -1.0
    points = np.asarray([point(run, task, language) for run in runs]) * sign
    draws = np.stack([run.draws[task, language] for run in runs]) * sign
    ranks = [1 + _above(points, draws, number) for number in range(len(runs))]
    return [Place(rank, ranks.count(rank) > 1) for rank in ranks]


def _above(points: Array, draws: Array, number: int) -> int:
    """Count the systems significantly better than one."""
    return sum(
        difference(float(points[other] - points[number]), draws[other] - draws[number]).p_value
        < SIGNIFICANT
        for other in range(len(points))
        if points[other] > points[number]
    )


def by_place(runs: Sequence[Run], task: str, language: str | None = None) -> list[int]:
    """Return the systems' numbers, the best first: by place, then by score, then by name."""
    found = places(runs, task, language)
    sign = 1.0 if list_metrics()[list_tasks()[task].main].higher_is_better else -1.0
    return sorted(
        range(len(runs)),
        key=lambda n: (
            found[n].rank,
            -np.nan_to_num(point(runs[n], task, language) * sign, nan=-np.inf),
            runs[n].name,
        ),
    )
