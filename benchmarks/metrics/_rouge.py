"""ROUGE (Lin 2004) by Google's rouge-score, with a tokenizer for every script."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from benchmarks.metrics._base import Array, check
from benchmarks.metrics._text import tokens


class _Tokenizer:
    """rouge-score's own keeps only a-z and 0-9: every other script would score 0."""

    def tokenize(self, text: str) -> list[str]:
        return tokens(text)


@cache
def _scorer(kind: str) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer([kind], tokenizer=_Tokenizer())


def rouge(kind: str, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Array:
    """Return (best F-measure over the references, 1) of each segment, shape (n, 2)."""
    check(predictions, references)
    scorer = _scorer(kind)
    best = [
        max(scorer.score(reference, prediction)[kind].fmeasure for reference in accepted)
        for prediction, accepted in zip(predictions, references, strict=True)
    ]
    return np.stack([np.asarray(best, dtype=np.float64), np.ones(len(best))], axis=-1)


def rouge_signature(kind: str) -> str:
    """Return the signature of one kind of ROUGE."""
    from importlib.metadata import version

    return (
        f"{kind}|F1|stem:no|case:fold|norm:NFKC|tok:unicode-words+chars-where-unspaced|refs:max"
        f"|rouge-score:{version('rouge-score')}"
    )
