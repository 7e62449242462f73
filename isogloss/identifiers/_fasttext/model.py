"""fastText's lid.176, asked about whole columns: many times as quick as the library.

The library takes one text a call and holds the interpreter meanwhile; the same sums are here made by
native loops over the bytes of Arrow strings, which threads may share. The answers are the library's:
its words, n-grams, tree and tables, probabilities to within 1e-5.

Armand Joulin, Edouard Grave, Piotr Bojanowski, Tomas Mikolov (2016): Bag of Tricks for Efficient Text
Classification, arXiv:1607.01759; the compression: arXiv:1612.03651; n-grams of characters: Bojanowski,
Grave, Joulin, Mikolov (2017): Enriching Word Vectors with Subword Information, TACL 5, arXiv:1607.04606.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isogloss.identifiers._fasttext.file import END, PREFIX, UNMADE, Floats, ModelFile, read
from isogloss.text import utf8

Labels = NDArray[np.int32]

# Texts that one thread takes at a time: their vectors stay in a processor's cache.
_PIECE = 4096
# The bytes of what a thread remembers of words at most: of 16 dimensions, 65,536 of them.
_MEMORY = 1 << 23


class Likely(NamedTuple):
    """The labels that texts likely have.

    Attributes:
        starts: Where the labels of each text start, and those of the last one end; shape (n + 1,).
        labels: End to end, the likeliest of a text first; indexes of `Model.labels`.
        probabilities: One for each label.
    """

    starts: NDArray[np.int64]
    labels: Labels
    probabilities: Floats


class Model:
    """A model of lid.176's kind.

    Attributes:
        labels: Their names, without the prefix ``__label__``.
    """

    labels: list[str]

    def __init__(self, file: ModelFile) -> None:
        self.labels = [
            label.removeprefix(PREFIX).decode("utf-8", "replace") for label in file.labels
        ]
        from isogloss.identifiers._fasttext import kernel

        self._kernel = kernel
        self._tables = _tables(file)
        self._weights = np.ascontiguousarray(_padded(file.outputs).T)
        self._children = _tree(file.counts)
        self._memories: SimpleQueue[Any] = SimpleQueue()

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read a model from its file.

        Raises:
            IsoglossError: It cannot be read, or is no model of lid.176's kind.
        """
        return cls(read(path))

    def likely(self, texts: pl.Series, least: float = 0.01, *, threads: int = 1) -> Likely:
        """Return all labels of each text that have at least a probability, the likeliest first.

        What `str.split` takes for white space separates words, line feeds too.

        Args:
            texts: Strings; null counts as empty.
            least: Less likely labels are none of a text's; above 0.
            threads: How many share the work. The answers hang neither on their number nor on the
                other texts.
        """
        data, starts = utf8(texts.cast(pl.String).fill_null(""))

        def piece(first: int) -> tuple[NDArray[np.int64], Labels, Floats]:
            some = starts[first : first + _PIECE + 1]
            means = np.zeros((some.size - 1, self._tables.rows.shape[1]), np.float32)
            memory = self._memory()
            self._kernel.vectors(self._tables, memory, _room(some), data, some, means)
            self._memories.put(memory)
            return self._labels(means, least)

        pieces = range(0, len(texts), _PIECE)
        if threads < 2 or len(pieces) < 2:
            found = [piece(first) for first in pieces]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(piece, pieces))
        none = (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
        sizes, labels, probabilities = map(np.concatenate, zip(none, *found, strict=True))
        return Likely(np.append(0, np.cumsum(sizes)), labels, probabilities)

    def _labels(self, means: Floats, least: float) -> tuple[NDArray[np.int64], Labels, Floats]:
        """Return how many labels of vectors are likely, these end to end, and their probabilities."""
        # No more can be as likely as that, but for what the library adds to each turn of the tree.
        most = min(len(self.labels), int(1.01 / least))
        sizes = np.empty(len(means), np.int64)
        labels = np.empty(most * len(means), np.int32)
        probabilities = np.empty(most * len(means), np.float32)
        filled = self._kernel.likely(
            self._weights, self._children, means, least, self._desk(), sizes, labels, probabilities
        )
        return sizes, labels[:filled].copy(), probabilities[:filled].copy()

    def _desk(self) -> Any:
        count = len(self.labels)
        return self._kernel.Desk(
            np.empty(count, np.float32),
            np.empty(count + 1, np.int64),
            np.empty(count + 1),
            np.empty(count),
        )

    def _memory(self) -> Any:
        """Return a memory of words that no other thread is using: see `kernel.Memory`.

        Its places are a power of two, and one more for long words.
        """
        try:
            return self._memories.get_nowait()
        except Empty:
            row = self._tables.rows.shape[1] + self._kernel.KNOWN
            places = 1 << max(_MEMORY // (4 * row), 1).bit_length() - 1
            sums = np.zeros((places + 1, row), np.float32)
            return self._kernel.Memory(sums, sums.view(np.uint64), sums.view(np.int32))


def _tables(file: ModelFile) -> Any:
    """Return a model's words and n-grams: see `kernel.Tables`."""
    from isogloss.identifiers._fasttext import kernel

    starts = np.append(0, np.cumsum([len(word) for word in file.words])).astype(np.int64)
    keys = _hashes(file.words, int(kernel.BASIS), int(kernel.PRIME))
    rows = _padded(file.inputs)
    words = len(file.words)
    rows[words:] = rows[words:][np.argsort(file.kept)]
    return kernel.Tables(
        np.frombuffer(b"".join(file.words), np.uint8),
        np.stack([starts[:-1], starts[1:], keys], axis=1),
        _slots(keys.tolist()),
        rows,
        _marks(file.buckets, file.kept, words),
        np.array([file.buckets, file.shortest, file.longest], np.uint64),
        file.words.index(END),
    )


def _room(starts: NDArray[np.int64]) -> Any:
    """Return room for the longest of the texts that start there: see `kernel.Room`."""
    from isogloss.identifiers._fasttext import kernel

    longest = int(np.diff(starts).max())
    words = longest // 2 + 1
    return kernel.Room(
        np.empty((4, words), np.int64),
        np.empty(words, np.int32),
        np.empty(longest + 3, np.uint8),
        np.empty(kernel.WAITING, np.int64),
    )


def _padded(vectors: Floats) -> Floats:
    """Return vectors of a multiple of ``LANES`` numbers, zeros behind their own."""
    from isogloss.identifiers._fasttext.kernel import LANES

    return np.pad(vectors, ((0, 0), (0, -vectors.shape[1] % LANES)))


def _hashes(words: list[bytes], basis: int, prime: int) -> NDArray[np.int64]:
    """Return the hash of each word: FNV-1a of 32 bits, of bytes that are signed."""
    keys = np.full(len(words), basis, np.uint32)
    sizes = np.array([len(word) for word in words])
    letters = np.zeros((len(words), int(sizes.max())), np.int8)
    for row, word in enumerate(words):
        letters[row, : len(word)] = np.frombuffer(word, np.int8)
    for place in range(letters.shape[1]):
        taken = (keys ^ letters[:, place].astype(np.uint32)) * np.uint32(prime)
        keys = np.where(place < sizes, taken, keys)
    return keys.astype(np.int64)


def _slots(keys: list[int]) -> NDArray[np.int32]:
    """Return the open-addressed table of words by their hashes; its places are a power of two."""
    places = 1 << max(2 * len(keys) - 1, 15).bit_length()
    slots = np.full(places, -1, np.int32)
    for number, key in enumerate(keys):
        place = key & (places - 1)
        while slots[place] >= 0:
            place = (place + 1) & (places - 1)
        slots[place] = number
    return slots


def _marks(buckets: int, kept: NDArray[np.int32], first: int) -> NDArray[np.uint64]:
    """Return which buckets have a row, and the numbers of these from the first on."""
    marks = np.zeros((buckets // 64 + 1, 2), np.uint64)
    np.bitwise_or.at(marks[:, 0], kept >> 6, np.uint64(1) << (kept & 63).astype(np.uint64))
    having = np.bitwise_count(marks[:, 0]).astype(np.uint64)
    marks[:, 1] = np.uint64(first) + np.cumsum(having) - having
    return marks.ravel()


def _tree(counts: list[int]) -> NDArray[np.int32]:
    """Return the inner nodes of the Huffman tree of labels that come from the most frequent on.

    Huffman's two queues (van Leeuwen 1976), with the library's choice among equals: a node before a
    leaf of the same count, and the lighter child left.

    Returns:
        The left and the right child of each inner node, the root last: a label, or -1 and less for
        inner nodes 0 and more; shape (labels - 1, 2).
    """
    labels = len(counts)
    weights = [*counts, *[UNMADE] * (labels - 1)]
    children = np.empty((labels - 1, 2), np.int32)
    leaf, node = labels - 1, labels
    for made in range(labels, 2 * labels - 1):
        weight = 0
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                lighter = leaf
                leaf -= 1
            else:
                lighter = node
                node += 1
            weight += weights[lighter]
            children[made - labels, side] = lighter if lighter < labels else labels - 1 - lighter
        weights[made] = weight
    return children
