"""Exact match of short answers (Rajpurkar et al. 2016), normalized by language (MLQA)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.metrics._base import Array, check, mean_of_rows
from benchmarks.metrics._text import answer

LABEL = "exact match"
DESCRIPTION = "share of answers equal to a reference; case, punctuation and articles aside"
UNIT = "%"
TASKS = ("qa",)
HIGHER_IS_BETTER = True


def statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> Array:
    """Return (1 if equal to a reference else 0, 1) of each segment."""
    check(predictions, references)
    rows = [
        (float(answer(text, language) in {answer(one, language) for one in accepted}), 1.0)
        for text, accepted in zip(predictions, references, strict=True)
    ]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def combine(sums: Array) -> Array:
    """Return the share of matches, in percent."""
    return mean_of_rows(sums)


def signature(language: str) -> str:
    """Return the normalization."""
    return f"exact_match|norm:NFKC+casefold-punct-articles[{language.split('-')[0]}]|v1"
