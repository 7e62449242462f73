"""ROUGE-1 (Lin 2004), F-measure."""

from __future__ import annotations

from benchmarks.metrics._base import Array, Segments, mean_of_rows
from benchmarks.metrics._rouge import Options as Options
from benchmarks.metrics._rouge import rouge, rouge_signature

NAME = "rouge1"
LABEL = "ROUGE-1"
DESCRIPTION = "words shared with the best reference, F-measure"
UNIT = "points"
TASKS = ("summarization",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
NUMBERS_REFERENCES = True


def statistics(segments: Segments, options: Options) -> Array:
    """Return (F-measure, 1) of each segment."""
    return rouge(NAME, segments, options)


def combine(sums: Array) -> Array:
    """Return the mean F-measure, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return stemmer, tokenizer, case and version."""
    return rouge_signature(NAME, language, options)
