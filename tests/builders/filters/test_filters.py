"""The row filters, each on rows small enough to read; and on real text where it is lent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from support.filters import kept, pair, ran, reasons, scored

from builders.example import examples
from builders.filters import (
    _lengths,
    _stretches,
    copied,
    empty,
    length,
    length_ratio,
    links,
    markup,
    numbers,
    placeholders,
    repetition,
    unicode,
)
from builders.filters._steps import PlannedFilter
from isogloss import plugins
from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.text import comparable, in_lists, utf8

TEXTS = st.text(st.sampled_from("ab Аб漢 ा\u0301é!ß"), max_size=60)


@pytest.mark.parametrize(
    "name", [name for name in plugins.discover("builders.filters") if name != "similarity"]
)
def test_a_filter_takes_any_text_and_gives_a_score_to_every_row(name: str) -> None:
    if name == "pii":
        pytest.importorskip("phonenumbers")
        pytest.importorskip("stdnum")
    module = plugins.discover("builders.filters")[name]
    odd = ["", " ", "\ufffd", "\U0001f600" * 3, "שלום ‏\u202e", "ก็" * 30, "a\u0301" * 5, "%s {", "<"]
    rows = [pair(one, other) for one in odd for other in odd]
    rows += [
        pair(None, "x", task="qa", source_language=None, context="c"),
        pair("x", "", task="code"),
    ]
    result = ran(module, *rows)
    assert result.height == len(rows)
    step = PlannedFilter(name, name, module, module.Options(name=name))
    assert len(step.signature) == 64
    scores = module.score(result, step.options, 1) if hasattr(module, "score") else pl.DataFrame()
    assert sum(scores.null_count().row(0)) == 0
    for sweep in step.sweeps(step.options):
        assert sweep.score in scores.columns
        assert sweep.value == getattr(step.options, sweep.option)


# unicode


def test_unicode_composes_cleans_and_keeps_what_spelling_needs() -> None:
    rows = (pair("cafe\u0301\u0007", "می\u200cخواهم\r\nب"), pair("ok", "br\ufffdken"))
    result = ran(unicode, *rows)
    assert result["input"][0] == "café"
    assert result["output"][0] == "می\u200cخواهم\nب"
    assert result["references"][0].to_list() == ["می\u200cخواهم\nب"]
    assert result["reason"].to_list() == [None, "holds U+FFFD: it was decoded wrongly before"]


def test_a_broken_reference_drops_its_row() -> None:
    assert kept(unicode, pair("a", "b", references=["b", "c\ufffd"])) == [False]


def test_the_first_line_of_a_program_keeps_its_indentation() -> None:
    code = pair("f", "\n    return 1\n", task="code")
    result = ran(unicode, code, pair("f", "\n    x\n"))
    assert result["output"].to_list() == ["    return 1", "x"]
    assert result["references"].to_list() == [["    return 1"], ["x"]]


def test_mojibake_is_kept_dropped_or_repaired_as_asked() -> None:
    pytest.importorskip("ftfy")
    rows = (pair("a nice day", "ein schÃ¶ner Tag â€“ wirklich"), pair("a", "ein schöner Tag – ja"))
    assert ran(unicode, *rows)["output"].to_list() == [row["output"] for row in rows]
    assert kept(unicode, *rows, mojibake="drop") == [False, True]
    repaired = ran(unicode, *rows, mojibake="repair")
    assert repaired["output"][0] == "ein schöner Tag – wirklich"
    assert repaired["references"].to_list() == [[text] for text in repaired["output"]]


def test_without_ftfy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    unicode._suspicious.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "ftfy.badness", None)
    with pytest.raises(IsoglossError, match=r"pip install .isogloss\[clean\]"):
        ran(unicode, pair("a", "b"), mojibake="drop")
    unicode._suspicious.cache_clear()


def test_bidi_controls_stay_where_they_are_closed() -> None:
    rows = (pair("a", "\u2067שלום\u2069 b"), pair("a", "\u202eשלום b"), pair("a", "\u200fשלום"))
    given = [row["output"] for row in rows]
    assert ran(unicode, *rows)["output"].to_list() == given
    assert ran(unicode, *rows, bidi="mend")["output"].to_list() == [given[0], "שלום b", given[2]]


def test_width_folds_letters_and_digits_but_no_punctuation() -> None:
    told = ran(unicode, pair("a", "ＡＢＣ１２３、ｶﾞｷﾞ！ｘ"), width="fold")["output"]
    assert told.to_list() == ["ABC123、ガギ！x"]


# empty, length


def test_empty_means_no_letter_in_any_script() -> None:
    rows = (pair("नमस्ते", "你好"), pair("…", "Hallo"), pair("Hello", " "), pair("42", "42"))
    assert kept(empty, *rows) == [True, False, False, True]
    assert reasons(empty, *rows, letters=True)[3] == "the input has no letter"


def test_length_counts_the_passage_with_the_question() -> None:
    rows = (pair("short", "kurz"), pair("short", "kurz", context="x" * 50))
    assert reasons(length, *rows, max_chars=20) == [None, "the input is over 20 chars"]


def test_words_are_counted_where_they_have_a_bound_only() -> None:
    row = pair("one two", "eins", context="zero")
    assert scored(length, row).columns == ["input_chars", "output_chars"]
    assert scored(length, row, max_words=9).row(0) == (11, 4, 3, 1)
    assert reasons(length, row, max_words=2) == ["the input is over 2 words"]


def test_length_as_in_english_is_one_bound_for_all_languages() -> None:
    english = "Enter a valid list of numbers."
    sentence = pair(english, "请输入有效的数字列表。", language="zh-Hans")
    label = pair("Mexican Spanish", "メキシコのスペイン語", language="ja")
    back = pair("请输入有效的数字列表。", english, language="en", source_language="zh-Hans")
    told = reasons(length, sentence, label, back, min_english_chars=25)
    assert told == [None, "the input is under 25 characters, as in English", None]
    assert reasons(length, sentence, min_chars=25) == ["the output is under 25 chars"]
    own = pair("x" * 30, "x" * 10)
    assert scored(length, own, min_english_chars=1)["input_english_chars"][0] == 30


def test_a_language_may_have_bounds_of_its_own() -> None:
    options = length.Options(name="length", max_chars=5)
    own = {"zh-Hans": length.Options(name="length", max_chars=2)}
    from builders.filters import _steps

    step = PlannedFilter("length", "length", length, options, own)
    frame = examples([pair("a", "abcd"), pair("a", "中文字", language="zh-Hans")]).drop("reason")
    told = _steps.decide(frame, _steps.score(frame, step, 1), step)
    assert told.to_list() == [None, "the output is over 2 chars"]


# length-ratio


def test_length_ratio_knows_how_long_languages_write() -> None:
    english = "Enter a valid list of numbers, separated by commas."
    rows = (
        pair(english, "请输入用逗号分隔的有效数字列表。", language="zh-Hans"),
        pair(english, "Django REST framework 3.0", language="zh-Hans"),
        pair(english, "Nein."),
        pair("Yes", "Selbstverständlich"),
        pair("One. Two.", "One. Two. Three.", task="summarization", source_language=None),
    )
    told = reasons(length_ratio, *rows)
    assert [reason is None for reason in told] == [True, True, False, True, False]
    assert told[2] is not None
    assert regex.fullmatch(r"the sides' lengths differ \d\.\d times", told[2])
    assert told[4] == "the summary is no shorter than its text"


def test_words_count_where_white_space_parts_them() -> None:
    few = pair(
        "one two three four five six seven eight nine ten eleven twelve", "abcdefghijklm" * 4
    )
    assert kept(length_ratio, few) == [True]
    assert kept(length_ratio, few, words=True) == [False]
    thai = few | {"language": "th", "output": "กขคงจ" * 12}
    assert np.isnan(scored(length_ratio, thai, words=True)["words_ratio"][0])
    assert kept(length_ratio, thai, words=True) == [True]


def test_languages_not_measured_are_taken_for_others_in_their_script() -> None:
    assert _lengths.expected("en", "chars") == 1
    assert _lengths.expected("pt-BR", "chars") == _lengths.expected("pt", "chars")
    assert _lengths.expected("zh", "chars") == _lengths.expected("zh-Hans", "chars") > 3
    assert 0.8 < _lengths.expected("szl", "chars") < 1.2
    assert np.isnan(_lengths.expected("lo", "words"))


@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from(["de", "zh-Hans", "ko", "am"]))
@settings(max_examples=30)
def test_the_ratio_is_the_same_both_ways_round(texts: list[str], tag: str) -> None:
    there = [pair(text, text[::2], language=tag) for text in texts]
    back = [pair(text[::2], text, language="en", source_language=tag) for text in texts]
    ratios = scored(length_ratio, *there)["ratio"]
    assert ratios.to_list() == scored(length_ratio, *back)["ratio"].to_list()
    assert (ratios >= 1).all()


def flores(shared_data: Path, *tags: str) -> dict[str, list[str]]:
    found = {}
    for path in sorted((shared_data / "flores200" / "devtest").iterdir()):
        tag = canonical(path.stem)
        if tag in tags or not tags:
            found[tag] = path.read_text("utf-8").splitlines()
    return found


def test_right_pairs_pass_and_wrong_ones_fall(shared_data: Path) -> None:
    lines = flores(shared_data, "en", "de", "zh-Hans", "th", "am", "ar")
    english = lines.pop("en")
    right = [
        pair(one, other, language=tag)
        for tag, texts in lines.items()
        for one, other in zip(english, texts, strict=True)
    ]
    wrong = [
        pair(one, other, language=tag)
        for tag, texts in lines.items()
        for one, other in zip(english, texts[1:] + texts[:1], strict=True)
    ]
    for module, most, least in ((length_ratio, 0.002, 0.08), (numbers, 0.005, 0.03)):
        bound = {"max_ratio": 2.0} if module is length_ratio else {}
        assert 1 - np.mean(kept(module, *right, **bound)) <= most
        assert 1 - np.mean(kept(module, *wrong, **bound)) >= least
    for module in (copied, repetition, links, placeholders, markup):
        assert 1 - np.mean(kept(module, *right)) <= 0.001


# copied


def test_a_copy_is_a_copy_whatever_its_case_and_marks() -> None:
    rows = (pair("Sign in!", "sign  IN"), pair("Sign in", "Anmelden"), pair("?!", "?!"))
    assert kept(copied, *rows) == [False, True, False]


def test_a_translation_left_half_undone_is_a_copy() -> None:
    source = "The committee met again on Tuesday to discuss the budget of the coming year."
    half = "Der Ausschuss met again on Tuesday to discuss the budget of the coming year."
    rows = (
        pair(source, half),
        pair(source, half, task="qa"),
        pair("New York City", "New York City!"),
    )
    told = reasons(copied, *rows)
    assert told == ["83% of the output is copied", None, "the output is a copy of the input"]
    thai = "คณะกรรมการประชุมอีกครั้งในวันอังคารเพื่อหารือเกี่ยวกับงบประมาณ"
    assert kept(copied, pair(thai, thai[:50] + " ok", source_language="th")) == [False]


def test_addresses_and_placeholders_may_be_copied() -> None:
    url = "https://example.org/a/very/long/path/that/is/longer/than/the/text"
    assert kept(copied, pair(f"See {url} for more about it", f"Mehr dazu steht hier: {url}")) == [
        True
    ]


@given(TEXTS, TEXTS)
@settings(max_examples=200)
def test_what_is_called_the_same_is_what_folds_to_the_same(one: str, other: str) -> None:
    rows = (pair(one, other), pair(one, one.upper() + "!"), pair(one, " " + one))
    frame = examples(rows)
    whole = frame.select(comparable(pl.col("input")) == comparable(pl.col("output"))).to_series()
    assert scored(copied, *rows)["same"].to_list() == whole.to_list()


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
@settings(max_examples=200)
def test_the_loops_find_the_stretches_that_a_search_finds(pairs: list[tuple[str, str]]) -> None:
    size = 8

    def covered(text: str, known: Any) -> float:
        inside = [False] * len(text)
        for start in range(len(text) - size + 1):
            if known(text, start):
                inside[start : start + size] = [True] * size
        return sum(inside) / max(len(text), 1)

    one, other = (utf8(pl.Series(texts, dtype=pl.String)) for texts in zip(*pairs, strict=True))
    shared = [covered(b, lambda t, i, a=a: t[i : i + size] in a) for a, b in pairs]
    assert _stretches.shared(*one, *other, size, 100) == pytest.approx(shared)
    sieve = _stretches.may_share(*one, *other, size)
    assert all(maybe for maybe, share in zip(sieve, shared, strict=True) if share)
    repeated = [covered(a, lambda t, i: t.find(t[i : i + size]) < i) for a, _ in pairs]
    assert _stretches.repeated(*one, size, 100) == pytest.approx(repeated)


# repetition


def test_text_that_goes_round_in_circles_falls_in_any_script() -> None:
    loops = ("I do not know. " * 8, "我不知道。" * 12, "ฉันไม่รู้" * 10, "-" * 60, "ha " * 30)
    rows = [pair("a", text) for text in loops]
    told = reasons(repetition, *rows, pair("a", "Ha ha ha!"), pair("a", "x = 1\n" * 9, task="code"))
    assert [reason is None for reason in told] == [False] * 5 + [True, True]
    assert regex.fullmatch(r"\d+% of the output is repeated", str(told[0]))


def test_repeated_lines_are_counted_without_blank_ones() -> None:
    row = pair("Home\nLog in\n\n\nHome\nHome\nLog in", "x")
    assert scored(repetition, row)["input_lines"].to_list() == pytest.approx([14 / 24])
    assert reasons(repetition, row) == ["58% of the input is repeated lines"]


# numbers, links, placeholders


@given(st.lists(st.none() | st.lists(st.none() | TEXTS, max_size=3), max_size=5))
@settings(max_examples=50)
def test_lists_are_mended_text_by_text(lists: list[list[str | None] | None]) -> None:
    found = in_lists(pl.Series("l", lists, dtype=pl.List(pl.String)), lambda text: text + "x")
    mended = [
        None if one is None else [None if text is None else text + "x" for text in one]
        for one in lists
    ]
    assert found.to_list() == mended
