"""chrF, as sacrebleu computes it (Popović 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from benchmarks.metrics._base import Array, check, streams

LABEL = "chrF2"
DESCRIPTION = "F-score of character n-grams up to 6, recall counted twice"
UNIT = "points"
TASKS = ("translation",)
HIGHER_IS_BETTER = True

_ORDER = 6
_BETA_SQUARED = 4.0


@cache
def _chrf() -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> Array:
    """Return, for each of the 6 orders, (answer's, reference's, matching) n-grams of each segment.

    Of several references the one with the best segment score counts, as in sacrebleu.
    """
    check(predictions, references)
    rows = _chrf()._extract_corpus_statistics(list(predictions), streams(references))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 3 * _ORDER)


def combine(sums: Array) -> Array:
    """Return chrF of summed statistics: sacrebleu's, over arrays."""
    answers, wanted, matches = sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]
    effective = (answers > 0) & (wanted > 0)
    orders = np.maximum(effective.sum(axis=-1), 1)
    precision = np.where(effective, matches / np.maximum(answers, 1), 0.0).sum(axis=-1) / orders
    recall = np.where(effective, matches / np.maximum(wanted, 1), 0.0).sum(axis=-1) / orders
    below = _BETA_SQUARED * precision + recall
    above = (1 + _BETA_SQUARED) * precision * recall
    return np.asarray(100.0 * np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def signature(language: str) -> str:
    """Return sacrebleu's own signature."""
    from sacrebleu import __version__

    return f"chrF2|case:mixed|eff:yes|nc:6|nw:0|space:no|sacrebleu:{__version__}"
