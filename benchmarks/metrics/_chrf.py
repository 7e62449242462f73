"""chrF and chrF++, as sacrebleu computes them (Popović 2015, 2017)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.metrics._base import Array, Segments, streams

_CHARACTERS = 6
_BETA_SQUARED = 4.0
_REMEMBERED = 4


@lru_cache(maxsize=_REMEMBERED)
def _chrf(words: int, references: tuple[tuple[Any, ...], ...]) -> Any:
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(word_order=words, references=[list(one) for one in references])


def chrf_statistics(segments: Segments, words: int) -> Array:
    """Return, for each order, (answer's, reference's, matching) n-grams of each segment.

    Orders are 6 of characters, then ``words`` of words. Of several references the one with the
    best segment score counts, as in sacrebleu.
    """
    width = 3 * (_CHARACTERS + words)
    if not len(segments):
        return np.zeros((0, width))
    metric = _chrf(words, tuple(tuple(one) for one in streams(segments.references)))
    rows = metric._extract_corpus_statistics(list(segments.answers), None)
    return np.asarray(rows, dtype=np.float64).reshape(-1, width)


def chrf_of(sums: Array) -> Array:
    """Return chrF of summed statistics, whatever the orders: sacrebleu's, over arrays."""
    answers, wanted, matches = sums[..., 0::3], sums[..., 1::3], sums[..., 2::3]
    effective = (answers > 0) & (wanted > 0)
    orders = np.maximum(effective.sum(axis=-1), 1)
    precision = np.where(effective, matches / np.maximum(answers, 1), 0.0).sum(axis=-1) / orders
    recall = np.where(effective, matches / np.maximum(wanted, 1), 0.0).sum(axis=-1) / orders
    below = _BETA_SQUARED * precision + recall
    above = (1 + _BETA_SQUARED) * precision * recall
    return np.asarray(100.0 * np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def chrf_signature(words: int) -> str:
    """Return sacrebleu's own signature."""
    from sacrebleu import __version__

    name = "chrF2" + "+" * words
    return f"{name}|case:mixed|eff:yes|nc:{_CHARACTERS}|nw:{words}|space:no|sacrebleu:{__version__}"
