"""Judging a few answers with one metric, as tests of metrics do."""

from __future__ import annotations

from typing import Any

from benchmarks.catalog import options_of
from benchmarks.metrics._base import Array, Segments
from isogloss.plugins import discover

#: Every metric but those with a model of their own, which take another package.
METRICS = {
    name: module
    for name, module in discover("benchmarks.metrics").items()
    if name not in ("bertscore", "comet")
}


def statistics(
    name: str, answers: list[str], references: list[list[str]], language: str, **options: Any
) -> Array:
    """Return a metric's statistics of each answer."""
    chosen = options_of(name, language, {name: options})
    found: Array = METRICS[name].statistics(Segments(answers, references, language), chosen)
    return found


def total(
    name: str, answers: list[str], references: list[list[str]], language: str, **options: Any
) -> float:
    """Return a metric's score of a corpus."""
    found = statistics(name, answers, references, language, **options)
    return float(METRICS[name].combine(found.sum(axis=0)))


def signature(name: str, language: str, **options: Any) -> str:
    """Return a metric's signature."""
    return str(METRICS[name].signature(language, options_of(name, language, {name: options})))
