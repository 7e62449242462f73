"""Examples that are made row by row: what such rows share, and batches of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from builders.sources._base import examples


def answered(texts: Sequence[str], reason: str | None) -> dict[str, Any]:
    """Return the columns of a row that say what its answer is, and why it is none to learn from.

    Args:
        texts: The right answers, the best first; there may be none.
        reason: Why the row is rejected; None where it is not.
    """
    answer = {"output": texts[0] if texts else "", "references": list(texts) or [""]}
    return answer if reason is None else answer | {"rejected_by": "source", "reason": reason}


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
