"""The Hugging Face hub: single files of its data sets, and its errors in one line."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isogloss.console import say
from isogloss.errors import IsoglossError, Unavailable
from isogloss.provenance import offline

#: What a path begins with that names a file of the hub: ``hub:ORG/NAME@COMMIT/path/in/it``.
PREFIX = "hub:"
# Where the hub's client keeps a file: the commit is there, whatever was asked for.
_KEPT_AT = re.compile(r"/snapshots/([0-9a-f]{40})/")
_SPEC = re.compile(r"hub:(?P<repo>[^@\s]+)@(?P<revision>[^/\s]+)/(?P<path>\S.*)")


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
    absent = Unavailable(
        f"{path} of {repo} is not in the cache, and the network is forbidden",
        where=where,
        remedy="Run once without --offline, or first: hf download --repo-type dataset "
        f"{repo} {path} --revision {revision}",
    )
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    with told(revision, f"{where}: {repo}"):
        try:
            found = hf_hub_download(
                repo, path, repo_type="dataset", revision=revision, local_files_only=True
            )
        except LocalEntryNotFoundError:
            if cut_off():
                raise absent from None
            say(f"fetching {path} of {repo} from the hub …")
            try:
                found = hf_hub_download(repo, path, repo_type="dataset", revision=revision)
            except LocalEntryNotFoundError as error:
                raise Unavailable(
                    "the hub does not answer",
                    where=where,
                    remedy="Check the network and HF_ENDPOINT, and run the same command again",
                ) from error
            except EntryNotFoundError as error:
                raise IsoglossError(f"{repo} has no file {path!r}", where=where) from error
    kept = _KEPT_AT.search(Path(found).as_posix())
    return Path(found), path, kept[1] if kept else revision


@contextmanager
def told(
    revision: str | None, where: str, *, absent: IsoglossError | None = None
) -> Iterator[None]:
    """Tell what goes wrong at the hub, or in a file of a data set, in one line.

    Args:
        revision: The commit, tag or branch that is asked for, if any.
        where: The place to name in an error.
        absent: What to raise where the network is forbidden and files are not in the cache.

    Raises:
        IsoglossError: There is no such data set, revision or file, or it is gated or broken.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    import pyarrow as pa
    from datasets import logging as notices
    from datasets.exceptions import DataFilesNotFoundError, DatasetNotFoundError, DatasetsError
    from huggingface_hub import errors

    # What it logs before it raises, the error below tells.
    notices.set_verbosity(logging.CRITICAL)
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
            "the data set is gated",
            where=where,
            remedy="Accept its terms on its page at the hub, then log in: hf auth login",
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise IsoglossError(
            "there is no such data set, or it is private",
            where=where,
            remedy="Check the name (a folder's path starts from the recipe's), or: hf auth login",
        ) from error
    except DatasetNotFoundError as error:
        raise IsoglossError(
            f"cannot be opened{revised} ({_line(error)})",
            where=where,
            remedy="Where it wants a login: hf auth login",
        ) from error
    except DataFilesNotFoundError as error:
        if absent is not None and cut_off():
            raise absent from error
        raise IsoglossError(f"cannot be read{revised} ({_line(error)})", where=where) from error
    except (ConnectionError, TimeoutError, http_error) as error:
        if isinstance(error, errors.HfHubHTTPError) and error.response.status_code < 500:
            raise IsoglossError(f"cannot be read{revised} ({_line(error)})", where=where) from error
        raise Unavailable(
            f"the hub does not answer ({_line(error)})",
            where=where,
            remedy="Check the network and HF_ENDPOINT, and run the same command again",
        ) from error
    except (DatasetsError, pa.ArrowException, OSError, ValueError, RuntimeError, KeyError) as error:
        raise IsoglossError(f"cannot be read{revised} ({_line(error)})", where=where) from error


def _line(error: BaseException) -> str:
    text: Any = " ".join(str(error).split()) or type(error).__name__
    return str(text)[:300]
