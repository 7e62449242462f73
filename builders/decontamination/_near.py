"""What finds, among protected texts, those that a text may nearly be; see `builders.decontamination.index`.

The shingles of a text are the runs of five folded code points, with one space between words. Texts
of which the Jaccard index of these sets is at least t share n of the first ``|x| - ceil(t |x|) + n``
shingles of each, whatever order of all shingles they are taken in (Chaudhuri, Ganti & Kaushik 2006, "A
Primitive Operator for Similarity Joins in Data Cleaning"; with n above 1: Wang, Li & Feng 2012, "Can
We Beat the Prefix Filtering?"). The order here is by how many protected texts have a shingle, the
rarest first. So shingles that no protected text has come before all, and a text with too many of them
is let go after its first few words. Nothing is missed, and the Jaccard index of the few pairs that are
left is counted on the whole sets.

Importing this imports numba: do so inside functions. See `isogloss.native`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from builders.decontamination._folding import WORD, Array
from builders.decontamination._ngrams import Table, bucket, table_of
from builders.decontamination._tokens import Tokens
from isogloss.kernels import BASE, Int, find, mix
from isogloss.native import inner, native

_WIDTH = 5
_SPACE = 32
_NO = np.uint64(0)
_ONE = np.uint64(1)
# A number that is written out in a call has numba compile the function anew: hence np.int64(0).
# A shingle's rank: eight bits of how many texts have it, then the first bits of its hash.
_RANK = np.uint64(56)
_REST = np.uint64(8)
_MOST = 255


class Near(NamedTuple):
    """The shingles of protected texts.

    Attributes:
        counts: By bits of a hash, how many texts have such a shingle, at most 255 (``uint8``).
        bitmap: By bits of a hash, whether any has: what most texts are let go by (``uint8``).
        table: The first shingles of each text by the first bits of their hashes.
        sizes: How many shingles each text has; 0 for those that are not looked for (``int32``).
        threshold: The Jaccard index from which on a text is near.
        most: A text with more shingles than this is near to none.
    """

    counts: Array
    bitmap: Array
    table: Table
    sizes: Array
    threshold: float
    most: int


class Bag(NamedTuple):
    """A set of hashes that can be emptied, and room for a text.

    Attributes:
        keys: A set: see `isogloss.kernels.find` (``uint64``).
        places: Those that are filled, in the order they were (``int64``).
        stream: Code points (``int32``).
    """

    keys: Array
    places: Array
    stream: Array


def bag_for(count: int, tokens: Tokens) -> Bag:
    """Return an empty bag for so many hashes, and room for any of these texts with its spaces."""
    places = max(16, 1 << max(2 * count - 1, 1).bit_length())
    sizes = np.diff(tokens.first[tokens.starts]) + np.diff(tokens.starts)
    room = np.empty(int(sizes.max(initial=0)), np.int32)
    return Bag(np.zeros(places, np.uint64), np.empty(count, np.int64), room)


def shingles(tokens: Tokens, wanted: Array) -> tuple[Array, Array]:
    """Return the shingles of texts, end to end, and where those of each start (n + 1); see `Near`.

    Args:
        tokens: Those of the texts.
        wanted: Of which texts; the others have none here (``bool``).
    """
    sizes = np.diff(tokens.first[tokens.starts]) + np.diff(tokens.starts)
    keys = np.empty(int(sizes[wanted].sum()), np.uint64)
    starts = np.zeros(wanted.size + 1, np.int64)
    bag = bag_for(int(sizes.max(initial=1)), tokens)
    _list_shingles(tokens, wanted, bag, keys, starts)
    return keys[: starts[-1]], starts


class Counting:
    """Counts, piece by piece, how many protected texts have which shingles.

    Args:
        codes: How many code points the texts have together.
        sizes: As many as there are texts: filled in.
        threshold: The Jaccard index from which on a text is near.
    """

    def __init__(self, codes: int, sizes: Array, threshold: float) -> None:
        # At least twice as many bits as shingles: then most of those that no text has are known so.
        bits = 1 << max(int(2 * codes).bit_length(), 10)
        nothing = table_of(np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int32))
        counts, bitmap = np.zeros(bits // 4, np.uint8), np.zeros(bits // 8, np.uint8)
        self.near = Near(counts, bitmap, nothing, sizes, threshold, 1)

    def add(self, keys: Array, starts: Array, first: int) -> None:
        """Count the shingles of some texts, the first of which has this number."""
        near = self.near
        near.sizes[first : first + starts.size - 1] = np.diff(starts)
        spots, more = np.unique(keys >> _REST & np.uint64(near.counts.size - 1), return_counts=True)
        counted = near.counts[spots] + np.minimum(more, _MOST)
        near.counts[spots] = np.minimum(counted, _MOST)
        bits = keys >> _REST & np.uint64(8 * near.bitmap.size - 1)
        marks = (_ONE << (bits & np.uint64(7))).astype(np.uint8)
        np.bitwise_or.at(near.bitmap, (bits >> np.uint64(3)).astype(np.int64), marks)


def first_shingles(near: Near, keys: Array, starts: Array) -> tuple[Array, Array]:
    """Return the first shingles of some texts by rank, and which of the texts each is of."""
    spots = keys >> _REST & np.uint64(near.counts.size - 1)
    ranks = near.counts[spots].astype(np.uint64) << _RANK | keys >> _REST
    for low, high in pairwise(starts.tolist()):  # half as long as one sort by text and rank
        ranks[low:high].sort()
    sizes = np.diff(starts)
    needed = np.ceil(near.threshold * sizes - 1e-9).astype(np.int64)
    firsts = np.minimum(sizes, sizes - needed + 1 + sizes // 32)
    texts = np.repeat(np.arange(sizes.size), sizes)
    kept = np.arange(keys.size) - starts[texts] < firsts[texts]
    return ranks[kept] << _REST, texts[kept]


@inner
def _needed(size: Int, threshold: float) -> Int:
    """Return how many of a set's shingles another set must have to reach the threshold."""
    # Of 100 at 0.8 it is 80, not the 81 that the product's last bit would make of it.
    return np.int64(np.ceil(threshold * size - 1e-9))


@inner
def _shared_first(size: Int) -> Int:
    """Return how many of their first shingles two texts must share, the smaller having so many.

    A name in both makes a handful.
    """
    return np.int64(1 + size // 32)


@inner
def _spell(tokens: Tokens, text: Int, stream: Array) -> Int:
    """Write out a text's code points, with one space between words; return how many there are."""
    size = 0
    for token in range(tokens.starts[text], tokens.starts[text + 1]):
        # Between characters of scripts without spaces there is none, whatever the writer did.
        if size > 0 and (tokens.kind[token] == WORD or tokens.kind[token - 1] == WORD):
            stream[size] = _SPACE
            size += 1
        for place in range(tokens.first[token], tokens.first[token + 1]):
            stream[size] = tokens.code[place]
            size += 1
    return size


@inner
def _key(stream: Array, at: Int) -> Int:
    """Return the hash of the shingle that starts at a code point; never 0."""
    value = _NO
    for place in range(at, at + _WIDTH):
        value = value * BASE + np.uint64(stream[place])
    return mix(value) | _ONE


@inner
def _put(keys: Array, places: Array, held: Int, key: np.uint64) -> Int:
    """Put a hash into a set of so many; return how many it has then, -1 where it has no room."""
    place = find(keys, key)
    if keys[place] == key:
        return held
    if held == places.size:
        return np.int64(-1)
    keys[place] = key
    places[held] = place
    return held + 1


@inner
def _gather(stream: Array, size: Int, keys: Array, places: Array) -> Int:
    """Put a text's shingles into an empty set; return how many it has then, -1 where it has no room."""
    held = np.int64(0)
    for at in range(size - _WIDTH + 1):
        more = _put(keys, places, held, _key(stream, at))
        if more < 0:
            _empty(keys, places, held)
            return -1
        held = more
    return held


@inner
def _empty(keys: Array, places: Array, held: Int) -> None:
    for number in range(held):
        keys[places[number]] = _NO


@native
def _list_shingles(tokens: Tokens, wanted: Array, bag: Bag, keys: Array, starts: Array) -> None:
    """See `shingles`."""
    filled = 0
    for text in range(wanted.size):
        if wanted[text]:
            size = _spell(tokens, text, bag.stream)
            held = _gather(bag.stream, size, bag.keys, bag.places)
            for number in range(held):
                keys[filled + number] = bag.keys[bag.places[number]]
            _empty(bag.keys, bag.places, held)
            filled += held
        starts[text + 1] = filled


@inner
def _known(bitmap: Array, key: np.uint64) -> bool:
    """Tell whether a protected text may have a shingle."""
    place = key >> _REST & np.uint64(8 * bitmap.size - 1)
    return bool((bitmap[place >> np.uint64(3)] >> np.uint8(place & np.uint64(7))) & 1)


@inner
def _count(counts: Array, bitmap: Array, key: np.uint64) -> Int:
    """Return about how many protected texts have a shingle, never too few; at most 255."""
    if not _known(bitmap, key):
        return _NO
    return np.uint64(counts[key >> _REST & np.uint64(counts.size - 1)])


@inner
def _unlike(stream: Array, size: Int, near: Near, keys: Array, places: Array) -> bool:
    """Tell whether too many of a text's shingles are in no protected text for it to be near to any."""
    limit = min(near.most, size)
    allowed = limit - _needed(limit, near.threshold)
    held = np.int64(0)
    for at in range(size - _WIDTH + 1):
        key = _key(stream, at)
        if not _known(near.bitmap, key):
            more = _put(keys, places, held, key)
            if more < 0 or more > allowed:
                _empty(keys, places, held if more < 0 else more)
                return True
            held = more
    _empty(keys, places, held)
    return False


class Work(NamedTuple):
    """What `candidates` works with.

    Attributes:
        tally: How many shingles are how common; shape (256,), ``int64``.
        shares: How many first shingles each protected text shares; 0 between texts (``int32``).
        docs: Those that share any (``int32``).
    """

    tally: Array
    shares: Array
    docs: Array


def work_for(near: Near) -> Work:
    """Return what is needed to look for texts that are near."""
    docs = near.sizes.size
    return Work(np.empty(256, np.int64), np.zeros(docs, np.int32), np.empty(docs, np.int32))


@native
def candidates(
    tokens: Tokens, wanted: Array, near: Near, bag: Bag, work: Work, text: Int, pairs: Array
) -> tuple[Int, Int]:
    """List the protected texts that texts may be near to.

    Args:
        tokens: Those of the texts.
        wanted: Which are looked at (``bool``).
        near: The shingles of the protected ones.
        bag: Empty, with room for ``near.most``.
        work: Of no other thread.
        text: The first text to look at.
        pairs: Takes the numbers of a text and of a protected one; shape (at least as many as there
            are protected texts, 2), ``int32``.

    Returns:
        How many pairs there are, and the text to go on with where there is room for no more.
    """
    filled = 0
    while text < wanted.size and filled + work.docs.size <= pairs.shape[0]:
        if wanted[text]:
            length = _spell(tokens, text, bag.stream)
            size = -1
            if not _unlike(bag.stream, length, near, bag.keys, bag.places):
                size = _gather(bag.stream, length, bag.keys, bag.places)
            if size >= 0:
                # How common the last of its first shingles is. Those that are as common are looked up
                # with it: then nothing need be sorted.
                work.tally[:] = 0
                for number in range(size):
                    key = bag.keys[bag.places[number]]
                    work.tally[_count(near.counts, near.bitmap, key)] += 1
                left = size - _needed(size, near.threshold) + _shared_first(size)
                left = min(left, size)
                common = 0
                while left > work.tally[common]:
                    left -= work.tally[common]
                    common += 1
                count = 0
                for number in range(size):
                    key = bag.keys[bag.places[number]]
                    if _count(near.counts, near.bitmap, key) > common:
                        continue
                    key = key >> _REST << _REST
                    start, stop = bucket(near.table, key)
                    for entry in range(start, stop):
                        if near.table.keys[entry] == key:
                            doc = near.table.docs[entry]
                            if work.shares[doc] == 0:
                                work.docs[count] = doc
                                count += 1
                            work.shares[doc] += 1
                _empty(bag.keys, bag.places, size)
                for number in range(count):
                    doc = work.docs[number]
                    shares, work.shares[doc] = work.shares[doc], 0
                    small = min(size, near.sizes[doc])
                    large = max(size, near.sizes[doc])
                    if small >= _needed(large, near.threshold) and shares >= _shared_first(small):
                        pairs[filled, 0], pairs[filled, 1] = text, doc
                        filled += 1
        text += 1
    return filled, text


@native
def jaccards(
    keys: Array, starts: Array, others: Array, other_starts: Array, pairs: Array, table: Array,
    places: Array, similarity: Array,
) -> None:  # fmt: skip
    """Write the Jaccard index of pairs of sets.

    Args:
        keys: The shingles of texts, each once (``uint64``).
        starts: Where those of each start (``int64``).
        others: The same of the other texts.
        other_starts: Where those of each start.
        pairs: A text and another one; those of one text behind each other; shape (n, 2).
        table: An empty set with more places than any text has shingles.
        places: As many as a text may have (``int64``).
        similarity: Takes what is found (``float64``).
    """
    held, here = np.int64(0), -1
    for pair in range(pairs.shape[0]):
        text, other = pairs[pair, 0], pairs[pair, 1]
        if text != here:
            _empty(table, places, held)
            held, here = np.int64(0), text
            for place in range(starts[text], starts[text + 1]):
                held = _put(table, places, held, keys[place])
        both = 0
        for place in range(other_starts[other], other_starts[other + 1]):
            both += table[find(table, others[place])] == others[place]
        size = other_starts[other + 1] - other_starts[other]
        similarity[pair] = both / (held + size - both)
    _empty(table, places, held)
