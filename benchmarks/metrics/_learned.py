"""What metrics with a model of their own share: where the model is, and how it is named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.metrics._base import Array, counted
from isogloss.console import say
from isogloss.environment import cache_folder, offline
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import disk_errors, sha256_file


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
        folder = _snapshot(name, revision, (weights, *beside), weights, where)
    found = sorted(folder.glob(weights))
    if not found:
        raise IsoglossError(f"{name!r} holds no file {weights}", where=where)
    if local:
        return Model(folder.resolve().name, folder.resolve(), sha256_file(found[0])[:16])
    return Model(name, folder, folder.name)


def _snapshot(
    name: str, revision: str | None, patterns: tuple[str, ...], weights: str, where: str
) -> Path:
    from huggingface_hub import errors as hub
    from huggingface_hub import snapshot_download

    def get(*, local: bool) -> Path:
        found = snapshot_download(
            name, revision=revision, allow_patterns=list(patterns), local_files_only=local
        )
        return Path(str(found))

    try:
        kept = get(local=True)
        if any(kept.glob(weights)) or offline():  # a fetch that was cut short leaves less
            return kept
    except hub.HFValidationError as error:
        raise IsoglossError(
            f"{name!r} is neither a folder nor a name on the Hugging Face hub", where=where
        ) from error
    except hub.LocalEntryNotFoundError as error:
        if offline():
            raise Unavailable(
                f"{name!r} is not in the cache, and the network is forbidden (--offline)",
                where=where,
                remedy="Fetch it once without --offline, or give a folder",
            ) from error
    say(f"fetching {name} from the Hugging Face hub …")
    try:
        with disk_errors(cache_folder()):
            return get(local=False)
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError) as error:
        raise IsoglossError(
            f"there is no model {name!r} on the Hugging Face hub that you may read"
            + (f" at revision {revision!r}" if revision else ""),
            where=where,
            remedy="Check the name; for a gated one, accept its terms there and: hf auth login",
        ) from error
    except (hub.HfHubHTTPError, hub.LocalEntryNotFoundError, OSError) as error:
        raise Unavailable(
            f"{name!r} is not in the cache, and the hub cannot be reached",
            where=where,
            remedy="Check the network, or give a folder",
        ) from error


def judged(scores: Array) -> Array:
    """Return (score, 1) of each segment, (0, 0) where a score is not a number, shape (n, 2)."""
    known = ~np.isnan(scores)
    return counted(np.where(known, scores, 0.0)) * known[:, np.newaxis]
