"""Near-duplicates: texts that share most of their shingles, found by MinHash and LSH, then verified.

How alike two texts are is the Jaccard similarity of their sets of shingles (every run of ``shingle``
bytes or characters; Broder 1997). Comparing all pairs is out of the question, so a text is first
drawn down to a sketch: of each of ``permutations`` random orders of all shingles, its first one, which
two texts have in common with a probability equal to their similarity. The sketch is cut into
``bands`` of ``rows`` coordinates, and only texts that agree in a whole band are compared (Indyk and
Motwani 1998; Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, ch. 3): two texts of
similarity s with a probability of 1 - (1 - s**rows)**bands. With the defaults (16 bands of 7), and
as measured with five seeds on sentences of FLORES-200 in 40 languages and altered ones:

==========  =====  =====  =====  =====  =====  =====  =====  =====
similarity   0.50   0.60   0.70   0.75   0.80   0.85   0.90   0.95
compared    0.118  0.365  0.747  0.899  0.977  0.998  1.000  1.000
measured    0.116  0.354  0.743  0.892  0.975  0.998  1.000  1.000
==========  =====  =====  =====  =====  =====  =====  =====  =====

If all similarities are equally likely, 0.25 % of the pairs from 0.8 on are missed (``rates``: false
negatives; of the altered sentences, 0.36 %), and 22 % of those below are compared for nothing (false
positives of the bands; they cost time and nothing else). For what is then computed is the similarity
itself: no row is dropped whose similarity to the row that stands for it is below the threshold, but
for collisions of 64-bit hashes of shingles (a chance of 1e-13 for two texts of 1,000 each), and but
for texts of more than 262,144 distinct shingles, where it is estimated from a sample with a standard
error of 0.001.

**Bytes or characters.** The text is compared as it is given: who wants case or white space not to
count folds them before. A shingle of five bytes is the default because it means the most nearly the
same everywhere: UTF-8 spends more bytes on scripts that say more with a character. Median similarity
of a sentence (FLORES-200) and itself with a word replaced (of Thai, Chinese and Japanese: two
characters), and of 1,000 pairs of unrelated sentences the most similar:

============  ====  ====  ====  ====  ====  ====  ====  ====  ====  ====  ====
shingle       eng   deu   fin   rus   arb   hin   tha   zho   jpn   kor   amh
============  ====  ====  ====  ====  ====  ====  ====  ====  ====  ====  ====
5 bytes       0.87  0.88  0.84  0.89  0.88  0.93  0.96  0.84  0.89  0.85  0.88
… unrelated   0.06  0.08  0.06  0.15  0.13  0.29  0.28  0.04  0.12  0.09  0.16
8 bytes       0.83  0.84  0.81  0.87  0.85  0.90  0.94  0.80  0.85  0.81  0.85
3 characters  0.90  0.91  0.88  0.89  0.89  0.91  0.94  0.81  0.86  0.85  0.87
5 characters  0.87  0.88  0.84  0.87  0.85  0.88  0.90  0.73  0.79  0.80  0.83
… unrelated   0.08  0.07  0.07  0.05  0.06  0.06  0.06  0.00  0.05  0.04  0.04
============  ====  ====  ====  ====  ====  ====  ====  ====  ====  ====  ====

**Which row stays.** Rows go before others by ``priority``, then by ``keep``, then by position. A
row is dropped if and only if a *kept* row that goes before it was found to be similar to it. So there
are no chains (A like B, B like C, C dropped for an A that it is not like), as there are where whatever
hangs together is merged.

**What is compared.** Within a bucket (rows that agree in a band, or in the whole sketch, so that
equal texts always meet), all with the one that goes before the rest; those unlike it, with the
first of them; and so on for ``LEADERS`` times, so a bucket of n rows costs ``LEADERS`` * n comparisons
and not n * n; a bucket of more than ``CHUNK`` rows is taken that many rows at a time, each with the
first of the whole bucket before them. Rows left over are not compared there; they may be in another
band. A kept row that is like a dropped one is then compared with what that one was dropped for, and
with the kept rows of its buckets.

Other sketches were tried: one permutation hashing (Li, Owen, Zhang 2012) with optimal densification
(Shrivastava 2017) and fast similarity sketching (Dahlgaard, Knudsen, Thorup 2017) found mostly the
same pairs, but must fill 112 coordinates one by one from a sentence's few shingles: on texts of a
sentence or less they were no quicker than 112 multiplications that the processor does 16 at a time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field, model_validator

from builders.duplicates._index import Batch, Index
from isogloss.environment import processors
from isogloss.files import disk_errors
from isogloss.settings import Settings

__all__ = ["Batch", "NearOptions", "Rates", "near_duplicates"]

#: How many rows of a bucket the others are compared with, at most.
LEADERS = 8
#: Rows of buckets that are looked at together.
CHUNK = 1 << 18
#: How often rows that are like none but dropped ones are looked at again, at most.
TURNS = 8

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


class Rates(NamedTuple):
    """How often the bands err, over all similarities on a side of the threshold, taken as equally likely.

    Attributes:
        false_negatives: Share of the pairs at or above it that are not compared.
        false_positives: Share of the pairs below it that are compared, and found unlike.
    """

    false_negatives: float
    false_positives: float


class NearOptions(Settings):
    """When two texts are near-duplicates, and which of them stays."""

    jaccard: float = Field(default=0.8, gt=0, le=1)
    """The least similarity of near-duplicates."""
    unit: Literal["byte", "char"] = "byte"
    """What shingles are made of: UTF-8's bytes, or characters (code points)."""
    shingle: int = Field(default=5, ge=1, le=64)
    """Units of a shingle; a text of fewer is one shingle, the empty text too."""
    permutations: int = Field(default=112, ge=1, le=1024)
    """Coordinates of a sketch."""
    bands: int = Field(default=16, ge=1)
    """Parts of a sketch, one of which must be equal; must divide ``permutations``."""
    keep: Literal["first", "longest"] = "first"
    """Of rows of the same priority, which stays: the first, or the one of most bytes."""

    @model_validator(mode="after")
    def _divisible(self) -> NearOptions:
        if self.permutations % self.bands:
            raise ValueError(
                f"{self.permutations} permutations do not make {self.bands} equal bands"
            )
        return self

    @property
    def rows(self) -> int:
        """Coordinates of a band."""
        return self.permutations // self.bands

    def compared(self, jaccard: float) -> float:
        """Return the probability that two texts of this similarity are compared."""
        return 1 - (1 - jaccard**self.rows) ** self.bands

    def rates(self) -> Rates:
        """Return the mean of false negatives and false positives of the bands."""
        return Rates(1 - self._mean(self.jaccard, 1), self._mean(0, self.jaccard))

    def _mean(self, low: float, high: float) -> float:
        if low == high:
            return self.compared(low)
        # Gauss-Legendre is exact for a polynomial of degree ``permutations`` with these nodes.
        nodes, weights = np.polynomial.legendre.leggauss(self.permutations // 2 + 1)
        places = (high - low) / 2 * nodes + (high + low) / 2
        return float(sum(w * self.compared(s) for s, w in zip(places, weights, strict=True)) / 2)


def near_duplicates(
    batches: Callable[[], Iterable[Batch]],
    options: NearOptions,
    work: Path,
    seed: int,
    *,
    workers: int | None = None,
) -> pl.DataFrame:
    """Find the rows to drop because a kept row of the same cell has nearly the same text.

    Memory grows with the largest batch and by about 70 bytes a row at its height; the keys of the
    bands (8 bytes a row for each, and for the whole) and the texts that are compared lie in files in
    ``work`` meanwhile. The answer depends on the rows, the options and the seed, not on how the rows are cut
    into batches nor on ``workers``.

    Args:
        batches: Gives the rows, in the same order at each call; called twice.
        options: When two texts are near-duplicates, and which of them stays.
        work: A folder for files that are gone afterwards.
        seed: Draws the hash functions.
        workers: Threads; as many as there are processors by default.

    Returns:
        A row for each dropped row, by ``position``: that (Int64), ``leader`` (Int64; the position
        of the kept row that it is dropped for), and ``jaccard`` (Float64; the similarity of these
        two, never below the threshold).

    Raises:
        IsoglossError: A text is null, positions do not rise, there are more than 2**32 - 1 rows, the
            two readings differ, or the disk is full.
    """
    work.mkdir(parents=True, exist_ok=True)
    threads = workers or processors()
    with (
        disk_errors(work),
        tempfile.TemporaryDirectory(prefix="near-", dir=work) as folder,
        ThreadPoolExecutor(threads) as pool,
    ):
        index = Index(
            Path(folder),
            width=options.shingle,
            characters=options.unit == "char",
            permutations=options.permutations,
            bands=options.bands,
            seed=seed,
            workers=threads,
            pool=pool,
        )
        index.read(batches())
        order = index.order(options.keep)
        if index.bucket(order):
            index.read_texts(batches())
        similar = _Similar(index, order, options.jaccard)
        leaders, best = _elect(similar, index, order.size)
        dropped = np.flatnonzero(leaders != np.arange(leaders.size, dtype=np.uint32))
        frame = pl.DataFrame(
            {
                "position": index.positions(order[dropped]),
                "leader": index.positions(order[leaders[dropped]]),
                "jaccard": best[dropped],
            },
            schema={"position": pl.Int64, "leader": pl.Int64, "jaccard": pl.Float64},
        )
    return frame.sort("position")


class _Similar:
    """The pairs that were found to be similar, and the finding of more.

    A row is known by its rank, the number of rows that go before it; a pair is one number, the rank of
    the one that goes before the other in its upper half.
    """

    def __init__(self, index: Index, order: U32, threshold: float) -> None:
        self._index = index
        self._order = order
        self._threshold = threshold
        self.pairs: U64 = np.empty(0, np.uint64)
        self.jaccard: F64 = np.empty(0, np.float64)
        self._found: list[tuple[U64, F64]] = []

    def elect(self) -> tuple[U32, F64]:
        """Return, by rank, the most similar kept row before each (itself: it is kept), and how similar."""
        from builders.duplicates import _minhash

        leaders, best = (
            np.empty(self._order.size, np.uint32),
            np.empty(self._order.size, np.float64),
        )
        _minhash.elect(*_ranks(self.pairs), self.jaccard, leaders, best)
        return leaders, best

    def find(self, pairs: U64) -> Mask:
        """Tell which of these pairs are similar, and remember those.

        Each may be asked for once before the next ``merge``; after that, those which were similar
        are known.
        """
        found = _among(pairs, self.pairs)
        new = pairs[~found]
        rows = np.stack([self._order[ranks] for ranks in _ranks(new)], axis=1)
        jaccard = self._index.jaccards(rows)
        good = jaccard >= self._threshold
        self._found.append((new[good], jaccard[good]))
        found[~found] = good
        return found

    def merge(self) -> None:
        """Take what was found since the last time among the pairs."""
        pairs = np.concatenate([np.empty(0, np.uint64), *(pairs for pairs, _ in self._found)])
        jaccard = np.concatenate([np.empty(0), *(jaccard for _, jaccard in self._found)])
        self._found.clear()
        rising = np.argsort(pairs)
        places = np.searchsorted(self.pairs, pairs[rising])
        self.pairs = np.insert(self.pairs, places, pairs[rising])
        self.jaccard = np.insert(self.jaccard, places, jaccard[rising])


def _ranks(pairs: U64) -> tuple[U32, U32]:
    return (pairs >> _HALF).astype(np.uint32), (pairs & _LOW).astype(np.uint32)


def _among(values: U64, rising: U64) -> Mask:
    if not rising.size:
        return np.zeros(values.size, np.bool_)
    places = np.minimum(np.searchsorted(rising, values), rising.size - 1)
    return np.asarray(rising[places] == values)


def _compare(similar: _Similar, index: Index, kept: Mask, fresh: Mask) -> None:
    """Compare kept rows with the first ones of their buckets, where one of the two is fresh."""
    for table in range(index.tables):
        head = None
        for start in range(0, index.members(table), CHUNK):
            members = index.chunk(table, start, CHUNK)
            buckets, ranks = members >> _HALF, members & _LOW
            concerned = _among(buckets, buckets[fresh[ranks]]) & kept[ranks]
            if concerned.any():
                head = _compare_buckets(similar, members[concerned], head, fresh)
        similar.merge()


def _compare_buckets(
    similar: _Similar, members: U64, head: np.uint64 | None, fresh: Mask
) -> np.uint64:
    """Compare rows of buckets with the first ones of them.

    Args:
        similar: Where similar pairs go.
        members: Bucket (upper half) and rank (lower half), rising.
        head: The first member of the last bucket of what came before these.
        fresh: Tells, by rank, what has not been compared before; two others are not similar.

    Returns:
        The first member of the last bucket.
    """
    if head is not None and head >> _HALF == members[0] >> _HALF:
        members = np.concatenate([np.asarray([head]), members])
    head = members[np.searchsorted(members, members[-1] >> _HALF << _HALF)]
    for _ in range(LEADERS):
        first = np.ones(members.size, np.bool_)
        first[1:] = members[1:] >> _HALF != members[:-1] >> _HALF
        leaders = members[first][np.cumsum(first) - 1] & _LOW
        members, leaders = members[~first], leaders[~first]
        if not members.size:
            break
        alike = fresh[leaders] | fresh[members & _LOW]
        alike[alike] = similar.find((leaders << _HALF | members & _LOW)[alike])
        members = members[~alike]
    return head


def _elect(similar: _Similar, index: Index, count: int) -> tuple[U32, F64]:
    """Choose for each rank the kept one that it is dropped for (itself: it is kept).

    A row may be like none but rows that are dropped, and have been compared with nothing else for
    that. It is then compared with what these were dropped for, and with kept rows of its buckets.

    Returns:
        These, and how similar the two are.
    """
    compared = np.zeros(count, np.bool_)
    _compare(similar, index, ~compared, ~compared)
    for _ in range(TURNS):
        known = similar.pairs.size
        kept, orphan, pairs = _orphans(similar)
        similar.find(pairs)
        similar.merge()
        fresh = orphan & ~compared
        _compare(similar, index, kept, fresh)
        # A row that is dropped now may be kept again, and meet rows that it has not met yet.
        compared = (compared | fresh) & kept
        if similar.pairs.size == known:
            break
    return similar.elect()


def _orphans(similar: _Similar) -> tuple[Mask, Mask, U64]:
    """Return what is kept, what of it is like dropped rows, and its pairs with what stands for these."""
    leaders, _ = similar.elect()
    kept = leaders == np.arange(leaders.size, dtype=np.uint32)
    before, after = _ranks(similar.pairs)
    left = ~kept[before] & kept[after]
    orphan = np.zeros(leaders.size, np.bool_)
    orphan[after[left]] = True
    stand_ins = leaders[before[left]].astype(np.uint64)
    return kept, orphan, np.unique(stand_ins << _HALF | after[left])
