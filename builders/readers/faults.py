"""Broken records of a file: each is rejected by itself, as long as another one is whole."""

from __future__ import annotations

from isogloss.errors import IsoglossError


class OneWhole:
    """Lets broken records of a file be rejected, as long as another one is whole."""

    def __init__(self) -> None:
        self._first: IsoglossError | None = None
        self._whole = False

    def note(self, fault: IsoglossError | None) -> None:
        """Note a record, and what is wrong with it."""
        self._whole = self._whole or fault is None
        self._first = self._first or fault

    def check(self) -> None:
        """Check, at the file's end, that one was whole.

        Raises:
            IsoglossError: Each was broken: the file is something else. It is the first one's error.
        """
        if self._first is not None and not self._whole:
            raise self._first
