"""Scores of predictions: every metric, task by task and language by language."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics
from benchmarks.measuring import measured
from benchmarks.statistics import bounds
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
        judged; bounds are null where there is but one item (see
        `benchmarks.reading.item`).

    Raises:
        IsoglossError: A prediction's id is unknown or there twice; a metric or one of its options
            is unknown.
    """
    check_metrics(metrics, options or {}, where="metrics")
    check_sampling(resamples, level)
    prefix = BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    rows = []
    found = measured(
        predictions, records, resamples=resamples, seed=seed, only=metrics, options=options
    )
    for one in found:
        low, high = bounds(one.draws, level)
        rows.append(
            {
                "task": one.task,
                "language": one.language,
                "source_language": one.source_language,
                "metric": one.metric,
                "score": one.score,
                "low": low,
                "high": high,
                "n": one.n,
                "signature": prefix + one.signature,
            }
        )
    return pl.DataFrame(rows, schema=SCORES).with_columns(pl.col("low", "high").fill_nan(None))
