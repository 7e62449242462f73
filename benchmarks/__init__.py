"""Benchmarks: from predictions and references to scores with uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from benchmarks.scoring import compare as compare
    from benchmarks.scoring import list_metrics as list_metrics
    from benchmarks.scoring import list_tasks as list_tasks
    from benchmarks.scoring import main_draws as main_draws
    from benchmarks.scoring import score as score
    from benchmarks.suite import Suite as Suite
    from benchmarks.suite import list_suites as list_suites
    from benchmarks.suite import load_suite as load_suite
    from benchmarks.suite import suite_hash as suite_hash

_HOMES = {
    "Suite": "benchmarks.suite",
    "compare": "benchmarks.scoring",
    "list_metrics": "benchmarks.scoring",
    "list_suites": "benchmarks.suite",
    "list_tasks": "benchmarks.scoring",
    "load_suite": "benchmarks.suite",
    "main_draws": "benchmarks.scoring",
    "score": "benchmarks.scoring",
    "suite_hash": "benchmarks.suite",
}

__all__ = [
    "Suite",
    "compare",
    "list_metrics",
    "list_suites",
    "list_tasks",
    "load_suite",
    "main_draws",
    "score",
    "suite_hash",
]

__getattr__ = lazily(__name__, _HOMES)
