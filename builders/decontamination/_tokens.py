"""The native loop that cuts text into tokens; see `builders.decontamination.index` for what a token is.

Importing this imports numba: do so inside functions. See `isogloss.native`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from builders.decontamination._folding import GAP, MARK, NOTHING, WORD, Array, Folding
from isogloss.kernels import BASE, Int, decode
from isogloss.native import inner, native

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


class Texts(NamedTuple):
    """Texts as Arrow has them: UTF-8 bytes, and the offset of each text and of the end."""

    data: Array
    offsets: Array


class Tokens(NamedTuple):
    """The tokens of texts, those of one text behind those of another.

    Attributes:
        starts: Where each text's tokens start, and the end of the last (``int64``).
        first: Where each token's code points start, and the end of the last (``int64``).
        code: Folded code points, token after token (``int32``).
        kind: The kind of each token: `WORD`, `DENSE` or `LETTER` (``uint8``).
        begin: The byte of its text at which each begins (``int32``).
        end: The byte behind it (``int32``).
        prefix: The polynomial of the hashes of all tokens before each, and of all (``uint64``).
        gram: Where the n-gram that each begins ends; -1 where it begins none (``int64``).
        whole: Of each text the hash of its code points, wherever words end; 0 where it has none
            (``uint64``).
        weight: The weight of its tokens, at most the goal (``int64``).
    """

    starts: Array
    first: Array
    code: Array
    kind: Array
    begin: Array
    end: Array
    prefix: Array
    gram: Array
    whole: Array
    weight: Array


def tokenise(texts: Texts, rows: Array, folding: Folding, measure: Measure) -> Tokens:
    """Cut some of the texts into tokens, in the order of ``rows``."""
    size = int((texts.offsets[rows + 1] - texts.offsets[rows]).sum())
    made = Tokens(
        np.zeros(rows.size + 1, np.int64),
        np.zeros(size + 1, np.int64),
        np.empty(size * folding.spread, np.int32),
        np.empty(size, np.uint8),
        np.empty(size, np.int32),
        np.empty(size, np.int32),
        np.zeros(size + 1, np.uint64),
        np.empty(size, np.int64),
        np.empty(rows.size, np.uint64),
        np.empty(rows.size, np.int64),
    )
    _tokenise(texts, rows, folding, measure.weights, measure.goal, made)
    count = made.starts[-1]
    codes = made.first[count]
    return made._replace(
        first=made.first[: count + 1], code=made.code[:codes], kind=made.kind[:count],
        begin=made.begin[:count], end=made.end[:count], prefix=made.prefix[: count + 1],
        gram=made.gram[:count],
    )  # fmt: skip


@inner
def _close(made: Tokens, token: Int, codes: Int) -> None:
    """End a token: note where, and go on with the polynomial."""
    value = _PRIME
    for place in range(made.first[token], codes):
        value = (value ^ np.uint64(made.code[place])) * _PRIME
        value ^= value >> np.uint64(32)
    made.first[token + 1] = codes
    made.prefix[token + 1] = made.prefix[token] * BASE + value


@inner
def _cut(data: Array, start: Int, stop: Int, folding: Folding, made: Tokens, count: Int) -> Int:
    """Cut ``data[start:stop]`` into tokens, the first of which has this number; return the next one's."""
    token = count - 1  # the last one begun
    codes = made.first[count]
    open_kind: Int = GAP
    at = start
    while at < stop:
        here = at - start
        point, at = decode(data, at)
        folded = folding.fold[point]
        low: Int = 0
        high: Int = 1
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
                    _close(made, token, codes)
                open_kind = WORD if kind == MARK else kind
                if kind == GAP:
                    continue
                token += 1
                made.kind[token] = open_kind
                made.begin[token] = here
            spot = codes
            order = folding.order[code]
            if order > 0:  # the canonical ordering of marks
                while spot > made.first[token] and folding.order[made.code[spot - 1]] > order:
                    made.code[spot] = made.code[spot - 1]
                    spot -= 1
            made.code[spot] = code
            codes += 1
            made.end[token] = at - start
    if open_kind != GAP:
        _close(made, token, codes)
    return token + 1


@native
def _tokenise(
    texts: Texts, rows: Array, folding: Folding, weights: Array, goal: Int, made: Tokens
) -> None:
    """Fill in the tokens of texts, and all that is known of these."""
    count = np.int64(0)  # numba compiles `_cut` anew for a number that is written out
    for row in range(rows.size):
        first = count
        number = rows[row]
        count = _cut(
            texts.data, texts.offsets[number], texts.offsets[number + 1], folding, made, count
        )
        made.starts[row + 1] = count
        value = _NO
        for place in range(made.first[first], made.first[count]):
            value = (value + np.uint64(made.code[place]) + _ONE) * _PRIME
            value ^= value >> np.uint64(32)
        made.whole[row] = value
        # The n-grams: the last tokens begin none.
        high = first
        weight = total = 0
        for low in range(first, count):
            while high < count and weight < goal:
                weight += weights[made.kind[high]]
                high += 1
            made.gram[low] = high if weight >= goal else -1
            weight -= weights[made.kind[low]]
            total += weights[made.kind[low]]
        made.weight[row] = min(total, goal)
