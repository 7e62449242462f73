"""The step ``[decontamination]``: what is trained on has nothing of the test split, nor of suites."""

from __future__ import annotations

import itertools
from typing import Any

import polars as pl

from builders.decontamination.contamination import (
    HITS,
    TEST_SPLIT,
    Contamination,
    protected,
    reason,
    summarise,
)
from builders.decontamination.settings import DecontaminationOptions
from builders.rows.rows import POSITION, Rows
from isogloss.console import progress

_SIDES = (
    "task", "language", "source_language", "instruction", "context", "input", "output",
    "references", "source_id",
)  # fmt: skip


def decontaminate(
    rows: Rows, options: DecontaminationOptions, suites: pl.DataFrame, test: pl.Series | None = None
) -> list[dict[str, Any]]:
    """Drop what is trained on and has something of the test split or of a suite.

    Args:
        rows: The rows.
        options: What counts as having something of a text.
        suites: Texts of suites, with the columns `builders.decontamination.contamination.PROTECTED`.
        test: The positions of the test split; None where there is none.

    Returns:
        What the manifest says of what was found.
    """
    tested = rows.positions(pl.Series([], dtype=pl.Int64) if test is None else test)
    if suites.is_empty() and not tested.any():
        return []
    own = (protected(frame, TEST_SPLIT) for frame in rows.batches(_SIDES, only=tested))
    known = Contamination(options, itertools.chain([suites], own))
    found = [pl.DataFrame(schema=HITS)]
    with progress("decontamination", int((rows.mask & ~tested).sum())) as bar:
        for frame in rows.batches(_SIDES, only=~tested):
            found.append(known.hits(frame, workers=rows.workers))
            bar.advance(frame.height)
    hits = pl.concat(found)
    rows.drop("decontamination", hits.select(POSITION, reason()))
    return summarise(hits)
