"""Native loops that find, among protected texts, the one that a text nearly is; see `builders.decontamination.index`.

The shingles of a text are the runs of five folded code points, with one space between words. Texts
of which the Jaccard index of these sets is at least t share n of the first ``|x| - ceil(t |x|) + n``
shingles of each, whatever order of all shingles they are taken in (Chaudhuri, Ganti & Kaushik 2006, "A
Primitive Operator for Similarity Joins in Data Cleaning"; with n above 1: Wang, Li & Feng 2012, "Can
We Beat the Prefix Filtering?"). The order here is by how many protected texts have a shingle, the
rarest first. So shingles that no protected text has come before all, and a text with too many of them
is let go after its first few words. Nothing is missed, and the Jaccard index of the few pairs that are
left is counted on the whole sets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from builders.decontamination._folding import WORD, Array, Folding
from builders.decontamination._ngrams import Table, bucket
from builders.decontamination._tokens import Room, Texts, room_for, tokenise
from builders.duplicates._minhash import mix
from isogloss.native import native

WIDTH = 5
_BASE = np.uint64(0xD6E8FEB86659FD93)
_SPACE = 32
_NO = np.uint64(0)
_ONE = np.uint64(1)
# A shingle's rank: eight bits of how many texts have it, then the first bits of its hash.
_RANK = np.uint64(56)
_REST = np.uint64(8)


class Near(NamedTuple):
    """The shingles of protected texts.

    Attributes:
        counts: By bits of a hash, how many texts have such a shingle, at most 255 (``uint8``).
        bitmap: By bits of a hash, whether any has: what most texts are let go by.
        table: The first shingles of each text, in order of rank, by the first bits of their hashes.
        sizes: How many shingles each text has; 0 for those that are not asked for (``int32``).
        threshold: The Jaccard index from which on a text is told.
        most: A text with more shingles than this is near to none.
    """

    counts: Array
    bitmap: Array
    table: Table
    sizes: Array
    threshold: float
    most: int


class Bag(NamedTuple):
    """A set of hashes.

    Attributes:
        keys: An open-addressed table of a power of two places; 0 is an empty one (``uint64``).
        places: Those that are filled, in the order they were (``int64``).
        size: How many are, in a list of one (``int64``).
    """

    keys: Array
    places: Array
    size: Array


@native
def bag_for(count: int) -> Bag:
    """Return an empty bag for so many hashes."""
    places = 16
    while places < 2 * count:
        places *= 2
    return Bag(np.zeros(places, np.uint64), np.empty(count, np.int64), np.zeros(1, np.int64))


@native
def _place(bag: Bag, key: np.uint64) -> np.int64:
    """Return the place where a hash is or would be put."""
    mask = np.int64(bag.keys.size - 1)
    place = np.int64(key >> np.uint64(20)) & mask
    while bag.keys[place] != key and bag.keys[place] != _NO:
        place = (place + 1) & mask
    return place


@native
def _add(bag: Bag, key: np.uint64) -> bool:
    """Put a hash into a bag; tell whether it has room."""
    place = _place(bag, key)
    if bag.keys[place] == key:
        return True
    if bag.size[0] == bag.places.size:
        return False
    bag.keys[place] = key
    bag.places[bag.size[0]] = place
    bag.size[0] += 1
    return True


@native
def _empty(bag: Bag) -> None:
    for number in range(bag.size[0]):
        bag.keys[bag.places[number]] = _NO
    bag.size[0] = 0


@native
def needed(size: int, threshold: float) -> np.int64:
    """Return how many of a set's shingles another set must have to reach the threshold."""
    # Of 100 at 0.8 it is 80, not the 81 that the product's last bit would make of it.
    return np.int64(np.ceil(threshold * size - 1e-9))


@native
def shared_first(size: int) -> np.int64:
    """Return how many of their first shingles two texts must share, the smaller having so many.

    A name in both makes a handful.
    """
    return np.int64(1 + size // 32)


@native
def first(size: int, threshold: float) -> np.int64:
    """Return how many of a text's shingles are its first."""
    return min(np.int64(size), size - needed(size, threshold) + shared_first(size))


@native
def _spell(room: Room, count: int, stream: Array) -> tuple[int, Array]:
    """Write out a text's code points, with one space between words, in a larger array if need be.

    Returns:
        How many there are, and the array that they are in.
    """
    if stream.size < room.first[count] + count:
        stream = np.empty(2 * (room.first[count] + count), np.int32)
    size = 0
    for token in range(count):
        # Between characters of scripts without spaces there is none, whatever the writer did.
        if token > 0 and (room.kind[token] == WORD or room.kind[token - 1] == WORD):
            stream[size] = _SPACE
            size += 1
        for place in range(room.first[token], room.first[token + 1]):
            stream[size] = room.code[place]
            size += 1
    return size, stream


@native
def _key(stream: Array, at: int) -> np.uint64:
    """Return the hash of the shingle that starts at a code point; never 0."""
    value = _NO
    for place in range(at, at + WIDTH):
        value = value * _BASE + np.uint64(stream[place])
    return mix(value) | _ONE


@native
def _gather(stream: Array, size: int, bag: Bag) -> bool:
    """Put a text's shingles into an empty bag; tell whether it has room for all."""
    _empty(bag)
    for at in range(size - WIDTH + 1):  # noqa: SIM110 numba knows no all()
        if not _add(bag, _key(stream, at)):
            return False
    return True


@native
def _bit(bitmap: Array, key: np.uint64) -> tuple[np.int64, np.uint8]:
    """Return the byte and the bit of a hash."""
    place = key >> _REST & np.uint64(8 * bitmap.size - 1)
    return np.int64(place >> np.uint64(3)), np.uint8(_ONE << (place & np.uint64(7)))


@native
def _unlike(stream: Array, size: int, near: Near, bag: Bag) -> bool:
    """Tell whether too many of a text's shingles are in no protected text for it to be near to any."""
    limit = min(near.most, size)
    allowed = limit - needed(limit, near.threshold)
    _empty(bag)
    for at in range(size - WIDTH + 1):
        key = _key(stream, at)
        byte, bit = _bit(near.bitmap, key)
        if near.bitmap[byte] & bit == 0 and (not _add(bag, key) or bag.size[0] > allowed):
            return True
    return False


@native
def _count(near: Near, key: np.uint64) -> np.uint64:
    """Return about how many protected texts have a shingle, never too few; at most 255."""
    byte, bit = _bit(near.bitmap, key)
    if near.bitmap[byte] & bit == 0:
        return _NO
    return np.uint64(near.counts[key >> _REST & np.uint64(near.counts.size - 1)])


@native
def _common(bag: Bag, near: Near, tally: Array) -> int:
    """Return how common the last of a text's first shingles is.

    Those that are as common are looked up with it: then nothing need be sorted.
    """
    tally[:] = 0
    for place in bag.places[: bag.size[0]]:
        tally[_count(near, bag.keys[place])] += 1
    left = first(bag.size[0], near.threshold)
    common = 0
    while left > tally[common]:
        left -= tally[common]
        common += 1
    return common


@native
def _ranks(bag: Bag, near: Near) -> Array:
    """Return the ranks of a bag's shingles, the lowest first."""
    ranks = np.empty(bag.size[0], np.uint64)
    for number in range(ranks.size):
        key = bag.keys[bag.places[number]]
        ranks[number] = _count(near, key) << _RANK | key >> _REST
    return np.sort(ranks)


@native
def count_shingles(texts: Texts, asked: Array, folding: Folding, most: int, near: Near) -> np.int64:
    """Count the texts that have a shingle, and the shingles of each text, in ``near``.

    Args:
        texts: The protected texts.
        asked: Whether each is to be looked for.
        folding: The tables.
        most: No text has more shingles than this.
        near: Its ``counts`` and ``bitmap``, all 0, and its ``sizes`` are filled in.

    Returns:
        How many first shingles they have together.
    """
    total = np.int64(0)
    mask = np.uint64(near.counts.size - 1)
    room, bag, stream = room_for(64, 64), bag_for(most), np.empty(64, np.int32)
    for number in range(asked.size):
        near.sizes[number] = 0
        if not asked[number]:
            continue
        count, room = tokenise(texts, number, folding, room)
        size, stream = _spell(room, count, stream)
        _gather(stream, size, bag)
        near.sizes[number] = bag.size[0]
        for place in bag.places[: bag.size[0]]:
            spot = bag.keys[place] >> _REST & mask
            byte, bit = _bit(near.bitmap, bag.keys[place])
            near.bitmap[byte] |= bit
            if near.counts[spot] < 255:
                near.counts[spot] += 1
        total += first(bag.size[0], near.threshold)
    return total


@native
def list_first(
    texts: Texts, near: Near, folding: Folding, most: int, keys: Array, docs: Array
) -> None:
    """Fill in the first shingles of every text that is asked for: their hashes and their texts."""
    room, bag, stream = room_for(64, 64), bag_for(most), np.empty(64, np.int32)
    filled = 0
    for number in range(near.sizes.size):
        if near.sizes[number] == 0:
            continue
        count, room = tokenise(texts, number, folding, room)
        size, stream = _spell(room, count, stream)
        _gather(stream, size, bag)
        for rank in _ranks(bag, near)[: first(bag.size[0], near.threshold)]:
            keys[filled] = rank << _REST
            docs[filled] = number
            filled += 1


class Work(NamedTuple):
    """What `nearest` works with.

    Attributes:
        bag: For a text's shingles.
        other: For a protected text's.
        tally: How many shingles are how common (``int64``).
        shares: How many first shingles each protected text shares; 0 between texts (``int32``).
        docs: Those that share any (``int32``).
    """

    bag: Bag
    other: Bag
    tally: Array
    shares: Array
    docs: Array


@native
def work_for(near: Near, most: int) -> Work:
    """Return what is needed to look for texts none of which has more shingles than ``most``."""
    docs = near.sizes.size
    return Work(
        bag_for(near.most),
        bag_for(most),
        np.empty(256, np.int64),
        np.zeros(docs, np.int32),
        np.empty(docs, np.int32),
    )


@native
def _candidates(near: Near, work: Work) -> int:
    """Count the first shingles that protected texts share with the text in the bag.

    Returns:
        How many texts share any: they are in ``work.docs``.
    """
    count = 0
    common = _common(work.bag, near, work.tally)
    for place in work.bag.places[: work.bag.size[0]]:
        key = work.bag.keys[place] >> _REST << _REST
        if _count(near, key) > common:
            continue
        start, stop = bucket(near.table, key)
        for entry in range(start, stop):
            if near.table.keys[entry] == key:
                doc = near.table.docs[entry]
                if work.shares[doc] == 0:
                    work.docs[count] = doc
                    count += 1
                work.shares[doc] += 1
    return count


@native
def _may_be_near(size: int, theirs: int, shares: int, threshold: float) -> bool:
    small, large = min(size, theirs), max(size, theirs)
    return bool(small >= needed(large, threshold) and shares >= shared_first(small))


@native
def _jaccard(bag: Bag, other: Bag) -> float:
    """Return the share of the shingles of both that are in both."""
    both = 0
    for place in other.places[: other.size[0]]:
        key = other.keys[place]
        both += bag.keys[_place(bag, key)] == key
    return float(both / (bag.size[0] + other.size[0] - both))


@native
def nearest(
    room: Room,
    count: int,
    folding: Folding,
    protected: Texts,
    near: Near,
    work: Work,
    other: Room,
    stream: Array,
) -> tuple[int, float, Room, Array]:
    """Find the protected text that a text is nearest to.

    Args:
        room: The text's tokens.
        count: How many there are.
        folding: The tables.
        protected: The protected texts.
        near: Their shingles.
        work: To work with.
        other: Room for a protected text.
        stream: Room for code points.

    Returns:
        The first of the nearest texts, and the Jaccard index of the two; -1 and 0 where there is none.
        Then ``other`` and ``stream``, which may have grown.
    """
    best, similarity = -1, 0.0
    length, stream = _spell(room, count, stream)
    if _unlike(stream, length, near, work.bag) or not _gather(stream, length, work.bag):
        return best, similarity, other, stream
    size = work.bag.size[0]
    for doc in work.docs[: _candidates(near, work)]:
        shares, work.shares[doc] = work.shares[doc], 0
        if not _may_be_near(size, near.sizes[doc], shares, near.threshold):
            continue
        others, other = tokenise(protected, doc, folding, other)
        length, stream = _spell(other, others, stream)
        _gather(stream, length, work.other)
        value = _jaccard(work.bag, work.other)
        if value >= near.threshold and (value > similarity or (value == similarity and doc < best)):
            best, similarity = doc, value
    return best, similarity, other, stream
