"""Intervals and tests: that they cover, that they agree, and what few items and gaps do to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import benchmarks
from benchmarks.measuring import measured
from benchmarks.metrics import bleu, chrf
from benchmarks.metrics._base import NoOptions, Segments, mean_of_rows
from benchmarks.scoring import remarks
from benchmarks.statistics import (
    Spread,
    difference,
    inflated,
    interval,
    ranks,
    resampled,
    spread_of,
    swapped,
    wilson,
)
from isogloss.plugins import discover
from isogloss.records import SCHEMA, with_ids

PERCENT = (0.0, 100.0)
Values = Mapping[str, Sequence[float | None]]


@pytest.fixture(autouse=True)
def value(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A metric that takes an answer at its word: the mean of the numbers that answers are."""

    def statistics(segments: Segments, options: Any) -> Any:
        rows = [(0.0, 0.0) if text == "" else (float(text), 1.0) for text in segments.answers]
        return np.asarray(rows)

    module = ModuleType("value")
    vars(module).update(
        LABEL="value", DESCRIPTION="the answer", UNIT="points", TASKS=("qa",), WITHIN=PERCENT,
        HIGHER_IS_BETTER=True, combine=mean_of_rows, statistics=statistics,
        signature=lambda language, options: "value|v1",
    )  # fmt: skip
    monkeypatch.setitem(discover("benchmarks.metrics"), "value", module)
    return module


def asked(values: Values, *, names: Callable[[str, int], str] = "{}-{}".format) -> pl.DataFrame:
    """Return records of so many questions in each language, with their items named."""
    rows = [
        {
            "task": "qa",
            "language": language,
            "input": f"{number}?",
            "references": ["yes"],
            "source_id": f"set#{names(language, number)}",
        }
        for language, several in values.items()
        for number in range(len(several))
    ]
    return with_ids(pl.DataFrame(rows, schema=SCHEMA))


def answered(records: pl.DataFrame, values: Values) -> pl.DataFrame:
    """Return predictions that are worth so much (0 to 1); None for what cannot be judged."""
    told = ["" if one is None else repr(one) for several in values.values() for one in several]
    return records.select("id", pl.Series("prediction", told))


def scored(values: Values, **more: Any) -> dict[str | None, dict[str, Any]]:
    """Return the rows of scores by language."""
    names = more.pop("names", "{}-{}".format)
    records = asked(values, names=names)
    table = benchmarks.score(answered(records, values), records, metrics=["value"], **more)
    return {row["language"]: row for row in table.iter_rows(named=True)}


def compared(one: Values, two: Values, **more: Any) -> dict[str | None, dict[str, Any]]:
    """Return the rows of a comparison by language."""
    records = asked(one)
    table = benchmarks.compare(
        answered(records, one), answered(records, two), records, metrics=["value"], **more
    )
    return {row["language"]: row for row in table.iter_rows(named=True)}


def width(row: Mapping[str, Any]) -> float:
    return float(row["high"] - row["low"])


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
    # A share of values that are 0 or 1 to the last digit is no continuous number.
    most = 0.98 if name == F1 else 0.97
    assert 0.93 <= covered(name, count, 20_000) <= most


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
@pytest.mark.parametrize(("module", "options"), [(bleu, bleu.Options()), (chrf, NoOptions())])
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


# ------------------------------------------------------------------------------ one item


RNG = np.random.default_rng(7)
SEVERAL: dict[str, list[float]] = {
    "de": RNG.normal(0.6, 0.1, 6).tolist(),
    "fr": RNG.normal(0.4, 0.2, 9).tolist(),
}
LONE: dict[str, list[float]] = {**SEVERAL, "hi": [0.5]}


def test_a_language_of_one_item_takes_the_pooled_variance_of_the_others() -> None:
    rows = scored(LONE, resamples=20_000)
    sizes = {tag: len(values) for tag, values in SEVERAL.items()}
    freedom = sum(sizes.values()) - 2
    within = sum((len(one) - 1) * np.var(one, ddof=1) for one in SEVERAL.values()) / freedom
    parts = [(np.var(SEVERAL[tag], ddof=1) / n / 9, n - 1) for tag, n in sizes.items()]
    parts.append((within / 9, freedom))
    variance = sum(part for part, _ in parts)
    satterthwaite = variance**2 / sum(part**2 / degrees for part, degrees in parts)
    mean = np.mean([np.mean(one) for one in LONE.values()])
    expected = interval(100 * mean, Spread(1e4 * variance, satterthwaite, 1), within=PERCENT)
    assert rows[None]["score"] == pytest.approx(100 * mean)
    assert (rows[None]["low"], rows[None]["high"]) == pytest.approx(expected, rel=0.02)
    assert "|pooled-variance:hi|mean-of-languages:3|" in rows[None]["signature"]
    own = interval(50.0, Spread(1e4 * within, freedom, 1), within=PERCENT)
    assert (rows["hi"]["low"], rows["hi"]["high"]) == pytest.approx(own, rel=0.02)
    assert "|pooled-variance:hi|" in rows["hi"]["signature"]
    # It takes nothing from the others.
    alone = scored(SEVERAL, resamples=20_000)
    assert all(rows[tag] == alone[tag] for tag in SEVERAL)


def test_the_mean_with_a_language_of_one_item_is_covered() -> None:
    """Nine languages of two to nine items, three of which the mean knows one item of."""
    rng = np.random.default_rng(4)
    sizes = [1, 1, 1, 2, 3, 4, 5, 7, 9]
    hits, trials = 0, 120
    tags = ["de", "fr", "es", "it", "sv", "da", "fi", "nl", "pl"]
    for trial in range(trials):
        values = {
            tag: rng.normal(0.5, 0.1, size).tolist() for tag, size in zip(tags, sizes, strict=True)
        }
        row = scored(values, resamples=100, seed=trial)[None]
        hits += row["low"] <= 50 <= row["high"]
    assert 0.89 <= hits / trials <= 1


def test_where_there_is_nothing_to_pool_the_mean_has_no_interval_and_says_so() -> None:
    rows = scored({"de": [0.5], "hi": [0.7]}, resamples=30)
    assert rows[None]["score"] == pytest.approx(60)
    assert rows[None]["low"] is None
    assert "|no-variance:de+hi|mean-of-languages:2|" in rows[None]["signature"]
    assert rows["hi"]["low"] is None


def test_systems_are_told_apart_though_a_language_has_one_question() -> None:
    better = {
        tag: [one + 0.25 + 0.01 * n for n, one in enumerate(several)]
        for tag, several in LONE.items()
    }
    records = asked(LONE)
    systems = {"worse": answered(records, LONE), "better": answered(records, better)}
    found = benchmarks.rank(systems, records, metrics=["value"], resamples=200)
    means = found.filter(pl.col("language").is_null())
    assert means.select("system", "rank").rows() == [("better", 1), ("worse", 2)]
    assert means["low"].null_count() == 0
    delta = compared(better, LONE, resamples=200)
    assert delta[None]["low"] > 0
    assert "pooled-variance:hi|" in delta[None]["signature"]
    assert "pooled-variance:hi|" in delta["hi"]["signature"]
    assert delta["hi"]["p_value"] < 1


def test_pooling_serves_scores_that_are_no_means() -> None:
    records = benchmarks.load_suite("smoke").records
    lone = records.filter(language="de").head(1)["id"]
    fewer = records.filter(~pl.col("id").is_in(lone.implode()))
    answers = fewer.select("id", prediction="input")
    table = benchmarks.score(answers, fewer, metrics=["bleu", "chrf"], resamples=50)
    rows = table.filter(pl.col("language").eq_missing("de") | pl.col("language").is_null())
    assert rows["signature"].str.contains("pooled-variance:de|", literal=True).all()
    assert rows.filter(rows["low"].is_null() & (rows["n"] > 0)).is_empty()


def test_items_that_cannot_be_judged_do_not_count_as_items() -> None:
    """Five questions, one of which can be judged, tell no more than one."""
    one = scored({**SEVERAL, "hi": [0.5]}, resamples=2000)
    five = scored({**SEVERAL, "hi": [0.5, None, None, None, None]}, resamples=2000)
    assert five["hi"]["n"] == 5
    assert width(five["hi"]) == pytest.approx(width(one["hi"]))
    assert "pooled-variance:hi|" in five[None]["signature"]
    some = scored({"de": [0.2, 0.9, 0.5, 0.4, 0.7, None, None]}, resamples=5000)["de"]
    none = scored({"de": [0.2, 0.9, 0.5, 0.4, 0.7]}, resamples=5000)["de"]
    assert width(some) == pytest.approx(width(none), rel=0.15)


# ------------------------------------------------------------------------------ what is common


def test_items_that_languages_share_move_them_together() -> None:
    """The variance of a mean is that of the items, whatever languages each of them is in."""
    rng = np.random.default_rng(11)
    hard = rng.normal(0.5, 0.15, 40)
    for sizes in ([40, 40, 40], [40, 39, 36], [30, 20, 10]):
        values = {
            tag: (hard[:size] + rng.normal(0, 0.02, size)).tolist()
            for tag, size in zip(("de", "fr", "sw"), sizes, strict=True)
        }
        records = asked(values, names=lambda language, number: str(number))
        told = list(
            measured(answered(records, values), records, resamples=20_000, seed=1, only=["value"])
        )
        ours = told[-1].spread.variance
        moves = np.zeros(40)
        for several in values.values():
            size = len(several)
            away = 100 * (np.asarray(several) - np.mean(several))
            moves[:size] += away / math.sqrt(size * (size - 1)) / 3
        assert ours == pytest.approx(float(moves @ moves), rel=0.06)


@pytest.mark.parametrize("resamples", [1, 7, 8, 1000])
def test_an_items_coins_are_its_own(resamples: int) -> None:
    names = [f"item {number}" for number in range(400)]
    told: dict[str, Any] = {"resamples": resamples, "seed": 3}
    one, two = np.zeros((400, 400)), np.eye(400)
    coins, rest = swapped(one, two, names, **told)
    assert coins.shape == (resamples, 400)
    assert set(np.unique(coins)) <= {0.0, 1.0} and np.array_equal(coins + rest, np.ones_like(coins))
    fewer = swapped(one[5:], two[5:], names[5:], **told)[0]
    assert np.array_equal(fewer[:, 5:], coins[:, 5:]) and not fewer[:, :5].any()
    if resamples == 1000:
        assert abs(coins.mean() - 0.5) < 0.005
        together = np.corrcoef(coins.T)
        assert abs(together - np.eye(400)).max() < 0.2


def test_an_exchange_takes_an_item_with_all_its_languages() -> None:
    """Twice the same questions, of which one language lacks one, are hardly more questions."""
    rng = np.random.default_rng(2)
    apart = rng.normal(0.05, 0.12, 20)
    one = {"de": (0.5 + apart).tolist(), "fr": (0.5 + apart)[:-1].tolist()}
    two = {"de": [0.5] * 20, "fr": [0.5] * 19}
    records = asked(one, names=lambda language, number: str(number))
    table = benchmarks.compare(
        answered(records, one), answered(records, two), records, metrics=["value"],
        test="randomization", resamples=4000,
    )  # fmt: skip
    p_values = dict(zip(table["language"], table["p_value"], strict=True))
    assert p_values[None] == pytest.approx((p_values["de"] + p_values["fr"]) / 2, abs=0.02)


# ------------------------------------------------------------------------------ gaps


@given(
    points=st.lists(st.one_of(st.just(math.nan), st.floats(0, 100)), min_size=1, max_size=7),
    seed=st.integers(0, 5),
)
@settings(max_examples=60, deadline=None)
def test_a_system_without_a_score_is_last_and_touches_nobody(
    points: list[float], seed: int
) -> None:
    p_values = np.random.default_rng(seed).random((7, 7))
    found = ranks(points, lambda one, two: float(p_values[one, two]))
    judged = [n for n, point in enumerate(points) if not math.isnan(point)]
    alone = ranks(
        [points[n] for n in judged], lambda one, two: float(p_values[judged[one], judged[two]])
    )
    assert [found[n] for n in judged] == alone
    assert all(found[n] == len(judged) + 1 for n in range(len(points)) if n not in judged)


GAPS: dict[str, dict[str, list[float | None]]] = {
    "good": {"de": [0.8, 0.9, 0.85, 0.8], "fr": [0.7, 0.8, 0.75, 0.77]},
    "bad": {"de": [0.1, 0.25, 0.15, 0.1], "fr": [0.1, 0.12, 0.2, 0.1]},
    "gap": {"de": [0.95, 0.95, 0.9, 0.97], "fr": [None, None, None, None]},
}


def test_a_language_that_one_system_lacks_costs_that_system_its_mean_and_no_other() -> None:
    records = asked(GAPS["good"])
    systems = {name: answered(records, values) for name, values in GAPS.items()}
    more: dict[str, Any] = {"metrics": ["value"], "resamples": 100}
    found = benchmarks.rank(systems, records, **more).filter(pl.col("language").is_null())
    assert found.select("system", "rank").rows() == [("good", 1), ("bad", 2), ("gap", 3)]
    assert math.isnan(found.filter(system="gap")["score"].item())
    without = {name: systems[name] for name in ("good", "bad")}
    alone = benchmarks.rank(without, records, **more).filter(pl.col("language").is_null())
    assert found.filter(pl.col("system") != "gap").equals(alone)
    mean = benchmarks.score(systems["gap"], records, **more).row(-1, named=True)
    assert math.isnan(mean["score"]) and mean["low"] is None
    assert "|mean-of-languages:1/2|not-judged:fr|" in mean["signature"]
    groups = benchmarks.summarize(systems["gap"], records, **more)
    whole = groups.filter(kind="all").row(0, named=True)
    assert math.isnan(whole["score"]) and whole["languages"] == 1
    assert "not-judged:fr|" in whole["signature"]


def test_two_systems_are_compared_in_the_languages_of_both_and_told_in_how_many() -> None:
    row = compared(GAPS["good"], GAPS["gap"], resamples=100)[None]
    assert row["score_a"] == pytest.approx(83.75)
    assert row["score_b"] == pytest.approx(94.25)
    assert row["delta"] == pytest.approx(row["score_a"] - row["score_b"])
    assert row["n"] == 4
    assert "|mean-of-languages:1/2:de|" in row["signature"]
    whole = compared(GAPS["good"], GAPS["bad"], resamples=100)[None]
    assert "|mean-of-languages:2|" in whole["signature"]


def test_what_is_not_made_of_all_languages_alike_is_remarked() -> None:
    records = asked(LONE)
    table = benchmarks.score(answered(records, LONE), records, metrics=["value"], resamples=20)
    assert list(remarks(table)) == [
        "qa: one item in hi; for the interval of the mean (value) it has the variance of the other "
        "languages' items"
    ]
    records = asked(GAPS["gap"])
    gap = answered(records, GAPS["gap"])
    table = benchmarks.score(gap, records, metrics=["value"], resamples=20)
    assert list(remarks(table)) == ["qa: there is no mean (value), for it cannot be told in fr"]
    good = answered(records, GAPS["good"])
    table = benchmarks.compare(good, gap, records, metrics=["value"], resamples=20)
    assert list(remarks(table)) == ["qa: the mean (value) is of de alone, where all have a score"]
    assert not list(remarks(table, ["f1"]))


# ------------------------------------------------------------------------------ signatures


@pytest.mark.parametrize("language", ["de", "zh-Hans", "ja", "ko", "th"])
@pytest.mark.parametrize("several", [[1, 1], [2, 2], [1, 2]])
def test_signatures_say_all_that_sacrebleus_say(language: str, several: list[int]) -> None:
    words = {
        "de": "ein Hund",
        "zh-Hans": "一只狗",
        "ja": "犬がいる",
        "ko": "개가 있다",
        "th": "มีหมา",
    }
    text = words[language]
    rows = [
        {
            "task": "translation", "language": language, "source_language": "en",
            "input": f"a dog {number}", "references": [text] * count,
        }
        for number, count in enumerate(several)
    ]  # fmt: skip
    records = with_ids(pl.DataFrame(rows, schema=SCHEMA))
    answers = records.select("id", prediction=pl.lit(text))
    options = {"bleu": {"lowercase": True}, "ter": {"case_sensitive": True}}
    names = ["bleu", "chrf", "chrf++", "ter"]
    scores = benchmarks.score(answers, records, metrics=names, options=options, resamples=5)
    ours = {
        row["metric"]: row["signature"] for row in scores.iter_rows(named=True) if row["language"]
    }
    asian = language in ("zh-Hans", "ja")
    tokenizers = {"zh-Hans": "zh", "ja": "ja-mecab", "ko": "ko-mecab", "th": "char"}
    theirs = {
        "bleu": sacrebleu.BLEU(lowercase=True, tokenize=tokenizers.get(language, "13a")),
        "chrf": sacrebleu.CHRF(),
        "chrf++": sacrebleu.CHRF(word_order=2),
        "ter": sacrebleu.TER(case_sensitive=True, normalized=asian, asian_support=asian),
    }
    streams = [[text if n < count else None for count in several] for n in range(max(several))]
    for name, metric in theirs.items():
        metric.corpus_score([text] * len(several), streams)
        said = set(metric.get_signature().format().split("|"))
        if (language, name) in (("th", "ter"), ("th", "bleu")):
            # Cut into characters beforehand; and the FLORES-200 model may be there.
            said = {one for one in said if not one.startswith("tok:")}
        assert said <= set(ours[name].split("|")), ours[name]


def test_a_pair_of_languages_tells_its_own_number_of_references() -> None:
    rows = [
        {
            "task": "translation", "language": "de", "source_language": source,
            "input": f"{source} {number}", "references": ["ja"] * count,
        }
        for source, count in (("en", 1), ("fr", 2))
        for number in range(3)
    ]  # fmt: skip
    records = with_ids(pl.DataFrame(rows, schema=SCHEMA))
    answers = records.select("id", prediction=pl.lit("ja"))
    table = benchmarks.score(answers, records, metrics=["chrf"], resamples=5)
    told = {
        row["source_language"]: row["signature"].split("|nrefs:")[1].split("|")[0]
        for row in table.iter_rows(named=True)
        if row["language"]
    }
    assert told == {None: "var", "en": "1", "fr": "2"}
