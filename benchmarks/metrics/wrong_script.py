"""Share of answers in the wrong script."""

from __future__ import annotations

from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, mean_of_rows
from benchmarks.metrics._language import wrong_scripts

LABEL = "wrong script"
DESCRIPTION = (
    "share of answers whose letters are mostly not of the language's script; empty ones count; not "
    "measured where CLDR knows no script of the language"
)
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if in the wrong script else 0, 1) of each segment."""
    return wrong_scripts(segments)


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return the rule."""
    return "wrong_script|script>=50%|v2"
