"""chrF++ (Popović 2017, "chrF++: words helping character n-grams"), as sacrebleu computes it."""

from __future__ import annotations

from benchmarks.metrics._base import Array, NoOptions, Segments
from benchmarks.metrics._chrf import chrf_of, chrf_signature, chrf_statistics

NAME = "chrf++"
LABEL = "chrF2++"
DESCRIPTION = "chrF with words and pairs of words among its n-grams"
UNIT = "points"
TASKS = ("translation",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
NUMBERS_REFERENCES = True

_WORDS = 2


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (answer's, reference's, matching) n-grams of each order and segment."""
    return chrf_statistics(segments, _WORDS)


def combine(sums: Array) -> Array:
    """Return the score of summed statistics."""
    return chrf_of(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return sacrebleu's own signature."""
    return chrf_signature(_WORDS)
