"""Finished runs against each other: two in pairs, more in ranks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from isogloss.errors import IsoglossError
from isogloss.runs import StoredRun, read_run
from runners.runs.rescore import Scoring

if TYPE_CHECKING:
    from benchmarks.scores.compare import Test
    from benchmarks.scores.transfer import Transfer


def compare_runs(
    one: Path | str,
    two: Path | str,
    *,
    metrics: Sequence[str] | None = (),
    test: Test = "bootstrap",
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Compare two runs of one suite; see `benchmarks.compare`.

    Args:
        metrics: Only these metrics; every one that needs no asking where empty; the main one of
            each of the suite's tasks where None.

    Raises:
        IsoglossError: A run is unfinished or broken, or was changed after it was made; the two are
            of different suites; a metric is unknown, or measures none of the suite's tasks.
    """
    import benchmarks
    from benchmarks.scores.score import warn_of

    ours, theirs = _read([one, two])
    compared = benchmarks.compare(
        ours.predictions,
        theirs.predictions,
        ours.records,
        metrics=_metrics(ours, metrics),
        options=ours.options,
        test=test,
        resamples=resamples,
        seed=seed,
        level=level,
    )
    warn_of(compared, metrics or ())
    return compared


def rank_runs(
    runs: Sequence[Path | str],
    *,
    metrics: Sequence[str] | None = (),
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Rank runs of one suite in clusters, by their systems' names; see `benchmarks.rank`.

    ``metrics`` are as for `compare_runs`.

    Raises:
        IsoglossError: As for `compare_runs`; two runs have one name.
    """
    import benchmarks
    from benchmarks.scores.score import warn_of

    found = _read(runs)
    systems = _named(found)
    ranked = benchmarks.rank(
        {name: run.predictions for name, run in systems.items()},
        found[0].records,
        metrics=_metrics(found[0], metrics),
        options=found[0].options,
        resamples=resamples,
        seed=seed,
        level=level,
    )
    warn_of(ranked, metrics or ())
    return ranked


def summarize_run(
    run: Path | str, *, metrics: Sequence[str] | None = (), resamples: int = 1000, seed: int = 42
) -> pl.DataFrame:
    """Summarize a run over groups of languages; see `benchmarks.summarize`.

    ``metrics`` are as for `compare_runs`.

    Raises:
        IsoglossError: The run is unfinished or broken; a metric is unknown, or measures none of the
            suite's tasks.
    """
    import benchmarks
    from benchmarks.scores.score import warn_of

    found = read_run(Path(run))
    summary = benchmarks.summarize(
        found.predictions,
        found.records,
        metrics=_metrics(found, metrics),
        options=found.options,
        resamples=resamples,
        seed=seed,
    )
    warn_of(summary.filter(kind="all").with_columns(language=None), metrics or ())
    return summary


def transfer_runs(
    runs: Sequence[Path | str],
    *,
    metrics: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 42,
) -> Transfer:
    """Measure the transfer between the languages of systems and of their suite.

    Which languages a system was trained on, its run tells; see `benchmarks.transfer`.

    Raises:
        IsoglossError: As for `rank_runs`; no system was trained on anything.
    """
    import benchmarks
    from benchmarks.scores.score import warn_of

    found = _named(_read(runs))
    systems = {name: (_trained(run), run.predictions) for name, run in found.items()}
    if not any(languages for languages, _ in systems.values()):
        raise IsoglossError(
            "none of the runs tells what its system was trained on",
            remedy="Score checkpoints that isogloss tune has made",
        )
    first = next(iter(found.values()))
    measured = benchmarks.transfer(
        systems,
        first.records,
        metrics=_metrics(first, metrics),
        options=first.options,
        resamples=resamples,
        seed=seed,
    )
    warn_of(measured.matrix, metrics)
    return measured


def _metrics(run: StoredRun, metrics: Sequence[str] | None) -> Sequence[str]:
    """Return the metrics that are meant, each of which measures some task of the run's suite."""
    from benchmarks import list_tasks

    if metrics is None:
        tasks = list_tasks()
        return sorted({tasks[name].main for name in run.records["task"].unique()})
    Scoring(tuple(metrics), run.options, resamples=1, seed=0).check(run.records)
    return metrics


def _trained(run: StoredRun) -> Sequence[str]:
    return tuple((run.facts.get("tuning") or {}).get("languages_trained") or ())


def _named(runs: Sequence[StoredRun]) -> dict[str, StoredRun]:
    """Return runs by their systems' names."""
    systems: dict[str, StoredRun] = {}
    for run in runs:
        if run.name in systems:
            raise IsoglossError(
                f"{systems[run.name].folder} is named {run.name!r} too",
                where=run.folder,
                remedy="Score one of them again under another --name",
            )
        systems[run.name] = run
    return systems


def _read(folders: Sequence[Path | str]) -> list[StoredRun]:
    """Read runs that answer one suite and are scored by its options."""
    if not folders:
        raise IsoglossError("no run is given", remedy="Name the run folders to compare")
    runs = [read_run(Path(folder)) for folder in folders]
    first = runs[0]
    for run in runs[1:]:
        if run.suite != first.suite:
            raise IsoglossError(
                f"{first.folder} and {run.folder} answer different suites",
                remedy="Score both on the same suite",
            )
        if run.options != first.options:
            raise IsoglossError(
                f"{first.folder} and {run.folder} are scored by other options of metrics",
                remedy="Score both on the same suite as it is now",
            )
    return runs
