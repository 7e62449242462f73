"""The files of a corpus folder, and whether a folder is one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from isogloss.errors import IsoglossError
from isogloss.provenance import read_json, write_json

#: Columns of a dropped row: the example as it was, its source, the step and the reason.
REJECTED_COLUMNS = (
    "task",
    "language",
    "source_language",
    "instruction",
    "context",
    "input",
    "output",
    "references",
    "tests",
    "source",
    "source_id",
    "licence",
    "group",
    "split",
    "tags",
    "filter",
    "reason",
)

#: The number of this layout, in the manifest.
FORMAT = 1

#: The folder of an unfinished build, within the corpus folder.
WORK = ".work"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
# What stands in the folder of an unfinished build from its first moment on.
_MARK = {"isogloss": "unfinished corpus", "format": FORMAT}
_MARK_NAME = "unfinished.json"
_LOCK_NAME = "lock"
_locks: dict[Path, Any] = {}

_FOLDERS = ("data", "rejected", "scores")
_TOLD = ("README.md", "report.html", "thresholds.parquet")
_NAMES = {*_FOLDERS, *_TOLD, "manifest.json"}
# The files below the folder, and what a killed build may have left of them.
_FILES = re.compile(r"(?:data/[^/]+|rejected|scores)/\.?[^/]+-\d{5}\.parquet(?:\.\d+\.partial)?")


def check_target(out: Path) -> None:
    """Check that a build may write to a folder: it is new, empty but for hidden files, or ours.

    Ours is one with the manifest of a corpus, or one where a build was stopped; and nothing else
    may be in it, for `clear` deletes what earlier builds left.

    Raises:
        IsoglossError: It is none of these. Nothing was changed.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise IsoglossError("is a file, not a folder", where=out, remedy="Choose another --out")
    visible = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    others = [name for name in visible if name not in _NAMES]
    if visible and not _is_ours(out):
        others = others or visible
    others = others or _others_below(out)
    if others:
        raise IsoglossError(
            f"holds other things than a corpus ({others[0]})",
            where=out,
            remedy="Choose an empty or new folder for --out",
        )


def _is_ours(out: Path) -> bool:
    manifest = _table(out / "manifest.json")
    finished = "format" in manifest and "inputs_sha256" in manifest
    return finished or _table(out / WORK / _MARK_NAME) == _MARK


def _table(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        read = read_json(path)
    except IsoglossError:  # not JSON, so nothing that we have written
        return {}
    return read if isinstance(read, dict) else {}


def _others_below(out: Path) -> list[str]:
    files = (
        path.relative_to(out).as_posix()
        for name in _FOLDERS
        for path in (out / name).rglob("*")
        if not path.is_dir()
    )
    return sorted(name for name in files if not _FILES.fullmatch(name))


def stem(index: int, source: str) -> str:
    """Return what files of a source are named by: its number in the recipe, and its name made safe."""
    return f"{index:03d}-{_UNSAFE.sub('-', source)[:60]}"


def begin(out: Path) -> None:
    """Mark a folder as a corpus that is being built, before anything else is written there.

    Raises:
        IsoglossError: Another process is building it.
    """
    from filelock import FileLock, Timeout

    write_json(out / WORK / _MARK_NAME, _MARK)
    # What this process began and did not end, because it failed, it may begin again.
    lock = _locks.setdefault(out.resolve(), FileLock(out / WORK / _LOCK_NAME))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise IsoglossError(
            "another process is building it", where=out, remedy="Wait for it, or name another --out"
        ) from error


def end(out: Path) -> None:
    """Take away what only an unfinished corpus needs."""
    shutil.rmtree(out / WORK, ignore_errors=True)
    lock = _locks.pop(out.resolve(), None)
    if lock is not None:
        lock.release(force=True)


def clear(out: Path) -> None:
    """Take away what an earlier build left.

    The manifest goes first: from here until the new one is written, the folder is unfinished.
    """
    for name in ("manifest.json", *_TOLD):
        (out / name).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
