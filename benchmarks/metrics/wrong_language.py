"""Share of answers in the wrong language."""

from __future__ import annotations

from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, mean_of_rows
from benchmarks.metrics._language import language_signature, wrong_answers

LABEL = "wrong language"
DESCRIPTION = (
    "share of answers not in the language asked for, by their script and lid.176; from 100 "
    "different references on, what it takes them for (but English) is put down to its errors, so "
    "read it beside wrong_language_reference; text in a language that it does not know (Hausa, Zulu, "
    "Xhosa) is found only where it knows the answers' own well (seldom in the place of "
    "Swahili); empty answers count as wrong, those of fewer than 20 letters by their script alone, "
    "and simplified and traditional Chinese as one; not measured where no script is known"
)
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)
SHARES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if in the wrong language else 0, 1) of each segment."""
    return wrong_answers(segments)


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return how languages are identified."""
    return language_signature("wrong_language", language, calibrated=True)
