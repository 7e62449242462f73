"""Scripts that tags say and Unicode has no letters of: styles of others, private and common ones."""

from __future__ import annotations

import polars as pl
import pytest
from support.metrics import signature, statistics

from isogloss._tags import subtags
from isogloss.languages import canonical, describe
from isogloss.scripts import count, scripts


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("ur-Aran", "یہ اردو کا ایک جملہ ہے"),
        ("de-Latf", "Das ist ein deutscher Satz"),
        ("ga-Latg", "Tá an aimsir go maith inniu"),
        ("cu-Cyrs", "Въ начале бѣ Слово"),
        ("syr-Syrj", "ܫܠܡܐ"),
        ("zh-Hanb", "中文ㄓ"),
        ("ko-Jamo", "ᄒ"),
    ],
)
def test_a_style_of_a_script_is_the_script(tag: str, text: str) -> None:
    assert scripts(tag) == (tag.split("-")[1],)
    found = count(pl.Series([text, "Ελλάδα"]), pl.Series([tag, tag]))
    assert found["inside"][0] == found["letters"][0] > 0
    assert found["inside"][1] == 0
    judged = statistics("wrong_script", [text, "Ελλάδα"], [[text]] * 2, tag)
    assert judged.tolist() == [[0, 1], [1, 1]]
    assert describe(tag).direction == ("rtl" if tag in ("ur-Aran", "syr-Syrj") else "ltr")


@pytest.mark.parametrize("script", ["Qaaa", "Zzzz", "Zyyy", "Zinh", "Zmth", "Teng", "Egyd", "Zxxx"])
def test_what_unicode_has_no_letters_of_is_held_to_no_script(script: str) -> None:
    tag = f"de-{script}"
    assert scripts(tag) == ()
    assert count(pl.Series(["Das ist"]), pl.Series([tag]))["inside"][0] == 6
    for name in ("wrong_script", "wrong_language"):
        assert statistics(name, ["Das ist"], [["x"]], tag).tolist() == [[0, 0]]
        assert signature(name, tag)
    assert describe("de-Zzzz").direction == "auto"


@pytest.mark.slow
def test_every_script_can_be_judged() -> None:
    for script in sorted(subtags()["script"]):
        tag = canonical(f"qaa-{script}")
        found = statistics("wrong_language", ["a б 中 ა"], [["x"]], tag)
        assert found.shape == (1, 2)
        assert count(pl.Series(["a б 中 ა"]), pl.Series([tag])).height == 1
