"""The native loops of the filters `repetition` and `copied`, over the bytes of Arrow strings.

Importing this imports numba: do so inside functions. It is compiled at its first call and kept
beside this file (where the folder cannot be written, in the user's cache).

A stretch is so many characters (Unicode code points) in a row. Stretches are told apart by 64-bit
hashes of them: in a text of a million characters, two that differ are taken for the same with a
probability of about 1e-7.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isogloss.native import native

Bytes = NDArray[np.uint8]
Starts = NDArray[np.int64]

# An odd multiplier: the golden ratio's, as of Knuth's multiplicative hashing.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@native
def _decode(data: Bytes, at: int, stop: int, points: NDArray[np.uint32]) -> int:
    """Decode UTF-8 that Arrow has checked into ``points`` until either ends; return how many."""
    count = 0
    room = len(points)
    while at < stop and count < room:
        byte = np.uint32(data[at])
        if byte < 0x80:
            points[count] = byte
            at += 1
        elif byte < 0xE0:
            points[count] = (byte & 0x1F) << 6 | (data[at + 1] & 0x3F)
            at += 2
        elif byte < 0xF0:
            points[count] = (byte & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F)
            at += 3
        else:
            point = (byte & 0x07) << 18 | (data[at + 1] & 0x3F) << 12
            points[count] = point | (data[at + 2] & 0x3F) << 6 | (data[at + 3] & 0x3F)
            at += 4
        count += 1
    return count


@native
def _power(size: int) -> np.uint64:
    power = np.uint64(1)
    for _ in range(size):
        power *= _FACTOR
    return power


@native
def _mask(entries: int) -> np.uint64:
    """Return the last slot of a table that entries fill by half or less."""
    slots = 16
    while slots < 2 * entries:
        slots *= 2
    return np.uint64(slots - 1)


@native
def _longest(starts: Starts, limit: int) -> int:
    longest = 1
    for row in range(len(starts) - 1):
        longest = max(longest, starts[row + 1] - starts[row])
    return min(longest, limit)


@native
def _find(
    key: np.uint64,
    mask: np.uint64,
    keys: NDArray[np.uint64],
    stamps: NDArray[np.uint32],
    stamp: np.uint32,
) -> np.uint64:
    """Return the slot where the key is, or the free one where it goes (linear probing)."""
    slot = (key ^ (key >> _SHIFT)) * _FACTOR >> np.uint64(17) & mask
    while stamps[slot] == stamp and keys[slot] != key:
        slot = (slot + np.uint64(1)) & mask
    return slot


@native
def _walk(
    points: NDArray[np.uint32],
    count: int,
    size: int,
    power: np.uint64,
    mask: np.uint64,
    keys: NDArray[np.uint64],
    stamps: NDArray[np.uint32],
    stamp: np.uint32,
    adds: bool,
) -> int:
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


@native
def _table(entries: int) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Return the keys and stamps of an empty table for so many entries."""
    slots = np.int64(_mask(entries)) + 1
    return np.empty(slots, dtype=np.uint64), np.zeros(slots, dtype=np.uint32)


@native
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
    rows = len(starts) - 1
    found = np.zeros(rows, dtype=np.float32)
    longest = _longest(starts, limit)
    points = np.empty(longest, dtype=np.uint32)
    keys, stamps = _table(longest)
    power = _power(size)
    for row in range(rows):
        count = _decode(data, starts[row], starts[row + 1], points)
        if count <= size:
            continue
        stamp, mask = np.uint32(row + 1), _mask(count)
        found[row] = _walk(points, count, size, power, mask, keys, stamps, stamp, True) / count
    return found


@native
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
    rows = len(starts) - 1
    found = np.zeros(rows, dtype=np.float32)
    longest = _longest(starts, limit)
    points = np.empty(longest, dtype=np.uint32)
    others = np.empty(_longest(other_starts, limit), dtype=np.uint32)
    keys, stamps = _table(longest)
    power = _power(size)
    for row in range(rows):
        count = _decode(data, starts[row], starts[row + 1], points)
        other_count = _decode(other, other_starts[row], other_starts[row + 1], others)
        if min(count, other_count) < size:
            continue
        stamp, mask = np.uint32(row + 1), _mask(count)
        _walk(points, count, size, power, mask, keys, stamps, stamp, True)
        covered = _walk(others, other_count, size, power, mask, keys, stamps, stamp, False)
        found[row] = covered / other_count
    return found


@native
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
    rows = len(starts) - 1
    found = np.zeros(rows, dtype=np.bool_)
    point = np.empty(1, dtype=np.uint32)
    for row in range(rows):
        at, stop = starts[row], starts[row + 1]
        other_at, other_stop = other_starts[row], other_starts[row + 1]
        alike = True
        for _ in range(letters):
            one, two = np.int32(0), np.int32(0)
            while one == 0 and at < stop:
                _decode(data, at, stop, point)
                one = table[point[0]]
                at += _width(point[0])
            while two == 0 and other_at < other_stop:
                _decode(other, other_at, other_stop, point)
                two = table[point[0]]
                other_at += _width(point[0])
            if one != two or one <= 0:
                alike = bool(one == two or one < 0 or two < 0)
                break
        found[row] = alike
    return found


@native
def _width(point: np.uint32) -> int:
    """Return how many bytes a code point takes in UTF-8."""
    if point < 0x80:
        return 1
    if point < 0x800:
        return 2
    return 3 if point < 0x10000 else 4


@native
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
    rows = len(starts) - 1
    found = np.zeros(rows, dtype=np.bool_)
    bits = np.zeros(1, dtype=np.uint64)
    six = np.uint64(6)
    for row in range(rows):
        length = starts[row + 1] - starts[row]
        words, shift = 64, np.uint64(52)  # 4,096 bits
        while words * 4 < length:
            words *= 2
            shift -= np.uint64(1)
        if len(bits) < words:
            bits = np.zeros(words, dtype=np.uint64)
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
    return found
