"""The native loop of `isogloss.scripts`, over the bytes of Arrow strings.

Importing this imports numba: do so inside functions. See `isogloss.native`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isogloss.native import native

_ASCII = np.uint8(ord("a"))
_LOWER = np.uint8(ord("a") ^ ord("A"))
_LETTERS = np.uint8(26)


@native
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


@native
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
    rows = len(which)
    found = np.zeros((rows, 4), dtype=np.uint32)
    counts = np.zeros(wanted.shape[1], dtype=np.uint32)
    met = np.zeros(wanted.shape[1], dtype=np.uint8)  # the scripts counted so far, few in most texts
    for row in range(rows):
        at, stop, different = starts[row], starts[row + 1], 0
        plain, highest = _ascii(data[at:stop])
        if highest < 0x80:
            at = stop
        while at < stop:
            byte = np.uint32(data[at])
            if byte < 0x80:
                at += 1
                continue
            if byte < 0xE0:
                point = (byte & 0x1F) << 6 | (data[at + 1] & 0x3F)
                at += 2
            elif byte < 0xF0:
                point = (byte & 0x0F) << 12 | (data[at + 1] & 0x3F) << 6 | (data[at + 2] & 0x3F)
                at += 3
            else:
                point = (byte & 0x07) << 18 | (data[at + 1] & 0x3F) << 12
                point |= (data[at + 2] & 0x3F) << 6 | (data[at + 3] & 0x3F)
                at += 4
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
    return found
