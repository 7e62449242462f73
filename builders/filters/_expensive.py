"""Expensive filters: scored last, and only the rows that everything before has let through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from builders.filters import _steps
from builders.filters._scores import KnownScores, beside, known_or_scored
from builders.filters._steps import PlannedFilter
from builders.rows.rows import POSITION, ROW, Part, Rows
from builders.rows.spool import Spool, spooled
from isogloss.console import progress, warn
from isogloss.errors import IsoglossError
from isogloss.files import read_json, write_json
from isogloss.inorder import in_order


def filter_expensive(
    rows: Rows, filters: Sequence[PlannedFilter], known: KnownScores, inputs: str
) -> None:
    """Score the rows that are in by each expensive filter, and drop those that it does not let through.

    The scores are kept with their sources: see `builders.rows.rows.SourceRows.expensive`.

    Args:
        rows: The rows.
        filters: The filters, in the recipe's order; the cheap ones among them are done already.
        known: Scores of an earlier build.
        inputs: The hash of all that the scores hang on: those that an interrupted build of the same
            has left are taken.
    """
    for step in filters:
        if step.expensive:
            _filter(rows, step, known, inputs)


def _filter(rows: Rows, step: PlannedFilter, known: KnownScores, inputs: str) -> None:
    for source in rows.sources:
        source.expensive[step.label] = Spool(source.kept.folder, f"expensive-{step.label}")
    reasons = []
    every = (step.options, *step.by_language.values())
    alone = hasattr(step.module, "alone") and any(map(step.module.alone, every))
    with progress(f"filter {step.label}", rows.left) as bar:
        filtered = in_order(
            partial(_filter_part, rows, step, known, inputs),
            _batches(rows, step),
            1 if alone else rows.workers,
        )
        for batch, scored, reason in filtered:
            bar.advance(int(rows.mask[batch.part.start : batch.part.end].sum()))
            if scored:
                batch.spool.numbers.append(batch.number)
            reasons.append(reason)
    if reasons:
        rows.drop(step.name, pl.concat(reasons))


@dataclass(frozen=True)
class _Batch:
    """A part to score: of which source it is, where its scores go, and under which number."""

    part: Part
    source: str
    spool: Spool
    number: int

    @property
    def entry(self) -> Path:
        """Where it stands of what inputs the scores are, and their hash."""
        return self.spool.path(self.number).with_suffix(".json")


def _batches(rows: Rows, step: PlannedFilter) -> Iterator[_Batch]:
    for source, number, part in rows.parts_of_sources():
        yield _Batch(part, source.name, source.expensive[step.label], number)


def _filter_part(
    rows: Rows, step: PlannedFilter, known: KnownScores, inputs: str, batch: _Batch
) -> tuple[_Batch, bool, pl.DataFrame]:
    """Score the rows of a part: return whether it has scores, and what is dropped and why."""
    frame = rows.read(batch.part)
    if frame is None:
        return batch, False, pl.DataFrame(schema={POSITION: pl.Int64, "reason": pl.String})
    scores = _unfinished(frame, step, batch, inputs)
    scored = scores is not None
    if scores is None:
        earlier = known.of(batch.source, step, frame[ROW])
        scores = known_or_scored(frame, step, earlier, rows.workers)
        scored = bool(scores.width) and batch.spool.write(
            beside(frame[ROW], scores, step), batch.number
        )
        if scored:
            write_json(batch.entry, {"inputs": inputs, "sha256": batch.spool.sha256[batch.number]})
    reason = _steps.decide(frame, scores, step).alias("reason")
    return batch, scored, frame.select(POSITION, reason).filter(pl.col("reason").is_not_null())


def _unfinished(
    frame: pl.DataFrame, step: PlannedFilter, batch: _Batch, inputs: str
) -> pl.DataFrame | None:
    """Return the scores that an interrupted build of the same inputs left of these rows."""
    if not batch.entry.is_file():
        return None
    try:
        entry = read_json(batch.entry)
        if entry["inputs"] != inputs:
            return None
        batch.spool.sha256[batch.number] = entry["sha256"]
    except (IsoglossError, LookupError, TypeError):
        batch.spool.sha256.pop(batch.number, None)
    path = batch.spool.path(batch.number)
    if not batch.spool.is_whole(batch.number):
        warn(f"{path}: these scores are damaged, and are made again")
        return None
    left = spooled(path)
    if not left[ROW].equals(frame[ROW]):
        return None
    prefix = f"{step.label}."
    return left.drop(ROW).rename(lambda name: name.removeprefix(prefix))
