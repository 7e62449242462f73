"""Reading JSON Lines, CSV and Parquet in batches, and saying which line is broken."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from builders.sources._columns import Columns
from builders.sources._files import Found
from builders.sources._lines import BLOCK, Block, blocks, one_line, reading
from isogloss.errors import IsoglossError

Format = Literal["jsonl", "csv", "tsv", "parquet"]

#: Rows of a batch at most: fewer where they hold more than `BLOCK` bytes.
ROWS = 32_768

# Bytes that CSV is read by, which no row may pass. Arrow reads up to 32 of them ahead.
_CSV_BLOCK = 2 << 20

# Rows that Parquet is read by. How long they are is known only then.
_FEW = 2048

_SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")

# One half of a surrogate pair, escaped: polars turns it into U+0000 without a word.
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
_BLANK = " \t\r\n"
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Table:
    """A file and how it is written; ``quote`` is empty where nothing is quoted."""

    file: Found
    format: Format
    separator: str = ","
    quote: str = '"'
    header: bool = True


@dataclass(frozen=True)
class Batch:
    """Some rows, and the number of each: of its line in JSON Lines, else of the row, from 1."""

    rows: pl.DataFrame
    numbers: pl.Series


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
            yield Batch(batch.rows.slice(start, ROWS), batch.numbers.slice(start, ROWS))


def _tops(columns: Sequence[Columns], available: Sequence[str], path: Path) -> list[str]:
    tops = [top for one in columns for top in one.tops(available, str(path))]
    return list(dict.fromkeys(tops))


# JSON Lines


def _json_lines(table: Table, columns: Sequence[Columns]) -> Iterator[Batch]:
    path = table.file.path
    known: list[str] | None = None
    for block in blocks(path):
        rows, numbers = _decoded(block, path)
        if rows.is_empty():
            continue
        if known is None:
            known = rows.columns
        # A key that no line of this block has is one that its lines leave out.
        absent = [name for name in known if name not in rows.columns]
        rows = rows.with_columns(pl.lit(None).alias(name) for name in absent)
        yield Batch(rows.select(_tops(columns, rows.columns, path)), numbers)


def _decoded(block: Block, path: Path) -> tuple[pl.DataFrame, pl.Series]:
    """Decode whole lines of JSON objects, by polars where it is right, else line by line.

    Returns:
        The rows, and the number of each one's line.
    """
    lines = block.lines()
    numbers = pl.int_range(block.line, block.line + len(lines), eager=True)
    filled = lines.str.strip_chars(_BLANK) != ""
    if not filled.all():
        lines, numbers = lines.filter(filled), numbers.filter(filled)
    if not len(lines):
        return pl.DataFrame(), numbers
    if not _holds_half_pairs(block.text):
        try:
            rows = pl.read_ndjson(block.text, infer_schema_length=None)
            if rows.height == len(lines):
                return rows, numbers
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            pass  # either a line is broken, which is told below, or only polars cannot read it
    # Values as text have the same type in every line, and text is what a mapping asks for.
    good = "\n".join(
        json.dumps(_plain(_object(line, f"{path}:{number}")))
        for number, line in zip(numbers, lines, strict=True)
    )
    return pl.read_ndjson(io.StringIO(good), infer_schema_length=None), numbers


def _holds_half_pairs(text: bytes) -> bool:
    # Few texts have any escaped surrogate, and looking for one is a hundred times quicker.
    return (b"\\ud" in text or b"\\uD" in text) and bool(_LONE_SURROGATE.search(text))


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        shown = getattr(error, "msg", None) or str(error)
        column = f" at character {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        listed = line.lstrip().startswith("[")
        raise IsoglossError(
            f"is not JSON ({shown}{column})",
            where=where,
            remedy="Every line holds one JSON object; jq -c '.[]' makes such lines of a list"
            if listed
            else "Every line holds one JSON object; mend or delete this one",
        ) from error
    if not isinstance(value, dict):
        raise IsoglossError(
            f"is JSON, but not an object ({line.strip()[:20]})",
            where=where,
            remedy='Every line holds one object, such as {"input": "…", "output": "…"}',
        )
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"JSON knows no {name}")


def _plain(value: Any) -> Any:
    """Return a value with half surrogate pairs shown as the damage they are, and scalars as text."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else value


# CSV


def _csv(table: Table, columns: Sequence[Columns]) -> Iterator[Batch]:
    path = table.file.path
    names = _names(table)
    wanted = _tops(columns, names, path)
    total = 0
    with reading(path), pa.input_stream(str(path), compression="detect") as stream:
        counted = _Counted(stream, table.quote.encode())
        try:
            reader = pyarrow.csv.open_csv(
                counted,
                read_options=pyarrow.csv.ReadOptions(
                    block_size=_CSV_BLOCK,
                    column_names=names,
                    skip_rows_after_names=int(table.header),
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=table.separator,
                    quote_char=table.quote or False,
                    newlines_in_values=bool(table.quote),
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=wanted,
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=False,
                ),
            )
            for part in reader:
                rows = pl.DataFrame(pl.from_arrow(part))
                yield Batch(rows, _numbers(total, rows.height))
                total += rows.height
        except pa.ArrowInvalid as error:
            _explain(table, len(names))
            raise IsoglossError(f"is not CSV ({one_line(error)})", where=path) from error
    # An open quote swallows the rest of the file without a word.
    if counted.found % 2:
        _explain(table, len(names))


class _Counted:
    """A binary file that counts a character while it is read."""

    closed = False

    def __init__(self, stream: Any, character: bytes) -> None:
        self.found = 0
        self._stream, self._character = stream, character

    def read(self, size: int) -> bytes:
        """Read so many bytes at most."""
        data: bytes = self._stream.read(size)
        if self._character:
            self.found += data.count(self._character)
        return data

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True


def _numbers(before: int, count: int) -> pl.Series:
    """Return the numbers of rows, from 1, after those before them."""
    return pl.int_range(before + 1, before + 1 + count, eager=True)


def _names(table: Table) -> list[str]:
    """Return the column names of a CSV file."""
    path = table.file.path
    first = next((row for _, row in _rows(table) if row), None)
    if first is None:
        raise IsoglossError("is empty", where=path, remedy="It needs at least a row of names")
    names = first if table.header else [str(number) for number in range(1, len(first) + 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise IsoglossError(f"two columns are named {twice[0]!r}", where=f"{path}:1")
    return names


def _explain(table: Table, width: int) -> None:
    """Find what is wrong with a CSV file, and where; slow, and only when something is."""
    path = table.file.path
    for line, row in _rows(table):
        if row and len(row) != width:
            raise IsoglossError(
                f"has {len(row)} fields where the first row has {width}",
                where=f"{path}:{line}",
                remedy="Put fields that hold the separator or a line break into quotes"
                if table.quote
                else "Nothing is quoted in this file; if it is, say so: quote = '\"'",
            )
        if sum(map(len, row)) > _CSV_BLOCK // 4:  # in UTF-8 a character has up to four bytes
            size = sum(len(field.encode()) + field.count('"') for field in row)
            if size + len(row) >= _CSV_BLOCK:
                raise IsoglossError(
                    f"this row has {size >> 20} MiB, and one of CSV may have {_CSV_BLOCK >> 20}",
                    where=f"{path}:{line}",
                    remedy="Write such texts as JSON Lines or Parquet",
                )


def _rows(table: Table) -> Iterator[tuple[int, list[str]]]:
    """Read a CSV file row by row, with the line each begins at."""
    path = table.file.path
    quoting: dict[str, Any] = (
        {"quotechar": table.quote} if table.quote else {"quoting": csv.QUOTE_NONE}
    )
    csv.field_size_limit(BLOCK)
    lines = itertools.chain.from_iterable(
        io.StringIO(block.text.decode(), newline="") for block in blocks(path)
    )
    reader = csv.reader(lines, delimiter=table.separator, strict=True, **quoting)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise IsoglossError(
            f"is not CSV ({error})",
            where=f"{path}:{line}",
            remedy="The row that begins here may lack a closing quote",
        ) from error


# Parquet


def _parquet(table: Table, columns: Sequence[Columns]) -> Iterator[Batch]:
    path = table.file.path
    total = 0
    with reading(path):
        try:
            file = pyarrow.parquet.ParquetFile(path)
            wanted = _tops(columns, file.schema_arrow.names, path)
            for part in _joined(file.iter_batches(_FEW, columns=wanted)):
                rows = pl.DataFrame(pl.from_arrow(part))
                yield Batch(rows, _numbers(total, rows.height))
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
