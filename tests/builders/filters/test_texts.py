"""Which texts are in the wrong language, and what is mended in them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from support.filters import run

from builders.example import examples
from builders.filters import language, unicode
from builders.filters._prose import words


def pair(source: str, target: str, **more: Any) -> dict[str, Any]:
    row = {"task": "translation", "language": "de", "source_language": "en"}
    return row | {"input": source, "output": target, "group": source, "source_id": source} | more


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    made = examples(rows).drop("reason")
    return made.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


WORDS = [
    ("%(counter)s نتائج", "نتائج"),
    ("Связь %(from)s-%(to)s", "Связь -"),
    ("%d of %5.2f, %1$s and %-10s", "of , and"),
    ("100% sure, 50 % discount", "100% sure, 50 % discount"),
    ("Hi {name}, {0!r}; ${total} {{ user.name }}", "Hi , ; "),
    ("the set {a, b and c}", "the set {a, b and c}"),
    ("<a href='x'>Log in</a> &amp; go", "Log in   go"),
    ("a < b and c > d", "a < b and c > d"),
    ("see https://example.org/a?b=c or www.example.org", "see or"),
    ("mail me.too@example.org now", "mail now"),
]


@pytest.mark.parametrize(("text", "left"), WORDS)
def test_only_words_count(text: str, left: str) -> None:
    found = pl.DataFrame({"t": [text]}).select(words(pl.col("t")))["t"][0]
    assert found.split() == left.split()


def verdicts(*rows: tuple[str, str], **options: Any) -> list[str | None]:
    """Return what the filter says of texts, each with the language that it claims."""
    made = frame(*(pair("x", text, language=tag) for tag, text in rows))
    given = language.Options(name="language", sides=("output",), **options)
    return run(language, given, made)["reason"].to_list()


def test_good_text_around_placeholders_stays() -> None:
    assert (
        verdicts(
            ("ar", "%(counter)s نتائج"),
            ("ru", "Связь %(from)s-%(to)s"),
            ("en", "“%(value)s” value must be an integer."),
            ("en", "Password reset on %(site_name)s"),
            ("en", "Universally unique identifier"),
            ("zh-Hans", "布尔值( True或False )"),
            ("ja", "空の一覧かつ “%(class_name)s.allow_empty” が False です。"),
        )
        == [None] * 7
    )


def test_wrong_text_is_still_found() -> None:
    french = "La page que vous avez demandée est introuvable sur ce serveur."
    told = verdicts(
        ("de", french),
        ("ru", french),
        ("zh-Hans", "요청하신 페이지를 서버에서 찾을 수 없습니다."),
        ("ja", "请求的页面无法在此服务器上找到，请稍后再试。"),
        ("ko", "请求的页面无法在此服务器上找到，请稍后再试。"),
        ("nb", french),
    )
    assert all(told), told
    assert told[0] is not None
    assert "looks like fr, not de" in told[0]


def test_close_languages_and_chinese_are_not_mistaken() -> None:
    assert (
        verdicts(
            ("da", "Siden, du bad om, blev desværre ikke fundet på denne server i dag."),
            ("nb", "Siden du ba om, ble dessverre ikke funnet på denne serveren i dag."),
            ("nn", "Sida du bad om, vart diverre ikkje funnen på denne tenaren i dag."),
            ("zh-Hant", "請求的頁面無法在此伺服器上找到，請稍後再試。"),
        )
        == [None] * 4
    )


def test_programs_are_in_no_language() -> None:
    rows = frame(
        pair("def f(x):", "    return x", language="hi", source_language=None, task="code")
    )
    made = run(language, language.Options(name="language"), rows)
    assert made["reason"].to_list() == [None]


def test_flores_is_hardly_ever_rejected(shared_data: Any) -> None:
    rows = []
    for code, tag in (("zho_Hans", "zh-Hans"), ("por_Latn", "pt"), ("ukr_Cyrl", "uk")):
        path = shared_data / "flores200" / "devtest" / f"{code}.devtest"
        rows += [(tag, line) for line in path.read_text("utf-8").splitlines()[:150]]
    assert verdicts(*rows).count(None) >= len(rows) - 1


def test_unicode_leaves_the_indentation_of_code_and_looks_at_every_reference() -> None:
    code = {"task": "code", "language": "en", "source_language": None}
    rows = frame(
        pair("def f():\n", "\n    return 1\n", **code),
        pair(" Save ", " Sichern "),
        pair("Save", "Sichern", references=["Sichern", "Spei\ufffdhern"]),
    )
    made = run(unicode, unicode.Options(name="unicode"), rows)
    assert made["output"].to_list() == ["    return 1", "Sichern", "Sichern"]
    assert made["references"][0].to_list() == ["    return 1"]
    assert made["references"][1].to_list() == ["Sichern"]
    assert [one is None for one in made["reason"]] == [True, True, False]


def test_language_by_script_and_by_identifier() -> None:
    english = "The page that you asked for could not be found on this server."
    french = "La page que vous avez demandée est introuvable sur ce serveur."
    german = "Die angeforderte Seite wurde auf diesem Server nicht gefunden."
    rows = frame(
        pair(english, german),
        pair(english, french),
        pair(english, german, language="ru"),
        pair("Save", "Sichern"),
        pair(english, "Страница %(name)s", language="ru"),
        pair(english, "ページ", language="ja"),
    )
    told = run(language, language.Options(name="language"), rows)["reason"].to_list()
    assert told[0] is None
    assert told[1] is not None
    assert told[1].startswith("the output looks like fr, not de")
    assert told[2] is not None
    assert told[2].startswith("the output is not in the script of ru")
    assert told[3:] == [None, None, None]
