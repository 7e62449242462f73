"""Transfer between languages: who was trained on what, and what it is worth elsewhere."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import benchmarks
from benchmarks.scores.means import minus
from benchmarks.scores.transfer import GAPS, MATRIX
from isogloss.errors import IsoglossError
from isogloss.records import SCHEMA, with_ids

ASKED = {"de": 4, "sw": 4, "th": 4}
#: How many of the four questions of each language every system answers.
SYSTEMS: dict[str, tuple[list[str], dict[str, int]]] = {
    "base": ([], {"de": 0, "sw": 0, "th": 0}),
    "german": (["de"], {"de": 4, "sw": 1, "th": 2}),
    "swahili": (["swh_Latn"], {"de": 2, "sw": 3, "th": 1}),
    "both": (["de", "sw"], {"de": 3, "sw": 4, "th": 3}),
}


def records() -> pl.DataFrame:
    rows = [
        {"task": "qa", "language": language, "input": f"{number}?", "references": ["yes"]}
        for language, count in ASKED.items()
        for number in range(count)
    ]
    return with_ids(pl.DataFrame(rows, schema=SCHEMA))


def answered(right: dict[str, int]) -> pl.DataFrame:
    told = ["yes" if n < right[tag] else "no" for tag, count in ASKED.items() for n in range(count)]
    return records().select("id", pl.Series("prediction", told))


def measured(systems: dict[str, tuple[list[str], dict[str, int]]], **more: Any) -> Any:
    given_systems = {name: (tags, answered(right)) for name, (tags, right) in systems.items()}
    more = {"metrics": ["exact_match"], "resamples": 80, **more}
    return benchmarks.transfer(given_systems, records(), **more)


def value(table: pl.DataFrame, column: str, **where: Any) -> Any:
    language = where.pop("language")
    return table.filter(pl.col("language").eq_missing(pl.lit(language)), **where)[column].item()


def test_the_matrix_is_of_systems_and_test_languages() -> None:
    matrix = measured(SYSTEMS).matrix
    assert matrix.schema == MATRIX
    assert matrix["signature"].str.starts_with("bs:80|by:item|level:0.95|seed:42|").all()
    cells = matrix.filter(pl.col("language").is_not_null())
    assert cells.height == len(SYSTEMS) * len(ASKED)
    assert cells["languages"].to_list() == [1] * cells.height
    for name, (_, right) in SYSTEMS.items():
        for language, count in right.items():
            assert value(matrix, "score", system=name, language=language) == 25 * count
    seen = cells.filter("seen").select("system", "language").rows()
    assert set(seen) == {("german", "de"), ("swahili", "sw"), ("both", "de"), ("both", "sw")}
    assert cells.filter(system="swahili")["train_languages"].to_list() == [["sw"]] * 3


def test_a_cells_interval_is_the_one_that_score_gives() -> None:
    matrix = measured(SYSTEMS).matrix
    scores = benchmarks.score(
        answered(SYSTEMS["german"][1]), records(), metrics=["exact_match"], resamples=80
    ).filter(pl.col("language").is_not_null())
    told = ["language", "score", "low", "high", "n", "signature"]
    rows = matrix.filter(pl.col("language").is_not_null(), system="german").select(told)
    assert rows.equals(scores.select(told))


def test_mean_transfer_is_over_the_languages_that_were_not_seen() -> None:
    matrix = measured(SYSTEMS).matrix
    assert value(matrix, "score", system="german", language=None, seen=False) == (25 + 50) / 2
    assert value(matrix, "score", system="german", language=None, seen=True) == 100
    assert value(matrix, "languages", system="base", language=None, seen=False) == 3
    assert matrix.filter(system="base", seen=True).is_empty()


def test_the_gap_is_that_to_the_system_of_the_language_in_paired_resamples() -> None:
    gaps = measured(SYSTEMS).gaps
    assert gaps.schema == GAPS
    assert value(gaps, "gap", system="german", language="sw") == 75 - 25
    assert value(gaps, "gap", system="swahili", language="de") == 100 - 50
    assert value(gaps, "gap", system="base", language=None) == (100 + 75) / 2
    assert value(gaps, "in_language", system="base", language=None).to_list() == [
        "german",
        "swahili",
    ]
    assert gaps.filter(language="th").is_empty()  # nobody was trained on Thai
    assert gaps.filter(system="german", language="de").is_empty()
    one, two = (
        benchmarks.main_draws(
            answered(SYSTEMS[name][1]), records(), resamples=80, mains={"qa": "exact_match"}
        )["qa", "sw"]
        for name in ("swahili", "german")
    )
    found = minus(one, two).difference()
    row = gaps.filter(system="german", language="sw").row(0, named=True)
    assert (row["low"], row["high"], row["p_value"]) == (found.low, found.high, found.p_value)
    assert gaps["signature"].str.starts_with("paired-bs:80|").all()


def test_one_multilingual_model_stands_against_one_model_a_language() -> None:
    gaps = measured(SYSTEMS).gaps.filter(system="both")
    assert gaps["seen"].all()
    assert value(gaps, "gap", language="de") == 100 - 75
    assert value(gaps, "gap", language="sw") == 75 - 100
    assert value(gaps, "gap", language=None) == 0
    assert value(gaps, "n", language=None) == 8


def test_several_systems_of_one_language_count_as_their_mean() -> None:
    twice = SYSTEMS | {"german2": (["de-AT"], {"de": 2, "sw": 0, "th": 0})}
    gaps = measured(twice).gaps
    assert value(gaps, "gap", system="swahili", language="de") == (100 + 50) / 2 - 50
    assert value(gaps, "in_language", system="swahili", language="de").to_list() == [
        "german",
        "german2",
    ]
    assert gaps.filter(system="german2", language="de").is_empty()


def test_p_values_are_corrected_for_the_languages_of_a_system() -> None:
    gaps = measured(SYSTEMS).gaps
    base = gaps.filter(pl.col("language").is_not_null(), system="base")
    least, most = sorted(base["p_value"])
    assert base["p_holm"].max() == pytest.approx(min(1, max(2 * least, most)))
    alone = gaps.filter(system="german", language="sw")
    assert alone["p_holm"].item() == alone["p_value"].item()
    mean = gaps.filter(pl.col("language").is_null(), system="base")
    assert mean["p_holm"].item() == mean["p_value"].item()


def test_each_tasks_main_metric_goes_unasked() -> None:
    assert measured(SYSTEMS, metrics=()).matrix["metric"].unique().to_list() == ["f1"]


def test_no_system_gives_empty_tables_and_a_strange_language_an_error() -> None:
    nothing = measured({})
    assert (nothing.matrix.schema, nothing.gaps.schema) == (MATRIX, GAPS)
    assert nothing.matrix.is_empty()
    with pytest.raises(IsoglossError, match="system odd: 'klingonese' is not a language tag"):
        measured({"odd": (["klingonese"], SYSTEMS["base"][1])})


def test_script_makes_another_language() -> None:
    rows = [{"task": "qa", "language": "sr-Latn", "input": "?", "references": ["da"]}]
    asked = with_ids(pl.DataFrame(rows, schema=SCHEMA))
    told = asked.select("id", prediction=pl.lit("da"))
    found = benchmarks.transfer(
        {"sr": (["sr"], told), "sr-Latn": (["sr-Latn"], told)}, asked, resamples=5
    )
    cells = found.matrix.filter(pl.col("language").is_not_null())
    assert dict(zip(cells["system"], cells["seen"], strict=True)) == {"sr": False, "sr-Latn": True}
    row = found.gaps.filter(language="sr-Latn").row(0, named=True)
    assert (row["gap"], row["low"], row["p_value"]) == (0, None, 1)


@given(
    right=st.lists(
        st.fixed_dictionaries({tag: st.integers(0, count) for tag, count in ASKED.items()}),
        min_size=1,
        max_size=4,
    ),
    tags=st.lists(st.lists(st.sampled_from(["de", "sw", "th"]), unique=True), min_size=4),
    random=st.randoms(use_true_random=False),
)
@settings(max_examples=15, deadline=None)
def test_any_systems_in_any_order(
    right: list[dict[str, int]], tags: list[list[str]], random: Any
) -> None:
    systems = {f"s{n}": (tags[n], counts) for n, counts in enumerate(right)}
    found = measured(systems, resamples=10)
    assert found.matrix["score"].is_between(0, 100).all()
    assert found.gaps["gap"].is_between(-100, 100).all()
    assert (found.gaps["p_holm"] >= found.gaps["p_value"] - 1e-12).all()
    names = list(systems)
    random.shuffle(names)
    again = measured({name: systems[name] for name in names}, resamples=10)
    assert again.matrix.equals(found.matrix)
    assert again.gaps.equals(found.gaps)
