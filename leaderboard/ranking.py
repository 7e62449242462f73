"""Who is ahead, and who only seems to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import list_metrics, list_tasks
from benchmarks.scores import compare
from benchmarks.scores.means import Found, minus, pooled
from leaderboard.collect import Run


@dataclass(frozen=True)
class Place:
    """A system's place among others: that of the first of its cluster, counted from 1.

    Attributes:
        rank: The place; after all others where the system has no score.
        tied: Whether others share it.
        scored: Whether the system has a score.
    """

    rank: int
    tied: bool
    scored: bool


def point(run: Run, task: str, language: str | None) -> float:
    """Return a system's main score of a task in a language (None: the mean of the languages)."""
    row = run.cells.get((task, list_tasks()[task].main, language, None))
    return float("nan") if row is None else float(row["score"])


def contrast(one: Run, two: Run, task: str, language: str | None) -> tuple[Found, Found, Found]:
    """Return two systems' main scores, and one minus two by paired bootstrap.

    For the mean of the languages (None) those of the languages in which both have a score.
    """
    languages = [(ours, theirs) for ours, theirs in _languages([one, two], task)]
    if language is None:
        return compare.mean_difference(languages)
    ours, theirs = one.draws[task, language], two.draws[task, language]
    return ours, theirs, pooled(minus(ours, theirs), [minus(*pair) for pair in languages])


def places(runs: Sequence[Run], task: str, language: str | None = None) -> list[Place]:
    """Return every system's place by a task's main metric: that of its cluster, as WMT draws them.

    Systems that share a place cannot all be kept apart; see `benchmarks.scores.statistics.ranks`.
    """
    entries = [run.draws[task, language] for run in runs]
    found = compare.places(
        entries, _languages(runs, task), higher=list_tasks()[task].main in _rising()
    )
    return [
        Place(rank, found.count(rank) > 1, one.measured)
        for rank, one in zip(found, entries, strict=True)
    ]


def _languages(runs: Sequence[Run], task: str) -> list[list[Found]]:
    """Return for each of a task's languages what was found of each system."""
    keys = [key for key in runs[0].draws if key[0] == task and key[1] is not None]
    return [[run.draws[key] for run in runs] for key in keys]


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
