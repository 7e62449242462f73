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
from benchmarks.scores.means import Found
from isogloss.console import printable, progress, warn
from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.names import slug
from isogloss.runs import FACTS, StoredRun, read_facts, read_run, read_scores

Array = npt.NDArray[np.float64]

# Scores are kept to the last digit, but another machine's sums may differ in it.
_SAME = 1e-6


@dataclass(frozen=True)
class Run:
    """A run as pages need it.

    Attributes:
        name: The system's name, as pages show it (see `isogloss.console.printable`).
        slug: The name as its maker gave it, safe in paths.
        facts: The run's ``run.json``; its texts are printable, too.
        answers: The suite's records in order, with ``prompt``, ``prediction`` and ``stop_reason``.
        scores: The scores, with the columns of `benchmarks.scores.score.SCORES`.
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
        for folder, _ in headers:
            found.append(_read(folder, resamples, seed))
            bar.advance()
    return found


def _header(folder: Path) -> dict[str, Any]:
    facts = read_facts(folder)
    for name, holder in (("kind", facts), ("name", facts["suite"])):
        if not holder.get(name):
            raise IsoglossError(f"lacks its {name}", where=folder / FACTS)
    return facts


def _same_suite(headers: Sequence[tuple[Path, dict[str, Any]]]) -> None:
    first, suite = headers[0][0], headers[0][1]["suite"]
    for folder, facts in headers[1:]:
        if facts["suite"]["sha256"] != suite["sha256"]:
            raise IsoglossError(
                f"answers another suite ({facts['suite']['name']}) than {first} ({suite['name']})",
                where=folder,
                remedy="Publish runs of one suite; score them again if the suite has changed",
            )


def _different_names(headers: Sequence[tuple[Path, dict[str, Any]]]) -> None:
    seen: dict[str, Path] = {}
    for folder, facts in headers:
        name = str(facts["system"])
        # Two names are one where their pages would be, or where they would look the same.
        for key in (slug(name), printable(name).strip()):
            if seen.setdefault(key, folder) != folder:
                raise IsoglossError(
                    f"{seen[key]} is named {name!r} too",
                    where=folder,
                    remedy="Score one of them again under another --name",
                )


def _read(folder: Path, resamples: int, seed: int) -> Run:
    run = read_run(folder)
    _check_languages(run)
    if benchmarks.suite_hash(run.records, run.options) != run.suite:
        raise IsoglossError(
            "its records are not those of the suite that run.json names",
            where=folder,
            remedy="Score the system again",
        )
    scores = benchmarks.score(
        run.predictions,
        run.records,
        metrics=_metrics(run.facts),
        options=run.options,
        resamples=resamples,
        seed=seed,
    )
    _agrees(scores, run)
    # Pages show one answer to a record, the first that was drawn.
    first = run.predictions
    if "sample" in first:
        first = first.filter(pl.col("sample") == pl.col("sample").min().over("id"))
    answers = run.records.join(
        first.select("id", "prompt", "prediction", "stop_reason"),
        on="id",
        how="left",
        maintain_order="left",
    )
    draws = benchmarks.main_draws(
        run.predictions, run.records, resamples=resamples, seed=seed, options=run.options
    )
    facts = _printable(run.facts)
    return Run(str(facts["system"]), slug(run.name), facts, answers, scores, draws)


def _printable(value: Any) -> Any:
    """Return what JSON holds with every text made printable: it is from outside, and is shown."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_printable(one) for one in value]
    if isinstance(value, dict):
        return {printable(name): _printable(one) for name, one in value.items()}
    return value


def _check_languages(run: StoredRun) -> None:
    """Refuse records of tasks and languages that there are not: there are pages for each."""
    path = run.folder / "records.parquet"
    strange = set(run.records["task"].unique()) - set(benchmarks.list_tasks())
    if strange:
        raise IsoglossError(f"there is no task {min(strange)[:60]!r}", where=path)
    for name in ("language", "source_language", "instruction_language"):
        for tag in run.records[name].drop_nulls().unique().sort():
            canonical(tag, where=str(path))


def _metrics(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the metrics that a run was scored with, and those that it is ranked by."""
    named = facts.get("metrics") or ()
    mains = (task.main for task in benchmarks.list_tasks().values())
    return tuple(dict.fromkeys((*named, *mains))) if named else ()


def _agrees(scores: pl.DataFrame, run: StoredRun) -> None:
    """Warn where the run's own scores are broken, or others than those computed now."""
    if not run.scored:
        return
    try:
        before = read_scores(run.folder, run.facts)
    except IsoglossError as error:
        warn(f"{error.where}: {error.problem}; the scores computed now are published")
        return
    keys = ["task", "language", "source_language", "metric"]
    both = scores.join(before.select(*keys, before="score"), on=keys, how="inner", nulls_equal=True)
    apart = both.filter(
        (pl.col("score").fill_nan(None) - pl.col("before").fill_nan(None)).abs() > _SAME
    )
    if apart.height:
        first = apart.row(0, named=True)
        warn(
            f"{run.folder}: {apart.height} of {both.height} scores differ from those computed now "
            f"({first['task']} {first['language']} {first['metric']}: "
            f"{first['before']:.2f} before, {first['score']:.2f} now); the scores computed now are "
            "published"
        )
