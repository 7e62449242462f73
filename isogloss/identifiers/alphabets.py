"""Language identification by lid.176 and, of Slavic languages in Cyrillic, by what they never write.

lid.176 often takes Bulgarian for Russian, and is unsure of short Ukrainian. What one of them never
writes parts them: no Russian has an і, no Ukrainian an ы. So a language is ruled out by a letter that
is not in its alphabet (and Russian and its East Slavic kin by little words and endings of Bulgarian,
of which not every text has an ъ), and those that are left get what lid.176 gives to all of them. Where
none is left, as where one quotes another, it is as lid.176 has it; so it is with other languages.

Only small letters count: the І of a Roman number is large.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isogloss.identifiers import fasttext
from isogloss.identifiers._columns import Likely, Ranking, column

DESCRIPTION = "lid.176, and the alphabets of Slavic languages in Cyrillic"
A_SECOND = 100_000

#: What each writes of the letters that not all of them have: their orthographies, and the exemplar
#: characters of CLDR.
WRITTEN = {
    "be": "ёіўйыьэюя",
    "bg": "ѝйищъьюя",
    "mk": "ѓѕјљњќџѝи",
    "ru": "ёйищъыьэюя",
    "sr": "ђјљњћџи",
    "uk": "іїєґйищьюя",
}
_LETTERS = sorted(set("".join(WRITTEN.values())))

# To Bulgarian ъ is a vowel; Russian has it before е, ё, ю and я alone.
_VOWEL = r"ъ[абвгджзийклмнопрстуфхцчшщ]|ъ[^\pL\pM]"
_BULGARIAN = (
    r"(?:^|[^\pL\pM])(?:се|са|че|като|това|този|тази|тези|който|която|което|които|беше|бяха|трябва"
    r"|най-\pL+)[^\pL\pM]"
    r"|\pL\s+е\s+\pL"
    r"|\pL(?:ията|остта|ският|ския|ските|ците|ането|ението)[^\pL\pM]"
)
_MORE = {"ru": f"|{_VOWEL}|{_BULGARIAN}", "uk": f"|{_BULGARIAN}", "be": f"|{_BULGARIAN}"}
_RULED_OUT = {
    tag: "[" + "".join(one for one in _LETTERS if one not in written) + "]" + _MORE.get(tag, "")
    for tag, written in WRITTEN.items()
}


def languages() -> frozenset[str]:
    """Return the base languages that the model knows."""
    return fasttext.languages()


def rankings(texts: Sequence[str]) -> list[Ranking]:
    """Return the base languages of at least 1 % for each text, the likeliest first."""
    return likely(column(texts)).rankings()


def likely(texts: pl.Series, threads: int = 1) -> Likely:
    """Return the same of a column of strings, worked out by so many threads."""
    said = fasttext.likely(texts, threads)
    left = _left(texts)
    rows = np.repeat(np.arange(len(texts)), np.diff(said.starts))
    numbers = np.array([said.names.index(tag) for tag in WRITTEN])
    of_label = np.full(len(said.names), -1)
    of_label[numbers] = np.arange(numbers.size)
    language = of_label[said.labels]
    slavic = language >= 0
    # By text: what lid.176 gives to these languages, and to those of them that are left.
    every = np.zeros(left.shape)
    every[rows[slavic], language[slavic]] = said.probabilities[slavic]
    total, whole = (every * left).sum(axis=1), every.sum(axis=1)
    alone = left.sum(axis=1) == 1
    # Where it gives those nothing, only one that is left alone can have it.
    changed = (whole > 0) & left.any(axis=1) & ~left.all(axis=1) & ((total > 0) | alone)
    if not changed.any():
        return said
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(total[:, None] > 0, every * left / total[:, None], left)
    shares = (shares * whole[:, None])[changed]
    gone = slavic & changed[rows]
    new_row, new_language = np.nonzero(shares)
    rows = np.concatenate([rows[~gone], np.flatnonzero(changed)[new_row]])
    labels = np.concatenate([said.labels[~gone], numbers[new_language]])
    probabilities = np.concatenate([said.probabilities[~gone], shares[new_row, new_language]])
    order = np.lexsort((np.arange(rows.size), -probabilities, rows))
    starts = np.append(0, np.cumsum(np.bincount(rows, minlength=len(texts))))
    return Likely(said.names, starts, labels[order], probabilities[order])


def signature() -> str:
    """Return its name, with the version of what it changes, for signatures."""
    return f"alphabets/{fasttext.signature()}"


def _left(texts: pl.Series) -> NDArray[np.bool_]:
    """Tell which of these languages a text is not ruled out for; shape (texts, languages)."""
    texts = texts.cast(pl.String).fill_null("")
    return np.stack([~texts.str.contains(out).to_numpy() for out in _RULED_OUT.values()], axis=1)
