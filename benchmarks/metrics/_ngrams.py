"""Counting n-grams of a whole corpus at once, over arrays: what BLEU and chrF are made of.

An n-gram of a segment is a number of 64 bits, a hash of its symbols and of the segment's place, so
that those of all segments are counted by one sort. Of a million n-grams, two that differ have the
same number with a probability of 3 in a hundred million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

# Odd, and without a pattern: the multipliers of splitmix64 (Steele et al. 2014) and of Knuth's MMIX.
_SPREAD = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_STEP = np.uint64(0x9E3779B97F4A7C15)
_CHAIN = np.uint64(6364136223846793005)


# Characters of references that are counted at once: some 100 MiB of arrays.
_BLOCK = 1 << 20


def blocks(references: Sequence[Sequence[str | None]]) -> list[slice]:
    """Return runs of segments that are counted one after the other, so that memory is bounded.

    Args:
        references: Each reference of every segment, None where it has fewer.
    """
    sizes = np.zeros(len(references[0]), dtype=np.int64)
    for stream in references:
        sizes += np.fromiter((len(text or "") + 1 for text in stream), np.int64, len(sizes))
    numbers = (np.cumsum(sizes) - sizes) // _BLOCK
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return [slice(a, b) for a, b in zip(starts, [*starts[1:], len(sizes)], strict=True)]


@dataclass(frozen=True)
class _Order:
    """The different n-grams of one order, by rising number, with how often each is there and where."""

    numbers: Numbers
    counts: Counts
    segments: npt.NDArray[np.intp]


@dataclass(frozen=True)
class NGrams:
    """The n-grams of n segments: ``totals`` are how many there are, shape (n, orders)."""

    orders: list[_Order]
    lengths: Counts
    totals: Counts


class Vocabulary:
    """Numbers for words: the same for the same word, as long as it lives."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._next = count()

    def ngrams(self, segments: Sequence[Sequence[str]], orders: int) -> NGrams:
        """Count the n-grams of words of each segment, from order 1 on."""
        numbers = self._numbers
        words = [word for segment in segments for word in segment]
        for word in words:
            if word not in numbers:
                numbers[word] = next(self._next)
        symbols = np.fromiter((numbers[word] for word in words), np.uint64, len(words))
        return _counted(symbols, [len(segment) for segment in segments], orders)


def characters(segments: Sequence[str], orders: int) -> NGrams:
    """Count the n-grams of characters of each segment, from order 1 on."""
    text = "".join(segments).encode("utf-32-le", "surrogatepass")
    symbols = np.frombuffer(text, dtype="<u4").astype(np.uint64)
    return _counted(symbols, [len(segment) for segment in segments], orders)


def _counted(symbols: Numbers, lengths: Sequence[int], orders: int) -> NGrams:
    sizes = np.asarray(lengths, dtype=np.int64)
    segments = np.repeat(np.arange(len(sizes)), sizes)
    room = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(symbols))
    places = segments.astype(np.uint64) * _STEP
    spread = _spread(symbols)
    chain = np.zeros(len(symbols), dtype=np.uint64)
    found = []
    for order in range(1, orders + 1):
        chain = chain[: len(symbols) - order + 1] * _CHAIN + spread[order - 1 :]
        inside = np.flatnonzero(room[: len(chain)] >= order)
        numbers = _spread(chain[inside] + places[inside])
        found.append(_tallied(numbers, segments[inside], np.ones(len(inside), dtype=np.int64)))
    totals = np.maximum(sizes[:, np.newaxis] - np.arange(orders), 0)
    return NGrams(found, sizes, totals)


def _spread(numbers: Numbers) -> Numbers:
    """Mix bits, so that like numbers become unlike (the finalizer of splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _SPREAD[0]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _SPREAD[1]
    return numbers ^ (numbers >> np.uint64(31))


def _tallied(
    numbers: Numbers, segments: npt.NDArray[np.intp], counts: Counts, *, most: bool = False
) -> _Order:
    """Add up the counts of equal numbers, or with ``most`` take the greatest."""
    order = np.argsort(numbers)
    numbers, segments, counts = numbers[order], segments[order], counts[order]
    first = np.flatnonzero(np.diff(numbers, prepend=~numbers[:1]) != 0)
    join = np.maximum if most else np.add
    together = join.reduceat(counts, first) if len(first) else counts
    return _Order(numbers[first], together, segments[first])


def greatest(several: Sequence[NGrams]) -> list[_Order]:
    """Return for every n-gram how often it is in the one of several references that has it most."""
    return [
        _tallied(
            np.concatenate([one.numbers for one in same]),
            np.concatenate([one.segments for one in same]),
            np.concatenate([one.counts for one in same]),
            most=True,
        )
        for same in zip(*(one.orders for one in several), strict=True)
    ]


def matches(ours: NGrams, theirs: Sequence[_Order]) -> Counts:
    """Return how many n-grams of each segment are in the other, each as often at most, (n, orders)."""
    found = np.zeros(ours.totals.shape, dtype=np.int64)
    for place, (one, other) in enumerate(zip(ours.orders, theirs, strict=True)):
        if not len(one.numbers) or not len(other.numbers):
            continue
        near = np.minimum(np.searchsorted(other.numbers, one.numbers), len(other.numbers) - 1)
        both = np.minimum(one.counts, other.counts[near]) * (other.numbers[near] == one.numbers)
        found[:, place] = np.bincount(one.segments, weights=both, minlength=len(found))
    return found
