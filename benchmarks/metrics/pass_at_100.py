"""Pass@100 (Chen et al. 2021): problems that one of 100 samples solves."""

from __future__ import annotations

from benchmarks.metrics._base import Array, Segments, mean_of_rows
from benchmarks.metrics._programs import Options as Options
from benchmarks.metrics._programs import pass_signature, passes

NAME = "pass@100"
LABEL = "pass@100"
DESCRIPTION = "chance that one of 100 samples passes its tests; of records with as many samples"
UNIT = "%"
TASKS = ("code",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)


def statistics(segments: Segments, options: Options) -> Array:
    """Return (pass@100, 1) in one row of each record; zeros where it cannot be judged."""
    return passes(segments, options, 100)


def combine(sums: Array) -> Array:
    """Return the mean over records, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return estimator, limits and versions."""
    return pass_signature(100, options)
