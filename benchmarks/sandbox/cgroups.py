"""Memory cgroups for what the sandbox runs, where this process may make them.

A cgroup holds the limit for all processes together at every moment (cgroups(7); version 1 and 2).
Where there is none to be had (ordinary users, most containers), nothing is made and nothing said:
the sandbox watches its memory as well.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PREFIX = "isogloss-"
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Group:
    """A memory cgroup, by its folder."""

    folder: str

    def peak(self) -> float | None:
        """Return the most MiB that its processes had at a time; None where nobody counted."""
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            with contextlib.suppress(OSError, ValueError):
                return int((Path(self.folder) / name).read_text()) / (1 << 20) or None
        return None


@contextlib.contextmanager
def limited(memory: int) -> Iterator[Group | None]:
    """Make a cgroup of so many bytes of memory and no swap, and remove it in the end.

    Yields None where that cannot be done.
    """
    parent = _parent(os.getpid())
    folder = _make(parent, memory) if parent is not None else None
    try:
        yield Group(str(folder)) if folder is not None else None
    finally:
        if folder is not None:
            _remove(folder)


def _make(parent: Path, memory: int) -> Path | None:
    folder = parent / f"{_PREFIX}{os.getpid()}-{next(_NUMBERS)}"
    try:
        folder.mkdir()
    except OSError:
        return None
    names = ("memory.max", "memory.limit_in_bytes")
    try:
        limit = next(folder / name for name in names if (folder / name).exists())
        limit.write_text(str(memory))
    except (OSError, StopIteration):
        _remove(folder)
        return None
    for name, most in (("memory.swap.max", 0), ("memory.memsw.limit_in_bytes", memory)):
        with contextlib.suppress(OSError):  # where swap is not counted
            (folder / name).write_text(str(most))
    return folder


def _remove(folder: Path) -> None:
    """Remove a cgroup; the kernel may need a moment to see that its processes are gone."""
    for _ in range(50):
        with contextlib.suppress(OSError):
            folder.rmdir()
            return
        if not folder.exists():
            return
        time.sleep(0.01)


@cache
def _parent(pid: int) -> Path | None:
    """Return a folder where a process may make memory cgroups, tidied of what killed ones left."""
    for folder in _folders():
        probe = folder / f"{_PREFIX}{pid}-probe"
        try:
            probe.mkdir()
        except OSError:
            continue
        counts = any((probe / name).exists() for name in ("memory.max", "memory.limit_in_bytes"))
        _remove(probe)
        if counts:
            _tidy(folder)
            return folder
    return None


def _folders() -> Iterator[Path]:
    """Find the folder of this process's own memory cgroup, and the one above it.

    Version 2 counts only in folders that hold no processes themselves, so there it is often the one
    above.
    """
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return
    for line in groups:
        _, controllers, path = line.split(":", 2)
        for mount in mounts:
            head, _, tail = mount.partition(" - ")
            root, point = head.split()[3:5]
            kind, _, options = tail.split(maxsplit=2)
            counts = "memory" in controllers.split(",") and "memory" in options.split(",")
            if not ((kind == "cgroup2" and not controllers) or (kind == "cgroup" and counts)):
                continue
            inside = os.path.relpath(path, root)
            if not inside.startswith(".."):
                yield Path(point) / inside
                if kind == "cgroup2" and inside != ".":
                    yield (Path(point) / inside).parent


def _tidy(folder: Path) -> None:
    for left in folder.glob(f"{_PREFIX}*"):
        found = re.fullmatch(rf"{_PREFIX}(\d+)-\w+", left.name)
        if found and not Path("/proc", found[1]).exists():
            with contextlib.suppress(OSError):  # which is when it is in use after all
                left.rmdir()
