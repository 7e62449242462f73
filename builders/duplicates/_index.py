"""What builders.duplicates.near keeps in files: keys of bands, buckets, and the texts that are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isogloss.errors import IsoglossError
from isogloss.text import utf8

#: Pairs that are compared in one go, and bytes of text that this may look at.
PAIRS = 1 << 20
TEXT = 1 << 24
#: Pieces of work for each thread: more even out what they cost.
PIECES = 4
#: Bytes of text for which it is not worth waking threads.
SMALL = 1 << 15
#: Parts of a table that are sorted by themselves.
PARTS = 4
_MOST = 2**32 - 1

T = TypeVar("T", bound=np.generic)


@dataclass(frozen=True)
class Batch:
    """Some of the rows.

    Attributes:
        position: Numbers of the rows (Int64), rising from batch to batch.
        cell: Only rows of the same cell are compared (UInt64).
        text: What is compared, as it is (String, never null).
        priority: Rows of a lower number stay rather than those of a higher (Int8).
    """

    position: pl.Series | NDArray[np.int64]
    cell: pl.Series
    text: pl.Series
    priority: pl.Series


class Index:
    """The rows' keys and texts, in files of a folder.

    A row is known here by its number in reading order.

    Args:
        folder: Where the files go.
        width: Units of a shingle.
        characters: Whether a unit is a character or a byte.
        permutations: Coordinates of a sketch.
        bands: Parts of a sketch.
        seed: Draws the hash functions.
        workers: Threads.
        pool: Has so many.

    Attributes:
        tables: Hash tables: one of whole sketches, and one of each band.
    """

    def __init__(
        self,
        folder: Path,
        *,
        width: int,
        characters: bool,
        permutations: int,
        bands: int,
        seed: int,
        workers: int,
        pool: ThreadPoolExecutor,
    ) -> None:
        from builders.duplicates import _minhash
        from isogloss.kernels import mixed

        self._native = _minhash
        self._folder = folder
        self.tables = bands + 1
        own = np.uint64(seed % 2**64)
        self._kind = _minhash.Shingles(width, characters, own)
        # The permutations and the shingles' hashes come from streams apart.
        self._drawn = _minhash.draw(mixed(np.array([~own], np.uint64))[0], permutations)
        self._workers = workers
        self._pool = pool
        self._lengths: NDArray[np.uint32] = np.empty(0, np.uint32)
        self._priorities: NDArray[np.int8] = np.empty(0, np.int8)
        self._starts: NDArray[np.int64] = np.empty(0, np.int64)
        self._compared: NDArray[np.bool_] = np.empty(0, np.bool_)

    def read(self, batches: Iterable[Batch]) -> None:
        """Write the keys of all rows.

        Raises:
            IsoglossError: A text is null, positions do not rise, or there are too many rows.
        """
        lengths, priorities, last = [self._lengths], [self._priorities], None
        with ExitStack() as stack:
            positions = stack.enter_context(self._positions_file.open("wb"))
            files = [
                stack.enter_context(self._file("keys", table).open("wb"))
                for table in range(self.tables)
            ]
            for batch in batches:
                place = np.asarray(batch.position, np.int64)
                if not place.size:
                    continue
                _check(batch, place, last)
                last = int(place[-1])
                data, offsets = _buffers(batch.text)
                for file, keys in zip(files, self._keys(data, offsets, batch), strict=True):
                    keys.tofile(file)
                place.tofile(positions)
                lengths.append(np.diff(offsets).astype(np.uint32))
                priorities.append(batch.priority.cast(pl.Int8).to_numpy())
        self._lengths = np.concatenate(lengths)
        self._priorities = np.concatenate(priorities)
        if self._lengths.size > _MOST:
            raise IsoglossError(
                f"{self._lengths.size:,} rows are more than near-duplicates are looked for in ({_MOST:,})",
                remedy="Build the corpus in parts",
            )

    def order(self, keep: Literal["first", "longest"]) -> NDArray[np.uint32]:
        """Return the rows, those that stay rather than others first."""
        if keep == "longest":
            found = np.lexsort((~self._lengths, self._priorities))
        else:
            found = np.argsort(self._priorities, kind="stable")
        return found.astype(np.uint32)

    def bucket(self, order: NDArray[np.uint32]) -> bool:
        """Write, for each table, the rows that share a key with others; tell whether there are any.

        Args:
            order: The rows by rank: those that stay rather than others first.
        """
        rank = np.empty_like(order)
        rank[order] = np.arange(order.size, dtype=np.uint32)
        self._compared = np.zeros(order.size, np.bool_)
        for table in range(self.tables):
            keys = np.fromfile(self._file("keys", table), np.uint64)
            # Equal keys are in the same part; sorting takes several times the room of a part.
            parts = (keys % np.uint64(PARTS)).astype(np.uint8)
            with self._file("members", table).open("wb") as file:
                before = np.uint64(0)
                members = self._pool.map(partial(_members, keys, parts, rank), range(PARTS))
                for rows, found, buckets in members:
                    (found + (before << np.uint64(32))).tofile(file)
                    self._compared[rows] = True
                    before += np.uint64(buckets)
            self._file("keys", table).unlink()
        return bool(self._compared.any())

    def members(self, table: int) -> int:
        """Return how many rows are in buckets of a table."""
        return self._file("members", table).stat().st_size // 8

    def chunk(self, table: int, start: int, count: int) -> NDArray[np.uint64]:
        """Return the bucket (upper half) and the rank (lower) of some of these, rising."""
        return np.fromfile(self._file("members", table), np.uint64, count, offset=8 * start)

    def read_texts(self, batches: Iterable[Batch]) -> None:
        """Write the texts of rows that are in a bucket.

        Raises:
            IsoglossError: These are not the rows of the first reading.
        """
        self._starts = np.zeros(self._lengths.size, np.int64)
        at, end = 0, 0
        with self._texts_file.open("wb") as file:
            for batch in batches:
                rows = slice(at, at + len(batch.text))
                at = rows.stop
                wanted = self._compared[rows]
                if wanted.size != len(batch.text):
                    break
                data, offsets = _buffers(batch.text.filter(pl.Series(wanted)))
                if not np.array_equal(np.diff(offsets), self._lengths[rows][wanted]):
                    at = -1
                    break
                self._starts[rows][wanted] = end + offsets[:-1]
                end += int(offsets[-1])
                data.tofile(file)
        if at != self._lengths.size:
            raise IsoglossError(
                "the rows differ from those that were read a moment ago",
                remedy="Leave the sources alone while a corpus is built, and build it again",
            )

    def jaccards(self, pairs: NDArray[np.uint32]) -> NDArray[np.float64]:
        """Return the similarity of rows (pairs by two), whose texts have been read.

        Pairs of the same first row are best one after the other.
        """
        found = np.empty(len(pairs), np.float64)
        for start in range(0, len(pairs), PAIRS):
            these, out = pairs[start : start + PAIRS], found[start : start + PAIRS]
            for some in _portions(self._cost(these)):
                self._compare(these[some], out[some])
        return found

    def positions(self, rows: NDArray[np.uint32]) -> NDArray[np.int64]:
        """Return the positions of rows."""
        if not rows.size:
            return np.empty(0, np.int64)
        return np.asarray(np.memmap(self._positions_file, np.int64, "r")[rows])

    @property
    def _positions_file(self) -> Path:
        return self._folder / "positions"

    @property
    def _texts_file(self) -> Path:
        return self._folder / "texts"

    def _file(self, kind: str, table: int) -> Path:
        return self._folder / f"{kind}-{table}"

    def _keys(
        self,
        data: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        batch: Batch,
    ) -> NDArray[np.uint64]:
        cells = _readonly(batch.cell.cast(pl.UInt64).to_numpy())
        keys = np.empty((self.tables, cells.size), np.uint64)
        # Short texts have a cost, too.
        cost = offsets[1:] - offsets[0] + 32 * np.arange(1, cells.size + 1)

        def work(first: int, last: int) -> None:
            room = self._native.room_for(self._kind.width)
            self._native.band_keys(
                data, offsets, cells, self._kind, self._drawn,
                room, first, last, keys,
            )  # fmt: skip

        self._spread(cost, work)
        return keys

    def _cost(self, pairs: NDArray[np.uint32]) -> NDArray[np.int64]:
        return np.cumsum(self._lengths[pairs].sum(axis=1, dtype=np.int64) + 1)

    def _compare(self, pairs: NDArray[np.uint32], out: NDArray[np.float64]) -> None:
        rows, places = np.unique(pairs, return_inverse=True)
        lengths = self._lengths[rows]
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        texts = _readonly(self._texts(rows, starts))
        local = places.reshape(pairs.shape).astype(np.uint32)

        def work(first: int, last: int) -> None:
            room = self._native.room_for(self._kind.width, int(lengths.max()))
            self._native.jaccards(
                texts, starts, lengths, local, self._kind, room, first, last, out
            )  # fmt: skip

        self._spread(self._cost(pairs), work)

    def _texts(self, rows: NDArray[np.uint32], places: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the texts of rows, rising, each from its place on."""
        starts, lengths = self._starts[rows], self._lengths[rows]
        texts = np.empty(int(lengths.sum(dtype=np.int64)), np.uint8)
        if not texts.size:  # no mapping is empty
            return texts
        # Pages that are looked at count as memory until they are unmapped, hence the blocks.
        blocks = np.flatnonzero(np.diff(starts // TEXT)) + 1
        for some in np.split(np.arange(rows.size), blocks):
            begin, end = starts[some[0]], starts[some[-1]] + lengths[some[-1]]
            if begin == end:
                continue
            mapped = np.memmap(self._texts_file, np.uint8, "r", int(begin), (int(end - begin),))
            self._native.copy(
                mapped.view(np.ndarray), starts[some] - begin, lengths[some], texts, places[some]
            )
        return texts

    def _spread(self, cost: NDArray[np.int64], work: Callable[[int, int], Any]) -> None:
        """Do the work in pieces of about the same cost, of which ``cost`` is the running sum."""
        if cost[-1] < SMALL:
            work(0, cost.size)
            return
        shares = np.linspace(0, cost[-1], self._workers * PIECES + 1)
        ends = np.searchsorted(cost, shares)
        ends[-1] = cost.size
        for _ in self._pool.map(work, ends[:-1].tolist(), ends[1:].tolist()):
            pass


def _check(batch: Batch, position: NDArray[np.int64], last: int | None) -> None:
    if batch.text.null_count():
        row = position[int(batch.text.is_null().arg_max() or 0)]
        raise IsoglossError("a text to look for near-duplicates of is null", where=f"row {row}")
    falls = np.flatnonzero(position[1:] <= position[:-1])
    if falls.size or (last is not None and position[0] <= last):
        row = position[falls[0] + 1] if falls.size else position[0]
        raise IsoglossError(
            "rows to look for near-duplicates in are not in rising order", where=f"row {row}"
        )


def _members(
    keys: NDArray[np.uint64], parts: NDArray[np.uint8], rank: NDArray[np.uint32], part: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint64], int]:
    """Return the rows of a part that share a key; bucket and rank of each, rising; how many buckets."""
    rows = np.flatnonzero(parts == part).astype(np.uint32)
    rows, buckets = _buckets(rows, keys[rows])
    found = buckets << np.uint64(32) | rank[rows]
    found.sort()
    return rows, found, int(buckets[-1]) + 1 if buckets.size else 0


def _buckets(
    rows: NDArray[np.uint32], keys: NDArray[np.uint64]
) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
    """Return the rows that share their key, and the number of the key of each, rising."""
    rising = pl.Series(keys).arg_sort().to_numpy()
    keys = keys[rising]
    equal = keys[1:] == keys[:-1]
    shared = np.zeros(keys.size, np.bool_)
    shared[1:] |= equal
    shared[:-1] |= equal
    keys = keys[shared]
    numbers = np.zeros(keys.size, np.uint64)
    np.cumsum(keys[1:] != keys[:-1], out=numbers[1:])
    return rows[rising[shared]], numbers


def _buffers(text: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the UTF-8 of texts alone, one after the other, and where each begins and the last ends."""
    data, bounds = utf8(text)
    return _readonly(data[bounds[0] : bounds[-1]]), bounds - bounds[0]


def _readonly(array: NDArray[T]) -> NDArray[T]:
    # numba compiles anew for arrays that can be written to.
    array = array.view()
    array.flags.writeable = False
    return array


def _portions(cost: NDArray[np.int64]) -> Iterator[slice]:
    """Cut into portions of a cost of ``TEXT``, or of one; ``cost`` is the running sum."""
    first = 0
    while first < cost.size:
        before = cost[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(cost, before + TEXT, side="right")))
        yield slice(first, last)
        first = last
