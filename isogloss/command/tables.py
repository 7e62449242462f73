"""How the command shows results: tables that fit 80 columns, and text from outside made harmless."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isogloss.console import printable, table

if TYPE_CHECKING:
    import polars as pl

_LEAST_P = 0.001


def number(value: float | None) -> str:
    """Return a score as shown: one decimal, a dash where it is not known."""
    return "–" if value is None or math.isnan(value) else f"{value:.1f}"


def _interval(row: Mapping[str, Any], sign: str = "") -> str:
    if row["low"] is None:
        return ""
    return f"[{row['low']:{sign}.1f}, {row['high']:{sign}.1f}]"


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= _LEAST_P else f"<{_LEAST_P}"


def _language(row: Mapping[str, Any]) -> str:
    if row.get("source_language"):
        return f"{row['source_language']}→{row['language']}"
    return row["language"] or "mean"


def _informative(found: pl.DataFrame) -> pl.DataFrame:
    """Leave out pairs of languages that say nothing: the only one into a language, or too few."""
    import polars as pl

    several = pl.col("source_language").n_unique().over("task", "metric", "language") > 2
    kept = pl.col("source_language").is_null() | (several & pl.col("low").is_not_null())
    return found.filter(kept)


def show_scores(scores: pl.DataFrame, mains: Mapping[str, str], metrics: Sequence[str]) -> None:
    """Show the scores of each task and language, on standard error.

    Args:
        scores: The scores.
        mains: The metric of each task to show.
        metrics: Metrics to show instead, where there are any.
    """
    rows = [
        (
            row["task"],
            _language(row),
            row["metric"],
            number(row["score"]),
            _interval(row),
            str(row["n"]),
        )
        for row in scores.iter_rows(named=True)
        if row["source_language"] is None and row["metric"] in (metrics or [mains[row["task"]]])
    ]
    table(("task", "language", "metric", "score", "95 % interval", "n"), rows)


def show_differences(
    found: pl.DataFrame, systems: Sequence[str], labels: Mapping[str, str], level: float
) -> None:
    """Show two systems' differences: a table for each task and metric, its languages in rows.

    Args:
        found: The differences.
        systems: The names of the first and the second system.
        labels: The metrics' names as shown.
        level: The intervals' coverage.
    """
    print(f"one: {printable(systems[0])}\ntwo: {printable(systems[1])}\n")
    interval = f"{100 * level:g} % interval"
    heads = ("language", "one", "two", "delta", interval, "p", "Holm p", "n")

    def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
        delta = row["delta"]
        return (
            _language(row),
            number(row["score_a"]),
            number(row["score_b"]),
            "–" if math.isnan(delta) else f"{delta:+.1f}",
            _interval(row, "+"),
            _p(row["p_value"]),
            _p(row["p_holm"]),
            str(row["n"]),
        )

    _show_parts(found, heads, labels, cells)


def show_ranks(found: pl.DataFrame, labels: Mapping[str, str], level: float) -> None:
    """Show systems in ranks: a table for each task and metric, language by language, best first."""
    heads = ("language", "rank", "system", "score", f"{100 * level:g} % interval", "n")

    def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
        name = printable(row["system"])
        return (
            _language(row),
            str(row["rank"]),
            name,
            number(row["score"]),
            _interval(row),
            str(row["n"]),
        )

    _show_parts(found, heads, labels, cells, grouped=True)


def _show_parts(
    found: pl.DataFrame,
    heads: Sequence[str],
    labels: Mapping[str, str],
    cells: Callable[[Mapping[str, Any]], tuple[str, ...]],
    *,
    grouped: bool = False,
) -> None:
    for (task, metric), part in _informative(found).group_by("task", "metric", maintain_order=True):
        print(f"{task}, {labels[str(metric)]}")
        rows, before = [], None
        for row in map(cells, part.iter_rows(named=True)):
            # A language is named once, above its systems.
            rows.append(("", *row[1:]) if grouped and row[0] == before else row)
            before = row[0]
        table(heads, rows, results=True)


def show_changes(changes: pl.DataFrame) -> None:
    """Show scores that are others than before, with as many digits as tell them apart."""
    rows = [
        (
            row["task"],
            f"{row['source_language']} → {_language(row)}"
            if row["source_language"] is not None
            else _language(row),
            row["metric"],
            *_apart(row["before"], row["after"]),
        )
        for row in changes.iter_rows(named=True)
    ]
    table(("task", "language", "metric", "before", "now"), rows, results=True)


def _apart(one: float | None, two: float | None) -> tuple[str, str]:
    digits = 1
    if one is not None and two is not None:
        while digits < 10 and f"{one:.{digits}f}" == f"{two:.{digits}f}":
            digits += 1
    shown = ["–" if value is None else f"{value:.{digits}f}" for value in (one, two)]
    return shown[0], shown[1]


def show_groups(found: pl.DataFrame, labels: Mapping[str, str]) -> None:
    """Show the means over groups of languages: a table for each task and metric.

    Args:
        found: What `benchmarks.summarize` gives.
        labels: The metrics' names as shown.
    """
    for (task, metric), part in found.group_by("task", "metric", maintain_order=True):
        print(f"{task}, {labels[str(metric)]}")
        rows, before = [], ""
        for row in part.iter_rows(named=True):
            kind = str(row["kind"]).replace("_", " ")
            group = str(row["group"]).replace("_", " ")
            shown = (number(row["score"]), _interval(row), str(row["languages"]), str(row["n"]))
            rows.append(("" if kind == before else kind, printable(group), *shown))
            before = kind
        heads = ("languages by", "group", "score", "interval", "languages", "n")
        table(heads, rows, results=True)


def show_transfer(matrix: pl.DataFrame, gaps: pl.DataFrame, labels: Mapping[str, str]) -> None:
    """Show the transfer between languages: scores, then gaps to systems of the language itself.

    Args:
        matrix: As in `benchmarks.scores.transfer.Transfer`.
        gaps: Likewise.
        labels: The metrics' names as shown.
    """
    for (task, metric), part in matrix.group_by("task", "metric", maintain_order=True):
        print(f"{task}, {labels[str(metric)]}")
        heads = ("system", "trained on", "asked in", "seen", "score", "interval", "n")
        table(
            heads, [_transfer_row(row, "score") for row in part.iter_rows(named=True)], results=True
        )
    for (task, metric), part in gaps.group_by("task", "metric", maintain_order=True):
        print(f"{task}, {labels[str(metric)]}: a system of the language alone minus this one")
        heads = ("system", "trained on", "asked in", "seen", "gap", "interval", "p (Holm)")
        rows = [
            (*_transfer_row(row, "gap")[:-1], _p(row["p_holm"]))
            for row in part.iter_rows(named=True)
        ]
        table(heads, rows, results=True)


def _transfer_row(row: Mapping[str, Any], value: str) -> tuple[str, ...]:
    return (
        printable(row["system"]),
        " ".join(row["train_languages"]) or "–",
        row["language"] or "mean",
        "yes" if row["seen"] else "no",
        number(row[value]),
        _interval(row),
        str(row["n"]),
    )
