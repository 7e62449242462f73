"""Repetition: how many 4-grams of an answer it has said before."""

from __future__ import annotations

import numpy as np

from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, mean_of_rows
from benchmarks.metrics._text import tokens

LABEL = "repetition"
DESCRIPTION = "share of an answer's 4-grams of words that it has said before (seq-rep-4)"
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False
WITHIN = (0.0, 100.0)

_ORDER = 4


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (share of repeated 4-grams, 1) of each segment, (0, 0) of those without a 4-gram.

    The measure is seq-rep-4 of Welleck et al. 2020, "Neural Text Generation with Unlikelihood
    Training", over words (characters where there are no spaces) rather than a model's tokens.
    """
    rows = []
    for text in segments.answers:
        words = tokens(text)
        grams = [tuple(words[n : n + _ORDER]) for n in range(len(words) - _ORDER + 1)]
        share = 1.0 - len(set(grams)) / len(grams) if grams else 0.0
        rows.append((share, float(bool(grams))))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def combine(sums: Array) -> Array:
    """Return the mean share, in percent; NaN where no answer has a 4-gram."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return order and tokenizer."""
    return "repetition|seq-rep-4|tok:unicode-words+chars-where-unspaced-v2|v1"
