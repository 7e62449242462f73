"""F1 of the words of short answers (Rajpurkar et al. 2016), cut by language (MLQA)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from benchmarks.metrics._base import Array, check, mean_of_rows
from benchmarks.metrics._text import answer, segments

LABEL = "F1"
DESCRIPTION = "words shared with the best reference, F1; characters where there are no spaces"
UNIT = "points"
TASKS = ("qa",)
HIGHER_IS_BETTER = True


def statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> Array:
    """Return (best F1 over the references, 1) of each segment."""
    check(predictions, references)
    rows = [
        (max(_f1(text, reference, language) for reference in accepted), 1.0)
        for text, accepted in zip(predictions, references, strict=True)
    ]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def _f1(prediction: str, reference: str, language: str) -> float:
    ours, theirs = (Counter(segments(answer(text, language))) for text in (prediction, reference))
    if not ours or not theirs:
        return float(ours == theirs)
    shared = (ours & theirs).total()
    return 2.0 * shared / (ours.total() + theirs.total())


def combine(sums: Array) -> Array:
    """Return the mean F1, in percent."""
    return mean_of_rows(sums)


def signature(language: str) -> str:
    """Return normalization and tokenizer."""
    base = language.split("-")[0]
    return f"f1|norm:NFKC+casefold-punct-articles[{base}]|tok:words+chars-where-unspaced|v1"
