"""Share of answers that the limit of length cut off."""

from __future__ import annotations

import numpy as np

from benchmarks.metrics._base import ALL, Array, NoOptions, Segments, mean_of_rows

LABEL = "cut off"
DESCRIPTION = (
    "share of answers that did not end by themselves; where nobody told why they ended, none"
)
UNIT = "%"
TASKS = ALL
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if cut off else 0, 1) of each segment, (0, 0) where nobody told."""
    rows = [
        (float(reason.startswith("length")), float(not reason.startswith("none")))
        for reason in segments.stop_reasons
    ]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def combine(sums: Array) -> Array:
    """Return the share, in percent; NaN where nobody told."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return how it is known."""
    return "cut_off|stop-reason:length|v1"
