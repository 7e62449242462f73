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

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from builders.decontamination._folding import DENSE, LETTER, WORD, Array, folding
from isogloss.environment import processors
from isogloss.text import utf8

if TYPE_CHECKING:
    from builders.decontamination._near import Near
    from builders.decontamination._ngrams import Table
    from builders.decontamination._tokens import Measure, Texts, Tokens

# So many bytes of text are looked at together: their tokens stay in a processor's cache.
_PIECE = 1 << 18
# Pairs of texts that may be near are compared when there are so many, or a text's more.
_PAIRS = 1 << 14


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
        near: The Jaccard index (of runs of five characters) from which on a text is near that shares
            no n-gram; 0 for none.
        whole: Of each text, whether it is known by itself, however short: half an n-gram of it is
            enough to be near to, where otherwise a whole one is needed.
    """

    def __init__(
        self, texts: pl.Series, size: Size, ignore: Sequence[str], near: float, whole: pl.Series
    ) -> None:
        self._measure = _measure(size)
        self._texts = _arrow(texts)
        described = _described(self._texts, self._measure)
        self.whole = described.whole
        self._grams = self._without(described, ignore)
        wanted = (described.weight >= self._measure.goal) | (
            whole.to_numpy() & (2 * described.weight >= self._measure.goal)
        )
        self._near = self._shingles(wanted if near else wanted[:0], described.codes, near)

    def _without(self, grams: _Described, ignore: Sequence[str]) -> Table:
        """Sort the n-grams, each of the first text that has it, without the ignored ones."""
        from builders.decontamination._ngrams import table_of

        ignored = _described(_arrow(pl.Series(ignore, dtype=pl.String)), self._measure).keys
        order = np.argsort(grams.keys, kind="stable")
        keys, docs, places = grams.keys[order], grams.docs[order], grams.places[order]
        kept = np.append(True, keys[1:] != keys[:-1])[: keys.size] & ~np.isin(keys, ignored)
        return table_of(keys[kept], docs[kept], places[kept])

    def _shingles(self, wanted: Array, codes: int, threshold: float) -> Near:
        """Return the shingles of the texts that are looked for."""
        from builders.decontamination import _near as kernels
        from builders.decontamination._ngrams import table_of

        counting = kernels.Counting(codes, np.zeros(wanted.size, np.int32), threshold)
        near = counting.near
        pieces = list(_pieces(self._texts.offsets)) if wanted.any() else []
        for rows in pieces:
            counting.add(*kernels.shingles(self._tokens(rows), wanted[rows]), int(rows[0]))
        keys, docs = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
        for rows in pieces:
            found = kernels.shingles(self._tokens(rows), wanted[rows])
            some, texts = kernels.first_shingles(near, *found)
            keys.append(some)
            docs.append((rows[0] + texts).astype(np.int32))
        every, of = np.concatenate(keys), np.concatenate(docs)
        order = np.argsort(every, kind="stable")
        table = table_of(every[order], of[order], np.zeros(0, np.int32))
        most = int(near.sizes.max() / threshold) + 1 if every.size else 1
        return near._replace(table=table, most=most)

    def _tokens(self, rows: Array) -> Tokens:
        """Return the tokens of some of the protected texts."""
        from builders.decontamination._tokens import tokenise

        return tokenise(self._texts, rows.astype(np.int64), folding(), self._measure)

    def search(self, texts: pl.Series, whole: pl.Series, *, workers: int | None = None) -> Matches:
        """Look for protected text in texts.

        Args:
            texts: The texts, none of them null.
            whole: Of each, whether it is known by itself, however short.
            workers: Threads, by default as many as there are processors. The answer does not depend
                on it.
        """
        from builders.decontamination._tokens import tokenise

        given, known = _arrow(texts), whole.to_numpy()
        kinds = (np.uint64, np.int32, np.int32, np.int32, np.int32, np.float64)
        found = Matches(*(np.zeros(texts.len(), kind) for kind in kinds))

        def look(rows: Array) -> None:
            here = Matches(*(column[rows[0] : rows[-1] + 1] for column in found))
            tokens = tokenise(given, rows, folding(), self._measure)
            here.whole[:] = tokens.whole
            self._match(tokens, here)
            if self._near.sizes.size:
                # What is near to half an n-gram weighs a quarter at the very least.
                goal = self._measure.goal
                long = (tokens.weight >= goal) | (known[rows] & (4 * tokens.weight >= goal))
                self._nearest(tokens, long & (here.runs == 0), here)

        with ThreadPoolExecutor(workers or processors()) as threads:
            list(threads.map(look, _pieces(given.offsets)))
        return found

    def _match(self, tokens: Tokens, found: Matches) -> None:
        """Find what texts share with protected ones: runs, begin, end and doc."""
        from builders.decontamination import _ngrams as kernels

        _, entries = _looked_up(tokens, self._measure, self._grams)
        hit = np.flatnonzero(entries >= 0)
        found.doc[:] = -1
        if not hit.size:
            return
        docs, local = np.unique(self._grams.docs[entries[hit]], return_inverse=True)
        of_token, places = np.full(entries.size, -1), np.zeros(entries.size, np.int64)
        of_token[hit], places[hit] = local, self._grams.places[entries[hit]]
        kernels.match(
            tokens, self._tokens(docs), of_token, places,
            found.runs, found.begin, found.end, found.doc,
        )  # fmt: skip
        shared = found.doc >= 0
        found.doc[shared] = docs[found.doc[shared]]

    def _nearest(self, tokens: Tokens, wanted: Array, found: Matches) -> None:
        """Find the protected text that texts are nearest to, the first of equals: doc and similarity."""
        from builders.decontamination import _near as kernels

        if not wanted.any():
            return
        bag, work = kernels.bag_for(self._near.most, tokens), kernels.work_for(self._near)
        pairs = np.empty((_PAIRS + self._near.sizes.size, 2), np.int32)
        text = 0
        while text < wanted.size:
            count, text = kernels.candidates(tokens, wanted, self._near, bag, work, text, pairs)
            if count:
                self._compare(tokens, pairs[:count], found)

    def _compare(self, tokens: Tokens, pairs: Array, found: Matches) -> None:
        """Compare texts with protected ones; all pairs of a text are here."""
        from builders.decontamination import _near as kernels

        wanted = np.zeros(tokens.starts.size - 1, np.bool_)
        wanted[pairs[:, 0]] = True
        keys, starts = kernels.shingles(tokens, wanted)
        docs, local = np.unique(pairs[:, 1], return_inverse=True)
        theirs = self._tokens(docs)
        others = kernels.shingles(theirs, np.ones(docs.size, np.bool_))
        bag = kernels.bag_for(int(np.diff(starts).max()) + 1, tokens)
        similarity = np.empty(len(pairs))
        numbers = np.stack([pairs[:, 0], local.astype(np.int32)], axis=1)
        kernels.jaccards(keys, starts, *others, numbers, bag.keys, bag.places, similarity)
        near = np.flatnonzero(similarity >= self._near.threshold)
        best = near[np.lexsort((pairs[near, 1], -similarity[near], pairs[near, 0]))]
        best = best[np.diff(pairs[best, 0], prepend=-1) > 0]
        found.doc[pairs[best, 0]] = pairs[best, 1]
        found.similarity[pairs[best, 0]] = similarity[best]


class _Described(NamedTuple):
    """What is known of texts.

    Attributes:
        whole: See `Matches`.
        weight: Of each, its weight, at most an n-gram's.
        codes: How many code points they have together.
        keys: The hashes of all n-grams.
        docs: The text of each (``int32``).
        places: Its first token there (``int32``).
    """

    whole: Array
    weight: Array
    codes: int
    keys: Array
    docs: Array
    places: Array


def _described(texts: Texts, measure: Measure) -> _Described:
    from builders.decontamination._ngrams import table_of
    from builders.decontamination._tokens import tokenise

    none = np.zeros(0, np.int32)
    nothing = table_of(np.zeros(0, np.uint64), none, none)
    parts = [(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.uint64), none, none)]
    codes = 0
    for rows in _pieces(texts.offsets):
        tokens = tokenise(texts, rows, folding(), measure)
        keys, _ = _looked_up(tokens, measure, nothing)
        begun = np.flatnonzero(tokens.gram >= 0)
        text = np.searchsorted(tokens.starts, begun, side="right") - 1
        places = begun - tokens.starts[text]
        codes += tokens.code.size
        parts.append(
            (
                tokens.whole, tokens.weight, keys[begun],
                (rows[0] + text).astype(np.int32), places.astype(np.int32),
            )
        )  # fmt: skip
    whole, weight, *grams = map(np.concatenate, zip(*parts, strict=True))
    return _Described(whole, weight, codes, *grams)


def _looked_up(tokens: Tokens, measure: Measure, table: Table) -> tuple[Array, Array]:
    """Return the hashes of the n-grams that tokens begin, and where they are in the table, or -1."""
    from builders.decontamination._ngrams import look_up

    keys, entries = np.empty(tokens.gram.size, np.uint64), np.empty(tokens.gram.size, np.int64)
    look_up(tokens.gram, tokens.prefix, measure.powers, table, keys, entries)
    return keys, entries


def _measure(size: Size) -> Measure:
    from builders.decontamination._tokens import Measure
    from isogloss.kernels import BASE

    weights = np.zeros(6, np.int64)
    goal = size.tokens * size.characters * size.letters
    weights[WORD], weights[DENSE] = goal // size.tokens, goal // size.characters
    weights[LETTER] = goal // size.letters
    powers = np.ones(max(size.tokens, size.characters, size.letters) + 1, np.uint64)
    powers[1:] = BASE
    return Measure(weights, goal, np.cumprod(powers, dtype=np.uint64))


def _arrow(texts: pl.Series) -> Texts:
    """Return the UTF-8 bytes and offsets of texts."""
    from builders.decontamination._tokens import Texts

    return Texts(*utf8(texts))


def _pieces(offsets: Array) -> Iterator[Array]:
    """Yield the numbers of texts, of about `_PIECE` bytes together, or of one text."""
    low = 0
    while low < offsets.size - 1:
        high = int(np.searchsorted(offsets, offsets[low] + _PIECE, side="right")) - 1
        high = min(max(high, low + 1), offsets.size - 1)
        yield np.arange(low, high)
        low = high
