"""Language identifiers: one module each, found by name, and what is known of their errors.

A module of this package (or one that an entry point in ``isogloss.isogloss.identifiers`` names) is
an identifier if it has

``DESCRIPTION``
    one line;
``A_SECOND``
    about how many sentences it identifies in a second on one processor;
``languages()``
    returns the base languages that it knows, as tags;
``rankings(texts)``
    returns for each text the languages of at least about 1 % and their probabilities, the likeliest
    first; nothing for a text that it has no opinion on. A text's ranking hangs on the text alone;
``signature()``
    returns its name and the version of what its answers hang on.

One that is asked about whole columns in native code has

``likely(texts, threads)``
    returns the same of a column of strings (see `Likely`), worked out by so many threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isogloss.identifiers import _columns
from isogloss.identifiers._claims import alike, base, best, knows, rivals, versions, weigh
from isogloss.identifiers._columns import WEIGHED, Likely, Ranking
from isogloss.plugins import discover, lookup

__all__ = [
    "WEIGHED", "Identifier", "Likely", "Ranking", "alike", "base", "best", "identifier", "identify",
    "knows", "likely", "names", "rivals", "versions", "weigh", "weighed",
]  # fmt: skip


class Identifier(Protocol):
    """What a module of ``isogloss.identifiers`` defines; see the package's docstring."""

    DESCRIPTION: str
    A_SECOND: int

    def languages(self) -> frozenset[str]:
        """Return the base languages that it knows, as tags."""

    def rankings(self, texts: Sequence[str]) -> list[Ranking]:
        """Return the ranking of each text, in order."""

    def signature(self) -> str:
        """Return its name and version."""


def names() -> list[str]:
    """Return the names of the identifiers, in alphabetical order."""
    return list(discover(__name__))


def identifier(name: str) -> Identifier:
    """Return an identifier by its name.

    Raises:
        KeyError: There is none of that name.
    """
    module = lookup(__name__, name)
    if module is None:
        raise KeyError(name)
    return cast(Identifier, module)


def identify(texts: Sequence[str], name: str, workers: int = 1) -> list[Ranking]:
    """Return what an identifier takes each text for, in order.

    Args:
        texts: What to identify.
        name: The identifier's.
        workers: Threads at most, where the identifier can use them; the answers do not depend on it.

    Raises:
        KeyError: There is no such identifier.
        Unavailable: It needs a package that is not installed.
    """
    module = identifier(name)
    if hasattr(module, "likely"):
        return likely(_columns.column(texts), name, workers).rankings()
    return module.rankings(texts)


def likely(texts: pl.Series, name: str, workers: int = 1) -> Likely:
    """Return the same as `identify` of a column of strings, as columns.

    Equal texts are shown once to an identifier that is asked about each by itself.
    """
    module = identifier(name)
    if hasattr(module, "likely"):
        return cast(Likely, module.likely(texts, workers))
    every = texts.to_list()
    different = list(dict.fromkeys(every))
    said = dict(zip(different, identify(different, name, workers), strict=True))
    return Likely.of(said[text] for text in every)


def weighed(
    texts: pl.Series,
    claims: Sequence[tuple[str, str]],
    claimed: NDArray[np.integer[Any]],
    name: str,
    workers: int = 1,
) -> pl.DataFrame:
    """Return how likely texts are in the languages that they claim, and in others: `weigh`, in columns.

    Args:
        texts: Strings without nulls.
        claims: Languages that are claimed, each with the Unicode script of the letters.
        claimed: Which of the claims is each text's; shape (n,).
        name: The identifier's.
        workers: Threads at most.

    Returns:
        A row for each text, in the columns `WEIGHED`: ``own_probability``; ``other``, the likeliest of
        the claim's `rivals`, "" for none; and ``other_probability``.

    Raises:
        KeyError: There is no such identifier.
        Unavailable: It needs a package that is not installed.
    """
    return _columns.weighed(likely(texts, name, workers), name, claims, claimed)
