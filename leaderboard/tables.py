"""Tables as pages show them, and as CSV and JSON give them away."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from benchmarks.scores.score import aside

# A spreadsheet takes text that begins so for a formula, and would run it.
_FORMULA = r"^[=+\-@\t\r]"


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: What is shown.
        value: What rows are sorted by; None goes last.
        low, high: An interval's bounds as shown, empty where there is none.
        href: A page of the site that it leads to.
        best: Whether it is not significantly behind the best of its column.
        note: A short remark beside.
        lang, direction: Of the text, where it is not the page's.
    """

    text: str
    value: float | str | None = None
    low: str = ""
    high: str = ""
    href: str = ""
    best: bool = False
    note: str = ""
    lang: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        label: Its head.
        numeric: Whether it holds numbers.
        descending: Whether its best value is the highest.
        title: More about it.
        href: A page of the site that its head leads to.
        apart: Whether another kind of column begins here: a line stands before it.
    """

    label: str
    numeric: bool = True
    descending: bool = True
    title: str = ""
    href: str = ""
    apart: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        name: A slug, its own on the site.
        caption: What it shows.
        columns: Its columns; the first names the row.
        rows: Its rows, in the order they are shown first.
        data: The same, one number a row with its interval, n and signature: what is given away.
        notes: What a reader must know: signatures, units.
        pinned: Whether the second column stays in sight too where a table is scrolled.
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    data: pl.DataFrame
    notes: Sequence[str] = field(default_factory=tuple)
    pinned: bool = False

    def orders(self) -> list[list[int]]:
        """Return for each column the place of every row when sorted by it, the best first."""
        return [self._order(number, column) for number, column in enumerate(self.columns)]

    def _order(self, number: int, column: Column) -> list[int]:
        def key(row: int) -> tuple[bool, Any, int]:
            value = self.rows[row][number].value
            missing = value is None or (isinstance(value, float) and math.isnan(value))
            if missing:
                return (True, 0, row)
            if column.numeric and column.descending and isinstance(value, int | float):
                return (False, -value, row)
            return (False, value, row)

        ordered = sorted(range(len(self.rows)), key=key)
        places = [0] * len(ordered)
        for place, row in enumerate(ordered):
            places[row] = place
        return places

    def csv(self) -> str:
        """Return the data as CSV; text that a spreadsheet would run has an apostrophe before it."""
        names = [name for name, kind in self.data.schema.items() if kind == pl.String]
        guarded = self.data.with_columns(
            pl.when(pl.col(name).str.contains(_FORMULA))
            .then(pl.concat_str(pl.lit("'"), name))
            .otherwise(pl.col(name))
            .alias(name)
            for name in names
        )
        return guarded.write_csv()

    def json(self) -> str:
        """Return the data as JSON: a list of objects; what is not a number is null."""
        floats = pl.selectors.float()
        rows = self.data.with_columns(floats.fill_nan(None)).to_dicts()
        return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def number(value: float | None) -> str:
    """Return a score as shown: one decimal, a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


def signed(value: float | None) -> str:
    """Return a difference as shown, its sign always shown (with a true minus)."""
    text = number(value)
    if text in ("–", "0.0"):
        return text
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def score_cell(row: dict[str, Any] | None, *, best: bool = False, href: str = "") -> Cell:
    """Return the cell of a row of scores, or a dash; a note where languages are not all alike."""
    remarks = {} if row is None else aside(row["signature"])
    if row is None or row["score"] is None or math.isnan(row["score"]):
        missing = remarks.get("not-judged")
        return Cell("–", note=f"not measured in {_few(missing)}" if missing else "")
    bounded = row["low"] is not None
    lone = remarks.get("pooled-variance", remarks.get("no-variance"))
    return Cell(
        number(row["score"]),
        float(row["score"]),
        number(row["low"]) if bounded else "",
        number(row["high"]) if bounded else "",
        href,
        best,
        f"one item{f' in {_few(lone)}' if row['language'] is None else ''}" if lone else "",
    )


def _few(tags: Sequence[str], most: int = 3) -> str:
    more = len(tags) - most
    return ", ".join(tags[:most]) + (f" and {more} more" if more > 0 else "")
