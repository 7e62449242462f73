"""Sources that are made of a recipe's earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from builders.sources._base import Earlier
from isogloss.errors import IsoglossError
from isogloss.settings import unknown


def named(
    names: Sequence[str], earlier: Earlier, where: str
) -> list[Callable[[], Iterator[pl.DataFrame]]]:
    """Return what reads each of the named sources.

    Args:
        names: Names of sources.
        earlier: The sources that stand before the one that is made of them.
        where: The place of that one in the recipe, for an error.

    Raises:
        IsoglossError: One is not a source that stands before.
    """
    where = f"{where}.of"
    if not earlier:
        raise IsoglossError(
            "no source stands before this one",
            where=where,
            remedy="It is made of earlier ones: move it below them",
        )
    for name in names:
        if name not in earlier:
            raise unknown("earlier source", name, list(earlier), where=where)
    return [earlier[name] for name in names]
