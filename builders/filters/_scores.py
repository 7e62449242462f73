"""Scores beside the rows: kept with the corpus, so that another threshold decides without scoring.

``scores/`` has one row for each that came to the filters: its number in the source, its id, task and
languages, and a column for each filter's score, ``FILTER.SCORE``; null where the filter was not
applied, because an earlier one had dropped the row.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from pydantic import BaseModel, Field

from builders.filters import _steps
from builders.filters._steps import PlannedFilter
from builders.rows.rows import ROW
from isogloss.corpora import MANIFEST, open_corpus
from isogloss.errors import IsoglossError
from isogloss.settings import validate


def beside(rows: pl.Series, scores: pl.DataFrame, step: PlannedFilter) -> pl.DataFrame:
    """Return a filter's scores as they stand in ``scores/``, with the numbers of their rows."""
    named = scores.rename({name: f"{step.label}.{name}" for name in scores.columns})
    return named.insert_column(0, rows)


class _Scores(BaseModel):
    """What a manifest says of a source's scores."""

    rows: str
    filters: dict[str, str]
    files: list[str]


class _Listed(BaseModel):
    """Of a manifest, what it says of scores."""

    scores: dict[str, _Scores] = Field(default_factory=dict)


@dataclass
class KnownScores:
    """The scores of a corpus that was built before in the same folder, where they still hold.

    Attributes:
        files: The files, by source.
        signatures: What the scores hang on besides the text, by source and filter.
    """

    files: dict[str, list[Path]] = field(default_factory=dict)
    signatures: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def open(cls, out: Path, rows: dict[str, str]) -> KnownScores:
        """Open the scores of an earlier corpus.

        Args:
            out: The corpus folder.
            rows: The hash of all that the rows and the texts of each source hang on, now.
        """
        known = cls()
        try:
            earlier = open_corpus(out)
            scores = validate(_Listed, earlier.manifest, where=str(out / MANIFEST)).scores
        except IsoglossError:  # none, or none of ours
            return known
        by_name = {file.name: file for file in earlier.files}
        for name, one in scores.items():
            # What is missing or damaged is scored again.
            with suppress(IsoglossError, KeyError):
                if rows.get(name) == one.rows:
                    known.files[name] = [earlier.check(by_name[file]) for file in one.files]
                    known.signatures[name] = one.filters
        return known

    def of(self, source: str, step: PlannedFilter, rows: pl.Series) -> pl.DataFrame | None:
        """Return the known scores of a filter for rows, null where there are none.

        Args:
            source: The source's name.
            step: The filter.
            rows: The rows' numbers, rising.
        """
        if rows.is_empty() or self.signatures.get(source, {}).get(step.label) != step.signature:
            return None
        prefix = f"{step.label}."
        table = pl.scan_parquet(self.files[source])
        names = [name for name in table.collect_schema().names() if name.startswith(prefix)]
        if not names:
            return None
        found = (
            table.filter(pl.col(ROW).is_between(rows[0], rows[-1]))
            .select(ROW, *(pl.col(name).alias(name.removeprefix(prefix)) for name in names))
            .collect()
        )
        return rows.to_frame().join(found, on=ROW, how="left", maintain_order="left").drop(ROW)


def known_or_scored(
    frame: pl.DataFrame, step: PlannedFilter, known: pl.DataFrame | None, workers: int
) -> pl.DataFrame:
    """Return a filter's scores of a batch: the known ones, and the missing ones made now."""
    if known is None:
        return _steps.score(frame, step, workers)
    missing = known.select(pl.all_horizontal(pl.all().is_null())).to_series()
    if not missing.any():
        return known
    made = _steps.score(frame.filter(missing), step, workers)
    if not made.width:
        return known
    index = pl.int_range(known.height, dtype=pl.UInt32, eager=True)
    old = known.with_columns(index.alias("_index")).filter(~missing)
    new = made.with_columns(index.filter(missing).alias("_index"))
    return pl.concat([old, new.select(old.columns)]).sort("_index").drop("_index")
