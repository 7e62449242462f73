"""Native loops that look n-grams of tokens up, and compare what has them; see `builders.decontamination.index`.

Importing this imports numba: do so inside functions. See `isogloss.native`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from builders.decontamination._folding import Array
from builders.decontamination._tokens import Tokens
from isogloss.kernels import Int, mix
from isogloss.native import inner, native

#: How many times finer than a table's buckets its bitmap is, as a power of two.
FINER = 3

_ONE = np.uint64(1)


class Table(NamedTuple):
    """A multimap of 64-bit hashes, sorted, cut into buckets by their first bits.

    Attributes:
        keys: Hashes (``uint64``).
        docs: The text of each (``int32``).
        places: Its token there (``int32``); empty where nobody needs it.
        starts: Where each bucket starts, and the end of the last (``int64``).
        shift: What a hash is shifted by to be the number of its bucket (``uint64``).
        bitmap: Of the hashes' first bits, `FINER` more than name a bucket: which there are (``uint8``).
    """

    keys: Array
    docs: Array
    places: Array
    starts: Array
    shift: np.uint64
    bitmap: Array


def table_of(keys: Array, docs: Array, places: Array) -> Table:
    """Make a table of sorted hashes, with about one a bucket."""
    bits = max(int(keys.size).bit_length(), 1)
    shift = np.uint64(64 - bits)
    firsts = np.arange(1 << bits, dtype=np.uint64) << shift
    starts = np.append(np.searchsorted(keys, firsts), keys.size).astype(np.int64)
    bitmap = np.zeros(max(1 << (bits + FINER) >> 3, 1), np.uint8)
    bit = keys >> (shift - np.uint64(FINER))
    marks = _ONE << (bit & np.uint64(7))
    np.bitwise_or.at(bitmap, (bit >> np.uint64(3)).astype(np.int64), marks.astype(np.uint8))
    return Table(keys, docs, places, starts, shift, bitmap)


@inner
def bucket(table: Table, key: np.uint64) -> tuple[Int, Int]:
    """Return the places of the table among which a hash would be; often none."""
    bit = key >> (table.shift - np.uint64(FINER))
    if not (table.bitmap[bit >> np.uint64(3)] >> np.uint8(bit & np.uint64(7))) & 1:
        return 0, 0
    number = np.int64(key >> table.shift)
    return table.starts[number], table.starts[number + 1]


@native
def look_up(
    gram: Array, prefix: Array, powers: Array, table: Table, keys: Array, entries: Array
) -> None:
    """Look up the n-grams that tokens begin.

    Args:
        gram: See `Tokens`.
        prefix: See `Tokens`.
        powers: See `Measure`.
        table: In which a hash is once at most.
        keys: Takes the hash of each token's n-gram; 0 where it begins none (``uint64``).
        entries: Takes its place in the table, or -1 (``int64``).
    """
    for token in range(gram.size):
        keys[token] = 0
        entries[token] = -1
        high = gram[token]
        if high >= 0:
            key = mix(prefix[high] - prefix[token] * powers[high - token])
            keys[token] = key
            start, stop = bucket(table, key)
            for entry in range(start, stop):
                if table.keys[entry] == key:
                    entries[token] = entry


@inner
def _same(left: Tokens, one: Int, right: Tokens, other: Int) -> bool:
    """Tell whether two tokens have the same code points."""
    size = left.first[one + 1] - left.first[one]
    if size != right.first[other + 1] - right.first[other]:
        return False
    for place in range(size):
        if left.code[left.first[one] + place] != right.code[right.first[other] + place]:
            return False
    return True


@native
def match(
    tokens: Tokens, others: Tokens, docs: Array, places: Array, runs: Array, begin: Array, end: Array,
    best: Array,
) -> None:  # fmt: skip
    """Find the runs of n-grams that texts share with others.

    A hash that is in a table is not believed: the tokens themselves are compared. A run of shared
    n-grams counts once.

    Args:
        tokens: Those of the texts.
        others: Those of the other texts.
        docs: Of each token, the other text that has its n-gram, or -1 (``int64``).
        places: Of each, the first token of it there, counted from that text's first (``int64``).
        runs: Takes how many runs each text shares (``int32``).
        begin: Takes the byte at which the longest of them begins (``int32``).
        end: Takes the byte behind it (``int32``).
        best: Takes the other text that has it; -1 for none (``int32``).
    """
    for text in range(runs.size):
        first, stop = tokens.starts[text], tokens.starts[text + 1]
        longest, behind = 0, first
        runs[text] = begin[text] = end[text] = 0
        best[text] = -1
        for token in range(first, stop):
            doc = docs[token]
            if doc < 0 or tokens.gram[token] <= behind:  # it lies in a run that is counted
                continue
            low = high = token
            step = others.starts[doc] + places[token] - token
            while (
                high < stop
                and high + step < others.starts[doc + 1]
                and _same(tokens, high, others, high + step)
            ):
                high += 1
            while (
                low > first
                and low + step > others.starts[doc]
                and _same(tokens, low - 1, others, low - 1 + step)
            ):
                low -= 1
            if high < tokens.gram[token]:
                continue
            behind = high
            runs[text] += 1
            if tokens.first[high] - tokens.first[low] > longest:
                longest = tokens.first[high] - tokens.first[low]
                begin[text], end[text] = tokens.begin[low], tokens.end[high - 1]
                best[text] = doc
