"""Files that are whole or absent, and what is needed to make them again."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from isogloss.console import warn
from isogloss.environment import processors
from isogloss.errors import IsoglossError
from isogloss.jsonfiles import read_json as read_json

_BLOCK = 1 << 20
#: The lock file of systems that cannot lock a folder itself; see `isogloss.locks`.
LOCK = ".isogloss.lock"

# Files that `writing` has not finished.
_PARTIAL = re.compile(r"\..*\.(\d{1,10})\.partial")
# The files of `watched_files`, within it.
_watched: ContextVar[dict[Path, str] | None] = ContextVar("_watched", default=None)
# ENOSPC and EDQUOT as Rust's standard library words them.
_OUT_OF_SPACE = re.compile(r"\(os error (28|122)\)")
# Any error of the operating system, likewise.
_RUST = re.compile(r"\(os error (\d+)\)")


def sha256_file(path: Path, *, watched: bool = True) -> str:
    """Return the SHA-256 of a file, as hex.

    Args:
        path: The file.
        watched: Within `watched_files`, the file is one of them. Not so one that will be moved.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if watched and (files := _watched.get()) is not None:
        files[path] = digest.hexdigest()
    return digest.hexdigest()


def cached_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as hex; in one process a file that is as it was is hashed once.

    It is as it was where its size, its time and its inode are.
    """
    found = path.stat()
    return _digest(path.resolve(), found.st_size, found.st_mtime_ns, found.st_ino)


@cache
def _digest(path: Path, size: int, modified: int, inode: int) -> str:
    return sha256_file(path)


def cached_sha256s(paths: Iterable[Path]) -> list[str]:
    """Return the SHA-256 of each file, as `cached_sha256` does; large ones are hashed side by side."""
    with ThreadPoolExecutor(processors()) as pool:
        return list(pool.map(cached_sha256, paths))


def damage_in(folder: Path, files: Mapping[str, str]) -> str | None:
    """Return what is wrong with the first file that is not as listed, None where all are.

    Args:
        folder: The folder.
        files: The SHA-256 of each file, by its path in the folder.
    """
    for name in files:
        if not (folder / name).is_file():
            return f"{name} is missing"
    try:
        found = cached_sha256s(folder / name for name in files)
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror})"
    for (name, digest), now in zip(files.items(), found, strict=True):
        if now != digest:
            return f"{name} is not as it was written"
    return None


def is_cached(folder: Path) -> bool:
    """Tell whether a folder of the cache is there, and every file of it as `put_in_cache` put it.

    The user is warned of one that is not, since it will be made again.
    """
    if not folder.exists() or not _listing(folder).exists():
        return False
    # Whatever is wrong with the list, it is made again with the folder.
    with suppress(IsoglossError, OSError, KeyError, TypeError, AttributeError):
        listed = read_json(_listing(folder))
        check_seal(listed, where=_listing(folder), needed=True)
        same = _files_below(folder) == listed["files"].keys()
        if same and damage_in(folder, listed["files"]) is None:
            return True
    warn(f"{folder}: is not as it was written; it is made again")
    return False


def put_in_cache(made: Path, folder: Path) -> None:
    """Move a folder into the cache, with a list of its files' hashes beside it.

    One that is there and the same is left: another process may have been quicker. Any other is
    replaced.
    """
    # Nobody reads them where they still are.
    files = {name: sha256_file(made / name, watched=False) for name in sorted(_files_below(made))}
    # The list comes first: a folder with its list is whole.
    write_json(_listing(folder), sealed({"files": files}))
    if folder.exists() and (_files_below(folder) != files.keys() or damage_in(folder, files)):
        shutil.rmtree(folder)
    if not folder.exists():
        made.rename(folder)


def _listing(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _files_below(folder: Path) -> set[str]:
    return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}


#: The key under which facts carry a hash of themselves.
SEAL = "facts_sha256"


def sealed(
    facts: Mapping[str, Any], *, measured: Iterable[str] = (), seal: str = SEAL
) -> dict[str, Any]:
    """Return facts with a hash of themselves, so that a change by hand or by a bad disk is found.

    Args:
        facts: What will be written as JSON.
        measured: Keys that are left out of the hash, since they differ from one run to another of
            the same (times, and hashes of files with times in them): the seal of equal work is
            equal.
        seal: The key of the hash.
    """
    return {**facts, seal: _seal(facts, (seal, *measured))}


def check_seal(
    facts: Mapping[str, Any],
    *,
    where: Path,
    needed: bool,
    measured: Iterable[str] = (),
    seal: str = SEAL,
    remedy: str | None = None,
) -> None:
    """Refuse facts that are not those that were sealed.

    Args:
        facts: What was read.
        where: The file.
        needed: Whether its writer sealed; older ones did not.
        measured: The keys that the seal leaves out.
        seal: The key of the hash.
        remedy: What the user can do.

    Raises:
        IsoglossError: They were changed.
    """
    if (needed or seal in facts) and facts.get(seal) != _seal(facts, (seal, *measured)):
        raise IsoglossError(
            f"was changed after it was written (its facts are not those of its {seal})",
            where=where,
            remedy=remedy,
        )


def _seal(facts: Mapping[str, Any], apart: Iterable[str]) -> str:
    left_out = set(apart)
    return sha256_json({name: value for name, value in facts.items() if name not in left_out})


@contextmanager
def watched_files() -> Iterator[dict[Path, str]]:
    """Give a mapping that takes the hash of every file that this thread hashes meanwhile.

    `check_unchanged` looks at them again.
    """
    files: dict[Path, str] = {}
    token = _watched.set(files)
    try:
        yield files
    finally:
        _watched.reset(token)


def check_unchanged(files: Mapping[Path, str]) -> None:
    """Check that files which were read after they were hashed still are what they were then.

    Raises:
        IsoglossError: The first that is another one, or gone.
    """
    for path, sha256 in files.items():
        try:
            now = sha256_file(path)
        except OSError:
            now = ""
        if now != sha256:
            raise IsoglossError(
                "has changed while it was read" if now else "has gone while it was read",
                where=path,
                remedy="Run the same command again when nobody writes it any more",
            )


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON (sorted keys, compact), as hex."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # Half surrogate pairs are no text, but JSON from outside may hold them.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def writing(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; on leaving, sync it and rename it into place.

    Without ``sync`` the disk is not waited for, and what was written may be lost if the power fails.

    On an error or an interruption the file beside is removed, and ``path`` is as it was.

    Raises:
        IsoglossError: The disk is full or the folder cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            if sync:
                with partial.open("rb+") as file:
                    os.fsync(file.fileno())
            partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def remove_partials_in(*folders: Path) -> None:
    """Remove what killed processes left of files that they were writing into folders.

    The caller holds the folders alone (see `isogloss.locks.held`): nobody is writing there now.
    """
    for folder in folders:
        if not folder.is_dir():
            continue
        for path in folder.iterdir():
            if _PARTIAL.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                with suppress(OSError):
                    path.unlink()


def is_partial(path: Path) -> bool:
    """Tell whether a file is named as one that `writing` has not finished."""
    return _PARTIAL.fullmatch(path.name) is not None


def remove_partials_of(path: Path) -> None:
    """Remove what killed processes have left of one file that they were writing.

    Nobody need hold its folder: what a living process writes stays.
    """
    import psutil

    for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        writer = _PARTIAL.fullmatch(left.name)
        if writer and not psutil.pid_exists(int(writer[1])):
            with suppress(OSError):
                left.unlink()


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Tell a full disk or a forbidden folder as such, whatever error a library makes of it.

    Raises:
        IsoglossError: The disk is full or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise write_error(error, path) from error
    except IsoglossError:
        raise
    except Exception as error:
        # Libraries that write in Rust or C++ have errors of their own, some without a reason.
        if _OUT_OF_SPACE.search(str(error)) or _free(path) < _BLOCK // 16:
            raise write_error(OSError(errno.ENOSPC, str(error)), path) from error
        raise


def _free(path: Path) -> int:
    folder = next(parent for parent in path.absolute().parents if parent.is_dir())
    return shutil.disk_usage(folder).free


def write_error(error: OSError, path: Path) -> Exception:
    """Return what to raise for a failed write: a clear error where the user can do something."""
    if isinstance(error, FileNotFoundError):  # the writer itself failed to find something
        return error
    number = _number(error)
    if number in (errno.ENOSPC, errno.EDQUOT):
        remedy = "Free some space and run the same command again; it goes on where it stopped"
        return IsoglossError("the disk is full", where=path, remedy=remedy)
    if number in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR):
        remedy = "Choose another output folder or change its permissions"
        return IsoglossError(
            f"cannot be written ({os.strerror(number)})", where=path, remedy=remedy
        )
    return error


def _number(error: OSError) -> int | None:
    """Return an error's number, which polars gives in words only."""
    match = _RUST.search(str(error)) if error.errno is None else None
    return int(match[1]) if match else error.errno


def check_ours(folder: Path, ours: Callable[[Path], bool], *, kind: str) -> None:
    """Refuse to write into a folder that holds anything but what we wrote there ourselves.

    Args:
        folder: The folder; one that is not there or is empty is as good as ours.
        ours: Tells whether a folder is one that we made.
        kind: What it would be then, to name in the error.

    Raises:
        IsoglossError: It holds something else, or is a file.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise IsoglossError("is a file", where=folder, remedy="Name a folder")
    # What a killed process left of a file that it was writing is nobody's, and so is a lock.
    names = (path.name for path in folder.iterdir())
    found = [name for name in names if name != LOCK and not is_partial(Path(name))]
    if found and not ours(folder):
        raise IsoglossError(
            f"holds files that are not {kind} of ours ({sorted(found)[0]})",
            where=folder,
            # One of ours whose facts are broken cannot be told from what is somebody's.
            remedy=f"Name another --out; where it was {kind} that is broken now, remove it first",
        )


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with writing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file with stable bytes, whole or not at all."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return a value as JSON files have it: sorted and indented, always the same."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
