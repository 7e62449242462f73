"""Uncertainty from sufficient statistics: intervals, tests of a difference, corrections, clusters."""

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
# So many of the resamples are enough to count; fewer tell little.
_COUNTABLE = 10
_LEAST = 1e-12


@dataclass(frozen=True)
class Difference:
    """A difference of two scores, its interval, and how often resamples deny its sign."""

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


def bounds(scores: Array, level: float = 0.95) -> tuple[float, float]:
    """Return the bootstrap percentile interval of scores; NaN where there is no score at all."""
    if np.isnan(scores).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(scores, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference(
    delta: float, deltas: Array, level: float = 0.95, *, items: int | None = None
) -> Difference:
    """Return a difference of two systems' scores with its interval and p-value.

    Args:
        delta: The difference.
        deltas: The same in each paired resample, shape (resamples,).
        level: The interval's coverage.
        items: How many items were resampled; many where None.

    The p-value is two-sided. By counting, it is twice the share of resamples in which the
    difference is not on the side it is on (Koehn 2004, "Statistical significance tests for machine
    translation evaluation"). But none of 1,000 resamples is below 0.002 so, and none stays below
    0.05 once it is corrected for fifty languages; and of a few items all are on one side by chance.
    So it is Student's t of the difference over its spread, with one degree of freedom less than
    items; by counting where that is greater and ten resamples are there to be counted; and never
    less than all items on one side have by the toss of a coin.
    """
    if np.isnan(delta):
        return Difference(delta, float("nan"), float("nan"), 1.0)
    # A resample in which there is nothing to judge says nothing.
    told = deltas[~np.isnan(deltas)]
    if len(told) < 2:
        return Difference(delta, *bounds(deltas, level), 1.0)
    denied = int((told <= 0 if delta > 0 else told >= 0).sum())
    p_value = _student(delta, told, items)
    if denied >= _COUNTABLE or delta == 0:
        p_value = max(p_value, 2.0 * (denied + 1) / (len(told) + 1))
    return Difference(delta, *bounds(deltas, level), min(1.0, p_value))


def _student(delta: float, deltas: Array, items: int | None) -> float:
    from scipy.stats import norm, t

    spread = float(np.std(deltas, ddof=1))
    least = _LEAST if items is None else max(_LEAST, 2.0 ** (1 - items))
    if spread == 0:
        return 1.0 if delta == 0 else least
    if items is None:
        return max(2.0 * float(norm.sf(abs(delta) / spread)), least)
    # The bootstrap's spread is that of the items as they are, too small by this for a sample.
    spread *= math.sqrt(items / (items - 1))
    return max(2.0 * float(t.sf(abs(delta) / spread, items - 1)), least)


def swapped(one: Array, two: Array, *, resamples: int, seed: int) -> tuple[Array, Array]:
    """Return both systems' summed statistics in each random exchange, shape (resamples, k) each.

    Args:
        one: The first system's statistics of each segment, shape (n, k).
        two: The second's, of the same segments.
        resamples: How many exchanges.
        seed: The seed.

    In each, the systems' answers to every segment change places or not, by the toss of a coin.
    """
    count = len(one)
    generator = np.random.Generator(np.random.PCG64(seed))
    change = two - one
    moved = np.empty((resamples, one.shape[1]))
    for start, stop in _blocks(count, resamples):
        coins = generator.integers(0, 2, size=(stop - start, count), dtype=np.uint8)
        moved[start:stop] = coins.astype(np.float64) @ change
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
    told = deltas[~np.isnan(deltas)]
    as_great = np.abs(told) >= abs(delta) - _EQUAL
    return float((int(as_great.sum()) + 1) / (len(told) + 1))


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


def ranks(points: Array, draws: Array, *, items: int | None = None) -> list[int]:
    """Return each system's rank: that of its cluster.

    Args:
        points: Each system's score, shape (n,); the higher the better.
        draws: Its score in each paired resample, shape (n, resamples).
        items: How many items were resampled; many where None.

    One system is better than another where the paired bootstrap's p-value of their difference is
    below 0.05: each pair by itself, as in WMT's findings. A system without a score comes last.
    """
    order = np.argsort(-np.nan_to_num(points, nan=-np.inf), kind="stable")
    count = len(points)
    points, draws = points[order], draws[order]
    better = np.zeros((count, count), dtype=np.bool_)
    for i in range(count):
        for j in range(i + 1, count):
            found = difference(float(points[i] - points[j]), draws[i] - draws[j], items=items)
            better[i, j] = found.p_value < SIGNIFICANT
    places = [0] * count
    for system, place in zip(order, clusters(better), strict=True):
        places[int(system)] = place
    return places
