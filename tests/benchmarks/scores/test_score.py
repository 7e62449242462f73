"""Tables of scores: cells, intervals, comparisons, and what predictions may get wrong."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

import benchmarks
from benchmarks.metrics._base import NoOptions, Segments
from benchmarks.scores.answers import item
from benchmarks.scores.means import minus
from benchmarks.scores.score import SCORES
from benchmarks.scores.statistics import (
    Spread,
    clusters,
    difference,
    draws,
    holm,
    inflated,
    randomization_p,
    ranks,
    resampled,
    spread_of,
    swapped,
)
from isogloss.errors import IsoglossError
from isogloss.plugins import discover


def smoke() -> pl.DataFrame:
    return benchmarks.load_suite("smoke").records


def answered(column: str) -> pl.DataFrame:
    return smoke().select("id", pl.col(column).alias("prediction"))


def test_a_perfect_system_has_every_point_and_a_row_for_each_cell() -> None:
    records = smoke()
    scores = benchmarks.score(answered("output"), records, resamples=50)
    assert scores.schema == SCORES
    whole = scores.filter(metric="chrf").filter(pl.col("source_language").is_null())
    assert set(whole["language"]) == {*records["language"].unique(), None}
    assert (whole["score"] > 99.99).all()
    assert scores.filter(metric="wrong_language")["score"].max() == 0
    assert scores["signature"].str.starts_with("bs:50|by:item|level:0.95|seed:42|").all()


def test_the_mean_counts_every_language_alike() -> None:
    records = smoke()
    lone = records.filter(language="de").head(1)["id"]
    fewer = records.filter(~pl.col("id").is_in(lone.implode()))
    predictions = answered("input").join(fewer, on="id", how="semi")
    scores = benchmarks.score(predictions, fewer, resamples=20)
    chrf = scores.filter(metric="chrf").filter(pl.col("source_language").is_null())
    assert chrf.filter(language="de")["n"].item() == 1
    assert "pooled-variance:de|" in chrf.filter(language="de")["signature"].item()
    parts = chrf.filter(pl.col("language").is_not_null())["score"]
    mean = chrf.filter(pl.col("language").is_null()).row(0, named=True)
    assert mean["score"] == pytest.approx(parts.mean())
    assert mean["n"] == fewer.height
    # What one record says of others of its language, the other languages tell.
    assert mean["low"] < mean["score"] < mean["high"]
    whole = benchmarks.score(answered("input"), records, metrics=["chrf"], resamples=20)
    every = whole.filter(pl.col("language").is_null()).row(0, named=True)
    assert every["low"] < every["score"] < every["high"]


def test_a_record_without_a_prediction_counts_as_answered_with_nothing() -> None:
    records = smoke()
    half = answered("output").head(records.height // 2)
    scores = benchmarks.score(half, records, resamples=20)
    empty = benchmarks.score(half.head(0), records, resamples=20)
    mean = pl.col("language").is_null() & (pl.col("metric") == "chrf")
    assert 0 < scores.filter(mean)["score"].item() < 100
    assert empty.filter(mean)["score"].item() == 0
    assert empty.filter(mean)["n"].item() == records.height


def test_scores_do_not_hang_on_the_order_of_anything() -> None:
    records = smoke()
    there = benchmarks.score(answered("input"), records, resamples=30)
    back = benchmarks.score(
        answered("input").reverse(), records.sample(fraction=1, shuffle=True, seed=1), resamples=30
    )
    assert there.equals(back)


def test_ids_that_are_strange_or_there_twice_are_told() -> None:
    records = smoke()
    predictions = answered("output")
    with pytest.raises(IsoglossError, match="two predictions have the id"):
        benchmarks.score(pl.concat([predictions, predictions.head(1)]), records)
    strange = pl.DataFrame({"id": ["nope"], "prediction": ["x"]})
    with pytest.raises(IsoglossError, match="ids that the suite does not"):
        benchmarks.score(pl.concat([predictions, strange]), records)


def test_compare_is_antisymmetric_and_finds_no_difference_with_itself() -> None:
    records = smoke()
    one, two = answered("output"), answered("input")
    there = benchmarks.compare(one, two, records, resamples=100)
    back = benchmarks.compare(two, one, records, resamples=100)
    assert np.allclose(there["delta"], -back["delta"], equal_nan=True)
    mean = there.filter(pl.col("language").is_null() & (pl.col("metric") == "chrf")).row(
        0, named=True
    )
    assert mean["low"] > 0
    assert 0 < mean["p_value"] <= 2 / 101
    same = benchmarks.compare(one, one, records, resamples=100)
    assert same["delta"].fill_nan(0).abs().max() == 0
    assert same["p_value"].min() == 1


def test_bootstrap_draws_equal_resampling_the_sentences_themselves() -> None:
    """Sums of sufficient statistics are all that resampling a corpus needs."""
    chrf = discover("benchmarks.metrics")["chrf"]
    answers = ["the cat sat", "a dog barks", "no", "yes, it is", "good morning"]
    references = [["the cat sits"], ["the dog barked"], ["no"], ["it is"], ["good evening"]]
    statistics = chrf.statistics(Segments(answers, references, "en"), NoOptions())
    ours = draws(statistics, chrf.combine, resamples=20, seed=7)
    # Which segments were drawn shows where each has a statistic of its own.
    weights = resampled(np.eye(5), resamples=20, seed=7).astype(int)
    for counts, score in zip(weights, ours, strict=True):
        drawn = [n for n, count in enumerate(counts) for _ in range(count)]
        assert len(drawn) == 5
        theirs = sacrebleu.CHRF().corpus_score(
            [answers[n] for n in drawn], [[references[n][0] for n in drawn]]
        )
        assert score == pytest.approx(theirs.score)


def spread(deltas: npt.NDArray[np.float64], items: int) -> Spread:
    """Return the spread of so many items' score, from its resamples."""
    return spread_of(inflated(deltas, items), items)


def test_a_difference_of_nothing_known_is_not_significant() -> None:
    found = difference(float("nan"), spread(np.full(10, np.nan), 10))
    assert found.p_value == 1


def test_main_draws_are_the_same_resamples_for_every_system() -> None:
    records = smoke()
    one = benchmarks.main_draws(answered("output"), records, resamples=40)
    two = benchmarks.main_draws(answered("input"), records, resamples=40)
    delta = minus(one["translation", "de"], two["translation", "de"]).difference()
    row = benchmarks.compare(answered("output"), answered("input"), records, resamples=40).filter(
        pl.col("source_language").is_null(), language="de", metric="chrf"
    )
    assert (delta.low, delta.high) == pytest.approx((row["low"].item(), row["high"].item()))


def test_suites_tell_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(IsoglossError, match=r"unknown suite 'smok'.*Did you mean 'smoke'"):
        benchmarks.load_suite("smok")
    with pytest.raises(IsoglossError, match="not a finished corpus"):
        benchmarks.load_suite(f"corpus:{tmp_path}")
    suite = tmp_path / "mine.toml"
    suite.write_text('name="m"\nversion="1"\ndescription=""\nlicence="MIT"\nrecords="r.jsonl"\n')
    with pytest.raises(IsoglossError, match="there is no such file"):
        benchmarks.load_suite(str(suite))
    (tmp_path / "r.jsonl").write_text('{"task":"qa","language":"de"}\n')
    with pytest.raises(IsoglossError, match="records lack input, instruction, output"):
        benchmarks.load_suite(str(suite))
    (tmp_path / "r.jsonl").write_text("{broken\n")
    with pytest.raises(IsoglossError, match="is not JSON Lines"):
        benchmarks.load_suite(str(suite))


def test_a_suites_hash_is_of_what_is_asked() -> None:
    suite = benchmarks.load_suite("smoke")
    assert suite.sha256 == benchmarks.suite_hash(suite.records)
    changed = suite.records.with_columns(instruction=pl.col("instruction") + "!")
    assert benchmarks.suite_hash(changed) != suite.sha256
    assert benchmarks.load_suite("smoke", limit=1).records.height == 16


def test_p_values_are_what_they_say_where_nothing_differs() -> None:
    """Of true null hypotheses, one in twenty is below 0.05, by either test."""
    generator = np.random.default_rng(11)
    below = {"bootstrap": 0, "randomization": 0}
    trials = 300
    for trial in range(trials):
        one, two = (
            np.stack([generator.random(80), np.ones(80)], axis=1) for _ in range(2)
        )  # fmt: skip
        delta = float(one[:, 0].mean() - two[:, 0].mean())
        resamples = [
            draws(side, lambda sums: sums[..., 0] / sums[..., 1], resamples=200, seed=trial)
            for side in (one, two)
        ]
        apart = spread(resamples[0] - resamples[1], 80)
        below["bootstrap"] += difference(delta, apart).p_value < 0.05
        ours, theirs = swapped(one, two, [str(n) for n in range(80)], resamples=200, seed=trial)
        below["randomization"] += randomization_p(delta, (ours - theirs)[:, 0] / 80) < 0.05
    assert all(0.02 <= count / trials <= 0.09 for count in below.values()), below


def test_a_difference_beyond_doubt_stays_so_after_correction_for_many_languages() -> None:
    rows = np.stack([np.linspace(0, 1, 200), np.ones(200)], axis=1)
    better = rows + np.array([0.3, 0.0]) + 0.01 * np.sin(np.arange(200))[:, np.newaxis] * [1, 0]
    resamples = [
        draws(side, lambda sums: sums[..., 0] / sums[..., 1], resamples=1000, seed=1)
        for side in (better, rows)
    ]
    found = difference(0.3, spread(resamples[0] - resamples[1], 200))
    assert 0 < holm([found.p_value] * 200)[0] < 0.05


def test_holm_is_as_he_published_it() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_a_cluster_begins_where_all_above_are_better_than_all_below() -> None:
    better = np.zeros((4, 4), dtype=bool)
    better[0, 2:] = better[1, 2:] = True
    assert clusters(better) == [1, 1, 3, 3]
    better[2, 3] = True
    assert clusters(better) == [1, 1, 3, 4]
    better[1, 3] = False
    assert clusters(better) == [1, 1, 1, 1]


@given(
    points=st.lists(st.floats(0, 100), min_size=1, max_size=6),
    width=st.floats(0.1, 20),
)
@settings(max_examples=30, deadline=None)
def test_ranks_follow_scores(points: list[float], width: float) -> None:
    drawn = np.random.default_rng(2).normal(0, width, (len(points), 100))
    scores = np.asarray(points)
    found = ranks(
        scores,
        lambda i, j: difference(scores[i] - scores[j], spread(drawn[i] - drawn[j], 100)).p_value,
    )
    assert min(found) == 1
    for one, two in itertools.combinations(range(len(points)), 2):
        if scores[one] > scores[two]:
            assert found[one] <= found[two]


def test_parallel_items_are_drawn_together_in_every_language() -> None:
    """What is hard in one language is hard in the others: their mean is no surer than each is."""
    base = smoke().filter(language="de").head(1)
    count = 60
    frames = [
        pl.concat([base] * count).with_columns(
            id=pl.format("{}-{}", pl.lit(tag), pl.int_range(count)),
            language=pl.lit(tag),
            source_id=pl.format("set.{}#{}", pl.lit(tag), pl.int_range(count)),
            task=pl.lit("qa"),
            references=pl.lit(["yes"], pl.List(pl.String)),
        )
        for tag in ("de", "fr", "sw", "th")
    ]
    records = pl.concat(frames)
    # The same third of the items is answered in every language.
    answers = records.select(
        "id",
        prediction=pl.when(pl.col("source_id").str.extract(r"#(\d+)").cast(pl.Int64) % 3 == 0)
        .then(pl.lit("yes"))
        .otherwise(pl.lit("no")),
    )
    scores = benchmarks.score(answers, records, metrics=["exact_match"], resamples=500)
    widths = {row["language"]: row["high"] - row["low"] for row in scores.iter_rows(named=True)}
    # The languages' intervals are Wilson's, which needs no spread; the mean's is of its spread.
    assert widths.pop(None) == pytest.approx(widths["de"], rel=0.06)
    assert len({round(width, 9) for width in widths.values()}) == 1


def test_an_item_asked_from_many_languages_is_one_item() -> None:
    base = smoke().filter(pl.col("source_language").is_not_null()).head(1)
    frames = [
        pl.concat([base] * 40).with_columns(
            id=pl.format("{}-{}", pl.lit(source), pl.int_range(40)),
            source_language=pl.lit(source),
            source_id=pl.format("set#{}", pl.int_range(40)),
        )
        for source in ("de", "fr", "es", "it")
    ]
    records = pl.concat(frames)
    answers = records.select(
        "id",
        prediction=pl.when(pl.col("source_id").str.ends_with("1"))
        .then("output")
        .otherwise(pl.lit("nothing of the kind")),
    )
    scores = benchmarks.score(answers, records, metrics=["chrf"], resamples=300)
    whole = scores.filter(pl.col("source_language").is_null(), pl.col("language").is_not_null())
    one = scores.filter(source_language="de")
    assert whole["n"].item() == 160
    assert (whole["high"] - whole["low"]).item() == pytest.approx((one["high"] - one["low"]).item())


@pytest.mark.parametrize("count", [3, 5, 8, 20])
def test_few_items_are_not_believed_too_much(count: int) -> None:
    generator = np.random.default_rng(count)
    below = 0
    for trial in range(400):
        rows = np.stack([generator.normal(0, 1, count), np.ones(count)], axis=1)
        drawn = draws(rows, lambda sums: sums[..., 0] / sums[..., 1], resamples=200, seed=trial)
        below += difference(float(rows[:, 0].mean()), spread(drawn, count)).p_value < 0.05
    assert below / 400 <= 0.075


def test_the_mean_of_a_comparison_is_over_languages_that_both_can_be_judged_in() -> None:
    records = smoke().filter(pl.col("language").is_in(["de", "fr"]))
    long = pl.lit("one two three four five six one two three four five six")
    one = records.select(
        "id", prediction=pl.when(language="de").then(long).otherwise(pl.lit("short"))
    )
    two = records.select("id", prediction=long)
    for test in ("bootstrap", "randomization"):
        found = benchmarks.compare(one, two, records, metrics=["repetition"], test=test)  # type: ignore[arg-type]
        mean = found.filter(pl.col("language").is_null()).row(0, named=True)
        assert mean["delta"] == 0
        assert mean["p_value"] == 1
        assert "mean-of-languages:1/2:fr|" in mean["signature"] or "1/2:de|" in mean["signature"]


def test_what_makes_no_interval_is_refused() -> None:
    records, answers = smoke(), answered("output")
    for told in ({"resamples": 0}, {"level": 1.5}, {"level": float("nan")}):
        with pytest.raises(IsoglossError, match=r"resamples|between 0 and 1"):
            benchmarks.score(answers, records, **told)  # type: ignore[arg-type]
        with pytest.raises(IsoglossError, match=r"resamples|between 0 and 1"):
            benchmarks.rank({"a": answers}, records, **told)  # type: ignore[arg-type]
    with pytest.raises(IsoglossError, match="unknown test 'nonsense'"):
        benchmarks.compare(answers, answers, records, test="nonsense")  # type: ignore[arg-type]


def test_predictions_of_wrong_types_are_told() -> None:
    records, answers = smoke(), answered("output")
    with pytest.raises(IsoglossError, match="rows have no id or no prediction"):
        benchmarks.score(answers.with_columns(prediction=pl.lit(None, pl.String)), records)
    with pytest.raises(IsoglossError, match="'sample' holds String, not Int64"):
        benchmarks.score(answers.with_columns(sample=pl.lit("0")), records)
    with pytest.raises(IsoglossError, match="'prediction' holds Int"):
        benchmarks.score(answers.with_columns(prediction=pl.lit(1)), records)
    with pytest.raises(IsoglossError, match="two records have the id"):
        benchmarks.score(answers, pl.concat([records, records.head(1)]))


def test_segments_numbered_document_by_document_are_items_of_their_own() -> None:
    base = smoke().filter(language="de").head(1)
    records = pl.concat([base] * 6).with_columns(
        id=pl.format("r{}", pl.int_range(6)),
        source_id=pl.Series(["a#1", "a#2", "a#3", "b#1", "b#2", "b#3"]),
    )
    told = records.with_columns(item=item())["item"].to_list()
    assert told == ["a#1", "a#2", "a#3", "b#1", "b#2", "b#3"]
    lines = records.with_columns(source_id=pl.format("set.de#{}", pl.int_range(6)))
    assert lines.with_columns(item=item())["item"].to_list() == list("012345")
