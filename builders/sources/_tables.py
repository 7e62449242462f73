"""Reading JSON Lines, CSV and Parquet in batches, and saying which line is broken."""

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
from builders.readers.lines import BLOCK, Block, blocks, reading
from builders.sources._columns import Columns
from builders.sources._files import Found
from isogloss.console import printable, warn
from isogloss.errors import IsoglossError
from isogloss.separated import separated_rows
from isogloss.text import one_line

Format = Literal["jsonl", "csv", "tsv", "parquet"]

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
# A field as CSV quotes it.
_QUOTED = r'^"(?:[^"]|"")*"$'


@dataclass(frozen=True)
class Table:
    """A file and how it is written.

    ``quote`` is empty where nothing is quoted, and ``supposed`` says that nobody has said so.
    """

    file: Found
    format: Format
    separator: str = ","
    quote: str = '"'
    header: bool = True
    supposed: bool = False


@dataclass(frozen=True)
class Batch:
    """Some rows of a table.

    Attributes:
        rows: The columns that are asked for; of JSON, a dotted name is a column.
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

    def tell(self) -> None:
        """Warn that there are some, once all is read."""
        if self.first is not None:
            first = printable(self.first[:300])
            warn(f"{self.where}: {self.count} broken records are left out, the first: {first}")


def format_of(path: Path) -> Format | None:
    """Return the kind of file that a name's suffix tells, or None."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def batches(table: Table, columns: Sequence[Columns]) -> Iterator[Batch]:
    """Read the columns of a file that one mapping or more ask for, in order, a batch at a time.

    Raises:
        IsoglossError: The file is not what it should be, with the line or row where it is not.
    """
    reader = {"jsonl": _json_lines, "csv": _csv, "tsv": _csv, "parquet": _parquet}[table.format]
    for batch in reader(table, columns):
        # A block of short lines has so many rows that the columns made of them would be large.
        for start in range(0, batch.rows.height, ROWS):
            yield batch.slice(start, ROWS)


def _tops(columns: Sequence[Columns], available: Sequence[str], path: Path) -> list[str]:
    tops = [top for one in columns for top in one.tops(available, str(path))]
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
# types for a column changes them (5 beside 2.5 is 5.0), or fails at one that nobody asks for.


def _json_lines(table: Table, columns: Sequence[Columns]) -> Iterator[Batch]:
    file = table.file
    yield from json_batches(blocks(file.path, SOME), columns, str(file.path), file.name)


def json_batches(
    read: Iterable[Block], columns: Sequence[Columns], path: str, name: str
) -> Iterator[Batch]:
    """Read what mappings ask for of records of JSON, one a line.

    Args:
        read: Blocks of lines.
        columns: The mappings.
        path: The file, to name in an error.
        name: The file, to name in the reason of a record that is broken.

    Raises:
        IsoglossError: The file begins with a list, or no record of its first block is whole, or
            none has one of the columns.
    """
    picker = Picker(columns, path)
    checked = False
    for block in read:
        rows, faults = _Rows(), []
        for number, line in enumerate(block.text.decode().split("\n"), block.line):
            if not line.strip(_BLANK):
                continue
            try:
                rows.add(picker.pick(record(line, f"{path}:{number}")), number)
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


def _csv(table: Table, columns: Sequence[Columns]) -> Iterator[Batch]:
    yield from csv_batches(blocks(table.file.path, SOME), columns, table)


def csv_batches(read: Iterable[Block], columns: Sequence[Columns], table: Table) -> Iterator[Batch]:
    """Read what mappings ask for of separated text, from blocks of its lines.

    Raises:
        IsoglossError: It lacks a column, or is not CSV (with the line).
    """
    path = table.file.path
    lines = itertools.chain.from_iterable(
        # A carriage return ends a line, too.
        io.StringIO(block.text.decode(), newline="")
        for block in read
    )
    found = separated_rows(lines, path, separator=table.separator, quote=table.quote)
    filled: Iterator[tuple[int, list[str]]] = ((line, row) for line, row in found if row)
    line, names = next(filled, (1, None))
    if names is None:
        raise IsoglossError("is empty", where=path, remedy="It needs at least a row of names")
    if not table.header:
        filled = itertools.chain([(line, names)], filled)
        names = [str(number) for number in range(1, len(names) + 1)]
    wanted = _tops(columns, names, path)
    for name in wanted:
        if names.count(name) > 1:
            raise IsoglossError(f"two columns are named {name!r}", where=f"{path}:{line}")
    places = [names.index(name) for name in wanted]
    rows, size = _Rows(), 0
    for number, (line, row) in enumerate(filled, 1):
        broken = _misshapen(row, len(names), table, line)
        values = [None] * len(places) if broken else [row[place] for place in places]
        rows.add(values, number, broken)
        size += sum(map(len, row))
        if len(rows.values) == ROWS or size > SOME:
            yield _separated(rows, wanted, table)
            rows, size = _Rows(), 0
    if rows.values:
        yield _separated(rows, wanted, table)


def _misshapen(row: Sequence[str], width: int, table: Table, line: int) -> str | None:
    """Tell what is wrong with a row; empty fields at its end, beyond the names, are nothing."""
    if len(row) == width or (len(row) > width and not any(row[width:])):
        return None
    told = f"has {len(row)} fields where the first row has {width}"
    if table.quote:
        hint = "a field with the separator or a line break in it stands in quotes"
    else:
        hint = "nothing is quoted in this file; if it is: quote = '\"'"
    return f"{table.file.name}:{line}: {told} ({hint})"


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


def _parquet(table: Table, columns: Sequence[Columns]) -> Iterator[Batch]:
    path = table.file.path
    total = 0
    with reading(path):
        try:
            file = pyarrow.parquet.ParquetFile(path)
            features = features_of(file.schema_arrow)
            wanted = _tops(columns, file.schema_arrow.names, path)
            for part in _joined(file.iter_batches(_FEW, columns=wanted)):
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
