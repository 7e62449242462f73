"""Benchmarks: from predictions and references to scores with uncertainty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isogloss.lazy import lazily

if TYPE_CHECKING:
    from benchmarks.catalog import check_metrics as check_metrics
    from benchmarks.catalog import list_metrics as list_metrics
    from benchmarks.catalog import list_tasks as list_tasks
    from benchmarks.scores.cells import main_draws as main_draws
    from benchmarks.scores.compare import compare as compare
    from benchmarks.scores.compare import rank as rank
    from benchmarks.scores.groups import summarize as summarize
    from benchmarks.scores.score import score as score
    from benchmarks.scores.transfer import Transfer as Transfer
    from benchmarks.scores.transfer import transfer as transfer
    from benchmarks.suites.file import Selection as Selection
    from benchmarks.suites.loading import Suite as Suite
    from benchmarks.suites.loading import list_suites as list_suites
    from benchmarks.suites.loading import load_suite as load_suite
    from benchmarks.suites.loading import suite_hash as suite_hash
    from benchmarks.suites.loading import with_options as with_options
    from benchmarks.suites.texts import suite_texts as suite_texts

_HOMES = {
    "Selection": "benchmarks.suites.file",
    "Suite": "benchmarks.suites.loading",
    "Transfer": "benchmarks.scores.transfer",
    "check_metrics": "benchmarks.catalog",
    "compare": "benchmarks.scores.compare",
    "list_metrics": "benchmarks.catalog",
    "list_suites": "benchmarks.suites.loading",
    "list_tasks": "benchmarks.catalog",
    "load_suite": "benchmarks.suites.loading",
    "main_draws": "benchmarks.scores.cells",
    "rank": "benchmarks.scores.compare",
    "score": "benchmarks.scores.score",
    "suite_hash": "benchmarks.suites.loading",
    "suite_texts": "benchmarks.suites.texts",
    "with_options": "benchmarks.suites.loading",
    "summarize": "benchmarks.scores.groups",
    "transfer": "benchmarks.scores.transfer",
}

__all__ = sorted(_HOMES)

__getattr__ = lazily(__name__, _HOMES)
