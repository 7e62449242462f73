"""A finished corpus, opened: its manifest, checked, and the files that it lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from builders.corpus import FORMAT
from isogloss.errors import IsoglossError
from isogloss.provenance import read_json
from isogloss.settings import validate

#: The name of the manifest in a corpus folder.
MANIFEST = "manifest.json"

_DATA = re.compile(
    r"data/(?P<language>[^/]+)/(?P<task>[^/]+)-(?P<split>train|validation|test)-\d+\.parquet"
)


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
class Finished:
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

    def path(self, file: ListedFile) -> Path:
        """Return where a file lies.

        Raises:
            IsoglossError: It is missing, or its size is not the one listed.
        """
        path = self.folder / file.name
        if not path.is_file() or path.stat().st_size != file.bytes:
            raise not_as_listed(path)
        return path


def open_finished(folder: Path | str) -> Finished:
    """Open a finished corpus.

    Args:
        folder: The corpus folder.

    Raises:
        IsoglossError: It is no finished corpus, or its manifest cannot be understood.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise IsoglossError(
            f"is not a finished corpus (no {MANIFEST})",
            where=folder,
            remedy="Build it: isogloss build RECIPE --out FOLDER",
        )
    manifest = read_json(path)
    files = tuple(_listed(manifest, path))
    return Finished(folder, manifest, files, tuple(f for f in files if isinstance(f, DataFile)))


def listed_names(manifest: Any, where: str) -> frozenset[str]:
    """Return the names of the files that a manifest lists.

    Raises:
        IsoglossError: It is not the manifest of a corpus.
    """
    return frozenset(file.name for file in _listed(manifest, Path(where)))


def _listed(manifest: Any, path: Path) -> Iterator[ListedFile]:
    checked = validate(_Manifest, manifest, where=str(path))
    if checked.format > FORMAT:
        raise IsoglossError(
            f"is of format {checked.format}, and this isogloss knows {FORMAT}",
            where=path,
            remedy="Use a newer isogloss",
        )
    for name, entry in sorted(checked.files.items()):
        # A manifest from outside must not name files outside of its folder.
        if name != PurePosixPath(name).as_posix() or name.startswith("/") or ".." in name:
            raise IsoglossError(f"lists the file {name!r}, which is no name in it", where=path)
        match = _DATA.fullmatch(name)
        if match is None:
            yield ListedFile(name, entry.sha256, entry.bytes)
        elif entry.rows is None:
            raise IsoglossError(f"does not say how many rows {name!r} has", where=path)
        else:
            yield DataFile(name, entry.sha256, entry.bytes, **match.groupdict(), rows=entry.rows)


def not_as_listed(path: Path) -> IsoglossError:
    """Return the error for a file that is not the one that the manifest lists."""
    return IsoglossError(
        f"is not the file that {MANIFEST} lists",
        where=path,
        remedy="Build the corpus again: isogloss build RECIPE --out FOLDER --force",
    )
