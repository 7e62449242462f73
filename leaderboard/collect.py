"""Taking runs in: each is checked, and scored again from its predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

import benchmarks
from benchmarks.means import Found
from isogloss.console import progress, warn
from isogloss.errors import IsoglossError
from isogloss.names import slug
from isogloss.provenance import read_json, sha256_file
from isogloss.records import conform

Array = npt.NDArray[np.float64]

# Scores are kept to the last digit, but another machine's sums may differ in it.
_SAME = 1e-6


@dataclass(frozen=True)
class Run:
    """A run as pages need it.

    Attributes:
        name: The system's name, as its maker gave it.
        slug: The same, safe in paths.
        facts: The run's ``run.json``.
        answers: The suite's records in order, with ``prompt``, ``prediction`` and ``stop_reason``.
        scores: The scores, with the columns of `benchmarks.scoring.SCORES`.
        draws: The main metric with its score in every resample; see `benchmarks.main_draws`.
    """

    name: str
    slug: str
    facts: dict[str, Any]
    answers: pl.DataFrame
    scores: pl.DataFrame
    draws: dict[tuple[str, str | None], Found]

    @cached_property
    def cells(self) -> dict[tuple[str, str, str | None, str | None], dict[str, Any]]:
        """The rows of ``scores`` by task, metric, language and source language."""
        return {
            (row["task"], row["metric"], row["language"], row["source_language"]): row
            for row in self.scores.iter_rows(named=True)
        }


def collect(runs: Sequence[Path], *, resamples: int, seed: int) -> list[Run]:
    """Read runs of one suite and score them.

    Args:
        runs: Run folders.
        resamples: Bootstrap resamples of each interval.
        seed: The bootstrap's seed: one for all, so that systems can be compared in pairs.

    Returns:
        The runs in the order given.

    Raises:
        IsoglossError: There is none; one is unfinished, broken or was changed after it was made;
            two have one name, or answer different suites.
    """
    if not runs:
        raise IsoglossError("no run is given", remedy="Name the run folders to publish")
    headers = [(folder, _header(folder)) for folder in runs]
    _same_suite(headers)
    _different_names(headers)
    found = []
    with progress("scoring again", len(runs)) as bar:
        for folder, facts in headers:
            found.append(_read(folder, facts, resamples, seed))
            bar.advance()
    return found


def _header(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    if not path.is_file():
        raise IsoglossError(
            "is not a finished run (no run.json)",
            where=folder,
            remedy="Run score again: it goes on where it stopped",
        )
    facts = read_json(path)
    needed = {"system", "kind", "suite", "predictions_sha256", "records_sha256"}
    missing = needed - set(facts) if isinstance(facts, dict) else needed
    if missing:
        raise IsoglossError(f"lacks {', '.join(sorted(missing))}", where=path)
    return dict(facts)


def _same_suite(headers: Sequence[tuple[Path, dict[str, Any]]]) -> None:
    first, told = headers[0]
    for folder, facts in headers[1:]:
        if facts["suite"]["sha256"] != told["suite"]["sha256"]:
            raise IsoglossError(
                f"answers another suite ({facts['suite']['name']}) than {first} "
                f"({told['suite']['name']})",
                where=folder,
                remedy="Publish runs of one suite; score them again if the suite has changed",
            )


def _different_names(headers: Sequence[tuple[Path, dict[str, Any]]]) -> None:
    seen: dict[str, Path] = {}
    for folder, facts in headers:
        name = str(facts["system"])
        if slug(name) in seen:
            raise IsoglossError(
                f"{seen[slug(name)]} is named {name!r} too",
                where=folder,
                remedy="Score one of them again under another --name",
            )
        seen[slug(name)] = folder


def _read(folder: Path, facts: dict[str, Any], resamples: int, seed: int) -> Run:
    records_path = folder / "records.parquet"
    _unchanged(records_path, facts["records_sha256"])
    records = conform(_table(records_path), where=str(records_path))
    options = facts["suite"].get("metrics") or {}
    if benchmarks.suite_hash(records, options) != facts["suite"]["sha256"]:
        raise IsoglossError(
            "its records are not those of the suite that run.json names",
            where=folder,
            remedy="Score the system again",
        )
    paths = [folder / "predictions" / name for name in sorted(facts["predictions_sha256"])]
    for path in paths:
        _unchanged(path, facts["predictions_sha256"][path.name])
    predictions = pl.concat([_table(path) for path in paths])
    scores = benchmarks.score(
        predictions,
        records,
        metrics=_metrics(facts),
        options=options,
        resamples=resamples,
        seed=seed,
    )
    _agrees(scores, folder)
    # Pages show one answer to a record, the first that was drawn.
    first = predictions.filter(pl.col("sample") == 0) if "sample" in predictions else predictions
    answers = records.join(
        first.select("id", "prompt", "prediction", "stop_reason"),
        on="id",
        how="left",
        maintain_order="left",
    )
    name = str(facts["system"])
    draws = benchmarks.main_draws(
        predictions, records, resamples=resamples, seed=seed, options=options
    )
    return Run(name, slug(name), facts, answers, scores, draws)


def _metrics(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the metrics that a run was scored with, and those that it is ranked by."""
    asked = facts.get("metrics") or ()
    mains = (task.main for task in benchmarks.list_tasks().values())
    return tuple(dict.fromkeys((*asked, *mains))) if asked else ()


def _unchanged(path: Path, digest: str) -> None:
    if not path.is_file():
        raise IsoglossError("there is no such file", where=path, remedy="Score the system again")
    if sha256_file(path) != digest:
        raise IsoglossError(
            "is not the file that run.json was written for",
            where=path,
            remedy="Score the system again; results that were changed by hand are not published",
        )


def _table(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise IsoglossError(
            f"is not a Parquet file that can be read ({error})", where=path
        ) from error


def _agrees(scores: pl.DataFrame, folder: Path) -> None:
    """Warn where the run's own scores are others than those computed now."""
    path = folder / "scores.parquet"
    if not path.is_file():
        return
    keys = ["task", "language", "source_language", "metric"]
    told = _table(path)
    if not {*keys, "score"} <= set(told.columns):
        warn(f"{path}: lacks columns; the scores computed now are published")
        return
    both = scores.join(told, on=keys, how="inner", nulls_equal=True, suffix="_told")
    apart = both.filter(
        (pl.col("score").fill_nan(None) - pl.col("score_told").fill_nan(None)).abs() > _SAME
    )
    if apart.height:
        first = apart.row(0, named=True)
        warn(
            f"{path}: {apart.height} of {both.height} scores differ from those computed now "
            f"({first['task']} {first['language']} {first['metric']}: {first['score_told']:.2f} "
            f"told, {first['score']:.2f} now); the scores computed now are published"
        )
