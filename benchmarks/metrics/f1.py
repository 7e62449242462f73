"""F1 of the words of short answers (Rajpurkar et al. 2016), cut by language (MLQA)."""

from __future__ import annotations

from benchmarks.metrics._answers import Options as Options
from benchmarks.metrics._answers import best, f1, signature_of
from benchmarks.metrics._base import Array, Segments, mean_of_rows

LABEL = "F1"
DESCRIPTION = "words shared with the best reference, F1; characters where there are no spaces"
UNIT = "points"
TASKS = ("qa",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
NUMBERS_REFERENCES = True


def statistics(segments: Segments, options: Options) -> Array:
    """Return (best F1 over the references, 1) of each segment."""
    tag, how = segments.language, options.normalization
    return best(segments, lambda text, reference: f1(text, reference, tag, how))


def combine(sums: Array) -> Array:
    """Return the mean F1, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return normalization and tokenizer."""
    return signature_of("f1", language, options)
