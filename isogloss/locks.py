"""One process at a time in a folder that we write."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from isogloss.errors import IsoglossError
from isogloss.files import LOCK, write_error

# What scratch folders are named by.
_SCRATCH = ".partial-"
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder alone, from before it is looked at until it is written; it is made if need be.

    The folder itself is locked (flock), so that nothing is left in it, whoever is killed, and it
    may be one that cannot be written. Where the system or the file system has no such lock
    (Windows, some NFS), a lock file in it is.

    Raises:
        IsoglossError: Another process holds it, or it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise IsoglossError("is a file", where=folder, remedy="Name a folder")
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(error, folder) from error
    try:
        with _locked(folder):
            yield
    finally:
        # What came to nothing leaves nothing.
        with suppress(OSError):
            for one in made:
                one.rmdir()


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Give a new folder in ``folder`` to work in, which is gone afterwards; and remove those that
    killed processes have left there.

    Raises:
        IsoglossError: ``folder`` cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(error, folder) from error
    for left in folder.glob(f"{_SCRATCH}*"):
        # Who works in one holds it.
        with suppress(IsoglossError, OSError), held(left):
            shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_SCRATCH) as made, held(Path(made)):
        yield Path(made)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows
        with _by_file(folder):
            yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                raise _busy(folder) from error
            with _by_file(folder):
                yield
            return
        try:
            yield
        finally:
            # Closing alone would leave it to a child that was forked meanwhile.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


@contextmanager
def _by_file(folder: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise _busy(folder) from error
    try:
        yield
    finally:
        lock.release(force=True)


def _busy(folder: Path) -> IsoglossError:
    return IsoglossError(
        "another process is writing it", where=folder, remedy="Wait for it, or name another --out"
    )
