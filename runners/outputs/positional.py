"""Answers by their place: text files, one answer a line, as Moses and WMT have them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import polars as pl

from isogloss.console import say
from isogloss.errors import IsoglossError
from runners.outputs._lines import LONGEST, lines, shown, too_long
from runners.outputs.places import Cell


@dataclass(frozen=True)
class Places:
    """Which record each line of a file answers.

    Attributes:
        cell: The cell, for errors.
        records: The ids of its records, in order.
        rows: Every row of its data: ``id``, null where it is not asked, and ``reason`` why it cannot
            be asked, null for none.
    """

    cell: str
    records: list[str]
    rows: pl.DataFrame

    @classmethod
    def of(cls, records: pl.DataFrame, rows: pl.DataFrame | None, cell: Cell) -> Self:
        """Return the places of a cell: its records, and its rows among those of the data."""
        ids = records["id"].to_list()
        if rows is None:
            return cls(str(cell), ids, pl.DataFrame({"id": ids}).with_columns(reason=None))
        mine = rows.filter(
            pl.col("task") == cell.task,
            pl.col("language") == cell.language,
            pl.col("source_language").eq_missing(pl.lit(cell.source_language, pl.String)),
        )
        return cls(str(cell), ids, mine.select("id", "reason"))

    def readings(self) -> dict[int, pl.Series]:
        """Return how a file may be read, by its number of lines: the record of each line, or null.

        A file may have a line for each record; for each row that could be asked, of which a limit
        leaves some out; or for every row. Where two have as many lines they are the same.
        """
        every = pl.Series("id", self.records, pl.String)
        possible = self.rows.filter(pl.col("reason").is_null())["id"]
        found: dict[int, pl.Series] = {}
        for reading in (every, possible, self.rows["id"]):
            # Only what has just these records, in this order, is a reading of the file at all.
            if reading.drop_nulls().equals(every):
                found.setdefault(len(reading), reading)
        return found


def read_lines(path: Path, places: Places) -> pl.DataFrame:
    r"""Read a text file of as many answers as a cell has records, or lines in its data.

    Lines end at ``\n``; a last ``\r`` is dropped. A line's end at the end of the file begins no
    further line.

    Args:
        path: The file.
        places: Which record each line may be for.

    Returns:
        Columns ``id`` of the record, ``text``, and ``line``, from 1, in the records' order.

    Raises:
        IsoglossError: There are more or fewer lines than records and than lines of the data, or the
            file is broken.
    """
    readings = places.readings()
    most = max(readings)
    answers: list[str] = []
    count, surplus = 0, ""
    for count, line in lines(path):
        text = line.removesuffix("\n").removesuffix("\r")
        if len(text) > LONGEST:
            raise too_long("the line", f"{path}:{count}")
        if count == 1:
            _refuse_json(text, path)
        if count <= most:
            answers.append(text)
        elif count == most + 1:
            surplus = text
    if count not in readings:
        raise _miscounted(path, count, surplus, places, sorted(readings))
    ids = readings[count]
    unused = ids.null_count()
    if unused:
        say(f"{path}: {unused:,} of its {count:,} lines are for rows that are not asked")
    frame = pl.DataFrame({"id": ids, "text": pl.Series(answers, dtype=pl.String)})
    numbered = frame.with_columns(line=pl.int_range(1, pl.len() + 1, dtype=pl.Int64))
    return numbered.filter(pl.col("id").is_not_null())


def _miscounted(
    path: Path, count: int, surplus: str, places: Places, counts: list[int]
) -> IsoglossError:
    """Return the error for a file that has not as many lines as anything."""
    problem = f"has {count:,} lines, and {places.cell} has {len(places.records):,} records"
    more = [f"{one:,}" for one in counts if one != len(places.records)]
    if more:
        problem += f", of data of {' or '.join(more)} lines"
    if count > counts[-1]:
        problem += f"; the first line too many, {counts[-1] + 1:,}, is {shown(surplus)}"
    broken = places.rows.with_row_index("line", offset=1).filter(pl.col("reason").is_not_null())
    if broken.height:
        first = broken.row(0, named=True)
        others = f", and {broken.height - 1:,} others" if broken.height > 1 else ""
        remedy = (
            "Give every line of the data a line, or every record: without line "
            f"{first['line']:,} ({first['reason']}){others}"
        )
    elif count > counts[-1]:
        remedy = "A line's end within an answer must be written as a space"
    else:
        remedy = "Give every record a line; an empty one if there is no answer"
    return IsoglossError(problem, where=path, remedy=remedy)


def _refuse_json(text: str, path: Path) -> None:
    """Refuse JSON Lines under another name: what has ids is not to be matched by its place."""
    if not text.startswith("{"):
        return
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(row, dict) and {"id", "prediction"} <= set(row):
        raise IsoglossError(
            "holds JSON Lines with ids, and its name says text", where=path, remedy="Name it .jsonl"
        )
