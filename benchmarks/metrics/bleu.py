"""BLEU, as sacrebleu computes it (Papineni et al. 2002; Post 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from benchmarks.metrics._base import Array, check, streams
from benchmarks.metrics._text import UNSPACED
from isogloss.languages import describe

LABEL = "BLEU"
DESCRIPTION = "n-gram precision against the references, with a brevity penalty"
UNIT = "points"
TASKS = ("translation",)
HIGHER_IS_BETTER = True

_ORDER = 4

# sacrebleu's 13a splits at spaces: on text without any, a sentence would be one word.
_TOKENIZERS = {
    **dict.fromkeys(UNSPACED, "char"),
    **dict.fromkeys(("Hans", "Hant", "Hani"), "zh"),
    "Jpan": "ja-mecab",
    "Kore": "ko-mecab",
}


def tokenizer(language: str) -> str:
    """Return sacrebleu's name of the tokenizer that a language's script needs."""
    return _TOKENIZERS.get(describe(language).script, "13a")


@cache
def _bleu(name: str) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    # Answers of models are not tokenized corpora; the check for those would only print.
    return BLEU(tokenize=name, force=True)


def statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> Array:
    """Return (answer length, reference length, 4 matches, 4 totals) of each segment."""
    check(predictions, references)
    metric = _bleu(tokenizer(language))
    rows = metric._extract_corpus_statistics(list(predictions), streams(references))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2 + 2 * _ORDER)


def combine(sums: Array) -> Array:
    """Return BLEU of summed statistics, with sacrebleu's exponential smoothing.

    Equal to ``sacrebleu.metrics.BLEU.compute_bleu`` but for rounding, over arrays.
    """
    length, wanted = sums[..., 0], sums[..., 1]
    matches, totals = sums[..., 2 : 2 + _ORDER], sums[..., 2 + _ORDER :]
    # Each order without a match counts as half of what the one before it without a match did.
    missing = (matches == 0) & (totals > 0)
    halvings = np.cumsum(missing, axis=-1)
    smoothed = np.where(missing, 0.5**halvings, matches)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(np.where(totals > 0, smoothed / np.maximum(totals, 1), 0.0)).mean(axis=-1)
        brevity = np.where(length < wanted, np.exp(1 - wanted / np.maximum(length, 1e-9)), 1.0)
        scores = 100.0 * brevity * np.exp(logs)
    nothing = (matches.sum(axis=-1) == 0) | (length == 0)
    return np.asarray(np.where(nothing, 0.0, scores))


def signature(language: str) -> str:
    """Return sacrebleu's own signature."""
    from sacrebleu import __version__

    tok = tokenizer(language)
    return f"bleu|case:mixed|eff:no|tok:{tok}|smooth:exp|sacrebleu:{__version__}"
