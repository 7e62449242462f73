"""From the rows that are left to the files of the corpus: templates, ids, a file for each hundred thousand.

A cell (language, task, split) that needs several files is cut by the beginning of the records' ids,
which are hashes: files are about as long as each other, and the order in all is that of the ids,
whatever the order in which rows came. So the cells are neither held nor sorted as a whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from builders.corpus.layout import write_parquet
from builders.rows.spool import spooled
from isogloss.files import disk_errors

#: Records of a file at most, about, and bytes of text.
ROWS_PER_FILE = 100_000
BYTES_PER_FILE = 256 << 20

_CELL = ("language", "task", "split")
_BUCKET = "_bucket"
_DIGITS = 8

Cell = tuple[str, str, str]


@dataclass
class Sorter:
    """Takes records in any order and gives them by cell and id, with bounded memory.

    Attributes:
        folder: A new folder for what waits.
        counts: How many records each cell will have, and about how many bytes of text.
        buffer: The most bytes of records that wait in memory.
    """

    folder: Path
    counts: Mapping[Cell, tuple[int, int]]
    buffer: int = 256 << 20
    _waiting: list[pl.DataFrame] = field(default_factory=list)
    _size: int = 0

    def __post_init__(self) -> None:
        # Records are added to files, and a killed build may have left some there.
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, records: pl.DataFrame) -> None:
        """Take records."""
        self._waiting.append(records)
        self._size += int(records.estimated_size())
        if self._size > self.buffer:
            self._flush()

    def files(self) -> Iterator[tuple[Cell, int, pl.DataFrame]]:
        """Yield each file's cell, its number within the cell, and its records, in order."""
        self._flush()
        for cell in sorted(self.counts):
            buckets = (self._read(cell, bucket) for bucket in range(self._files(cell)))
            for number, frame in enumerate(frame for frame in buckets if frame is not None):
                yield cell, number, frame

    def _files(self, cell: Cell) -> int:
        rows, size = self.counts[cell]
        return max(1, -(-rows // ROWS_PER_FILE), -(-size // BYTES_PER_FILE))

    def _flush(self) -> None:
        if not self._waiting:
            return
        files = pl.DataFrame(
            [(*cell, self._files(cell)) for cell in self.counts],
            schema=[*_CELL, _BUCKET],
            orient="row",
        )
        head = pl.col("id").str.slice(0, _DIGITS).str.to_integer(base=16, dtype=pl.UInt64)
        bucketed = (
            pl.concat(self._waiting)
            .join(files, on=list(_CELL), how="left", maintain_order="left")
            .with_columns(((head * pl.col(_BUCKET)) // (16**_DIGITS)).alias(_BUCKET))
        )
        self._waiting, self._size = [], 0
        parts = bucketed.partition_by(*_CELL, _BUCKET, as_dict=True, include_key=True)
        for key, part in parts.items():
            path = self._path((str(key[0]), str(key[1]), str(key[2])), int(str(key[3])))
            path.parent.mkdir(parents=True, exist_ok=True)
            with disk_errors(path), path.open("ab") as file:
                # Views in lists would take with them all that they are views of.
                part.drop(_BUCKET).write_ipc_stream(
                    file, compression="uncompressed", compat_level=pl.CompatLevel.oldest()
                )

    def _path(self, cell: Cell, bucket: int) -> Path:
        return self.folder.joinpath(*cell) / f"{bucket:06d}.arrows"

    def _read(self, cell: Cell, bucket: int) -> pl.DataFrame | None:
        path = self._path(cell, bucket)
        if not path.exists():
            return None
        tables = []
        with pa.OSFile(str(path)) as file:
            while file.tell() < file.size():
                tables.append(pa.ipc.open_stream(file).read_all())
        frame = pl.concat([pl.DataFrame(pl.from_arrow(table)) for table in tables])
        path.unlink()
        return frame.sort("id", "source", "source_id", "template")


def write_records(sorter: Sorter, out: Path) -> dict[str, dict[str, Any]]:
    """Write ``data/``.

    Returns:
        For each file, by its path in the folder: ``sha256``, ``bytes`` and ``rows``.
    """
    files: dict[str, dict[str, Any]] = {}
    for (language, task, split), number, frame in sorter.files():
        name = f"data/{language}/{task}-{split}-{number:05d}.parquet"
        files[name] = write_parquet(frame, out / name)
    shutil.rmtree(sorter.folder, ignore_errors=True)
    return files


def write_rejected(spooled: Mapping[str, Iterable[Path]], out: Path) -> dict[str, dict[str, Any]]:
    """Write ``rejected/``: the dropped rows of each step, in order.

    Args:
        spooled: The files of dropped rows, by step.
        out: The corpus folder.

    Returns:
        As `write_records`.
    """
    files: dict[str, dict[str, Any]] = {}
    for step in sorted(spooled):
        for number, frame in enumerate(_by_rows(spooled[step])):
            name = f"rejected/{step}-{number:05d}.parquet"
            files[name] = write_parquet(frame, out / name)
    return files


def _by_rows(paths: Iterable[Path]) -> Iterator[pl.DataFrame]:
    waiting: list[pl.DataFrame] = []
    rows = size = 0
    for path in paths:
        frame = spooled(path)
        while rows + frame.height >= ROWS_PER_FILE:
            head = frame.head(ROWS_PER_FILE - rows)
            yield pl.concat([*waiting, head])
            frame, waiting, rows, size = frame.slice(head.height), [], 0, 0
        if frame.height:
            waiting.append(frame)
            rows += frame.height
            size += int(frame.estimated_size())
        if size > BYTES_PER_FILE:
            yield pl.concat(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pl.concat(waiting)
