"""What metrics with a model of their own share: where the model is, and how it is named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.metrics._base import Array, counted
from isogloss import hub
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file


@dataclass(frozen=True)
class Model:
    """A model of a metric.

    Attributes:
        name: Its name on the hub, or that of its folder.
        folder: Where its files are.
        revision: The hub's commit, or the beginning of its weights' SHA-256.
    """

    name: str
    folder: Path
    revision: str


@cache
def model_of(
    name: str, revision: str | None, *, weights: str, beside: tuple[str, ...], where: str
) -> Model:
    """Find a model: a folder, or a repository of the Hugging Face hub, fetched where it must be.

    Args:
        name: The folder's path, or the name on the hub.
        revision: A commit, tag or branch of the hub; its main branch where None.
        weights: The pattern of the files that it is not whole without.
        beside: Patterns of what else is fetched.
        where: The place to name in an error.

    Raises:
        IsoglossError: It is not there, or has no such file.
        Unavailable: It is not in the cache, and cannot be fetched.
    """
    folder = Path(name).expanduser()
    local = folder.is_dir()
    if not local:
        patterns = (weights, *beside)
        folder = hub.snapshot(
            name, revision, where, kind="model", patterns=patterns, enough=weights
        )
    found = sorted(folder.glob(weights))
    if not found:
        raise IsoglossError(f"{name!r} holds no file {weights}", where=where)
    if local:
        return Model(folder.resolve().name, folder.resolve(), sha256_file(found[0])[:16])
    return Model(name, folder, folder.name)


def counted_scores(scores: Array) -> Array:
    """Return (score, 1) of each segment, (0, 0) where a score is not a number, shape (n, 2)."""
    known = ~np.isnan(scores)
    return counted(np.where(known, scores, 0.0)) * known[:, np.newaxis]
