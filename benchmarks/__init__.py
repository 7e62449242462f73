"""Benchmarks: from predictions and references to scores with uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from benchmarks.aggregates import summarize as summarize
    from benchmarks.catalog import check_metrics as check_metrics
    from benchmarks.catalog import list_metrics as list_metrics
    from benchmarks.catalog import list_tasks as list_tasks
    from benchmarks.comparing import compare as compare
    from benchmarks.comparing import rank as rank
    from benchmarks.measuring import main_draws as main_draws
    from benchmarks.scoring import score as score
    from benchmarks.suite import Suite as Suite
    from benchmarks.suite import list_suites as list_suites
    from benchmarks.suite import load_suite as load_suite
    from benchmarks.suite import suite_hash as suite_hash
    from benchmarks.suite import with_options as with_options
    from benchmarks.suitefile import Choice as Choice
    from benchmarks.transferring import Transfer as Transfer
    from benchmarks.transferring import transfer as transfer

_HOMES = {
    "Choice": "benchmarks.suitefile",
    "Suite": "benchmarks.suite",
    "Transfer": "benchmarks.transferring",
    "check_metrics": "benchmarks.catalog",
    "compare": "benchmarks.comparing",
    "list_metrics": "benchmarks.catalog",
    "list_suites": "benchmarks.suite",
    "list_tasks": "benchmarks.catalog",
    "load_suite": "benchmarks.suite",
    "main_draws": "benchmarks.measuring",
    "rank": "benchmarks.comparing",
    "score": "benchmarks.scoring",
    "suite_hash": "benchmarks.suite",
    "with_options": "benchmarks.suite",
    "summarize": "benchmarks.aggregates",
    "transfer": "benchmarks.transferring",
}

__all__ = sorted(_HOMES)

__getattr__ = lazily(__name__, _HOMES)
