"""The command: ``isogloss build | tune | score | rescore | compare | publish | run | …``.

The modules of this folder alone know the rooms, and import each when it is used.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from isogloss.command import corpus, lists, runs
from isogloss.command import options as o
from isogloss.command.errors import guarded, leave_quietly
from isogloss.command.options import example
from isogloss.errors import IsoglossError

app = typer.Typer(
    name="isogloss",
    help="Multilingual instruction corpora: build them, tune on them, score any model, publish.",
    epilog="Example: isogloss run starter --out demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _common(
    offline: Annotated[bool, typer.Option("--offline", help="Never use the network.")] = False,
    version: o.Version = False,
) -> None:
    if offline:
        os.environ["ISOGLOSS_OFFLINE"] = "1"
    if os.environ.get("ISOGLOSS_OFFLINE", "") not in ("", "0"):
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["HF_DATASETS_OFFLINE"] = "1"


@app.command(**example("isogloss build starter --out corpus"))
@guarded
def build(
    recipe: o.Recipe,
    out: o.Out = Path("corpus"),
    force: Annotated[bool, typer.Option(help="Build anew even if nothing changed.")] = False,
    frozen: o.Frozen = False,
    workers: o.Workers = None,
    push: o.Push = None,
    public: o.Public = False,
    push_all: o.PushAll = False,
) -> None:
    """Build the corpus of a recipe, and put it on the hub if asked."""
    import builders

    if push is None and (public or push_all):
        raise IsoglossError("say where to: --push USER/NAME", where="isogloss build")
    if push is not None:  # before hours of building
        builders.check_repository(push, private=not public)
    print(corpus.build(recipe, out, force=force, frozen=frozen, workers=workers))
    if push is not None:
        print(builders.push(out, push, private=not public, everything=push_all))


@app.command(**example("isogloss init starter my.toml"))
@guarded
def init(
    recipe: Annotated[str, typer.Argument(help="The name of a shipped recipe.")],
    out: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Write a shipped recipe to a file of yours, to edit it."""
    import builders

    print(builders.copy_recipe(recipe, out))


@app.command(**example("isogloss clean starter --out clean"))
@guarded
def clean(
    recipe: o.Recipe,
    out: o.Out = Path("clean"),
    force: Annotated[bool, typer.Option(help="Clean anew even if nothing changed.")] = False,
    frozen: o.Frozen = False,
    workers: o.Workers = None,
) -> None:
    """Clean the text of a recipe's sources, without making instructions of it."""
    print(corpus.clean(recipe, out, force=force, frozen=frozen, workers=workers))


@app.command(**example("isogloss export corpus train.jsonl --layout messages"))
@guarded
def export(
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    out: Annotated[Path, typer.Argument(help="The file to write: JSON Lines, or .parquet.")],
    layout: Annotated[
        str, typer.Option(help="messages, prompt-completion, input-output (NeMo) or trl.")
    ] = "messages",
    split: Annotated[str, typer.Option(help="The split to export.")] = "train",
    language: o.Languages = None,
    task: o.Tasks = None,
    column: o.Columns = None,
    by_language: Annotated[
        bool, typer.Option("--by-language", help="Write one file a language; OUT is a folder.")
    ] = False,
) -> None:
    """Write a corpus's split as JSON Lines or Parquet for other trainers."""
    import builders

    builders.export(
        corpus, out, layout=cast(Any, layout), split=split, languages=language or (),
        tasks=task or (), columns=column or (), by_language=by_language,
    )  # fmt: skip
    print(out)


@app.command(**example("isogloss diff corpus-before corpus"))
@guarded
def diff(
    a: Annotated[Path, typer.Argument(help="A corpus folder.")],
    b: Annotated[Path, typer.Argument(help="Another one.")],
    examples: Annotated[int, typer.Option(help="Examples of each kind.", min=0)] = 3,
    json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with status 1 if anything differs.")
    ] = False,
) -> None:
    """Tell what changed between two corpora: recipe, sources, steps, counts and rows."""
    import builders
    from builders.corpus._difftext import as_json, as_text

    found = builders.diff(a, b, examples=examples)
    print(as_json(found) if json else as_text(found))
    if exit_code and not found.same:
        raise typer.Exit(1)


@app.command(**example("isogloss tune HuggingFaceTB/SmolLM2-135M-Instruct corpus"))
@guarded
def tune(
    model: Annotated[str, typer.Argument(help=o.MODEL_HELP)],
    corpus: Annotated[Path, typer.Argument(help="A corpus folder.")],
    out: o.Out = Path("checkpoint"),
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
    trust_remote_code: o.Trust = False,
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
    checked = validate(TuneSettings, table, where=str(settings or "tune"))
    print(run(model, corpus, out, settings=checked, trust_remote_code=trust_remote_code))


@app.command(**example("isogloss score copy --suite smoke --out runs/copy"))
@guarded
def score(
    model: o.ScoredModel = None,
    suite: o.Suite = None,
    corpus: o.Corpus = None,
    predictions: o.Predictions = None,
    data: o.Data = None,
    language: o.Languages = None,
    pair: o.Pairs = None,
    prompts: o.Prompts = None,
    shots: o.Shots = None,
    limit: o.Limit = None,
    out: o.Out = Path("run"),
    name: Annotated[str | None, typer.Option(help="The name to show.")] = None,
    kind: o.Kind = "base",
    base: o.Base = None,
    batch_size: Annotated[int, typer.Option(help="Prompts at once.", min=1)] = 32,
    max_new_tokens: Annotated[int, typer.Option(help="The longest answer.", min=1)] = 128,
    system: Annotated[str | None, typer.Option(help="A system message.")] = None,
    samples: Annotated[int, typer.Option(help="Answers to each prompt.", min=1)] = 1,
    temperature: o.Temperature = 0.0,
    top_p: o.TopP = 1.0,
    dtype: o.Dtype = "auto",
    metric: o.Metrics = None,
    metric_option: o.MetricOptions = None,
    resamples: o.Resamples = 1000,
    seed: Annotated[
        int,
        typer.Option(
            help="Seed of the bootstrap and of drawn answers.", min=o.LEAST_SEED, max=o.MOST_SEED
        ),
    ] = 42,
    trust_remote_code: o.Trust = False,
) -> None:
    """Have a model answer a suite and score its answers, or score somebody else's."""
    import benchmarks
    import runners
    from builders.templates.loading import template_tasks
    from isogloss.settings import validate

    if (model is None) == (not predictions):
        raise IsoglossError(
            "say what to score: a model, or --predictions FILE", where="isogloss score"
        )
    if suite is None and corpus is None:
        raise IsoglossError(
            "say what is asked: --suite NAME or --corpus FOLDER", where="isogloss score"
        )
    # Stored answers are known by how the settings are written: tasks stand in one order for ever.
    tasks = [*template_tasks(), *benchmarks.list_tasks()]
    generation = {
        "batch_size": batch_size, "max_new_tokens": dict.fromkeys(tasks, max_new_tokens),
        "system": system, "samples": samples, "temperature": temperature, "top_p": top_p,
        "seed": seed, "dtype": dtype,
    }  # fmt: skip
    settings = runners.ScoreSettings(
        generation=validate(runners.GenerationSettings, generation, where="isogloss score"),
        resamples=resamples, seed=seed, limit=limit, trust_remote_code=trust_remote_code,
        metrics=tuple(metric or ()),
    )  # fmt: skip
    choice = benchmarks.Selection(data, language or (), pair or (), prompts, shots, limit)
    loaded = benchmarks.load_suite(suite or f"corpus:{corpus}", choice)
    if metric_option:
        loaded = benchmarks.with_options(loaded, o.metric_options(metric_option))
    if predictions and len(predictions) > 1:
        if name is not None:
            raise IsoglossError("one name is not enough for several systems", where="--name")
        for folder in runners.score_outputs(predictions, loaded, out, settings=settings):
            print(folder)
        return
    path = predictions[0] if predictions else None
    folder = runners.score(
        model or f"outputs:{path}",
        loaded,
        out,
        name=name or (runners.name_of(path) if path else model),
        kind="outputs" if path else "reference" if model in ("copy", "nearest") else kind,
        base=base,
        corpus=corpus,
        settings=settings,
    )
    _show_scores(folder, metric or ())
    print(folder)


def _show_scores(folder: Path, metrics: Sequence[str]) -> None:
    from benchmarks import list_tasks
    from isogloss.command.tables import show_scores
    from isogloss.runs import read_scores

    mains = {name: task.main for name, task in list_tasks().items()}
    show_scores(read_scores(folder), mains, metrics)


@app.command(**example("isogloss inspect HuggingFaceTB/SmolLM2-135M-Instruct"))
@guarded
def inspect(
    model: Annotated[str, typer.Argument(help=o.MODEL_HELP)],
    suite: Annotated[str, typer.Option(help="The suite whose texts are cut up.")] = "smoke",
    trust_remote_code: o.Trust = False,
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


@app.command(**example("isogloss publish runs/* --out site"))
@guarded
def publish(
    runs: Annotated[list[Path], typer.Argument(help="Run folders of one suite.")],
    out: o.Out = Path("site"),
    title: Annotated[str, typer.Option(help="The title of the site.")] = "isogloss",
    resamples: o.Resamples = 1000,
    seed: o.Seed = 42,
) -> None:
    """Make the pages of a leaderboard from runs."""
    import leaderboard

    print(leaderboard.publish(runs, out, title=title, resamples=resamples, seed=seed))


@app.command(**example("isogloss run starter --out demo"))
@guarded
def run(
    recipe: Annotated[
        str,
        typer.Argument(help="A recipe with a [run] table: a TOML file, or a shipped one's name."),
    ],
    out: o.Out = Path("out"),
) -> None:
    """Build, tune, score and publish: everything a recipe says, into one folder."""
    import builders
    import leaderboard
    import runners
    from isogloss.locks import held
    from isogloss.settings import validate

    loaded = builders.load_recipe(recipe)
    if loaded.run is None:
        raise IsoglossError(
            "has no [run] table",
            where=loaded.path,
            remedy="Add one that lists systems, or use isogloss build",
        )
    # All of the file is checked before anything is built.
    plan = runners.load_plan(loaded.run, where=str(loaded.path), folder=loaded.path.parent)
    pages = loaded.publish or {}
    site = validate(leaderboard.PublishSettings, pages, where=f"{loaded.path}: publish")
    with held(out):
        built = corpus.build(loaded, out / "corpus")
        folders = runners.execute(plan, built, out)
        settings = plan.settings
        index = leaderboard.publish(
            folders,
            out / "site",
            title=site.title,
            resamples=settings.resamples,
            seed=settings.seed,
        )
    print(index)


app.add_typer(lists.app)
app.add_typer(runs.app)


def main() -> None:
    """Run the command; leave with 0, 2 for bad input, 130 for Ctrl-C, 143 for SIGTERM."""
    try:
        app()
    finally:
        leave_quietly()


if __name__ == "__main__":
    main()
