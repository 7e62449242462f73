"""Share of texts with reasoning in them."""

from __future__ import annotations

from benchmarks.metrics._base import ALL, Array, NoOptions, Segments, counted, mean_of_rows

LABEL = "reasoning"
DESCRIPTION = (
    "share of texts with reasoning in them, such as <think> … </think>; it is taken off before "
    "anything is scored, and where it does not end, the answer is empty"
)
UNIT = "%"
TASKS = ALL
HIGHER_IS_BETTER = None
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if reasoning was taken off else 0, 1) of each segment."""
    return counted([bool(text) for text in segments.reasoning])


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return how it is found."""
    return "reasoning|marks|v2"
