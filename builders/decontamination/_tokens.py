"""Native loops that cut text into tokens; see `builders.decontamination.index` for what a token is.

Importing this imports numba: do so inside functions. Everything is compiled at its first call and
kept (``cache=True``). The loops let go of the interpreter (``nogil``) and write only to the places of
the texts that they were told of, so that threads may share the work and the answer stays the same.

All arithmetic of hashes is modulo 2**64. numba makes a float of a signed and an unsigned integer
taken together, hence the many ``np.uint64``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from builders.decontamination._folding import GAP, MARK, NOTHING, WORD, Array, Folding
from isogloss.native import native

#: The base of the polynomial that the hash of a run of tokens is.
BASE = np.uint64(0xD6E8FEB86659FD93)
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_NO = np.uint64(0)
_ONE = np.uint64(1)


class Measure(NamedTuple):
    """What makes an n-gram.

    Attributes:
        weights: The weight of a token, by its kind (``int64``).
        goal: An n-gram is the shortest run of tokens from its first that weighs as much.
        powers: The powers of the polynomial's base, as far as an n-gram may have tokens (``uint64``).
    """

    weights: Array
    goal: int
    powers: Array


class Room(NamedTuple):
    """The tokens of one text.

    Attributes:
        code: Folded code points, token after token (``int32``).
        first: Where each token's code points start, and the end of the last (``int32``).
        kind: The kind of each token: `WORD`, `DENSE` or `LETTER` (``uint8``).
        begin: The byte of the text at which each begins (``int32``).
        end: The byte behind it (``int32``).
        prefix: The polynomial of the hashes of all tokens before each (``uint64``).
        gram: Where the n-gram that each begins ends, once `find_grams` has told (``int32``).
    """

    code: Array
    first: Array
    kind: Array
    begin: Array
    end: Array
    prefix: Array
    gram: Array


class Texts(NamedTuple):
    """Texts as Arrow has them: UTF-8 bytes, and the offset of each text and of the end."""

    data: Array
    offsets: Array


@native
def room_for(tokens: int, codes: int) -> Room:
    """Return room for so many tokens and code points."""
    return Room(
        np.empty(codes, np.int32),
        np.empty(tokens + 1, np.int32),
        np.empty(tokens, np.uint8),
        np.empty(tokens, np.int32),
        np.empty(tokens, np.int32),
        np.empty(tokens + 1, np.uint64),
        np.empty(tokens, np.int32),
    )


@native
def _close(room: Room, token: int, codes: int) -> None:
    """End a token: note where, and go on with the polynomial."""
    value = _PRIME
    for place in range(room.first[token], codes):
        value = (value ^ np.uint64(room.code[place])) * _PRIME
        value ^= value >> np.uint64(32)
    room.first[token + 1] = codes
    room.prefix[token + 1] = room.prefix[token] * BASE + value


@native
def _decode(data: Array, at: int) -> tuple[np.int64, int]:
    """Return the code point at a byte of valid UTF-8, and the byte behind it."""
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, at + 1
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | np.int64(data[at + 1] & 0x3F), at + 2
    middle = np.int64(data[at + 1] & 0x3F) << 6 | np.int64(data[at + 2] & 0x3F)
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | middle, at + 3
    return (lead & 0x07) << 18 | middle << 6 | np.int64(data[at + 3] & 0x3F), at + 4


@native
def _cut(data: Array, start: int, stop: int, folding: Folding, room: Room) -> int:
    """Cut ``data[start:stop]`` into tokens.

    Returns:
        How many there are; -1 where the room is too small.
    """
    tokens = -1  # the last one begun
    codes = 0
    open_kind = GAP
    room.first[0] = 0
    room.prefix[0] = _NO
    at = start
    while at < stop:
        here = at - start
        point, at = _decode(data, at)
        folded = folding.fold[point]
        low, high = 0, 1
        if folded < 0:
            low, high = folding.spill_start[-folded - 1], folding.spill_start[-folded]
        for place in range(low, high):
            code = folding.spill[place] if folded < 0 else folded
            kind = folding.kind[code]
            if kind == NOTHING:
                continue
            goes_on = open_kind != GAP and (kind == MARK or (kind == WORD and open_kind == WORD))
            if not goes_on:
                if open_kind != GAP:
                    _close(room, tokens, codes)
                open_kind = WORD if kind == MARK else kind
                if kind == GAP:
                    continue
                tokens += 1
                if tokens == room.kind.size:
                    return -1
                room.kind[tokens] = open_kind
                room.begin[tokens] = here
            if codes == room.code.size:
                return -1
            spot = codes
            order = folding.order[code]
            if order > 0:  # the canonical ordering of marks
                while spot > room.first[tokens] and folding.order[room.code[spot - 1]] > order:
                    room.code[spot] = room.code[spot - 1]
                    spot -= 1
            room.code[spot] = code
            codes += 1
            room.end[tokens] = at - start
    if open_kind != GAP:
        _close(room, tokens, codes)
    return tokens + 1


@native
def tokenise(texts: Texts, number: int, folding: Folding, room: Room) -> tuple[int, Room]:
    """Cut a text into tokens, in a larger room where this one will not do.

    Returns:
        How many tokens there are, and the room that they are in.
    """
    start, stop = texts.offsets[number], texts.offsets[number + 1]
    count = _cut(texts.data, start, stop, folding, room)
    while count < 0:
        room = room_for(2 * room.kind.size, 2 * room.code.size + stop - start)
        count = _cut(texts.data, start, stop, folding, room)
    return count, room


@native
def whole_hash(room: Room, count: int) -> np.uint64:
    """Return the hash of a text's folded code points, wherever words end; 0 where it has none."""
    value = _NO
    for place in range(room.first[count]):
        value = (value + np.uint64(room.code[place]) + _ONE) * _PRIME
        value ^= value >> np.uint64(32)
    return value


@native
def weigh(room: Room, count: int, measure: Measure) -> int:
    """Return the weight of a text's tokens, at most the goal."""
    total = 0
    for token in range(count):
        total += measure.weights[room.kind[token]]
        if total >= measure.goal:
            return measure.goal
    return total


@native
def find_grams(room: Room, count: int, measure: Measure) -> int:
    """Find where the n-gram that begins at each token ends.

    Returns:
        How many there are: the last tokens begin none.
    """
    high = weight = 0
    for low in range(count):
        while high < count and weight < measure.goal:
            weight += measure.weights[room.kind[high]]
            high += 1
        if weight < measure.goal:
            return low
        room.gram[low] = high
        weight -= measure.weights[room.kind[low]]
    return count
