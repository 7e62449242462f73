"""Uncertainty: bootstrap intervals of a score, and of the difference of two (Koehn 2004)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Combine = Callable[[Array], Array]

# Weights of so many resamples are held at once.
_CELLS = 1 << 22


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
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _resampled(statistics: Array, resamples: int, seed: int) -> Array:
    """Return the summed statistics of each resample, shape (resamples, k).

    A resample is n draws with replacement; only how often each segment was drawn matters, so the
    sums are a matrix product of those counts with the statistics.
    """
    count = len(statistics)
    generator = np.random.Generator(np.random.PCG64(seed))
    step = max(1, _CELLS // max(count, 1))
    sums = []
    for start in range(0, resamples, step):
        weights = generator.multinomial(
            count, np.full(count, 1.0 / count), size=min(step, resamples - start)
        )
        sums.append(weights.astype(np.float64) @ statistics)
    return np.concatenate(sums)


def draws(statistics: Array, combine: Combine, *, resamples: int, seed: int) -> Array:
    """Return a corpus's score in each bootstrap resample, shape (resamples,).

    Args:
        statistics: Sufficient statistics of each segment, shape (n, k).
        combine: The metric's function from summed statistics to scores.
        resamples: How many resamples to draw.
        seed: The seed of the draws. Two systems' answers to the same segments, drawn with the same
            seed, are drawn in pairs.
    """
    return combine(_resampled(statistics, resamples, seed))


def bounds(scores: Array, level: float = 0.95) -> tuple[float, float]:
    """Return the bootstrap percentile interval of scores; NaN where there is no score at all."""
    if np.isnan(scores).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(scores, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def difference(delta: float, deltas: Array, level: float = 0.95) -> Difference:
    """Return a difference of two systems' scores with its interval and p-value.

    Args:
        delta: The difference.
        deltas: The same in each paired resample, shape (resamples,).
        level: The interval's coverage.

    The p-value is two-sided: twice the share of resamples in which the difference is not on the
    side it is on (Koehn 2004, "Statistical significance tests for machine translation evaluation").
    """
    if np.isnan(delta):
        return Difference(delta, float("nan"), float("nan"), 1.0)
    denied = deltas <= 0 if delta > 0 else deltas >= 0
    # The observed corpus counts as one more resample: no p-value is 0 (Davison & Hinkley 1997).
    p_value = min(1.0, 2.0 * (int(denied.sum()) + 1) / (len(deltas) + 1))
    return Difference(delta, *bounds(deltas, level), p_value)
