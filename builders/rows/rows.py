"""Rows on disk: text stays in files, only numbers of rows are in memory.

Every row that its source's cheap filters let through has a position, from 0 on without gaps, in the
order of the recipe's sources. What is decided of rows afterwards is decided in arrays by position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from builders.rows.ledger import Ledger
from builders.rows.spool import Spool, height_of, unpacked

#: The column of positions, in frames of rows.
POSITION = "position"
#: The column of a row's number in its source, whatever became of the rows before it.
ROW = "row"
#: Columns of the hashes of what a row asks and of its references, by which equal ones are found.
#: There are two of what it asks: among 10,000,000 rows, two that differ are taken for the same with a
#: probability of about 1e-25. One will do for references, which are compared of the same input only.
INPUT_KEYS = ("_asked0", "_asked1")
REFERENCE_KEYS = ("_given0",)
KEYS = (*INPUT_KEYS, *REFERENCE_KEYS)

Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Part:
    """A file of rows, and the position of the first."""

    path: Path
    start: int
    height: int

    @property
    def end(self) -> int:
        """The position after the last."""
        return self.start + self.height


@dataclass
class SourceRows:
    """The rows of one source.

    Attributes:
        name: The source's name.
        kept: Files of the rows that its cheap filters let through, by the number of the batch.
        scores: Files of the scores of all rows that came to the cheap filters, likewise.
        ledger: Its steps, and the files of dropped rows.
        expensive: Files of the scores of each expensive filter, likewise, by the filter's label.
    """

    name: str
    kept: Spool
    scores: Spool
    ledger: Ledger
    expensive: dict[str, Spool] = field(default_factory=dict)

    @classmethod
    def empty(cls, name: str, folder: Path) -> SourceRows:
        """Return a source without rows, whose files will be in a folder."""
        return cls(
            name, Spool(folder, "kept"), Spool(folder, "scores"), Ledger(folder, {"source": name})
        )

    def examples(self) -> Iterator[pl.DataFrame]:
        """Read the rows that were kept, for sources that are made of others."""
        for path in self.kept.paths():
            yield unpacked(path, None).drop(KEYS)


@dataclass
class Rows:
    """The rows of all sources, in order: handed from step to step, each of which drops some.

    Attributes:
        sources: The sources, in the recipe's order.
        ledger: The steps over all sources, and the files of rows that they dropped.
        folder: A folder for what does not fit into memory.
        workers: Threads, and processes for what polars does not do by itself.
        parts: The files of rows, in order.
        mask: By position, whether the row is in.
    """

    sources: Sequence[SourceRows]
    ledger: Ledger
    folder: Path
    workers: int
    parts: list[Part]
    mask: Mask
    _changes: list[pl.DataFrame] = field(default_factory=list)

    @classmethod
    def of(cls, sources: Sequence[SourceRows], folder: Path, workers: int) -> Rows:
        """Open the rows of sources: all of them are in."""
        parts, start = [], 0
        for path in (path for source in sources for path in source.kept.paths()):
            parts.append(Part(path, start, height_of(path)))
            start = parts[-1].end
        mask = np.ones(start, dtype=bool)
        return cls(sources, Ledger(folder / "all"), folder, workers, parts, mask)

    @property
    def height(self) -> int:
        """The number of rows, in or out."""
        return len(self.mask)

    @property
    def left(self) -> int:
        """The number of rows that are in."""
        return int(self.mask.sum())

    def batches(
        self, columns: Sequence[str] | None = None, only: Mask | None = None
    ) -> Iterator[pl.DataFrame]:
        """Read the rows that are in, part by part, with their positions.

        Args:
            columns: The columns to read; all where None.
            only: By position, the rows to read of those that are in; all of them where None.
        """
        wanted = self.mask if only is None else self.mask & only
        for part in self.parts:
            frame = self.read(part, columns, wanted)
            if frame is not None:
                yield frame

    def read(
        self, part: Part, columns: Sequence[str] | None = None, wanted: Mask | None = None
    ) -> pl.DataFrame | None:
        """Read the rows of a part that are in (or are wanted); None where there are none."""
        mask = (self.mask if wanted is None else wanted)[part.start : part.end]
        if not mask.any():
            return None
        frame = unpacked(part.path, columns)
        positions = pl.int_range(part.start, part.end, eager=True)
        frame = frame.insert_column(0, positions.alias(POSITION))
        if not mask.all():
            frame = frame.filter(pl.Series(mask))
        for change in self._changes:
            names = [name for name in change.columns if name in frame.columns and name != POSITION]
            here = change.filter(pl.col(POSITION).is_between(part.start, part.end - 1))
            if names and here.height:
                frame = frame.update(here.select(POSITION, *names), on=POSITION)
        return frame

    def parts_of_sources(self) -> Iterator[tuple[SourceRows, int, Part]]:
        """Yield every part with its source and the number of its batch there."""
        parts = iter(self.parts)
        for source in self.sources:
            for number in source.kept.numbers:
                yield source, number, next(parts)

    def positions(self, positions: pl.Series) -> Mask:
        """Return a mask of some positions."""
        mask = np.zeros(self.height, dtype=bool)
        mask[positions.to_numpy()] = True
        return mask

    def drop(self, step: str, reasons: pl.DataFrame) -> None:
        """Drop rows, and write them down with their reasons.

        Args:
            step: The step that drops them.
            reasons: ``position`` and ``reason`` of each.
        """
        dropped = self.positions(reasons[POSITION])
        reasons = reasons.select(POSITION, "reason").sort(POSITION)
        self.ledger.count(step, 0)
        for frame in self.batches(only=dropped):
            here = reasons.join(frame.select(POSITION), on=POSITION, how="semi")
            gone = frame.join(here, on=POSITION, how="left", maintain_order="left")
            self.ledger.drop(step, gone.height, gone)
        self.mask &= ~dropped
        self.ledger.count(step, self.left)

    def change(self, columns: pl.DataFrame) -> None:
        """Put other values into columns of rows: they are there whenever rows are read.

        Args:
            columns: ``position``, and the columns.
        """
        if columns.height:
            self._changes.append(columns)

    def steps(self) -> list[dict[str, Any]]:
        """Return all steps as the manifest has them."""
        return [step for ledger in self._ledgers for step in ledger.tables()]

    def dropped(self) -> Mapping[str, list[Path]]:
        """Return the files of dropped rows, by step, in order."""
        files: dict[str, list[Path]] = {}
        for ledger in self._ledgers:
            for step, paths in ledger.files().items():
                files.setdefault(step, []).extend(paths)
        return files

    @property
    def _ledgers(self) -> list[Ledger]:
        return [*(source.ledger for source in self.sources), self.ledger]
