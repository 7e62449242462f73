"""Filters whose scores are dear: asked last, of the rows that everything before has let through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from builders.filters import _steps
from builders.filters._scores import Former, beside, dear_spool, known_or_scored
from builders.filters._steps import PlannedFilter
from builders.pipeline.each_source import ROW, Staged
from builders.rows.ledger import Ledger
from builders.rows.rows import POSITION, Part, Spool, Store, spooled
from isogloss.console import progress, warn
from isogloss.errors import IsoglossError
from isogloss.files import read_json, write_json
from isogloss.inorder import in_order


@dataclass(frozen=True)
class _Task:
    """A part to judge: of which source it is, where its scores go, and under which number."""

    part: Part
    source: str
    spool: Spool
    number: int


@dataclass
class Judging:
    """What dear filters need.

    Attributes:
        store: The rows.
        staged: The staged sources, by name, whose parts make up the store, in order.
        former: Scores of an earlier build.
        inputs: The hash of all that the scores hang on: what an interrupted build left is of the
            same.
        workers: Parts that are judged at once, and processes of filters that have some.
    """

    store: Store
    staged: dict[str, Staged]
    former: Former
    inputs: str
    workers: int

    def judge(self, step: PlannedFilter, ledger: Ledger) -> list[Spool]:
        """Score the rows that are in, drop those that the filter does not let through.

        Returns:
            The files of scores, one spool a source; what an interrupted build left there is used.
        """
        spools = [dear_spool(staged.kept.folder, step) for staged in self.staged.values()]
        reasons = []
        with progress(f"filter {step.label}", int(self.store.alive.sum())) as bar:
            judged = in_order(
                partial(self._judged, step),
                self._tasks(spools),
                self.workers,
                stop=getattr(step.module, "stop", None),
            )
            for task, scored, reason in judged:
                bar.advance(int(self.store.alive[task.part.start : task.part.end].sum()))
                if scored:
                    task.spool.numbers.append(task.number)
                reasons.append(reason)
        if reasons:
            ledger.drop(step.name, self.store, pl.concat(reasons))
        return spools

    def _tasks(self, spools: Iterable[Spool]) -> Iterator[_Task]:
        parts = iter(self.store.parts)
        for (name, staged), spool in zip(self.staged.items(), spools, strict=True):
            for number in staged.kept.numbers:
                yield _Task(next(parts), name, spool, number)

    def _judged(self, step: PlannedFilter, task: _Task) -> tuple[_Task, bool, pl.DataFrame]:
        """Judge the rows of a part: tell whether it has scores, and what is dropped and why."""
        frame = self.store.read(task.part)
        if frame is None:
            return task, False, pl.DataFrame(schema={POSITION: pl.Int64, "reason": pl.String})
        scores = self._left(frame, step, task)
        scored = scores is not None
        if scores is None:
            known = self.former.of(task.source, step, frame[ROW])
            scores = known_or_scored(frame, step, known, self.workers)
            scored = bool(scores.width) and task.spool.write(
                beside(frame[ROW], scores, step), task.number
            )
            if scored:
                told = {"inputs": self.inputs, "sha256": task.spool.sha256[task.number]}
                write_json(_told(task), told)
        reason = _steps.decide(frame, scores, step).alias("reason")
        return task, scored, frame.select(POSITION, reason).filter(pl.col("reason").is_not_null())

    def _left(self, frame: pl.DataFrame, step: PlannedFilter, task: _Task) -> pl.DataFrame | None:
        """Return the scores that an interrupted build of the same inputs left of these rows."""
        if not _told(task).is_file():
            return None
        try:
            told = read_json(_told(task))
            if told["inputs"] != self.inputs:
                return None
            task.spool.sha256[task.number] = told["sha256"]
        except (IsoglossError, LookupError, TypeError):
            task.spool.sha256.pop(task.number, None)
        path = task.spool.path(task.number)
        if not task.spool.is_whole(task.number):
            warn(f"{path}: these scores are damaged, and are made again")
            return None
        left = spooled(path)
        if not left[ROW].equals(frame[ROW]):
            return None
        prefix = f"{step.label}."
        return left.drop(ROW).rename(lambda name: name.removeprefix(prefix))


def _told(task: _Task) -> Path:
    """Return where it stands of what inputs a file of scores is, and its hash."""
    return task.spool.path(task.number).with_suffix(".json")
