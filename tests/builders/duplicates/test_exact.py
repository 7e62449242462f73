"""Which texts are the same, and what becomes of those that are."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rows import pair, reasons, stored

from builders.duplicates import exact
from builders.rows.rows import Rows


def references(store: Rows) -> list[list[str]]:
    merged, kept = exact.merge(store)
    store.mask[merged["position"].to_numpy()] = False
    store.change(kept)
    return [row for frame in store.batches() for row in frame["references"].to_list()]


SAME = [
    ("GNU C compiler", "GNU C++ compiler", False),
    ("GTK", "GTK+", False),
    ("Delete?", "Delete", False),
    ("Polish", "polish", False),
    ("½", "1/2", False),
    ("Caf\u00e9", "Cafe\u0301", True),
    ("a  b\n", "a\u00a0b", True),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_only_what_reads_the_same_is_merged(
    one: str, other: str, same: bool, tmp_path: Path
) -> None:
    found = references(stored(tmp_path, pair(one, "x"), pair(other, "y")))
    assert found == ([["x", "y"]] if same else [["x"], ["y"]])


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_rows_are_the_same_only_where_both_sides_are(
    one: str, other: str, same: bool, tmp_path: Path
) -> None:
    rows = [pair(one, "x"), pair(other, "x"), pair(one, "y"), pair(one, "x", language="fr")]
    store = stored(tmp_path, *rows, part=2)
    told = reasons(store, exact.identical(store))
    assert told == [None, exact.IDENTICAL if same else None, None, None]


@pytest.mark.parametrize("before", [None, "train", "validation"])
def test_a_test_example_is_not_merged_into_what_came_before(
    before: str | None, tmp_path: Path
) -> None:
    rows = [pair("a", "x", split=before), pair("a", "y", split="test"), pair("b", "z")]
    store = stored(tmp_path, *rows)
    merged, kept = exact.merge(store)
    assert reasons(store, merged) == [exact.MERGED, None, None]
    assert kept.rows() == [(1, ["y", "x"])]


def test_what_brings_its_own_instruction_is_the_same_only_with_it(tmp_path: Path) -> None:
    rows = [pair("a", "x", instruction=text) for text in ("Do this", "Do that", "Do this")]
    store = stored(tmp_path, *rows)
    assert reasons(store, exact.identical(store)) == [None, None, exact.IDENTICAL]


TEXTS = st.lists(st.sampled_from(["a", "A", "b", "b!", "b  !", "ü", ""]), min_size=1, max_size=12)


@given(TEXTS, st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_merging_keeps_one_row_a_key_and_every_reference(texts: list[str], part: int) -> None:
    rows = [pair(text, f"out {number}") for number, text in enumerate(texts)]
    with TemporaryDirectory() as folder:
        found = references(stored(Path(folder), *rows, part=part))
    assert len(found) == len({" ".join(text.split()) for text in texts})
    assert sorted(out for row in found for out in row) == sorted(row["output"] for row in rows)


@given(TEXTS)
@settings(max_examples=25, deadline=None)
def test_duplicates_are_the_same_however_rows_lie_on_disk(texts: list[str]) -> None:
    rows = [pair(text, "x") for text in texts]
    found = []
    for part in (1, 4, 50):
        with TemporaryDirectory() as folder:
            store = stored(Path(folder), *rows, part=part)
            found.append(reasons(store, exact.identical(store)))
    assert found[0] == found[1] == found[2]
    first = pl.Series([" ".join(text.split()) for text in texts]).is_first_distinct()
    assert [reason is None for reason in found[0]] == first.to_list()


def test_a_title_and_a_summary_of_a_text_are_two_examples(tmp_path: Path) -> None:
    rows = [pair("a", "x", tags=[tag]) for tag in ("output:title", "output:summary", "other")]
    store = stored(tmp_path, *rows)
    merged, _ = exact.merge(store)
    assert merged.is_empty()
    assert exact.identical(store).is_empty()
