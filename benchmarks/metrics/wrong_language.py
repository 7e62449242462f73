"""Share of answers in the wrong language."""

from __future__ import annotations

from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, mean_of_rows
from benchmarks.metrics._language import judge_signature, shares

LABEL = "wrong language"
DESCRIPTION = (
    "share of answers not in the language asked for, by script and langdetect; empty ones count. "
    "langdetect errs between close languages: read it beside wrong_language_reference"
)
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if in the wrong language else 0, 1) of each segment, (0, 0) if nobody can tell."""
    return shares(segments.answers, segments.language)


def combine(sums: Array) -> Array:
    """Return the share, in percent; NaN for a language that cannot be judged."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return the judge."""
    return judge_signature("wrong_language", language)
