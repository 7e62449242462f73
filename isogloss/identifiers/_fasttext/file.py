"""Reading the model files of fastText, ``.bin`` and compressed ``.ftz``.

The format is fastText's own (versions 11 and 12, little-endian; there is no other document of it than
the library, https://github.com/facebookresearch/fastText): the settings of the training, the
dictionary of words and labels, the vectors of words and n-grams, and those of labels. Compressed
vectors are product-quantized (Joulin et al. 2016, "FastText.zip: Compressing text classification
models", arXiv:1612.03651), and only the n-grams that matter most are kept.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isogloss.errors import IsoglossError

Floats = NDArray[np.float32]

HIERARCHICAL, NEGATIVE, SOFTMAX, ONE_VS_ALL = 1, 2, 3, 4

#: What the library gives a node of the tree of labels that is not yet made: counts are below.
UNMADE = 10**15
#: N-grams of more characters than this are a sign of a damaged file.
MOST_CHARACTERS = 255

_MAGIC = 793712314
_VERSIONS = (11, 12)
_SUPERVISED = 3
_LABEL = 1
# A product quantizer has so many centroids, one for each value of a byte.
_CENTROIDS = 256


class Settings(NamedTuple):
    """The settings of the training that a model's answers hang on.

    Attributes:
        dimensions: Of a vector.
        word_ngrams: The most words in an n-gram of words.
        loss: `HIERARCHICAL`, `NEGATIVE`, `SOFTMAX` or `ONE_VS_ALL`.
        buckets: N-grams have vectors by their hash modulo this.
        shortest: The fewest characters of an n-gram of characters.
        longest: The most; 0 for a model without any.
    """

    dimensions: int
    word_ngrams: int
    loss: int
    buckets: int
    shortest: int
    longest: int


class Dictionary(NamedTuple):
    """The words and labels of a model.

    Attributes:
        words: In the order of their vectors.
        labels: With their prefix, in the order of their vectors.
        counts: How often each label was met; shape (labels,).
        kept: The buckets that have a vector, in the order of these; None where all have.
    """

    words: list[bytes]
    labels: list[bytes]
    counts: NDArray[np.int64]
    kept: NDArray[np.int32] | None


class ModelFile(NamedTuple):
    """A supervised model as its file has it, its vectors decompressed.

    Attributes:
        settings: Of the training.
        dictionary: Its words and labels.
        inputs: Vectors of words, then of buckets; shape (words + buckets, dimensions).
        outputs: Vectors of labels, or of the inner nodes of their tree; shape (labels, dimensions).
    """

    settings: Settings
    dictionary: Dictionary
    inputs: Floats
    outputs: Floats


def read(path: Path) -> ModelFile:
    """Read a model.

    Raises:
        IsoglossError: The file cannot be read, is no model of fastText, was not trained to classify
            text, is cut off, or contradicts itself.
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
        return IsoglossError(
            problem, where=self.path, remedy="Fetch the file again, or name another model"
        )

    def skip(self, size: int) -> int:
        """Pass over so many bytes; return where they start."""
        start = self.at
        if size < 0 or size > len(self.data) - start:
            raise self.fail(f"the fastText model is cut off or damaged near byte {start:,}")
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
    if version not in _VERSIONS:
        raise reader.fail(
            f"the fastText model is of version {version}, and only 11 and 12 are known"
        )
    settings = _settings(reader, version)
    dictionary = _dictionary(reader)
    (quantized,) = reader.numbers("?")
    inputs = _quantized(reader) if quantized else _dense(reader)
    (output_quantized,) = reader.numbers("?")
    outputs = _quantized(reader) if quantized and output_quantized else _dense(reader)
    model = ModelFile(settings, dictionary, inputs, outputs)
    _check(model, reader)
    return model


def _settings(reader: _Reader, version: int) -> Settings:
    dimensions, _, _, _, _, word_ngrams, loss, model, buckets, shortest, longest, _ = (
        reader.numbers("12i")
    )
    reader.skip(8)  # the sampling threshold, which only training needs
    if model != _SUPERVISED:
        raise reader.fail("the fastText model has vectors of words only: it cannot classify text")
    if loss not in (HIERARCHICAL, NEGATIVE, SOFTMAX, ONE_VS_ALL):
        raise reader.fail(f"the fastText model was trained with loss {loss}, which is not known")
    if version == 11:
        longest = 0  # as the library reads it: that version wrote n-grams that it did not use
    if buckets < 1 and (longest > 0 or word_ngrams > 1):
        raise reader.fail(f"the fastText model has n-grams, and {buckets} buckets for them")
    if dimensions < 1 or longest > MOST_CHARACTERS:
        raise reader.fail(
            f"the fastText model has vectors of {dimensions:,} numbers, and n-grams of up to"
            f" {longest:,} characters"
        )
    return Settings(dimensions, word_ngrams, loss, buckets, max(shortest, 0), max(longest, 0))


def _dictionary(reader: _Reader) -> Dictionary:
    size, words, labels, _, pruned = reader.numbers("iiiqq")
    if min(words, labels) < 0 or words + labels != size or not labels:
        raise reader.fail(
            f"the fastText model has {words:,} words and {labels:,} labels of {size:,} entries"
        )
    entries: list[bytes] = []
    counts: list[int] = []
    for index in range(size):
        entries.append(reader.word())
        count, kind = reader.numbers("qb")
        counts.append(count)
        if (kind == _LABEL) != (index >= words):
            raise reader.fail(f"entry {index:,} of the fastText model is of the wrong kind")
    if min(counts[words:]) < 0 or max(counts[words:]) >= UNMADE:
        raise reader.fail("the labels of the fastText model were met less than never, or too often")
    kept = _kept(reader, pruned) if pruned >= 0 else None
    return Dictionary(entries[:words], entries[words:], np.array(counts[words:], np.int64), kept)


def _kept(reader: _Reader, count: int) -> NDArray[np.int32]:
    """Return the buckets that have a vector, in the order of the vectors."""
    pairs = reader.array("<i4", 2 * count).reshape(count, 2)
    kept = np.empty(count, np.int32)
    if not np.array_equal(np.sort(pairs[:, 1]), np.arange(count)):
        raise reader.fail("the n-grams of the fastText model are not numbered one by one")
    kept[pairs[:, 1]] = pairs[:, 0]
    if len(np.unique(kept)) != count or (count and kept.min() < 0):
        raise reader.fail("the n-grams of the fastText model are not told apart")
    return kept


def _dense(reader: _Reader) -> Floats:
    rows, columns = reader.numbers("qq")
    if rows < 0 or columns < 0:
        raise reader.fail(f"the fastText model has a matrix of {rows} x {columns}")
    return reader.array("<f4", rows * columns).reshape(rows, columns).astype(np.float32)


def _quantized(reader: _Reader) -> Floats:
    with_norms, rows, columns, size = reader.numbers("?qqi")
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
    fits = dimensions == columns > 0 and width > 0 and parts == -(-columns // width)
    if not fits or last != columns - (parts - 1) * width or codes.size != rows * parts:
        raise reader.fail("the compressed vectors of the fastText model do not fit together")
    centroids = reader.array("<f4", columns * _CENTROIDS)
    codes = codes.reshape(rows, parts)
    vectors = np.empty((rows, columns), np.float32)
    for part in range(parts):
        first = part * width
        wide = last if part == parts - 1 else width
        table = centroids[first * _CENTROIDS : (first + wide) * _CENTROIDS]
        vectors[:, first : first + wide] = table.reshape(_CENTROIDS, wide)[codes[:, part]]
    return vectors


def _check(model: ModelFile, reader: _Reader) -> None:
    settings, dictionary = model.settings, model.dictionary
    buckets = settings.buckets if dictionary.kept is None else len(dictionary.kept)
    rows = len(dictionary.words) + buckets
    if model.inputs.shape != (rows, settings.dimensions):
        raise reader.fail(
            f"the fastText model has vectors of shape {model.inputs.shape}, not"
            f" {(rows, settings.dimensions)} as its words and n-grams need"
        )
    if model.outputs.shape != (len(dictionary.labels), settings.dimensions):
        raise reader.fail(
            f"the fastText model has labels of shape {model.outputs.shape}, not"
            f" {(len(dictionary.labels), settings.dimensions)}"
        )
    if np.max(dictionary.kept if dictionary.kept is not None else [], initial=-1) >= max(
        settings.buckets, 0
    ):
        raise reader.fail("the fastText model keeps n-grams beyond its last bucket")
    if not (np.isfinite(model.inputs).all() and np.isfinite(model.outputs).all()):
        raise reader.fail("the fastText model has vectors that are not numbers")
    if reader.at != len(reader.data):
        raise reader.fail("there is more in the file than the fastText model")
