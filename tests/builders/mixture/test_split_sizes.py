"""Test splits large enough to measure with."""

from __future__ import annotations

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.mixture.choose import choose
from builders.mixture.settings import Mixture, Split
from builders.mixture.splits import assign_splits, ranks
from builders.rows.rows import POSITION
from isogloss.records import SPLITS

LANGUAGES = ("de", "en", "fr", "sw")


def index(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return an index as `builders.pipeline.all_sources` makes it; splits are open where rows name none."""
    plain = {"split": None, "task": "qa", "language": "de", "source_language": None,
             "source": "a", "origin": "native"}  # fmt: skip
    filled = [{"group": f"g{n}", **plain, **row} for n, row in enumerate(rows)]
    schema = {
        "group": pl.String(),
        "split": pl.Enum(SPLITS),
        "task": pl.Enum(["qa"]),
        "language": pl.Enum(LANGUAGES),
        "source_language": pl.Categorical(),
        "source": pl.Enum(["a"]),
        "origin": pl.Enum(["native"]),
    }
    frame = pl.DataFrame(filled, schema=schema).with_row_index(POSITION)
    return frame.with_columns(pl.col(POSITION).cast(pl.Int64), *ranks(7)).drop("group")


def cells(made: pl.DataFrame, split: str) -> dict[str, int]:
    found = made.filter(split=split).group_by(pl.col("language").cast(pl.String)).len()
    return dict(found.iter_rows())


@given(
    st.dictionaries(st.sampled_from(LANGUAGES), st.integers(1, 60), min_size=1),
    st.integers(1, 20),
    st.integers(0, 3),
)
@settings(max_examples=40, deadline=None)
def test_each_cell_is_tested_on_enough_rows_where_it_has_them(
    sizes: dict[str, int], wanted: int, shift: int
) -> None:
    # Languages share the groups whose numbers they both have.
    rows = [
        {"group": f"g{number + shift * place}", "language": language}
        for place, (language, size) in enumerate(sorted(sizes.items()))
        for number in range(size)
    ]
    made = index(rows)
    result = assign_splits(made, Split(test=0.1, test_rows=wanted))
    tested = cells(result, "test")
    for language, size in sizes.items():
        assert tested.get(language, 0) >= min(wanted, size // 2)
    assert result.group_by("_rank").agg(pl.col("split").n_unique())["split"].max() == 1
    without = assign_splits(made, Split(test=0.1))
    kept = without.filter(pl.col("split") == "test")[POSITION]
    assert set(kept) <= set(result.filter(pl.col("split") == "test")[POSITION])
    again = assign_splits(
        made.sample(fraction=1, shuffle=True, seed=1), Split(test=0.1, test_rows=wanted)
    )
    assert again.sort(POSITION)["split"].to_list() == result["split"].to_list()


def test_what_a_source_wants_in_train_stays_there() -> None:
    rows = [{"group": f"g{n}", "split": "train"} for n in range(10)]
    rows += [{"group": f"g{n}", "language": "fr"} for n in range(20)]
    result = assign_splits(index(rows), Split(test_rows=4))
    assert cells(result, "test") == {"fr": 4}
    assert result.filter(pl.col("split") == "test")[POSITION].min() >= 20


def test_a_language_with_too_few_test_rows_has_none() -> None:
    rows = [{"split": "test"}] * 4 + [{"split": "test", "language": "fr"}] * 5
    made = index([*rows, {"split": "train"}])
    result = choose(made, Mixture(), least_test_rows=5)
    assert cells(made.join(result.times.drop("split"), on=POSITION), "test") == {"fr": 5}
    assert set(result.dropped["reason"]) == {"its language has fewer than 5 test rows in its task"}
