"""How long a text is, whatever its language: measured in what English would take to say the same.

The ratios are those of ``lengths.toml``: properties of languages, measured on one text that all of
them have.
"""

from __future__ import annotations

import statistics
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl

from builders.filters._base import DENSE
from isogloss.languages import describe
from isogloss.settings import read_toml

Unit = Literal["chars", "words"]

#: Where the ratios stand.
FILE = Path(__file__).with_name("lengths.toml")

# Scripts, as tags name them, of which a character in `DENSE` is what is measured.
_DENSE_SCRIPTS = frozenset("Hani Hans Hant Jpan Kore Hang Hira Kana Hrkt".split())

_WORD = r"\S+"


def chars(texts: pl.Series, tags: pl.Series) -> pl.Series:
    """Return how many characters the texts would have in English (Float64).

    Args:
        texts: Texts without nulls.
        tags: Their languages.

    In Chinese, Japanese and Korean, only ideographs, kana and syllables count for more: a Latin
    name among them is as long as anywhere.
    """
    length = texts.str.len_chars()
    factors = _each(tags, "chars")
    dense = tags.is_in([tag for tag in tags.unique().drop_nulls() if _is_dense(tag)])
    found = length * factors
    if dense.any():
        packed = texts.filter(dense).str.count_matches(DENSE)
        mixed = length.filter(dense) + packed * (factors.filter(dense) - 1)
        found = found.scatter(dense.arg_true(), mixed)
    return found


def words(texts: pl.Series, tags: pl.Series) -> pl.Series:
    """Return how many words the texts would have in English (Float64).

    NaN where white space parts no words, as in Thai or Chinese.
    """
    return texts.str.count_matches(_WORD) * _each(tags, "words")


@cache
def expected(tag: str, unit: Unit) -> float:
    """Return how much of English one character or word of a language stands for.

    A language that was not measured has the median of those in its script; NaN says that its words
    cannot be counted.
    """
    table = _table()[unit]
    language = describe(tag)
    base = tag.split("-")[0]
    for known in (tag, f"{base}-{language.script}", base):
        if known in table:
            return table[known]
        if known in _table()["chars"]:
            return float("nan")
    return _by_script(unit).get(language.script, _unknown(unit))


def _unknown(unit: Unit) -> float:
    return 1.0 if unit == "chars" else float("nan")


@cache
def _table() -> dict[str, dict[str, float]]:
    return read_toml(FILE)


@cache
def _by_script(unit: Unit) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for tag in _table()["chars"]:
        value = _table()[unit].get(tag)
        if value is not None:
            found.setdefault(describe(tag).script, []).append(value)
    return {script: statistics.median(values) for script, values in found.items()}


def _is_dense(tag: str) -> bool:
    return describe(tag).script in _DENSE_SCRIPTS


def _each(tags: pl.Series, unit: Unit) -> pl.Series:
    known = {tag: expected(tag, unit) for tag in tags.unique().drop_nulls()}
    return tags.replace_strict(known, default=_unknown(unit), return_dtype=pl.Float64)
