"""Native loops that list n-grams of tokens and look them up; see `builders.decontamination.index`.

Importing this imports numba: do so inside functions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from builders.decontamination._folding import Array, Folding
from builders.decontamination._tokens import (
    Measure,
    Room,
    Texts,
    find_grams,
    room_for,
    tokenise,
    weigh,
    whole_hash,
)
from builders.duplicates._minhash import mix
from isogloss.native import native

#: How many times finer than a table's buckets its bitmap is, as a power of two.
FINER = 3

_ONE = np.uint64(1)


class Table(NamedTuple):
    """A multimap of 64-bit hashes, sorted, cut into buckets by their first bits.

    Attributes:
        keys: Hashes (``uint64``).
        docs: The text of each (``int32``).
        places: Its token there (``int32``); empty where nobody asks.
        starts: Where each bucket starts, and the end of the last (``int64``).
        shift: What a hash is shifted by to be the number of its bucket (``uint64``).
        bitmap: Of the hashes' first bits, `FINER` more than name a bucket: which there are.
    """

    keys: Array
    docs: Array
    places: Array
    starts: Array
    shift: np.uint64
    bitmap: Array


class Run(NamedTuple):
    """What a text shares with protected texts.

    Attributes:
        runs: How many runs of tokens.
        begin: The byte at which the longest of them begins.
        end: The byte behind it.
        doc: The protected text that has it; -1 where there is none.
    """

    runs: int
    begin: int
    end: int
    doc: int


@native
def _hash(room: Room, low: int, high: int, measure: Measure) -> np.uint64:
    """Return the hash of a run of tokens."""
    return mix(room.prefix[high] - room.prefix[low] * measure.powers[high - low])


@native
def describe(
    texts: Texts,
    folding: Folding,
    measure: Measure,
    whole: Array,
    weight: Array,
    codes: Array,
    grams: Array,
) -> None:
    """Fill in each text's hash, weight, number of code points and number of n-grams."""
    room = room_for(64, 64)
    for number in range(whole.size):
        count, room = tokenise(texts, number, folding, room)
        whole[number] = whole_hash(room, count)
        weight[number] = weigh(room, count, measure)
        codes[number] = room.first[count]
        grams[number] = find_grams(room, count, measure)


@native
def list_grams(
    texts: Texts, folding: Folding, measure: Measure, keys: Array, docs: Array, places: Array
) -> None:
    """Fill in the n-grams of all texts: their hashes, their texts, their first tokens."""
    room = room_for(64, 64)
    filled = 0
    for number in range(texts.offsets.size - 1):
        count, room = tokenise(texts, number, folding, room)
        for low in range(find_grams(room, count, measure)):
            keys[filled] = _hash(room, low, room.gram[low], measure)
            docs[filled] = number
            places[filled] = low
            filled += 1


@native
def bucket(table: Table, key: np.uint64) -> tuple[int, int]:
    """Return the places of the table among which a hash would be; often none."""
    bit = key >> (table.shift - np.uint64(FINER))
    if not (table.bitmap[bit >> np.uint64(3)] >> np.uint8(bit & np.uint64(7))) & 1:
        return 0, 0
    number = np.int64(key >> table.shift)
    return table.starts[number], table.starts[number + 1]


@native
def fill_bitmap(keys: Array, shift: np.uint64, bitmap: Array) -> None:
    """Set the bit of each hash."""
    for key in keys:
        bit = key >> (shift - np.uint64(FINER))
        bitmap[bit >> np.uint64(3)] |= np.uint8(_ONE << (bit & np.uint64(7)))


@native
def _same(left: Room, one: int, right: Room, other: int) -> bool:
    """Tell whether two tokens have the same code points."""
    size = left.first[one + 1] - left.first[one]
    if size != right.first[other + 1] - right.first[other]:
        return False
    for place in range(size):
        if left.code[left.first[one] + place] != right.code[right.first[other] + place]:
            return False
    return True


@native
def _shared(
    room: Room, count: int, token: int, other: Room, others: int, place: int
) -> tuple[int, int]:
    """Return the longest run that two texts share around a token of each: its first, its end."""
    step = place - token
    low = high = token
    while high < count and high + step < others and _same(room, high, other, high + step):
        high += 1
    while low > 0 and low + step > 0 and _same(room, low - 1, other, low - 1 + step):
        low -= 1
    return low, high


@native
def match(
    room: Room,
    count: int,
    folding: Folding,
    measure: Measure,
    protected: Texts,
    table: Table,
    other: Room,
) -> tuple[Run, Room]:
    """Find the n-grams that a text shares with protected ones.

    A hash that is in the table is not believed: the tokens themselves are compared. A run of shared
    n-grams counts once.

    Args:
        room: The text's tokens.
        count: How many there are.
        folding: The tables.
        measure: What makes an n-gram.
        protected: The protected texts.
        table: Their n-grams.
        other: Room for a protected text.

    Returns:
        What they share, and ``other``, which may have grown.
    """
    runs = longest = told = others = 0
    begin = end = 0
    best = held = -1
    for token in range(find_grams(room, count, measure)):
        if room.gram[token] <= told:  # it lies in a run that has been told
            continue
        key = _hash(room, token, room.gram[token], measure)
        start, stop = bucket(table, key)
        for entry in range(start, stop):
            if table.keys[entry] != key:
                continue
            doc = table.docs[entry]
            if doc != held:
                others, other = tokenise(protected, doc, folding, other)
                held = doc
            low, high = _shared(room, count, token, other, others, table.places[entry])
            if high < room.gram[token]:
                continue
            told = high
            runs += 1
            if room.first[high] - room.first[low] > longest:
                longest = room.first[high] - room.first[low]
                begin, end = room.begin[low], room.end[high - 1]
                best = doc
    return Run(runs, begin, end, best), other
