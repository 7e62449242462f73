"""Scores of predictions: every metric, task by task and language by language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics, list_tasks
from benchmarks.scores.cells import measure
from benchmarks.scores.means import Found, pooled
from isogloss.console import warn
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


# What a signature says of languages that a number could not be made of as of the others.
_ASIDE = re.compile(
    r"(pooled-variance|no-variance|not-judged|(?<=mean-of-)languages:\d+/\d+):([^|]+)\|"
)


def aside(signature: str) -> dict[str, list[str]]:
    """Return what a signature says of some languages alone: their tags by what is said of them.

    ``pooled-variance``: languages of one item, which has the variance of the other languages' items;
    ``no-variance``: likewise where no language has two; ``not-judged``: languages without a score,
    for which there is no mean; ``languages``: the only ones that the mean is of.
    """
    return {kind.partition(":")[0]: tags.split("+") for kind, tags in _ASIDE.findall(signature)}


def remarks(scores: pl.DataFrame, metrics: Sequence[str] = ()) -> Iterator[str]:
    """Yield a sentence for each mean of languages that is not made of all of them alike.

    Args:
        scores: A table with ``task``, ``metric``, ``language`` and ``signature``.
        metrics: Only of these; of all where empty.
    """
    rows = scores.filter(pl.col("language").is_null())
    if metrics:
        rows = rows.filter(pl.col("metric").is_in(list(metrics)))
    metrics_of: dict[tuple[str, str, str], list[str]] = {}
    for task, metric, signature in (
        rows.select("task", "metric", "signature").unique(maintain_order=True).rows()
    ):
        for kind, languages in aside(signature).items():
            metrics_of.setdefault((task, kind, ", ".join(languages)), []).append(metric)
    for (task, kind, tags), names in metrics_of.items():
        yield _REMARKS[kind].format(task=task, tags=tags, metrics=", ".join(dict.fromkeys(names)))


_REMARKS = {
    "pooled-variance": "{task}: one item in {tags}; for the interval of the mean ({metrics}) it has "
    "the variance of the other languages' items",
    "no-variance": "{task}: one item in {tags}, and no language has two: the mean ({metrics}) has no "
    "interval",
    "languages": "{task}: the mean ({metrics}) is of {tags} alone, where all have a score",
    "not-judged": "{task}: there is no mean ({metrics}), for it cannot be told in {tags}",
}


def warn_of(scores: pl.DataFrame, metrics: Sequence[str] = ()) -> None:
    """Warn of what `remarks` says of some metrics; of each task's main one where none is named."""
    for line in remarks(scores, metrics or [task.main for task in list_tasks().values()]):
        warn(line)


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
        records: The records that are answered, in `isogloss.records.SCHEMA`. One without a
            prediction counts as answered with nothing.
        metrics: Only these; every one that needs no asking where empty.
        options: Options of metrics, as a suite's ``[metrics]`` table has them.
        resamples: Bootstrap resamples of each interval.
        seed: The seed of the bootstrap.
        level: The intervals' coverage.

    Returns:
        One row a task, language and metric, with the columns of `SCORES`; for translation, and tasks like it, also
        one a source language (``source_language`` is null where all are together); and one a task
        and metric whose ``language`` is null: the mean of the languages, each counted alike.
        Scores are 0 to 100 (TER and length ratio may pass it), NaN where a language cannot be
        measured, and NaN for the mean where one of its languages cannot be: its signature says which
        (``not-judged``). Intervals are Wilson's for shares of items, else of the bootstrap's
        spread over items (see `benchmarks.scores.answers.item` and `benchmarks.scores.statistics.interval`); a
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
    found = measure(
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
