"""How the records of two corpora differ, by their ids, a million at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from isogloss.console import progress
from isogloss.corpora import Corpus, DataFile
from isogloss.errors import IsoglossError
from isogloss.records import IDENTITY

# The rows of one corpus that are compared at once, about.
ROWS_AT_ONCE = 1_000_000
# Names of our own columns; those of the corpora go by their numbers, lest they are the same.
_KEY = "key"
_COPIES = "copies"
_LATER = "_b"
# What an example shows of a record, and how many characters of each text.
_TEXTS = ("instruction", "input", "output")
_SHOWN = 80

#: The name under which a change of how often a record occurs is counted.
COPIES = "copies"


@dataclass(frozen=True)
class Example:
    """A record that differs.

    Attributes:
        id: Its id.
        language: Its language.
        task: Its task.
        split: Its split, in the first corpus that has it.
        text: The beginnings of prompt and answer.
        columns: For a record in both corpora, the values that differ: before and after.
    """

    id: str
    language: str
    task: str
    split: str
    text: dict[str, str]
    columns: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class RowDifference:
    """How the records of two corpora differ.

    All numbers are of rows; where a record occurs several times, one that changed counts as often as
    it occurs in the first corpus.

    Attributes:
        equal: Records that are in both with all their columns.
        only_a: Records whose id is only in the first.
        only_b: Records whose id is only in the second.
        changed: Records that are in both, with another split, source, licence, template or tag.
        by_column: How many of these differ in which column; under ``copies``, how many occur
            more or less often.
        columns_only_a: Columns that only records of the first have.
        columns_only_b: Columns that only records of the second have.
        examples: Some of each kind, by ``only_a``, ``only_b`` and ``changed``.
    """

    equal: int
    only_a: int
    only_b: int
    changed: int
    by_column: dict[str, int]
    columns_only_a: tuple[str, ...]
    columns_only_b: tuple[str, ...]
    examples: dict[str, tuple[Example, ...]]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        differing = self.only_a + self.only_b + self.changed
        return not (differing or self.columns_only_a or self.columns_only_b)


@dataclass(frozen=True)
class _Cell:
    """The files of a language and task in one corpus: no id is in two cells."""

    corpus: Corpus
    files: tuple[DataFile, ...]
    ranges: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def signature(self) -> list[tuple[str, str]]:
        return [(file.name, file.sha256) for file in self.files]

    def look(self) -> set[str]:
        """Return the columns of the records, and keep which ids are in which file."""
        columns: set[str] = set()
        for file in self.files:
            with _reading(self.corpus):
                frame = self.corpus.frame(file)
                self.ranges[file.name] = (frame["id"].min(), frame["id"].max())
                columns |= set(frame.columns)
        return columns

    def frames(self, low: str, high: str | None = None) -> Iterator[pl.DataFrame]:
        """Read the files that may have ids from one up to another, which is left out."""
        for file in self.files:
            first, last = self.ranges[file.name]
            unknown = first is None or last is None
            if unknown or ((high is None or str(first) < high) and low <= str(last)):
                with _reading(self.corpus):
                    yield self.corpus.frame(file)


_CellName = tuple[str, str]
_Cells = dict[_CellName, tuple[_Cell, _Cell]]


@dataclass
class _Tally:
    equal: int = 0
    only_a: int = 0
    only_b: int = 0
    changed: int = 0
    by_column: dict[str, int] = field(default_factory=dict)
    columns_only_a: set[str] = field(default_factory=set)
    columns_only_b: set[str] = field(default_factory=set)
    # Of each kind the smallest ids: as these are hashes, they are of no language in particular.
    keys: dict[str, list[tuple[int, _CellName]]] = field(default_factory=dict)


def compare_rows(one: Corpus, two: Corpus, *, examples: int = 3) -> RowDifference:
    """Compare the records of two corpora.

    Args:
        one: The first corpus.
        two: The second.
        examples: The most examples of each kind.

    Raises:
        IsoglossError: A file is missing, not the one that is listed, or no file of records.
    """
    cells = _cells(one, two)
    tally = _Tally()
    with progress("comparing records", sum(a.rows + b.rows for a, b in cells.values())) as bar:
        for name, (a, b) in cells.items():
            if a.signature == b.signature:
                for cell in (a, b):
                    cell.corpus.check_all(cell.files)
                tally.equal += a.rows
            else:
                _compare(name, a, b, tally, examples)
            bar.advance(a.rows + b.rows, " ".join(name))
    return RowDifference(
        tally.equal,
        tally.only_a,
        tally.only_b,
        tally.changed,
        dict(sorted(tally.by_column.items())),
        tuple(sorted(tally.columns_only_a)),
        tuple(sorted(tally.columns_only_b)),
        {kind: _examples(keys, cells) for kind, keys in sorted(tally.keys.items())},
    )


def _cells(one: Corpus, two: Corpus) -> _Cells:
    names = sorted({(file.language, file.task) for file in (*one.data, *two.data)})
    files: dict[tuple[int, _CellName], list[DataFile]] = {}
    for side, corpus in enumerate((one, two)):
        for file in corpus.data:
            files.setdefault((side, (file.language, file.task)), []).append(file)
    return {
        name: (
            _Cell(one, tuple(files.get((0, name), ()))),
            _Cell(two, tuple(files.get((1, name), ()))),
        )
        for name in names
    }


def _compare(name: _CellName, a: _Cell, b: _Cell, tally: _Tally, examples: int) -> None:
    in_a, in_b = a.look(), b.look()
    if a.files and b.files:
        tally.columns_only_a |= in_a - in_b
        tally.columns_only_b |= in_b - in_a
    # What the id is made of cannot differ where the id does not.
    compared = sorted((in_a & in_b) - {"id", *IDENTITY})
    parts = 1 + max(a.rows, b.rows) // ROWS_AT_ONCE
    for part in range(parts):
        left, right = (_hashed(side, compared, part, parts) for side in (a, b))
        joined = left.join(right, on=_KEY, how="full", coalesce=True, suffix=_LATER)
        kinds = _count(joined, compared, tally)
        for kind, rows in kinds.items():
            found = [(key, name) for key in rows[_KEY].bottom_k(examples).to_list()]
            kept = heapq.nsmallest(examples, [*tally.keys.get(kind, ()), *found])
            tally.keys |= {kind: kept} if kept else {}


def _hashed(cell: _Cell, compared: Sequence[str], part: int, parts: int) -> pl.DataFrame:
    """Return the ids of a part of a cell as numbers, how often each occurs, and hashes of columns.

    The hashes are of polars, which are equal for equal values within a process; those of records
    that occur several times are added up, so that their order does not matter.
    """
    numbered = {str(number): name for number, name in enumerate(compared)}
    # A record that is there again has its number behind its id.
    key = (
        pl.col("id").str.replace(r"-\d+$", "").str.to_integer(base=16, dtype=pl.UInt64).alias(_KEY)
    )
    hashes = [pl.col(name).hash().alias(number) for number, name in numbered.items()]
    # Builds put rows in the order of their ids, so that most files are read for one range only.
    low = f"{(part << 64) // parts:016x}" if part else ""
    high = f"{((part + 1) << 64) // parts:016x}" if part < parts - 1 else None
    within = pl.lit(True) if not part else pl.col("id") >= low
    within = within if high is None else within & (pl.col("id") < high)
    with _reading(cell.corpus):
        found = [frame.filter(within).select(key, *hashes) for frame in cell.frames(low, high)]
        if not found:
            return _nothing(numbered)
        return (
            pl.concat(found)
            .group_by(_KEY)
            .agg(pl.len().cast(pl.UInt32).alias(_COPIES), *(pl.col(n).sum() for n in numbered))
        )


def _nothing(numbered: Iterable[str]) -> pl.DataFrame:
    kinds = {_KEY: pl.UInt64, _COPIES: pl.UInt32, **dict.fromkeys(numbered, pl.UInt64)}
    return pl.DataFrame(schema=kinds)


def _count(joined: pl.DataFrame, compared: Sequence[str], tally: _Tally) -> dict[str, pl.DataFrame]:
    """Count the rows of two joined parts, and return those of each kind of difference."""
    only_a = joined.filter(pl.col(_COPIES + _LATER).is_null())
    only_b = joined.filter(pl.col(_COPIES).is_null())
    both = joined.filter(pl.col(_COPIES).is_not_null() & pl.col(_COPIES + _LATER).is_not_null())
    other_copies = pl.col(_COPIES) != pl.col(_COPIES + _LATER)
    # Hashes of records that occur more or less often are of other sums, and say nothing.
    differs = {
        name: ~other_copies & (pl.col(str(number)) != pl.col(f"{number}{_LATER}"))
        for number, name in enumerate(compared)
    }
    differs[COPIES] = other_copies
    changed = both.filter(pl.any_horizontal(*differs.values()))
    tally.only_a += _total(only_a, _COPIES)
    tally.only_b += _total(only_b, _COPIES + _LATER)
    tally.changed += _total(changed, _COPIES)
    tally.equal += _total(both, _COPIES) - _total(changed, _COPIES)
    for name, expression in differs.items():
        if count := _total(changed.filter(expression), _COPIES):
            tally.by_column[name] = tally.by_column.get(name, 0) + count
    return {"only_a": only_a, "only_b": only_b, "changed": changed}


def _total(rows: pl.DataFrame, column: str) -> int:
    return int(rows[column].cast(pl.Int64).sum())


def _examples(keys: Iterable[tuple[int, _CellName]], cells: _Cells) -> tuple[Example, ...]:
    wanted: dict[_CellName, list[str]] = {}
    for key, name in keys:
        wanted.setdefault(name, []).append(f"{key:016x}")
    found = []
    for name, ids in wanted.items():
        before, after = (_rows(cell, ids) for cell in cells[name])
        found += [
            _example(before.get(one), after.get(one))
            for one in ids
            if one in before or one in after
        ]
    return tuple(sorted(found, key=lambda example: example.id))


def _rows(cell: _Cell, ids: list[str]) -> dict[str, dict[str, Any]]:
    return {
        str(row["id"]): row
        for frame in cell.frames(min(ids))
        for row in frame.filter(pl.col("id").is_in(ids)).iter_rows(named=True)
    }


def _example(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Example:
    row = before or after or {}
    text = {name: str(row[name])[:_SHOWN] for name in _TEXTS if row.get(name)}
    columns = {
        name: (_plain(value), _plain((after or {})[name]))
        for name, value in (before or {}).items()
        if after and name in after and value != after[name]
    }
    language, task, split = (str(row.get(name, "")) for name in ("language", "task", "split"))
    return Example(str(row["id"]), language, task, split, text, columns)


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold."""
    plain = value is None or isinstance(value, str | int | list)
    return value if plain else str(value)


@contextmanager
def _reading(corpus: Corpus) -> Iterator[None]:
    try:
        yield
    except pl.exceptions.PolarsError as error:
        line = " ".join(str(error).split())[:200]
        raise IsoglossError(
            f"holds something else than records ({line})", where=corpus.folder / "data"
        ) from error
