"""The native loop of `isogloss.scripts`, over the bytes of Arrow strings.

Importing this imports numba: do so inside functions. See `isogloss.native`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isogloss.kernels import decode
from isogloss.native import inner, native

_ASCII = np.uint8(ord("a"))
_LOWER = np.uint8(ord("a") ^ ord("A"))
_LETTERS = np.uint8(26)


@inner
def _ascii(text: NDArray[np.uint8]) -> tuple[np.uint32, np.uint8]:
    """Return how many letters of ASCII a text has, all of one script, and its highest byte.

    Nothing here hangs on the byte before, so the processor takes many at a time.
    """
    letters, highest = np.uint32(0), np.uint8(0)
    for place in range(text.size):
        byte = text[place]
        highest = max(highest, byte)
        letters += np.uint32(np.uint8((byte | _LOWER) - _ASCII) < _LETTERS)
    return letters, highest


def count(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    table: NDArray[np.uint8],
    wanted: NDArray[np.bool_],
    which: NDArray[np.int32],
) -> NDArray[np.uint32]:
    """Count the letters of texts by script.

    Args:
        data: UTF-8, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,).
        table: The number of each code point's script, 0 for what is no letter; shape (0x110000,).
        wanted: Which scripts are a language's own; shape (languages, scripts).
        which: The language of each text; shape (n,).

    Returns:
        Letters, own letters, the most frequent script and the most frequent own one of each text
        (0: none; of equals the first); shape (n, 4).
    """
    found = np.zeros((which.size, 4), dtype=np.uint32)
    counts = np.zeros(wanted.shape[1], dtype=np.uint32)
    _count(data, starts, table, wanted, which, counts, np.zeros_like(counts), found)
    return found


@native
def _count(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    table: NDArray[np.uint8],
    wanted: NDArray[np.bool_],
    which: NDArray[np.int32],
    counts: NDArray[np.uint32],
    met: NDArray[np.uint32],
    found: NDArray[np.uint32],
) -> None:
    """See `count`.

    Args:
        data: See `count`.
        starts: See `count`.
        table: See `count`.
        wanted: See `count`.
        which: See `count`.
        counts: Zeros, one for each script.
        met: Takes the scripts that are counted so far, few in most texts.
        found: Zeros; takes what `count` returns.
    """
    for row in range(which.size):
        at, stop, different = starts[row], starts[row + 1], 0
        plain, highest = _ascii(data[at:stop])
        if highest < 0x80:
            at = stop
        while at < stop:
            if data[at] < 0x80:
                at += 1
                continue
            point, at = decode(data, at)
            script = table[point]
            if script:
                if counts[script] == 0:
                    met[different] = script
                    different += 1
                counts[script] += 1
        if plain:
            script = table[_ASCII]
            if counts[script] == 0:
                met[different] = script
                different += 1
            counts[script] += plain
        own = wanted[which[row]]
        for index in range(different):
            script = met[index]
            number = counts[script]
            found[row, 0] += number
            best = found[row, 2]
            if best == 0 or number > counts[best] or (number == counts[best] and script < best):
                found[row, 2] = script
            if own[script]:
                found[row, 1] += number
                best = found[row, 3]
                if best == 0 or number > counts[best] or (number == counts[best] and script < best):
                    found[row, 3] = script
        for index in range(different):
            counts[met[index]] = 0
