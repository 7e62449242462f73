"""From scores by language to groups of languages: macro means, and how unequal languages fare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics, list_metrics
from benchmarks.scores.cells import measure
from benchmarks.scores.means import (
    Found,
    ends_of_difference,
    lone_signature,
    mean,
    parametric,
    pooled,
    spread_together,
)
from benchmarks.scores.score import BOOTSTRAP, check_sampling, row_of
from benchmarks.scores.statistics import Array, Spread, bounds, variance_of
from isogloss.languages import UNKNOWN_SCRIPT, Language, describe
from isogloss.settings import unknown

#: Columns of a table of groups.
AGGREGATES: dict[str, pl.DataType] = {
    "task": pl.String(),
    "metric": pl.String(),
    "kind": pl.String(),
    "group": pl.String(),
    "score": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "n": pl.Int64(),
    "languages": pl.Int64(),
    "signature": pl.String(),
}

#: The group of the languages whose family, or script, is not known.
UNKNOWN = "unknown"

_KINDS: dict[str, Callable[[Language], str]] = {
    "family": lambda language: language.family or UNKNOWN,
    "script": lambda language: language.script if language.script != UNKNOWN_SCRIPT else UNKNOWN,
    "resource_class": lambda language: str(language.resource_class),
}
# What a metric without a direction should be: as long as the reference, and the like.
_IDEAL = 100.0


def summarize(
    predictions: pl.DataFrame,
    records: pl.DataFrame,
    *,
    metrics: Sequence[str] = (),
    options: MetricOptions | None = None,
    by: Sequence[str] = ("family", "script", "resource_class"),
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> pl.DataFrame:
    """Summarize scores over groups of languages, each language counted alike.

    Args:
        predictions: As for `score`.
        records: As for `score`.
        metrics: As for `score`.
        options: As for `score`.
        by: How to group languages: ``family``, ``script``, ``resource_class``.
        resamples: Bootstrap resamples of each language, independent of the others'.
        seed: Their seed; with the same, the mean of all is the one that `score` gives.
        level: The intervals' coverage.

    Returns:
        One row a task, metric, kind and group, with the columns of `AGGREGATES`. The kinds are
        ``all`` (one group of that name), those of ``by``, and ``disparity``, whose groups are

        - ``spread``: the highest score of a language minus the lowest;
        - ``deviation``: the standard deviation of the languages (divided by their number);
        - ``worst:TAG``: the language with the worst score, with its own interval;
        - ``english_gap``: English minus the mean of the other languages;
        - ``english_gap:TAG``: English minus that language.

        Where a metric has no direction, the worst score is the farthest from 100. ``n`` counts
        the records, ``languages`` the languages that a number rests on. The mean of a group in
        which a language cannot be measured is NaN, and its signature says which; a group in which
        none can be has no row. Disparity is of the languages that can be measured (of how many,
        the signature says), and takes two. Chance alone sets scores apart: spread and deviation are
        above 0 where all languages fare alike, and their intervals (percentiles of resamples) lean
        upwards, the more so the fewer records there are.

    Raises:
        IsoglossError: As for `score`; or there is no such way to group.
    """
    check_metrics(metrics, options or {}, where="metrics")
    check_sampling(resamples, level)
    for kind in by:
        if kind not in _KINDS:
            raise unknown("kind of group", kind, list(_KINDS), where="by")
    by_metric: dict[tuple[str, str], list[Found]] = {}
    for one in measure(
        predictions, records, resamples=resamples, seed=seed, only=metrics, options=options,
        by_source=False,
    ):  # fmt: skip
        if one.language is not None:
            by_metric.setdefault((one.task, one.metric), []).append(one)
    prefix = BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    rows = [
        {"kind": kind, "group": group, "languages": count, **row}
        for languages in by_metric.values()
        for kind, group, count, row in (
            *_means(languages, by, level, prefix),
            *_disparity(languages, level, prefix),
        )
    ]
    return pl.DataFrame(rows, schema=AGGREGATES).with_columns(pl.col("low", "high").fill_nan(None))


# Kind, group, number of languages, and the row of its score.
_Group = tuple[str, str, int, dict[str, Any]]


def _means(
    languages: Sequence[Found], by: Sequence[str], level: float, prefix: str
) -> Iterator[_Group]:
    groups: dict[tuple[str, str], list[Found]] = {("all", "all"): list(languages)}
    for kind in by:
        names = [_KINDS[kind](describe(str(one.language))) for one in languages]
        for name in sorted(set(names)):
            groups[kind, name] = [
                one for one, own in zip(languages, names, strict=True) if own == name
            ]
    for (kind, group), parts in groups.items():
        measured = sum(one.measured for one in parts)
        if measured:
            whole = mean(parts, parts[0].task, parts[0].metric, of=languages)
            yield kind, group, measured, row_of(whole, level, prefix)


def _disparity(languages: Sequence[Found], level: float, prefix: str) -> Iterator[_Group]:
    measured = [one for one in languages if one.measured]
    if len(measured) < 2:
        return
    count = len(measured)
    of = f"{count}" if count == len(languages) else f"{count}/{len(languages)}"
    spread = _over(measured, f"spread-of-languages:{of}", lambda all: np.ptp(all, axis=0))
    yield "disparity", "spread", count, _percentiles(*spread, level, prefix)
    deviation = _over(measured, f"deviation-of-languages:{of}", lambda all: np.std(all, axis=0))
    yield "disparity", "deviation", count, _percentiles(*deviation, level, prefix)
    worst = min(measured, key=lambda one: (_goodness(one), one.language))
    row = row_of(pooled(worst, measured), level, prefix)
    yield "disparity", f"worst:{worst.language}", 1, row
    english = [one for one in measured if _is_english(one)]
    others = [one for one in measured if not _is_english(one)]
    if english and others:
        gap = _gap(english, others, measured, f"{of}|")
        yield "disparity", "english_gap", count, _gap_row(gap, level, prefix)
        for one in others:
            gap = _gap(english, [one], measured, "")
            yield (
                "disparity", f"english_gap:{one.language}", len(english) + 1,
                _gap_row(gap, level, prefix),
            )  # fmt: skip


def _over(
    parts: Sequence[Found], name: str, statistic: Callable[[Array], Array]
) -> tuple[Found, Array]:
    """Return a statistic over the languages, and over those of every resample."""
    drawn = np.stack([parametric(one, parts) for one in parts])
    score = float(statistic(np.array([one.score for one in parts])))
    spread = Spread(variance_of(statistic(drawn)), 0.0, 0.0)
    return _combined(parts, score, spread, f"{name}|"), statistic(drawn)


def _percentiles(found: Found, drawn: Array, level: float, prefix: str) -> dict[str, Any]:
    low, high = bounds(drawn, level)
    row = row_of(found, level, prefix)
    signature = f"{prefix}ci:percentiles|{found.signature}"
    return {**row, "low": low, "high": high, "signature": signature}


def _gap_row(gap: Found, level: float, prefix: str) -> dict[str, Any]:
    tested = gap.difference(level)
    row = row_of(gap, level, prefix)
    signature = f"{prefix}ci:t|{gap.signature}"
    return {**row, "low": tested.low, "high": tested.high, "signature": signature}


def _goodness(one: Found) -> float:
    higher = list_metrics()[one.metric].higher_is_better
    if higher is None:
        return -abs(one.score - _IDEAL)
    return one.score if higher else -one.score


def _is_english(one: Found) -> bool:
    return str(one.language).split("-")[0] == "en"


def _gap(
    english: Sequence[Found], others: Sequence[Found], of: Sequence[Found], more: str
) -> Found:
    """Return the mean of English less that of other languages."""
    sides = ((english, 1.0 / len(english)), (others, -1.0 / len(others)))
    parts = [(one, weight) for side, weight in sides for one in side]
    score = sum(weight * one.score for one, weight in parts)
    spread = spread_together(parts, of)
    return _combined([one for one, _ in parts], score, spread, f"english-minus-other|{more}")


def _combined(parts: Sequence[Found], score: float, spread: Spread, name: str) -> Found:
    """Return a number over languages."""
    signatures = " ".join(sorted({one.signature for one in parts}))
    return replace(
        parts[0],
        language=None,
        score=score,
        n=sum(one.n for one in parts),
        spread=spread,
        signature=lone_signature(parts, spread) + name + signatures,
        within=ends_of_difference(parts[0].within),
        shares=False,
    )
