"""What is decided over all sources together: duplicates, splits, leaks, and the mixture."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from builders.decontamination.contamination import (
    HITS,
    TEST_SPLIT,
    Contamination,
    protected,
    reason,
    summarise,
)
from builders.duplicates import exact
from builders.duplicates.near import Batch, near_duplicates
from builders.filters._expensive import Judging
from builders.filters._scores import Former
from builders.mixture import sizes
from builders.mixture.choose import Chosen, choose
from builders.mixture.settings import ORIGINS
from builders.mixture.splits import assign_splits, ranks
from builders.pipeline.each_source import Staged
from builders.recipe import Recipe
from builders.rows.ledger import Ledger
from builders.rows.rows import POSITION, Spool, Store
from builders.templates.loading import template_tasks
from isogloss.console import progress
from isogloss.hashing import xxh64
from isogloss.records import SPLITS

# Near-duplicates are of one task, in the same languages, on the same passage, in these texts.
_CELL = ("task", "language", "source_language", "context")
_TEXTS = ("instruction", "input", "output")
_SIDES = (
    "task", "language", "source_language", "instruction", "context", "input", "output",
    "references", "source_id",
)  # fmt: skip


@dataclass
class Choosing:
    """The steps that follow the sources, each dropping rows of the store.

    Attributes:
        plan: The recipe.
        store: The rows that the sources' own filters let through.
        ledger: Counts and dropped rows.
        work: A folder for what does not fit in memory.
        workers: Threads and processes.
        suites: Texts of suites that are not to be trained on.
        dear: The scores of dear filters, one spool a source, by filter.
        contamination: What the manifest tells of leaks.
    """

    plan: Recipe
    store: Store
    ledger: Ledger
    work: Path
    workers: int
    suites: pl.DataFrame
    dear: dict[str, list[Spool]] = field(default_factory=dict)
    contamination: list[dict[str, Any]] = field(default_factory=list)

    def duplicates(self) -> None:
        """Drop rows that are the same as an earlier one, or nearly."""
        self.ledger.drop("duplicates", self.store, exact.identical(self.store))
        near = self.plan.duplicates.near
        if near is not None:
            found = near_duplicates(
                self._near_batches,
                near,
                self.work / "near",
                self.plan.seed,
                workers=self.workers,
            )
            told = pl.format(
                "nearly the same as another example (Jaccard {})", pl.col("jaccard").round(2)
            )
            self.ledger.drop(
                "near-duplicates", self.store, found.select(POSITION, told.alias("reason"))
            )

    def _near_batches(self) -> Iterator[Batch]:
        # Two questions on one passage are alike in most of their texts, and not the same.
        for frame in self.store.batches((*_CELL, *_TEXTS, "tags", "split")):
            texts = [pl.col(name).fill_null("") for name in _TEXTS]
            cell = [pl.col(name).fill_null("") for name in _CELL]
            cell.append(exact.asked_for())
            told = frame.select(
                POSITION,
                xxh64(pl.concat_str(cell, separator="\x1f")).alias("cell"),
                pl.concat_str(texts, separator="\n").alias("text"),
                exact.place(pl.col("split")).alias("priority"),
            )
            yield Batch(*(told[name] for name in told.columns))

    def judge(self, staged: dict[str, Staged], former: Former, inputs: str) -> None:
        """Ask the dear filters, in the recipe's order; see `builders.filters._expensive.Judging`."""
        judging = Judging(self.store, staged, former, inputs, self.workers)
        for step in self.plan.filters:
            if step.dear:
                self.dear[step.label] = judging.judge(step, self.ledger)

    def merge(self) -> None:
        """Make one row of those that ask the same."""
        merged, references = exact.merge(self.store)
        self.ledger.drop("same-input", self.store, merged)
        if references.height:
            self.store.patches.append(references)

    def index(self) -> pl.DataFrame:
        """Return a row of numbers and names for each row that is in, with its split."""
        columns = ("task", "language", "source_language", "source", "tags", "group", "split",
                   *sizes.TEXTS)  # fmt: skip
        names = [source.options.name for source in self.plan.sources]
        texts = [
            pl.col(name).str.len_bytes().fill_null(0) for name in ("context", "input", "output")
        ]
        measure = sizes.measure(self.plan.mixture, self.plan.path)
        tags = pl.col("tags")
        origin = (
            pl.when(tags.list.contains("synthetic")).then(pl.lit("synthetic"))
            .when(tags.list.contains("translated")).then(pl.lit("translated"))
            .otherwise(pl.lit("native"))
        )  # fmt: skip
        frames = [
            frame.select(
                POSITION,
                pl.col("split").cast(pl.Enum(SPLITS)),
                pl.col("task").cast(pl.Enum(template_tasks(self.plan.templates))),
                pl.col("language").cast(pl.Enum(self.plan.languages)),
                pl.col("source_language").cast(pl.Categorical),
                pl.col("source").cast(pl.Enum(names)),
                origin.cast(pl.Enum(ORIGINS)).alias("origin"),
                pl.sum_horizontal(texts).cast(pl.UInt32).alias("bytes"),
                *([measure(frame)] if measure else []),
                *ranks(self.plan.seed),
            )
            for frame in self.store.batches(columns)
        ]
        return assign_splits(pl.concat(frames), self.plan.split).drop("_share")

    def decontaminate(self, test: pl.Series) -> None:
        """Drop what is trained on and has something of the test split or of a suite.

        Args:
            test: The positions of the test split.
        """
        tested = np.zeros(self.store.height, dtype=bool)
        tested[test.to_numpy()] = True
        own = (protected(frame, TEST_SPLIT) for frame in self.store.batches(_SIDES, only=tested))
        suites, self.suites = self.suites, pl.DataFrame()
        if suites.is_empty() and not tested.any():
            return
        known = Contamination(self.plan.decontamination, itertools.chain([suites], own))
        found = [pl.DataFrame(schema=HITS)]
        with progress("decontamination", int((self.store.alive & ~tested).sum())) as bar:
            for frame in self.store.batches(_SIDES, only=~tested):
                found.append(known.hits(frame, workers=self.workers))
                bar.advance(frame.height)
        hits = pl.concat(found)
        self.contamination = summarise(hits)
        self.ledger.drop("decontamination", self.store, hits.select(POSITION, reason()))

    def mix(self, index: pl.DataFrame) -> Chosen:
        """Choose the rows of the mixture, of those that are still in."""
        left = pl.Series(self.store.alive).gather(index[POSITION])
        least = self.plan.split.least_test_rows
        chosen = choose(index.filter(left), self.plan.mixture, least_test_rows=least)
        self.ledger.drop("mixture", self.store, chosen.dropped)
        return chosen
