"""Near-duplicates: what is dropped is as similar as is said, and what is similar is found."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from builders.duplicates import _index, near
from builders.duplicates.near import Batch, NearOptions, near_duplicates
from isogloss.errors import IsoglossError
from isogloss.settings import validate

#: Few letters, of one to four bytes, so that random texts are often alike.
TEXTS = st.lists(st.text("aé文😀 ", max_size=14), max_size=24)
OPTIONS = st.builds(
    NearOptions,
    jaccard=st.sampled_from([0.3, 0.5, 0.8, 1.0]),
    unit=st.sampled_from(["byte", "char"]),
    shingle=st.sampled_from([1, 2, 5]),
    permutations=st.just(32),
    bands=st.sampled_from([4, 16, 32]),
    keep=st.sampled_from(["first", "longest"]),
)


def shingles(text: str, options: NearOptions) -> set[Any]:
    units: Any = text.encode() if options.unit == "byte" else text
    last = max(0, len(units) - options.shingle)
    return {units[at : at + options.shingle] for at in range(last + 1)}


def jaccard(one: str, other: str, options: NearOptions) -> float:
    first, second = shingles(one, options), shingles(other, options)
    return len(first & second) / len(first | second)


def batches(
    texts: list[str],
    *,
    cells: list[int] | None = None,
    priorities: list[int] | None = None,
    size: int = 1000,
) -> Callable[[], Iterator[Batch]]:
    """Give the texts at the positions 10, 13, 16 …, so many at a time."""

    def read() -> Iterator[Batch]:
        for at in range(0, len(texts), size):
            rows = slice(at, min(at + size, len(texts)))
            count = rows.stop - rows.start
            yield Batch(
                10 + 3 * np.arange(rows.start, rows.stop),
                pl.Series(cells[rows] if cells else [0] * count, dtype=pl.UInt64),
                pl.Series(texts[rows], dtype=pl.String),
                pl.Series(priorities[rows] if priorities else [0] * count, dtype=pl.Int8),
            )

    return read


def find(texts: list[str], options: NearOptions | None = None, **given: Any) -> pl.DataFrame:
    """Find near-duplicates; ``position`` and ``leader`` become numbers of texts."""
    seed, workers = given.pop("seed", 1), given.pop("workers", 2)
    with TemporaryDirectory() as work:
        read = batches(texts, **given)
        found = near_duplicates(read, options or NearOptions(), Path(work), seed, workers=workers)
        assert not list(Path(work).iterdir())
    return found.with_columns((pl.col("position", "leader") - 10) // 3)


def dropped(texts: list[str], options: NearOptions | None = None, **given: Any) -> dict[int, int]:
    return dict(find(texts, options, **given).select("position", "leader").iter_rows())


def sentences(shared_data: Path, language: str) -> list[str]:
    path = shared_data / "flores200" / "devtest" / f"{language}.devtest"
    return path.read_text("utf-8").splitlines()


@settings(deadline=None, max_examples=50)
@given(TEXTS, OPTIONS, st.randoms(use_true_random=False), st.integers(-(2**63), 2**64))
def test_what_is_dropped_is_like_a_kept_row_that_goes_before_it(
    texts: list[str], options: NearOptions, draw: random.Random, seed: int
) -> None:
    cells = [draw.choice([0, 2**64 - 1]) for _ in texts]
    priorities = [draw.choice([0, 0, 1, -128, 127]) for _ in texts]
    found = find(texts, options, cells=cells, priorities=priorities, seed=seed)

    def place(row: int) -> tuple[int, int, int]:
        length = -len(texts[row].encode()) if options.keep == "longest" else 0
        return priorities[row], length, row

    assert found["position"].is_sorted() and found["position"].is_unique().all()
    kept = set(range(len(texts))) - set(found["position"])
    for row, leader, similarity in found.iter_rows():
        assert similarity == jaccard(texts[row], texts[leader], options) >= options.jaccard
        assert cells[row] == cells[leader]
        assert leader in kept
        assert place(leader) < place(row)


@settings(deadline=None, max_examples=30)
@given(TEXTS, st.integers(0, 3))
def test_no_two_equal_texts_of_a_cell_are_kept(texts: list[str], cells: int) -> None:
    numbers = [number % (cells + 1) for number in range(len(texts))]
    gone = dropped(texts, NearOptions(jaccard=1), cells=numbers)
    kept = [
        (text, cell)
        for number, (text, cell) in enumerate(zip(texts, numbers, strict=True))
        if number not in gone
    ]
    assert len(kept) == len(set(kept))


@settings(deadline=None, max_examples=25)
@given(TEXTS, OPTIONS, st.integers(1, 9), st.integers(1, 4))
def test_neither_batches_nor_threads_change_the_answer(
    texts: list[str], options: NearOptions, size: int, workers: int
) -> None:
    whole = find(texts, options)
    assert_frame_equal(find(texts, options, size=size, workers=workers), whole)


def test_pieces_of_work_do_not_change_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(3)
    texts = ["".join(draw.choices("ab ", k=12)) for _ in range(400)]
    options = NearOptions(jaccard=0.6, shingle=2)
    whole = find(texts, options)
    assert whole.height > 50
    for name, value in (("PAIRS", 7), ("TEXT", 50), ("SMALL", 0)):
        monkeypatch.setattr(_index, name, value)
    assert_frame_equal(find(texts, options, size=33, workers=3), whole)


@pytest.mark.parametrize("unit", ["byte", "char"])
@pytest.mark.parametrize("language", ["eng_Latn", "tha_Thai", "zho_Hans", "arb_Arab"])
def test_altered_sentences_are_found_as_often_as_is_said(
    shared_data: Path, unit: Any, language: str
) -> None:
    options = NearOptions(unit=unit, jaccard=0.6)
    draw = random.Random(7)
    lines = sentences(shared_data, language)
    letters = sorted(set("".join(lines)))
    texts = list(lines)
    for line in lines:
        altered = list(line)
        for _ in range(draw.randrange(1, 2 + len(line) // 15)):
            altered[draw.randrange(len(altered))] = draw.choice(letters)
        texts.append("".join(altered))
    gone = dropped(texts, options)
    found, said, pairs = 0, 0.0, 0
    for number, line in enumerate(lines):
        similarity = jaccard(line, texts[len(lines) + number], options)
        if similarity >= options.jaccard:
            pairs += 1
            said += options.compared(similarity)
            found += gone.get(len(lines) + number) == number
    assert pairs > 200
    # Five standard errors of a sum of chances of at most this variance.
    assert found == pytest.approx(said, abs=5 * (said * (1 - said / pairs)) ** 0.5 + 1)


def test_another_seed_misses_other_pairs() -> None:
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghij", k=5)) for _ in range(300)]
    texts = []
    for _ in range(300):
        some = draw.choices(words, k=20)
        texts += [" ".join(some), " ".join([*some[:14], *draw.choices(words, k=6)])]
    options = NearOptions(jaccard=0.4)
    answers = [set(dropped(texts, options, seed=seed)) for seed in (1, 2)]
    assert answers[0] != answers[1]
    assert answers[0] & answers[1]


def test_priority_goes_before_length_and_length_before_position() -> None:
    text = "the house stands at the end of a long street near an old river"
    texts = [text, text + "s", text + "si", text + "s"]
    priorities = [1, 1, 1, 0]
    assert dropped(texts) == {1: 0, 2: 0, 3: 0}
    assert dropped(texts, NearOptions(keep="longest")) == {0: 2, 1: 2, 3: 2}
    assert dropped(texts, NearOptions(keep="longest"), priorities=priorities) == {0: 3, 1: 3, 2: 3}


def test_there_are_no_chains() -> None:
    """Each is like the next, the ends are unlike."""
    draw = random.Random(5)
    words = ["".join(draw.choices("abcdefghijklmnop", k=6)) for _ in range(60)]
    texts = [" ".join(words[at : at + 40]) for at in range(0, 16, 4)]
    options = NearOptions(jaccard=0.75, bands=56)
    assert jaccard(texts[0], texts[1], options) > 0.75 > jaccard(texts[0], texts[2], options)
    assert dropped(texts, options) == {1: 0, 3: 2}


def test_a_row_like_a_dropped_one_is_still_compared_with_kept_ones() -> None:
    # Of two letters and bands of one coordinate: buckets are crowded, and most rows in them are
    # like one that is dropped.
    draw = random.Random(11)
    texts = ["".join(draw.choices("ab", k=9)) for _ in range(60)]
    options = NearOptions(jaccard=0.5, shingle=2, permutations=64, bands=64)
    gone = dropped(texts, options)
    kept = [number for number in range(len(texts)) if number not in gone]
    alike = [
        (one, other)
        for one in kept
        for other in kept
        if one < other and jaccard(texts[one], texts[other], options) >= options.jaccard
    ]
    assert not alike


def test_texts_shorter_than_a_shingle_and_empty_ones() -> None:
    texts = ["", "a", "ab", "", "ab", "ba", "文", "文", "abcde", "abcde"]
    assert dropped(texts) == {3: 0, 4: 2, 7: 6, 9: 8}
    assert dropped(["", ""], cells=[1, 2]) == {}
    assert dropped([""] * 3) == {1: 0, 2: 0}
    assert dropped([]) == {}


def test_long_texts_are_compared_whole_and_very_long_ones_by_a_sample() -> None:
    draw = np.random.default_rng(4)
    letters = draw.integers(97, 123, 600_000, np.uint8).tobytes().decode()
    options = NearOptions(jaccard=0.6)
    for length, exactly in ((100_000, True), (600_000, False)):
        text = letters[:length]
        other = text[: length * 17 // 20] + text[: length * 3 // 20].upper()
        found = find([text, other, text, text[::-1]], options)
        assert found["position"].to_list() == [1, 2]
        assert found["jaccard"][1] == 1
        true = jaccard(text, other, options)
        assert found["jaccard"][0] == pytest.approx(true, abs=0 if exactly else 0.006)


def test_a_long_text_that_says_the_same_over_and_over() -> None:
    text = "文字" * 60_000
    assert dropped([text, text + "文", "x" * 300_000]) == {1: 0}


def test_a_bucket_of_many_rows_is_not_compared_pair_by_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0
    original = _index.Index.jaccards

    def counting(self: Any, pairs: Any) -> Any:
        nonlocal compared
        compared += len(pairs)
        return original(self, pairs)

    monkeypatch.setattr(_index.Index, "jaccards", counting)
    monkeypatch.setattr(near, "CHUNK", 1000)
    # All share the shingle that comes first in some order, and most are unlike.
    draw = random.Random(2)
    boilerplate = "All rights reserved by whom they belong to, in this and in other countries. "
    texts = [boilerplate + "".join(draw.choices("abcdefghijklmnop", k=20)) for _ in range(3000)] + [
        boilerplate
    ] * 3000
    options = NearOptions(jaccard=0.9)
    found = find(texts, options)
    assert compared < near.LEADERS * options.bands * len(texts) * 2
    assert set(found["position"]) >= set(range(3001, 6000))
    assert set(found["leader"]) == {3000}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"jaccard": 0}, "jaccard"),
        ({"jaccard": 1.01}, "jaccard"),
        ({"bands": 15}, "112 permutations do not make 15 equal bands"),
        ({"unit": "word"}, "unit"),
        ({"shingle": 0}, "shingle"),
        ({"shingles": 5}, "Did you mean 'shingle'?"),
    ],
)
def test_wrong_options_are_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(IsoglossError, match=told.replace("?", r"\?")):
        validate(NearOptions, given, where="recipe.toml")


def test_the_curve_and_the_rates() -> None:
    options = NearOptions()
    assert options.rows * options.bands == options.permutations
    assert options.compared(0) == 0
    assert options.compared(1) == 1
    assert options.compared(0.8) == pytest.approx(1 - (1 - 0.8**7) ** 16)
    # By the midpoint rule, finely.
    middles = (np.arange(200_000) + 0.5) / 200_000
    rates = options.rates()
    missed = np.mean([1 - options.compared(0.8 + 0.2 * one) for one in middles])
    needless = np.mean([options.compared(0.8 * one) for one in middles])
    assert rates.false_negatives == pytest.approx(missed, abs=1e-6)
    assert rates.false_positives == pytest.approx(needless, abs=1e-6)
    assert NearOptions(jaccard=1).rates().false_negatives == 0


def test_bad_rows_are_told(tmp_path: Path) -> None:
    one = next(batches(["a", "b"])())

    def refused(told: str, *given: Batch) -> None:
        with pytest.raises(IsoglossError, match=told):
            near_duplicates(lambda: iter(given), NearOptions(), tmp_path, 1)
        assert not list(tmp_path.iterdir())

    null = Batch(one.position, one.cell, pl.Series(["a", None]), one.priority)
    refused("^row 13: a text .* is null", null)
    refused("^row 10: .* not in rising order", one, one)
    refused("not in rising order", Batch(pl.Series([3, 3]), one.cell, one.text, one.priority))


def test_rows_that_change_between_the_readings_are_told(tmp_path: Path) -> None:
    for second in (["same", "same", "one more"], ["same"], ["same", "others"]):
        readings = [batches(["same", "same"]), batches(second)]
        with pytest.raises(IsoglossError, match="rows differ"):
            near_duplicates(lambda left=readings: left.pop(0)(), NearOptions(), tmp_path, 1)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    told = "import sys, builders.duplicates.near; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
