"""Languages of one item, items in common, and systems without a score in a language."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.values import PERCENT, answered, asked, compared, install, scored, width

import benchmarks
from benchmarks.scores.cells import measure
from benchmarks.scores.score import remarks
from benchmarks.scores.statistics import Spread, interval, ranks, swapped


@pytest.fixture(autouse=True)
def value(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return install(monkeypatch)


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


@pytest.mark.slow
def test_the_mean_with_a_language_of_one_item_is_covered() -> None:
    """Nine languages of one to nine items, three of which have but one."""
    rng = np.random.default_rng(4)
    sizes = [1, 1, 1, 2, 3, 4, 5, 7, 9]
    hits, trials = 0, 300
    tags = ["de", "fr", "es", "it", "sv", "da", "fi", "nl", "pl"]
    for trial in range(trials):
        values = {
            tag: rng.normal(0.5, 0.1, size).tolist() for tag, size in zip(tags, sizes, strict=True)
        }
        row = scored(values, resamples=100, seed=trial)[None]
        hits += row["low"] <= 50 <= row["high"]
    assert 0.91 <= hits / trials <= 0.99


def test_where_there_is_nothing_to_pool_the_mean_has_no_interval_and_says_so() -> None:
    rows = scored({"de": [0.5], "hi": [0.7]}, resamples=30)
    assert rows[None]["score"] == pytest.approx(60)
    assert rows[None]["low"] is None
    assert "|no-variance:de+hi|mean-of-languages:2|" in rows[None]["signature"]
    assert rows["hi"]["low"] is None
    assert "|no-variance:hi|value|" in rows["hi"]["signature"]


def test_the_mean_of_one_language_has_that_languages_interval(value: ModuleType) -> None:
    vars(value)["SHARES"] = True
    for several in ([1.0], [1.0, 0.0, 1.0], [1.0] * 5):
        rows = scored({"de": several}, resamples=30)
        assert (rows[None]["low"], rows[None]["high"]) == (rows["de"]["low"], rows["de"]["high"])
        assert rows[None]["low"] is not None
        assert "variance" not in rows[None]["signature"]


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
            measure(answered(records, values), records, resamples=20_000, seed=1, only=["value"])
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
