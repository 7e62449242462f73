"""The sources of a recipe: read, limited, repaired, filtered by what is cheap, batch by batch, to disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from builders.duplicates.exact import with_keys
from builders.example import rank
from builders.filters import _steps
from builders.filters._scores import beside, known_or_scored
from builders.filters._steps import PlannedFilter
from builders.pipeline.opening import Build
from builders.recipe import Recipe
from builders.rows.ledger import Ledger, commonest
from builders.rows.rows import ROW, Rows, SourceRows
from builders.rows.spool import Spool, packed, rebatched, spooled
from builders.sources._base import Earlier
from builders.sources._opening import Source
from isogloss import licences
from isogloss.console import printable, progress, warn
from isogloss.errors import IsoglossError
from isogloss.files import check_seal, read_json, sealed, write_json
from isogloss.hashing import xxh64
from isogloss.inorder import in_order

# Sources take disjoint blocks of numbers, so that order does not hang on how much others give.
_BLOCK = 1 << 40
# What of a source is done, written when all of it is.
_DONE = "done.json"


def read(build: Build) -> Rows:
    """Read every source of a build, unless an interrupted one of the same inputs has done so.

    Returns:
        The rows that the cheap filters let through, all of them in; dropped ones are in the ledgers.

    Raises:
        IsoglossError: A source is broken, or changes while it is read.
    """
    done: list[SourceRows] = []
    earlier: dict[str, Callable[[], Iterator[pl.DataFrame]]] = {}
    for index, source in enumerate(build.sources):
        rows = _read(build, source, index, dict(earlier))
        done.append(rows)
        earlier[source.name] = rows.examples
    rows_of_all = Rows.of(done, build.folder, build.workers)
    for source, rows in zip(build.sources, done, strict=True):
        if rows_of_all.height and source.reading is not None and not rows.kept.numbers:
            files = [path for paths in rows.ledger.files().values() for path in paths]
            reasons = printable(commonest(files)) or "it has none"
            warn(f"source {printable(source.name)}: no row is left ({reasons})")
    return rows_of_all


def _read(build: Build, source: Source, index: int, earlier: Earlier) -> SourceRows:
    folder = build.folder / f"source-{index}"
    rows = take_up(build, source, folder)
    if rows is None:
        rows = SourceRows.empty(source.name, folder)
        with source.unchanged():
            _read_batches(build, source, index, earlier, rows)
        write_json(folder / _DONE, _entry(rows, build.inputs))
    return rows


def take_up(build: Build, source: Source, folder: Path) -> SourceRows | None:
    """Return what an interrupted build of the same inputs has read of a source, if all of it is whole.

    Args:
        build: The build.
        source: The source.
        folder: The folder of its rows.
    """
    path = folder / _DONE
    if not path.exists():
        return None
    rows = SourceRows.empty(source.name, folder)
    try:
        entry = read_json(path)
        check_seal(entry, where=path, needed=True)
        if entry["inputs"] != build.inputs:
            return None
        rows.kept.take_up(entry["kept"])
        rows.scores.take_up(entry["scores"])
        rows.ledger.take_up(entry)
        spools = (rows.kept, rows.scores, *rows.ledger.spools.values())
        whole = all(spool.whole() for spool in spools)
    except (IsoglossError, AttributeError, LookupError, TypeError, ValueError):
        whole = False
    if not whole:
        warn(f"{folder}: what was done of {source.name} is damaged, and is done again")
        return None
    return rows


def _entry(rows: SourceRows, inputs: str) -> dict[str, Any]:
    """Return what is needed to take up the rows of a source again, sealed."""
    return sealed(
        {
            "inputs": inputs,
            "kept": rows.kept.state(),
            "scores": rows.scores.state(),
            **rows.ledger.state(),
        }
    )


def _read_batches(
    build: Build, source: Source, index: int, earlier: Earlier, rows: SourceRows
) -> None:
    with progress(f"source {source.name}", None) as bar:
        frames = rebatched(_counted(source, earlier, bar))
        numbered = _numbered(frames, build.recipe, source, index, rows.ledger)
        limited = _limited(numbered, build.recipe, source, rows)
        run = partial(_filter, build, source, rows)
        for batch in in_order(run, enumerate(limited), build.workers):
            for step, rows_in, dropped in batch.dropped:
                rows.ledger.drop(step.name, rows_in, dropped, step.label)
            if batch.scores:
                rows.scores.numbers.append(batch.number)
            if batch.kept:
                rows.kept.numbers.append(batch.number)


def _counted(source: Source, earlier: Earlier, bar: Any) -> Iterator[pl.DataFrame]:
    for batch in source.reading.examples(earlier) if source.reading else ():
        bar.advance(batch.height)
        yield batch


def _numbered(
    frames: Iterable[pl.DataFrame], recipe: Recipe, source: Source, index: int, ledger: Ledger
) -> Iterator[pl.DataFrame]:
    """Number the rows, and part off what the source itself drops and the recipe does not want."""
    begin = index * _BLOCK
    for frame in frames:
        numbers = pl.int_range(begin, begin + frame.height, dtype=pl.Int64, eager=True)
        begin += frame.height
        described = frame.with_columns(
            numbers.alias(ROW),
            pl.lit(source.name).alias("source"),
            pl.coalesce("licence", pl.lit(source.licence)).alias("licence"),
            pl.coalesce("reason", "rejected_by").alias("reason"),
            _tagged(source.planned.options.tags),
        ).drop("rejected_by")
        left = ledger.separate("source", described)
        for step, reason in (
            ("recipe", _unwanted(recipe)),
            ("licence", licences.verdict(recipe.licences, left)),
        ):
            left = ledger.separate(step, left.with_columns(reason.alias("reason")))
        yield left


def _limited(
    frames: Iterator[pl.DataFrame], recipe: Recipe, source: Source, rows: SourceRows
) -> Iterator[pl.DataFrame]:
    """Part off what is beyond the source's limit of groups."""
    limit = source.planned.options.limit
    if limit is None:
        for frame in frames:
            rows.ledger.count("limit", frame.height)
            yield frame
        return
    # Which groups rank lowest is known only after all were seen.
    seen = Spool(rows.kept.folder, "read")
    lowest = _Lowest(limit, recipe.seed)
    for frame in frames:
        lowest.see(frame)
        seen.add(frame)
    for path in seen.paths():
        frame = spooled(path)
        path.unlink()  # what is mapped stays until it is let go
        yield rows.ledger.separate("limit", lowest.with_reasons(frame))


@dataclass(frozen=True)
class _Batch:
    """A batch as its filters left it: whether rows and scores were written, and what was dropped."""

    number: int
    kept: bool
    scores: bool
    dropped: list[tuple[PlannedFilter, int, pl.DataFrame]]


def _filter(
    build: Build, source: Source, rows: SourceRows, batch: tuple[int, pl.DataFrame]
) -> _Batch:
    """Run the filters over a batch; the expensive ones only repair here."""
    number, frame = batch
    came, scored, dropped = frame, [], []
    for step in build.recipe.filters:
        frame = _steps.repair(frame, step)
        if step.expensive:
            continue
        known = build.known_scores.of(source.name, step, frame[ROW])
        scores = known_or_scored(frame, step, known, build.workers)
        reason = _steps.decide(frame, scores, step)
        if scores.width:
            scored.append(beside(frame[ROW], scores, step))
        against = reason.is_not_null()
        gone = frame.with_columns(reason).filter(against)
        dropped.append((step, frame.height, gone))
        frame = frame.filter(~against) if gone.height else frame
    keyed = with_keys(frame)
    # The groups of what is made of other sources are theirs, and short already.
    kept = packed(keyed if source.derived else keyed.with_columns(_short()))
    return _Batch(
        number,
        rows.kept.write(kept, number),
        rows.scores.write(_scores(build.recipe, came, scored), number),
        dropped,
    )


def _scores(recipe: Recipe, came: pl.DataFrame, scored: Sequence[pl.DataFrame]) -> pl.DataFrame:
    if not any(hasattr(step.module, "score") for step in recipe.filters):
        return pl.DataFrame()
    table = came.select(ROW, "source_id", "task", "language", "source_language")
    for scores in scored:
        table = table.join(scores, on=ROW, how="left", maintain_order="left")
    return table


def _tagged(tags: Sequence[str]) -> pl.Expr:
    given = pl.col("tags").fill_null(pl.lit([], pl.List(pl.String)))
    return given.list.set_union(list(tags)).alias("tags") if tags else given.alias("tags")


def _short() -> pl.Expr:
    """Return groups by their hashes: most are whole texts, of which only equality matters."""
    return xxh64(pl.col("group")).cast(pl.String).alias("group")


def _unwanted(recipe: Recipe) -> pl.Expr:
    return (
        pl.when(~pl.col("language").is_in(recipe.languages))
        .then(pl.lit("its language is not in the recipe"))
        .when(~pl.col("task").is_in(recipe.tasks))
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

    def with_reasons(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows with a ``reason`` where their group ranks beyond the limit."""
        highest = self._ranks.group_by(self._CELL).agg(pl.col("_rank").max().alias("_highest"))
        joined = frame.join(
            highest, on=self._CELL, how="left", nulls_equal=True, maintain_order="left"
        )
        beyond = rank(self._seed, pl.col("group")) > pl.col("_highest")
        reason = pl.lit(f"beyond the source's limit of {self._limit} groups")
        return joined.with_columns(pl.when(beyond).then(reason).alias("reason")).drop("_highest")
