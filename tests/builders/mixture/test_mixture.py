"""The mixture: what nests in what, what shares come out, and what is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import builders
from builders.mixture import shares
from builders.mixture.choose import Mixed, choose
from builders.mixture.settings import ORIGINS, Mixture, Split, checked
from builders.mixture.splits import assign_splits, ranks
from builders.rows.rows import POSITION
from isogloss.errors import IsoglossError
from isogloss.records import SPLITS
from isogloss.settings import validate

LANGUAGES = ("de", "en", "fr", "sw")
SOURCES = ("a", "b")


def index(rows: list[dict[str, Any]], seed: int = 7) -> pl.DataFrame:
    """Return an index as `builders.pipeline.all_sources` makes it; rows say what differs from train and de."""
    plain = {"split": "train", "task": "qa", "language": "de", "source_language": None,
             "source": "a", "origin": "native", "size": 1}  # fmt: skip
    filled = [{"group": f"g{n}", **plain, **row} for n, row in enumerate(rows)]
    schema = {
        "split": pl.Enum(SPLITS),
        "task": pl.Enum(["translation", "qa", "summarization", "code"]),
        "language": pl.Enum(LANGUAGES),
        "source_language": pl.Categorical(),
        "source": pl.Enum(SOURCES),
        "origin": pl.Enum(ORIGINS),
        "size": pl.UInt32(),
        "group": pl.String(),
    }
    frame = pl.DataFrame(filled, schema=schema).with_row_index(POSITION)
    made = frame.with_columns(pl.col(POSITION).cast(pl.Int64), *ranks(seed)).drop("_share")
    return made.drop("size") if all(row.get("size", 1) == 1 for row in rows) else made


def mixture(**table: Any) -> Mixture:
    return validate(Mixture, table, where="recipe.toml: mixture")


def taken(chosen: Mixed) -> dict[int, int]:
    return dict(chosen.times.select(POSITION, "times").iter_rows())


def totals(chosen: Mixed, rows: pl.DataFrame, *keys: str) -> dict[Any, int]:
    """Return how often rows are taken, by one column's values or several's."""
    found = rows.join(chosen.times.drop("split"), on=POSITION).group_by(
        pl.col(key).cast(pl.String) for key in keys
    )
    counts = found.agg(pl.col("times").cast(pl.Int64).sum()).iter_rows()
    return {key[0] if len(key) == 1 else tuple(key): count for *key, count in counts}


def many(**counts: int) -> list[dict[str, Any]]:
    return [{"language": tag, "group": f"g{n}"} for tag in counts for n in range(counts[tag])]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "language": st.sampled_from(LANGUAGES),
            "task": st.sampled_from(["qa", "translation"]),
            "source_language": st.sampled_from([None, "en", "de"]),
            "source": st.sampled_from(SOURCES),
            "origin": st.sampled_from(ORIGINS),
            "split": st.sampled_from(["train", "train", "test"]),
            "group": st.sampled_from([f"g{n}" for n in range(9)]),
            "size": st.integers(1, 9),
        }
    ),
    min_size=1,
    max_size=60,
)
TABLES = st.sampled_from(
    [
        {},
        {"max_epochs": 3, "languages": {"temperature": 5.0}},
        {
            "max_epochs": 2,
            "languages": {"shares": {"en": 0.1}},
            "tasks": {"temperature": "uniform"},
        },
        {"origins": {"shares": {"translated": 0.3}}, "sources": {"caps": 20}},
        {"train": {"qa": 4}, "epochs": {"b": 2}, "languages": {"floors": {"sw": 5}}},
        {"unit": "characters", "max_epochs": 2, "sources": {"weights": {"a": 3.0}}},
    ]
)


@given(ROWS, TABLES, st.integers(1, 150), st.integers(1, 40))
@settings(deadline=None)
def test_the_rows_of_a_budget_are_among_those_of_a_larger_one(
    rows: list[dict[str, Any]], table: dict[str, Any], budget: int, more: int
) -> None:
    made = index(rows)
    small, large = (choose(made, mixture(**table, budget=n)) for n in (budget, budget + more))
    often = taken(large)
    assert all(often.get(position, 0) >= times for position, times in taken(small).items())
    for chosen in (small, large):
        both = sorted([*chosen.times[POSITION], *chosen.dropped[POSITION]])
        assert both == made[POSITION].to_list()
        assert chosen.dropped["reason"].null_count() == 0
    train = small.times.filter(pl.col("split") == "train")
    sizes = made if "size" in made.columns else made.with_columns(size=pl.lit(1))
    used = train.join(sizes, on=POSITION).select(pl.col("times").cast(pl.Int64) * pl.col("size"))
    assert used.to_series().sum() <= budget


@given(ROWS, st.integers(1, 30), st.integers(1, 3))
@settings(deadline=None, max_examples=50)
def test_another_language_leaves_the_rows_of_the_others_alone(
    rows: list[dict[str, Any]], budget: int, epochs: int
) -> None:
    wanted = mixture(budget_per_language=budget, max_epochs=epochs, tasks={"temperature": 2.0})
    made = index(rows)
    alone = made.filter(pl.col("language") != "sw").with_columns(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("new")
    )
    few = choose(alone.with_columns(pl.col("new").alias(POSITION)).drop("new"), wanted)
    renamed = dict(alone.select("new", POSITION).iter_rows())
    before = {renamed[position]: times for position, times in taken(few).items()}
    languages = dict(made.select(POSITION, pl.col("language").cast(pl.String)).iter_rows())
    after = {
        position: times
        for position, times in taken(choose(made, wanted)).items()
        if languages[position] != "sw"
    }
    assert before == after


@given(ROWS, st.randoms())
@settings(deadline=None, max_examples=40)
def test_the_order_in_which_rows_come_changes_nothing(
    rows: list[dict[str, Any]], random: Any
) -> None:
    made = index(rows)
    order = list(range(made.height))
    random.shuffle(order)
    wanted = mixture(budget=20, max_epochs=2, languages={"temperature": 3.3})
    one, two = choose(made, wanted), choose(made[order], wanted)
    assert one.times.equals(two.times)
    assert one.dropped.equals(two.dropped)
    assert one.shares == two.shares


def test_caps_take_new_texts_before_more_of_the_same() -> None:
    rows = [
        {"split": "test", "language": "en", "source_language": tag, "group": f"g{n}", "task": "translation"}
        for n in range(6)
        for tag in ("de", "fr", "it")
    ]  # fmt: skip
    made = index(rows)
    result = choose(made, mixture(test={"translation": 6}))
    kept = made.filter(pl.col(POSITION).is_in(result.times[POSITION].to_list()))
    assert kept["_rank"].n_unique() == 6
    assert kept["source_language"].n_unique() > 1
    assert set(result.dropped["reason"]) == {"beyond the mixture's cap of 6 rows"}
    assert result.per_source == {"a": 6}


def test_languages_of_a_capped_source_keep_the_same_groups() -> None:
    made = index(many(de=9, fr=9))
    kept = made.join(choose(made, mixture(train={"qa": 4})).times, on=POSITION)
    ranks_of = kept.group_by("language").agg(pl.col("_rank").sort())["_rank"].to_list()
    assert ranks_of[0] == ranks_of[1]
    assert len(ranks_of[0]) == 4


def test_an_anchor_is_its_share_of_the_rows() -> None:
    made = index(many(de=300, fr=150, en=700))
    anchored = choose(made, mixture(languages={"shares": {"en": 0.1}}))
    assert totals(anchored, made, "language") == {"de": 300, "fr": 150, "en": 50}
    small = choose(made, mixture(budget=200, languages={"shares": {"en": 0.1}}))
    assert totals(small, made, "language") == {"de": 120, "fr": 60, "en": 20}


def test_small_languages_are_repeated_up_to_the_limit() -> None:
    made = index(many(de=1000, sw=10))
    wanted = mixture(budget=500, max_epochs=4, languages={"temperature": "uniform"})
    result = choose(made, wanted)
    assert totals(result, made, "language") == {"de": 460, "sw": 40}
    assert result.times.filter(pl.col("times") > 1)["times"].to_list() == [4] * 10
    wider = mixture(budget=35, max_epochs=4, languages={"shares": {"sw": 1.0}})
    assert sorted(taken(choose(made, wider)).values()) == [3] * 5 + [4] * 5


def test_a_source_is_repeated_as_often_as_the_recipe_says() -> None:
    made = index([{"source": "a"}] * 3 + [{"source": "b"}] * 2)
    result = choose(made, mixture(epochs={"b": 3}))
    assert result.per_source == {"a": 3, "b": 6}
    # Without a budget to fill, nothing else is there twice.
    assert sorted(taken(result).values()) == [1, 1, 1, 3, 3]


def test_translated_rows_are_no_more_than_their_share() -> None:
    rows = [{"origin": origin, "language": tag} for tag, origins in (
        ("de", {"native": 70, "translated": 500}),
        ("fr", {"native": 70, "translated": 10}),
        ("sw", {"translated": 50}),
    ) for origin, count in origins.items() for _ in range(count)]  # fmt: skip
    made = index(rows)
    result = choose(made, mixture(origins={"shares": {"translated": 0.3}}))
    assert totals(result, made, "language", "origin") == {
        ("de", "native"): 70, ("de", "translated"): 30,
        ("fr", "native"): 70, ("fr", "translated"): 10,
    }  # fmt: skip


def test_a_cap_of_examples_holds_for_each_source_of_a_language() -> None:
    made = index([{"source": "a"}] * 50 + [{"source": "b"}] * 5)
    result = choose(made, mixture(sources={"caps": 20}))
    assert result.per_source == {"a": 20, "b": 5}
    (reason,) = result.dropped["reason"].unique()
    assert reason == "beyond the mixture's 20 rows for its language, task and source"


def test_languages_held_out_are_in_test_only() -> None:
    rows = [
        {"language": tag, "split": split, "source_language": source, "task": "translation"}
        for tag, source in (("sw", "en"), ("en", "sw"), ("de", "en"))
        for split in SPLITS
    ]
    made = index(rows)
    result = choose(made, mixture(held_out=["sw"], train={"translation": 1}))
    told = made.join(result.times, on=POSITION).select("language", "split").rows()
    assert sorted((str(tag), str(split)) for tag, split in told) == [
        ("de", "test"), ("de", "train"), ("de", "validation"), ("en", "test"), ("sw", "test")
    ]  # fmt: skip
    assert set(result.dropped["reason"]) == {"the mixture holds its language out of training"}


def test_a_row_that_does_not_fit_ends_its_part() -> None:
    made = index([{"size": 4} for _ in range(10)])
    result = choose(made, mixture(unit="characters", budget=11))
    assert len(taken(result)) == 2
    assert result.shares == [
        {"split": "train", "language": "de", "task": "qa", "origin": "native",
         "before": {"rows": 10, "characters": 40, "share": 1.0},
         "after": {"rows": 2, "characters": 8, "share": 1.0}},
    ]  # fmt: skip


def test_shares_are_told_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    made = index(many(de=75, fr=25))
    wanted = mixture(budget=40, languages={"temperature": "uniform"})
    result = choose(made, wanted)
    before = {entry["language"]: entry["before"] for entry in result.shares}
    assert before == {"de": {"rows": 75, "share": 0.75}, "fr": {"rows": 25, "share": 0.25}}
    assert [entry["after"]["share"] for entry in result.shares] == [0.5, 0.5]
    shares.show(result.shares)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = [line.split() for line in printed.err.splitlines() if line.strip()]
    assert ["de", "75", "20", "75.0%", "50.0%"] in lines
    assert ["qa", "100", "40", "100.0%", "100.0%"] in lines
    assert lines[-1] == ["all", "100", "40", "100.0%", "100.0%"]
    shares.show(choose(made, Mixture()).shares)
    assert capsys.readouterr().err == ""


def test_a_language_that_a_mixture_leaves_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*many(de=20, fr=20, sw=20), *({"task": "translation"} | row for row in many(de=20))]
    wanted = mixture(budget=30, held_out=["sw"], tasks={"shares": {"qa": 0.0, "translation": 1.0}})
    result = choose(index(rows), wanted)
    shares.show(result.shares, wanted.held_out)
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert len(warnings) == 1 and "nothing to train on in fr:" in warnings[0]


@given(st.integers(0, 99), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_a_group_is_in_one_split_whatever_else_there_is(seed: int, count: int) -> None:
    def drawn(groups: int) -> pl.DataFrame:
        rows = pl.DataFrame({"group": [f"text {n}" for n in range(groups) for _ in range(2)]})
        open_ones = rows.with_columns(pl.lit(None, pl.Enum(SPLITS)).alias("split"), *ranks(seed))
        return assign_splits(open_ones, Split(test=0.3, validation=0.2))

    whole, half = drawn(count), drawn(count // 2 + 1)
    assert whole.group_by("group").agg(pl.col("split").n_unique())["split"].to_list() == [1] * count
    known = dict(whole.select("group", "split").iter_rows())
    assert all(
        known.get(group, name) == name for group, name in half.select("group", "split").iter_rows()
    )


def test_a_source_that_tests_a_group_keeps_it_from_training_everywhere() -> None:
    rows = pl.DataFrame(
        {"group": ["a", "a"], "split": ["test", "train"]},
        schema_overrides={"split": pl.Enum(SPLITS)},
    )
    assert assign_splits(rows.with_columns(ranks(1)), Split())["split"].to_list() == ["test"] * 2


# -- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"budget": 0}, "budget: "),
        ({"budget": 9, "budget_per_language": 9}, "give either budget or budget_per_language"),
        ({"languages": {"temperature": 3.0}}, r"languages\.temperature decides nothing without a budget"),
        ({"max_epochs": 2}, "max_epochs decides nothing without a budget"),
        ({"max_epochs": 256, "budget": 9}, "max_epochs: "),
        ({"unit": "tokens", "budget": 9}, "a tokenizer need each other"),
        ({"tokenizer": "x.json"}, "a tokenizer need each other"),
        ({"unit": "words"}, "unit: "),
        ({"budget_per_language": 9, "languages": {"shares": {"en": 0.1}}}, "divides them already"),
        ({"languages": {"shares": {"en": 0.6, "de": 0.5}}}, "the shares are more than 1 together"),
        ({"tasks": {"shares": {"qa": 0.6}, "weights": {"qa": 2.0}}}, "'qa' has a share; leave it out of weights"),
        ({"tasks": {"temperature": 0}, "budget": 1}, r"tasks\.temperature"),
        ({"tasks": {"temperatur": 2.0}}, "Did you mean 'temperature'"),
        ({"train": {"qa": -1}}, r"train\.qa: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_key(table: dict[str, Any], told: str) -> None:
    with pytest.raises(IsoglossError, match=told) as caught:
        mixture(**table)
    assert "recipe.toml: mixture" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"train": {"qaa": 1}}, r"mixture\.train: unknown task 'qaa'.*Did you mean 'qa'"),
        ({"held_out": ["swa"]}, None),
        ({"held_out": ["yo"]}, r"mixture\.held_out: unknown language 'yo'"),
        ({"epochs": {"aa": 2}}, r"mixture\.epochs: unknown source 'aa'"),
        ({"languages": {"shares": {"tlhh": 0.1}}}, r"mixture\.languages\.shares: 'tlhh'"),
        ({"origins": {"shares": {"translate": 0.1}}}, r"origins\.shares: .*Did you mean 'translated'"),
        ({"sources": {"caps": {"c": 1}}}, r"mixture\.sources\.caps: unknown source 'c'"),
    ],
)  # fmt: skip
def test_names_are_those_of_the_recipe(table: dict[str, Any], told: str | None) -> None:
    def check() -> Mixture:
        return checked(mixture(**table), LANGUAGES, ("qa",), SOURCES, where="r.toml: mixture")

    if told is None:
        assert check().held_out == ("sw",)
        return
    with pytest.raises(IsoglossError, match=told):
        check()


def test_tags_are_canonical_wherever_they_stand() -> None:
    table = {"languages": {"shares": {"eng": 0.1}, "caps": {"deu": 5}}}
    found = checked(mixture(**table), LANGUAGES, ("qa",), SOURCES, where="r.toml: mixture")
    assert found.languages.shares == {"en": 0.1}
    assert found.languages.caps == {"de": 5}
    twice = mixture(languages={"caps": {"de": 1, "deu": 5}})
    with pytest.raises(IsoglossError, match="'de' is named twice"):
        checked(twice, LANGUAGES, ("qa",), SOURCES, where="r.toml: mixture")


def test_a_hundred_thousand_rows_stay_within_their_budget() -> None:
    draw = np.random.default_rng(0)
    groups, sizes = draw.integers(0, 9999, 100_000), draw.integers(1, 99, 100_000)
    rows = [
        {"language": LANGUAGES[n % 4], "group": f"g{group}", "size": int(size)}
        for n, (group, size) in enumerate(zip(groups, sizes, strict=True))
    ]
    wanted = mixture(unit="characters", budget=10**6, languages={"temperature": 3.0})
    result = choose(index(rows), wanted)
    used = sum(entry["after"]["characters"] for entry in result.shares)
    assert 10**6 - 4 * 99 <= used <= 10**6


def test_a_source_limit_takes_the_same_groups_in_every_language(tmp_path: Path) -> None:
    lines = ["en,text,lang"]
    lines += [f"the word {n},{tag} text {n},{tag}" for tag in ("de", "fr") for n in range(9)]
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "recipe.toml").write_text(
        """name = "limited"
languages = ["de", "fr"]
[[sources]]
name = "ours"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = { input = "en", output = "text", language = "lang" }
source_language = "en"
licence = "CC0-1.0"
limit = 3
"""
    )
    corpus = builders.build(tmp_path / "recipe.toml", tmp_path / "corpus")
    made = pl.concat(pl.read_parquet(path) for path in corpus.glob("data/*/*.parquet"))
    asked = made.with_columns(pl.col("input").str.extract(r"(\d+)").alias("n"))
    chosen = asked.group_by("language").agg(pl.col("n").sort())["n"].to_list()
    assert chosen[0] == chosen[1]
    assert len(chosen[0]) == 3
