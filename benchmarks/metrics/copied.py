"""Share of answers that only say the input again."""

from __future__ import annotations

import numpy as np

from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, mean_of_rows
from benchmarks.metrics._text import folded

LABEL = "copied"
DESCRIPTION = "share of answers equal to their input, where no reference is; case and spaces aside"
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if copied else 0, 1) of each segment, (0, 0) where copying would be right."""
    rows = []
    for text, given, accepted in zip(
        segments.answers, segments.inputs, segments.references, strict=True
    ):
        wanted = {_plain(one) for one in accepted}
        counts = bool(given.strip()) and _plain(given) not in wanted
        rows.append((float(counts and _plain(text) == _plain(given)), float(counts)))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def _plain(text: str) -> str:
    return " ".join(folded(text).split())


def combine(sums: Array) -> Array:
    """Return the share, in percent; NaN where there is no input."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return the normalization."""
    return "copied|norm:NFKC+casefold+spaces|v1"
