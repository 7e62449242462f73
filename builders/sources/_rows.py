"""Examples that are made row by row: what such rows share, and batches of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from builders.example import blank, examples
from isogloss.errors import IsoglossError


def answered(texts: Sequence[str], reason: str | None) -> dict[str, Any]:
    """Return the columns of a row that say what its answer is, and why it is none to learn from.

    Args:
        texts: The right answers, the best first; there may be none.
        reason: Why the row is rejected; None where it is not.
    """
    answer = {"output": texts[0] if texts else "", "references": list(texts) or [""]}
    return answer if reason is None else answer | {"rejected_by": "source", "reason": reason}


def shown(texts: Iterable[str | None]) -> list[str]:
    """Return the texts that are not blank, each once, in order."""
    return list(dict.fromkeys(text for text in texts if text is not None and not blank(text)))


def broken(error: IsoglossError, place: str, task: str) -> dict[str, Any]:
    """Return the row of a record that could not be read.

    Args:
        error: What is wrong with it.
        place: Its file, by the name from the recipe's folder, and where in it.
        task: The task that it would have been an example of.
    """
    told = {"rejected_by": "source", "reason": f"{place}: {error.problem}"}
    made = {"task": task, "language": "und", "input": "", "output": ""}
    return made | {"source_id": place, "group": place} | told


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


def in_batches(groups: Iterable[Iterable[dict[str, Any]]], size: int) -> Iterator[pl.DataFrame]:
    """Yield rows as examples, in order.

    Args:
        groups: Rows as `examples` takes them; those of one group stay in one batch.
        size: A batch ends with the group that makes it so many rows or more.
    """
    rows: list[dict[str, Any]] = []
    for group in groups:
        rows.extend(group)
        if len(rows) >= size:
            yield examples(rows)
            rows = []
    if rows:
        yield examples(rows)
