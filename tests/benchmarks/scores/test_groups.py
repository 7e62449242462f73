"""Groups of languages: means, disparity, and how they agree with the scores of languages."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import benchmarks
from benchmarks.metrics._base import mean_of_rows
from benchmarks.scores.groups import AGGREGATES
from benchmarks.scores.statistics import Spread, bounds, difference
from isogloss.errors import IsoglossError
from isogloss.plugins import discover
from isogloss.records import SCHEMA, with_ids

#: What was answered right in each language: 75, 50, 25 and 0 % of the questions.
RIGHT = {"en": [1, 1, 1, 0], "de": [1, 0], "ha": [0, 0, 1, 0], "zh-Hans": [0, 0]}


def asked(right: dict[str, list[int]], task: str = "qa") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return predictions and records with so many right answers in each language."""
    rows = [
        {"task": task, "language": language, "input": f"{number}?", "references": ["yes"]}
        for language, answers in right.items()
        for number in range(len(answers))
    ]
    records = with_ids(pl.DataFrame(rows, schema=SCHEMA))
    given_answers = ["yes" if one else "no" for answers in right.values() for one in answers]
    return records.select("id", pl.Series("prediction", given_answers)), records


def summary(right: dict[str, list[int]], **more: Any) -> pl.DataFrame:
    predictions, records = asked(right)
    more = {"metrics": ["exact_match"], "resamples": 60, **more}
    return benchmarks.summarize(predictions, records, **more)


def scores_of(table: pl.DataFrame, kind: str) -> dict[str, float]:
    rows = table.filter(kind=kind)
    return dict(zip(rows["group"], rows["score"], strict=True))


def test_means_of_groups_are_those_made_by_hand() -> None:
    table = summary(RIGHT)
    assert table.schema == AGGREGATES
    assert scores_of(table, "all") == {"all": pytest.approx((75 + 50 + 25 + 0) / 4)}
    assert scores_of(table, "family") == {
        "Afro-Asiatic": pytest.approx(25),
        "Indo-European": pytest.approx((75 + 50) / 2),
        "Sino-Tibetan": pytest.approx(0),
    }
    assert scores_of(table, "script") == {
        "Hans": pytest.approx(0),
        "Latn": pytest.approx((75 + 50 + 25) / 3),
    }
    assert scores_of(table, "resource_class") == {
        "0": pytest.approx(25),
        "5": pytest.approx((75 + 50 + 0) / 3),
    }
    family = table.filter(group="Indo-European").row(0, named=True)
    assert (family["n"], family["languages"]) == (6, 2)


def test_disparity_is_that_made_by_hand() -> None:
    found = scores_of(summary(RIGHT), "disparity")
    assert found == {
        "spread": pytest.approx(75),
        "deviation": pytest.approx(np.std([75, 50, 25, 0])),
        "worst:zh-Hans": pytest.approx(0),
        "english_gap": pytest.approx(75 - 25),
        "english_gap:de": pytest.approx(25),
        "english_gap:ha": pytest.approx(50),
        "english_gap:zh-Hans": pytest.approx(75),
    }


def test_the_mean_of_all_is_the_one_that_score_gives() -> None:
    predictions, records = asked(RIGHT)
    more: dict[str, Any] = {"metrics": ["exact_match", "f1"], "resamples": 90, "seed": 5}
    told = ["task", "metric", "score", "low", "high", "n", "signature"]
    means = benchmarks.score(predictions, records, level=0.9, **more).filter(
        pl.col("language").is_null()
    )
    table = benchmarks.summarize(predictions, records, level=0.9, **more)
    assert table.filter(kind="all").select(told).equals(means.select(told))
    assert table["signature"].str.starts_with("bs:90|by:item|level:0.9|seed:5|").all()


def test_the_worst_languages_interval_is_its_own_and_a_gap_is_of_the_same_draws() -> None:
    right = RIGHT | {"zh-Hans": [0, 1, 0, 0, 0, 0, 0]}
    predictions, records = asked(right)
    table = summary(right)
    scores = benchmarks.score(predictions, records, metrics=["exact_match"], resamples=60)
    told = ["score", "low", "high", "n", "signature"]
    worst = table.filter(group="worst:zh-Hans")
    assert worst.select(told).equals(scores.filter(language="zh-Hans").select(told))
    draws = benchmarks.main_draws(predictions, records, resamples=60, mains={"qa": "exact_match"})
    gap = table.filter(group="english_gap:ha").row(0, named=True)
    # Their items are not the same: their variances add up, as in Welch's test.
    sides = [draws["qa", language].spread for language in ("en", "ha")]
    parts = [one.variance for one in sides]
    freedom = sum(parts) ** 2 / sum(one.variance**2 / one.freedom for one in sides)
    delta = difference(50.0, Spread(sum(parts), freedom, 4), within=(-100, 100))
    assert (gap["low"], gap["high"]) == pytest.approx((delta.low, delta.high))
    together = np.stack([draws["qa", language].draws for language in right])
    spread = table.filter(group="spread").row(0, named=True)
    assert (spread["low"], spread["high"]) == pytest.approx(bounds(np.ptp(together, axis=0)))


def test_where_less_is_better_the_worst_has_most() -> None:
    predictions, records = asked(RIGHT)
    table = benchmarks.summarize(
        predictions.with_columns(
            prediction=pl.when(records["language"] == "de").then(pl.lit("")).otherwise("prediction")
        ),
        records,
        metrics=["empty", "length_ratio"],
        resamples=10,
    )
    assert scores_of(table.filter(metric="empty"), "disparity")["worst:de"] == 100


def test_a_metric_without_a_direction_is_worst_where_it_is_farthest_from_100() -> None:
    predictions, records = asked({"de": [1, 1], "fr": [1, 1], "it": [1, 1]}, "translation")
    lengths = {"de": "yesyesyes", "fr": "ye", "it": "yes"}
    predictions = predictions.with_columns(prediction=records["language"].replace_strict(lengths))
    table = benchmarks.summarize(predictions, records, metrics=["length_ratio"], resamples=10)
    assert "worst:de" in scores_of(table, "disparity")


def test_a_language_that_cannot_be_judged_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    particular = ModuleType("particular")
    vars(particular).update(
        LABEL="particular", DESCRIPTION="Japanese or nothing", UNIT="%", TASKS=("qa",),
        HIGHER_IS_BETTER=True, combine=mean_of_rows,
        statistics=lambda segments, options: np.full(
            (len(segments), 2), float(segments.language == "ja")
        ),
        signature=lambda language, options: "particular|v1",
    )  # fmt: skip
    monkeypatch.setitem(discover("benchmarks.metrics"), "particular", particular)
    more: dict[str, Any] = {"metrics": ["particular"], "resamples": 20}
    predictions, records = asked({"gl": [1, 0], "ja": [1, 0]})
    table = benchmarks.summarize(predictions, records, **more)
    assert table["kind"].to_list() == ["all", "family", "script", "resource_class"]
    assert table["languages"].to_list() == [1] * 4
    # The mean of all is of all: one language is not the other.
    assert np.isnan(table["score"][0]) and "|not-judged:gl|" in table["signature"][0]
    assert table["score"].to_list()[1:] == [100] * 3
    alone = benchmarks.summarize(*asked({"gl": [1, 0]}), **more)
    assert alone.is_empty()
    assert alone.schema == AGGREGATES


def test_disparity_takes_two_languages_and_a_gap_takes_english() -> None:
    assert summary({"de": [1, 0]}).filter(kind="disparity").is_empty()
    assert summary({"en-GB": [1, 0]}).filter(kind="disparity").is_empty()
    groups = scores_of(summary({"de": [1, 0], "fr": [0, 0]}), "disparity")
    assert groups.keys() == {"spread", "deviation", "worst:fr"}
    assert "english_gap:fr" in scores_of(summary({"en-GB": [1, 0], "fr": [0, 0]}), "disparity")


def test_bounds_are_null_where_there_is_one_record() -> None:
    predictions, records = asked({"de": [1]})
    row = benchmarks.summarize(predictions, records, metrics=["f1"], resamples=9).row(0, named=True)
    assert (row["score"], row["low"], row["high"]) == (100, None, None)
    assert "|no-variance:de|" in row["signature"]


def test_only_the_groups_asked_for() -> None:
    assert summary(RIGHT, by=())["kind"].unique().sort().to_list() == ["all", "disparity"]
    assert "script" not in summary(RIGHT, by=["family"])["kind"]
    with pytest.raises(IsoglossError, match=r"unknown kind of group 'famly'.*'family'"):
        summary(RIGHT, by=["famly"])
    with pytest.raises(IsoglossError, match="unknown metric"):
        summary(RIGHT, metrics=["exact"])


ANSWERS = st.dictionaries(
    st.sampled_from(["en", "de", "sw", "am", "th", "zh-Hans", "ar"]),
    st.lists(st.integers(0, 1), min_size=1, max_size=4),
    min_size=1,
)


@given(right=ANSWERS, random=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_whatever_was_answered(right: dict[str, list[int]], random: Any) -> None:
    predictions, records = asked(right)
    more: dict[str, Any] = {"metrics": ["exact_match"], "resamples": 15}
    table = benchmarks.summarize(predictions, records, **more)
    shares = [100 * np.mean(answers) for answers in right.values()]
    means = table.filter(pl.col("kind") != "disparity")
    assert means["score"].is_between(min(shares) - 1e-9, max(shares) + 1e-9).all()
    assert (means["low"] <= means["high"]).all()
    for kind in ("family", "script", "resource_class"):
        assert table.filter(kind=kind)["languages"].sum() == len(right)
        assert table.filter(kind=kind)["n"].sum() == records.height
    parts = table.filter(pl.col("group").is_in(["spread", "deviation"]))
    assert (parts["score"] >= 0).all()
    assert (parts["low"] >= 0).all()
    order = list(range(records.height))
    random.shuffle(order)
    shuffled = benchmarks.summarize(predictions.reverse(), records[order], **more)
    assert shuffled.equals(table)
