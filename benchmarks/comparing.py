"""Systems against each other: differences with their tests, and ranks in clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics, list_metrics, list_tasks
from benchmarks.measuring import Found, Measure, cell_seed, measured, measures
from benchmarks.reading import answers, cells
from benchmarks.scoring import BOOTSTRAP
from benchmarks.statistics import (
    Array,
    bounds,
    difference,
    holm,
    randomization_p,
    ranks,
    swapped,
)

#: Columns of a table of differences.
DIFFERENCES: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
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
            (Riezler & Maxwell 2005). Intervals are the bootstrap's.
        resamples: Resamples, the same for both systems.
        seed: Their seed.
        level: The intervals' coverage.

    Returns:
        One row a task, language and metric, with the columns of `DIFFERENCES`; ``delta`` is
        the first minus the second; ``language`` is null for the mean of the languages. ``p_holm``
        is corrected for the number of languages (Holm 1979).

    Raises:
        IsoglossError: As for `score`.
    """
    check_metrics(metrics, options or {}, where="metrics")
    told: dict[str, Any] = {
        "resamples": resamples, "seed": seed, "only": metrics, "options": options,
        "by_source": False,
    }  # fmt: skip
    pairs = zip(measured(one, records, **told), measured(two, records, **told), strict=True)
    chances = (
        _exchanges(one, two, records, metrics, options or {}, resamples, seed)
        if test == "randomization"
        else {}
    )
    rows = [_row(ours, theirs, level, chances) for ours, theirs in pairs]
    prefix = ("paired-" if test == "bootstrap" else "paired-ar+") + BOOTSTRAP
    prefix = prefix.format(resamples=resamples, level=level, seed=seed)
    frame = pl.DataFrame(rows, schema=DIFFERENCES).with_columns(
        pl.col("low", "high").fill_nan(None), signature=pl.lit(prefix) + pl.col("signature")
    )
    return corrected(frame)


def _row(
    ours: Found, theirs: Found, level: float, chances: Mapping[tuple[str, str | None, str], float]
) -> dict[str, Any]:
    found = difference(ours.score - theirs.score, ours.draws - theirs.draws, level)
    told = ours.n > 1
    p_value = chances.get((ours.task, ours.language, ours.metric), found.p_value)
    return {
        "task": ours.task,
        "language": ours.language,
        "metric": ours.metric,
        "score_a": ours.score,
        "score_b": theirs.score,
        "delta": found.delta,
        "low": found.low if told else None,
        "high": found.high if told else None,
        "p_value": p_value if told else 1.0,
        "p_holm": None,
        "n": ours.n,
        "signature": ours.signature,
    }


def corrected(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill in Holm's correction of each task and metric over its languages (``p_holm``).

    The mean of the languages is one question, and stays as it is.
    """
    p_holm: list[float] = frame["p_value"].to_list()
    rows = frame.with_row_index("row").filter(pl.col("language").is_not_null())
    for _, part in rows.group_by("task", "metric", maintain_order=True):
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
        for left, right in both:
            key = (ours.task, ours.language, left.name)
            found[key] = _exchange(left, right, resamples, cell_seed(seed, ours))
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


def _exchange(left: Measure, right: Measure, resamples: int, seed: int) -> _Exchanged:
    ours, theirs = swapped(left.statistics, right.statistics, resamples=resamples, seed=seed)
    return _Exchanged(left.score - right.score, left.combine(ours) - right.combine(theirs))


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
        One row a task, language, metric and system, best first, with the columns of `RANKS`; a
        null language is the mean of the languages. Systems of one cluster share a rank; see
        `benchmarks.statistics.ranks`.

    Raises:
        IsoglossError: As for `score`.
    """
    wanted = metrics or tuple({task.main for task in list_tasks().values()})
    check_metrics(wanted, options or {}, where="metrics")
    table: dict[tuple[str, str | None, str], list[tuple[str, Found]]] = {}
    for system, predictions in systems.items():
        found = measured(
            predictions, records, resamples=resamples, seed=seed, only=wanted, options=options,
            by_source=False,
        )  # fmt: skip
        for one in found:
            table.setdefault((one.task, one.language, one.metric), []).append((system, one))
    prefix = f"clusters|{BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)}"
    rows: list[dict[str, Any]] = []
    for (_, _, metric), entries in table.items():
        rows += _ranked(
            entries, list_metrics()[metric].higher_is_better is not False, level, prefix
        )
    frame = pl.DataFrame(rows, schema=RANKS)
    return frame.with_columns(pl.col("low", "high").fill_nan(None))


def _ranked(
    entries: list[tuple[str, Found]], higher: bool, level: float, prefix: str
) -> list[dict[str, Any]]:
    sign = 1.0 if higher else -1.0
    entries = sorted(
        entries, key=lambda item: (-np.nan_to_num(sign * item[1].score, nan=-np.inf), item[0])
    )
    points = np.asarray([sign * one.score for _, one in entries])
    # One record is no sample: nothing can be told from its resamples.
    told = entries[0][1].n > 1
    drawn = np.stack([sign * one.draws if told else np.zeros(1) for _, one in entries])
    places = ranks(points if told else np.zeros(len(entries)), drawn)
    rows = []
    for (system, one), place in zip(entries, places, strict=True):
        low, high = bounds(one.draws, level) if one.n > 1 else (None, None)
        rows.append(
            {
                "task": one.task,
                "language": one.language,
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
