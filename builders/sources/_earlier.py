"""Sources that are made of a recipe's earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from builders.sources._base import Context
from isogloss.errors import IsoglossError
from isogloss.settings import unknown


def opened(names: Sequence[str], context: Context) -> list[Callable[[], Iterator[pl.DataFrame]]]:
    """Return what reads each of the named sources; to be called while a source is read.

    Raises:
        IsoglossError: One is not a source that stands before this one in the recipe.
    """
    where = f"{context.where}.of"
    if not context.earlier:
        raise IsoglossError(
            "no source stands before this one",
            where=where,
            remedy="It is made of earlier ones: move it below them",
        )
    for name in names:
        if name not in context.earlier:
            raise unknown("earlier source", name, list(context.earlier), where=where)
    return [context.earlier[name] for name in names]
