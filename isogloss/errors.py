"""Errors that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class IsoglossError(Exception):
    """Bad input or a missing resource, as one line: where, what is wrong, what to do.

    Args:
        problem: What is wrong, as a sentence without its full stop.
        where: The place: a file, ``file:line``, a recipe key, a row.
        remedy: What the user can do about it.

    The command prints it without a traceback and leaves with status 2.
    """

    exit_code = 2

    def __init__(
        self, problem: str, *, where: str | Path | None = None, remedy: str | None = None
    ) -> None:
        self.problem = problem
        self.where = None if where is None else str(where)
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f". {self.remedy}" if self.remedy else ""
        return f"{place}{self.problem}{remedy}"


class Unavailable(IsoglossError):
    """Something outside the program is missing: the network, apt, a package, a hub.

    A recipe may allow a source to be missing (``optional = true``); this error is what it allows.
    """


@contextmanager
def remedied(remedy: str) -> Iterator[None]:
    """Give errors that say no remedy of their own one: whoever reads a folder knows how it is mended."""
    try:
        yield
    except IsoglossError as error:
        if error.remedy:
            raise
        raise type(error)(error.problem, where=error.where, remedy=remedy) from error
