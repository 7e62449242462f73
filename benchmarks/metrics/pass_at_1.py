"""Pass@1 (Chen et al. 2021): programs that pass their tests."""

from __future__ import annotations

from benchmarks.metrics._base import Array, Segments, mean_of_rows
from benchmarks.metrics._programs import Options as Options
from benchmarks.metrics._programs import pass_signature, passes

NAME = "pass@1"
LABEL = "pass@1"
DESCRIPTION = "share of programs that pass their tests"
UNIT = "%"
TASKS = ("code",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: Options) -> Array:
    """Return (pass@1, 1) in one row of each record; zeros where it cannot be judged."""
    return passes(segments, options, 1)


def combine(sums: Array) -> Array:
    """Return the mean over records, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return estimator, limits and versions."""
    return pass_signature(1, options)
