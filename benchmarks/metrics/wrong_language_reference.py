"""Share of references that the identifier finds in the wrong language, with no allowance made."""

from __future__ import annotations

from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, mean_of_rows
from benchmarks.metrics._language import language_signature, wrong_references

LABEL = "wrong language: references"
DESCRIPTION = (
    "share of references that lid.176 and the script, uncalibrated, find in another language: high "
    "where the references are in another, or where lid.176 does not know this one (as Silesian)"
)
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if the first reference seems in the wrong language else 0, 1) of each segment."""
    return wrong_references(segments)


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return how languages are identified."""
    return language_signature("wrong_language_reference", language, calibrated=False)
