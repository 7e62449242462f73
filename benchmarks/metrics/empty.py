"""Share of answers with nothing in them."""

from __future__ import annotations

from benchmarks.metrics._base import ALL, Array, NoOptions, Segments, counted, mean_of_rows

LABEL = "empty"
DESCRIPTION = "share of answers without a visible character"
UNIT = "%"
TASKS = ALL
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if empty else 0, 1) of each segment."""
    return counted([not text.strip() for text in segments.answers])


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return what counts as empty."""
    return "empty|whitespace-only|v1"
