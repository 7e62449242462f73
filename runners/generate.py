"""Asking a system every record of a suite, in parts that survive an interruption."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.console import progress, say
from isogloss.errors import IsoglossError
from isogloss.provenance import check_ours, read_json, sha256_json, write_json, writing
from runners.models._base import GenerationSettings, Model, Prompt, prompts_of

#: Columns of a table of predictions; ``sample`` counts the answers to a record from 0.
PREDICTIONS: dict[str, Any] = {
    "id": pl.String,
    "sample": pl.Int64,
    "prompt": pl.String,
    "prediction": pl.String,
    "references": pl.List(pl.String),
    "stop_reason": pl.String,
    "tokens": pl.Int64,
    "seconds": pl.Float64,
}

_STATE = "progress.json"
_FOLDER = "predictions"
_PART = re.compile(r"part-\d{5,}\.parquet")
# What every run.json has, however old.
_RUN = {"system", "suite", "predictions_sha256", "records_sha256"}


def generate(
    model: Model, records: pl.DataFrame, out: Path, settings: GenerationSettings, key: str
) -> pl.DataFrame:
    """Ask a system every record, and write ``predictions/part-*.parquet``, one a batch.

    Args:
        model: The system.
        records: The suite's records.
        out: The run folder.
        settings: How to generate.
        key: What the answers hang on (the system and the suite); an unfinished folder made
            under another key is begun anew.

    Returns:
        The predictions, in the records' order, each record's samples together. The batches are
        the same at every call, so a run that was interrupted has the same answers as one that was
        not.

    Raises:
        IsoglossError: The folder holds something else than a run; see `check_run_folder`.
    """
    check_run_folder(out)
    prompts = prompts_of(records)
    order = model.order(prompts)
    # A system without weights says how many it answers at once; it has no memory to fill.
    size = int(getattr(model, "at_once", settings.batch_size))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    _prepare(out, sha256_json([key, settings.model_dump(), [prompts[n].id for n in order]]))
    references = dict(records.select("id", "references").iter_rows())
    with progress("answers", len(prompts)) as bar:
        for number, batch in enumerate(batches):
            path = out / _FOLDER / f"part-{number:05d}.parquet"
            if not path.exists():
                frame = _ask(model, [prompts[n] for n in batch], settings, references)
                with writing(path) as partial:
                    frame.write_parquet(partial)
            bar.advance(len(batch))
    answers = pl.concat(pl.read_parquet(path) for path in parts(out))
    return records.select("id").join(answers, on="id", how="left", maintain_order="left_right")


def parts(out: Path) -> list[Path]:
    """Return a run's files of predictions, in order; others beside them are not ours."""
    return sorted(path for path in (out / _FOLDER).glob("*") if _PART.fullmatch(path.name))


def check_run_folder(out: Path) -> None:
    """Refuse to write a run into a folder that holds anything but a run, finished or not.

    Raises:
        IsoglossError: It holds something else.
    """
    check_ours(out, _is_run, kind="a run", remedy="Name another folder for the run: --out FOLDER")


def _is_run(folder: Path) -> bool:
    key = _json(folder / _STATE).get("key")
    return isinstance(key, str) or _json(folder / "run.json").keys() >= _RUN


def _json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; an empty one for any other file, or none."""
    try:
        found = read_json(path)
    except (IsoglossError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def _prepare(out: Path, key: str) -> None:
    """Make a folder ready for answers under a key; at every moment it can be told for a run."""
    state = out / _STATE
    known = _json(state).get("key") == key
    if known and parts(out):
        say(f"going on with the unfinished run {out}")
    if not known:
        # Answers made under another key must be gone before the folder has this one.
        write_json(state, {"key": ""})
        for path in parts(out):
            path.unlink()
    (out / "run.json").unlink(missing_ok=True)
    write_json(state, {"key": key})


def finish(out: Path) -> None:
    """Forget the state of an unfinished run."""
    (out / _STATE).unlink(missing_ok=True)


def _ask(
    model: Model,
    prompts: list[Prompt],
    settings: GenerationSettings,
    references: dict[str, list[str]],
) -> pl.DataFrame:
    answers = model.generate(prompts, settings)
    rows = [
        (prompt, sample, answer)
        for prompt, given in zip(prompts, answers, strict=True)
        for sample, answer in enumerate(given)
    ]
    columns = {
        "id": [prompt.id for prompt, _, _ in rows],
        "sample": [sample for _, sample, _ in rows],
        "prompt": [prompt.text for prompt, _, _ in rows],
        "prediction": [answer.text for _, _, answer in rows],
        "references": [references[prompt.id] for prompt, _, _ in rows],
        "stop_reason": [
            answer.stop_reason + ("+truncated" if answer.truncated else "") for _, _, answer in rows
        ],
        "tokens": [answer.tokens for _, _, answer in rows],
        "seconds": [answer.seconds for _, _, answer in rows],
    }
    return pl.DataFrame(columns, schema=PREDICTIONS)
