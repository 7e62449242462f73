"""Having a system answer every record of a suite, in parts that survive an interruption."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from isogloss.console import progress
from isogloss.files import sha256_json
from isogloss.locks import held
from isogloss.runs import PREDICTIONS, begin, check_folder, part_path, write_part
from runners.settings import GenerationSettings
from runners.systems import Model, Prompt, prompts_of


def generate(
    model: Model, records: pl.DataFrame, out: Path, settings: GenerationSettings, key: str
) -> pl.DataFrame:
    """Have a system answer every record, and write ``predictions/part-*.parquet``, one a batch.

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
        IsoglossError: The folder holds something else than a run (see
            `isogloss.runs.check_folder`), or
            another process writes it.
    """
    with held(out):
        return answer(model, records, out, settings, key)


def answer(
    model: Model, records: pl.DataFrame, out: Path, settings: GenerationSettings, key: str
) -> pl.DataFrame:
    """Do as `generate` does, for a caller that holds the folder."""
    check_folder(out)
    prompts = prompts_of(records)
    order = model.order(prompts)
    # A system without weights says how many it answers at once; it has no memory to fill.
    size = int(getattr(model, "at_once", settings.batch_size))
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    whole = sha256_json([key, settings.model_dump(), [prompts[n].id for n in order]])
    done = begin(out, whole, len(batches))
    references = dict(records.select("id", "references").iter_rows())
    frames = []
    with progress("answers", len(prompts)) as bar:
        for number, batch in enumerate(batches):
            frame = done.get(number)
            if frame is None:
                frame = _answered(model, [prompts[n] for n in batch], settings, references)
                write_part(part_path(out, number), frame, whole)
            frames.append(frame)
            bar.advance(len(batch))
    return records.select("id").join(
        pl.concat(frames), on="id", how="left", maintain_order="left_right"
    )


def _answered(
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
