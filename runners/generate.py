"""Asking a system every record of a suite, in parts that survive an interruption."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.console import progress, say
from isogloss.provenance import read_json, sha256_json, write_json, writing
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
        The predictions, in the records' order, each record's samples together. The batches are the same at every call, so a run
        that was interrupted has the same answers as one that was not.
    """
    prompts = prompts_of(records)
    order = model.order(prompts)
    size = settings.batch_size
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
    parts = pl.concat(pl.read_parquet(path) for path in sorted((out / _FOLDER).glob("*.parquet")))
    return records.select("id").join(parts, on="id", how="left", maintain_order="left_right")


def _prepare(out: Path, key: str) -> None:
    state = out / _STATE
    if (out / _FOLDER).exists():
        if state.exists() and read_json(state).get("key") == key:
            say(f"going on with the unfinished run {out}")
            return
        shutil.rmtree(out / _FOLDER)
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
        (
            prompt.id,
            sample,
            prompt.text,
            answer.text,
            references[prompt.id],
            answer.stop_reason + ("+truncated" if answer.truncated else ""),
            answer.tokens,
            answer.seconds,
        )
        for prompt, given in zip(prompts, answers, strict=True)
        for sample, answer in enumerate(given)
    ]
    return pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
