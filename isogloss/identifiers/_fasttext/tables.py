"""A model of fastText as the native loops want it; see `isogloss.identifiers._fasttext.kernel`.

Importing this imports numba: do so inside functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isogloss.identifiers._fasttext.arrays import Array, Int, Memory, Output, Room, Shape, Tables
from isogloss.identifiers._fasttext.file import HIERARCHICAL, UNMADE, Floats, ModelFile
from isogloss.identifiers._fasttext.kernel import (
    BASIS,
    LANES,
    REMEMBERED,
    WAITING,
    add_grams,
    hashed,
)
from isogloss.native import native


def tables(file: ModelFile, prefix: bytes, end: bytes) -> Tables:
    """Return a model's words and n-grams.

    Args:
        file: The model.
        prefix: What labels start with.
        end: The word that ends a line.
    """
    settings, dictionary = file.settings, file.dictionary
    spelled = [*dictionary.words, *dictionary.labels]
    spelling = _bytes(b"".join(spelled))
    starts = np.append(0, np.cumsum([len(word) for word in spelled])).astype(np.int64)
    entries, slots = _enter(spelling, starts)
    words = len(dictionary.words)
    rows = _padded(file.inputs)
    if dictionary.kept is not None:
        rows[words:] = rows[words:][np.argsort(dictionary.kept)]
    made = Tables(
        spelling,
        entries,
        slots,
        np.ones(words, np.int32),
        rows,
        _marks(settings.buckets, dictionary.kept, words),
        Shape(settings.buckets, settings.shortest, settings.longest, settings.word_ngrams),
        _bytes(end),
        dictionary.words.index(end) if end in dictionary.words else -1,
        _bytes(prefix),
    )
    add_grams(made, room_for(max(map(len, spelled))))
    return made


def memory_of(size: int, width: int) -> Memory:
    """Return an empty memory of at most so many bytes, and of a spare place for long words.

    Its places are a power of two, and at least one.
    """
    row = width + REMEMBERED // 4 + LANES // 2
    places = 1 << max(size // (4 * row), 1).bit_length() - 1
    sums = np.zeros((places + 1, row), np.float32)
    return Memory(sums, sums.view(np.uint64), sums.view(np.int32))


def room_for(longest: int) -> Room:
    """Return room for a text of so many bytes."""
    words = longest // 2 + 2  # and the end of the line
    return Room(
        np.empty(words, np.int64),
        np.empty(words, np.int64),
        np.empty(words, np.uint32),
        np.empty(words, np.int64),
        np.empty(words, np.int32),
        np.empty(longest + 3, np.uint8),
        np.empty(WAITING, np.int64),
    )


def output(file: ModelFile) -> Output:
    """Return what makes labels of a model's vectors."""
    weights = np.ascontiguousarray(_padded(file.outputs).T)
    tree = file.settings.loss == HIERARCHICAL
    children = _tree(file.dictionary.counts.tolist()) if tree else np.empty((0, 2), np.int32)
    return Output(file.settings.loss, weights, children)


def _bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def _padded(vectors: Floats) -> Floats:
    """Return vectors of a multiple of `LANES` numbers, zeros behind their own."""
    more = -vectors.shape[1] % LANES
    return np.pad(vectors, ((0, 0), (0, more)))


def _marks(buckets: int, kept: NDArray[np.int32] | None, first: int) -> NDArray[np.uint64]:
    """Return which buckets have a row, and the numbers of these from the first on; see `Tables`."""
    words = max(buckets, 0) // 64 + 1
    marks = np.zeros((words, 2), np.uint64)
    there = np.arange(max(buckets, 0)) if kept is None else kept
    np.bitwise_or.at(marks[:, 0], there >> 6, np.uint64(1) << (there & 63).astype(np.uint64))
    having = np.bitwise_count(marks[:, 0]).astype(np.uint64)
    marks[:, 1] = np.uint64(first) + np.cumsum(having) - having
    return marks.ravel()


def _tree(counts: list[int]) -> NDArray[np.int32]:
    """Return the inner nodes of the Huffman tree of labels that come from the most frequent on.

    Huffman's two queues (van Leeuwen 1976), with the library's choice among equals: a node before a
    leaf of the same count, and the lighter child left.
    """
    labels = len(counts)
    weights = [*counts, *[UNMADE] * (labels - 1)]
    children = np.empty((labels - 1, 2), np.int32)
    leaf, node = labels - 1, labels
    for made in range(labels, 2 * labels - 1):
        weight = 0
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                chosen = leaf
                leaf -= 1
            else:
                chosen = node
                node += 1
            weight += weights[chosen]
            children[made - labels, side] = chosen if chosen < labels else labels - 1 - chosen
        weights[made] = weight
    return children


@native
def _key_of(data: Array, start: Int, stop: Int) -> np.uint32:
    """Return the hash of a word."""
    key = BASIS
    for place in range(start, stop):
        key = hashed(key, data[place])
    return key


@native
def _enter(spelling: Array, starts: Array) -> tuple[Array, Array]:
    """Return the entries and slots of words that are end to end; see `Tables`."""
    count = starts.size - 1
    places = 16
    while places < 2 * count:
        places *= 2
    entries = np.empty((count, 3), np.int64)
    slots = np.full(places, -1, np.int32)
    for number in range(count):
        key = np.int64(_key_of(spelling, starts[number], starts[number + 1]))
        entries[number, 0], entries[number, 1] = starts[number], starts[number + 1]
        entries[number, 2] = key
        place = key & (places - 1)
        while slots[place] >= 0:
            place = (place + 1) & (places - 1)
        slots[place] = number
    return entries, slots
