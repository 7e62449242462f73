"""What a mixture makes of the shares of languages and tasks: for the manifest and the reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from isogloss.console import table, warn

_CELL = ("split", "language", "task", "origin")
_LINES = 40


def summarize(index: pl.DataFrame, times: pl.Series, unit: str) -> list[dict[str, Any]]:
    """Return rows, sizes and shares before and after a mixture.

    Args:
        index: The rows that it chose from, with ``size`` where the unit is not rows.
        times: How often it takes each.
        unit: Its unit.

    Returns:
        By split, language, task and origin, sorted: these four, and under ``before`` and ``after``
        the ``rows``, where that is not rows their size in the unit (under its name), and the
        ``share`` of the split in the unit, to six decimals.
    """
    measured = "size" in index.columns
    size, often = pl.col("size").cast(pl.Int64), pl.col("_times").cast(pl.Int64)
    sums = {"rows_before": pl.len().cast(pl.Int64), "rows_after": often.sum()}
    if measured:
        sums |= {"size_before": size.sum(), "size_after": (size * often).sum()}
    # The streaming engine needs no copy of the index for its sums.
    found = (
        index.lazy()
        .select(*_CELL, *(["size"] if measured else []), times.alias("_times"))
        .group_by(_CELL)
        .agg(**sums)
        .collect(engine="streaming")
        .with_columns(pl.col(name).cast(pl.String) for name in _CELL)
        .sort(_CELL)
    )
    amount = "size" if measured else "rows"
    whole = {
        (split, when): found.filter(pl.col("split") == split)[f"{amount}_{when}"].sum()
        for split in found["split"].unique()
        for when in ("before", "after")
    }
    entries = []
    for row in found.iter_rows(named=True):
        entry: dict[str, Any] = {name: row[name] for name in _CELL}
        for when in ("before", "after"):
            part, total = row[f"{amount}_{when}"], whole[row["split"], when]
            entry[when] = {
                "rows": row[f"rows_{when}"],
                **({unit: part} if measured else {}),
                "share": round(part / total, 6) if total else 0.0,
            }
        entries.append(entry)
    return entries


def show(shares: Sequence[Mapping[str, Any]], held_out: Sequence[str] = ()) -> None:
    """Print the train split before and after a mixture: a line for each language and each task.

    Nothing is printed where the mixture left train as it was. Of more than some dozen languages,
    the rarest are one line. Languages of which nothing is left are warned of: a share that cannot
    hold in a language, for instance of a task that it has not, leaves it out.

    Args:
        shares: As `summarize` returns them.
        held_out: Languages that are meant to have nothing left.
    """
    train = [entry for entry in shares if entry["split"] == "train"]
    if all(entry["before"] == entry["after"] for entry in train):
        return
    units = [key for key in train[0]["after"] if key != "share"]
    lines = _lines(train, "language", units)
    if len(lines) > _LINES:
        rest = [line[1] for line in lines[_LINES - 1 :]]
        lines = [*lines[: _LINES - 1], (f"{len(rest)} others", _sum(rest))]
    lines += _lines(train, "task", units)
    whole = _sum([line[1] for line in _lines(train, "split", units)])
    heads = ["train", *(f"{unit} {when}" for unit in units for when in ("before", "after"))]
    cells = [
        [name, *(f"{amount:,}" for amount in amounts), *_percents(amounts, whole)]
        for name, amounts in [*lines, ("all", whole)]
    ]
    table([*heads, "share before", "after"], cells)
    gone = sorted(
        name
        for name, amounts in _lines(train, "language", units)
        if amounts[0] and not amounts[1] and name not in held_out
    )
    if gone:
        warn(
            f"the mixture leaves nothing to train on in {', '.join(gone)}: no row fits the budget, "
            "the caps and the shares there"
        )


def _lines(
    entries: Sequence[Mapping[str, Any]], key: str, units: Sequence[str]
) -> list[tuple[str, list[int]]]:
    """Return amounts by what a key says, in each unit before and after; the most after first."""
    found: dict[str, list[list[int]]] = {}
    for entry in entries:
        amounts = [entry[when][unit] for unit in units for when in ("before", "after")]
        found.setdefault(entry[key], []).append(amounts)
    lines = [(name, _sum(amounts)) for name, amounts in found.items()]
    return sorted(lines, key=lambda line: (-line[1][-1], line[0]))


def _sum(amounts: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*amounts, strict=True)]


def _percents(amounts: Sequence[int], whole: Sequence[int]) -> list[str]:
    """Return shares before and after, in the last unit."""
    pairs = zip(amounts[-2:], whole[-2:], strict=True)
    return [f"{amount / total:.1%}" if total else "–" for amount, total in pairs]
