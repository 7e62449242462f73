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
    row = {"task": task, "language": "und", "input": "", "output": ""}
    row |= {"source_id": place, "group": place}
    return row | {"rejected_by": "source", "reason": f"{place}: {error.problem}"}


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
