"""Filters whose scores are dear: asked last, of the rows that everything before has let through."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from builders import filtering
from builders.filtering import PlannedFilter
from builders.ledger import Ledger
from builders.scores import Former, beside, dear_spool, known_or_scored
from builders.staging import ROW, Staged
from builders.store import POSITION, Part, Spool, Store, spooled
from isogloss.console import progress


@dataclass
class Judging:
    """What dear filters need.

    Attributes:
        store: The rows.
        staged: The staged sources, by name, whose parts make up the store, in order.
        former: Scores of an earlier build.
        workers: Processes.
    """

    store: Store
    staged: dict[str, Staged]
    former: Former
    workers: int

    def judge(self, step: PlannedFilter, ledger: Ledger) -> list[Spool]:
        """Score the rows that are in, drop those that the filter does not let through.

        Returns:
            The files of scores, one spool a source; what an interrupted build left there is used.
        """
        spools = [dear_spool(staged.kept.folder, step) for staged in self.staged.values()]
        reasons = []
        with progress(f"filter {step.label}", int(self.store.alive.sum())) as bar:
            parts = iter(self.store.parts)
            for (name, staged), spool in zip(self.staged.items(), spools, strict=True):
                for number in staged.kept.numbers:
                    part = next(parts)
                    reasons.append(self._part(part, name, step, spool, number))
                    bar.advance(int(self.store.alive[part.start : part.end].sum()))
        found = [reason for reason in reasons if reason is not None]
        if found:
            ledger.drop(step.name, self.store, pl.concat(found))
        return spools

    def _part(
        self, part: Part, source: str, step: PlannedFilter, spool: Spool, number: int
    ) -> pl.DataFrame | None:
        """Judge the rows of a part: return positions and reasons of those to drop."""
        frame = self.store.read(part)
        if frame is None:
            return None
        scores = self._left(frame, step, spool, number)
        if scores is None:
            known = self.former.of(source, step, frame[ROW])
            scores = known_or_scored(frame, step, known, self.workers)
            if scores.width:
                spool.add(beside(frame[ROW], scores, step), number)
        reason = filtering.decide(frame, scores, step).alias("reason")
        return frame.select(POSITION, reason).filter(pl.col("reason").is_not_null())

    def _left(
        self, frame: pl.DataFrame, step: PlannedFilter, spool: Spool, number: int
    ) -> pl.DataFrame | None:
        """Return the scores that an interrupted build of the same inputs left of these rows."""
        path = spool.path(number)
        if not path.is_file():
            return None
        left = spooled(path)
        if not left[ROW].equals(frame[ROW]):
            return None
        spool.numbers.append(number)
        prefix = f"{step.label}."
        return left.drop(ROW).rename(lambda name: name.removeprefix(prefix))
