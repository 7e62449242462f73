"""Share of answers in the wrong script."""

from __future__ import annotations

from benchmarks.metrics import _language
from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, counted, mean_of_rows

LABEL = "wrong script"
DESCRIPTION = (
    "share of answers whose letters are mostly not of the language's script; empty ones count"
)
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if in the wrong script else 0, 1) of each segment."""
    return counted([not _language.in_script(text, segments.language) for text in segments.answers])


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return the judge."""
    return "wrong_script|script>=50%|v1"
