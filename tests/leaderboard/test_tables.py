"""Tables sort by any column, best first, with what is missing at the end."""

from __future__ import annotations

import math
import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.charts import Mark, intervals
from leaderboard.tables import Cell, Column, Table, number, signed

VALUES = st.lists(st.one_of(st.none(), st.floats(-100, 100), st.just(math.nan)), min_size=1)


def table(values: list[float | None], *, descending: bool) -> Table:
    rows = [[Cell(str(n), str(n)), Cell(number(value), value)] for n, value in enumerate(values)]
    columns = [Column("name", numeric=False), Column("score", descending=descending)]
    return Table("t", "c", columns, rows, pl.DataFrame())


@given(values=VALUES, descending=st.booleans())
def test_orders_are_permutations_with_the_best_first(
    values: list[float | None], descending: bool
) -> None:
    places = table(values, descending=descending).orders()[1]
    assert sorted(places) == list(range(len(values)))
    seen = [value for _, value in sorted(zip(places, values, strict=True), key=lambda one: one[0])]
    there = [value for value in seen if value is not None and not math.isnan(value)]
    assert there == sorted(there, reverse=descending)
    assert all(value is None or math.isnan(value) for value in seen[len(there) :])


def test_numbers_are_shown_with_one_decimal_and_their_sign() -> None:
    assert [number(value) for value in (None, math.nan, -0.01, 12.345)] == ["–", "–", "0.0", "12.3"]
    assert [signed(value) for value in (1.0, -1.0, 0.01, None)] == ["+1.0", "−1.0", "0.0", "–"]


@given(st.lists(st.tuples(st.text(), st.floats(-50, 150)), max_size=5))
def test_charts_hold_any_label_and_value(groups: list[tuple[str, float]]) -> None:
    svg = intervals(
        'a "title" & <more>',
        [(label, [Mark(0, label, value, None, None)]) for label, value in groups],
        "points",
    )
    assert svg.count("<path") == len(groups)
    places = re.findall(r' (?:d|[xy][12]?|width|height|viewBox)="([^"]*)"', svg)
    assert places and not re.search("nan|inf", " ".join(places))
    assert svg.startswith("<svg") and svg.endswith("</svg>")
