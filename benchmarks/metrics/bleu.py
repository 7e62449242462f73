"""BLEU, as sacrebleu computes it (Papineni et al. 2002; Post 2018)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np

from benchmarks.metrics._base import Array, Segments, streams
from benchmarks.metrics._tokenizers import tokenizer_of
from isogloss.settings import Settings

LABEL = "BLEU"
DESCRIPTION = "n-gram precision against the references, with a brevity penalty"
UNIT = "points"
TASKS = ("translation",)
HIGHER_IS_BETTER = True

_ORDER = 4

# The corpora whose references were cut up last are the likeliest to come again: every system of a
# suite is held against the same ones.
_REMEMBERED = 8


class Options(Settings):
    """How text is cut up.

    Attributes:
        tokenizer: sacrebleu's name of a tokenizer; the one that the language needs where None.
        lowercase: Whether case is forgotten.
    """

    tokenizer: (
        Literal[
            "13a", "intl", "zh", "char", "ja-mecab", "ko-mecab", "flores101", "flores200", "none"
        ]
        | None
    ) = None
    lowercase: bool = False


@lru_cache(maxsize=_REMEMBERED)
def _bleu(name: str, lowercase: bool, references: tuple[tuple[Any, ...], ...]) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    # Answers of models are not tokenized corpora; the check for those would only print.
    return BLEU(
        tokenize=name, lowercase=lowercase, force=True, references=[list(one) for one in references]
    )


def statistics(segments: Segments, options: Options) -> Array:
    """Return (answer length, reference length, 4 matches, 4 totals) of each segment.

    Lengths are in tokens; of several references, the length closest to the answer's.
    """
    if not len(segments):
        return np.zeros((0, 2 + 2 * _ORDER))
    name = options.tokenizer or tokenizer_of(segments.language)
    accepted = tuple(tuple(one) for one in streams(segments.references))
    metric = _bleu(name, options.lowercase, accepted)
    rows = metric._extract_corpus_statistics(list(segments.answers), None)
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


def signature(language: str, options: Options) -> str:
    """Return sacrebleu's own signature."""
    from sacrebleu import __version__

    tok = options.tokenizer or tokenizer_of(language)
    case = "lc" if options.lowercase else "mixed"
    return f"bleu|case:{case}|eff:no|tok:{tok}|smooth:exp|sacrebleu:{__version__}"
