"""What the native loops of fastText's models work on: plain arrays, in tuples that name them.

numba keeps a compiled function as long as its own file is the same, whatever becomes of others: so a
loop and all that it calls are in one file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
#: A whole number: of those that numba works out, it is numba that tells the kinds apart.
Int = int | np.signedinteger[Any]


class Shape(NamedTuple):
    """What n-grams a model has.

    Attributes:
        buckets: Their hashes are taken modulo this.
        shortest: The fewest characters of one.
        longest: The most.
        words: The most words of an n-gram of words.
    """

    buckets: int
    shortest: int
    longest: int
    words: int


class Tables(NamedTuple):
    """A model's words and n-grams.

    Attributes:
        spelling: The words and labels, end to end (``uint8``).
        entries: Where each starts and ends, and its hash; shape (words + labels, 3), ``int64``.
        slots: Words and labels by their hashes, an open-addressed table of a power of two places; -1
            is an empty one (``int32``).
        sizes: For each word, itself and its n-grams that have a vector, counted (``int32``).
        rows: The sum of the vectors of each word and of its n-grams, then the vectors of the n-grams
            by their buckets; shape (words + n-grams, width).
        marks: For every 64 buckets, a bit for each that has a vector, and the row of the first of
            them (``uint64``, in turns).
        shape: What n-grams there are.
        end: The word that ends a line (``uint8``).
        end_row: The row of its vector; -1 where there is none.
        prefix: What labels start with (``uint8``).
    """

    spelling: Array
    entries: Array
    slots: Array
    sizes: Array
    rows: Array
    marks: Array
    shape: Shape
    end: Array
    end_row: int
    prefix: Array


class Memory(NamedTuple):
    """Sums of words that were met, by their hashes; a new one takes the place of an old one.

    All is in one array, a row for each word, so that what is known of one comes from memory at once: its
    sum; the word, in eights of bytes; its bytes (0 for an empty row); how many vectors are summed (-1 for
    a label).

    Attributes:
        sums: The rows as ``float32``; shape (places, width + 16).
        words: The same memory as ``uint64``, in which the word starts at width / 2.
        numbers: The same as ``int32``, in which the bytes are at width + 8, the count behind them.
    """

    sums: Array
    words: Array
    numbers: Array


class Room(NamedTuple):
    """Room for one text.

    Attributes:
        first: Where each of its words starts (``int64``).
        stop: Where each ends (``int64``).
        keys: The hash of each (``uint32``).
        places: Where each is remembered, if it is (``int64``).
        touched: Anything of what is there (``int32``).
        word: A word between its marks (``uint8``).
        waiting: Rows to add (``int64``).
    """

    first: Array
    stop: Array
    keys: Array
    places: Array
    touched: Array
    word: Array
    waiting: Array


class Output(NamedTuple):
    """What makes labels of vectors.

    Attributes:
        loss: That the model was trained with.
        weights: The vectors of labels, or of the inner nodes of their tree, by dimension; shape
            (width, labels).
        children: The left and the right child of each inner node, the root last: a label, or -1 and
            less for inner nodes 0 and more; shape (inner nodes, 2), ``int32``. No nodes without a tree.
    """

    loss: int
    weights: Array
    children: Array
