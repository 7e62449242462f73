"""Uncertainty from sufficient statistics: intervals, tests of a difference, corrections, clusters.

The bootstrap of items tells how far a score would move with others (`resampled`, `inflated`,
`spread_of`). Percentiles of resamples never leave the range of the items and are too narrow where
these are few; so intervals are made of that spread: Wilson's for shares, and for what has a least
and a greatest score; Student's t elsewhere and for differences (`interval`, `difference`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Combine = Callable[[Array], Array]

# Weights of so many segments and resamples are held at once: half a MiB, which stays in the cache.
_CELLS = 1 << 16
#: A difference that chance would give less often than this counts.
SIGNIFICANT = 0.05
# Sums of the same numbers in another order differ by less.
_EQUAL = 1e-9
_LEAST = 1e-12
# Variances of numbers that are alike are less, for rounding.
_ROUNDING = 1e-18
# A share that is so near to an end is at it.
_END = 1e-12


@dataclass(frozen=True)
class Spread:
    """How far a score would move with other items.

    Attributes:
        variance: Of the score over samples of items; NaN where that is not known.
        freedom: Its degrees of freedom.
        units: How many items of equal weight the score is worth (Kish 1965), whatever is common to
            languages counted once.
    """

    variance: float
    freedom: float
    units: float


#: What is known where nothing is.
NO_SPREAD = Spread(float("nan"), 0.0, 0.0)


@dataclass(frozen=True)
class Difference:
    """A difference of two scores, its interval, and its p-value.

    The interval excludes 0 exactly where the p-value is below one minus its level.
    """

    delta: float
    low: float
    high: float
    p_value: float


def seed_of(seed: int, names: Sequence[str]) -> int:
    """Return a seed for one cell of a table, so that its interval does not hang on the others."""
    text = "\x1f".join([str(seed), *names])
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8])


def resampled(statistics: Array, *, resamples: int, seed: int) -> Array:
    """Return the summed statistics of each bootstrap resample, shape (resamples, k).

    Args:
        statistics: Sufficient statistics of each segment, shape (n, k); those of several metrics
            may stand side by side, and are resampled alike.
        resamples: How many resamples.
        seed: The seed of the draws.

    A resample is n draws with replacement. Only how often each segment was drawn matters, so the
    sums are a matrix product of those counts with the statistics, a block of resamples at a time:
    memory does not grow with their number.
    """
    count = len(statistics)
    generator = np.random.Generator(np.random.PCG64(seed))
    found = np.empty((resamples, statistics.shape[1]))
    # Half the random bits where they are enough: drawing is what takes the time.
    kind = np.uint16 if count <= 1 << 16 else np.uint32
    for start, stop in _blocks(count, resamples):
        drawn = generator.integers(0, count, size=(stop - start, count), dtype=kind)
        weights = np.empty(drawn.shape)
        for row, numbers in enumerate(drawn):
            weights[row] = np.bincount(numbers, minlength=count)
        # Threads of BLAS would wait for each other longer than so small a product takes.
        with _blas().limit(limits=1, user_api="blas"):
            found[start:stop] = weights @ statistics
    return found


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _blocks(count: int, resamples: int) -> Iterator[tuple[int, int]]:
    step = max(1, _CELLS // max(count, 1))
    for start in range(0, resamples, step):
        yield start, min(start + step, resamples)


def draws(statistics: Array, combine: Combine, *, resamples: int, seed: int) -> Array:
    """Return a corpus's score in each bootstrap resample, shape (resamples,).

    Args:
        statistics: Sufficient statistics of each segment, shape (n, k).
        combine: The metric's function from summed statistics to scores.
        resamples: How many resamples to draw.
        seed: The seed of the draws. Two systems' answers to the same segments, drawn with the same
            seed, are drawn in pairs.
    """
    return combine(resampled(statistics, resamples=resamples, seed=seed))


def inflated(scores: Array, items: int) -> Array:
    """Return resampled scores whose variance is that of a sample, shape (resamples,).

    Args:
        scores: The score of each bootstrap resample; NaN where nothing in it could be measured.
        items: How many items were measured.

    Resamples of n items vary as the items themselves do, whose variance is too small by (n - 1) / n
    for a sample. Distances from their mean are stretched so; a resample without anything to measure
    lies at the mean, and the others are stretched for it. NaN where there is one item or none.
    """
    known = ~np.isnan(scores)
    if items < 2 or not known.any():
        return np.full_like(scores, np.nan)
    centre = scores[known].mean()
    stretch = math.sqrt(items / (items - 1) * len(scores) / known.sum())
    return np.asarray(np.where(known, centre + stretch * (scores - centre), centre))


def spread_of(scores: Array, items: int) -> Spread:
    """Return the spread of a score from its inflated resamples, with a degree less than items."""
    if items < 2:
        return Spread(float("nan"), 0.0, float(items))
    return Spread(variance_of(scores), items - 1.0, float(items))


def variance_of(scores: Array) -> float:
    """Return the variance of resampled scores; NaN of fewer than two."""
    if len(scores) < 2:
        return float("nan")
    variance = float(np.var(scores, ddof=1))
    # Resamples that are all alike differ in rounding.
    return 0.0 if variance < _ROUNDING else variance


def bounds(scores: Array, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of resampled scores; NaN where there is no score at all.

    For what is no mean and cannot be below 0, such as the range of some scores.
    """
    if np.isnan(scores).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(scores, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def wilson(share: float, units: float, quantile: float) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927), both of 0 to 1.

    Args:
        share: The share.
        units: Of how many independent answers.
        quantile: How many standard errors lie to each side.
    """
    # Sums of many numbers miss an end by rounding, and pass it.
    share = 0.0 if share < _END else 1.0 if share > 1 - _END else share
    square = quantile * quantile / units
    centre = (share + square / 2) / (1 + square)
    half = math.sqrt(square * share * (1 - share) + square * square / 4) / (1 + square)
    # At the ends both terms are the same number, but for rounding.
    return (
        max(0.0, centre - half) if share > 0 else 0.0,
        min(1.0, centre + half) if share < 1 else 1.0,
    )


def interval(
    score: float,
    spread: Spread,
    level: float = 0.95,
    *,
    within: tuple[float | None, float | None] = (None, None),
    shares: bool = False,
) -> tuple[float, float]:
    """Return the interval of a score; NaN where its spread is not known.

    Args:
        score: The score.
        spread: Its spread.
        level: The coverage.
        within: The least and the greatest score there can be; None where there is no end.
        shares: Whether the score is the share of ``spread.units`` independent items.

    A share has Wilson's interval. Between two ends it is Wilson's too, with Student's t for the
    normal quantile and for the number of items the number of yes-or-no items that would vary as
    much as the score does (Korn & Graubard 1998; Dean & Pagano 2015, for surveys): so the interval
    stays within the ends, leans away from the one that is near, and has a width where all items are
    at an end, and one yet knows no better than of as many yeses or noes. Elsewhere it is Student's
    t, cut off at an end; none where all items are alike, which says nothing of how others would be.
    """
    low, high = within
    if math.isnan(score):
        return float("nan"), float("nan")
    if shares and low is not None and high is not None and spread.units > 0:
        return _scaled(score, spread.units, _quantile(level, math.inf), low, high)
    if math.isnan(spread.variance) or spread.freedom <= 0:
        return float("nan"), float("nan")
    quantile = _quantile(level, spread.freedom)
    if low is not None and high is not None:
        most = (score - low) * (high - score)
        known = spread.variance > 0 and most > _END
        units = most / spread.variance if known else spread.units
        return _scaled(score, units, quantile, low, high)
    if spread.variance == 0:
        return float("nan"), float("nan")
    half = quantile * math.sqrt(spread.variance)
    return (
        score - half if low is None else max(low, score - half),
        score + half if high is None else min(high, score + half),
    )


@cache
def _quantile(level: float, freedom: float) -> float:
    """Return how many standard errors lie to each side: Student's, the normal's where infinite."""
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, freedom))


def _scaled(
    score: float, units: float, quantile: float, low: float, high: float
) -> tuple[float, float]:
    width = high - low
    ends = wilson((score - low) / width, units, quantile)
    return low + width * ends[0], low + width * ends[1]


def difference(
    delta: float,
    spread: Spread,
    level: float = 0.95,
    *,
    within: tuple[float | None, float | None] = (None, None),
) -> Difference:
    """Return a difference of two systems' scores with its interval and p-value.

    Args:
        delta: The difference.
        spread: The spread of the difference, from paired resamples.
        level: The interval's coverage.
        within: The least and the greatest difference there can be; None where there is no end.

    Both are Student's t of the difference over its spread: Koehn 2004 ("Statistical significance
    tests for machine translation evaluation") counts the resamples that deny the sign, but none of
    1,000 is below 0.001 so, and of a few items all are on one side too often. Where every item
    differs alike there is no spread, and p is what as many items on one side have by the toss of a
    coin; the interval is the one of that p. Where the spread is not known, p is 1.
    """
    from scipy.stats import t

    if math.isnan(delta) or math.isnan(spread.variance) or spread.freedom <= 0:
        return Difference(delta, float("nan"), float("nan"), 1.0)
    error = math.sqrt(spread.variance)
    if error > 0:
        p_value = max(2.0 * float(t.sf(abs(delta) / error, spread.freedom)), _LEAST)
    elif abs(delta) < _EQUAL:
        return Difference(delta, 0.0, 0.0, 1.0)
    else:
        p_value = max(2.0 ** (1 - spread.units), _LEAST)
        if p_value >= 1.0:  # one item says nothing of others
            return Difference(delta, float("nan"), float("nan"), 1.0)
        error = abs(delta) / float(t.isf(p_value / 2, spread.freedom))
    half = error * _quantile(level, spread.freedom)
    low, high = delta - half, delta + half
    least, greatest = within
    return Difference(
        delta,
        low if least is None else max(low, least),
        high if greatest is None else min(high, greatest),
        min(1.0, p_value),
    )


def swapped(
    one: Array, two: Array, items: Sequence[str], *, resamples: int, seed: int
) -> tuple[Array, Array]:
    """Return both systems' summed statistics in each random exchange, shape (resamples, k) each.

    Args:
        one: The first system's statistics of each segment, shape (n, k).
        two: The second's, of the same segments.
        items: The name of each segment.
        resamples: How many exchanges.
        seed: The seed.

    In each, the systems' answers to every segment change places or not, by the toss of a coin. A
    segment's coins are its own, whatever the others: an item of several languages changes places in
    all of them at once, though they have other items beside.
    """
    change = two - one
    moved = np.empty((resamples, one.shape[1]))
    octets = -(-resamples // 8)
    tossed = np.empty((len(items), octets), dtype=np.uint8)
    for row, name in enumerate(items):
        text = f"{seed}\x1f{name}".encode("utf-8", "surrogatepass")
        tossed[row] = np.frombuffer(hashlib.shake_128(text).digest(octets), dtype=np.uint8)
    step = max(8, _CELLS // max(len(items), 1) // 8 * 8)
    for start in range(0, resamples, step):
        stop = min(start + step, resamples)
        coins = np.unpackbits(tossed[:, start // 8 : -(-stop // 8)], axis=1)[:, : stop - start]
        moved[start:stop] = coins.T.astype(np.float64) @ change
    return one.sum(axis=0) + moved, two.sum(axis=0) - moved


def randomization_p(delta: float, deltas: Array) -> float:
    """Return the two-sided p-value of a difference by approximate randomization.

    Args:
        delta: The difference observed.
        deltas: The difference after each random exchange, shape (resamples,).

    Riezler & Maxwell 2005, "On some pitfalls in automatic evaluation and significance testing for
    MT": the share of exchanges that give as great a difference, the observed one among them. It is
    not below 1 / (resamples + 1): to correct for many languages takes many exchanges.
    """
    if np.isnan(delta):
        return 1.0
    known = deltas[~np.isnan(deltas)]
    as_great = np.abs(known) >= abs(delta) - _EQUAL
    return float((int(as_great.sum()) + 1) / (len(known) + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, in order (Holm 1979).

    Rejecting what is then below a level rejects any true hypothesis at all with at most that
    probability, whatever the tests have to do with each other.
    """
    count = len(p_values)
    adjusted = [0.0] * count
    highest = 0.0
    for place, number in enumerate(sorted(range(count), key=lambda n: p_values[n])):
        highest = max(highest, min(1.0, (count - place) * p_values[number]))
        adjusted[number] = highest
    return adjusted


def clusters(better: npt.NDArray[np.bool_]) -> list[int]:
    """Return the rank of each system's cluster, as WMT draws them, for systems best first.

    Args:
        better: Shape (n, n): whether system i is significantly better than system j.

    A new cluster begins where every system so far is significantly better than every one to come
    (Bojar et al. 2016, "Findings of the 2016 Conference on Machine Translation"). Its rank is the
    place of its first system, counted from 1.
    """
    ranks: list[int] = []
    for place in range(len(better)):
        apart = place > 0 and bool(better[:place, place:].all())
        ranks.append(place + 1 if place == 0 or apart else ranks[-1])
    return ranks


def ranks(points: Sequence[float] | Array, p_value: Callable[[int, int], float]) -> list[int]:
    """Return each system's rank: that of its cluster.

    Args:
        points: Each system's score, the higher the better; NaN where it could not be measured.
        p_value: The p-value of the difference of two systems, by their numbers.

    One system is better than another where the p-value of their difference is below 0.05: each
    pair by itself, as in WMT's findings. A system without a score comes last, after as many as were
    measured, and is compared with nobody.
    """
    measured = [number for number, point in enumerate(points) if not math.isnan(point)]
    order = sorted(measured, key=lambda number: -points[number])
    count = len(order)
    better = np.zeros((count, count), dtype=np.bool_)
    for i in range(count):
        for j in range(i + 1, count):
            better[i, j] = p_value(order[i], order[j]) < SIGNIFICANT
    places = [count + 1] * len(points)
    for system, place in zip(order, clusters(better), strict=True):
        places[system] = place
    return places
