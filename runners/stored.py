"""Finished runs as they were stored: read, and held to the hashes that were written with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.errors import IsoglossError
from isogloss.provenance import read_json, sha256_file
from isogloss.records import conform

_NEEDED = ("system", "suite", "predictions_sha256", "records_sha256")


@dataclass(frozen=True)
class StoredRun:
    """A finished run.

    Attributes:
        folder: Its folder.
        facts: Its ``run.json``.
        predictions: The system's answers, with the columns of `runners.generate.PREDICTIONS` (an
            older run has no ``sample``).
        records: The records that it was asked, in `isogloss.records.SCHEMA`.
    """

    folder: Path
    facts: dict[str, Any]
    predictions: pl.DataFrame
    records: pl.DataFrame

    @property
    def name(self) -> str:
        """The system's name, as its maker gave it."""
        return str(self.facts["system"])

    @property
    def suite(self) -> str:
        """The hash of the suite."""
        return str(self.facts["suite"]["sha256"])

    @property
    def options(self) -> dict[str, Any]:
        """The suite's options of metrics."""
        return dict(self.facts["suite"].get("metrics") or {})


def read_run(folder: Path) -> StoredRun:
    """Read a finished run.

    Raises:
        IsoglossError: The run is unfinished or broken, or its predictions or records are not those
            that ``run.json`` was written for.
    """
    facts = read_facts(folder)
    records = folder / "records.parquet"
    _check_hash(records, facts["records_sha256"])
    paths = [folder / "predictions" / name for name in sorted(facts["predictions_sha256"])]
    for path in paths:
        _check_hash(path, facts["predictions_sha256"][path.name])
    return StoredRun(
        folder,
        facts,
        pl.concat([read_parquet(path) for path in paths]),
        conform(read_parquet(records), where=str(records)),
    )


def read_facts(folder: Path) -> dict[str, Any]:
    """Read a run's ``run.json``.

    Raises:
        IsoglossError: There is none, or it lacks what every run has.
    """
    path = folder / "run.json"
    if not path.is_file():
        raise IsoglossError(
            "is not a finished run (no run.json)",
            where=folder,
            remedy="Run score again: it goes on where it stopped",
        )
    facts = read_json(path)
    missing = [name for name in _NEEDED if not isinstance(facts, dict) or name not in facts]
    if missing:
        raise IsoglossError(f"lacks {', '.join(missing)}", where=path)
    suite, hashes = facts["suite"], facts["predictions_sha256"]
    if not isinstance(suite, dict) or "sha256" not in suite:
        raise IsoglossError("its suite has no sha256", where=path)
    if (
        not isinstance(hashes, dict)
        or not hashes
        or any(Path(name).name != name for name in hashes)
    ):
        raise IsoglossError("its predictions_sha256 names no files", where=path)
    return dict(facts)


def system_of(folder: Path) -> str:
    """Return the name of the system whose answers a run holds.

    Raises:
        IsoglossError: The run is unfinished or broken.
    """
    return str(read_facts(folder)["system"])


def _check_hash(path: Path, digest: Any) -> None:
    if not path.is_file():
        raise IsoglossError("there is no such file", where=path, remedy="Score the system again")
    if sha256_file(path) != digest:
        raise IsoglossError(
            "is not the file that run.json was written for",
            where=path,
            remedy="Score the system again into another folder; what was changed by hand is not scored",
        )


def read_parquet(path: Path) -> pl.DataFrame:
    """Read a Parquet file of a run.

    Raises:
        IsoglossError: It is not one.
    """
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise IsoglossError(
            f"is not a Parquet file that can be read ({error})", where=path
        ) from error
