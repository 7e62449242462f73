"""One source at a time: read, limited, mended, scored and filtered, a batch at a time, to disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from builders.duplicates import exact
from builders.example import rank
from builders.filters import _steps
from builders.filters._scores import Former, beside, known_or_scored
from builders.filters._steps import PlannedFilter
from builders.recipe import Recipe
from builders.rows.ledger import Ledger
from builders.rows.rows import POSITION, Spool, Store, packed, rebatched, spooled
from builders.sources._base import Reading
from builders.sources._opening import PlannedSource
from isogloss import licences
from isogloss.console import progress, warn
from isogloss.errors import IsoglossError
from isogloss.files import check_seal, check_unchanged, read_json, sealed, write_json
from isogloss.hashing import xxh64
from isogloss.inorder import in_order

#: Columns of a row on disk, besides those of `builders.example.SCHEMA`.
ROW = "row"

# Sources take disjoint blocks of numbers, so that order does not hang on how much others give.
_BLOCK = 1 << 40
# What of a source is staged, written when all of it is.
_DONE = "done.json"


@dataclass(frozen=True)
class Opened:
    """A source of the recipe, opened, or the reason why it is not.

    ``files`` are those that were hashed to open it, with their hashes.
    """

    planned: PlannedSource
    reading: Reading | None
    problem: str | None = None
    files: Mapping[Path, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The source's name."""
        return self.planned.options.name

    @property
    def derived(self) -> bool:
        """Tell whether it is made of other sources, and of what their filters let through."""
        return bool(getattr(self.planned.options, "of", ()))

    @property
    def licence(self) -> str:
        """The licence of rows that do not say theirs."""
        return self.planned.options.licence or (self.reading.licence if self.reading else "")

    @property
    def entry(self) -> dict[str, Any]:
        """What the manifest says of the source."""
        options = self.planned.options
        common = {"name": options.name, "kind": options.kind}
        if self.reading is None:
            return {**common, "unavailable": self.problem}
        return {
            **common,
            "version": options.version or self.reading.version,
            "licence": self.licence,
            "citation": options.citation or self.reading.citation,
            "sha256": self.reading.sha256,
            "details": self.reading.details,
        }


@dataclass
class Staged:
    """A staged source.

    Attributes:
        kept: Files of the rows that its filters let through, by the number of the batch.
        scores: Files of the scores of all rows that came to the filters, likewise.
        ledger: Its steps, and the files of dropped rows.
    """

    kept: Spool
    scores: Spool
    ledger: Ledger

    def frames(self) -> Iterator[pl.DataFrame]:
        """Read the rows that were kept."""
        for frame in Store.over(self.kept.paths()).batches():
            yield frame.drop(POSITION, *exact.KEYS)


@dataclass
class Staging:
    """What staging a source needs to know besides the source.

    Attributes:
        plan: The recipe.
        work: The folder for a folder of each source.
        inputs: The hash of all that the staged rows hang on: with another one, they are made anew.
        former: Scores of an earlier build.
        workers: Threads and processes.
        readers: What reads the rows of each staged source, by name; filled by `stage`.
    """

    plan: Recipe
    work: Path
    inputs: str
    former: Former
    workers: int
    readers: dict[str, Callable[[], Iterator[pl.DataFrame]]] = field(default_factory=dict)

    def stage(self, source: Opened, index: int) -> Staged:
        """Stage a source, unless that is already done for the same inputs."""
        folder = self.work / f"source-{index}"
        staged = self._taken_up(source, folder)
        if staged is None:
            staged = _nothing(folder, source)
            with _unchanged(source):
                self._stage(source, index, staged)
            write_json(folder / _DONE, _told(staged, self.inputs))
        self.readers[source.name] = staged.frames
        return staged

    def _taken_up(self, source: Opened, folder: Path) -> Staged | None:
        """Return what an interrupted build of the same inputs has staged, if all of it is whole."""
        path = folder / _DONE
        if not path.exists():
            return None
        staged = _nothing(folder, source)
        try:
            told = read_json(path)
            check_seal(told, where=path, needed=True)
            if told["inputs"] != self.inputs:
                return None
            for spool, name in ((staged.kept, "kept"), (staged.scores, "scores")):
                spool.take_up(told[name])
            staged.ledger.take_up(told)
            spools = (staged.kept, staged.scores, *staged.ledger.spools.values())
            whole = all(spool.whole() for spool in spools)
        except (IsoglossError, AttributeError, LookupError, TypeError, ValueError):
            whole = False
        if not whole:
            warn(f"{folder}: what was done of {source.name} is damaged, and is done again")
            return None
        return staged

    def _stage(self, source: Opened, index: int, staged: Staged) -> None:
        with progress(f"source {source.name}", None) as bar:
            frames = rebatched(_counted(source, bar))
            limited = self._limited(
                self._asked(frames, source, index, staged.ledger), source, staged
            )
            judge = partial(self._judge, source, staged)
            for judged in in_order(judge, enumerate(limited), self.workers):
                _settle(judged, staged)

    def _asked(
        self, frames: Iterable[pl.DataFrame], source: Opened, index: int, ledger: Ledger
    ) -> Iterator[pl.DataFrame]:
        """Number the rows, and part off what the source itself drops and the recipe does not want."""
        begin = index * _BLOCK
        for frame in frames:
            rows = pl.int_range(begin, begin + frame.height, dtype=pl.Int64, eager=True)
            begin += frame.height
            described = frame.with_columns(
                rows.alias(ROW),
                pl.lit(source.name).alias("source"),
                pl.coalesce("licence", pl.lit(source.licence)).alias("licence"),
                pl.coalesce("reason", "rejected_by").alias("reason"),
                _tagged(source.planned.options.tags),
            ).drop("rejected_by")
            left = ledger.settle("source", described)
            for step, reason in (
                ("recipe", _unasked(self.plan)),
                ("licence", licences.verdict(self.plan.licences, left)),
            ):
                left = ledger.settle(step, left.with_columns(reason.alias("reason")))
            yield left

    def _limited(
        self, frames: Iterator[pl.DataFrame], source: Opened, staged: Staged
    ) -> Iterator[pl.DataFrame]:
        """Part off what is beyond the source's limit of groups."""
        limit = source.planned.options.limit
        if limit is None:
            for frame in frames:
                staged.ledger.note("limit", frame.height, frame.clear())
                yield frame
            return
        # Which groups rank lowest is known only after all were seen.
        seen = Spool(staged.kept.folder, "read")
        lowest = _Lowest(limit, self.plan.seed)
        for frame in frames:
            lowest.see(frame)
            seen.add(frame)
        for path in seen.paths():
            frame = spooled(path)
            path.unlink()  # what is mapped stays until it is let go
            yield staged.ledger.settle("limit", lowest.verdict(frame))

    def _judge(self, source: Opened, staged: Staged, batch: tuple[int, pl.DataFrame]) -> _Judged:
        """Run the filters over a batch; the dear ones only mend here, and judge later."""
        number, frame = batch
        came, scored, dropped = frame, [], []
        for step in self.plan.filters:
            frame = _steps.repair(frame, step)
            if step.dear:
                continue
            known = self.former.of(source.name, step, frame[ROW])
            scores = known_or_scored(frame, step, known, self.workers)
            reason = _steps.decide(frame, scores, step)
            if scores.width:
                scored.append(beside(frame[ROW], scores, step))
            against = reason.is_not_null()
            gone = frame.with_columns(reason).filter(against)
            dropped.append((step, frame.height, gone))
            frame = frame.filter(~against) if gone.height else frame
        keyed = exact.with_keys(frame)
        # The groups of what is made of other sources are theirs, and short already.
        kept = packed(keyed if source.derived else keyed.with_columns(_short()))
        return _Judged(
            number,
            staged.kept.write(kept, number),
            staged.scores.write(self._scores(came, scored), number),
            dropped,
        )

    def _scores(self, came: pl.DataFrame, scored: list[pl.DataFrame]) -> pl.DataFrame:
        if not any(hasattr(step.module, "score") for step in self.plan.filters):
            return pl.DataFrame()
        table = came.select(ROW, "source_id", "task", "language", "source_language")
        for scores in scored:
            table = table.join(scores, on=ROW, how="left", maintain_order="left")
        return table


@dataclass(frozen=True)
class _Judged:
    """A batch as its filters left it: whether rows and scores were written, and what was dropped."""

    number: int
    kept: bool
    scores: bool
    dropped: list[tuple[PlannedFilter, int, pl.DataFrame]]


def _settle(judged: _Judged, staged: Staged) -> None:
    for step, rows_in, gone in judged.dropped:
        staged.ledger.note(step.name, rows_in, gone, step.label)
    if judged.scores:
        staged.scores.numbers.append(judged.number)
    if judged.kept:
        staged.kept.numbers.append(judged.number)


def _nothing(folder: Path, source: Opened) -> Staged:
    ledger = Ledger(folder, {"source": source.name})
    return Staged(Spool(folder, "kept"), Spool(folder, "scores"), ledger)


def _told(staged: Staged, inputs: str) -> dict[str, Any]:
    """Return what is needed to take a staged source up again, sealed."""
    return sealed(
        {
            "inputs": inputs,
            "kept": staged.kept.state(),
            "scores": staged.scores.state(),
            **staged.ledger.state(),
        }
    )


@contextmanager
def _unchanged(source: Opened) -> Iterator[None]:
    """Check after a source was read that its files are those whose hashes were taken before.

    Raises:
        IsoglossError: One is not; whatever else went wrong came of that.
    """
    try:
        yield
    except Exception:
        check_unchanged(source.files)
        raise
    check_unchanged(source.files)


def _counted(source: Opened, bar: Any) -> Iterator[pl.DataFrame]:
    for batch in source.reading.frames if source.reading else ():
        bar.advance(batch.height)
        yield batch


def _tagged(tags: Sequence[str]) -> pl.Expr:
    given = pl.col("tags").fill_null(pl.lit([], pl.List(pl.String)))
    return given.list.set_union(list(tags)).alias("tags") if tags else given.alias("tags")


def _short() -> pl.Expr:
    """Return groups by their hashes: most are whole texts, of which only equality matters."""
    return xxh64(pl.col("group")).cast(pl.String).alias("group")


def _unasked(plan: Recipe) -> pl.Expr:
    return (
        pl.when(~pl.col("language").is_in(plan.languages))
        .then(pl.lit("its language is not in the recipe"))
        .when(~pl.col("task").is_in(plan.tasks))
        .then(pl.lit("its task is not in the recipe"))
    )


class _Lowest:
    """The lowest-ranked groups of each (task, language, source language), as batches come."""

    _CELL = ("task", "language", "source_language")

    def __init__(self, limit: int, seed: int) -> None:
        self._limit, self._seed = limit, seed
        self._ranks = pl.DataFrame()

    def see(self, frame: pl.DataFrame) -> None:
        ranks = frame.select(*self._CELL, rank(self._seed, pl.col("group")).alias("_rank")).unique()
        both = pl.concat([self._ranks, ranks]).unique() if self._ranks.width else ranks
        self._ranks = both.filter(pl.col("_rank").rank("ordinal").over(self._CELL) <= self._limit)

    def verdict(self, frame: pl.DataFrame) -> pl.DataFrame:
        highest = self._ranks.group_by(self._CELL).agg(pl.col("_rank").max().alias("_highest"))
        joined = frame.join(
            highest, on=self._CELL, how="left", nulls_equal=True, maintain_order="left"
        )
        beyond = rank(self._seed, pl.col("group")) > pl.col("_highest")
        reason = pl.lit(f"beyond the source's limit of {self._limit} groups")
        return joined.with_columns(pl.when(beyond).then(reason).alias("reason")).drop("_highest")
