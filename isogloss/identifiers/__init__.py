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
``told()``
    returns its name and the version of what its answers hang on.

``THREADED = True`` says that ``rankings`` uses all processors by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from isogloss.identifiers import _processes
from isogloss.identifiers._judging import alike, base, best, knows, rivals, told, weigh
from isogloss.plugins import discover, lookup

__all__ = [
    "Identifier", "Ranking", "alike", "base", "best", "identifier", "identify", "knows", "names",
    "rivals", "told", "weigh",
]  # fmt: skip

#: Languages that a text may be in, with their probabilities, the likeliest first.
Ranking = tuple[tuple[str, float], ...]

# More processes are started for work of so many seconds: their start takes about one.
_WORTH_A_START = 2.0
# A piece of work keeps a process busy for so many seconds.
_PIECE = 0.1


class Identifier(Protocol):
    """What a module of ``isogloss.identifiers`` defines; see the package's docstring."""

    DESCRIPTION: str
    A_SECOND: int

    def languages(self) -> frozenset[str]:
        """Return the base languages that it knows, as tags."""

    def rankings(self, texts: Sequence[str]) -> list[Ranking]:
        """Return the ranking of each text, in order."""

    def told(self) -> str:
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
        workers: Processes at most. They are kept for the next call; the answers do not depend on
            their number.

    Raises:
        KeyError: There is no such identifier.
        Unavailable: It needs a package that is not installed.
    """
    chosen = identifier(name)
    alone = workers < 2 or getattr(chosen, "THREADED", False)
    if alone or not _processes.worth(len(texts) / chosen.A_SECOND, _WORTH_A_START):
        return chosen.rankings(texts)
    size = max(1, int(chosen.A_SECOND * _PIECE))
    pieces = [texts[start : start + size] for start in range(0, len(texts), size)]
    ranked = _processes.spread(_rankings, name, pieces, workers)
    return [ranking for piece in ranked for ranking in piece]


def _rankings(name: str, texts: Sequence[str]) -> list[Ranking]:
    return identifier(name).rankings(texts)
