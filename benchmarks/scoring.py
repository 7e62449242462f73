"""Scores of predictions: every metric, task by task and language by language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics
from benchmarks.measuring import Found, measured, pooled
from isogloss.errors import IsoglossError

#: Columns of a table of scores.
SCORES: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "metric": pl.String(),
    "score": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "n": pl.Int64(),
    "signature": pl.String(),
}

#: How intervals came about, before the metric's own signature.
BOOTSTRAP = "bs:{resamples}|by:item|level:{level}|seed:{seed}|"


def check_sampling(resamples: int, level: float) -> None:
    """Refuse a number of resamples or a coverage that makes no interval.

    Raises:
        IsoglossError: There is no resample, or the coverage is not between 0 and 1.
    """
    if resamples < 1:
        raise IsoglossError(f"{resamples} is no number of resamples", where="resamples")
    if not 0 < level < 1:
        raise IsoglossError(f"{level:g} is not between 0 and 1", where="level")


def score(
    predictions: pl.DataFrame,
    records: pl.DataFrame,
    *,
    metrics: Sequence[str] = (),
    options: MetricOptions | None = None,
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Score predictions with the metrics of their task.

    Args:
        predictions: Columns ``id`` and ``prediction`` (a model's text, as it came); where there
            are, ``sample`` (several answers to one record) and ``stop_reason``.
        records: The records that were asked, in `isogloss.records.SCHEMA`. One without a
            prediction counts as answered with nothing.
        metrics: Only these; every one that needs no asking where empty.
        options: Options of metrics, as a suite's ``[metrics]`` table has them.
        resamples: Bootstrap resamples of each interval.
        seed: The seed of the bootstrap.
        level: The intervals' coverage.

    Returns:
        One row a task, language and metric, with the columns of `SCORES`; for translation also
        one a source language (``source_language`` is null where all are together); and one a task
        and metric whose ``language`` is null: the mean of the languages, each counted alike.
        Scores are 0 to 100 (TER and length ratio may pass it), NaN where a language cannot be
        judged, and NaN for the mean where one of its languages cannot be: its signature says which
        (``not-judged``). Intervals are Wilson's for shares of items, else of the bootstrap's
        spread over items (see `benchmarks.reading.item` and `benchmarks.statistics.interval`); a
        language of one item has that of its task's items (``pooled-variance``). Bounds are null
        where even these are too few, or where there is no telling from items that are all alike.

    Raises:
        IsoglossError: A prediction's id is unknown or there twice; a metric or one of its options
            is unknown.
    """
    check_metrics(metrics, options or {}, where="metrics")
    check_sampling(resamples, level)
    prefix = BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    rows: list[dict[str, Any]] = []
    languages: dict[tuple[str, str], list[Found]] = {}
    lone: list[tuple[int, Found]] = []
    found = measured(
        predictions, records, resamples=resamples, seed=seed, only=metrics, options=options
    )
    for one in found:
        if one.language is not None and one.source_language is None:
            languages.setdefault((one.task, one.metric), []).append(one)
        if one.lone:
            lone.append((len(rows), one))
        rows.append(row_of(one, level, prefix))
    # Whose items are pooled is known once all languages are.
    for place, one in lone:
        rows[place] = row_of(pooled(one, languages[one.task, one.metric]), level, prefix)
    return pl.DataFrame(rows, schema=SCORES).with_columns(pl.col("low", "high").fill_nan(None))


def row_of(found: Found, level: float, prefix: str) -> dict[str, Any]:
    """Return a row of a table of scores, without a name for the system."""
    low, high = found.interval(level)
    return {
        "task": found.task,
        "language": found.language,
        "source_language": found.source_language,
        "metric": found.metric,
        "score": found.score,
        "low": low,
        "high": high,
        "n": found.n,
        "signature": f"{prefix}ci:{found.method}|{found.signature}",
    }
