"""Systems against each other: differences with their tests, and ranks in clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics, list_metrics, list_tasks
from benchmarks.measuring import Found, cell_seed, mean, measured, measures
from benchmarks.reading import answers, cells, distinct
from benchmarks.scoring import BOOTSTRAP, check_sampling
from benchmarks.statistics import (
    Array,
    bounds,
    difference,
    holm,
    randomization_p,
    ranks,
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
        records: The records that both were asked.
        metrics: As for `score`.
        options: As for `score`.
        test: What gives the p-values: paired bootstrap (Koehn 2004) or approximate randomization
            (Riezler & Maxwell 2005). Intervals are the bootstrap's, and so are the p-values of
            pairs of languages.
        resamples: Resamples, the same for both systems.
        seed: Their seed.
        level: The intervals' coverage.

    Returns:
        One row a task, language and metric, with the columns of `DIFFERENCES`; for translation also
        one a pair of languages; ``delta`` is the first minus the second; ``language`` is null for
        the mean of the languages in which both can be judged. ``p_holm`` is corrected for the
        number of languages (Holm 1979).

    Raises:
        IsoglossError: As for `score`.
    """
    check_metrics(metrics, options or {}, where="metrics")
    check_sampling(resamples, level)
    if test not in get_args(Test):
        raise unknown("test", test, list(get_args(Test)), where="test")
    told: dict[str, Any] = {
        "resamples": resamples, "seed": seed, "only": metrics, "options": options, "means": False,
    }  # fmt: skip
    pairs = list(zip(measured(one, records, **told), measured(two, records, **told), strict=True))
    chances = (
        _exchanges(one, two, records, metrics, options or {}, resamples, seed)
        if test == "randomization"
        else {}
    )
    rows = [_row(ours, theirs, level, chances) for ours, theirs in (*pairs, *_means(pairs))]
    told_by = BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    counted = pl.lit(f"paired-{told_by}p:student+count|")
    exchanged = pl.lit(f"paired-ar+{told_by}p:exchanges|")
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


def _means(pairs: Sequence[tuple[Found, Found]]) -> Iterator[tuple[Found, Found]]:
    """Yield both systems' means over the languages in which both can be judged."""
    for task, metric in dict.fromkeys((one.task, one.metric) for one, _ in pairs):
        parts = [
            (one, two)
            for one, two in pairs
            if (one.task, one.metric, one.source_language) == (task, metric, None)
        ]
        both = [pair for pair in parts if not np.isnan(pair[0].score - pair[1].score)]
        ours, theirs = ([pair[side] for pair in both or parts] for side in (0, 1))
        yield mean(ours, task, metric), mean(theirs, task, metric)


def _row(
    ours: Found, theirs: Found, level: float, chances: Mapping[tuple[str, str | None, str], float]
) -> dict[str, Any]:
    found = difference(
        ours.score - theirs.score, ours.draws - theirs.draws, level, items=ours.items
    )
    key = (ours.task, ours.language, ours.metric)
    p_value = found.p_value if ours.source_language else chances.get(key, found.p_value)
    return {
        "task": ours.task,
        "language": ours.language,
        "source_language": ours.source_language,
        "metric": ours.metric,
        "score_a": ours.score,
        "score_b": theirs.score,
        "delta": found.delta,
        "low": found.low,
        "high": found.high,
        "p_value": p_value,
        "p_holm": None,
        "n": ours.n,
        "signature": ours.signature,
    }


def corrected(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill in Holm's correction of each task and metric over its languages (``p_holm``).

    The mean of the languages is one question, and stays as it is; pairs of languages are corrected
    over pairs. What cannot be judged is no question.
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
            sides = [np.add.reduceat(one.statistics, starts, axis=0) for one in (left, right)]
            moved = swapped(*sides, resamples=resamples, seed=cell_seed(seed, ours.task, items))
            found[key] = _Exchanged(
                left.score - right.score, left.combine(moved[0]) - right.combine(moved[1])
            )
    p_values = {key: randomization_p(one.observed, one.deltas) for key, one in found.items()}
    for task, metric in dict.fromkeys((key[0], key[2]) for key in found):
        parts = [one for key, one in found.items() if (key[0], key[2]) == (task, metric)]
        judged = [one for one in parts if not np.isnan(one.observed)]
        p_values[task, None, metric] = (
            randomization_p(
                float(np.mean([one.observed for one in judged])),
                np.mean([one.deltas for one in judged], axis=0),
            )
            if judged
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
        records: The records that all were asked.
        metrics: As for `score`; each task's main metric where empty.
        options: As for `score`.
        resamples: Bootstrap resamples, the same for all systems.
        seed: Their seed.
        level: The intervals' coverage.

    Returns:
        One row a task, language, metric and system, best first, with the columns of `RANKS`; for
        translation also by pair of languages; a null language is the mean of the languages in
        which all can be judged. Systems of one cluster share a rank; see
        `benchmarks.statistics.ranks`.

    Raises:
        IsoglossError: As for `score`.
    """
    wanted = metrics or tuple({task.main for task in list_tasks().values()})
    check_metrics(wanted, options or {}, where="metrics")
    check_sampling(resamples, level)
    told: dict[str, Any] = {
        "resamples": resamples, "seed": seed, "only": wanted, "options": options, "means": False,
    }  # fmt: skip
    found = {name: list(measured(answers, records, **told)) for name, answers in systems.items()}
    table = [
        (cells[0].metric, list(zip(found, cells, strict=True)))
        for cells in zip(*found.values(), strict=True)
    ]
    table += [(rows[0][1].metric, rows) for rows in _mean_rows(found)]
    prefix = f"clusters|{BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)}"
    rows: list[dict[str, Any]] = []
    for metric, entries in table:
        rows += _ranked(
            entries, list_metrics()[metric].higher_is_better is not False, level, prefix
        )
    frame = pl.DataFrame(rows, schema=RANKS)
    return frame.with_columns(pl.col("low", "high").fill_nan(None))


def _mean_rows(found: Mapping[str, list[Found]]) -> Iterator[list[tuple[str, Found]]]:
    """Yield the systems' means over the languages in which all of them can be judged."""
    cells = [one for one in zip(*found.values(), strict=True) if one[0].source_language is None]
    for task, metric in dict.fromkeys((one[0].task, one[0].metric) for one in cells):
        parts = [one for one in cells if (one[0].task, one[0].metric) == (task, metric)]
        judged = [one for one in parts if not np.isnan(sum(each.score for each in one))] or parts
        yield [
            (name, mean([one[number] for one in judged], task, metric))
            for number, name in enumerate(found)
        ]


def _ranked(
    entries: list[tuple[str, Found]], higher: bool, level: float, prefix: str
) -> list[dict[str, Any]]:
    sign = 1.0 if higher else -1.0
    entries = sorted(
        entries, key=lambda item: (-np.nan_to_num(sign * item[1].score, nan=-np.inf), item[0])
    )
    points = np.asarray([sign * one.score for _, one in entries])
    drawn = np.stack([sign * one.draws for _, one in entries])
    places = ranks(points, drawn, items=entries[0][1].items)
    rows = []
    for (system, one), place in zip(entries, places, strict=True):
        low, high = bounds(one.draws, level)
        rows.append(
            {
                "task": one.task,
                "language": one.language,
                "source_language": one.source_language,
                "metric": one.metric,
                "rank": place,
                "system": system,
                "score": one.score,
                "low": low,
                "high": high,
                "n": one.n,
                "signature": prefix + one.signature,
            }
        )
    return rows
