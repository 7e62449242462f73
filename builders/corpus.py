"""The files of a corpus folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.provenance import sha256_file, writing

#: Columns of a dropped row: the example as it was, its source, the step and the reason.
REJECTED_COLUMNS = (
    "task",
    "language",
    "source_language",
    "context",
    "input",
    "output",
    "references",
    "source",
    "source_id",
    "licence",
    "group",
    "tags",
    "filter",
    "reason",
)

_ROWS_PER_FILE = 100_000


def write(
    records: pl.DataFrame, rejected: Sequence[pl.DataFrame], out: Path
) -> dict[str, dict[str, Any]]:
    """Write ``data/`` and ``rejected/``, replacing what an earlier build left there.

    The manifest goes first: from here until the new one is written, the folder is unfinished.

    Returns:
        For each file, by its path in the folder: ``sha256``, ``bytes`` and ``rows``.
    """
    (out / "manifest.json").unlink(missing_ok=True)
    for name in ("data", "rejected"):
        shutil.rmtree(out / name, ignore_errors=True)
    files: dict[str, dict[str, Any]] = {}
    cells = records.partition_by("language", "task", "split", maintain_order=True)
    for cell in cells:
        language, task, split = cell.select("language", "task", "split").row(0)
        for number, rows in enumerate(cell.iter_slices(_ROWS_PER_FILE)):
            name = f"data/{language}/{task}-{split}-{number:05d}.parquet"
            files[name] = _write(rows, out / name)
    dropped = pl.concat(rejected) if rejected else pl.DataFrame()
    for (step,), rows in dropped.sort("filter", "row").group_by("filter", maintain_order=True):
        name = f"rejected/{step}-00000.parquet"
        files[name] = _write(rows.select(REJECTED_COLUMNS), out / name)
    return files


def _write(rows: pl.DataFrame, path: Path) -> dict[str, Any]:
    with writing(path) as partial:
        rows.write_parquet(partial, compression="zstd", statistics=True)
    return {"sha256": sha256_file(path), "bytes": path.stat().st_size, "rows": rows.height}
