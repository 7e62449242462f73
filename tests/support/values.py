"""A metric that takes an answer at its word, and tables of what it gives: for tests of statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

import benchmarks
from benchmarks.metrics._base import Segments, mean_of_rows
from isogloss.plugins import discover
from isogloss.records import SCHEMA, with_ids

PERCENT = (0.0, 100.0)
Values = Mapping[str, Sequence[float | None]]


def install(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Add the metric ``value`` for a test: the mean of the numbers that answers are."""

    def statistics(segments: Segments, options: Any) -> Any:
        rows = [(0.0, 0.0) if text == "" else (float(text), 1.0) for text in segments.answers]
        return np.asarray(rows)

    module = ModuleType("value")
    vars(module).update(
        LABEL="value", DESCRIPTION="the answer", UNIT="points", TASKS=("qa",), WITHIN=PERCENT,
        HIGHER_IS_BETTER=True, combine=mean_of_rows, statistics=statistics,
        signature=lambda language, options: "value|v1",
    )  # fmt: skip
    monkeypatch.setitem(discover("benchmarks.metrics"), "value", module)
    return module


def asked(values: Values, *, names: Callable[[str, int], str] = "{}-{}".format) -> pl.DataFrame:
    """Return records of so many questions in each language, with their items named."""
    rows = [
        {
            "task": "qa",
            "language": language,
            "input": f"{number}?",
            "references": ["yes"],
            "source_id": f"set#{names(language, number)}",
        }
        for language, several in values.items()
        for number in range(len(several))
    ]
    return with_ids(pl.DataFrame(rows, schema=SCHEMA))


def answered(records: pl.DataFrame, values: Values) -> pl.DataFrame:
    """Return predictions that are worth so much (0 to 1); None for what cannot be judged."""
    told = ["" if one is None else repr(one) for several in values.values() for one in several]
    return records.select("id", pl.Series("prediction", told))


def scored(values: Values, **more: Any) -> dict[str | None, dict[str, Any]]:
    """Return the rows of scores by language."""
    names = more.pop("names", "{}-{}".format)
    records = asked(values, names=names)
    table = benchmarks.score(answered(records, values), records, metrics=["value"], **more)
    return {row["language"]: row for row in table.iter_rows(named=True)}


def compared(one: Values, two: Values, **more: Any) -> dict[str | None, dict[str, Any]]:
    """Return the rows of a comparison by language."""
    records = asked(one)
    table = benchmarks.compare(
        answered(records, one), answered(records, two), records, metrics=["value"], **more
    )
    return {row["language"]: row for row in table.iter_rows(named=True)}


def width(row: Mapping[str, Any]) -> float:
    return float(row["high"] - row["low"])
