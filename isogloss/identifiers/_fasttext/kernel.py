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

import numpy as np

from isogloss.identifiers._fasttext.arrays import Array, Int, Memory, Room, Shape, Tables
from isogloss.native import native

#: Vectors are padded with zeros to a multiple of so many numbers, which are added at once.
LANES = 16
#: Words of at most so many bytes are remembered.
REMEMBERED = 32

#: What FNV-1a of 32 bits (Fowler, Noll & Vo) makes of nothing.
BASIS = np.uint32(2166136261)
_PRIME = np.uint32(16777619)
# What fastText takes the hash of a run of words on with.
_WORDS_PRIME = np.uint64(116049371)
_LINE_FEED = 10
_BOW, _EOW = np.uint8(ord("<")), np.uint8(ord(">"))
# Indexes are unsigned where it counts: a signed one might be below zero, and numba looks.
_NONE, _ONE, _SIX, _EIGHT, _LAST = map(np.uint64, (0, 1, 6, 8, 63))
# What spreads hashes over places (Knuth, TAOCP 3, 6.4): 2**64 over the golden ratio.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
#: So many vectors wait to be added, at most.
WAITING = 1024
_LABEL = -1


@native
def hashed(key: np.uint32, byte: np.uint8) -> np.uint32:
    """Take a hash on; numba makes 64 bits of 32, hence the casts.

    Bytes are signed here, as they were where the first models were trained.
    """
    return np.uint32((key ^ np.uint32(np.int8(byte))) * _PRIME)


@native
def _equal(data: Array, start: Int, size: Int, other: Array, first: Int) -> bool:
    """Tell whether the same bytes are at two places."""
    here, there = np.uint64(start), np.uint64(first)
    for _ in range(size):
        if data[here] != other[there]:
            return False
        here += _ONE
        there += _ONE
    return True


@native
def _white(data: Array, at: np.uint64, every: bool) -> Int:
    """Return how many bytes of white space are at a place; 0 for none.

    Args:
        data: UTF-8, which Arrow has checked.
        at: The place.
        every: All that `str.isspace` takes for it is, besides what fastText does.
    """
    byte = data[at]
    if byte <= 32:
        plain = byte == 32 or 9 <= byte <= 13
        return 1 if plain or byte == 0 or (every and byte >= 28) else 0
    if byte < 0xC2 or byte > 0xE3 or not every:
        return 0
    second = data[at + _ONE]
    if byte == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    if byte < 0xE1:
        return 0
    point = (np.uint32(byte) & 0x0F) << 12 | (np.uint32(second) & 0x3F) << 6
    point |= np.uint32(data[at + _ONE + _ONE]) & 0x3F
    wide = 0x2000 <= point <= 0x200A or point == 0x3000 or point == 0x1680
    wide = wide or point == 0x2028 or point == 0x2029 or point == 0x202F or point == 0x205F
    return 3 if wide else 0


@native
def _cut(data: Array, start: Int, stop: Int, most: Int) -> Int:
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
def _split(
    data: Array, start: Int, stop: Int, every: bool, end: Array, firsts: Array, stops: Array,
    keys: Array,
) -> Int:  # fmt: skip
    """Find the words of a text up to the end of its first line, and hash them.

    Returns:
        How many there are.
    """
    words = 0
    at, last = np.uint64(start), np.uint64(stop)
    while at < last:
        first = at
        key = BASIS
        while at < last and (32 < data[at] < 0xC2 or not _white(data, at, every)):
            key = hashed(key, data[at])
            at += _ONE
        size = np.int64(at - first)
        if size == end.size and _equal(data, np.int64(first), size, end, 0):
            break
        if size:
            firsts[words] = first
            stops[words] = at
            keys[words] = key
            words += 1
        if at < last:
            if data[at] == _LINE_FEED and not every:
                break
            at += np.uint64(_white(data, at, every))
    return words


@native
def _find(
    data: Array,
    start: Int,
    size: Int,
    key: np.uint32,
    slots: Array,
    entries: Array,
    spelling: Array,
) -> Int:
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
def _bits(word: np.uint64) -> np.uint64:
    """Return how many bits are set (Warren, Hacker's Delight, 5-1): one instruction, compiled."""
    word -= word >> np.uint64(1) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        word >> np.uint64(2) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return word * np.uint64(0x0101010101010101) >> np.uint64(56)


@native
def _row_of(marks: Array, bucket: np.uint64) -> tuple[np.int64, np.uint64]:
    """Return the row of a bucket, and 1; or any and 0 where it has none."""
    place = bucket >> _SIX << _ONE
    bits, bit = marks[place], bucket & _LAST
    before = _bits(bits & ((_ONE << bit) - _ONE))
    return np.int64(marks[place + _ONE] + before), bits >> bit & _ONE


@native
def _add(rows: Array, numbers: Array, count: Int, sums: Array, row: Int) -> None:
    """Add the rows of these numbers to a row of sums, in order."""
    for first in range(0, rows.shape[1], LANES):
        for index in range(count):
            number = numbers[index]
            for lane in range(first, first + LANES):
                sums[row, lane] += rows[number, lane]


@native
def _add_row(rows: Array, number: Int, sums: Array, row: Int, width: Int) -> None:
    for lane in range(LANES):
        sums[row, lane] += rows[number, lane]
    for lane in range(LANES, width):
        sums[row, lane] += rows[number, lane]


@native
def _spell(data: Array, start: Int, size: Int, word: Array) -> Int:
    """Write a word between its marks, and a zero behind it; return its bytes without that."""
    word[0] = _BOW
    for place in range(size):
        word[place + 1] = data[start + place]
    word[size + 1] = _EOW
    word[size + 2] = 0
    return size + 2


@native
def _goes_on(byte: np.uint8) -> np.bool_:
    """Tell whether a byte of UTF-8 is not the first of its character."""
    return np.int8(byte) < np.int8(-64)


@native
def _add_grams(
    word: Array, size: Int, shape: Shape, marks: Array, rows: Array, waiting: Array, sums: Array,
    row: Int,
) -> Int:  # fmt: skip
    """Add the vectors of the n-grams of a spelled word to the sum; return how many they are."""
    shortest, longest = np.uint64(shape.shortest), np.uint64(shape.longest)
    buckets, stop = np.uint32(shape.buckets), np.uint64(size)
    found, count, start = np.int64(0), _NONE, _NONE
    while start < stop:
        key, at, length = BASIS, start, _ONE
        while at < stop and length <= longest:
            key = hashed(key, word[at])
            at += _ONE
            while _goes_on(word[at]):
                key = hashed(key, word[at])
                at += _ONE
            # The marks alone are no n-grams.
            if length >= shortest and (length > _ONE or (start > _NONE and at < stop)):
                # Written in any case, counted where there is one: a branch would be guessed wrong.
                waiting[count], there = _row_of(marks, np.uint64(np.uint32(key % buckets)))
                count += there
            length += _ONE
        if count + longest >= np.uint64(WAITING):
            _add(rows, waiting, np.int64(count), sums, row)
            found += np.int64(count)
            count = _NONE
        start += _ONE
        while _goes_on(word[start]):
            start += _ONE
    _add(rows, waiting, np.int64(count), sums, row)
    return found + np.int64(count)


@native
def _sum_word(
    data: Array, start: Int, size: Int, key: np.uint32, spelling: Array, entries: Array, slots: Array,
    prefix: Array, sizes: Array, rows: Array, marks: Array, shape: Shape, word: Array,
    waiting: Array, sums: Array, row: Int,
) -> Int:  # fmt: skip
    """Sum the vectors of a word and its n-grams; return how many they are, -1 of a label."""
    for lane in range(rows.shape[1]):
        sums[row, lane] = 0
    number = _find(data, start, size, key, slots, entries, spelling)
    if number >= 0:
        if number >= sizes.size:
            return _LABEL
        _add_row(rows, number, sums, row, rows.shape[1])
        return np.int64(sizes[number])
    if size >= prefix.size and _equal(data, start, prefix.size, prefix, 0):
        return _LABEL
    size = _spell(data, start, size, word)
    return _add_grams(word, size, shape, marks, rows, waiting, sums, row)


@native
def _eight(data: Array, start: np.uint64, size: Int) -> np.uint64:
    """Return up to eight bytes as one number, the first the lowest; a text of fewer ends in zeros."""
    if size < 8 and start + _EIGHT > np.uint64(data.size):
        found = _NONE
        for place in range(size):
            found |= np.uint64(data[start + np.uint64(place)]) << np.uint64(8 * place)
        return found
    # One instruction, compiled.
    found = (
        np.uint64(data[start])
        | np.uint64(data[start + np.uint64(1)]) << np.uint64(8)
        | np.uint64(data[start + np.uint64(2)]) << np.uint64(16)
        | np.uint64(data[start + np.uint64(3)]) << np.uint64(24)
        | np.uint64(data[start + np.uint64(4)]) << np.uint64(32)
        | np.uint64(data[start + np.uint64(5)]) << np.uint64(40)
        | np.uint64(data[start + np.uint64(6)]) << np.uint64(48)
        | np.uint64(data[start + np.uint64(7)]) << np.uint64(56)
    )
    return found if size >= 8 else found & ((_ONE << np.uint64(8 * size)) - _ONE)


@native
def _is_at(data: Array, start: Int, size: Int, words: Array, place: Int, first: Int) -> bool:
    """Tell whether a word is the one that is remembered at a place, which is as long."""
    at, column, left = np.uint64(start), np.uint64(first), size
    while left > 0:
        if _eight(data, at, left) != words[place, column]:
            return False
        at, column, left = at + _EIGHT, column + _ONE, left - 8
    return True


@native
def _remember(data: Array, start: Int, size: Int, words: Array, place: Int, first: Int) -> None:
    """Note which word's sum is at a place."""
    at, column, left = np.uint64(start), np.uint64(first), size
    while left > 0:
        words[place, column] = _eight(data, at, left)
        at, column, left = at + _EIGHT, column + _ONE, left - 8


@native
def _touch(
    firsts: Array, stops: Array, keys: Array, count: Int, numbers: Array, column: Int,
    places: Array, touched: Array,
) -> None:  # fmt: skip
    """Find the place of each word: the last one, which remembers nothing, of a long one.

    What is there is looked at, so that it comes from memory while the other words' does. Later,
    word by word, each would be waited for.
    """
    spare = numbers.shape[0] - 1
    for index in range(count):
        place = np.int64(np.uint64(keys[index]) * _GOLDEN >> np.uint64(40)) & (spare - 1)
        if stops[index] - firsts[index] > REMEMBERED:
            place = spare
        places[index] = place
        touched[index] = numbers[place, 0] + numbers[place, column]


@native
def _add_runs(
    keys: Array, words: Int, shape: Shape, marks: Array, rows: Array, sums: Array, row: Int
) -> Int:
    """Add the vectors of a text's n-grams of words to its sum; return how many they are."""
    found = 0
    for first in range(words):
        # The library keeps hashes of words as signed numbers.
        key = np.uint64(np.int64(np.int32(keys[first])))
        for other in range(first + 1, min(words, first + shape.words)):
            key = key * _WORDS_PRIME + np.uint64(np.int64(np.int32(keys[other])))
            number, there = _row_of(marks, key % np.uint64(shape.buckets))
            if there:
                _add_row(rows, number, sums, row, rows.shape[1])
                found += 1
    return found


@native
def vectors(
    tables: Tables,
    memory: Memory,
    room: Room,
    data: Array,
    starts: Array,
    most: Int,
    every: bool,
) -> tuple[Array, Array]:
    """Return the vectors of texts.

    Args:
        tables: The model's.
        memory: Used by one thread at a time.
        room: For the longest text, used by one thread at a time.
        data: UTF-8, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,), ``int64``.
        most: Texts are cut to so many characters; below 0 for whole ones.
        every: All that `str.isspace` takes for white space is, and texts go on behind the end of a
            line.

    Returns:
        The means of the vectors of words and n-grams, shape (n, width), and how many these are.
    """
    spelling, entries, slots, sizes, rows, marks, shape, end, end_row, prefix = tables
    sums, words, numbers = memory
    first, stop, keys, places, touched, word, waiting = room
    end_key = BASIS
    for byte in end:
        end_key = hashed(end_key, byte)
    texts, width = starts.size - 1, rows.shape[1]
    spelled, length, count = width // 2, width + REMEMBERED // 4, width + REMEMBERED // 4 + 1
    means = np.zeros((texts, width), np.float32)
    found = np.zeros(texts, np.int64)
    for text in range(texts):
        stopped = _cut(data, starts[text], starts[text + 1], most)
        plain = 0  # words that are no labels
        split = _split(data, starts[text], stopped, every, end, first, stop, keys)
        _touch(first, stop, keys, split, numbers, length, places, touched)
        for index in range(split):
            start, size = first[index], stop[index] - first[index]
            key, place = keys[index], places[index]
            if numbers[place, length] != size or not _is_at(
                data, start, size, words, place, spelled
            ):
                numbers[place, count] = _sum_word(
                    data, start, size, key, spelling, entries, slots, prefix, sizes, rows, marks,
                    shape, word, waiting, sums, place,
                )  # fmt: skip
                if size <= REMEMBERED:
                    numbers[place, length] = size
                    _remember(data, start, size, words, place, spelled)
            if numbers[place, count] != _LABEL:
                _add_row(sums, place, means, text, width)
                found[text] += numbers[place, count]
                keys[plain] = key
                plain += 1
        if end_row >= 0:
            _add_row(rows, end_row, means, text, width)
            found[text] += 1
        if shape.words > 1:
            keys[plain] = end_key
            found[text] += _add_runs(keys, plain + 1, shape, marks, rows, means, text)
        if found[text]:
            share = np.float32(1.0 / found[text])
            for lane in range(width):
                means[text, lane] *= share
    return means, found


@native
def add_grams(tables: Tables, room: Room) -> None:
    """Add the vectors of the n-grams of the model's words to those of the words, and count them.

    Args:
        tables: In which each word has its own vector yet, and its size is one.
        room: For the longest word.
    """
    spelling, entries, _, sizes, rows, marks, shape, _, end_row, _ = tables
    _, _, _, _, _, word, waiting = room
    for number in range(sizes.size):
        if number != end_row:
            start = entries[number, 0]
            size = _spell(spelling, start, entries[number, 1] - start, word)
            sizes[number] += _add_grams(word, size, shape, marks, rows, waiting, rows, number)
