"""An index of texts that must not be trained on, asked for what other texts share with them.

Of a text only words count (`builders.decontamination._folding`): letters, marks and digits, in NFKC and without case,
so that punctuation, spacing and soft hyphens hide nothing. A word is a token; so is every character of
a script without spaces (with its marks), and it is part of a word's weight: an n-gram is the shortest
run of tokens from its first that weighs 1, where a word weighs ``1 / tokens``, a character of Chinese or
Japanese ``1 / characters``, a letter of Thai or Khmer ``1 / letters``. What counts as an n-gram hangs on
what stands in it alone, so that text that mixes scripts is cut in the same way wherever it stands.

13 words are the n-gram of GPT-3 (Brown et al. 2020, appendix C; see also Dodge et al. 2021,
"Documenting Large Webtext Corpora"). 13 words of FLORES-200's English are 21 characters of its Chinese,
31 of its Japanese; 54 letters, marks aside, of its Thai and 51 of its Lao.

The index holds the protected texts, 20 to 35 bytes for every n-gram of them and, to find what is near,
some 7 for every character.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from builders.decontamination._folding import DENSE, LETTER, WORD, Array, folding
from isogloss.environment import processors
from isogloss.text import utf8

if TYPE_CHECKING:
    from builders.decontamination._near import Near
    from builders.decontamination._ngrams import Table
    from builders.decontamination._tokens import Measure, Texts

# Text that threads share is cut into as many pieces a thread, so that none waits long for another.
_PIECES = 4


@dataclass(frozen=True)
class Size:
    """How much text an n-gram is, in words, in characters (Chinese), in letters (Thai)."""

    tokens: int = 13
    characters: int = 25
    letters: int = 52


class Matches(NamedTuple):
    """What is found of each text, in their order.

    Attributes:
        whole: A hash of its folded characters, wherever words end; 0 where it has none. Texts with
            equal words have equal ones.
        runs: How many runs of tokens it shares with protected texts, of an n-gram or more.
        begin: The byte at which the longest of them begins.
        end: The byte behind it.
        doc: The number of the protected text that has this run, or that it is nearest to; else -1.
        similarity: The Jaccard index of the two where they are near, else 0.
    """

    whole: Array
    runs: Array
    begin: Array
    end: Array
    doc: Array
    similarity: Array


class Index:
    """N-grams and shingles of protected texts.

    Args:
        texts: The protected texts.
        size: How much text an n-gram is.
        ignore: Phrases of which n-grams are not looked for.
        near: The Jaccard index (of runs of five characters) from which on a text is told that shares
            no n-gram; 0 for none.
        whole: Of each text, whether it is known by itself, however short: half an n-gram of it is
            enough to be near to, where otherwise a whole one is needed.
    """

    def __init__(
        self, texts: pl.Series, size: Size, ignore: Sequence[str], near: float, whole: pl.Series
    ) -> None:
        self._measure = _measure(size)
        self._texts = _arrow(texts)
        self.whole, weight, codes, grams = _described(self._texts, self._measure)
        self._grams = self._without(*_list(self._texts, self._measure, int(grams.sum())), ignore)
        self._most = 2 * int(codes.max(initial=0)) + 1
        asked = (weight >= self._measure.goal) | (
            whole.to_numpy() & (2 * weight >= self._measure.goal)
        )
        self._near = _shingles(self._texts, asked if near else asked[:0], codes, self._most, near)

    def _without(self, keys: Array, docs: Array, places: Array, ignore: Sequence[str]) -> Table:
        """Sort the n-grams, each told of the first text that has it, without the ignored ones."""
        phrases = _arrow(pl.Series(ignore, dtype=pl.String))
        *_, grams = _described(phrases, self._measure)
        ignored = _list(phrases, self._measure, int(grams.sum()))[0]
        order = np.argsort(keys, kind="stable")
        keys, docs, places = keys[order], docs[order], places[order]
        kept = np.append(True, keys[1:] != keys[:-1])[: keys.size] & ~np.isin(keys, ignored)
        return _table(keys[kept], docs[kept], places[kept])

    def search(self, texts: pl.Series, whole: pl.Series, *, workers: int | None = None) -> Matches:
        """Look for protected text in texts.

        Args:
            texts: The texts, none of them null.
            whole: Of each, whether it is known by itself, however short.
            workers: Threads, by default as many as there are processors. The answer does not depend
                on it.
        """
        from builders.decontamination._search import search

        given, known = _arrow(texts), whole.to_numpy()
        kinds = (np.uint64, np.int32, np.int32, np.int32, np.int32, np.float64)
        found = Matches(*(np.zeros(texts.len(), kind) for kind in kinds))

        def look(low: int, high: int) -> None:
            search(
                given,
                low,
                high,
                known,
                folding(),
                self._measure,
                self._texts,
                self._grams,
                self._near,
                self._most,
                found,
            )

        _in_pieces(look, given.offsets, workers or processors())
        return found


def _measure(size: Size) -> Measure:
    from builders.decontamination import _tokens as kernels

    weights = np.zeros(6, np.int64)
    goal = size.tokens * size.characters * size.letters
    weights[WORD], weights[DENSE] = goal // size.tokens, goal // size.characters
    weights[LETTER] = goal // size.letters
    powers = np.ones(max(size.tokens, size.characters, size.letters) + 1, np.uint64)
    powers[1:] = kernels.BASE
    return kernels.Measure(weights, goal, np.cumprod(powers, dtype=np.uint64))


def _arrow(texts: pl.Series) -> Texts:
    """Return the UTF-8 bytes and offsets of texts."""
    from builders.decontamination._tokens import Texts

    return Texts(*utf8(texts))


def _described(texts: Texts, measure: Measure) -> tuple[Array, Array, Array, Array]:
    """Return of each text its hash, its weight (the goal at most), its code points and n-grams."""
    from builders.decontamination import _ngrams as kernels

    kinds = (np.uint64, np.int64, np.int64, np.int64)
    whole, weight, codes, grams = (np.empty(texts.offsets.size - 1, kind) for kind in kinds)
    kernels.describe(texts, folding(), measure, whole, weight, codes, grams)
    return whole, weight, codes, grams


def _list(texts: Texts, measure: Measure, count: int) -> tuple[Array, Array, Array]:
    """Return the n-grams of texts, of which there are so many: hashes, texts, first tokens."""
    from builders.decontamination import _ngrams as kernels

    grams = np.empty(count, np.uint64), np.empty(count, np.int32), np.empty(count, np.int32)
    kernels.list_grams(texts, folding(), measure, *grams)
    return grams


def _table(keys: Array, docs: Array, places: Array) -> Table:
    """Make a table of sorted hashes, with about one a bucket."""
    from builders.decontamination import _ngrams as kernels

    bits = max(int(keys.size).bit_length(), 1)
    shift = np.uint64(64 - bits)
    firsts = np.arange(1 << bits, dtype=np.uint64) << shift
    starts = np.append(np.searchsorted(keys, firsts), keys.size).astype(np.int64)
    bitmap = np.zeros(max(1 << (bits + kernels.FINER) >> 3, 1), np.uint8)
    kernels.fill_bitmap(keys, shift, bitmap)
    return kernels.Table(keys, docs, places, starts, shift, bitmap)


def _shingles(texts: Texts, asked: Array, codes: Array, most: int, threshold: float) -> Near:
    from builders.decontamination import _near as near

    # At least twice as many bits as shingles: then most of those that no text has are told so.
    bits = 1 << max(int(2 * codes.sum()).bit_length(), 10)
    nothing = _table(np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int32))
    sizes = np.zeros(asked.size, np.int32)
    made = near.Near(
        np.zeros(bits // 4, np.uint8), np.zeros(bits // 8, np.uint8), nothing, sizes, threshold, 1
    )
    total = near.count_shingles(texts, asked, folding(), most, made)
    if total:
        made = made._replace(most=int(sizes.max() / threshold) + 1)
    keys, docs = np.empty(total, np.uint64), np.empty(total, np.int32)
    near.list_first(texts, made, folding(), most, keys, docs)
    order = np.argsort(keys, kind="stable")
    return made._replace(table=_table(keys[order], docs[order], np.zeros(0, np.int32)))


def _in_pieces(look: Callable[[int, int], Any], offsets: Array, workers: int) -> None:
    """Call a function with slices of about equally many bytes, in threads."""
    pieces = workers * _PIECES if workers > 1 else 1
    marks = np.linspace(offsets[0], offsets[-1], pieces + 1)[1:-1]
    edges = [0, *np.searchsorted(offsets, marks).tolist(), offsets.size - 1]
    slices = [(low, high) for low, high in pairwise(edges) if low < high]
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(lambda one: look(*one), slices))
