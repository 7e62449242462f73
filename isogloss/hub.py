"""The Hugging Face hub: revisions, files and snapshots of its repositories, and its errors in one line.

What is fetched lies in the hub's own cache (``$HF_HOME``), which other programs share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from isogloss import environment
from isogloss.console import say, warn
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import disk_errors
from isogloss.text import one_line

#: What a path begins with that names a file of the hub: ``hub:ORG/NAME@COMMIT/path/in/it``.
PREFIX = "hub:"
# Where the hub's client keeps a file: the commit is there, whatever revision was named.
_KEPT_AT = re.compile(r"/snapshots/([0-9a-f]{40})/")
_SPEC = re.compile(r"hub:(?P<repo>[^@\s]+)@(?P<revision>[^/\s]+)/(?P<path>\S.*)")

Kind = Literal["dataset", "model"]
_NOUNS = {"dataset": "data set", "model": "model"}
_AS_A_FOLDER = {
    "dataset": "a folder's path starts from the recipe's",
    "model": "for a folder, write ./NAME",
}
_AGAIN = "Run the same command again; what has arrived is not sent again"


@dataclass(frozen=True)
class Revision:
    """What a revision of a repository is today.

    Attributes:
        commit: Its commit, of 40 hexadecimal digits.
        licence: What its card says of the licence, which anybody may write: a name, a list of them,
            anything else, or None.
    """

    commit: str
    licence: Any


def offline() -> bool:
    """Tell whether the network is forbidden: by us (``--offline``), or by ``HF_HUB_OFFLINE``."""
    from huggingface_hub import is_offline_mode

    return environment.offline() or bool(is_offline_mode())


def resolve(repo: str, revision: str | None, where: str, *, kind: Kind) -> Revision:
    """Ask the hub which commit a revision is.

    Args:
        repo: ``ORG/NAME``.
        revision: A commit, tag or branch; the main branch where None.
        where: The place to name in an error.
        kind: What the repository holds.

    Raises:
        IsoglossError: There is no such repository or revision, or it is gated.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    from huggingface_hub import HfApi

    if offline():
        raise not_cached(repo, revision, where, kind=kind)
    with errors(repo, where, revision=revision, kind=kind):
        api = HfApi()
        info = api.dataset_info if kind == "dataset" else api.model_info
        found = info(repo, revision=revision, timeout=60)
    return Revision(str(found.sha), found.card_data.get("license") if found.card_data else None)


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
    found = download(repo, revision, path, where, kind="dataset")
    kept = _KEPT_AT.search(found.as_posix())
    return found, path, kept[1] if kept else revision


def download(repo: str, revision: str, path: str, where: str, *, kind: Kind) -> Path:
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
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    with errors(repo, where, revision=revision, kind=kind):
        try:
            return Path(
                hf_hub_download(
                    repo, path, repo_type=kind, revision=revision, local_files_only=True
                )
            )
        except LocalEntryNotFoundError as error:
            if offline():
                raise not_cached(repo, revision, where, kind=kind, path=path) from error
        say(f"fetching {path} of {repo} from the Hugging Face hub …")
        try:
            with disk_errors(Path(constants.HF_HUB_CACHE)):
                return Path(hf_hub_download(repo, path, repo_type=kind, revision=revision))
        except LocalEntryNotFoundError:
            raise
        except EntryNotFoundError as error:
            raise IsoglossError(f"{repo} has no file {path!r}", where=where) from error


def snapshot(
    repo: str,
    revision: str | None,
    where: str,
    *,
    kind: Kind,
    patterns: Sequence[str] | None = None,
    enough: str | None = None,
) -> Path:
    """Return the folder of a repository's files, which the cache names by its commit.

    Args:
        repo: ``ORG/NAME``.
        revision: A commit, tag or branch; the main branch where None.
        where: The place to name in an error.
        kind: What the repository holds.
        patterns: Which files, as `fnmatch` takes them; all where None.
        enough: A glob pattern: where the cache has a file of it, the hub is not asked whether a
            branch has moved since.

    Raises:
        IsoglossError: There is no such repository or revision, or it is gated.
        Unavailable: It is not in the cache, and cannot be fetched.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted: dict[str, Any] = {
        "repo_type": kind,
        "revision": revision,
        "allow_patterns": None if patterns is None else list(patterns),
    }
    with errors(repo, where, revision=revision, kind=kind):
        kept = None
        try:
            kept = Path(str(snapshot_download(repo, local_files_only=True, **wanted)))
        except LocalEntryNotFoundError as error:
            if offline():
                raise not_cached(repo, revision, where, kind=kind) from error
        if kept is not None and (offline() or (enough is not None and any(kept.glob(enough)))):
            return kept
        say(f"fetching {repo} from the Hugging Face hub, where the cache lacks any of it …")
        with disk_errors(Path(constants.HF_HUB_CACHE)):
            return Path(str(snapshot_download(repo, **wanted)))


def licence_of(card: Path) -> Any:
    """Return what a card (README.md) says of the licence; None where it says nothing or is none."""
    import yaml
    from huggingface_hub import RepoCard

    if not card.is_file():
        return None
    try:
        return RepoCard.load(card, ignore_metadata_errors=True).data.get("license")
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        warn(f"{card}: its head is no card's ({one_line(error)[:100]})")
        return None


def not_cached(
    repo: str, revision: str | None, where: str, *, kind: Kind, path: str = ""
) -> Unavailable:
    """Return the error for what the cache lacks while the network is forbidden.

    Args:
        repo: ``ORG/NAME``.
        revision: A commit, tag or branch, if any is named.
        where: The place to name.
        kind: What the repository holds.
        path: The file that is lacking; empty for all of the repository.
    """
    command = ["hf download", f"--repo-type {kind}", repo, *([path] if path else [])]
    command += [f"--revision {revision}"] if revision else []
    missing = f"{path} of {repo!r} is not" if path else f"{repo!r} is not, or not all of it,"
    return Unavailable(
        f"{missing} in the cache, and the network is forbidden",
        where=where,
        remedy=f"Run once without --offline, or first: {' '.join(command)}",
    )


@contextmanager
def errors(
    repo: str, where: str, *, revision: str | None = None, kind: Kind = "dataset"
) -> Iterator[None]:
    """Say what goes wrong at the hub in one line, whether it is read or written.

    Errors that are not the hub's pass: those of the disk, of files, and mistakes of ours.

    Args:
        repo: ``ORG/NAME``.
        where: The place to name in an error.
        revision: The commit, tag or branch, if any is named.
        kind: What the repository holds.

    Raises:
        IsoglossError: There is no such repository or revision, it is gated, or the hub refuses.
        Unavailable: The hub does not answer, or is too busy.
    """
    try:
        yield
    except IsoglossError:
        raise
    except Exception as error:
        explained = _explained(error, repo, revision, where, kind)
        if explained is None:
            raise
        raise explained from error


def _explained(
    error: BaseException, repo: str, revision: str | None, where: str, kind: Kind
) -> IsoglossError | None:
    from huggingface_hub import errors

    # Which library the hub's client speaks HTTP with has changed twice; its errors say which.
    http_error: type[Exception] = errors.HfHubHTTPError.__bases__[0]
    named = f"{_NOUNS[kind]} {repo!r}"
    if isinstance(error, errors.RevisionNotFoundError):
        return IsoglossError(f"the {named} has no revision {revision!r}", where=where)
    if isinstance(error, errors.GatedRepoError):
        return IsoglossError(
            f"the {named} is gated",
            where=where,
            remedy="Accept its terms on its page at the hub, then log in: hf auth login",
        )
    if isinstance(error, (errors.RepositoryNotFoundError, errors.HFValidationError)):
        return IsoglossError(
            f"there is no {named} on the Hugging Face hub, or it is private",
            where=where,
            remedy=f"Check the name ({_AS_A_FOLDER[kind]}), or log in: hf auth login",
        )
    if isinstance(error, errors.HfHubHTTPError):
        line = " ".join((error.server_message or one_line(error)).split())[:300]
        return _refused(error.response.status_code, line, where)
    if isinstance(error, RuntimeError) and error.__cause__ is not None:  # a thread's, wrapped
        return _explained(error.__cause__, repo, revision, where, kind)
    lost = (ConnectionError, TimeoutError, http_error, errors.LocalEntryNotFoundError)
    if isinstance(error, lost):
        return Unavailable(
            f"the hub does not answer ({one_line(error)})",
            where=where,
            remedy="Check the network and HF_ENDPOINT, and run the same command again",
        )
    return None


def _refused(status: int, line: str, where: str) -> IsoglossError:
    if status == 401:
        return IsoglossError(
            f"the hub does not accept this login ({line})",
            where=where,
            remedy="Log in anew: hf auth login (HF_TOKEN, where set, goes before it)",
        )
    if status == 403:
        return IsoglossError(
            f"the hub forbids it ({line})",
            where=where,
            remedy="Check the user or organization in the name, and what the token may do",
        )
    if status == 409:
        return IsoglossError(
            f"the name is taken, or something else is under way there ({line})",
            where=where,
            remedy="Choose another name, or try again in a moment",
        )
    if status == 412:
        return IsoglossError(
            "somebody else changed the repository meanwhile", where=where, remedy=_AGAIN
        )
    if status == 429 or status >= 500:
        return Unavailable(f"the hub cannot take it now ({line})", where=where, remedy=_AGAIN)
    return IsoglossError(f"the hub refuses it ({line})", where=where)
