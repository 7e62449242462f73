"""What native loops share: decoding UTF-8, mixing hashes, sets of these.

Importing this imports numba: do so inside functions. All arithmetic of hashes is modulo 2**64. numba
makes a float of a signed and an unsigned integer taken together, hence the many ``np.uint64``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isogloss.native import inner

Array = NDArray[Any]
#: A whole number: of those that numba works out, it is numba that tells the kinds apart.
Int = Any

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
#: The base of polynomials that are hashes of runs (Karp and Rabin 1987): odd, its bits without a pattern.
BASE = np.uint64(0xD6E8FEB86659FD93)
_NO = np.uint64(0)


def mixed(value: Any) -> Any:
    """Return the next output of splitmix64 from the state ``value`` (Steele, Lea, Flood 2014).

    Of an array of ``uint64`` it is the outputs of each.
    """
    value = value + _GOLDEN
    value = (value ^ (value >> np.uint64(30))) * _FIRST
    value = (value ^ (value >> np.uint64(27))) * _SECOND
    return value ^ (value >> np.uint64(31))


#: The same in native loops.
mix = inner(mixed)


@inner
def decode(data: Array, at: Int) -> tuple[Int, Int]:
    """Return the code point at a byte of UTF-8, which Arrow has checked, and the byte behind it."""
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, at + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | np.int64(data[at + 1] & 0x3F), at + 2
    middle = np.int64(data[at + 1] & 0x3F) << 6 | np.int64(data[at + 2] & 0x3F)
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | middle, at + 3
    return (lead & 0x07) << 18 | middle << 6 | np.int64(data[at + 3] & 0x3F), at + 4


@inner
def find(table: Array, key: np.uint64) -> Int:
    """Return where a hash is in a set, or the empty place where it would be put.

    Args:
        table: An open-addressed set (Knuth, TAOCP 3, 6.4, linear probing) of a power of two places, not
            all of them taken; 0 is an empty one (``uint64``).
        key: Not 0.
    """
    mask = np.uint64(table.size - 1)
    place = key >> np.uint64(20) & mask
    while table[place] != key and table[place] != _NO:
        place = (place + np.uint64(1)) & mask
    return place
