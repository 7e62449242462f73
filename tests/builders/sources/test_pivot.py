"""Pivoting: what two sources say of one English text, joined exactly and in bounded parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sources import texts

from builders.example import SCHEMA
from builders.sources import pivot
from builders.sources._base import Context, Reading
from isogloss.errors import IsoglossError

LANGUAGES = ("en", "bho", "nqo", "de")
Row = tuple[str, str, str, str]


def source(name: str, *rows: Row, **more: Any) -> Callable[[], Iterator[pl.DataFrame]]:
    """Return the reader of a staged source of (source language, input, language, output)."""
    frame = pl.DataFrame(
        [
            {
                "task": "translation", "source_language": one, "input": given_, "language": two,
                "output": asked, "references": [asked], "source_id": str(number),
                "group": asked if two == "en" else given_, "tags": [], "source": name,
                "licence": "MIT", "row": number, **more,
            }
            for number, (one, given_, two, asked) in enumerate(rows)
        ],
        schema={**SCHEMA, "source": pl.String, "row": pl.Int64},
    )  # fmt: skip

    def frames() -> Iterator[pl.DataFrame]:
        yield from (frame.slice(start, 2) for start in range(0, frame.height, 2))

    return frames


def opened(earlier: dict[str, Any], **options: Any) -> Reading:
    context = Context(
        options.pop("languages", LANGUAGES),
        ("translation",),
        Path(),
        "r.toml: sources[2]",
        42,
    )
    made = pivot.Options.model_validate(
        {"name": "p", "kind": "pivot", "of": list(earlier), **options}
    )
    return pivot.read(made, context)


def read(earlier: dict[str, Any], **options: Any) -> pl.DataFrame:
    frames = list(opened(earlier, **options).examples(earlier))
    for frame in frames:
        assert frame.schema == SCHEMA
    return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)


BHO = source(
    "a", ("bho", "एक", "en", "One"), ("bho", "दो", "en", "Two"), ("bho", "तीन", "en", "Three")
)
NQO = source(
    "b", ("en", "Two", "nqo", "ߝߌ߬ߟߊ"), ("en", "One", "nqo", "ߞߋߟߋ߲"), ("en", "Four", "nqo", "ߣߊ߯ߣߌ߲")
)


def test_texts_that_share_their_english_are_translations(tmp_path: Path) -> None:
    found = read({"a": BHO, "b": NQO})
    assert texts(found, source_language="bho", language="nqo") == [("एक", "ߞߋߟߋ߲"), ("दो", "ߝߌ߬ߟߊ")]
    assert texts(found, source_language="nqo", language="bho") == [("ߝߌ߬ߟߊ", "दो"), ("ߞߋߟߋ߲", "एक")]
    assert found["tags"].to_list() == [["pivoted"]] * 4
    one = found.filter(input="एक")
    assert one["group"].item() == "One", "of the English text's group, so that splits hold"
    assert one["source_id"].item() == "a:0+b:1"


def test_pairs_and_directions_as_asked() -> None:
    found = read({"a": BHO, "b": NQO}, pairs=["bho:nqo"], both_directions=False)
    assert found.select("source_language", "language").unique().rows() == [("bho", "nqo")]
    both = read({"a": BHO, "b": NQO}, pairs=["bho:nqo"])
    assert both["language"].unique().sort().to_list() == ["bho", "nqo"]
    # Into English the recipe's own sources translate.
    assert "en" not in set(read({"a": BHO, "b": NQO})["language"])


def test_through_another_language() -> None:
    a = source("a", ("de", "Eins", "bho", "एक"))
    b = source("b", ("de", "Eins", "nqo", "ߞߋߟߋ߲"))
    assert texts(read({"a": a, "b": b}, through="de"), language="nqo") == [("एक", "ߞߋߟߋ߲")]


def test_the_first_translations_of_a_text_only() -> None:
    many = source("a", *(("bho", word, "en", "Open") for word in ("खोलीं", "खुलल", "खुला")))
    one = source("b", ("en", "Open", "nqo", "ߟߊߞߊ߬"))
    assert texts(read({"a": many, "b": one}), language="nqo") == [("खोलीं", "ߟߊߞߊ߬")]
    found = read({"a": many, "b": one}, alternatives=2)
    assert [given_ for given_, _ in texts(found, language="nqo")] == ["खोलीं", "खुलल"]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("MIT", "MIT", "MIT"),
        ("CC-BY-4.0", "Apache-2.0", "Apache-2.0 AND CC-BY-4.0"),
        ("MIT", "CC0-1.0 OR Apache-2.0", "MIT AND (Apache-2.0 OR CC0-1.0)"),
        ("Terms of X", "MIT", "MIT AND Terms of X"),
    ],
)
def test_the_licence_is_that_of_both_halves(one: str, other: str, both: str) -> None:
    a = source("a", ("bho", "एक", "en", "One"), licence=one)
    b = source("b", ("en", "One", "nqo", "ߞߋߟߋ߲"), licence=other)
    found = set(read({"a": a, "b": b})["licence"])
    assert len(found) == 1, "the same in both directions"
    assert sorted(found.pop().replace("(", "").replace(")", "").split()) == sorted(
        both.replace("(", "").replace(")", "").split()
    )
    assert set(read({"a": a, "b": b}, licence="ISC")["licence"]) == {None}


def test_what_halves_are_marked_with_stays() -> None:
    a = source("a", ("bho", "एक", "en", "One"), tags=["synthetic", "model:m"])
    found = read({"a": a, "b": NQO}, pairs=["bho:nqo"])
    assert found["tags"].to_list()[0] == ["pivoted", "synthetic", "model:m"]


def test_halves_that_may_be_in_different_splits_make_no_pair() -> None:
    a = source("a", ("bho", "एक", "en", "One"), group="document 7")
    found = read({"a": a, "b": NQO}, pairs=["bho:nqo"])
    assert set(found["rejected_by"]) == {"source"}
    assert "different groups" in found["reason"][0]
    a, b = (source(n, row, group=n, split="test") for n, row in [
        ("a", ("bho", "एक", "en", "One")), ("b", ("en", "One", "nqo", "ߞߋߟߋ߲")),
    ])  # fmt: skip
    assert set(read({"a": a, "b": b})["split"]) == {"test"}
    b = source("b", ("en", "One", "nqo", "ߞߋߟߋ߲"), group="a", split="train")
    assert set(read({"a": a, "b": b})["rejected_by"]) == {"source"}


def test_the_hash_is_known_before_anything_is_read() -> None:
    def never() -> Iterator[pl.DataFrame]:
        raise AssertionError

    one = opened({"a": never})
    assert one.sha256 == opened({"a": never}, limit=3).sha256
    assert one.sha256 != opened({"a": never}, through="de").sha256
    assert one.details["of"] == ["a"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"of": ["c"]}, "unknown earlier source 'c'.*Known: a, b"),
        ({"pairs": ["en:bho"]}, "en:bho needs no language between"),
        ({"languages": ("en", "de")}, "no two languages besides en"),
        ({"pairs": ["de:sw"]}, "no pair is into a language"),
        ({"through": "not a tag"}, r"r\.toml: sources\[2\]\.through"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(IsoglossError, match=told):
        read({"a": BHO, "b": NQO}, **options)


def test_a_pivot_above_its_sources_is_told() -> None:
    with pytest.raises(IsoglossError, match=r"no source stands before this one.*move it below"):
        read({}, of=["a"])


WORDS = st.sampled_from(["", " ", "a", "b", "c", "d", "e"])
HALVES = st.lists(st.tuples(WORDS, WORDS), max_size=12)


@settings(max_examples=25, deadline=None)
@given(HALVES, HALVES, st.integers(300, 2000))
def test_parts_change_nothing(
    ours: list[tuple[str, str]], theirs: list[tuple[str, str]], budget: int
) -> None:
    earlier = {
        "a": source("a", *(("bho", text, "en", english) for english, text in ours)),
        "b": source("b", *(("en", english, "nqo", text) for english, text in theirs)),
    }
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("builders.sources.pivot._BUDGET", budget)
        found = texts(read(earlier, alternatives=99), language="nqo")
    expected = {
        (one, two)
        for english, one in ours
        for other, two in theirs
        if english.strip() and english == other and one.strip() and two.strip()
    }
    assert set(found) == expected
