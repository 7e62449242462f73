"""The native loops of the filters `repetition` and `copied`, over the bytes of Arrow strings.

Importing this imports numba: do so inside functions. See `isogloss.native`.

A stretch is so many characters (Unicode code points) in a row. Stretches are told apart by 64-bit
hashes of them: in a text of a million characters, two that differ are taken for the same with a
probability of about 1e-7.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isogloss.kernels import Int, decode
from isogloss.native import inner, native

Bytes = NDArray[np.uint8]
Starts = NDArray[np.int64]
Shares = NDArray[np.float32]

# An odd multiplier: the golden ratio's, as of Knuth's multiplicative hashing.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
# numba compiles a function anew for a truth that is written out in its call.
_ADDS, _ADDS_NOT = np.bool_(True), np.bool_(False)


@inner
def _decode(data: Bytes, at: Int, stop: Int, points: NDArray[np.uint32]) -> Int:
    """Decode UTF-8 that Arrow has checked into ``points`` until either ends; return how many."""
    count = 0
    while at < stop and count < points.size:
        point, at = decode(data, at)
        points[count] = point
        count += 1
    return count


def _power(size: int) -> np.uint64:
    """Return the factor of hashes to the power of that."""
    return np.uint64(pow(int(_FACTOR), size, 1 << 64))


def _slots(entries: int) -> int:
    """Return how many slots a table has that entries fill by half or less."""
    slots = 16
    while slots < 2 * entries:
        slots *= 2
    return slots


_slots_for = inner(_slots)


def _longest(starts: Starts, limit: int) -> int:
    return min(max(1, int(np.diff(starts).max(initial=1))), limit)


@inner
def _find(
    key: np.uint64,
    mask: np.uint64,
    keys: NDArray[np.uint64],
    stamps: NDArray[np.uint32],
    stamp: np.uint32,
) -> Int:
    """Return the slot where the key is, or the free one where it goes (linear probing)."""
    slot = (key ^ (key >> _SHIFT)) * _FACTOR >> np.uint64(17) & mask
    while stamps[slot] == stamp and keys[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@inner
def _walk(
    points: NDArray[np.uint32],
    count: Int,
    size: Int,
    power: np.uint64,
    mask: np.uint64,
    keys: NDArray[np.uint64],
    stamps: NDArray[np.uint32],
    stamp: np.uint32,
    adds: np.bool_,
) -> Int:
    """Look the stretches of a text up in a table, one character after another.

    Args:
        points: The text's code points.
        count: How many there are.
        size: The length of a stretch.
        power: The hash's factor to the power of that.
        mask: The last slot of the table.
        keys: The hashes in it.
        stamps: Whose these are: all but those with this text's stamp are old, and free.
        stamp: This text's, or that of the text that it is compared to.
        adds: Whether a stretch that is not there goes in.

    Returns:
        How many characters lie in stretches that were there.
    """
    key = np.uint64(0)
    covered, end = 0, 0  # characters in known stretches; where the last such one ends
    for index in range(count):
        key = key * _FACTOR + np.uint64(points[index])
        if index >= size:
            key -= power * np.uint64(points[index - size])
        if index < size - 1:
            continue
        slot = _find(key, mask, keys, stamps, stamp)
        if stamps[slot] == stamp:
            covered += min(size, index + 1 - end)
            end = index + 1
        elif adds:
            stamps[slot] = stamp
            keys[slot] = key
    return covered


class _Room(NamedTuple):
    """Room for one text.

    Attributes:
        points: Its code points.
        keys: A table of its stretches.
        stamps: Whose these are; see `_walk`.
    """

    points: NDArray[np.uint32]
    keys: NDArray[np.uint64]
    stamps: NDArray[np.uint32]


def _room(longest: int) -> _Room:
    slots = _slots(longest)
    return _Room(
        np.empty(longest, np.uint32), np.empty(slots, np.uint64), np.zeros(slots, np.uint32)
    )


def repeated(data: Bytes, starts: Starts, size: int, limit: int) -> NDArray[np.float32]:
    """Return the share of each text that lies in stretches which stood in it before.

    Args:
        data: UTF-8, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,).
        size: The length of a stretch.
        limit: Characters of a text that are looked at.

    Returns:
        Shares from 0 to 1, 0 for texts of one stretch or less; shape (n,).
    """
    found = np.zeros(len(starts) - 1, dtype=np.float32)
    _repeated(data, starts, size, _power(size), _room(_longest(starts, limit)), found)
    return found


@native
def _repeated(
    data: Bytes, starts: Starts, size: Int, power: np.uint64, room: _Room, found: Shares
) -> None:
    """See `repeated`; ``found`` takes the shares, zeros so far."""
    points, keys, stamps = room
    for row in range(found.size):
        count = _decode(data, starts[row], starts[row + 1], points)
        if count <= size:
            continue
        stamp, mask = np.uint32(row + 1), np.uint64(_slots_for(count) - 1)
        found[row] = _walk(points, count, size, power, mask, keys, stamps, stamp, _ADDS) / count


def shared(
    data: Bytes, starts: Starts, other: Bytes, other_starts: Starts, size: int, limit: int
) -> NDArray[np.float32]:
    """Return the share of each other text that lies in stretches which stand in the text.

    Args:
        data: UTF-8 of the texts, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,).
        other: The same of the other texts.
        other_starts: The same of the other texts; shape (n + 1,).
        size: The length of a stretch.
        limit: Characters of either text that are looked at.

    Returns:
        Shares from 0 to 1, 0 where either text is shorter than a stretch; shape (n,).
    """
    found = np.zeros(len(starts) - 1, dtype=np.float32)
    others = np.empty(_longest(other_starts, limit), dtype=np.uint32)
    room = _room(_longest(starts, limit))
    _shared(data, starts, other, other_starts, size, _power(size), room, others, found)
    return found


@native
def _shared(
    data: Bytes,
    starts: Starts,
    other: Bytes,
    other_starts: Starts,
    size: Int,
    power: np.uint64,
    room: _Room,
    others: NDArray[np.uint32],
    found: Shares,
) -> None:
    """See `shared`; ``others`` is room for the other text, ``found`` takes the shares, zeros so far."""
    points, keys, stamps = room
    for row in range(found.size):
        count = _decode(data, starts[row], starts[row + 1], points)
        other_count = _decode(other, other_starts[row], other_starts[row + 1], others)
        if min(count, other_count) < size:
            continue
        stamp, mask = np.uint32(row + 1), np.uint64(_slots_for(count) - 1)
        _walk(points, count, size, power, mask, keys, stamps, stamp, _ADDS)
        covered = _walk(others, other_count, size, power, mask, keys, stamps, stamp, _ADDS_NOT)
        found[row] = covered / other_count


def start_alike(
    data: Bytes,
    starts: Starts,
    other: Bytes,
    other_starts: Starts,
    table: NDArray[np.int32],
    letters: int,
) -> NDArray[np.bool_]:
    """Tell which pairs of texts start with the same letters, so that they may be the same.

    Args:
        data: UTF-8 of the texts, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,).
        other: The same of the other texts.
        other_starts: The same of the other texts; shape (n + 1,).
        table: The letter that a code point stands for, 0 for none, below zero for one that cannot be
            told; shape (0x110000,).
        letters: So many letters are compared.

    Returns:
        False where the letters, or how many of them there are, certainly differ; shape (n,).
    """
    found = np.zeros(len(starts) - 1, dtype=np.bool_)
    _start_alike(data, starts, other, other_starts, table, letters, found)
    return found


@native
def _start_alike(
    data: Bytes,
    starts: Starts,
    other: Bytes,
    other_starts: Starts,
    table: NDArray[np.int32],
    letters: Int,
    found: NDArray[np.bool_],
) -> None:
    """See `start_alike`; ``found`` takes what it tells."""
    for row in range(found.size):
        at, stop = starts[row], starts[row + 1]
        other_at, other_stop = other_starts[row], other_starts[row + 1]
        alike = True
        for _ in range(letters):
            one: Int = np.int32(0)
            two: Int = np.int32(0)
            while one == 0 and at < stop:
                point, at = decode(data, at)
                one = table[point]
            while two == 0 and other_at < other_stop:
                point, other_at = decode(other, other_at)
                two = table[point]
            if one != two or one <= 0:
                alike = bool(one == two or one < 0 or two < 0)
                break
        found[row] = alike


def may_share(
    data: Bytes, starts: Starts, other: Bytes, other_starts: Starts, size: int
) -> NDArray[np.bool_]:
    """Tell which pairs of texts may share a stretch: a quick sieve before `shared`.

    Every eight bytes in a row of a text set a bit; a stretch that the other text shares finds the
    bits of all of its own set.

    Args:
        data: UTF-8 of the texts, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,).
        other: The same of the other texts.
        other_starts: The same of the other texts; shape (n + 1,).
        size: The length of a stretch in characters, 8 or more.

    Returns:
        False where the texts certainly share none; shape (n,).
    """
    found = np.zeros(len(starts) - 1, dtype=np.bool_)
    words = 64
    while words * 4 < np.diff(starts).max(initial=0):
        words *= 2
    _may_share(data, starts, other, other_starts, size, np.empty(words, np.uint64), found)
    return found


@native
def _may_share(
    data: Bytes,
    starts: Starts,
    other: Bytes,
    other_starts: Starts,
    size: Int,
    bits: NDArray[np.uint64],
    found: NDArray[np.bool_],
) -> None:
    """See `may_share`; ``bits`` is room for the longest text, ``found`` takes what it tells."""
    six = np.uint64(6)
    for row in range(found.size):
        length = starts[row + 1] - starts[row]
        words, shift = 64, np.uint64(52)  # 4,096 bits
        while words * 4 < length:
            words *= 2
            shift -= np.uint64(1)
        bits[:words] = 0
        key = np.uint64(0)
        for at in range(starts[row], starts[row + 1]):
            key = key << np.uint64(8) | np.uint64(data[at])
            if at - starts[row] >= 7:
                bit = key * _FACTOR >> shift
                bits[bit >> six] |= np.uint64(1) << (bit & np.uint64(63))
        key = np.uint64(0)
        first = np.uint32(0)  # which of the last eight bytes begin a character
        characters, hit = np.uint32(0), False  # how many the bytes that were found in a row begin
        for at in range(other_starts[row], other_starts[row + 1]):
            key = key << np.uint64(8) | np.uint64(other[at])
            begins = np.uint32((other[at] & 0xC0) != 0x80)
            first = (first << np.uint32(1) | begins) & np.uint32(0xFF)
            if at - other_starts[row] < 7:
                continue
            bit = key * _FACTOR >> shift
            if bits[bit >> six] >> (bit & np.uint64(63)) & np.uint64(1):
                if hit:
                    characters += begins
                else:
                    hit = True
                    characters = np.uint32(0)
                    left = first
                    while left:
                        characters += left & np.uint32(1)
                        left >>= np.uint32(1)
                if characters >= size:
                    found[row] = True
                    break
            else:
                hit = False
