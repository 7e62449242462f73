"""Tables in JSON Lines, CSV and Parquet: their wanted columns in batches, and which line is broken."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet

from builders.example import column
from builders.readers.arrow import features_of, to_polars
from builders.readers.json import Picker, record
from builders.readers.lines import BLOCK, Block, blocks, not_utf8, reading
from isogloss.console import printable, warn
from isogloss.errors import IsoglossError
from isogloss.separated import separated_rows
from isogloss.settings import unknown
from isogloss.text import one_line

Format = Literal["jsonl", "csv", "tsv", "parquet"]

#: A column, by its name, and whether a field of it may hold several texts. A dot goes inside.
Wanted = tuple[str, bool]

#: Rows of a batch at most: fewer where they hold more than `BLOCK` bytes.
ROWS = 32_768

#: Bytes of text that JSON and CSV are read by, row by row.
SOME = 2 << 20

# Rows that Parquet is read by. How long they are is known only then.
_FEW = 2048

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_COMPRESSED = (".gz", ".bz2", ".xz", ".lzma", ".zst", ".lz4")

_BLANK = " \t\r\n"
_UTF8 = "Convert it first, for instance with iconv -t UTF-8"
# A field as CSV quotes it.
_QUOTED = r'^"(?:[^"]|"")*"$'


@dataclass(frozen=True)
class Table:
    """A file and how it is written.

    Attributes:
        path: The file.
        name: What it is called in the reason of a row that is broken.
        format: What it is.
        separator: Of CSV: what parts fields.
        quote: Of CSV: what fields are quoted with; empty where nothing is quoted.
        header: Of CSV: whether the first row names the columns; otherwise they are 1, 2, 3 …
        supposed: Whether nobody has said that nothing is quoted.
    """

    path: Path
    name: str
    format: Format
    separator: str = ","
    quote: str = '"'
    header: bool = True
    supposed: bool = False


@dataclass(frozen=True)
class Batch:
    """Some rows of a table.

    Attributes:
        rows: The wanted columns; of JSON, a dotted name is a column.
        numbers: The number of each: of its line in JSON Lines, else of the row, from 1.
        broken: What is wrong with a row, and in which line; null where nothing is.
        quoted: How many fields look quoted in a file that is read as one without quotes.
    """

    rows: pl.DataFrame
    numbers: pl.Series
    broken: pl.Series | None = None
    quoted: int = 0

    def slice(self, start: int, length: int) -> Batch:
        """Return some of the rows."""
        broken = None if self.broken is None else self.broken.slice(start, length)
        quoted = 0 if start else self.quoted
        rows, numbers = self.rows.slice(start, length), self.numbers.slice(start, length)
        return Batch(rows, numbers, broken, quoted)


@dataclass
class Faults:
    """The broken records of a source: how many, and the first of them."""

    where: str
    count: int = 0
    first: str | None = None

    def note(self, batch: Batch) -> None:
        """Take in a batch."""
        if batch.broken is not None and (found := batch.broken.drop_nulls()).len():
            self.count += found.len()
            self.first = self.first or found[0]

    def warn(self) -> None:
        """Warn that there are some, once all is read."""
        if self.first is not None:
            first = printable(self.first[:300])
            warn(f"{self.where}: {self.count} broken records are left out, the first: {first}")


def format_of(path: Path) -> Format | None:
    """Return the kind of file that a name's suffix says, or None."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def batches(table: Table, wanted: Sequence[Wanted]) -> Iterator[Batch]:
    """Read the wanted columns of a file, in order, a batch at a time.

    Raises:
        IsoglossError: The file is not what it should be, with the line or row where it is not.
    """
    reader = {"jsonl": _json_lines, "csv": _csv, "tsv": _csv, "parquet": _parquet}[table.format]
    for batch in reader(table, wanted):
        # A block of short lines has so many rows that the columns made of them would be large.
        for start in range(0, batch.rows.height, ROWS):
            yield batch.slice(start, ROWS)


def top_columns(wanted: Sequence[Wanted], available: Sequence[str], where: str) -> list[str]:
    """Return the top-level columns that hold the wanted ones.

    Raises:
        IsoglossError: One of them is not there.
    """
    names = [name for name, _ in wanted]
    tops = [name if name in available else name.split(".")[0] for name in names]
    for name, top in zip(names, tops, strict=True):
        if top not in available:
            raise unknown("column", name, list(available), where=where)
    return list(dict.fromkeys(tops))


@dataclass
class _Rows:
    """Rows that are read one by one, until they are a batch."""

    values: list[Sequence[Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    broken: list[str | None] = field(default_factory=list)

    def add(self, values: Sequence[Any], number: int, broken: str | None = None) -> None:
        """Add a row."""
        self.values.append(values)
        self.numbers.append(number)
        self.broken.append(broken)

    def batch(self, rows: pl.DataFrame, quoted: int = 0) -> Batch:
        """Return them, with the columns that were made of their values."""
        broken = column("broken", self.broken, pl.String())
        return Batch(rows, pl.Series(self.numbers, dtype=pl.Int64), broken, quoted)


# JSON Lines. Each record says its own types, and their texts are to stay as written: what infers
# types for a column changes them (5 beside 2.5 is 5.0), or fails at one that nobody wants.


def _json_lines(table: Table, wanted: Sequence[Wanted]) -> Iterator[Batch]:
    read = blocks(table.path, SOME, records=True)
    yield from json_batches(read, wanted, str(table.path), table.name)


def json_batches(
    read: Iterable[Block], wanted: Sequence[Wanted], path: str, name: str
) -> Iterator[Batch]:
    """Read the wanted values of records of JSON, one a line.

    Args:
        read: Blocks of lines.
        wanted: The names of the values.
        path: The file, to name in an error.
        name: The file, to name in the reason of a record that is broken.

    Raises:
        IsoglossError: The file begins with a list, or no record of its first block is whole, or
            none has one of the columns.
    """
    picker = Picker(wanted, path)
    checked = False
    for block in read:
        rows, faults = _Rows(), []
        for number, line in enumerate(block.decoded().split("\n"), block.line):
            if not line.strip(_BLANK):
                continue
            try:
                values = picker.pick(record(line, f"{path}:{number}"))
                if block.broken and (problem := _undecoded(values)) and not_utf8(line):
                    raise IsoglossError(problem, where=f"{path}:{number}", remedy=_UTF8)
                rows.add(values, number)
            except IsoglossError as error:
                if not checked and not rows.values and line.lstrip().startswith("["):
                    raise  # the file is a list
                faults.append(error)
                rows.add(picker.nothing, number, f"{name}:{number}: {error.problem}")
        if rows.values and not checked:
            if len(faults) == len(rows.values):
                raise faults[0]
            picker.check_all_found()
            checked = True
        if rows.values:
            yield rows.batch(picker.frame(rows.values))


# CSV


def _csv(table: Table, wanted: Sequence[Wanted]) -> Iterator[Batch]:
    yield from csv_batches(blocks(table.path, SOME, records=True), wanted, table)


def csv_batches(read: Iterable[Block], wanted: Sequence[Wanted], table: Table) -> Iterator[Batch]:
    """Read the wanted columns of separated text, from blocks of its lines.

    Raises:
        IsoglossError: It lacks a column, or is not CSV (with the line).
    """
    path = table.path
    any_broken = False

    def texts() -> Iterator[str]:
        nonlocal any_broken
        for block in read:
            any_broken = any_broken or block.broken
            # A carriage return ends a line, too.
            yield from io.StringIO(block.decoded(), newline="")

    lines = texts()
    found = separated_rows(lines, path, separator=table.separator, quote=table.quote)
    filled: Iterator[tuple[int, list[str]]] = ((line, row) for line, row in found if row)
    line, names = next(filled, (1, None))
    if names is None:
        raise IsoglossError("is empty", where=path, remedy="It needs at least a row of names")
    if not table.header:
        filled = itertools.chain([(line, names)], filled)
        names = [str(number) for number in range(1, len(names) + 1)]
    try:
        columns = top_columns(wanted, names, str(path))
    except IsoglossError as error:
        if problem := _undecoded(names):
            raise IsoglossError(problem, where=f"{path}:{line}", remedy=_UTF8) from error
        raise
    for name in columns:
        if names.count(name) > 1:
            raise IsoglossError(f"two columns are named {name!r}", where=f"{path}:{line}")
    places = [names.index(name) for name in columns]
    rows, size = _Rows(), 0
    for number, (line, row) in enumerate(filled, 1):
        broken = _misshapen(row, len(names), table, line)
        if any_broken and not broken and (problem := _undecoded([row[at] for at in places])):
            broken = f"{table.name}:{line}: {problem}"
        values = [None] * len(places) if broken else [row[place] for place in places]
        rows.add(values, number, broken)
        size += sum(map(len, row))
        if len(rows.values) == ROWS or size > SOME:
            yield _separated(rows, columns, table)
            rows, size = _Rows(), 0
    if rows.values:
        yield _separated(rows, columns, table)


def _undecoded(values: Iterable[Any]) -> str | None:
    """Return what is wrong with the first of some texts, or lists of them, that is not UTF-8."""
    for value in values:
        for text in value if isinstance(value, list) else [value]:
            if text is not None and (problem := not_utf8(text)):
                return problem
    return None


def _misshapen(row: Sequence[str], width: int, table: Table, line: int) -> str | None:
    """Tell what is wrong with a row; empty fields at its end, beyond the names, are nothing."""
    if len(row) == width or (len(row) > width and not any(row[width:])):
        return None
    problem = f"has {len(row)} fields where the first row has {width}"
    if table.quote:
        hint = "a field with the separator or a line break in it stands in quotes"
    else:
        hint = "nothing is quoted in this file; if it is: quote = '\"'"
    return f"{table.name}:{line}: {problem} ({hint})"


def _separated(rows: _Rows, names: Sequence[str], table: Table) -> Batch:
    texts = list(zip(*rows.values, strict=True))
    frame = pl.DataFrame(
        [column(name, part, pl.String()) for name, part in zip(names, texts, strict=True)]
    )
    quoted = 0
    if table.supposed:
        quoted = sum(frame.select(pl.all().str.contains(_QUOTED).sum()).row(0))
    return rows.batch(frame, quoted)


# Parquet


def _parquet(table: Table, wanted: Sequence[Wanted]) -> Iterator[Batch]:
    path = table.path
    total = 0
    with reading(path):
        try:
            file = pyarrow.parquet.ParquetFile(path)
            features = features_of(file.schema_arrow)
            columns = top_columns(wanted, file.schema_arrow.names, str(path))
            for part in _joined(file.iter_batches(_FEW, columns=columns)):
                rows = to_polars(part, features, path)
                yield Batch(rows, pl.int_range(total + 1, total + 1 + rows.height, eager=True))
                total += rows.height
        except (pa.ArrowException, pl.exceptions.PolarsError) as error:
            raise IsoglossError(
                f"is not a whole Parquet file ({one_line(error)})",
                where=path,
                remedy="Copy it anew",
            ) from error


def _joined(parts: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Join small batches until they hold so many rows or bytes that one call for all pays."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for part in parts:
        waiting.append(part)
        rows, size = rows + part.num_rows, size + part.nbytes
        if rows >= ROWS or size >= BLOCK:
            yield pa.Table.from_batches(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting)
