"""Model families: one module each, found by name. A module defines ``accepts`` and ``load``."""

from __future__ import annotations

from typing import Any

from isogloss.errors import IsoglossError
from isogloss.plugins import discover
from runners.loading.location import locate
from runners.systems import LoadOptions, Model


def families() -> list[Any]:
    """Return the modules of ``runners.models`` in the order of their ``PRIORITY``."""
    found = discover("runners.models").items()
    return [one for _, one in sorted(found, key=lambda item: (item[1].PRIORITY, item[0]))]


def load_model(spec: str, options: LoadOptions) -> Model:
    """Load the system that a spec names, by the first family that accepts it.

    Raises:
        IsoglossError: There is no such system, or it cannot answer.
    """
    for family in families():
        if family.accepts(spec, options):
            model: Model = family.load(spec, options)
            return model
    raise IsoglossError(f"no family of models accepts {spec!r}", where=options.where)


def revision_of(spec: str, options: LoadOptions) -> str | None:
    """Return the revision of a model that `locate` finds; None for systems of another family.

    Raises:
        IsoglossError: It is not there, or is not a model.
        Unavailable: It cannot be fetched.
    """
    for family in families():
        if getattr(family, "LOCATED", False):
            return locate(spec, where=options.where).revision
        if family.accepts(spec, options):
            return None
    return None
