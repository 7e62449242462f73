"""The native loops that make fastText's vectors of texts, and labels of these.

Importing this imports numba: do so inside functions. See `isogloss.native`.

A text's vector is the mean of those of its words and of their n-grams of characters (Bojanowski et al.
2017, "Enriching Word Vectors with Subword Information", arXiv:1607.04606), which are told apart by
hashes. Text repeats its words: the sum of the vectors of a short word is remembered. The sum of a text
is that of the sums of its words, remembered or not, so that memory and threads change no bit of it.

With the hierarchical softmax (Joulin et al. 2016, "Bag of Tricks for Efficient Text Classification",
arXiv:1607.01759) a label is a leaf of a binary tree, and its probability the product of those of the
turns on the way to it: where the likelier turn is taken first, most of the tree need not be looked at.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from isogloss.kernels import Array, Int
from isogloss.native import inner, native

#: Vectors are padded with zeros to a multiple of so many numbers, which are added at once.
LANES = 16
#: So many vectors wait to be added, at most.
WAITING = 1024
# Words of at most so many bytes are remembered.
_REMEMBERED = 32
#: What a row of a memory holds behind the sum: the word, its bytes and its vectors; in fours of bytes.
KNOWN = _REMEMBERED // 4 + LANES // 2

#: What FNV-1a of 32 bits (Fowler, Noll & Vo) makes of nothing, and what it takes a hash on with.
BASIS = np.uint32(2166136261)
PRIME = np.uint32(16777619)
_BOW, _EOW = np.uint8(ord("<")), np.uint8(ord(">"))
# Indexes are unsigned where it counts: a signed one might be below zero, and numba looks.
_NONE, _ONE, _SIX, _EIGHT, _LAST = map(np.uint64, (0, 1, 6, 8, 63))
# What spreads hashes over places (Knuth, TAOCP 3, 6.4): 2**64 over the golden ratio.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# The words that end a text, and that are labels, not words: their first eight bytes as a number.
_END = np.uint64(int.from_bytes(b"</s>", "little"))
_LABELLED = np.uint64(int.from_bytes(b"__label_", "little"))
_UNDERSCORE = ord("_")
_LABEL = -1

# The library adds this to a probability before it takes its logarithm, and what it tells is a power.
_EPSILON = 1e-5


class Tables(NamedTuple):
    """A model's words and n-grams.

    Attributes:
        spelling: The words, end to end (``uint8``).
        entries: Where each starts and ends, and its hash; shape (words, 3), ``int64``.
        slots: Words by their hashes, an open-addressed table of a power of two places; -1 is an empty
            one (``int32``).
        rows: The vectors of the words, then those of the n-grams by their buckets; shape
            (words + n-grams, width).
        marks: For every 64 buckets, a bit for each that has a vector, and the row of the first of
            them (``uint64``, in turns).
        shape: How many buckets there are, and the fewest and the most characters of an n-gram.
        end_row: The row of the word that ends a text.
    """

    spelling: Array
    entries: Array
    slots: Array
    rows: Array
    marks: Array
    shape: Array
    end_row: int


class Memory(NamedTuple):
    """Sums of words that were met, by their hashes; a new one takes the place of an old one.

    All is in one array, a row for each word, so that what is known of one comes from memory at once: its
    sum; the word, in eights of bytes; its bytes (0 for an empty row); how many vectors are summed (-1 for
    a label).

    Attributes:
        sums: The rows as ``float32``; shape (places, width + `KNOWN`).
        words: The same memory as ``uint64``, in which the word starts at width / 2.
        numbers: The same as ``int32``, in which the bytes are at width + 8, the count behind them.
    """

    sums: Array
    words: Array
    numbers: Array


class Room(NamedTuple):
    """Room for one text.

    Attributes:
        found: Where each of its words starts and ends, its hash, and where it is remembered, if it
            is; shape (4, words), ``int64``.
        touched: Anything of what is there (``int32``).
        word: A word between its marks (``uint8``).
        waiting: Rows to add (``int64``).
    """

    found: Array
    touched: Array
    word: Array
    waiting: Array


class Desk(NamedTuple):
    """Room for the labels of one text.

    Attributes:
        scores: Of inner nodes, shape (labels,), ``float32``.
        nodes: Those yet to be looked at, coded as children are; shape (labels + 1,), ``int64``.
        chances: The probability of coming to each; shape (labels + 1,), ``float64``.
        values: The probabilities of the likeliest so far, shape (labels,), ``float64``.
    """

    scores: Array
    nodes: Array
    chances: Array
    values: Array


@inner
def _hashed(key: np.uint32, byte: np.uint8) -> np.uint32:
    """Take a hash on; numba makes 64 bits of 32, hence the casts.

    Bytes are signed here, as they were where the first models were trained.
    """
    return np.uint32((key ^ np.uint32(np.int8(byte))) * PRIME)


@inner
def _white(data: Array, at: np.uint64) -> Int:
    """Return how many bytes of white space, as `str.isspace` has it or NUL, are at a place; 0 for none."""
    byte = data[at]
    if byte <= 32:
        return 1 if byte == 32 or 9 <= byte <= 13 or byte == 0 or byte >= 28 else 0
    if byte < 0xC2 or byte > 0xE3:
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


@inner
def _eight(data: Array, start: np.uint64, size: Int) -> np.uint64:
    """Return up to eight bytes as one number, the first the lowest; a text of fewer ends in zeros."""
    found = _NONE
    if size < 8 and start + _EIGHT > np.uint64(data.size):
        for place in range(size):
            found |= np.uint64(data[start + np.uint64(place)]) << np.uint64(8 * place)
        return found
    for place in range(8):  # one instruction, compiled
        found |= np.uint64(data[start + np.uint64(place)]) << np.uint64(8 * place)
    return found if size >= 8 else found & ((_ONE << np.uint64(8 * size)) - _ONE)


@inner
def _split(data: Array, start: Int, stop: Int, found: Array) -> Int:
    """Find the words of a text up to the one that ends it, and hash them.

    Returns:
        How many there are.
    """
    words = 0
    at, last = np.uint64(start), np.uint64(stop)
    while at < last:
        first = at
        key = BASIS
        while at < last and (32 < data[at] < 0xC2 or not _white(data, at)):
            key = _hashed(key, data[at])
            at += _ONE
        size = np.int64(at - first)
        if size == 4 and _eight(data, first, size) == _END:
            break
        if size:
            found[0, words] = first
            found[1, words] = at
            found[2, words] = key
            words += 1
        if at < last:
            at += np.uint64(_white(data, at))
    return words


@inner
def _find(
    data: Array, start: Int, size: Int, key: Int, slots: Array, entries: Array, spelling: Array
) -> Int:
    """Return the number of a word; -1 where the model has none such."""
    place = key & (slots.size - 1)
    while slots[place] >= 0:
        number = slots[place]
        first = entries[number, 0]
        if entries[number, 2] == key and entries[number, 1] - first == size:
            same = 0
            while same < size and data[start + same] == spelling[first + same]:
                same += 1
            if same == size:
                return np.int64(number)
        place = (place + 1) & (slots.size - 1)
    return -1


@inner
def _row_of(marks: Array, bucket: np.uint64) -> tuple[np.int64, np.uint64]:
    """Return the row of a bucket, and 1; or any and 0 where it has none."""
    place = bucket >> _SIX << _ONE
    bits, bit = marks[place], bucket & _LAST
    # How many bits are set before it (Warren, Hacker's Delight, 5-1): one instruction, compiled.
    word = bits & ((_ONE << bit) - _ONE)
    word -= word >> _ONE & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        word >> np.uint64(2) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    before = word * np.uint64(0x0101010101010101) >> np.uint64(56)
    return np.int64(marks[place + _ONE] + before), bits >> bit & _ONE


@inner
def _add(rows: Array, numbers: Array, count: Int, sums: Array, row: Int) -> None:
    """Add the rows of these numbers to a row of sums, in order."""
    for first in range(0, rows.shape[1], LANES):
        for index in range(count):
            number = numbers[index]
            for lane in range(first, first + LANES):
                sums[row, lane] += rows[number, lane]


@inner
def _add_row(rows: Array, number: Int, sums: Array, row: Int, width: Int) -> None:
    for lane in range(LANES):
        sums[row, lane] += rows[number, lane]
    for lane in range(LANES, width):
        sums[row, lane] += rows[number, lane]


@inner
def _goes_on(byte: np.uint8) -> np.bool_:
    """Tell whether a byte of UTF-8 is not the first of its character."""
    return np.int8(byte) < np.int8(-64)


@inner
def _add_grams(
    data: Array, start: Int, size: Int, word: Array, shape: Array, marks: Array, rows: Array,
    waiting: Array, sums: Array, row: Int,
) -> Int:  # fmt: skip
    """Add the vectors of the n-grams of a word to the sum; return how many they are."""
    word[0] = _BOW
    for place in range(size):
        word[place + 1] = data[start + place]
    word[size + 1] = _EOW
    word[size + 2] = 0
    shortest, longest = shape[1], shape[2]
    buckets, stop = np.uint32(shape[0]), np.uint64(size + 2)
    found, count, begin = np.int64(0), _NONE, _NONE
    while begin < stop:
        key, at, length = BASIS, begin, _ONE
        while at < stop and length <= longest:
            key = _hashed(key, word[at])
            at += _ONE
            while _goes_on(word[at]):
                key = _hashed(key, word[at])
                at += _ONE
            # The marks alone are no n-grams.
            if length >= shortest and (length > _ONE or (begin > _NONE and at < stop)):
                # Written in any case, counted where there is one: a branch would be guessed wrong.
                waiting[count], there = _row_of(marks, np.uint64(np.uint32(key % buckets)))
                count += there
            length += _ONE
        begin += _ONE
        while _goes_on(word[begin]):
            begin += _ONE
        if count + longest >= np.uint64(WAITING) or begin >= stop:
            _add(rows, waiting, np.int64(count), sums, row)
            found += np.int64(count)
            count = _NONE
    return found


@inner
def _sum_word(
    data: Array, start: Int, size: Int, number: Int, word: Array, shape: Array, marks: Array,
    rows: Array, waiting: Array, sums: Array, row: Int,
) -> Int:  # fmt: skip
    """Sum the vectors of a word and its n-grams; return how many they are, -1 of a label."""
    for lane in range(rows.shape[1]):
        sums[row, lane] = 0
    found = 0
    if number >= 0:
        _add_row(rows, number, sums, row, rows.shape[1])
        found = 1
    elif (
        size > 8
        and data[start + 8] == _UNDERSCORE
        and _eight(data, np.uint64(start), np.int64(8)) == _LABELLED
    ):
        return _LABEL
    return found + _add_grams(data, start, size, word, shape, marks, rows, waiting, sums, row)


@inner
def _is_at(data: Array, start: Int, size: Int, words: Array, place: Int, first: Int) -> bool:
    """Tell whether a word is the one that is remembered at a place, which is as long."""
    at, column, left = np.uint64(start), np.uint64(first), size
    while left > 0:
        if _eight(data, at, left) != words[place, column]:
            return False
        at, column, left = at + _EIGHT, column + _ONE, left - 8
    return True


@native
def vectors(
    tables: Tables, memory: Memory, room: Room, data: Array, starts: Array, means: Array
) -> None:
    """Write the vectors of texts.

    Args:
        tables: The model's.
        memory: Used by one thread at a time.
        room: For the longest text, used by one thread at a time.
        data: UTF-8, which Arrow has checked.
        starts: Where each text starts in it, and the last one ends; shape (n + 1,), ``int64``.
        means: Zeros; takes the means of the vectors of words and n-grams; shape (n, width).
    """
    spelling, entries, slots, rows, marks, shape, end_row = tables
    sums, words, numbers = memory
    found, touched, word, waiting = room
    width = rows.shape[1]
    spelled, length, count = width // 2, width + _REMEMBERED // 4, width + _REMEMBERED // 4 + 1
    spare = numbers.shape[0] - 1  # where nothing is remembered
    for text in range(starts.size - 1):
        split = _split(data, starts[text], starts[text + 1], found)
        # What is at the words' places is looked at, so that it comes from memory while that of the
        # other words does. Later, word by word, each would be waited for.
        for index in range(split):
            place = np.int64(np.uint64(found[2, index]) * _GOLDEN >> np.uint64(40)) & (spare - 1)
            if found[1, index] - found[0, index] > _REMEMBERED:
                place = spare
            found[3, index] = place
            touched[index] = numbers[place, 0] + numbers[place, length]
        summed = 1
        for index in range(split):
            start, place = found[0, index], found[3, index]
            size = found[1, index] - start
            if numbers[place, length] != size or not _is_at(
                data, start, size, words, place, spelled
            ):
                number = _find(data, start, size, found[2, index], slots, entries, spelling)
                numbers[place, count] = _sum_word(
                    data, start, size, number, word, shape, marks, rows, waiting, sums, place
                )
                if size <= _REMEMBERED:
                    numbers[place, length] = size
                    for eight in range((size + 7) // 8):
                        words[place, spelled + eight] = _eight(
                            data, np.uint64(start + 8 * eight), size - 8 * eight
                        )
            if numbers[place, count] != _LABEL:
                _add_row(sums, place, means, text, width)
                summed += numbers[place, count]
        _add_row(rows, end_row, means, text, width)
        share = np.float32(1.0 / summed)
        for lane in range(width):
            means[text, lane] *= share


@inner
def _put(
    labels: Array, first: Int, count: Int, most: Int, values: Array, label: Int, value: float
) -> Int:
    """Put a label where it belongs among the likeliest so far; return how many there are then.

    Args:
        labels: The labels of all texts.
        first: Where those of this one start.
        count: How many there are so far.
        most: How many there may be.
        values: The probabilities of this text's.
        label: What is put among them.
        value: How likely it is.
    """
    place = min(count, most - 1)
    while place > 0 and values[place - 1] < value:
        labels[first + place] = labels[first + place - 1]
        values[place] = values[place - 1]
        place -= 1
    labels[first + place] = label
    values[place] = value
    return min(count + 1, most)


@native
def likely(
    weights: Array, children: Array, means: Array, least: float, desk: Desk, sizes: Array,
    labels: Array, probabilities: Array,
) -> Int:  # fmt: skip
    """Find all labels of vectors that are likely enough.

    Args:
        weights: The vectors of inner nodes, by dimension; shape (width, labels).
        children: The inner nodes of the tree of labels: see `model._tree`.
        means: The vectors; shape (n, width).
        least: The least probability.
        desk: Room for one text.
        sizes: Takes how many there are of each; shape (n,), ``int64``.
        labels: Takes the labels, end to end, the likeliest of a text first, ``int32``; a multiple of
            n, of which so many are found for each text at most.
        probabilities: Takes theirs, ``float32``.

    Returns:
        How many there are of all.
    """
    scores, nodes, chances, values = desk
    bound = least + _EPSILON
    filled: Int = np.int64(0)
    most = labels.size // max(sizes.size, 1)
    for row in range(sizes.size):
        scores[:] = 0
        for dimension in range(weights.shape[0]):  # added up in their order, as the library does
            by = means[row, dimension]
            for index in range(scores.size):
                scores[index] += by * weights[dimension, index]
        found: Int = np.int64(0)
        waiting = 1
        nodes[0], chances[0] = -children.shape[0], 1.0
        while waiting:
            waiting -= 1
            node, chance = nodes[waiting], chances[waiting]
            if chance < bound or (found == most and chance <= values[most - 1]):
                continue
            if node >= 0:
                found = _put(labels, filled, found, most, values, node, chance)
                continue
            split = -1 - node
            share = np.float32(1.0 / (1.0 + math.exp(-np.float64(scores[split]))))
            likelier = 1 if share >= 0.5 else 0
            for turn in range(2):  # the one that is looked at next goes in last
                right = likelier ^ 1 ^ turn
                taken = share if right else np.float32(1.0 - np.float64(share))
                nodes[waiting] = children[split, right]
                chances[waiting] = chance * (np.float64(taken) + _EPSILON)
                waiting += 1
        for place in range(found):
            probabilities[filled + place] = min(values[place], 1.0)
        filled += found
        sizes[row] = found
    return filled
