"""The report's tables, from the manifest and what was read of the corpus: what the page shows, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from builders.duplicates.near import NearOptions
from builders.mixture.settings import ORIGINS
from builders.report import thresholds
from builders.report.drops import Dropped
from builders.report.records import EDGES, Lengths
from isogloss.languages import Language, describe, is_language
from isogloss.records import SPLITS

Shares = Sequence[Mapping[str, Any]]


def language(tag: str | None) -> Language | None:
    """Return what is known of a language; None where a row has none, or something else there."""
    return describe(tag) if tag and is_language(tag) else None


def share(part: float, whole: float) -> str:
    """Return a share as shown: in percent, a dash where there is no whole."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    return f"{percent:.2f} %" if 0 < percent < 1 else f"{percent:.1f} %"


def number(value: float) -> str:
    """Return a number as shown."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


@dataclass(frozen=True)
class Count:
    """A language's records: in all, by split and by task, and its bar's parts."""

    tag: str
    total: int
    splits: list[int]
    tasks: list[list[int]]
    bar: list[tuple[int, float]]


@dataclass(frozen=True)
class Counts:
    """The records by language: the tasks and splits that there are, and a line for each language."""

    tasks: list[str]
    splits: list[str]
    lines: list[Count]

    @property
    def total(self) -> int:
        """All records."""
        return sum(line.total for line in self.lines)


def counts(table: Mapping[str, Mapping[str, Mapping[str, int]]], known: Sequence[str]) -> Counts:
    """Return the records by language, task and split; bars are to the scale of the largest.

    Args:
        table: The number of records by language, task and split.
        known: Every task, in the order in which they are listed; the place is a task's colour.
    """
    cells = [
        (task, split) for tasks in table.values() for task, one in tasks.items() for split in one
    ]
    tasks = _ordered({task for task, _ in cells}, known)
    splits = _ordered({split for _, split in cells}, SPLITS)
    totals = {tag: _sum(one.values() for one in by.values()) for tag, by in table.items()}
    most = max(totals.values(), default=1) or 1
    lines = []
    for tag, by in sorted(table.items(), key=lambda item: (-totals[item[0]], item[0])):
        grid = [[by.get(task, {}).get(split, 0) for split in splits] for task in tasks]
        lines.append(
            Count(
                tag,
                totals[tag],
                [sum(column) for column in zip(*grid, strict=True)],
                grid,
                [
                    (known.index(task), sum(row) / most)
                    for task, row in zip(tasks, grid, strict=True)
                ],
            )
        )
    return Counts(tasks, splits, lines)


def _ordered(found: Iterable[str], known: Sequence[str]) -> list[str]:
    return sorted(found, key=known.index)


def _sum(rows: Iterable[Iterable[int]]) -> int:
    return sum(sum(row) for row in rows)


@dataclass(frozen=True)
class Change:
    """An amount before and after the mixture, and its shares of the split."""

    name: str
    before: int
    after: int
    share_before: str
    share_after: str
    bars: tuple[float, float]


@dataclass(frozen=True)
class Mixed:
    """What the mixture made of a split, by language, task and origin."""

    split: str
    unit: str
    parts: dict[str, list[Change]]


def mixed(shares: Shares) -> list[Mixed]:
    """Return what the mixture made of each split."""
    found = []
    for split in _ordered({str(entry["split"]) for entry in shares}, SPLITS):
        part = [entry for entry in shares if entry["split"] == split]
        units = [key for key in part[0]["after"] if key not in ("share", "rows")]
        unit = units[0] if units else "rows"
        parts = {key: _changes(part, key, unit) for key in ("language", "task", "origin")}
        found.append(Mixed(split, unit, parts))
    return found


def _changes(entries: Shares, key: str, unit: str) -> list[Change]:
    sums: dict[str, list[int]] = {}
    for entry in entries:
        both = sums.setdefault(entry[key], [0, 0])
        for place, when in enumerate(("before", "after")):
            both[place] += entry[when][unit]
    before, after = (sum(both[place] for both in sums.values()) for place in (0, 1))
    lines = sorted(sums.items(), key=lambda item: (-item[1][1], -item[1][0], item[0]))
    return [
        Change(
            name,
            one,
            two,
            share(one, before),
            share(two, after),
            (one / (before or 1), two / (after or 1)),
        )
        for name, (one, two) in lines
    ]


def origins(shares: Shares) -> list[tuple[str, list[int]]]:
    """Return records by language and origin (native, translated, synthetic), the most first."""
    found: dict[str, list[int]] = {}
    for entry in shares:
        row = found.setdefault(entry["language"], [0] * len(ORIGINS))
        row[ORIGINS.index(entry["origin"])] += entry["after"]["rows"]
    kept = [(tag, row) for tag, row in found.items() if any(row)]
    return sorted(kept, key=lambda line: (-sum(line[1]), line[0]))


def binned(lengths: Mapping[str, Mapping[str, Lengths]]) -> slice:
    """Return which bins of lengths have something in any language, so that all are drawn alike."""
    used = {
        place
        for sides in lengths.values()
        for one in sides.values()
        for place, count in enumerate(one.bins)
        if count
    }
    return slice(min(used, default=0), max(used, default=len(EDGES) - 1) + 1)


@dataclass(frozen=True)
class Threshold:
    """A threshold of a filter on a score, for the languages that share it.

    Attributes:
        heads: The values of the columns: those around the one that holds, and it among them.
        current: Which of them holds.
        lines: Tag (None for all), rows scored, rows dropped by each head's value, and for each of
            `thresholds.SHARES` the value that drops it and how many rows, or None.
        left_out: How many languages are not shown.
    """

    filter: str
    option: str
    score: str
    drops: str
    heads: list[str]
    current: int
    lines: list[tuple[str | None, int, list[int], list[tuple[str, int] | None]]]
    left_out: int


def swept(found: pl.DataFrame, languages: int) -> list[Threshold]:
    """Return what thresholds were tried.

    Args:
        found: As `builders.report.thresholds.tried` gives it.
        languages: So many languages are shown of each, those with the most rows.
    """
    thresholds = []
    keys = ("filter", "option", "score", "drops", "threshold")
    for (name, option, score, drops, current), part in found.group_by(keys, maintain_order=True):
        values = sorted(set(part.filter(pl.col("kind") != "share")["value"]))
        by_tag: dict[str | None, list[dict[str, Any]]] = {}
        for row in part.iter_rows(named=True):
            by_tag.setdefault(row["language"], []).append(row)
        tags = sorted(by_tag, key=lambda tag: (tag is not None, -by_tag[tag][0]["rows"], tag or ""))
        shown = tags[: languages + (None in by_tag)]
        thresholds.append(
            Threshold(
                str(name), str(option), str(score), str(drops),
                [f"{value:.6g}" for value in values],
                values.index(current),
                [_line(tag, by_tag[tag], values) for tag in shown],
                len(tags) - len(shown),
            )
        )  # fmt: skip
    return thresholds


def _line(
    tag: str | None, rows: Sequence[Mapping[str, Any]], values: Sequence[float]
) -> tuple[str | None, int, list[int], list[tuple[str, int] | None]]:
    near = {row["value"]: row["dropped"] for row in rows if row["kind"] != "share"}
    by_share = {row["share"]: row for row in rows if row["kind"] == "share"}
    return (
        tag,
        rows[0]["rows"],
        [near[value] for value in values],
        [
            (f"{by_share[one]['value']:.6g}", by_share[one]["dropped"]) if one in by_share else None
            for one in thresholds.SHARES
        ],
    )


def matrix(dropped: Sequence[Dropped], order: Sequence[str]) -> tuple[list[str], list[Any]]:
    """Return dropped rows by language and step: the steps, and tag, total and counts of each line.

    Args:
        dropped: What the steps dropped.
        order: The steps in the order in which they ran.
    """
    steps = _ordered((one.step for one in dropped), order)
    by_step = {one.step: one.languages for one in dropped}
    tags = {tag for languages in by_step.values() for tag in languages}
    lines = []
    for tag in tags:
        row = [sum(by_step[step].get(tag, {}).values()) for step in steps]
        lines.append((tag, sum(row), row))
    return steps, sorted(lines, key=lambda line: (-line[1], line[0]))


@dataclass(frozen=True)
class Near:
    """How near-duplicates were looked for, and how often the search errs."""

    options: NearOptions
    false_negatives: str
    false_positives: str
    compared: list[tuple[str, str]]


def near(options: NearOptions) -> Near:
    """Return how near-duplicates were looked for."""
    rates = options.rates()
    places = sorted({0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, options.jaccard})
    return Near(
        options,
        share(rates.false_negatives, 1),
        share(rates.false_positives, 1),
        [(f"{place:g}", f"{options.compared(place):.3f}") for place in places],
    )


def template_versions(table: pl.DataFrame, tasks: Sequence[str]) -> dict[str, list[str]]:
    """Return the versions of the templates of each task.

    Args:
        table: As `builders.templates.loading.Templates` has it.
        tasks: The tasks.
    """
    version = pl.col("template").str.extract(r"@([^@]*)$").alias("version")
    found = table.select("task", version).unique().sort("task", "version")
    return {task: found.filter(pl.col("task") == task)["version"].to_list() for task in tasks}
