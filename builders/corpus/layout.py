"""The files of a corpus folder, and whether a folder is one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl

from builders.rows.ledger import REJECTED_COLUMNS
from isogloss import locks
from isogloss.corpora import FORMAT, MANIFEST, read_manifest
from isogloss.errors import IsoglossError
from isogloss.files import is_partial, read_json, sha256_file, write_json, writing

__all__ = [
    "FORMAT",
    "REJECTED_COLUMNS",
    "WORK",
    "alone",
    "begin",
    "check_target",
    "clear",
    "end",
    "stem",
    "write_parquet",
]


#: The folder of an unfinished build, within the corpus folder.
WORK = ".work"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
# What stands in the folder of an unfinished build from its first moment on.
_MARK = {"isogloss": "unfinished corpus", "format": FORMAT}
_MARK_NAME = "unfinished.json"

_FOLDERS = ("data", "rejected", "scores")
_TOLD = ("README.md", "report.html", "thresholds.parquet")
_NAMES = {*_FOLDERS, *_TOLD, MANIFEST}
# The files below the folder, and what a killed build may have left of them.
_FILES = re.compile(r"(?:data/[^/]+|rejected|scores)/\.?[^/]+-\d{5}\.parquet(?:\.\d+\.partial)?")


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold a corpus folder alone, for all of a command that writes it.

    Raises:
        IsoglossError: Another process holds it, or it is not ours to write: see `check_target`.
    """
    if out.exists() and not out.is_dir():
        raise IsoglossError("is a file, not a folder", where=out, remedy="Choose another --out")
    with locks.held(out):
        check_target(out)
        if _is_ours(out):
            _clear_partial(out)
        yield


def _clear_partial(out: Path) -> None:
    """Remove files that killed builds were writing: whoever holds the folder writes none yet."""
    beside = (path for name in (*_TOLD, MANIFEST) for path in out.glob(f".{name}.*"))
    below = (path for name in (*_FOLDERS, WORK) for path in (out / name).rglob(".*"))
    for path in filter(is_partial, (*beside, *below)):
        with suppress(OSError):
            path.unlink()


def check_target(out: Path) -> None:
    """Check that a build may write to a folder: it is new, empty but for hidden files, or ours.

    Ours is one with the manifest of a corpus, or one where a build was stopped; and nothing else
    may be in it, for `clear` deletes what earlier builds left.

    Raises:
        IsoglossError: It is none of these. Nothing was changed.
    """
    visible = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    others = [name for name in visible if name not in _NAMES]
    if visible and not _is_ours(out):
        others = others or visible
    others = others or _others_below(out)
    if others:
        raise IsoglossError(
            f"holds other things than a corpus ({others[0]})",
            where=out,
            remedy="Take them out, or choose an empty or new folder for --out",
        )


def _is_ours(out: Path) -> bool:
    manifest = _table(out / MANIFEST)
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
    listed = None
    with suppress(IsoglossError):  # a build that goes on has no manifest, and a broken one no list
        listed = {file.name for file in read_manifest(out)[1]}
    return sorted(
        path.relative_to(out).as_posix()
        for name in _FOLDERS
        for path in (out / name).rglob("*")
        if not path.is_dir() and not _is_named_by_us(path, out, listed)
    )


def _is_named_by_us(path: Path, out: Path, listed: set[str] | None) -> bool:
    name = path.relative_to(out).as_posix()
    ours = _FILES.fullmatch(name) is not None
    return ours and (listed is None or name in listed or is_partial(path))


def stem(index: int, source: str) -> str:
    """Return what files of a source are named by: its number in the recipe, and its name made safe."""
    return f"{index:03d}-{_UNSAFE.sub('-', source)[:60]}"


def begin(out: Path) -> None:
    """Mark a folder as a corpus that is being built, before anything else is written there."""
    write_json(out / WORK / _MARK_NAME, _MARK)


def end(out: Path) -> None:
    """Take away what only an unfinished corpus needs."""
    shutil.rmtree(out / WORK, ignore_errors=True)


def clear(out: Path) -> None:
    """Take away what an earlier build left.

    The manifest goes first: from here until the new one is written, the folder is unfinished.
    """
    for name in (MANIFEST, *_TOLD):
        (out / name).unlink(missing_ok=True)
    for name in _FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)


def write_parquet(rows: pl.DataFrame, path: Path) -> dict[str, Any]:
    """Write a file of the corpus folder, and return its entry for the manifest."""
    with writing(path) as partial:
        # gzip ends every page with a CRC-32, and so every reader finds a changed byte; zstd as it
        # is written in Parquet has none. Writing takes three times as long, reading no longer.
        rows.write_parquet(partial, compression="gzip", statistics=True)
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size, "rows": rows.height}
