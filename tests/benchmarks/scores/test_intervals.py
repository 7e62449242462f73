"""Intervals and tests: that they cover, and that they agree."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support.metrics import METRICS
from support.values import PERCENT, asked, compared, install, scored, width

import benchmarks
from benchmarks.metrics import bleu
from benchmarks.metrics._base import NoOptions, Segments
from benchmarks.scores.statistics import (
    Spread,
    difference,
    inflated,
    interval,
    resampled,
    spread_of,
    wilson,
)


@pytest.fixture(autouse=True)
def value(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return install(monkeypatch)


# ------------------------------------------------------------------------------ shares


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (0, 5), (5, 5), (3, 7), (40, 100)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_a_share_has_wilsons_interval(right: int, count: int, level: float) -> None:
    theirs = stats.binomtest(right, count).proportion_ci(level, method="wilson")
    ours = wilson(right / count, count, float(stats.norm.ppf((1 + level) / 2)))
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize(("right", "low", "high"), [(5, 56.6, 100.0), (0, 0.0, 43.4)])
def test_all_or_none_of_five_right_is_no_certainty(right: int, low: float, high: float) -> None:
    records = asked({"de": [0.0] * 5})
    answers = records.select(
        "id", prediction=pl.Series(["yes"] * right + ["no"] * (5 - right), dtype=pl.String)
    )
    row = benchmarks.score(answers, records, metrics=["exact_match"], resamples=50).row(
        0, named=True
    )
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=0.05)
    assert "|ci:wilson|exact_match|" in row["signature"]
    mean = benchmarks.score(answers, records, metrics=["exact_match"], resamples=50).row(
        1, named=True
    )
    assert (mean["low"], mean["high"]) == (row["low"], row["high"])


@pytest.mark.parametrize("count", [1, 2, 5, 10, 30, 100])
def test_shares_are_covered_at_least_as_often_as_93_in_100_over_all_of_them(count: int) -> None:
    shares = np.linspace(0.005, 0.995, 199)
    ends = [
        interval(100 * k / count, Spread(math.nan, 0, count), within=PERCENT, shares=True)
        for k in range(count + 1)
    ]
    inside = np.array([[low <= 100 * p <= high for p in shares] for low, high in ends])
    chances = np.array([stats.binom.pmf(k, count, shares) for k in range(count + 1)])
    assert (inside * chances).sum(axis=0).mean() >= 0.93
    assert ends[0][0] == 0 and ends[-1][1] == 100
    assert ends[0][1] < 100 and ends[-1][0] > 0


def test_several_answers_or_records_of_an_item_are_no_yes_or_no() -> None:
    records = asked({"de": [0.0] * 6})
    once = records.select("id", prediction=pl.lit("no"), sample=pl.lit(0, pl.Int64))
    twice = pl.concat(
        [once, once.with_columns(prediction=pl.lit("yes"), sample=pl.lit(1, pl.Int64))]
    )
    paired = asked({"de": [0.0] * 6}, names=lambda language, number: str(number // 2)).with_columns(
        source_language=pl.Series(["en", "fr"] * 3)
    )
    for answers, those, method in (
        (once, records, "wilson"),
        (twice, records, "wilson-t"),
        (paired.select("id", prediction=pl.lit("no")), paired, "wilson-t"),
    ):
        row = benchmarks.score(answers, those, metrics=["exact_match"], resamples=20).row(
            0, named=True
        )
        assert f"|ci:{method}|" in row["signature"]


# ------------------------------------------------------------------------------ coverage

F1 = "F1"
DISTRIBUTIONS: dict[str, tuple[Callable[[Any, Any], Any], float]] = {
    "normal": (lambda rng, size: rng.normal(0.5, 0.1, size), 0.5),
    "uniform": (lambda rng, size: rng.random(size), 0.5),
    "skewed": (lambda rng, size: rng.beta(1, 4, size), 0.2),
    "skewed up": (lambda rng, size: rng.beta(8, 2, size), 0.8),
    "lognormal": (lambda rng, size: 0.2 * np.exp(rng.normal(-0.125, 0.5, size)), 0.2),
    F1: (
        lambda rng, size: np.where(
            (told := rng.random(size)) < 0.3, 0.0, np.where(told > 0.7, 1.0, rng.beta(2, 2, size))
        ),
        0.5,
    ),
}  # fmt: skip


def covered(name: str, count: int, trials: int, within: Any = (0.0, 1.0)) -> float:
    """Return how often the interval of the mean of some values has the true mean in it."""
    draw, truth = DISTRIBUTIONS[name]
    values = draw(np.random.default_rng([count, *name.encode()]), (trials, count))
    # The same resamples serve all trials.
    drawn = values @ resampled(np.eye(count), resamples=1000, seed=count).T / count
    hits = 0
    for mean, scores in zip(values.mean(axis=1), drawn, strict=True):
        low, high = interval(float(mean), spread_of(inflated(scores, count), count), within=within)
        hits += low <= truth <= high
    return hits / trials


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [5, 20])
def test_intervals_of_means_cover_the_truth_as_often_as_they_say(name: str, count: int) -> None:
    # Chance moves a share of 1,500 by 0.6 points.
    least, most = (0.915, 0.985) if name == F1 else (0.92, 0.975)
    assert least <= covered(name, count, 1500) <= most


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("count", [5, 8, 10, 20, 50, 200])
def test_intervals_of_means_cover_between_93_and_97_in_100(name: str, count: int) -> None:
    # Six in ten of what is like F1 are 0 or 1, which is not continuous; few samples show the whole of
    # a long tail.
    most = 0.98 if name == F1 else 0.97
    least = 0.925 if name == "lognormal" else 0.93
    assert least <= covered(name, count, 20_000) <= most


@pytest.mark.parametrize("count", [5, 20])
def test_where_there_is_no_end_the_interval_is_students(count: int) -> None:
    values = np.random.default_rng(count).normal(0, 1, count)
    drawn = resampled(values[:, np.newaxis], resamples=20_000, seed=1)[:, 0] / count
    ours = interval(float(values.mean()), spread_of(inflated(drawn, count), count))
    theirs = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
    assert ours == pytest.approx(theirs, rel=0.05)
    assert 0.935 <= covered("normal", count, 1500, (None, None)) <= 0.965


@pytest.mark.parametrize("values", [[0.3] * 5, [0.0] * 5, [1.0] * 5])
def test_items_that_are_all_alike_give_no_certainty(values: list[float], value: Any) -> None:
    row = scored({"de": values}, resamples=50)["de"]
    assert 0 <= row["low"] <= row["score"] <= row["high"] <= 100
    assert width(row) > 20
    value.WITHIN = (0.0, None)
    assert scored({"de": values}, resamples=50)["de"]["low"] is None


WORDS = "the house stands at the end of a long street near an old river and some trees".split()


@pytest.mark.slow
@pytest.mark.parametrize("count", [5, 10, 50, 200])
@pytest.mark.parametrize(
    ("module", "options"), [(bleu, bleu.Options()), (METRICS["chrf"], NoOptions())]
)
def test_corpus_metrics_are_covered_too(module: Any, options: Any, count: int) -> None:
    rng = np.random.default_rng(count)
    references, answers = [], []
    for _ in range(3000):
        words = rng.choice(WORDS, rng.integers(5, 25))
        kept = rng.random(len(words)) > rng.beta(1, 3)
        references.append([" ".join(words)])
        answers.append(" ".join(np.where(kept, words, rng.choice(WORDS, len(words)))))
    rows = module.statistics(Segments(answers, references, "en"), options)
    truth = float(module.combine(rows.sum(axis=0)))
    weights = resampled(np.eye(count), resamples=1000, seed=count)
    hits = 0
    for _ in range(2000):
        some = rows[rng.integers(0, len(rows), count)]
        drawn = inflated(module.combine(weights @ some), count)
        score = float(module.combine(some.sum(axis=0)))
        low, high = interval(score, spread_of(drawn, count), within=PERCENT)
        hits += low <= truth <= high
    # BLEU of five sentences is not BLEU of many: it has a bias of its own.
    assert (0.91 if count == 5 else 0.93) <= hits / 2000 <= 0.975


# ------------------------------------------------------------------------------ differences


@given(
    deltas=st.lists(st.floats(-100, 100).map(lambda x: round(x, 2)), min_size=1, max_size=12),
    level=st.sampled_from([0.8, 0.95, 0.99]),
)
@settings(max_examples=150, deadline=None)
def test_an_interval_of_a_difference_agrees_with_its_p(deltas: list[float], level: float) -> None:
    values = np.asarray(deltas)
    drawn = resampled(values[:, np.newaxis], resamples=100, seed=3)[:, 0] / len(values)
    spread = spread_of(inflated(drawn, len(values)), len(values))
    found = difference(float(values.mean()), spread, level, within=(-100.0, 100.0))
    assert 0 <= found.p_value <= 1
    if math.isnan(found.low):
        assert found.p_value == 1
    else:
        assert (found.low > 0 or found.high < 0) == (found.p_value < 1 - level)
        assert -100 <= found.low <= found.delta + 1e-9
        assert found.delta - 1e-9 <= found.high <= 100


@pytest.mark.parametrize("count", [5, 10, 20, 50])
@pytest.mark.parametrize("kind", ["normal", "uniform", "F1", "binary"])
def test_of_true_null_hypotheses_one_in_twenty_is_rejected(kind: str, count: int) -> None:
    rng = np.random.default_rng([count, *kind.encode()])
    trials = 1500
    if kind == "binary":
        one, two = (rng.integers(0, 2, (trials, count)).astype(float) for _ in range(2))
    else:
        one, two = (DISTRIBUTIONS[kind][0](rng, (trials, count)) for _ in range(2))
    deltas = one - two
    drawn = deltas @ resampled(np.eye(count), resamples=1000, seed=count).T / count
    rejected = sum(
        difference(float(delta), spread_of(inflated(scores, count), count)).p_value < 0.05
        for delta, scores in zip(deltas.mean(axis=1), drawn, strict=True)
    )
    # Few yeses and noes have few ways to differ.
    least = 0.0 if kind in ("binary", "F1") and count < 20 else 0.03
    assert least <= rejected / trials <= 0.07


def test_where_all_differ_alike_p_is_that_of_a_coin() -> None:
    one, two = {"de": [0.5] * 5}, {"de": [0.25] * 5}
    row = compared(one, two, resamples=50)["de"]
    assert row["p_value"] == pytest.approx(2**-4)
    assert row["low"] < 0 < row["delta"] == 25 < row["high"]
    more = compared({"de": [0.5] * 12}, {"de": [0.25] * 12}, resamples=50)["de"]
    assert more["p_value"] == pytest.approx(2**-11)
    assert more["low"] > 0
