"""A corpus folder, read: what its manifest lists, as its manifest lists it, and nothing else.

Builders write one: ``data/LANGUAGE/TASK-SPLIT-NUMBER.parquet`` and more beside it, and last of all
``manifest.json``, which names every file with its SHA-256. Whoever reads a file gets the very bytes
that were hashed: they are read once and parsed from memory, so that nothing can come between.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from isogloss.environment import processors
from isogloss.errors import IsoglossError, remedied
from isogloss.files import check_seal, read_json, sealed, sha256_json, write_json
from isogloss.records import conform
from isogloss.settings import validate

#: The number of this layout, in the manifest.
FORMAT = 1

#: The name of the manifest in a corpus folder.
MANIFEST = "manifest.json"

#: The key under which a manifest has its own SHA-256; those of earlier versions have none.
OWN_HASH = "manifest_sha256"

_DATA = re.compile(
    r"data/(?P<language>[^/]+)/(?P<task>[^/]+)-(?P<split>train|validation|test)-\d+\.parquet"
)
_BLOCK = 1 << 20
_REMEDY = "Get it back, or build the corpus again: isogloss build RECIPE --out FOLDER"


class _Entry(BaseModel):
    # What later versions add to a manifest is no error for those who do not use it.
    model_config = ConfigDict(extra="allow")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=0)]
    rows: int | None = None


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="allow")
    format: int
    inputs_sha256: str
    files: dict[str, _Entry]


@dataclass(frozen=True)
class ListedFile:
    """A file as the manifest lists it.

    Attributes:
        name: Its path in the folder, with slashes.
        sha256: Of its bytes, as hex.
        bytes: Its size.
    """

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class DataFile(ListedFile):
    """A file of records: one language, task and split."""

    language: str
    task: str
    split: str
    rows: int


@dataclass(frozen=True)
class Corpus:
    """A finished corpus.

    Attributes:
        folder: The corpus folder.
        manifest: Its manifest as read.
        files: All files that it lists, by name.
        data: Those that hold records, by name.
    """

    folder: Path
    manifest: dict[str, Any]
    files: tuple[ListedFile, ...]
    data: tuple[DataFile, ...]

    @property
    def name(self) -> str:
        """Its name; the folder's where it has none."""
        return str(self.manifest.get("name", self.folder.name))

    @property
    def sha256(self) -> str:
        """The hash of all its files' hashes."""
        return sha256_json(self.manifest["files"])

    def path(self, file: ListedFile) -> Path:
        """Return where a file lies, for those who check what they read of it themselves.

        Raises:
            IsoglossError: It is missing, or its size is not the one listed.
        """
        path = self.folder / file.name
        if not path.is_file():
            raise IsoglossError(
                f"is missing, or is no file, and {MANIFEST} lists it", where=path, remedy=_REMEDY
            )
        if path.stat().st_size != file.bytes:
            raise not_as_listed(path)
        return path

    def check(self, file: ListedFile) -> Path:
        """Read all of a file, compare it with the manifest, and return where it lies.

        Raises:
            IsoglossError: It is missing, or not the file that is listed.
        """
        path = self.path(file)
        digest = hashlib.sha256()
        with path.open("rb") as content:
            while block := content.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() != file.sha256:
            raise not_as_listed(path)
        return path

    def check_all(self, files: Iterable[ListedFile]) -> None:
        """Check several files, some at once.

        Raises:
            IsoglossError: The first that is missing, or not the file that is listed.
        """
        with ThreadPoolExecutor(processors()) as pool:
            for _ in pool.map(self.check, files):
                pass

    def content(self, file: ListedFile) -> bytes:
        """Return the bytes of a file, which are those that are listed.

        Raises:
            IsoglossError: It is missing, or not the file that is listed.
        """
        path = self.path(file)
        with path.open("rb") as opened:
            content = opened.read(file.bytes + 1)  # one that grows meanwhile is not read on and on
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise not_as_listed(path)
        return content

    def frame(self, file: DataFile) -> pl.DataFrame:
        """Return the rows of a file of records with all the columns that it has.

        Raises:
            IsoglossError: It is missing, not the file that is listed, or does not hold as many
                rows as listed.
        """
        path, content = self.folder / file.name, self.content(file)
        try:
            frame = pl.read_parquet(content)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            line = " ".join(str(error).split())[:200]
            raise IsoglossError(
                f"is not a Parquet file that can be read ({line})", where=path, remedy=_REMEDY
            ) from error
        if frame.height != file.rows:
            raise IsoglossError(
                f"holds {frame.height} rows, and {MANIFEST} lists it with {file.rows}",
                where=path,
                remedy=_REMEDY,
            )
        return frame

    def records(self, split: str) -> pl.DataFrame:
        """Return the records of a split in `isogloss.records.SCHEMA`, in the corpus's order.

        Raises:
            IsoglossError: There is no such split, or a file of it is not as listed.
        """
        files = [file for file in self.data if file.split == split]
        if not files:
            raise IsoglossError(
                f"has no {split} split",
                where=self.folder,
                remedy=f"Set split.{split} in its recipe",
            )
        # Reading and hashing are done outside of Python.
        with ThreadPoolExecutor(processors()) as pool:
            return pl.concat(pool.map(partial(_conformed, self), files))


def _conformed(corpus: Corpus, file: DataFile) -> pl.DataFrame:
    return conform(corpus.frame(file), where=str(corpus.folder / file.name))


def is_corpus(folder: Path) -> bool:
    """Tell whether a folder holds a finished corpus, sound or broken."""
    return (folder / MANIFEST).is_file()


def open_corpus(folder: Path | str) -> Corpus:
    """Open a finished corpus.

    Args:
        folder: The corpus folder.

    Raises:
        IsoglossError: It is no finished corpus, its manifest is broken or cannot be understood, or
            a file lies in a folder of its that it does not list.
    """
    folder = Path(folder)
    manifest, files = read_manifest(folder)
    _check_unlisted(folder, {file.name for file in files})
    return Corpus(folder, manifest, files, tuple(f for f in files if isinstance(f, DataFile)))


def read_manifest(folder: Path) -> tuple[dict[str, Any], tuple[ListedFile, ...]]:
    """Return the manifest of a finished corpus, and the files that it lists.

    Raises:
        IsoglossError: There is no such folder; it has none, or it is broken or cannot be
            understood.
    """
    path = folder / MANIFEST
    if not folder.exists():
        raise IsoglossError("there is no such folder", where=folder, remedy="Name a corpus folder")
    if not is_corpus(folder):
        raise IsoglossError(
            f"is not a finished corpus (no {MANIFEST})",
            where=folder,
            remedy="Build it: isogloss build RECIPE --out FOLDER",
        )
    with remedied(_REMEDY):
        manifest = read_json(path)
        return manifest, _listed(manifest, path)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write a corpus's manifest, sealed: from here on the folder is a finished corpus."""
    write_json(folder / MANIFEST, with_own_hash(manifest))


def with_own_hash(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with its own hash, by which a changed one is found."""
    # As it will be read: JSON has no tuples, and no keys but texts.
    return sealed(json.loads(json.dumps(dict(manifest))), seal=OWN_HASH)


def listed_names(manifest: Any, where: str) -> frozenset[str]:
    """Return the names of the files that a manifest lists.

    Raises:
        IsoglossError: It is not the manifest of a corpus.
    """
    return frozenset(file.name for file in _listed(manifest, Path(where)))


def _listed(manifest: Any, path: Path) -> tuple[ListedFile, ...]:
    checked = validate(_Manifest, manifest, where=str(path))
    if checked.format > FORMAT:
        raise IsoglossError(
            f"is of format {checked.format}, and this isogloss knows {FORMAT}",
            where=path,
            remedy="Use a newer isogloss",
        )
    check_seal(manifest, where=path, needed=False, seal=OWN_HASH)
    return tuple(_entries(checked, path))


def _entries(checked: _Manifest, path: Path) -> Iterator[ListedFile]:
    for name, entry in sorted(checked.files.items()):
        # A manifest from outside must not name files outside of its folder.
        plain = name.isprintable() and "\\" not in name and name == PurePosixPath(name).as_posix()
        if not plain or name.startswith("/") or ".." in name:
            raise IsoglossError(f"lists the file {name!r}, which is no name in it", where=path)
        match = _DATA.fullmatch(name)
        if match is None:
            yield ListedFile(name, entry.sha256, entry.bytes)
        elif entry.rows is None:
            raise IsoglossError(f"does not say how many rows {name!r} has", where=path)
        else:
            yield DataFile(name, entry.sha256, entry.bytes, **match.groupdict(), rows=entry.rows)


def _check_unlisted(folder: Path, listed: set[str]) -> None:
    """Refuse what lies unlisted beside what is listed: whoever loads the folder would read it, too.

    The folder itself is the user's as well: notes beside the manifest are nobody's records.
    """
    within = {parent.as_posix() for name in listed for parent in PurePosixPath(name).parents}
    folders = {"data", *(name.split("/")[0] for name in listed if "/" in name)}
    for path in sorted(path for name in folders for path in (folder / name).rglob("*")):
        name = path.relative_to(folder).as_posix()
        # What is hidden is read by nobody: systems and killed processes leave such files.
        if name in listed or name in within or "/." in name:
            continue
        if path.is_symlink() or not path.is_dir():
            raise IsoglossError(
                f"lies in a corpus whose {MANIFEST} does not list it",
                where=path,
                remedy="Take it out of the folder, or build the corpus again",
            )


def not_as_listed(path: Path) -> IsoglossError:
    """Return the error for a file that is not the one that the manifest lists."""
    return IsoglossError(f"is not the file that {MANIFEST} lists", where=path, remedy=_REMEDY)
