"""Exact match of short answers (Rajpurkar et al. 2016), normalized by language (MLQA)."""

from __future__ import annotations

from benchmarks.metrics._answers import Options as Options
from benchmarks.metrics._answers import best, normalized, signature_of
from benchmarks.metrics._base import Array, Segments, mean_of_rows

LABEL = "exact match"
DESCRIPTION = "share of answers equal to a reference; case, punctuation and articles aside"
UNIT = "%"
TASKS = ("qa",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
SHARES = True
NUMBERS_REFERENCES = True


def statistics(segments: Segments, options: Options) -> Array:
    """Return (1 if equal to a reference else 0, 1) of each segment."""
    tag, how = segments.language, options.normalization
    return best(
        segments,
        lambda text, reference: float(
            normalized(text, tag, how) == normalized(reference, tag, how)
        ),
    )


def combine(sums: Array) -> Array:
    """Return the share of matches, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return the normalization."""
    return signature_of("exact_match", language, options)
