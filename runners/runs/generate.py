"""Asking a system every record of a suite, in parts that survive an interruption."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.console import progress, say, warn
from isogloss.errors import IsoglossError
from isogloss.files import check_ours, read_json, remove_partials_in, sha256_json, write_json
from isogloss.locks import held
from isogloss.runs import PREDICTIONS, carries_key, part_path, take_part, write_part
from runners.models._base import GenerationSettings, Model, Prompt, prompts_of

_STATE = "progress.json"
_FOLDER = "predictions"
_PART = re.compile(r"part-\d{5,9}\.parquet")
# What every run.json has, however old.
_RUN = {"system", "suite", "predictions_sha256", "records_sha256"}


def generate(
    model: Model, records: pl.DataFrame, out: Path, settings: GenerationSettings, key: str
) -> pl.DataFrame:
    """Ask a system every record, and write ``predictions/part-*.parquet``, one a batch.

    Args:
        model: The system.
        records: The suite's records.
        out: The run folder; it is held alone meanwhile.
        settings: How to generate.
        key: What the answers hang on (the system and the suite). Answers that the folder holds
            under it are taken; those under another key are replaced.

    Returns:
        The predictions, in the records' order, each record's samples together. The batches are
        the same at every call, so a run that was interrupted has the same answers as one that was
        not.

    Raises:
        IsoglossError: The folder holds something else than a run (see `check_run_folder`), or
            another process writes it.
    """
    with held(out):
        return answer(model, records, out, settings, key)


def answer(
    model: Model, records: pl.DataFrame, out: Path, settings: GenerationSettings, key: str
) -> pl.DataFrame:
    """Do as `generate` does, for a caller that holds the folder."""
    check_run_folder(out)
    prompts = prompts_of(records)
    order = model.order(prompts)
    # A system without weights says how many it answers at once; it has no memory to fill.
    size = int(getattr(model, "at_once", settings.batch_size))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    whole = sha256_json([key, settings.model_dump(), [prompts[n].id for n in order]])
    done = _begin(out, whole, len(batches))
    references = dict(records.select("id", "references").iter_rows())
    frames = []
    with progress("answers", len(prompts)) as bar:
        for number, batch in enumerate(batches):
            frame = done.get(number)
            if frame is None:
                frame = _ask(model, [prompts[n] for n in batch], settings, references)
                write_part(part_path(out, number), frame, whole)
            frames.append(frame)
            bar.advance(len(batch))
    return records.select("id").join(
        pl.concat(frames), on="id", how="left", maintain_order="left_right"
    )


def parts(out: Path) -> list[Path]:
    """Return a run's files of predictions, in order; others beside them are not ours."""
    return sorted(path for path in (out / _FOLDER).glob("*") if _PART.fullmatch(path.name))


def check_run_folder(out: Path) -> None:
    """Refuse to write a run into a folder that holds anything but a run, finished or not.

    Raises:
        IsoglossError: It holds something else.
    """
    check_ours(out, _is_run, kind="a run")


def _is_run(folder: Path) -> bool:
    key = _json(folder / _STATE).get("key")
    if isinstance(key, str) or _json(folder / "run.json").keys() >= _RUN:
        return True
    return any(carries_key(path) for path in parts(folder))


def _json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; an empty one for any other file, or none."""
    try:
        found = read_json(path)
    except (IsoglossError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def _begin(out: Path, key: str, count: int) -> dict[int, pl.DataFrame]:
    """Make a folder ready for answers under a key; return those that it has, by number of batch.

    At every moment it can be told for a run.
    """
    write_json(out / _STATE, {"key": key})
    (out / "run.json").unlink(missing_ok=True)
    remove_partials_in(out, out / _FOLDER)
    done = {}
    for path in parts(out):
        number = int(path.stem.removeprefix("part-"))
        try:
            frame = take_part(path, key) if number < count else None
        except IsoglossError as error:
            warn(f"{path}: {error.problem}; its records are asked again")
            frame = None
        if frame is None:
            path.unlink()
        else:
            done[number] = frame
    if done:
        say(f"going on with the unfinished run {out}")
    return done


def finish(out: Path) -> None:
    """Forget the state of an unfinished run."""
    if (out / _STATE).exists():
        (out / _STATE).unlink()
    remove_partials_in(out, out / _FOLDER)


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
