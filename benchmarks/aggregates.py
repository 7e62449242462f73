"""From scores by language to groups of languages: macro means, and how unequal languages fare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics, list_metrics
from benchmarks.measuring import Found, mean, measured
from benchmarks.scoring import BOOTSTRAP, check_sampling
from benchmarks.statistics import Array, bounds
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
        the records, ``languages`` the languages that a number rests on. A language that cannot
        be judged (NaN) is left out, a group without any has no row, and disparity takes two.
        Chance alone sets scores apart: spread and deviation are above 0 where all languages fare
        alike, and their intervals lean upwards, the more so the fewer records there are.

    Raises:
        IsoglossError: As for `score`; or there is no such way to group.
    """
    check_metrics(metrics, options or {}, where="metrics")
    check_sampling(resamples, level)
    for kind in by:
        if kind not in _KINDS:
            raise unknown("kind of group", kind, list(_KINDS), where="by")
    by_metric: dict[tuple[str, str], list[Found]] = {}
    for one in measured(
        predictions, records, resamples=resamples, seed=seed, only=metrics, options=options,
        by_source=False,
    ):  # fmt: skip
        if one.language is not None and not np.isnan(one.score):
            by_metric.setdefault((one.task, one.metric), []).append(one)
    prefix = BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    rows = [
        _row(kind, group, parts, found, level, prefix)
        for languages in by_metric.values()
        for kind, group, parts, found in (*_means(languages, by), *_disparity(languages))
    ]
    return pl.DataFrame(rows, schema=AGGREGATES).with_columns(pl.col("low", "high").fill_nan(None))


_Group = tuple[str, str, Sequence[Found], Found]


def _row(
    kind: str, group: str, parts: Sequence[Found], found: Found, level: float, prefix: str
) -> dict[str, Any]:
    low, high = bounds(found.draws, level)
    return {
        "task": found.task,
        "metric": found.metric,
        "kind": kind,
        "group": group,
        "score": found.score,
        "low": low,
        "high": high,
        "n": found.n,
        "languages": len(parts),
        "signature": prefix + found.signature,
    }


def _means(languages: Sequence[Found], by: Sequence[str]) -> Iterator[_Group]:
    yield "all", "all", languages, _mean(languages)
    for kind in by:
        groups: dict[str, list[Found]] = {}
        for one in languages:
            groups.setdefault(_KINDS[kind](describe(str(one.language))), []).append(one)
        for group, parts in sorted(groups.items()):
            yield kind, group, parts, _mean(parts)


def _mean(parts: Sequence[Found]) -> Found:
    return mean(parts, parts[0].task, parts[0].metric)


def _disparity(languages: Sequence[Found]) -> Iterator[_Group]:
    if len(languages) < 2:
        return
    spread = _over(languages, "spread", lambda scores: np.ptp(scores, axis=0))
    yield "disparity", "spread", languages, spread
    deviation = _over(languages, "deviation", lambda scores: np.std(scores, axis=0))
    yield "disparity", "deviation", languages, deviation
    worst = min(languages, key=lambda one: (_goodness(one), one.language))
    yield "disparity", f"worst:{worst.language}", [worst], worst
    english = [one for one in languages if _is_english(one)]
    others = [one for one in languages if not _is_english(one)]
    if english and others:
        yield "disparity", "english_gap", languages, _gap(_mean(english), _mean(others))
        for one in others:
            group = f"english_gap:{one.language}"
            yield "disparity", group, [*english, one], _gap(_mean(english), one)


def _over(parts: Sequence[Found], name: str, statistic: Callable[[Array], Array]) -> Found:
    """Return a statistic over the languages, and over those of every resample."""
    whole = _mean(parts)
    return Found(
        whole.task,
        None,
        None,
        whole.metric,
        float(statistic(np.array([one.score for one in parts]))),
        statistic(np.stack([one.draws for one in parts])),
        whole.n,
        whole.names,
        f"{name}-of-languages:{len(parts)}|" + " ".join(sorted({one.signature for one in parts})),
    )


def _goodness(one: Found) -> float:
    higher = list_metrics()[one.metric].higher_is_better
    if higher is None:
        return -abs(one.score - _IDEAL)
    return one.score if higher else -one.score


def _is_english(one: Found) -> bool:
    return str(one.language).split("-")[0] == "en"


def _gap(english: Found, other: Found) -> Found:
    signatures = dict.fromkeys((english.signature, other.signature))
    return Found(
        english.task,
        None,
        None,
        english.metric,
        english.score - other.score,
        english.draws - other.draws,
        english.n + other.n,
        english.names | other.names,
        "english-minus-other|" + " ".join(signatures),
    )
