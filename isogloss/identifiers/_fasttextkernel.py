"""The native loops that make fastText's vectors of texts, over the bytes of Arrow strings.

Importing this imports numba: do so inside functions. It is compiled at its first call and kept beside
this file (where the folder cannot be written, in the user's cache).

A text's vector is the mean of those of its words and of their n-grams of characters (Bojanowski et al.
2017, "Enriching Word Vectors with Subword Information", arXiv:1607.04606), which are told apart by
hashes. Text repeats its words: the sum of the vectors of a short word is remembered. The sum of a text
is that of the sums of its words, remembered or not, so that memory and threads change no bit of it.

What runs for every word or n-gram takes arrays and numbers only: of functions that take tuples of
arrays, numba counts references, which took ten times as long as the work.
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
REMEMBERED = 48

# FNV-1a of 32 bits (Fowler, Noll & Vo).
_BASIS = np.uint32(2166136261)
_PRIME = np.uint32(16777619)
# What fastText takes the hash of a run of words on with.
_WORDS_PRIME = np.uint64(116049371)
_LINE_FEED = 10
_BOW, _EOW = np.uint8(ord("<")), np.uint8(ord(">"))
# Numbers of vectors that wait to be added.
_WAITING = 1024
_LABEL = -1


class Shape(NamedTuple):
    """What n-grams a model has.

    Attributes:
        buckets: Their hashes are taken modulo this.
        shortest: The fewest characters of one.
        longest: The most.
        words: The most words of an n-gram of words.
    """

    buckets: int
    shortest: int
    longest: int
    words: int


class Tables(NamedTuple):
    """A model's words and n-grams.

    Attributes:
        spelling: The words and labels, end to end (``uint8``).
        entries: Where each starts and ends, and its hash; shape (words + labels, 3), ``int64``.
        slots: Words and labels by their hashes, an open-addressed table of a power of two places; -1
            is an empty one (``int32``).
        sizes: For each word, itself and its n-grams that have a vector, counted (``int32``).
        rows: The sum of the vectors of each word and of its n-grams, then the vectors of the n-grams
            by their buckets; shape (words + n-grams, width).
        marks: For every 64 buckets, a bit for each that has a vector, and the row of the first of
            them (``uint64``, in turns).
        shape: What n-grams there are.
        end: The word that ends a line (``uint8``).
        end_row: The row of its vector; -1 where there is none.
        prefix: What labels start with (``uint8``).
    """

    spelling: Array
    entries: Array
    slots: Array
    sizes: Array
    rows: Array
    marks: Array
    shape: Shape
    end: Array
    end_row: int
    prefix: Array


class Memory(NamedTuple):
    """Sums of words that were met, by their hashes; a new one takes the place of an old one.

    Attributes:
        words: The words; shape (places, REMEMBERED), ``uint8``.
        lengths: Their bytes; 0 for an empty place (``uint8``).
        counts: How many vectors are summed; -1 for a label (``int32``).
        sums: The sums; shape (places, width).
    """

    words: Array
    lengths: Array
    counts: Array
    sums: Array


def native(function: F) -> F:
    """Compile a function at its first call."""
    return cast(F, numba.njit(cache=True, nogil=True)(function))


@native
def memory_of(places: int, width: int) -> Memory:
    """Return an empty memory of so many places, a power of two, and a spare one for long words."""
    return Memory(
        np.empty((places + 1, REMEMBERED), np.uint8),
        np.zeros(places + 1, np.uint8),
        np.empty(places + 1, np.int32),
        np.empty((places + 1, width), np.float32),
    )


@native
def _room_for(longest: int) -> tuple[Array, Array, Array, Array, Array]:
    """Return room for a text of so many bytes.

    Returns:
        For where its words start and where they stop, and their hashes; for a word between its marks;
        for numbers of rows that are to be added.
    """
    words = longest // 2 + 2
    return (
        np.empty(words, np.int64),
        np.empty(words, np.int64),
        np.empty(words, np.uint32),
        np.empty(longest + 3, np.uint8),
        np.empty(_WAITING, np.int64),
    )


# ------------------------------------------------------------------------------------------------ words


@native
def _white(data: Array, at: int, every: bool) -> int:
    """Return how many bytes of white space are at a place; 0 for none.

    Args:
        data: UTF-8, which Arrow has checked.
        at: The place.
        every: All that `str.isspace` takes for it is, not only what fastText does.
    """
    byte = data[at]
    if byte <= 32:
        plain = byte == 32 or 9 <= byte <= 13
        return 1 if plain or (byte >= 28 if every else byte == 0) else 0
    if byte < 0xC2 or byte > 0xE3 or not every:
        return 0
    second = data[at + 1]
    if byte == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    if byte < 0xE1:
        return 0
    point = (np.uint32(byte) & 0x0F) << 12 | (np.uint32(second) & 0x3F) << 6
    point |= np.uint32(data[at + 2]) & 0x3F
    wide = 0x2000 <= point <= 0x200A or point == 0x3000 or point == 0x1680
    wide = wide or point == 0x2028 or point == 0x2029 or point == 0x202F or point == 0x205F
    return 3 if wide else 0


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
def _hashed(key: np.uint32, byte: np.uint8) -> np.uint32:
    """Take a hash on; numba makes 64 bits of 32, hence the casts.

    Bytes are signed here, as they were where the first models were trained.
    """
    return np.uint32((key ^ np.uint32(np.int8(byte))) * _PRIME)


@native
def _equal(data: Array, start: int, size: int, other: Array, first: int) -> bool:
    for place in range(size):  # noqa: SIM110 numba knows no all()
        if data[start + place] != other[first + place]:
            return False
    return True


@native
def _split(
    data: Array,
    start: int,
    stop: int,
    every: bool,
    end: Array,
    firsts: Array,
    stops: Array,
    keys: Array,
) -> int:
    """Find the words of a text up to the end of its first line, and hash them.

    Returns:
        How many there are.
    """
    words = 0
    at = start
    while at < stop:
        first = at
        key = _BASIS
        while at < stop and (32 < data[at] < 0xC2 or not _white(data, at, every)):
            key = _hashed(key, data[at])
            at += 1
        size = at - first
        if size == end.size and _equal(data, first, size, end, 0):
            break
        if size:
            firsts[words] = first
            stops[words] = at
            keys[words] = key
            words += 1
        if at < stop:
            if data[at] == _LINE_FEED and not every:
                break
            at += _white(data, at, every)
    return words


# ---------------------------------------------------------------------------------------------- vectors


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
def _row_of(marks: Array, bucket: int) -> tuple[np.int64, np.int64]:
    """Return the row of a bucket, and 1; or any and 0 where it has none."""
    place = bucket >> 6 << 1
    bits, bit = marks[place], np.uint64(bucket & 63)
    before = _bits(bits & ((np.uint64(1) << bit) - np.uint64(1)))
    return np.int64(marks[place + 1] + before), np.int64(bits >> bit & np.uint64(1))


@native
def _add(rows: Array, numbers: Array, count: int, sums: Array, row: int) -> None:
    """Add the rows of these numbers to a row of sums, in order."""
    for first in range(0, sums.shape[1], LANES):
        index = 0
        while index + 4 <= count:
            one, two = numbers[index], numbers[index + 1]
            three, four = numbers[index + 2], numbers[index + 3]
            for lane in range(first, first + LANES):
                sums[row, lane] += (rows[one, lane] + rows[two, lane]) + (
                    rows[three, lane] + rows[four, lane]
                )
            index += 4
        while index < count:
            one = numbers[index]
            for lane in range(first, first + LANES):
                sums[row, lane] += rows[one, lane]
            index += 1


@native
def _add_row(rows: Array, number: int, sums: Array, row: int) -> None:
    for first in range(0, sums.shape[1], LANES):
        for lane in range(first, first + LANES):
            sums[row, lane] += rows[number, lane]


@native
def _spell(data: Array, start: int, size: int, word: Array) -> int:
    """Write a word between its marks; return its bytes."""
    word[0] = _BOW
    for place in range(size):
        word[place + 1] = data[start + place]
    word[size + 1] = _EOW
    return size + 2


@native
def _add_grams(
    word: Array,
    size: int,
    shape: Shape,
    marks: Array,
    rows: Array,
    waiting: Array,
    sums: Array,
    row: int,
) -> int:
    """Add the vectors of the n-grams of a spelled word to the sum; return how many they are."""
    found, count = 0, 0
    for start in range(size):
        if word[start] & 0xC0 == 0x80:
            continue
        key = _BASIS
        at = start
        for length in range(1, shape.longest + 1):
            if at == size:
                break
            key = _hashed(key, word[at])
            at += 1
            while at < size and word[at] & 0xC0 == 0x80:
                key = _hashed(key, word[at])
                at += 1
            if length < shape.shortest or (length == 1 and (start == 0 or at == size)):
                continue
            # Written in any case, counted where there is one: a branch would be guessed wrong.
            bucket = np.int64(key % np.uint32(shape.buckets))
            waiting[count], there = _row_of(marks, bucket)
            count += there
        if count + shape.longest >= _WAITING:
            _add(rows, waiting, count, sums, row)
            found += count
            count = 0
    _add(rows, waiting, count, sums, row)
    return found + count


@native
def _find(
    data: Array,
    start: int,
    size: int,
    key: np.uint32,
    slots: Array,
    entries: Array,
    spelling: Array,
) -> int:
    """Return the number of a word or label; -1 where the model has none such."""
    place = np.int64(key) & (slots.size - 1)
    while slots[place] >= 0:
        found = slots[place]
        first, stop, its_key = entries[found, 0], entries[found, 1], entries[found, 2]
        if its_key == key and stop - first == size and _equal(data, start, size, spelling, first):
            return np.int64(found)
        place = (place + 1) & (slots.size - 1)
    return -1


@native
def _sum_word(
    data: Array,
    start: int,
    size: int,
    key: np.uint32,
    spelling: Array,
    entries: Array,
    slots: Array,
    prefix: Array,
    sizes: Array,
    rows: Array,
    marks: Array,
    shape: Shape,
    word: Array,
    waiting: Array,
    sums: Array,
    row: int,
) -> int:
    """Sum the vectors of a word and its n-grams; return how many they are, -1 of a label."""
    for lane in range(sums.shape[1]):
        sums[row, lane] = 0
    number = _find(data, start, size, key, slots, entries, spelling)
    if number >= 0:
        if number >= sizes.size:
            return _LABEL
        _add_row(rows, number, sums, row)
        return np.int64(sizes[number])
    if size >= prefix.size and _equal(data, start, prefix.size, prefix, 0):
        return _LABEL
    size = _spell(data, start, size, word)
    return _add_grams(word, size, shape, marks, rows, waiting, sums, row)


@native
def _place_of(
    data: Array, start: int, size: int, key: np.uint32, words: Array, sizes: Array
) -> int:
    """Return where a word is remembered; below 0, it is not, and goes to -1 minus that."""
    spare = sizes.size - 1
    if size > REMEMBERED:
        return -1 - spare
    place = np.int64(key ^ key >> np.uint32(15)) & (spare - 1)
    if sizes[place] != size or not _equal_row(data, start, size, words, place):
        return -1 - place
    return place


@native
def _equal_row(data: Array, start: int, size: int, words: Array, row: int) -> bool:
    for place in range(size):  # noqa: SIM110 numba knows no all()
        if data[start + place] != words[row, place]:
            return False
    return True


@native
def _remember(data: Array, start: int, size: int, words: Array, sizes: Array, place: int) -> None:
    """Note which word's sum is at a place, unless it is too long."""
    if size <= REMEMBERED:
        sizes[place] = size
        for index in range(size):
            words[place, index] = data[start + index]


@native
def _add_runs(
    keys: Array, words: int, shape: Shape, marks: Array, rows: Array, sums: Array, row: int
) -> int:
    """Add the vectors of a text's n-grams of words to its sum; return how many they are."""
    found = 0
    for first in range(words):
        # The library keeps hashes of words as signed numbers.
        key = np.uint64(np.int64(np.int32(keys[first])))
        for other in range(first + 1, min(words, first + shape.words)):
            key = key * _WORDS_PRIME + np.uint64(np.int64(np.int32(keys[other])))
            number, there = _row_of(marks, np.int64(key % np.uint64(shape.buckets)))
            if there:
                _add_row(rows, number, sums, row)
                found += 1
    return found


# ------------------------------------------------------------------------------------------ whole columns


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
        every: All that `str.isspace` takes for white space is, and texts go on behind the end of a
            line.

    Returns:
        The means of the vectors of words and n-grams, shape (n, width), and how many these are.
    """
    spelling, entries, slots, sizes, rows, marks, shape, end, end_row, prefix = tables
    words, lengths, counts, sums = memory
    first, stop, keys, word, waiting = _room_for(_longest(starts))
    end_key = _key_of(end, 0, end.size)
    texts = starts.size - 1
    means = np.zeros((texts, rows.shape[1]), np.float32)
    found = np.zeros(texts, np.int64)
    for text in range(texts):
        cut = _cut(data, starts[text], starts[text + 1], most)
        plain = 0  # words that are no labels
        for index in range(_split(data, starts[text], cut, every, end, first, stop, keys)):
            start, size, key = first[index], stop[index] - first[index], keys[index]
            place = _place_of(data, start, size, key, words, lengths)
            if place < 0:
                place = -1 - place
                counts[place] = _sum_word(
                    data, start, size, key, spelling, entries, slots, prefix, sizes, rows, marks,
                    shape, word, waiting, sums, place,
                )  # fmt: skip
                _remember(data, start, size, words, lengths, place)
            if counts[place] != _LABEL:
                _add_row(sums, place, means, text)
                found[text] += counts[place]
                keys[plain] = key
                plain += 1
        if end_row >= 0:
            _add_row(rows, end_row, means, text)
            found[text] += 1
        if shape.words > 1:
            keys[plain] = end_key
            found[text] += _add_runs(keys, plain + 1, shape, marks, rows, means, text)
        if found[text]:
            share = np.float32(1.0 / found[text])
            for lane in range(means.shape[1]):
                means[text, lane] *= share
    return means, found


@native
def _longest(starts: Array) -> int:
    longest = np.int64(0)
    for text in range(starts.size - 1):
        longest = max(longest, starts[text + 1] - starts[text])
    return longest


@native
def _key_of(data: Array, start: int, stop: int) -> np.uint32:
    """Return the hash of a word."""
    key = _BASIS
    for place in range(start, stop):
        key = _hashed(key, data[place])
    return key


@native
def enter(spelling: Array, starts: Array) -> tuple[Array, Array]:
    """Return the entries and slots of words that are end to end; see `Tables`."""
    count = starts.size - 1
    places = 16
    while places < 2 * count:
        places *= 2
    entries = np.empty((count, 3), np.int64)
    slots = np.full(places, -1, np.int32)
    for number in range(count):
        key = np.int64(_key_of(spelling, starts[number], starts[number + 1]))
        entries[number, 0], entries[number, 1] = starts[number], starts[number + 1]
        entries[number, 2] = key
        place = key & (places - 1)
        while slots[place] >= 0:
            place = (place + 1) & (places - 1)
        slots[place] = number
    return entries, slots


@native
def add_grams(tables: Tables) -> None:
    """Add the vectors of the n-grams of the model's words to those of the words, and count them."""
    spelling, entries, _, sizes, rows, marks, shape, _, end_row, _ = tables
    longest = np.int64(0)
    for number in range(sizes.size):
        longest = max(longest, entries[number, 1] - entries[number, 0])
    _, _, _, word, waiting = _room_for(longest)
    for number in range(sizes.size):
        if number != end_row:
            start = entries[number, 0]
            size = _spell(spelling, start, entries[number, 1] - start, word)
            sizes[number] += _add_grams(word, size, shape, marks, rows, waiting, rows, number)
