"""Scores of languages together: differences, means, and the variance of what has but one item."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.scores.statistics import (
    NO_SPREAD,
    Array,
    Difference,
    Spread,
    difference,
    interval,
    seed_of,
    spread_of,
    variance_of,
)

Ends = tuple[float | None, float | None]


@dataclass(frozen=True)
class Found:
    """A metric of a cell, or of a task's languages together: its score, and that of resamples.

    Attributes:
        task: The task.
        language: The language of the answers; None for the mean of languages.
        source_language: The language of the inputs; None for all together.
        metric: The metric.
        score: The score; NaN where it cannot be measured.
        draws: The score of each resample, inflated (see `benchmarks.scores.statistics.inflated`); NaN
            throughout where fewer than two items can be measured. None at all of a mean.
        n: The number of records.
        drawn: The items that were resampled: languages and systems that have the same are
            resampled alike.
        items: How many of them can be measured; of a mean, of all its languages together.
        spread: How far the score would move with other items.
        signature: The metric's signature, without the bootstrap's.
        within: The least and the greatest score there can be.
        shares: Whether each item is right or wrong, and the score is the share of one kind.
        effects: How far each item of ``drawn`` moves the score (the jackknife's, scaled so that the
            sum of their squares is the variance).
    """

    task: str
    language: str | None
    source_language: str | None
    metric: str
    score: float
    draws: Array
    n: int
    drawn: tuple[str, ...]
    items: int
    spread: Spread
    signature: str
    within: Ends = (None, None)
    shares: bool = False
    effects: Array = field(default_factory=lambda: np.empty(0))

    @property
    def measured(self) -> bool:
        """Whether there is a score."""
        return not math.isnan(self.score)

    @property
    def lone(self) -> bool:
        """Whether there is a score, but too few items to tell how far others would move it."""
        return self.measured and self.language is not None and self.items < 2

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the interval of the score; see `benchmarks.scores.statistics.interval`."""
        return interval(self.score, self.spread, level, within=self.within, shares=self.shares)

    def difference(self, level: float = 0.95) -> Difference:
        """Return the interval and p-value of what is a difference; see `minus`."""
        return difference(self.score, self.spread, level, within=self.within)

    @property
    def method(self) -> str:
        """How the interval comes about, for signatures."""
        if self.shares:
            return "wilson"
        return "t" if None in self.within else "wilson-t"


def pooled(found: Found, parts: Sequence[Found]) -> Found:
    """Return what has but one item with the spread that the other languages' items give it.

    Args:
        found: A language or a pair of languages; returned as it is where it needs no help, as does
            a share, whose interval asks for no variance.
        parts: What was found in the languages of its task and metric.

    Variances of items are pooled as in an analysis of variance, each language's weighted by its
    items less one. An item's is that of the language's score times its items: exact for a mean, and
    to first order for what is a function of sums, as BLEU is (for an item of average length). Where
    no language has two items, nothing is pooled. The signature tells of either.
    """
    if found.shares or not found.lone:
        return found
    spread = _pool(parts) or found.spread
    return replace(
        found, spread=spread, signature=lone_signature([found], spread) + found.signature
    )


def _pool(parts: Sequence[Found]) -> Spread | None:
    """Return the variance of one item, from the languages that have more; None without any."""
    several = [one for one in parts if one.items > 1 and not math.isnan(one.spread.variance)]
    freedom = sum(one.items - 1 for one in several)
    if not freedom:
        return None
    variance = sum((one.items - 1) * one.items * one.spread.variance for one in several) / freedom
    # The same items in several languages are no more items.
    names = len(_items(several))
    return Spread(variance, float(max(1, min(freedom, names - 1))), 1.0)


def parametric(found: Found, parts: Sequence[Found]) -> Array:
    """Return the score of each resample, shape (resamples,); see `Found.draws`.

    Those of a language of one item are drawn from a normal distribution around its score, with the
    variance that `pooled` gives it.
    """
    spread = _pool(parts) if found.lone else None
    if spread is None:
        return found.draws
    generator = np.random.Generator(
        np.random.PCG64(seed_of(0, [found.task, str(found.language), *found.drawn]))
    )
    drawn = generator.normal(found.score, math.sqrt(spread.variance), len(found.draws))
    low, high = found.within
    if low is not None:
        drawn = np.maximum(drawn, low)
    return drawn if high is None else np.minimum(drawn, high)


def _items(parts: Sequence[Found]) -> frozenset[str]:
    """Return the items that were resampled, whatever the language."""
    return frozenset().union(*{one.drawn for one in parts})


def ends_of_difference(within: Ends) -> Ends:
    """Return the least and the greatest difference of two scores that lie within two ends."""
    low, high = within
    return (None, None) if low is None or high is None else (low - high, high - low)


def minus(ours: Found, theirs: Found) -> Found:
    """Return the difference of two systems' scores of one cell, ours less theirs."""
    draws = ours.draws - theirs.draws
    items = min(ours.items, theirs.items)
    return replace(
        ours,
        score=ours.score - theirs.score,
        draws=draws,
        items=items,
        spread=spread_of(draws, items),
        within=ends_of_difference(ours.within),
        shares=False,
        effects=ours.effects - theirs.effects,
    )


def mean(
    parts: Sequence[Found],
    task: str,
    metric: str,
    *,
    of: Sequence[Found] | None = None,
    whole: bool = True,
) -> Found:
    """Return the mean of languages, each counted alike.

    Args:
        parts: What was found in each language that the mean is over.
        task: The task.
        metric: The metric.
        of: All languages of the task, whose items variances are pooled over; ``parts`` where None.
        whole: Whether the mean is of all its languages or of none: NaN where one cannot be measured.
            Else those that cannot are left out, and the signature names those that are in.

    Languages of the same items are resampled alike; what others have in common moves them together
    by the items' effects. A language of one item has the pooled variance of its task's items (see
    `pooled`), and the signature names it. Where there is nothing to pool there is no interval.
    """
    measured = [one for one in parts if one.measured]
    signature = _mean_signature(parts, measured, whole=whole)
    # The mean of one language is that language's score.
    shares = len(parts) == 1 and parts[0].shares
    spread = parts[0].spread if shares else NO_SPREAD
    if measured and not shares:
        weighed = [(one, 1.0 / len(measured)) for one in measured]
        spread = spread_together(weighed, parts if of is None else of)
        signature = lone_signature(measured, spread) + signature
    complete = bool(measured) and (len(measured) == len(parts) or not whole)
    return Found(
        task,
        None,
        None,
        metric,
        float(np.mean([one.score for one in measured])) if complete else float("nan"),
        np.empty(0),
        sum(one.n for one in measured),
        (),
        len(_items(measured)),
        spread,
        signature,
        measured[0].within if measured else (None, None),
        shares=shares,
    )


def lone_signature(parts: Sequence[Found], spread: Spread) -> str:
    """Return what a signature says of the languages that have but one item; empty without any."""
    names = "+".join(str(one.language) for one in parts if one.lone)
    known = "no" if math.isnan(spread.variance) else "pooled"
    return f"{known}-variance:{names}|" if names else ""


def _mean_signature(parts: Sequence[Found], measured: Sequence[Found], *, whole: bool) -> str:
    """Say over how many languages a mean is; where that is not all, which are in it or are not."""
    signatures = " ".join(sorted({one.signature for one in measured}))
    head = f"mean-of-languages:{len(measured)}"
    if 0 < len(measured) < len(parts):
        inside = {one.language for one in measured}
        if whole:
            missing = "+".join(str(one.language) for one in parts if one.language not in inside)
            head = f"{head}/{len(parts)}|not-judged:{missing}"
        else:
            head = f"{head}/{len(parts)}:{'+'.join(str(one.language) for one in measured)}"
    return f"{head}|{signatures}"


def spread_together(parts: Sequence[tuple[Found, float]], of: Sequence[Found]) -> Spread:
    """Return the spread of a weighted sum of languages' scores.

    Args:
        parts: What was found in each language, with its weight.
        of: All languages of the task: those of one item have the variance of their items.

    Degrees of freedom are Satterthwaite's (1946) over the groups of languages that have the same
    items; where groups have some items in common, a mean of theirs.
    """
    groups: dict[tuple[str, ...], list[tuple[Found, float]]] = {}
    lone = 0.0
    for one, weight in parts:
        if one.items > 1:
            groups.setdefault(one.drawn, []).append((one, weight))
        else:
            lone += weight * weight
    variances = [
        (
            variance_of(np.sum([weight * one.draws for one, weight in group], axis=0)),
            float(min(one.items for one, _ in group) - 1),
        )
        for group in groups.values()
    ]
    if lone:
        pool = _pool(of)
        if pool is None:
            return NO_SPREAD
        variances.append((lone * pool.variance, pool.freedom))
    variance = sum(value for value, _ in variances)
    items = len(_items([one for one, _ in parts]))
    common = len(frozenset().union(*groups)) < sum(map(len, groups))
    shared = max(_in_common(groups), -variance) if common else 0.0
    if variance <= 0:
        freedom = float(max(1, items - 1))
    elif common:
        freedom = variance / sum(value / freedom for value, freedom in variances)
    else:
        freedom = variance**2 / sum(value**2 / freedom for value, freedom in variances)
    weighed = sum(
        sum(abs(weight) for _, weight in group) ** 2 / min(one.items for one, _ in group)
        for group in groups.values()
    )
    units = min(float(items), 1.0 / (weighed + lone))
    return Spread(variance + shared, freedom, units)


def _in_common(groups: Mapping[tuple[str, ...], list[tuple[Found, float]]]) -> float:
    """Return twice the covariances of groups of languages that have some items in common."""
    together: dict[str, float] = {}
    apart = 0.0
    for drawn, group in groups.items():
        effects = np.sum([weight * one.effects for one, weight in group], axis=0)
        apart += float(effects @ effects)
        for name, effect in zip(drawn, effects.tolist(), strict=True):
            together[name] = together.get(name, 0.0) + effect
    return sum(effect * effect for effect in together.values()) - apart
