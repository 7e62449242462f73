"""A model of fastText as the native loops want it; see `isogloss.identifiers._fasttextkernel`.

Importing this imports numba: do so inside functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isogloss.identifiers._fasttextfile import HIERARCHICAL, Floats, ModelFile
from isogloss.identifiers._fasttextkernel import LANES, Shape, Tables, add_grams, enter
from isogloss.identifiers._fasttextscores import Output

# What the library gives a node of the tree that is not yet made.
_UNMADE = 10**15


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
    entries, slots = enter(spelling, starts)
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
    add_grams(made)
    return made


def output(file: ModelFile) -> Output:
    """Return what makes labels of a model's vectors."""
    weights = np.ascontiguousarray(_padded(file.outputs).T)
    labels = len(file.dictionary.labels)
    if file.settings.loss != HIERARCHICAL:
        none = np.empty((0, 2), np.int32)
        return Output(
            file.settings.loss, weights, none, none[:, 0].copy(), np.zeros(labels + 1, np.int64)
        )
    children = _tree(file.dictionary.counts.tolist())
    turns, starts = _ways(children, labels)
    return Output(file.settings.loss, weights, children, turns, starts)


def _bytes(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def _padded(vectors: Floats) -> Floats:
    """Return vectors of a multiple of `LANES` numbers, zeros behind their own."""
    more = -vectors.shape[1] % LANES
    return np.pad(vectors, ((0, 0), (0, more)))


def _marks(buckets: int, kept: NDArray[np.int32] | None, first: int) -> NDArray[np.uint64]:
    """Return which buckets have a row, and the numbers of these from the first on; see `Tables`."""
    words = buckets // 64 + 1
    there = np.zeros(64 * words, np.uint8)
    there[slice(buckets) if kept is None else kept] = 1
    bits = np.packbits(there, bitorder="little").view("<u8")
    having = there.reshape(words, 64).sum(axis=1, dtype=np.uint64)
    numbers = np.uint64(first) + np.cumsum(having) - having
    return np.column_stack([bits.astype(np.uint64), numbers]).ravel()


def _tree(counts: list[int]) -> NDArray[np.int32]:
    """Return the inner nodes of the Huffman tree of labels that come from the most frequent on.

    Huffman's two queues (van Leeuwen 1976), with the library's choice among equals: a node before a
    leaf of the same count, and the lighter child left.
    """
    labels = len(counts)
    weights = [*counts, *[_UNMADE] * (labels - 1)]
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


def _ways(children: NDArray[np.int32], labels: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the turns on the way from the root to each label, and where each way starts."""
    ways: list[list[int]] = [[] for _ in range(labels)]
    inner: list[list[int]] = [[] for _ in children]
    # A node's children were made before it: from the root, the last one, each way is known.
    for node in range(len(children) - 1, -1, -1):
        for right in range(2):
            child = int(children[node, right])
            way = [*inner[node], 2 * node + right]
            if child >= 0:
                ways[child] = way
            else:
                inner[-1 - child] = way
        inner[node] = []
    starts = np.append(0, np.cumsum([len(way) for way in ways])).astype(np.int64)
    return np.array([turn for way in ways for turn in way], np.int32), starts
