"""A corpus put on the Hugging Face hub: its data, card and manifest, as one commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss import hub
from isogloss.console import progress, say
from isogloss.corpora import MANIFEST, Corpus, listed_names, not_as_listed, open_corpus
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import read_json, sha256_file
from isogloss.text import one_line

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
    from huggingface_hub.hf_api import RepoFile

# Rejected rows, some of which the report shows, may be what a licence or privacy forbids to publish.
_HELD_BACK = ("rejected", "scores", "report.html", "thresholds.parquet")
# What is a corpus's alone: what is there and not in this one is of an earlier one.
_OURS = ("data", *_HELD_BACK)
# Files that lie in a corpus folder whether or not the manifest lists them.
_BESIDE = (MANIFEST, "report.html")
_LARGEST_MANIFEST = 1 << 28

# What the hub is sent at once: a progress bar moves after each.
_BATCH_FILES = 100
_BATCH_BYTES = 1 << 26


@dataclass(frozen=True)
class Repository:
    """A data set repository at the hub, as it was found.

    Attributes:
        repo_id: ``user/name``.
        url: Its page.
        private: Whether it is, or is to be made, private.
        commit: Its newest commit; None where there is no such repository yet.
        files: Its files, by path.
        listed: Those that the manifest there lists.
    """

    repo_id: str
    url: str
    private: bool
    commit: str | None = None
    files: Mapping[str, RepoFile] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()


def check_repository(repo_id: str, *, private: bool = True) -> Repository:
    """Check that a corpus may be pushed to a repository; nothing is changed there.

    Worth doing before hours of building.

    Args:
        repo_id: ``user/name`` or ``organization/name``.
        private: As for `push`.

    Raises:
        IsoglossError: The name is none, nobody is logged in or may write, the repository holds
            something that is not a corpus of ours, or is public while nobody said that it may be.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    return _found(_api(repo_id), repo_id, private)


def push(
    corpus: Path | str, repo_id: str, *, private: bool = True, everything: bool = False
) -> str:
    """Put a corpus on the hub as a data set repository.

    Files go up first, then one commit shows them all and deletes what an earlier corpus left; until
    then the repository is as it was. A file that is there with the same hash is not sent, so that an
    interrupted push goes on. Other files of the repository (a LICENSE, pictures of the card) stay.

    Args:
        corpus: A finished corpus folder.
        repo_id: ``user/name`` or ``organization/name``.
        private: Make a new repository private, and refuse to push to a public one. A repository
            that is private stays so, whatever is said here.
        everything: Push the rejected rows, the filters' scores and the report too.

    Returns:
        The address of the data set, which ``datasets.load_dataset(repo_id)`` opens.

    Raises:
        IsoglossError: As for `check_repository`; the corpus is unfinished or one of its files is
            not the one in its manifest; or the hub refuses it.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    opened = open_corpus(corpus)
    api = _api(repo_id)
    found = _found(api, repo_id, private)
    if found.private and not private:
        say(f"{repo_id} stays private; make it public on its page: {found.url}/settings")
    files = _sent(opened, everything=everything)
    changed = _changed(opened, files, found)
    stale = sorted(_own(found) - set(files))
    if found.commit is not None and not changed and not stale:
        say(f"{repo_id} is up to date")
        return found.url
    with _errors(repo_id), _bars_off():
        parent = found.commit or _created(api, repo_id, found)
        commit = _send(api, repo_id, parent, changed, stale, opened)
        _check_arrived(api, repo_id, commit, files)
    sent = f"{len(changed)} of {len(files)} files sent, {len(stale)} deleted"
    say(f"{repo_id}: {sent}; {'private' if found.private else 'public'}")
    return found.url


def _api(repo_id: str) -> HfApi:
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HFValidationError

    remedy = "Write it as user/name, of letters, digits and - _ ."
    try:
        _untyped("huggingface_hub.utils").validate_repo_id(repo_id)
    except HFValidationError as error:
        raise IsoglossError("is no name of a repository", where=repo_id, remedy=remedy) from error
    if "/" not in repo_id:
        raise IsoglossError("says no user or organization", where=repo_id, remedy=remedy)
    if hub.offline():
        raise Unavailable(
            "cannot be pushed to, for the network is forbidden",
            where=repo_id,
            remedy="Leave out --offline, and unset ISOGLOSS_OFFLINE and HF_HUB_OFFLINE",
        )
    token = get_token()
    if token is None:
        raise IsoglossError(
            "nobody is logged in at the hub",
            where=repo_id,
            remedy="Log in with a token that may write: hf auth login, or set HF_TOKEN",
        )
    return HfApi(token=token)


def _found(api: HfApi, repo_id: str, private: bool) -> Repository:
    from huggingface_hub import whoami
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    url = f"{api.endpoint}/datasets/{repo_id}"
    with _errors(repo_id):
        # The hub counts these questions; a check before a build asks the same.
        token = whoami(api.token, cache=True).get("auth", {}).get("accessToken", {})
        if token.get("role") == "read":
            raise IsoglossError(
                "the token of this login may only read",
                where=repo_id,
                remedy="Make one that may write on the hub's settings page, then: hf auth login",
            )
        try:
            info = api.dataset_info(repo_id)
        except GatedRepoError:
            raise
        except RepositoryNotFoundError:
            return Repository(repo_id, url, private)
        if not info.private and private:
            raise IsoglossError(
                "is a public repository",
                where=repo_id,
                remedy="Say --public (private=False) if all may read this corpus, make it private "
                f"at {url}/settings, or choose another name",
            )
        files = _files(api, repo_id, info.sha)
        listed = _listed(api, repo_id, info.sha, files)
    return Repository(repo_id, url, bool(info.private), info.sha, files, listed)


def _files(api: HfApi, repo_id: str, commit: str | None) -> dict[str, RepoFile]:
    from huggingface_hub.hf_api import RepoFile

    tree = api.list_repo_tree(repo_id, recursive=True, revision=commit, repo_type="dataset")
    return {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}


def _listed(
    api: HfApi, repo_id: str, commit: str | None, files: Mapping[str, RepoFile]
) -> frozenset[str]:
    """Return what the manifest there lists: nothing for an empty repository.

    Raises:
        IsoglossError: The repository holds something that is not a corpus of ours.
    """
    others = sorted(set(files) - {".gitattributes"})  # which the hub makes itself
    if not others:
        return frozenset()
    manifest = files.get(MANIFEST)
    if manifest is not None and manifest.size <= _LARGEST_MANIFEST:
        path = api.hf_hub_download(repo_id, MANIFEST, revision=commit, repo_type="dataset")
        try:
            return listed_names(read_json(Path(path)), f"{repo_id}: {MANIFEST}")
        except IsoglossError:  # somebody's own manifest.json
            pass
    raise IsoglossError(
        f"holds a data set that is no corpus of isogloss ({others[0]})",
        where=repo_id,
        remedy="Choose another name; nothing there was changed",
    )


def _own(found: Repository) -> set[str]:
    """Return the files there that are a corpus's, and nobody else's."""
    names = {name for name in found.files if name.split("/")[0] in _OURS}
    if found.listed:
        names |= (found.listed | set(_BESIDE)) & set(found.files)
    return names


def _sent(opened: Corpus, *, everything: bool) -> dict[str, Path]:
    """Return the files to push, by their names in the repository."""
    files = {
        file.name: opened.path(file)
        for file in opened.files
        if everything or file.name.split("/")[0] not in _HELD_BACK
    }
    beside = {
        name: opened.folder / name for name in _BESIDE if everything or name not in _HELD_BACK
    }
    return files | {name: path for name, path in beside.items() if path.is_file()}


def _changed(opened: Corpus, files: Mapping[str, Path], found: Repository) -> dict[str, Path]:
    """Return the files that are not there yet, having checked each against the manifest."""
    listed = {file.name: file.sha256 for file in opened.files}
    changed = {}
    with progress("checking the files", len(files)) as bar:
        for name, path in files.items():
            sha256 = sha256_file(path)
            if listed.get(name, sha256) != sha256:
                raise not_as_listed(path)
            if not _same(found.files.get(name), path, sha256):
                changed[name] = path
            bar.advance(1)
    return changed


def _same(there: RepoFile | None, path: Path, sha256: str) -> bool:
    from huggingface_hub.utils.sha import git_hash

    if there is None or there.size != path.stat().st_size:
        return False
    if there.lfs is not None:
        return there.lfs.sha256 == sha256
    return there.blob_id == git_hash(path.read_bytes())  # a file that git holds itself is small


def _created(api: HfApi, repo_id: str, found: Repository) -> str:
    api.create_repo(repo_id, repo_type="dataset", private=found.private)
    say(f"made the {'private' if found.private else 'public'} data set {repo_id}")
    return str(api.dataset_info(repo_id).sha)


def _message(opened: Corpus) -> str:
    rows = sum(file.rows for file in opened.data)
    # A name from outside may have several lines, and the first is the commit's title.
    name = " ".join(str(opened.manifest.get("name", "corpus")).split())[:60]
    return f"{name}: {rows} records"


def _send(
    api: HfApi,
    repo_id: str,
    parent: str,
    changed: Mapping[str, Path],
    stale: Iterable[str],
    opened: Corpus,
) -> str:
    """Send files, then make the commit that shows them; return it."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    additions = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=str(path))
        for name, path in changed.items()
    ]
    listed = {file.name: file.sha256 for file in opened.files}
    for addition in additions:  # they hash what they send, after it was checked
        digest = addition.upload_info.sha256.hex()
        if listed.get(addition.path_in_repo, digest) != digest:
            raise not_as_listed(opened.folder / addition.path_in_repo)
    with progress(f"sending to {repo_id}", len(additions)) as bar:
        for batch in _batches(additions):
            api.preupload_lfs_files(repo_id, batch, repo_type="dataset")
            bar.advance(len(batch))
    deletions = [CommitOperationDelete(path_in_repo=name, is_folder=False) for name in stale]
    operations: list[CommitOperationAdd | CommitOperationDelete] = [*additions, *deletions]
    # On top of what we looked at: if somebody else commits meanwhile, this one is refused.
    done = api.create_commit(
        repo_id,
        operations,
        commit_message=_message(opened),
        repo_type="dataset",
        parent_commit=parent,
    )
    return str(done.oid)


def _batches(additions: Iterable[CommitOperationAdd]) -> Iterator[list[CommitOperationAdd]]:
    batch: list[CommitOperationAdd] = []
    size = 0
    for addition in additions:
        batch.append(addition)
        size += addition.upload_info.size
        if len(batch) == _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _check_arrived(api: HfApi, repo_id: str, commit: str, files: Mapping[str, Path]) -> None:
    """Check that the commit has all files: the hub skips those that a .gitignore there names."""
    absent = sorted(set(files) - set(_files(api, repo_id, commit)))
    if absent:
        raise IsoglossError(
            f"the hub left out {absent[0]} and {len(absent) - 1} more files",
            where=repo_id,
            remedy="Remove the .gitignore from the repository, and push again",
        )


@contextmanager
def _errors(repo_id: str) -> Iterator[None]:
    """Say what goes wrong at the hub in one line, and what its client refuses before it sends it."""
    with hub.errors(repo_id, repo_id):
        try:
            yield
        except ValueError as error:
            if isinstance(error, OSError):  # an answer of the hub's that is both
                raise
            raise IsoglossError(
                f"the hub refuses this corpus ({one_line(error)})", where=repo_id
            ) from error


@contextmanager
def _bars_off() -> Iterator[None]:
    """Keep the hub's client from drawing bars of its own over ours."""
    bars = _untyped("huggingface_hub.utils")
    if bars.are_progress_bars_disabled():
        yield
        return
    bars.disable_progress_bars()
    try:
        yield
    finally:
        bars.enable_progress_bars()


def _untyped(module: str) -> Any:
    """Import a module whose types do not declare what it gives."""
    return import_module(module)
