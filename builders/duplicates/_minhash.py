"""Native loops of near-duplicate detection, over the bytes of Arrow strings; see builders.duplicates.near.

Importing this imports numba: do so inside functions. See `isogloss.native`. Nothing here starts
threads: the loops let go of the interpreter, and each row or pair has a place of its own to write to,
so that callers may cut the work among threads as they like and get the same answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from isogloss.kernels import BASE, Int, find, mix, mixed
from isogloss.native import inner, native

Bytes = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

#: Shingles that are looked at together: what a text's scratch memory is bounded by.
WINDOW = 8192
#: Hashes that are permuted in one go.
LANES = 32
#: A text with more distinct shingles than this is compared by a sample of them.
SAMPLE = 1 << 18

_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_LARGEST = np.uint32(0xFFFFFFFF)
_NO = np.uint64(0)
_ONE = np.uint64(1)
# numba compiles a function anew for a number that is written out in its call.
_NONE, _OTHER = np.int64(0), np.int64(1)


class Shingles(NamedTuple):
    """What a text is cut into.

    Attributes:
        width: Units of a shingle.
        characters: Whether a unit is a character or a byte.
        seed: Draws the hash function.
    """

    width: int
    characters: bool
    seed: np.uint64


class Room(NamedTuple):
    """Scratch memory of one thread.

    Attributes:
        units: Hashes of units.
        shingles: Those of the shingles that begin at the first ``WINDOW`` of these.
        tables: Two sets of shingles: see `isogloss.kernels.find`.
        members: What each of them holds.
    """

    units: U64
    shingles: U64
    tables: U64
    members: U64


def room_for(width: int, longest: int = 0) -> Room:
    """Return room for shingles of so many units, and for two sets of those of texts of so many bytes."""
    most = min(max(longest, 1), SAMPLE)
    return Room(
        np.empty(WINDOW + width - 1, np.uint64),
        np.empty(WINDOW, np.uint64),
        np.empty((2, _places(most)), np.uint64),
        np.empty((2, most + WINDOW), np.uint64),
    )


def _places(count: int) -> int:
    """Return how many places a set of so many has, half of them empty."""
    places = 2
    while places < 2 * count:
        places *= 2
    return places


_places_of = inner(_places)


@inner
def _units(data: Bytes, at: Int, stop: Int, kind: Shingles, out: U64) -> tuple[Int, Int]:
    """Hash the characters (or bytes) of ``data[at:stop]`` until ``out`` is full.

    A character is a byte and the continuation bytes (10xxxxxx) after it, which reads no byte
    beyond ``stop`` whatever the bytes are.

    Returns:
        How many there are, and where the next one begins.
    """
    count = 0
    while at < stop and count < out.size:
        code = np.uint64(data[at])
        at += 1
        if kind.characters and code >= 0x80:
            while at < stop and (data[at] & 0xC0) == 0x80:
                code = (code << np.uint64(8)) | np.uint64(data[at])
                at += 1
        out[count] = mix(code ^ kind.seed)
        count += 1
    return count, at


@inner
def _shingles(data: Bytes, at: Int, stop: Int, kind: Shingles, room: Room) -> tuple[Int, Int]:
    """Hash the next shingles of ``data[at:stop]``, at most ``WINDOW``, into ``room.shingles``.

    The hash is a polynomial of the units' hashes, rolled from one shingle to the next (Karp and
    Rabin 1987) and mixed. A text of fewer than ``width`` units is one shingle.

    Returns:
        How many there are, and where the next one begins; ``stop`` where there is none.
    """
    width, units, out = kind.width, room.units, room.shingles
    count, end = _units(data, at, stop, kind, units)
    if count < width:
        value = kind.seed
        for place in range(count):
            value = value * BASE + units[place]
        out[0] = mix(value ^ np.uint64(count))
        return 1, stop
    value = _NO
    leaving = _ONE
    for place in range(width):
        value = value * BASE + units[place]
        leaving *= BASE
    out[0] = mix(value)
    for place in range(width, count):
        value = value * BASE + units[place] - units[place - width] * leaving
        out[place - width + 1] = mix(value)
    if end < stop:
        for _ in range(width - 1):
            end -= 1
            while kind.characters and (data[end] & 0xC0) == 0x80:
                end -= 1
    return count - width + 1, end


@inner
def _add(table: U64, values: U64, count: Int, shift: Int, members: U64, held: Int) -> Int:
    """Put hashes into a set.

    Args:
        table: The set.
        values: The hashes.
        count: How many there are.
        shift: Those that do not begin with so many bits of 0 are left out; below 64.
        members: A list of what the set holds.
        held: How long it is.

    Returns:
        How long it is then.
    """
    most = _ALL >> np.uint64(shift)
    for at in range(count):
        value = max(values[at], _ONE)
        if value > most:
            continue
        place = find(table, value)
        if table[place] == _NO:
            table[place] = value
            members[held] = value
            held += 1
    return held


def draw(seed: np.uint64, permutations: int) -> U32:
    """Draw permutations of the 32-bit numbers: an odd factor and a term each, two a row."""
    numbers = mixed(seed + np.arange(permutations, dtype=np.uint64))
    high, low = numbers >> np.uint64(32), numbers & np.uint64(0xFFFFFFFF)
    return np.stack([high.astype(np.uint32) | np.uint32(1), low.astype(np.uint32)])


@inner
def _lower(hashes: U64, count: Int, drawn: U32, high: U32, sketch: U32) -> None:
    """Lower each coordinate of a sketch to the least that its permutation makes of the hashes.

    Args:
        hashes: The shingles' hashes.
        count: How many there are.
        drawn: The permutations; see ``draw``.
        high: Scratch memory for ``count + LANES`` numbers.
        sketch: What is lowered.
    """
    for place in range(count):
        high[place] = np.uint32(hashes[place] >> np.uint64(32))
    # The processor takes many at a time, and is slow with what is left over: repeating the last
    # one up to a full load changes no minimum.
    full = (count + LANES - 1) // LANES * LANES
    for place in range(count, full):
        high[place] = high[count - 1]
    for turn in range(sketch.size):
        factor, term = drawn[0, turn], drawn[1, turn]
        least = sketch[turn]
        for place in range(full):
            least = min(least, np.uint32(high[place] * factor + term))
        sketch[turn] = least


@native
def band_keys(
    data: Bytes,
    offsets: I64,
    cells: U64,
    kind: Shingles,
    drawn: U32,
    room: Room,
    first: Int,
    last: Int,
    out: U64,
) -> None:
    """Write the key of the whole sketch and of each band of the texts ``first`` to ``last - 1``.

    Args:
        data: The texts' UTF-8 bytes, one after the other.
        offsets: Where each begins, and the end of the last.
        cells: The cell of each text: texts of two cells share no hash.
        kind: What a text is cut into.
        drawn: The permutations; see ``draw``.
        room: Scratch memory.
        first: The first text to work on.
        last: The text to stop before.
        out: Keys: of whole sketches, then of the bands; by texts.
    """
    bands = out.shape[0] - 1
    rows = drawn.shape[1] // bands
    high = np.empty(WINDOW + LANES, np.uint32)
    sketch = np.empty(drawn.shape[1], np.uint32)
    for text in range(first, last):
        own = Shingles(kind.width, kind.characters, mix(kind.seed ^ mix(cells[text])))
        sketch[:] = _LARGEST
        at, stop = offsets[text], offsets[text + 1]
        while True:
            count, at = _shingles(data, at, stop, own, room)
            _lower(room.shingles, count, drawn, high, sketch)
            if at >= stop:
                break
        whole = own.seed
        for band in range(bands):
            key = own.seed
            for row in range(rows):
                key = mix(key ^ np.uint64(sketch[band * rows + row]))
            out[band + 1, text] = key
            whole = mix(whole ^ key)
        out[0, text] = whole


@inner
def _most(size: Int) -> Int:
    """Return how many shingles of a text of so many bytes a set is made for."""
    return min(max(np.int64(size), 1), SAMPLE)


@inner
def _gather(
    data: Bytes, at: Int, stop: Int, kind: Shingles, room: Room, which: Int
) -> tuple[Int, Int]:
    """Make a text's shingles one of the room's sets; return how many it has, and which sample it is.

    It is all of them (0) up to ``SAMPLE`` distinct ones; then those whose hash begins with so many
    bits of 0, which draws the same ones from all texts.
    """
    table = room.tables[which, : _places_of(_most(stop - at))]
    members = room.members[which]
    table[:] = _NO
    held = shift = _NONE
    while at < stop or held == 0:
        count, at = _shingles(data, at, stop, kind, room)
        held = _add(table, room.shingles, count, shift, members, held)
        while held > SAMPLE:
            shift += 1
            table[:] = _NO
            # What stays is written before what is yet to be read.
            held = _add(table, members, held, shift, members, _NONE)
    return held, shift


@inner
def _same(data: Bytes, one: Int, other: Int, length: Int) -> bool:
    for place in range(length):  # noqa: SIM110 numba knows no all()
        if data[one + place] != data[other + place]:
            return False
    return True


@native
def jaccards(
    data: Bytes,
    starts: I64,
    lengths: U32,
    pairs: U32,
    kind: Shingles,
    room: Room,
    first: Int,
    last: Int,
    out: F64,
) -> None:
    """Write the Jaccard similarity of each of the pairs ``first`` to ``last - 1``.

    Exact but for collisions of 64-bit hashes; estimated where a text has more than ``SAMPLE``
    distinct shingles, from at least about half as many (standard error 0.0011 at 0.8).

    Args:
        data: UTF-8 bytes.
        starts: Where each text begins in them.
        lengths: Bytes of each text.
        pairs: Two numbers of texts a row.
        kind: What a text is cut into.
        room: Scratch memory.
        first: The first pair to work on.
        last: The pair to stop before.
        out: Similarities of the pairs.
    """
    held, size, shift = np.int64(-1), _NONE, _NONE
    for pair in range(first, last):
        one, other = pairs[pair, 0], pairs[pair, 1]
        if lengths[one] == lengths[other] and _same(data, starts[one], starts[other], lengths[one]):
            out[pair] = 1.0
            continue
        # The pairs of a leader follow each other: its shingles are not gathered again.
        if held != one:
            end = starts[one] + lengths[one]
            size, shift = _gather(data, starts[one], end, kind, room, _NONE)
            held = one
        end = starts[other] + lengths[other]
        other_size, other_shift = _gather(data, starts[other], end, kind, room, _OTHER)
        # By samples: bits of 0 that hashes of both begin with.
        most = _ALL >> np.uint64(max(shift, other_shift))
        table = room.tables[0, : _places_of(_most(lengths[one]))]
        united = shared = 0
        for place in range(size):
            united += room.members[0, place] <= most
        for place in range(other_size):
            value = room.members[1, place]
            if value <= most:
                if table[find(table, value)] == value:
                    shared += 1
                else:
                    united += 1
        out[pair] = shared / united if united > 0 else 0.0


@native
def copy(data: Bytes, starts: I64, lengths: U32, out: Bytes, places: I64) -> None:
    """Copy the texts that begin at ``starts`` of ``data`` to ``places`` of ``out``."""
    for text in range(starts.size):
        for at in range(int(lengths[text])):
            out[places[text] + at] = data[starts[text] + at]


@native
def elect(leaders: U32, followers: U32, similarity: F64, kept: U32, best: F64) -> None:
    """Give each row the most similar kept row that goes before it; one that has none is kept.

    Args:
        leaders: The one of two similar rows that goes before the other; rising.
        followers: The other.
        similarity: How similar they are.
        kept: Set to the leader of each row; the row itself where it is kept.
        best: Set to the similarity of the two.
    """
    for row in range(kept.size):
        kept[row] = row
        best[row] = 0.0
    for edge in range(leaders.size):
        # Whatever could drop a leader goes before it, so has been seen.
        leader = leaders[edge]
        if kept[leader] == leader and similarity[edge] > best[followers[edge]]:
            kept[followers[edge]] = leader
            best[followers[edge]] = similarity[edge]
