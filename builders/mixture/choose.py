"""The step ``[mixture]``: how many rows of each language, origin, task and source stay, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from builders.example import rank
from builders.mixture import shares
from builders.mixture.quotas import Division, Leaf, Path, allot
from builders.mixture.settings import Mixture
from builders.rows.rows import POSITION
from builders.rows.rows import Rows as AllRows

Counts = np.ndarray[Any, np.dtype[np.uint8]]
Rows = np.ndarray[Any, np.dtype[np.uint32]]

_HELD_OUT = "the mixture holds its language out of training"


#: Language, task and split.
Cell = tuple[str, str, str]


@dataclass(frozen=True)
class Mixed:
    """What a mixture takes.

    Attributes:
        times: ``position``, ``split`` and ``times`` (how often) of the rows that it takes.
        dropped: ``position`` and ``reason`` of those that it does not.
        shares: For the manifest and the report: see `builders.mixture.shares.summarize`.
        per_source: How many records each source gives.
        cells: How many records each language, task and split will have, and about how many bytes of
            text.
    """

    times: pl.DataFrame
    dropped: pl.DataFrame
    shares: list[dict[str, Any]] = field(default_factory=list)
    per_source: dict[str, int] = field(default_factory=dict)
    cells: dict[Cell, tuple[int, int]] = field(default_factory=dict)


def mix(rows: AllRows, index: pl.DataFrame, mixture: Mixture, *, least_test_rows: int = 0) -> Mixed:
    """Take the rows of a mixture, of those that are still in, and drop the others.

    Args:
        rows: The rows.
        index: Their index, from `builders.mixture.index.split`.
        mixture: The recipe's mixture.
        least_test_rows: Task and language of fewer rows than these are left out of test.
    """
    left = pl.Series(rows.mask).gather(index[POSITION])
    mixed = choose(index.filter(left), mixture, least_test_rows=least_test_rows)
    rows.drop("mixture", mixed.dropped)
    cells = (
        index.drop("split")
        .join(mixed.times, on=POSITION)
        .group_by("language", "task", "split")
        .agg(
            pl.col("times").sum().cast(pl.Int64),
            (pl.col("bytes") * pl.col("times")).cast(pl.Int64).sum(),
        )
    )
    found = {
        (language, task, split): (times, size)
        for language, task, split, times, size in cells.iter_rows()
    }
    return replace(mixed, cells=found)


def choose(index: pl.DataFrame, mixture: Mixture, *, least_test_rows: int = 0) -> Mixed:
    """Choose the rows of a mixture.

    Groups take turns: the second example of a group comes after the first of every other, so
    that a small cap still sees as many different texts as it can; lower ranks come first. So
    languages that share a source share its groups, and their scores are on the same texts.

    First the languages that are held out go, then what is beyond the caps by split, task and
    language. What is left of train is divided by `builders.mixture.quotas.allot`; a part takes its
    rows in order until the next one would be more than its quota, from the first one again where
    rows may be there more than once. So the rows of a budget are among those of a larger one, in
    all and in each language, as often at least.

    Args:
        index: A row for each example, by ``position``: ``split``, ``task``, ``language``,
            ``source_language``, ``source``, ``origin``, ``_rank`` and, where the mixture's unit is
            not rows, ``size`` in it.
        mixture: The recipe's mixture.
        least_test_rows: Task and language of fewer rows than these are left out of test.
    """
    if not index[POSITION].is_sorted():
        index = index.sort(POSITION)
    choice = _Choice(index, mixture)
    choice.hold_out()
    choice.leave_out_of_test(least_test_rows)
    parts = choice.cap()
    if mixture.divides:
        choice.divide(parts)
    return choice.mixed()


@dataclass
class _Part:
    """Train rows that are taken in order, and the size of each (None: 1)."""

    rows: Rows
    sizes: Rows | None

    @property
    def size(self) -> int:
        return len(self.rows) if self.sizes is None else int(self.sizes.sum(dtype=np.int64))


class _Choice:
    """How often each row of the index is taken, in arrays by its number there."""

    def __init__(self, index: pl.DataFrame, mixture: Mixture) -> None:
        self._index, self._mixture = index, mixture
        self._times: Counts = np.ones(index.height, dtype=np.uint8)
        # By row, why it is not taken: its number in the list.
        self._why = np.zeros(index.height, dtype=np.uint32)
        self._reasons = [""]

    def hold_out(self) -> None:
        held_out = list(self._mixture.held_out)
        if held_out:
            sides = (
                pl.col(side).cast(pl.String).is_in(held_out)
                for side in ("language", "source_language")
            )
            tested = pl.col("split") == "test"
            mask = self._index.select((pl.any_horizontal(*sides) & ~tested).fill_null(False))
            self._drop(mask.to_series().arg_true().to_numpy(), _HELD_OUT)

    def leave_out_of_test(self, least: int) -> None:
        """Drop the test rows of a task and language that has fewer than the least."""
        if not least:
            return
        reason = f"its language has fewer than {least} test rows in its task"
        for split, _, rows in self._cells():
            if split == "test" and len(rows) < least:
                self._drop(rows, reason)

    def cap(self) -> dict[Path, _Part]:
        """Apply the caps of splits, tasks and languages; return train's parts where it is divided."""
        parts: dict[Path, _Part] = {}
        columns = [column for column, _ in self._mixture.levels]
        for split, task, rows in self._cells():
            most = getattr(self._mixture, split).get(task)
            divided = split == "train" and self._mixture.divides
            capped = most is not None and most < len(rows)
            if not capped and not divided:
                continue
            ordered = _in_turn(self._index, rows)
            if capped:
                self._drop(ordered[most:], f"beyond the mixture's cap of {most} rows")
                ordered = ordered[:most]
            if divided:
                parts |= self._parts(ordered, columns)
        return parts

    def _cells(self) -> Iterator[tuple[str, str, Rows]]:
        """Yield the rows of each split, task and language that are still in."""
        left = self._index.select("split", "task", "language").with_row_index("_row")
        if not self._times.all():
            left = left.filter(pl.Series(self._times > 0))
        cells = left.group_by("split", "task", "language").agg("_row")
        names = [pl.col(name).cast(pl.String) for name in ("split", "task", "language")]
        cells = cells.with_columns(names).sort("split", "task", "language")
        del left
        for number, (split, task) in enumerate(cells.select("split", "task").iter_rows()):
            yield split, task, cells["_row"][number].to_numpy()

    def _parts(self, ordered: Rows, columns: Sequence[str]) -> dict[Path, _Part]:
        measured = "size" in self._index.columns
        wanted = [*columns, *(["size"] if measured else [])]
        cell = self._index.select(wanted)[ordered].with_columns(pl.Series("_row", ordered))
        parts = {}
        for path, part in cell.partition_by(columns, as_dict=True, maintain_order=True).items():
            # A row without a text would be free.
            sizes = part["size"].clip(1).to_numpy() if measured else None
            parts[tuple(map(str, path))] = _Part(part["_row"].to_numpy(), sizes)
        return parts

    def divide(self, parts: dict[Path, _Part]) -> None:
        """Take of each part of train what the mixture gives it."""
        names, rules = zip(*self._mixture.levels, strict=True)
        for path, (quota, most) in _quotas(parts, names, rules, self._mixture).items():
            self._take(parts[path], quota, most, names)

    def _take(self, part: _Part, quota: int, most: int, names: Sequence[str]) -> None:
        whole = min(quota // part.size, most)
        left = quota - whole * part.size if whole < most else 0
        if part.sizes is None:
            more = left
        else:
            more = int(np.searchsorted(np.cumsum(part.sizes, dtype=np.int64), left, side="right"))
        self._times[part.rows] = whole
        self._times[part.rows[:more]] += 1
        if whole == 0 and more < len(part.rows):
            kind = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            reason = f"beyond the mixture's {quota} {self._mixture.unit} for its {kind}"
            self._drop(part.rows[more:], reason)

    def _drop(self, rows: Rows, reason: str) -> None:
        self._times[rows] = 0
        self._why[rows] = len(self._reasons)
        self._reasons.append(reason)

    def mixed(self) -> Mixed:
        times = pl.Series("times", self._times)
        taken, out = times > 0, times == 0
        why = pl.Series(self._why).filter(out)
        reasons = pl.Series("reason", self._reasons, dtype=pl.String).gather(why)
        found = shares.summarize(self._index, times, self._mixture.unit)
        per_source = (
            self._index.select(pl.col("source").cast(pl.String), times.cast(pl.Int64))
            .group_by("source").agg(pl.col("times").sum())
        )  # fmt: skip
        return Mixed(
            times=self._index.select(POSITION, "split")
            .filter(taken)
            .with_columns(times.filter(taken)),
            dropped=self._index.select(POSITION).filter(out).with_columns(reasons),
            shares=found,
            per_source={name: count for name, count in sorted(per_source.iter_rows()) if count},
        )


def _quotas(
    parts: dict[Path, _Part], names: Sequence[str], rules: Sequence[Division], mixture: Mixture
) -> dict[Path, tuple[int, int]]:
    """Return what each part gets, and how often each of its rows may be there."""
    leaves, most = {}, {}
    filled = mixture.budget is not None or mixture.budget_per_language is not None
    for path, part in parts.items():
        once = mixture.epochs.get(path[-1], 1) if names[-1] == "source" else 1
        most[path] = max(once, mixture.max_epochs) if filled else once
        leaves[path] = Leaf(part.size * once, part.size * most[path])
    if mixture.budget_per_language is None:
        given = allot(leaves, rules, mixture.budget)
    else:
        given = {}
        for language in sorted({path[0] for path in leaves}):
            own = {path: leaf for path, leaf in leaves.items() if path[0] == language}
            given |= allot(own, rules, mixture.budget_per_language)
    return {path: (given[path], most[path]) for path in parts}


def _in_turn(index: pl.DataFrame, rows: Rows) -> Rows:
    """Return a cell's rows in the order in which they are taken."""
    cell = index.select("language", "source_language", "_rank")[rows]
    # Which of a group's examples is first differs by language, or the inputs of English would be in
    # the alphabetically first source language only.
    pair = pl.concat_str(
        pl.col("source_language").cast(pl.String).fill_null(""),
        pl.col("language").cast(pl.String),
        separator=">",
    )
    cell = (
        cell.select("_rank", (pl.col("_rank") ^ rank(0, pair)).alias("_within"), _row=rows)
        .sort("_rank", "_within", "_row")
        .drop("_within")
    )
    number = pl.int_range(pl.len(), dtype=pl.UInt32)
    begins = pl.when(pl.col("_rank").ne_missing(pl.col("_rank").shift())).then(number)
    turns = cell.with_columns((number - begins.forward_fill()).alias("_turn"))
    # Ranks are in order already, and no two rows of a group have the same turn.
    return turns.sort("_turn", maintain_order=True).get_column("_row").to_numpy()
