"""Tables that fold text for comparing, one code point at a time, for the kernels of `_tokens`.

What is compared is letters, marks and digits in NFKC and without case (UAX 15; toNFKC_Casefold of
the Unicode Standard, section 3.13), as `isogloss.text.comparable` does it with whole columns. Here
every code point has its decomposition instead of its composition, which tells the same texts apart
and can be looked up.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import regex

#: What a code point is: nothing of a word; part of a word; a mark on what is before it; a character
#: that is about half a word; a letter of a script without spaces; to be passed over.
GAP, WORD, MARK, DENSE, LETTER, NOTHING = range(6)

# Scripts written without spaces between words (as UAX 14 tells them: its classes ID and SA, and those
# that only break at syllables). In the first a character is a syllable or a word, in the second a letter.
_DENSE = "Han Hiragana Katakana Bopomofo Yi Tangut Nushu".split()
_LETTERS = (
    "Thai Lao Khmer Myanmar Tibetan Tai_Le New_Tai_Lue Tai_Tham Tai_Viet Ahom Javanese Balinese"
).split()

# Beyond these there are only private and unassigned code points, and selectors of variants.
_ASSIGNED = (range(0x33480), range(0xE0000, 0xE0200))
_CODE_POINTS = 0x110000

Array = np.ndarray[Any, Any]


class Folding(NamedTuple):
    """The tables.

    Attributes:
        fold: By code point (``int32``): what it folds to, or, below zero, ``-1`` less the number of
            its entry in ``spill``.
        kind: By folded code point (``uint8``): see `GAP` and so on.
        order: By code point (``uint8``): its canonical combining class, by which marks are sorted.
        spill: Folded code points (``int32``) of those that fold to several or none.
        spill_start: Where each entry starts in ``spill``, and the end of the last (``int32``).
        spread: A byte of UTF-8 becomes so many folded code points at most.
    """

    fold: Array
    kind: Array
    order: Array
    spill: Array
    spill_start: Array
    spread: int


@cache
def folding() -> Folding:
    """Return the tables; they take a third of a second to make and 7 MB."""
    fold = np.arange(_CODE_POINTS, dtype=np.int32)
    order = np.zeros(_CODE_POINTS, dtype=np.uint8)
    spill: list[int] = []
    starts = [0]
    spread = 1
    for point in (point for part in _ASSIGNED for point in part):
        character = chr(point)
        order[point] = unicodedata.combining(character)
        folded = fold_text(character)
        if folded == character:
            continue
        spread = max(spread, -(-len(folded) // len(character.encode("utf-8", "surrogatepass"))))
        if len(folded) == 1:
            fold[point] = ord(folded)
        else:
            fold[point] = -len(starts)
            spill.extend(map(ord, folded))
            starts.append(len(spill))
    spilled, spilled_from = np.array(spill, dtype=np.int32), np.array(starts, dtype=np.int32)
    return Folding(fold, _kinds(), order, spilled, spilled_from, spread)


def fold_text(text: str) -> str:
    """Return text in NFKD and without case."""
    decomposed = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFKD", decomposed.casefold())


def _kinds() -> Array:
    kinds = np.full(_CODE_POINTS, GAP, dtype=np.uint8)
    points = [point for part in _ASSIGNED for point in part if not 0xD800 <= point < 0xE000]
    text = "".join(map(chr, points))
    where = np.array(points)
    # Libraries know other versions of Unicode: it is polars that tells a new letter from nothing, for
    # it does so in `isogloss.text.comparable`.
    characters = pl.Series(list(text))
    for pattern, kind in ((r"[\p{L}\p{N}]", WORD), (r"\p{M}", MARK)):
        kinds[where[characters.str.contains(pattern).to_numpy()]] = kind
    dense = "".join(rf"\p{{scx={name}}}" for name in _DENSE)
    letters = "".join(rf"\p{{Script={name}}}" for name in _LETTERS)
    for pattern, kind in ((f"[{dense}]", DENSE), (f"[{letters}]", LETTER)):
        found = where[_places(pattern, text)]
        kinds[found[kinds[found] == WORD]] = kind
    # A space of no width and a non-joiner part words, though fonts do not show it.
    ignored = r"[\p{Default_Ignorable_Code_Point}--[\u200b\u200c]]"
    kinds[where[_places(ignored, text)]] = NOTHING
    return kinds


def _places(pattern: str, text: str) -> list[int]:
    return [match.start() for match in regex.finditer(pattern, text, regex.V1)]
