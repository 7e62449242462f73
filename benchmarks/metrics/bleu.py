"""BLEU (Papineni et al. 2002), equal to sacrebleu's to the last digit, with its tokenizers (Post 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from benchmarks.metrics._base import Array, Segments, sacrebleu_signature, streams
from benchmarks.metrics._ngrams import NGrams, Vocabulary, blocks, greatest, matches
from benchmarks.metrics._tokenizers import tokenizer_of
from isogloss.settings import Settings

LABEL = "BLEU"
DESCRIPTION = "n-gram precision against the references, with a brevity penalty"
UNIT = "points"
TASKS = ("translation",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
NUMBERS_REFERENCES = True

_ORDER = 4

# The corpora whose references were cut up last are the likeliest to come again: every system of a
# suite is held against the same ones.
_REMEMBERED = 8


class Options(Settings):
    """How text is cut up."""

    tokenizer: (
        Literal[
            "13a", "intl", "zh", "char", "ja-mecab", "ko-mecab", "flores101", "flores200", "none"
        ]
        | None
    ) = None
    """sacrebleu's name of a tokenizer; the one that the language needs where None."""
    lowercase: bool = False
    """Whether case is forgotten."""


@dataclass(frozen=True)
class _Block:
    """Some segments, and what their answers are held against.

    ``grams`` are the references' n-grams, ``lengths`` those of each reference (NaN for none).
    """

    rows: slice
    grams: list[Any]
    lengths: Array


@lru_cache(maxsize=_REMEMBERED)
def _tokenizer(name: str) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=name).tokenizer


@lru_cache(maxsize=_REMEMBERED)
def _references(
    name: str, lowercase: bool, references: tuple[tuple[Any, ...], ...]
) -> tuple[Vocabulary, list[_Block]]:
    vocabulary = Vocabulary()
    found = []
    for rows in blocks(references):
        several = [
            vocabulary.ngrams(
                [_tokens(text or "", name, lowercase) for text in stream[rows]], _ORDER
            )
            for stream in references
        ]
        lengths = np.stack([one.lengths for one in several]).astype(np.float64)
        for row, stream in zip(lengths, references, strict=True):
            row[[text is None for text in stream[rows]]] = np.nan
        found.append(_Block(rows, greatest(several), lengths))
    return vocabulary, found


def _tokens(text: str, name: str, lowercase: bool) -> list[str]:
    found: str = _tokenizer(name)((text.lower() if lowercase else text).rstrip())
    return found.split()


def statistics(segments: Segments, options: Options) -> Array:
    """Return (answer length, reference length, 4 matches, 4 totals) of each segment.

    Lengths are in tokens; of several references, the length closest to the answer's, the shorter
    of two as close.
    """
    if not len(segments):
        return np.zeros((0, 2 + 2 * _ORDER))
    name = options.tokenizer or tokenizer_of(segments.language)
    accepted = tuple(tuple(one) for one in streams(segments.references))
    vocabulary, parts = _references(name, options.lowercase, accepted)
    return np.concatenate(
        [
            _held(
                vocabulary.ngrams(
                    [
                        _tokens(text, name, options.lowercase)
                        for text in segments.answers[part.rows]
                    ],
                    _ORDER,
                ),
                part,
            )
            for part in parts
        ]
    )


def _held(ours: NGrams, part: _Block) -> Array:
    shorter = np.sort(part.lengths, axis=0)
    closest = np.nanargmin(np.abs(shorter - ours.lengths), axis=0)
    wanted = shorter[closest, np.arange(len(ours.lengths))]
    return np.column_stack([ours.lengths, wanted, matches(ours, part.grams), ours.totals]).astype(
        np.float64
    )


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
    name = options.tokenizer or tokenizer_of(language)
    case = "lc" if options.lowercase else "mixed"
    # The tokenizer says more than its name where a dictionary or a model is part of it.
    tok = _tokenizer(name).signature()
    return sacrebleu_signature("bleu", case=case, eff="no", tok=tok, smooth="exp")
