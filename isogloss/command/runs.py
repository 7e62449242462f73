"""The commands that look at finished runs: score again, compare, summarize, transfer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from isogloss.command import options as o
from isogloss.command.errors import guarded
from isogloss.command.options import example
from isogloss.errors import IsoglossError

app = typer.Typer()


@app.command(**example("isogloss rescore runs/copy --resamples 2000"))
@guarded
def rescore(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    metric: o.Metrics = None,
    every: o.EveryMetric = False,
    resamples: o.NewResamples = None,
    seed: o.NewSeed = None,
) -> None:
    """Score runs again from their stored answers, and tell which scores changed."""
    from isogloss.command.tables import show_changes
    from isogloss.console import printable, say
    from runners import rescore as run

    if every and metric:
        raise IsoglossError("say either --metric or --all-metrics", where="isogloss rescore")
    wanted = () if every else metric
    for folder in runs:
        found = run(folder, metrics=wanted, resamples=resamples, seed=seed)
        say(
            f"{folder}: {found.scores} scores (before: {found.before}), "
            f"{found.changes.height} of them changed"
        )
        if found.changes.height:
            print(printable(str(folder)))
            show_changes(found.changes)


@app.command(**example("isogloss compare demo/runs/*"))
@guarded
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run folders of one suite, two or more.")],
    metric: o.ShownMetrics = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV; of two runs, every metric.")
    ] = False,
    test: o.Test = "bootstrap",
    resamples: o.Resamples = 1000,
    seed: o.Seed = 42,
    level: Annotated[float, typer.Option(help="Coverage of intervals, such as 0.95.")] = 0.95,
) -> None:
    """Compare two runs of one suite in pairs (the first minus the second), or rank more of them."""
    from benchmarks import list_metrics, list_tasks
    from isogloss.command.tables import show_differences, show_ranks
    from isogloss.settings import unknown
    from runners import compare_runs, rank_runs, system_of

    tests = ("bootstrap", "randomization")
    if test not in tests:
        raise unknown("test", test, list(tests), where="--test")
    if not 0 < level < 1:
        raise IsoglossError(f"{level:g} is not between 0 and 1", where="--level")
    if len(runs) < 2:
        raise IsoglossError("name two runs or more", where="isogloss compare")
    if len(runs) > 2 and test != "bootstrap":
        raise IsoglossError("more than two runs are ranked by bootstrap only", where="--test")
    labels = {name: one.label for name, one in list_metrics().items()}
    mains = {name: task.main for name, task in list_tasks().items()}
    every = csv and len(runs) == 2
    options: dict[str, Any] = {
        "metrics": metric or (() if every else None), "resamples": resamples, "seed": seed, "level": level
    }  # fmt: skip
    if len(runs) == 2:
        found = compare_runs(runs[0], runs[1], test=cast(Any, test), **options)
    else:
        found = rank_runs(runs, **options)
    if csv:
        print(found.write_csv(), end="")
        return
    kept = [metric is not None or row[1] == mains[row[0]] for row in found["task", "metric"].rows()]
    found = found.filter(kept)
    if len(runs) == 2:
        show_differences(found, [system_of(run) for run in runs], labels, level)
    else:
        show_ranks(found, labels, level)


@app.command(**example("isogloss summarize demo/runs/nearest-neighbour"))
@guarded
def summarize(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    metric: o.ShownMetrics = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, signatures and all.")] = False,
    resamples: o.Resamples = 1000,
    seed: o.Seed = 42,
) -> None:
    """Show a run's means over families, scripts and resource classes, and how unequal it is."""
    from benchmarks import list_metrics, list_tasks
    from isogloss.command.tables import show_groups
    from runners import summarize_run

    mains = {name: task.main for name, task in list_tasks().items()}
    found = summarize_run(run, metrics=metric or None, resamples=resamples, seed=seed)
    if csv:
        print(found.write_csv(), end="")
        return
    kept = [metric is not None or row[1] == mains[row[0]] for row in found["task", "metric"].rows()]
    show_groups(found.filter(kept), {name: one.label for name, one in list_metrics().items()})


@app.command(**example("isogloss transfer runs/german runs/swahili runs/multilingual"))
@guarded
def transfer(
    runs: Annotated[
        list[Path], typer.Argument(help="Runs of one suite by systems tuned on some languages.")
    ],
    metric: o.ShownMetrics = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print the matrix as CSV, then the gaps.")
    ] = False,
    resamples: o.Resamples = 1000,
    seed: o.Seed = 42,
) -> None:
    """Show what systems trained on some languages can do in others, and the gap to training there."""
    from polars import selectors as cs

    from benchmarks import list_metrics
    from isogloss.command.tables import show_transfer
    from runners import transfer_runs

    found = transfer_runs(runs, metrics=metric or (), resamples=resamples, seed=seed)
    if csv:
        for table in (found.matrix, found.gaps):
            # CSV has no lists.
            print(table.with_columns(cs.list().list.join(" ")).write_csv(), end="")
        return
    show_transfer(found.matrix, found.gaps, {name: m.label for name, m in list_metrics().items()})
