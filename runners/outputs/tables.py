"""Answers with ids: JSON Lines, one JSON object, CSV, TSV and Parquet."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import polars as pl

from isogloss.errors import IsoglossError
from isogloss.separated import separated_rows
from runners.outputs._lines import (
    LONGEST,
    kind_of,
    lines,
    shown,
    text_of,
    too_long,
    whole,
)

#: Columns of what is read: ``sample`` is null where a file tells no samples apart, and ``place`` is
#: the line, or for Parquet the row, to name in an error; null in one JSON object.
ANSWERS: dict[str, Any] = {
    "id": pl.String,
    "sample": pl.Int64,
    "prediction": pl.String,
    "stop_reason": pl.String,
    "place": pl.Int64,
}

_NEEDED = ("id", "prediction")
# One JSON object is read whole.
_LARGEST_OBJECT = 256 * 2**20
_MOST_SAMPLES = 10**6


def read_table(path: Path) -> pl.DataFrame:
    """Read a file of answers with ids; its name tells its format.

    Args:
        path: ``.jsonl`` or ``.ndjson`` (an object a line), ``.json`` (one object, from ids to
            answers), ``.csv``, ``.tsv`` or ``.parquet``. All but ``.json`` have columns ``id`` and
            ``prediction``, and where wanted ``sample`` (a whole number; several answers to one
            record) and ``stop_reason``; other columns are left alone.

    Returns:
        A table with the columns of `ANSWERS`, in the file's order.

    Raises:
        IsoglossError: The file is broken, lacks a column, or holds a value of the wrong kind.
    """
    return READERS[path.suffix.lower()](path)


def _json_lines(path: Path) -> pl.DataFrame:
    return _frame(_json_rows(path))


def _json_rows(path: Path) -> Iterator[tuple[Any, ...]]:
    for number, line in lines(path):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        row = _parsed(line, where)
        if not isinstance(row, dict):
            raise IsoglossError(f"is {kind_of(row)}, not a JSON object", where=where)
        yield _row(row, where, number)


def _json_object(path: Path) -> pl.DataFrame:
    if path.stat().st_size > _LARGEST_OBJECT:
        raise IsoglossError(
            f"is one JSON text of more than {_LARGEST_OBJECT >> 20} MiB",
            where=path,
            remedy="Write JSON Lines instead, an object a line with id and prediction",
        )
    found = _parsed(text_of(path), str(path))
    if not isinstance(found, dict):
        raise IsoglossError(
            f"is {kind_of(found)}, not an object from ids to answers",
            where=path,
            remedy="For an object with id and prediction a line, name the file .jsonl",
        )
    rows = [
        _row({"id": name, "prediction": text}, f"{path}: {shown(name)}", None)
        for name, text in found.items()
    ]
    return _frame(iter(rows))


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise IsoglossError(f"is not JSON ({error})", where=where) from error


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, refusing a key that is there twice: JSON's readers drop all but one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {shown(twice)} is there twice")
    return found


def _row(row: Mapping[str, Any], where: str, place: int | None) -> tuple[Any, ...]:
    for column in _NEEDED:
        if column not in row:
            raise _missing(column, list(row), where)
        if not isinstance(row[column], str):
            raise IsoglossError(f"{column!r} is {kind_of(row[column])}, not text", where=where)
    reason = row.get("stop_reason")
    if reason is not None and not isinstance(reason, str):
        raise IsoglossError(f"'stop_reason' is {kind_of(reason)}, not text", where=where)
    name, text = row["id"], row["prediction"]
    if len(text) > LONGEST:
        raise too_long(f"the prediction of {shown(name)}", where)
    sample = _sample(row.get("sample"), where)
    return whole(name), sample, whole(text), None if reason is None else whole(reason), place


def _missing(column: str, columns: Sequence[str], where: str | Path) -> IsoglossError:
    there = ", ".join(map(shown, columns[:8])) or "none"
    return IsoglossError(
        f"there is no {column!r}", where=where, remedy=f"It has {there}; it needs id and prediction"
    )


def _sample(value: Any, where: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_SAMPLES:
        return value
    named = shown(value) if isinstance(value, str) else kind_of(value)
    raise IsoglossError(f"'sample' is {named}, not a whole number from 0 to 999,999", where=where)


def _separated(path: Path) -> pl.DataFrame:
    return _frame(_separated_rows(path, "\t" if path.suffix.lower() == ".tsv" else ","))


def _separated_rows(path: Path, separator: str) -> Iterator[tuple[Any, ...]]:
    texts = (line for _, line in lines(path))
    rows = separated_rows(texts, path, separator=separator)
    _, heads = next(rows, (1, []))
    for column in _NEEDED:
        if column not in heads:
            raise _missing(column, heads, f"{path}:1")
    if len(set(heads)) < len(heads):
        raise IsoglossError("two columns have one name", where=f"{path}:1")
    for line, values in rows:
        if not values:
            continue
        where = f"{path}:{line}"
        if len(values) != len(heads):
            raise IsoglossError(
                f"has {len(values)} fields, and the first line {len(heads)}",
                where=where,
                remedy="A text with a separator, a quotation mark or a line's end in it must "
                "be quoted",
            )
        row: dict[str, Any] = dict(zip(heads, values, strict=True))
        if "sample" in row:
            row["sample"] = _number(row["sample"])
        yield _row(row, where, line)


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _frame(rows: Iterator[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=ANSWERS, orient="row")


def _parquet(path: Path) -> pl.DataFrame:
    frame = _columns(path)
    frame = frame.drop("place", strict=False).with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("place")
    )
    frame = frame.with_columns(
        _typed(frame, name, kind, path).alias(name) for name, kind in ANSWERS.items()
    ).select(list(ANSWERS))
    for column in _NEEDED:
        bare = frame.filter(pl.col(column).is_null())["place"]
        if bare.len():
            raise IsoglossError(f"{column!r} is null", where=f"{path}: row {bare[0]}")
    strange = frame.filter(~pl.col("sample").is_between(0, _MOST_SAMPLES - 1))
    if strange.height:
        row = strange.row(0, named=True)
        raise IsoglossError(
            f"'sample' is {row['sample']}, not a whole number from 0 to 999,999",
            where=f"{path}: row {row['place']}",
        )
    long = frame.filter(pl.col("prediction").str.len_chars() > LONGEST)
    if long.height:
        row = long.row(0, named=True)
        raise too_long(f"the prediction of {shown(row['id'])}", f"{path}: row {row['place']}")
    return frame


def _columns(path: Path) -> pl.DataFrame:
    """Read the columns that are wanted, with Arrow: a broken file makes it raise, never panic."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        there = pq.read_schema(path).names
        for column in _NEEDED:
            if column not in there:
                raise _missing(column, there, path)
        table = pq.read_table(path, columns=[name for name in ANSWERS if name in there])
        table.validate(full=True)
        # The columns without what the file's writer noted beside them, which may be anything.
        bare = pa.table({name: table.column(name) for name in table.column_names})
        return cast(pl.DataFrame, pl.from_arrow(bare))
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise IsoglossError(f"cannot be read ({_first_line(error)})", where=path) from error


def _typed(frame: pl.DataFrame, name: str, kind: Any, path: Path) -> pl.Expr:
    if name not in frame.columns:
        return pl.lit(None, dtype=kind)
    held = frame.schema[name]
    fits = held.is_integer() if kind == pl.Int64 else held in (pl.String, pl.Categorical, pl.Enum)
    if not fits and held != pl.Null:
        wanted = "whole numbers" if kind == pl.Int64 else "text"
        raise IsoglossError(f"the column {name!r} holds {held}, not {wanted}", where=path)
    if kind == pl.Int64 and held != pl.Null:
        # Some integers are too large for the type; they are no sample's number anyway.
        return pl.col(name).clip(upper_bound=_MOST_SAMPLES).cast(kind)
    return pl.col(name).cast(kind)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


READERS = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_object,
    ".csv": _separated,
    ".tsv": _separated,
    ".parquet": _parquet,
}
