"""The Hugging Face hub: single files of its repositories, and its errors in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from isogloss.console import say
from isogloss.environment import offline
from isogloss.errors import IsoglossError, Unavailable
from isogloss.text import one_line

#: What a path begins with that names a file of the hub: ``hub:ORG/NAME@COMMIT/path/in/it``.
PREFIX = "hub:"
# Where the hub's client keeps a file: the commit is there, whatever was asked for.
_KEPT_AT = re.compile(r"/snapshots/([0-9a-f]{40})/")
_SPEC = re.compile(r"hub:(?P<repo>[^@\s]+)@(?P<revision>[^/\s]+)/(?P<path>\S.*)")

Kind = Literal["dataset", "model"]
_CALLED = {"dataset": "data set", "model": "model"}


def cut_off() -> bool:
    """Tell whether the network is forbidden."""
    from huggingface_hub import is_offline_mode

    return offline() or bool(is_offline_mode())


def fetch(spec: str, where: str) -> tuple[Path, str, str]:
    """Return a file of a data set of the hub, from the cache where it is.

    Args:
        spec: ``hub:ORG/NAME@REVISION/path/in/it``.
        where: The place to name in an error.

    Returns:
        The file, its path in the set, and the commit that it is of.

    Raises:
        IsoglossError: The spec is none, or there is no such file.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise IsoglossError(
            f"{spec!r} names no file of the hub",
            where=where,
            remedy="Write hub:ORG/NAME@COMMIT/path/in/it, so that it is the same file for ever",
        )
    repo, revision, path = match["repo"], match["revision"], match["path"]
    found = download(repo, revision, path, where)
    kept = _KEPT_AT.search(found.as_posix())
    return found, path, kept[1] if kept else revision


def download(repo: str, revision: str, path: str, where: str, *, kind: Kind = "dataset") -> Path:
    """Return a file of a repository of the hub, from the cache where it is.

    Args:
        repo: ``ORG/NAME``.
        revision: A commit, tag or branch.
        path: The file's path in it.
        where: The place to name in an error.
        kind: What the repository holds.

    Raises:
        IsoglossError: There is no such repository, revision or file, or it is gated.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    with told(revision, f"{where}: {repo}", kind=kind):
        try:
            found = hf_hub_download(
                repo, path, repo_type=kind, revision=revision, local_files_only=True
            )
        except LocalEntryNotFoundError:
            if cut_off():
                raise Unavailable(
                    f"{path} of {repo} is not in the cache, and the network is forbidden",
                    where=where,
                    remedy=f"Run once without --offline, or first: hf download --repo-type {kind} "
                    f"{repo} {path} --revision {revision}",
                ) from None
            say(f"fetching {path} of {repo} from the hub …")
            try:
                found = hf_hub_download(repo, path, repo_type=kind, revision=revision)
            except LocalEntryNotFoundError as error:
                raise Unavailable(
                    "the hub does not answer",
                    where=where,
                    remedy="Check the network and HF_ENDPOINT, and run the same command again",
                ) from error
            except EntryNotFoundError as error:
                raise IsoglossError(f"{repo} has no file {path!r}", where=where) from error
    return Path(found)


@contextmanager
def told(revision: str | None, where: str, *, kind: Kind = "dataset") -> Iterator[None]:
    """Tell what goes wrong at the hub, or in a file of a repository, in one line.

    Args:
        revision: The commit, tag or branch that is asked for, if any.
        where: The place to name in an error.
        kind: What the repository holds.

    Raises:
        IsoglossError: There is no such repository, revision or file, or it is gated or broken.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    import pyarrow as pa
    from huggingface_hub import errors

    # Which library the hub's client speaks HTTP with has changed twice; its errors say which.
    http_error: type[Exception] = errors.HfHubHTTPError.__bases__[0]

    revised = f" at revision {revision}" if revision else ""
    try:
        yield
    except IsoglossError:
        raise
    except errors.RevisionNotFoundError as error:
        raise IsoglossError(f"there is no revision {revision!r}", where=where) from error
    except errors.GatedRepoError as error:
        raise IsoglossError(
            f"the {_CALLED[kind]} is gated",
            where=where,
            remedy="Accept its terms on its page at the hub, then log in: hf auth login",
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise IsoglossError(
            f"there is no such {_CALLED[kind]}, or it is private",
            where=where,
            remedy="Check the name (a folder's path starts from the recipe's), or: hf auth login",
        ) from error
    except (ConnectionError, TimeoutError, http_error) as error:
        if isinstance(error, errors.HfHubHTTPError) and error.response.status_code < 500:
            raise IsoglossError(
                f"cannot be read{revised} ({one_line(error)})", where=where
            ) from error
        raise Unavailable(
            f"the hub does not answer ({one_line(error)})",
            where=where,
            remedy="Check the network and HF_ENDPOINT, and run the same command again",
        ) from error
    except (pa.ArrowException, OSError, ValueError, RuntimeError, KeyError) as error:
        raise IsoglossError(f"cannot be read{revised} ({one_line(error)})", where=where) from error
