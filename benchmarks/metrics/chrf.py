"""chrF (Popović 2015) and chrF++ (Popović 2017, "chrF++: words helping character n-grams").

Both are equal to sacrebleu's to the last digit.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.metrics._base import Array, NoOptions, Segments, sacrebleu_signature, streams
from benchmarks.metrics._ngrams import NGrams, Vocabulary, blocks, characters, matches

_CHARACTERS = 6
_BETA_SQUARED = 4.0
# Every system of a suite is held against the same references.
_REMEMBERED = 4
_PUNCTUATION = frozenset(string.punctuation)


@dataclass(frozen=True)
class _Block:
    """Some segments, and for each of their references the n-grams and where there is none."""

    rows: slice
    references: list[tuple[list[NGrams], npt.NDArray[np.bool_]]]


@lru_cache(maxsize=_REMEMBERED)
def _references(
    words: int, references: tuple[tuple[Any, ...], ...]
) -> tuple[Vocabulary, list[_Block]]:
    vocabulary = Vocabulary()
    found = []
    for rows in blocks(references):
        counted = []
        for stream in references:
            texts = stream[rows]
            missing = np.asarray([text is None for text in texts])
            counted.append((_grams([text or "" for text in texts], words, vocabulary), missing))
        found.append(_Block(rows, counted))
    return vocabulary, found


def _grams(texts: list[str], words: int, vocabulary: Vocabulary) -> list[NGrams]:
    """Count the n-grams of characters, white space left out, and those of words."""
    found = [characters(["".join(text.split()) for text in texts], _CHARACTERS)]
    if words:
        found.append(vocabulary.ngrams([_words(text) for text in texts], words))
    return found


def _words(text: str) -> list[str]:
    """Cut a text into words as chrF++ does: one mark of ASCII punctuation comes off an end."""
    found = []
    for word in text.split():
        if len(word) > 1 and word[-1] in _PUNCTUATION:
            found += [word[:-1], word[-1]]
        elif len(word) > 1 and word[0] in _PUNCTUATION:
            found += [word[0], word[1:]]
        else:
            found.append(word)
    return found


def chrf_statistics(segments: Segments, words: int) -> Array:
    """Return, for each order, (answer's, reference's, matching) n-grams of each segment.

    Orders are 6 of characters, then ``words`` of words. Of several references the one with the
    best segment score counts, the first of equals, as in sacrebleu.
    """
    best = np.zeros((len(segments), 3 * (_CHARACTERS + words)))
    if not len(segments):
        return best
    vocabulary, parts = _references(words, tuple(map(tuple, streams(segments.references))))
    for part in parts:
        ours = _grams(list(segments.answers[part.rows]), words, vocabulary)
        best[part.rows] = _best(ours, part)
    return best


def _best(ours: list[NGrams], part: _Block) -> Array:
    best = np.zeros((part.rows.stop - part.rows.start, 0))
    scores = np.full(len(best), -1.0)
    for theirs, missing in part.references:
        rows = _beside(ours, theirs)
        best = best if best.size else np.zeros_like(rows)
        # Where there is but one reference, nothing is to be chosen.
        found = np.where(missing, -1.0, chrf_of(rows) if len(part.references) > 1 else 0.0)
        better = found > scores
        best[better], scores[better] = rows[better], found[better]
    return best


def _beside(ours: list[NGrams], theirs: list[NGrams]) -> Array:
    answers = np.concatenate([one.totals for one in ours], axis=1)
    wanted = np.concatenate([one.totals for one in theirs], axis=1)
    same = np.concatenate(
        [matches(one, other.orders) for one, other in zip(ours, theirs, strict=True)], axis=1
    )
    # N-grams do not count where the reference is too short for any.
    answers = np.where(wanted > 0, answers, 0)
    return np.stack([answers, wanted, same], axis=2).reshape(len(answers), -1).astype(np.float64)


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


@dataclass(frozen=True)
class _Chrf:
    """One of them: with n-grams of so many words at most beside those of characters."""

    NAME: str
    LABEL: str
    DESCRIPTION: str
    words: int

    UNIT = "points"
    TASKS = ("translation",)
    HIGHER_IS_BETTER = True
    WITHIN = (0.0, 100.0)
    NUMBERS_REFERENCES = True

    def statistics(self, segments: Segments, options: NoOptions) -> Array:
        """Return (answer's, reference's, matching) n-grams of each order and segment."""
        return chrf_statistics(segments, self.words)

    def combine(self, sums: Array) -> Array:
        """Return the score of summed statistics."""
        return chrf_of(sums)

    def signature(self, language: str, options: NoOptions) -> str:
        """Return sacrebleu's own signature."""
        return sacrebleu_signature(
            self.LABEL, case="mixed", eff="yes", nc=_CHARACTERS, nw=self.words, space="no"
        )


PLUGINS = (
    _Chrf("chrf", "chrF2", "F-score of character n-grams up to 6, recall counted twice", 0),
    _Chrf("chrf++", "chrF2++", "chrF with words and pairs of words among its n-grams", 2),
)
