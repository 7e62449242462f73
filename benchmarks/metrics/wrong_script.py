"""Share of answers in the wrong script."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.metrics import _language
from benchmarks.metrics._base import PROSE, Array, check, mean_of_rows

LABEL = "wrong script"
DESCRIPTION = (
    "share of answers whose letters are mostly not of the language's script; empty ones count"
)
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = False


def statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> Array:
    """Return (1 if in the wrong script else 0, 1) of each segment."""
    check(predictions, references)
    texts = predictions
    wrong = [not _language.in_script(text, language) for text in texts]
    return np.stack([np.asarray(wrong, dtype=np.float64), np.ones(len(wrong))], axis=-1)


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str) -> str:
    """Return the judge."""
    return "wrong_script|script>=50%|v1"
