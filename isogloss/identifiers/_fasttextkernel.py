"""The native loops that make fastText's vectors of texts, over the bytes of Arrow strings.

Importing this imports numba: do so inside functions. It is compiled at its first call and kept beside
this file (where the folder cannot be written, in the user's cache).

A text's vector is the mean of those of its words and of their n-grams of characters (Bojanowski et al.
2017, "Enriching Word Vectors with Subword Information", arXiv:1607.04606), which are told apart by
hashes. Text repeats its words: the sum of the vectors of a short word is remembered. The sum of a text
is that of the sums of its words, remembered or not, so that memory and threads change no bit of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])
Array = NDArray[Any]

#: Vectors are padded with zeros to a multiple of so many numbers, which are added at once.
LANES = 16
#: Words of at most so many bytes are remembered.
REMEMBERED = 24

# FNV-1a of 32 bits (Fowler, Noll & Vo).
_BASIS = np.uint32(2166136261)
_PRIME = np.uint32(16777619)
# What fastText takes the hash of a run of words on with.
_WORDS_PRIME = np.uint64(116049371)
_BOW, _EOW = np.uint8(ord("<")), np.uint8(ord(">"))
# Numbers of vectors that wait to be added.
_WAITING = 1024
_LABELLED = -1


class Tables(NamedTuple):
    """A model's words and n-grams.

    Attributes:
        spelling: The words and labels, end to end (``uint8``).
        starts: Where each starts, and the last one ends (``int64``).
        hashes: The hash of each (``uint32``).
        slots: Words and labels by their hashes, an open-addressed table of a power of two places; -1
            is an empty one (``int32``).
        words: The sum of the vectors of each word and of its n-grams; shape (words, width).
        sizes: How many vectors that is the sum of (``int32``).
        grams: The vectors of the n-grams that have one, by their buckets; shape (n, width).
        marks: For every 64 buckets, a bit for each that has a vector, and how many those before
            have (``uint64``, in turns).
        buckets: The hashes of n-grams are taken modulo this.
        shortest: The fewest characters of an n-gram.
        longest: The most.
        word_ngrams: The most words in an n-gram of words.
        end: The token that ends a line (``uint8``).
        prefix: What labels start with (``uint8``).
    """

    spelling: Array
    starts: Array
    hashes: Array
    slots: Array
    words: Array
    sizes: Array
    grams: Array
    marks: Array
    buckets: np.uint32
    shortest: int
    longest: int
    word_ngrams: int
    end: Array
    prefix: Array


class Memory(NamedTuple):
    """Sums of words that were met, by their hashes; a new one takes the place of an old one.

    Attributes:
        spelling: The words; shape (places, REMEMBERED), ``uint8``.
        lengths: Their bytes; 0 for an empty place (``uint8``).
        sizes: How many vectors are summed; -1 for a label (``int32``).
        sums: Their sums; shape (places, width).
    """

    spelling: Array
    lengths: Array
    sizes: Array
    sums: Array


class Room(NamedTuple):
    """Room for one text.

    Attributes:
        word: A word between its marks (``uint8``).
        waiting: Vectors of n-grams to add (``int64``).
        sum: Of a word; shape (width,).
        total: Of the text; shape (width,).
        hashes: Of its words, where these make n-grams (``uint32``).
    """

    word: Array
    waiting: Array
    sum: Array
    total: Array
    hashes: Array


def native(function: F) -> F:
    """Compile a function at its first call."""
    return cast(F, numba.njit(cache=True, nogil=True)(function))


@native
def room_for(tables: Tables, longest: int) -> Room:
    """Return room for texts of so many bytes."""
    width = tables.words.shape[1]
    return Room(
        np.empty(longest + 2, np.uint8),
        np.empty(_WAITING, np.int64),
        np.empty(width, np.float32),
        np.empty(width, np.float32),
        np.empty(longest // 2 + 2 if tables.word_ngrams > 1 else 0, np.uint32),
    )


@native
def memory(width: int, places: int) -> Memory:
    """Return an empty memory of so many places, a power of two."""
    return Memory(
        np.empty((places, REMEMBERED), np.uint8),
        np.zeros(places, np.uint8),
        np.empty(places, np.int32),
        np.empty((places, width), np.float32),
    )


@native
def _white(data: Array, at: int, stop: int, every: bool) -> int:
    """Return how many bytes of white space are at a place; 0 for none.

    Args:
        data: UTF-8, which Arrow has checked.
        at: The place.
        stop: Where the text ends.
        every: All that `str.isspace` takes for it is, not only what fastText does.
    """
    byte = data[at]
    if byte > 32 and (byte < 0xC2 or not every):
        return 0
    if byte <= 32:
        plain = byte == 32 or 9 <= byte <= 13
        return 1 if plain or (28 <= byte if every else byte == 0) else 0
    if byte == 0xC2:  # U+0085 and U+00A0
        return 2 if data[at + 1] == 0x85 or data[at + 1] == 0xA0 else 0
    if byte < 0xE1 or byte > 0xE3:
        return 0
    point = (np.uint32(byte) & 0x0F) << 12 | (np.uint32(data[at + 1]) & 0x3F) << 6
    point |= np.uint32(data[at + 2]) & 0x3F
    wide = 0x2000 <= point <= 0x200A or point == 0x3000 or point == 0x1680
    return 3 if wide or point == 0x2028 or point == 0x2029 or point == 0x202F or point == 0x205F else 0


@native
def _cut(data: Array, start: int, stop: int, most: int) -> int:
    """Return where a text ends that is cut to so many characters; below 0: it is not cut."""
    if most < 0 or stop - start <= most:
        return stop
    count = 0
    for at in range(start, stop):
        if data[at] & 0xC0 != 0x80:
            if count == most:
                return at
            count += 1
    return stop


@native
def _equal(data: Array, start: int, size: int, other: Array, first: int) -> bool:
    for place in range(size):  # noqa: SIM110 numba knows no all()
        if data[start + place] != other[first + place]:
            return False
    return True


@native
def _find(tables: Tables, data: Array, start: int, size: int, key: np.uint32) -> int:
    """Return the number of a word or label; -1 where the model has none such."""
    mask = np.uint32(tables.slots.size - 1)
    place = key & mask
    while True:
        found = tables.slots[place]
        if found < 0:
            return -1
        if tables.hashes[found] == key:
            first = tables.starts[found]
            if tables.starts[found + 1] - first == size and _equal(
                data, start, size, tables.spelling, first
            ):
                return found
        place = (place + np.uint32(1)) & mask


@native
def _bits(word: np.uint64) -> np.uint64:
    """Return how many bits are set (Warren, Hacker's Delight, 5-1): one instruction, compiled."""
    word -= word >> np.uint64(1) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        word >> np.uint64(2) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return word * np.uint64(0x0101010101010101) >> np.uint64(56)


@native
def _add(rows: Array, numbers: Array, count: int, total: Array) -> None:
    """Add the rows of these numbers to the total, in order."""
    for first in range(0, total.size, LANES):
        index = 0
        while index + 4 <= count:
            one, two = numbers[index], numbers[index + 1]
            three, four = numbers[index + 2], numbers[index + 3]
            for lane in range(first, first + LANES):
                total[lane] += (rows[one, lane] + rows[two, lane]) + (
                    rows[three, lane] + rows[four, lane]
                )
            index += 4
        while index < count:
            one = numbers[index]
            for lane in range(first, first + LANES):
                total[lane] += rows[one, lane]
            index += 1


@native
def _spell(data: Array, start: int, size: int, word: Array) -> int:
    """Write a word between its marks; return its bytes."""
    word[0] = _BOW
    for place in range(size):
        word[place + 1] = data[start + place]
    word[size + 1] = _EOW
    return size + 2


@native
def _hashed(key: np.uint32, byte: np.uint8) -> np.uint32:
    """Take a hash on; numba makes 64 bits of 32, hence the casts.

    Bytes are signed here, as they were where the first models were trained.
    """
    return np.uint32((key ^ np.uint32(np.int8(byte))) * _PRIME)


@native
def _vector_of(tables: Tables, bucket: np.int64) -> tuple[np.int64, np.int64]:
    """Return the number of a bucket's vector, and 1; or of any and 0 where it has none."""
    place = bucket >> 6 << 1
    bits, bit = tables.marks[place], np.uint64(bucket & 63)
    before = _bits(bits & ((np.uint64(1) << bit) - np.uint64(1)))
    return np.int64(tables.marks[place + 1] + before), np.int64(bits >> bit & np.uint64(1))


@native
def _sum_grams(tables: Tables, room: Room, size: int) -> int:
    """Add the vectors of the n-grams of the word in the room to its sum; return how many they are."""
    word, waiting = room.word, room.waiting
    found, count = 0, 0
    for start in range(size):
        if word[start] & 0xC0 == 0x80:
            continue
        key = _BASIS
        at = start
        for length in range(1, tables.longest + 1):
            if at == size:
                break
            key = _hashed(key, word[at])
            at += 1
            while at < size and word[at] & 0xC0 == 0x80:
                key = _hashed(key, word[at])
                at += 1
            if length < tables.shortest or (length == 1 and (start == 0 or at == size)):
                continue
            # Written in any case and counted where there is one: a branch would be guessed wrong.
            waiting[count], there = _vector_of(tables, np.int64(np.uint32(key % tables.buckets)))
            count += there
        if count + tables.longest >= _WAITING:
            _add(tables.grams, waiting, count, room.sum)
            found += count
            count = 0
    _add(tables.grams, waiting, count, room.sum)
    return found + count


@native
def _sum_word(
    tables: Tables, room: Room, data: Array, start: int, size: int, key: np.uint32
) -> int:
    """Sum the vectors of a word and its n-grams; return how many they are, -1 of a label."""
    room.sum[:] = 0
    number = _find(tables, data, start, size, key)
    if number >= 0:
        if number >= tables.sizes.size:
            return _LABELLED
        room.sum[:] = tables.words[number]
        return tables.sizes[number]
    prefix = tables.prefix.size
    if size >= prefix and _equal(data, start, prefix, tables.prefix, 0):
        return _LABELLED
    if size == tables.end.size and _equal(data, start, size, tables.end, 0):
        return 0
    return _sum_grams(tables, room, _spell(data, start, size, room.word))


@native
def hashes_of(spelling: Array, starts: Array) -> Array:
    """Return the hash of each word; words are end to end, as texts are."""
    keys = np.empty(starts.size - 1, np.uint32)
    for word in range(keys.size):
        key = _BASIS
        for place in range(starts[word], starts[word + 1]):
            key = _hashed(key, spelling[place])
        keys[word] = key
    return keys


@native
def slots_of(hashes: Array) -> Array:
    """Return words by their hashes; see `Tables`."""
    places = 16
    while places < 2 * hashes.size:
        places *= 2
    slots = np.full(places, -1, np.int32)
    for word in range(hashes.size):
        place = np.int64(hashes[word]) & (places - 1)
        while slots[place] >= 0:
            place = (place + 1) & (places - 1)
        slots[place] = word
    return slots


@native
def sum_words(tables: Tables) -> None:
    """Add the vectors of the n-grams of each of the model's words to that word's own."""
    longest = 0
    for word in range(tables.sizes.size):
        longest = max(longest, tables.starts[word + 1] - tables.starts[word])
    room = room_for(tables, longest)
    for word in range(tables.sizes.size):
        start = tables.starts[word]
        size = tables.starts[word + 1] - start
        if size == tables.end.size and _equal(tables.spelling, start, size, tables.end, 0):
            continue
        room.sum[:] = tables.words[word]
        tables.sizes[word] += _sum_grams(
            tables, room, _spell(tables.spelling, start, size, room.word)
        )
        tables.words[word] = room.sum


@native
def _add_word(
    tables: Tables,
    memory: Memory,
    room: Room,
    data: Array,
    start: int,
    size: int,
    key: np.uint32,
) -> int:
    """Add the sum of a word to the text's; return how many vectors it is of, -1 of a label."""
    if size > REMEMBERED:
        count = _sum_word(tables, room, data, start, size, key)
        for lane in range(room.total.size):
            room.total[lane] += room.sum[lane]
        return count
    place = np.int64((key ^ key >> np.uint32(15)) & np.uint32(memory.lengths.size - 1))
    spelling, sums = memory.spelling[place], memory.sums[place]
    if memory.lengths[place] != size or not _equal(data, start, size, spelling, 0):
        memory.sizes[place] = _sum_word(tables, room, data, start, size, key)
        memory.lengths[place] = size
        for lane in range(sums.size):
            sums[lane] = room.sum[lane]
        for index in range(size):
            spelling[index] = data[start + index]
    for first in range(0, room.total.size, LANES):
        for lane in range(first, first + LANES):
            room.total[lane] += sums[lane]
    return memory.sizes[place]


@native
def _add_runs(tables: Tables, room: Room, words: int) -> int:
    """Add the vectors of the text's n-grams of words; return how many they are."""
    found = 0
    for first in range(words):
        # The library keeps hashes of words as signed numbers.
        key = np.uint64(np.int64(np.int32(room.hashes[first])))
        for other in range(first + 1, min(words, first + tables.word_ngrams)):
            key = key * _WORDS_PRIME + np.uint64(np.int64(np.int32(room.hashes[other])))
            bucket = np.int64(key % np.uint64(tables.buckets))
            room.waiting[0], there = _vector_of(tables, bucket)
            _add(tables.grams, room.waiting, there, room.total)
            found += there
    return found


@native
def _sum_text(
    tables: Tables, memory: Memory, room: Room, data: Array, start: int, stop: int, every: bool
) -> int:
    """Sum the vectors of a text; return how many they are."""
    room.total[:] = 0
    found, words = 0, 0
    at = start
    ended = False
    while not ended:
        key = _BASIS
        first = at
        while at < stop and (data[at] > 32 and data[at] < 0xC2 or not _white(data, at, stop, every)):
            key = _hashed(key, data[at])
            at += 1
        size = at - first
        if size == 0:
            if at < stop and (every or data[at] != 10):
                at += _white(data, at, stop, every)
                continue
            # The end of a line is a word of its own.
            for byte in tables.end:
                key = _hashed(key, byte)
            count = _add_word(tables, memory, room, tables.end, 0, tables.end.size, key)
            ended = True
        else:
            count = _add_word(tables, memory, room, data, first, size, key)
            ended = size == tables.end.size and _equal(data, first, size, tables.end, 0)
        if count != _LABELLED:
            found += count
            if tables.word_ngrams > 1:
                room.hashes[words] = key
                words += 1
    return found + _add_runs(tables, room, words)


@native
def vectors(
    tables: Tables, memory: Memory, data: Array, starts: Array, most: int, every: bool
) -> tuple[Array, Array]:
    """Return the vectors of texts.

    Args:
        tables: The model's.
        memory: Used by one thread at a time.
        data: UTF-8, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,), ``int64``.
        most: Texts are cut to so many characters; below 0 for whole ones.
        every: All that `str.isspace` takes for white space is, and lines go on behind their ends.

    Returns:
        The means of the vectors of words and n-grams, shape (n, width), and how many these are.
    """
    rows = starts.size - 1
    width = tables.words.shape[1]
    longest = 0
    for row in range(rows):
        longest = max(longest, starts[row + 1] - starts[row])
    room = room_for(tables, longest)
    means = np.zeros((rows, width), np.float32)
    counts = np.empty(rows, np.int64)
    for row in range(rows):
        stop = _cut(data, starts[row], starts[row + 1], most)
        counts[row] = _sum_text(tables, memory, room, data, starts[row], stop, every)
        if counts[row]:
            share = np.float32(1.0 / counts[row])
            for lane in range(width):
                means[row, lane] = room.total[lane] * share
    return means, counts
