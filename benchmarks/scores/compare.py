"""Systems against each other: differences with their tests, and ranks in clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics, list_metrics, list_tasks
from benchmarks.scores.answers import answers, cells, distinct
from benchmarks.scores.cells import measure, measures
from benchmarks.scores.means import Found, mean, minus, pooled
from benchmarks.scores.score import BOOTSTRAP, check_sampling, row_of
from benchmarks.scores.statistics import (
    Array,
    Difference,
    holm,
    randomization_p,
    ranks,
    seed_of,
    swapped,
)
from isogloss.settings import unknown

#: Columns of a table of differences.
DIFFERENCES: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "metric": pl.String(),
    "score_a": pl.Float64(),
    "score_b": pl.Float64(),
    "delta": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "p_value": pl.Float64(),
    "p_holm": pl.Float64(),
    "n": pl.Int64(),
    "signature": pl.String(),
}

#: Columns of a table of ranks.
RANKS: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "metric": pl.String(),
    "rank": pl.Int64(),
    "system": pl.String(),
    "score": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "n": pl.Int64(),
    "signature": pl.String(),
}

Test = Literal["bootstrap", "randomization"]


def compare(
    one: pl.DataFrame,
    two: pl.DataFrame,
    records: pl.DataFrame,
    *,
    metrics: Sequence[str] = (),
    options: MetricOptions | None = None,
    test: Test = "bootstrap",
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Compare two systems' predictions of the same records.

    Args:
        one: The first system's predictions, as for `score`.
        two: The second's.
        records: The records that both answer.
        metrics: As for `score`.
        options: As for `score`.
        test: What gives the p-values: Student's t of the paired bootstrap's spread (after Koehn
            2004; see `benchmarks.scores.statistics.difference`) or approximate randomization (Riezler &
            Maxwell 2005). Intervals are the bootstrap's, and exclude 0 exactly where its p-value
            is below one minus their level; that of randomization may differ. P-values of pairs of
            languages are the bootstrap's.
        resamples: Resamples, the same for both systems.
        seed: Their seed.
        level: The intervals' coverage.

    Returns:
        One row a task, language and metric, with the columns of `DIFFERENCES`; for translation also
        one a pair of languages; ``delta`` is the first minus the second; ``language`` is null for
        the mean of the languages in which both can be measured: where these are not all, the
        signature says which they are. ``p_holm`` is corrected for the number of languages (Holm
        1979).

    Raises:
        IsoglossError: As for `score`.
    """
    check_metrics(metrics, options or {}, where="metrics")
    check_sampling(resamples, level)
    if test not in get_args(Test):
        raise unknown("test", test, list(get_args(Test)), where="test")
    common: dict[str, Any] = {
        "resamples": resamples, "seed": seed, "only": metrics, "options": options, "means": False,
    }  # fmt: skip
    pairs = list(zip(measure(one, records, **common), measure(two, records, **common), strict=True))
    chances = (
        _exchanges(one, two, records, metrics, options or {}, resamples, seed)
        if test == "randomization"
        else {}
    )
    rows = [
        _row(ours, theirs, delta, level, chances)
        for ours, theirs, delta in (*_languages(pairs), *_means(pairs))
    ]
    drawn = BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    counted = pl.lit(f"paired-{drawn}ci:t|p:student|")
    exchanged = pl.lit(f"paired-ar+{drawn}ci:t|p:exchanges|")
    # Pairs of languages have the bootstrap's p-values, whatever the test of the languages.
    prefix = (
        pl.when(pl.col("source_language").is_null()).then(exchanged).otherwise(counted)
        if test == "randomization"
        else counted
    )
    frame = pl.DataFrame(rows, schema=DIFFERENCES).with_columns(
        pl.col("low", "high").fill_nan(None), signature=prefix + pl.col("signature")
    )
    return corrected(frame)


_Pairs = Sequence[tuple[Found, Found]]


def _languages(pairs: _Pairs) -> Iterator[tuple[Found, Found, Found]]:
    """Yield both systems' scores of each cell, and their difference."""
    deltas = [minus(*pair) for pair in pairs]
    parts: dict[tuple[str, str], list[Found]] = {}
    for delta in deltas:
        if delta.source_language is None:
            parts.setdefault((delta.task, delta.metric), []).append(delta)
    for (ours, theirs), delta in zip(pairs, deltas, strict=True):
        yield ours, theirs, pooled(delta, parts[delta.task, delta.metric])


def _means(pairs: _Pairs) -> Iterator[tuple[Found, Found, Found]]:
    """Yield both systems' means over the languages in which both can be measured."""
    for task, metric in dict.fromkeys((one.task, one.metric) for one, _ in pairs):
        yield mean_difference(
            [
                (one, two)
                for one, two in pairs
                if (one.task, one.metric, one.source_language) == (task, metric, None)
            ]
        )


def mean_difference(pairs: _Pairs) -> tuple[Found, Found, Found]:
    """Return two systems' means over the languages in which both can be measured, and their difference.

    Args:
        pairs: What was found of both in each of a task's languages.
    """
    deltas = [minus(*pair) for pair in pairs]
    both = [pair for pair, delta in zip(pairs, deltas, strict=True) if delta.measured] or pairs
    task, metric = deltas[0].task, deltas[0].metric
    ours, theirs = (mean([pair[side] for pair in both], task, metric) for side in (0, 1))
    return ours, theirs, mean(deltas, task, metric, whole=False)


def _row(
    ours: Found,
    theirs: Found,
    delta: Found,
    level: float,
    chances: Mapping[tuple[str, str | None, str], float],
) -> dict[str, Any]:
    found = delta.difference(level)
    key = (delta.task, delta.language, delta.metric)
    p_value = found.p_value if delta.source_language else chances.get(key, found.p_value)
    return {
        "task": delta.task,
        "language": delta.language,
        "source_language": delta.source_language,
        "metric": delta.metric,
        "score_a": ours.score,
        "score_b": theirs.score,
        "delta": found.delta,
        "low": found.low,
        "high": found.high,
        "p_value": p_value,
        "p_holm": None,
        "n": delta.n,
        "signature": delta.signature,
    }


def corrected(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill in Holm's correction of each task and metric over its languages (``p_holm``).

    The mean of the languages is one question, and stays as it is; pairs of languages are corrected
    over pairs. What cannot be measured is no question.
    """
    p_holm: list[float] = frame["p_value"].to_list()
    rows = frame.with_row_index("row").filter(
        pl.col("language").is_not_null(), pl.col("delta").is_not_nan()
    )
    kind = pl.col("source_language").is_null()
    for _, part in rows.group_by("task", "metric", kind, maintain_order=True):
        adjusted = holm(part["p_value"].to_list())
        for row, value in zip(part["row"], adjusted, strict=True):
            p_holm[row] = value
    return frame.with_columns(p_holm=pl.Series(p_holm, dtype=pl.Float64))


@dataclass(frozen=True)
class _Exchanged:
    observed: float
    deltas: Array


def _exchanges(
    one: pl.DataFrame,
    two: pl.DataFrame,
    records: pl.DataFrame,
    metrics: Sequence[str],
    options: MetricOptions,
    resamples: int,
    seed: int,
) -> dict[tuple[str, str | None, str], float]:
    """Return the p-values of approximate randomization by task, language and metric."""
    found: dict[tuple[str, str | None, str], _Exchanged] = {}
    pairs = zip(
        cells(answers(one, records)),
        cells(answers(two, records)),
        strict=True,
    )
    for ours, theirs in pairs:
        both = zip(
            measures(ours, metrics, options), measures(theirs, metrics, options), strict=True
        )
        items, starts = distinct(ours.items)
        for left, right in both:
            key = (ours.task, ours.language, left.name)
            mine, others = (
                np.add.reduceat(one.statistics, starts, axis=0) for one in (left, right)
            )
            moved = swapped(
                mine, others, items, resamples=resamples, seed=seed_of(seed, [ours.task])
            )
            found[key] = _Exchanged(
                left.score - right.score, left.combine(moved[0]) - right.combine(moved[1])
            )
    p_values = {key: randomization_p(one.observed, one.deltas) for key, one in found.items()}
    for task, metric in dict.fromkeys((key[0], key[2]) for key in found):
        parts = [one for key, one in found.items() if (key[0], key[2]) == (task, metric)]
        measured = [one for one in parts if not np.isnan(one.observed)]
        p_values[task, None, metric] = (
            randomization_p(
                float(np.mean([one.observed for one in measured])),
                np.mean([one.deltas for one in measured], axis=0),
            )
            if measured
            else 1.0
        )
    return p_values


def rank(
    systems: Mapping[str, pl.DataFrame],
    records: pl.DataFrame,
    *,
    metrics: Sequence[str] = (),
    options: MetricOptions | None = None,
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Rank systems in clusters, as WMT does.

    Args:
        systems: Each system's predictions, as for `score`.
        records: The records that all answer.
        metrics: As for `score`; each task's main metric where empty.
        options: As for `score`.
        resamples: Bootstrap resamples, the same for all systems.
        seed: Their seed.
        level: The intervals' coverage.

    Returns:
        One row a task, language, metric and system, best first, with the columns of `RANKS`; for
        translation also by pair of languages; a null language is the mean of the languages. Systems
        of one cluster share a rank; see `benchmarks.scores.statistics.ranks`. A system that cannot be
        measured, or for the mean not in every language, has no score and comes last.

    Raises:
        IsoglossError: As for `score`.
    """
    wanted = metrics or tuple({task.main for task in list_tasks().values()})
    check_metrics(wanted, options or {}, where="metrics")
    check_sampling(resamples, level)
    common: dict[str, Any] = {
        "resamples": resamples, "seed": seed, "only": wanted, "options": options, "means": False,
    }  # fmt: skip
    found = {name: list(measure(answers, records, **common)) for name, answers in systems.items()}
    prefix = f"clusters|{BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)}"
    across = list(zip(*found.values(), strict=True))
    languages: dict[tuple[str, str], list[tuple[Found, ...]]] = {}
    for cell in across:
        if cell[0].source_language is None:
            languages.setdefault((cell[0].task, cell[0].metric), []).append(cell)
    rows: list[dict[str, Any]] = []
    for cell in across:
        rows += _ranked(list(found), cell, languages[cell[0].task, cell[0].metric], level, prefix)
    for (task, metric), alike in languages.items():
        means = [mean(parts, task, metric) for parts in zip(*alike, strict=True)]
        rows += _ranked(list(found), means, alike, level, prefix)
    frame = pl.DataFrame(rows, schema=RANKS)
    return frame.with_columns(pl.col("low", "high").fill_nan(None))


def places(
    entries: Sequence[Found], languages: Sequence[Sequence[Found]], *, higher: bool
) -> list[int]:
    """Return systems' ranks in a cell, or in the mean of a task's languages.

    Args:
        entries: What was found of each system.
        languages: For each of the task's languages, what was found of each system.
        higher: Whether a higher score is better.
    """

    def p_value(one: int, two: int) -> float:
        return against(entries, languages, one, two).p_value

    sign = 1.0 if higher else -1.0
    return ranks([sign * one.score for one in entries], p_value)


def against(
    entries: Sequence[Found],
    languages: Sequence[Sequence[Found]],
    one: int,
    two: int,
    level: float = 0.95,
) -> Difference:
    """Return the difference of two systems, by their numbers; the others are as for `places`."""
    if entries[one].language is None:
        deltas = [minus(cell[one], cell[two]) for cell in languages]
        return mean(deltas, deltas[0].task, deltas[0].metric, whole=False).difference(level)
    delta = minus(entries[one], entries[two])
    if delta.lone:
        delta = pooled(delta, [minus(cell[one], cell[two]) for cell in languages])
    return delta.difference(level)


def _ranked(
    systems: Sequence[str],
    entries: Sequence[Found],
    languages: Sequence[Sequence[Found]],
    level: float,
    prefix: str,
) -> list[dict[str, Any]]:
    higher = list_metrics()[entries[0].metric].higher_is_better is not False
    ranked = zip(systems, places(entries, languages, higher=higher), entries, strict=True)
    sign = -1.0 if higher else 1.0
    of = dict(zip(systems, zip(*languages, strict=True), strict=True))
    return [
        {"rank": place, "system": system, **row_of(pooled(one, of[system]), level, prefix)}
        for system, place, one in sorted(
            ranked, key=lambda row: (row[1], np.nan_to_num(sign * row[2].score), row[0])
        )
    ]
