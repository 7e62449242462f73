"""Supervised models of fastText, asked about whole columns: many times as quick as the library.

The library takes one text a call and holds the interpreter meanwhile; the same sums are here made by
native loops over the bytes of Arrow strings, which threads may share. The answers are the library's:
its words, n-grams, trees and tables, probabilities to within 1e-5.

Armand Joulin, Edouard Grave, Piotr Bojanowski, Tomas Mikolov (2016): Bag of Tricks for Efficient Text
Classification, arXiv:1607.01759; the compression: arXiv:1612.03651; n-grams of characters: Bojanowski,
Grave, Joulin, Mikolov (2017): Enriching Word Vectors with Subword Information, TACL 5, arXiv:1607.04606.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isogloss.identifiers._fasttext.file import ModelFile, read
from isogloss.text import utf8

Floats = NDArray[np.float32]
Labels = NDArray[np.int32]

#: What separates words: white space of ASCII and NUL, of which a line feed ends the text, as the library
#: has it; or all that `str.split` takes for white space.
Spaces = Literal["ascii", "unicode"]

_PREFIX = b"__label__"
_END = b"</s>"
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
    """A supervised model of fastText.

    All methods take texts as a column of strings (null counts as empty), and say how to read them:

    ``max_chars``
        texts are cut to so many characters, counted before anything else; None leaves them whole;
    ``spaces``
        see `Spaces`;
    ``threads``
        how many share the work. The answers hang neither on their number nor on the other texts.

    A text has no label only where the model knows none of its words, not even the end of a line.

    Attributes:
        labels: Their names, without the prefix ``__label__``.
    """

    labels: list[str]

    def __init__(self, file: ModelFile) -> None:
        names = (label.removeprefix(_PREFIX) for label in file.dictionary.labels)
        self.labels = [name.decode("utf-8", "replace") for name in names]
        from isogloss.identifiers._fasttext import kernel, scores, tables

        self._kernel, self._scores = kernel, scores
        self._layout: Any = tables
        self._tables = self._layout.tables(file, _PREFIX, _END)
        self._output = self._layout.output(file)
        self._memories: SimpleQueue[Any] = SimpleQueue()

    @classmethod
    def load(cls, path: Path) -> Model:
        """Read a model from its file, ``.bin`` or ``.ftz``.

        Raises:
            IsoglossError: It cannot be read, or is not a supervised model of fastText.
        """
        return cls(read(path))

    def best(
        self,
        texts: pl.Series,
        k: int = 1,
        *,
        max_chars: int | None = None,
        spaces: Spaces = "ascii",
        threads: int = 1,
    ) -> tuple[Labels, Floats]:
        """Return the likeliest labels of each text, and their probabilities.

        Returns:
            Indexes of `labels`, the likeliest first, shape (n, k) where the model has as many labels,
            -1 for none; their probabilities, 0 for none.
        """
        k = min(k, len(self.labels))

        def work(means: Floats, counts: NDArray[np.int64]) -> Any:
            return self._scores.best(self._output, means, counts, k)

        found = self._each(texts, work, max_chars, spaces, threads)
        if not found:
            return np.empty((0, k), np.int32), np.empty((0, k), np.float32)
        labels, probabilities = zip(*found, strict=True)
        return np.concatenate(labels), np.concatenate(probabilities)

    def likely(
        self,
        texts: pl.Series,
        least: float = 0.01,
        *,
        max_chars: int | None = None,
        spaces: Spaces = "ascii",
        threads: int = 1,
    ) -> Likely:
        """Return all labels of each text that have at least a probability, the likeliest first."""

        def work(means: Floats, counts: NDArray[np.int64]) -> Any:
            return self._scores.likely(self._output, means, counts, least)

        found = self._each(texts, work, max_chars, spaces, threads)
        none = (np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))
        sizes, labels, probabilities = map(np.concatenate, zip(none, *found, strict=True))
        return Likely(np.append(0, np.cumsum(sizes)), labels, probabilities)

    def _each(
        self,
        texts: pl.Series,
        work: Callable[[Floats, NDArray[np.int64]], Any],
        max_chars: int | None,
        spaces: Spaces,
        threads: int,
    ) -> list[Any]:
        """Return what is worked out of the vectors of each piece of the texts, in order."""
        if max_chars is not None and max_chars < 0:
            raise ValueError(f"a text cannot be cut to {max_chars} characters")
        data, starts = utf8(texts.cast(pl.String).fill_null(""))
        most = -1 if max_chars is None else max_chars

        def piece(first: int) -> Any:
            some = starts[first : first + _PIECE + 1]
            memory = self._memory()
            longest = int(np.diff(some).max())
            if max_chars is not None:
                longest = min(longest, 4 * max_chars)  # of UTF-8
            room = self._layout.room_for(longest)
            means, counts = self._kernel.vectors(
                self._tables, memory, room, data, some, most, spaces == "unicode"
            )
            self._memories.put(memory)
            return work(means, counts)

        pieces = range(0, len(texts), _PIECE)
        if threads < 2 or len(pieces) < 2:
            return [piece(first) for first in pieces]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(piece, pieces))

    def _memory(self) -> Any:
        """Return a memory of words that no other thread is using."""
        try:
            return self._memories.get_nowait()
        except Empty:
            return self._layout.memory_of(_MEMORY, self._tables.rows.shape[1])
