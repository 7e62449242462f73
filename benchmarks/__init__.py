"""Benchmarks: from predictions and references to scores with uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.scoring import compare as compare
    from benchmarks.scoring import metrics as metrics
    from benchmarks.scoring import score as score
    from benchmarks.scoring import tasks as tasks
    from benchmarks.suite import Suite as Suite
    from benchmarks.suite import load_suite as load_suite
    from benchmarks.suite import suites as suites

_HOMES = {
    "Suite": "benchmarks.suite",
    "compare": "benchmarks.scoring",
    "load_suite": "benchmarks.suite",
    "metrics": "benchmarks.scoring",
    "score": "benchmarks.scoring",
    "suites": "benchmarks.suite",
    "tasks": "benchmarks.scoring",
}

__all__ = ["Suite", "compare", "load_suite", "metrics", "score", "suites", "tasks"]


def __getattr__(name: str) -> Any:
    """Import a function's module on first use, so that importing the room stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
