"""Filters of numbers, addresses, placeholders, markup and personal data."""

from __future__ import annotations

import numpy as np
import pytest
from support.filters import kept, pair, ran, reasons, scored

from builders.filters import (
    links,
    markup,
    numbers,
    pii,
    placeholders,
)
from isogloss.errors import IsoglossError


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("It sold 1,234,567 copies in 1998 and 2003.", "1998 und 2003: 1.234.567 Stück"),
        ("It sold 1,234,567 copies in 1998 and 2003.", "1998 et 2003 : 1 234 567 exemplaires"),
        ("12.5% of 2500 in 1999", "12,5 % von 2.500 im Jahr 1999"),
        ("In 1999, 2500 of 3100", "۱۹۹۹: ۲۵۰۰ از ۳۱۰۰"),
        ("In 1999, 2500 of 3100", "1999 में 3100 में से २५००"),
        ("In 1999, 2500 of 3100", "１９９９年、３１００のうち２５００"),
        ("five of 1999", "5 von 1999"),
    ],
)
def test_numbers_agree_in_any_digits_and_separators(source: str, target: str) -> None:
    assert scored(numbers, pair(source, target))["agreement"].to_list() == [1.0]


def test_other_numbers_fall() -> None:
    rows = (
        pair("From 1914 to 1918", "Von 1939 bis 1945"),
        pair("From 1914 to 1918", "Von 1914 bis 1945"),
        pair("From 1914 to 1918", "Von 1939 bis 1945", task="qa"),
        pair("no number", "keine Zahl"),
    )
    assert reasons(numbers, *rows) == ["0% of the numbers agree", None, None, None]
    assert kept(numbers, *rows, min_agreement=0.6) == [False, False, True, True]
    assert np.isnan(scored(numbers, rows[3])["agreement"][0])


def test_addresses_must_be_the_same_whatever_stands_around_them() -> None:
    rows = (
        pair("See https://x.org/a?b=1.", "请看https://x.org/a?b=1。"),
        pair("See https://x.org/a.", "Siehe https://x.org/b."),
        pair("Write to a.b@x.org", "Schreiben Sie (a.b@x.org)!"),
        pair("Write to a.b@x.org", "Schreiben Sie uns!"),
        pair("me @ home", "ich @ Hause"),
    )
    assert kept(links, *rows) == [True, False, True, False, True]
    assert kept(links, *rows, min_agreement=0.0) == [True] * 5


@pytest.mark.parametrize(
    ("source", "target", "differing"),
    [
        ("%s of %d", "%2$d von %1$s", 0),
        ("{0} of {1}", "{1}: {0}", 0),
        ("Hello {name}", "Hallo", 1),
        ("%(n)s", "%(m)s", 2),
        ("<b>Hi</b> $HOME", "<B>Hallo</B> $HOME", 0),
        ("<b>Hi</b>", "Hallo", 2),
        ("Hi ${user}", "Hallo ${User}", 2),
        ("costs $5", "kostet 5 $", 0),
        ("100% sure", "100 % sicher", 0),
        ("a < b and c > d", "a < b und c > d", 0),
        (
            "{n, plural, one {# file} other {# files}} in {d}",
            "{n, plural, one {# plik} few {# pliki} other {# plików}} w {d}",
            0,
        ),
        ("{n, plural, one {a} other {b}}", "{m, plural, other {c}}", 2),
        ("{n, plural, one {a", "{n, plural, one {a", 0),
    ],
)
def test_placeholders_must_be_the_same(source: str, target: str, differing: int) -> None:
    row = pair(source, target)
    assert scored(placeholders, row)["differing"].to_list() == [differing]
    assert kept(placeholders, row) == [differing == 0]


def test_tags_may_be_left_out_of_the_comparison() -> None:
    assert kept(placeholders, pair("<b>Hi</b>", "Hallo"), tags=False) == [True]


def test_strings_that_are_half_code_may_be_left_out() -> None:
    rows = (
        pair("Select %(name)s to go on.", "%(name)s zum Fortfahren wählen."),
        pair("Select it to go on.", "Zum Fortfahren wählen."),
        pair("100% of it <b>now</b>", "100 % davon <b>jetzt</b>"),
    )
    assert kept(placeholders, *rows) == [True, True, True]
    assert kept(placeholders, *rows, max_placeholders=0) == [False, True, False]
    assert kept(placeholders, *rows, max_placeholders=0, tags=False) == [False, True, True]
    assert scored(placeholders, *rows, max_placeholders=1)["placeholders"].to_list() == [1, 0, 2]
    assert kept(placeholders, rows[0] | {"task": "qa"}, max_placeholders=0) == [True]


# markup


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>Hello <b>bold <i>it</i></b> world</p>", "Hello bold it world"),
        ("H<sub>2</sub>O &amp; more&#8230;", "H2O & more…"),
        ('<a href="x">hier</a> klicken<br/>ok', "hier klicken\nok"),
        ("see [docs](https://x.org/a) and **bold** text", "see docs and bold text"),
        ("中文**重点**内容", "中文重点内容"),
        ("[[Paris|the city]]", "the city"),
        ("<script>alert(1)</script>hi<!-- c -->", "hi"),
        ("a < b && c > d", None),
        ("if a <b and c> d", None),
        ("std::vector<int> x; Map<K,V> y; List<A> z", None),
        ("2**3**4 a[i](x) [[nodiscard]] **kwargs", None),
        ("&unknown; AT&T", None),
        ("<T> Option<U> <me@x.org>", None),
    ],
)
def test_markup_goes_and_code_stays(text: str, plain: str | None) -> None:
    result = ran(markup, pair("a", text), action="strip")
    assert result["output"].to_list() == [text if plain is None else plain]
    assert result["references"].to_list() == [result["output"].to_list()]
    assert kept(markup, pair("a", text)) == [plain is None]


def test_markup_of_programs_is_left_alone() -> None:
    row = pair("<p>f</p>", "<p>x</p>", task="code")
    assert ran(markup, row, action="strip")["output"].to_list() == ["<p>x</p>"]
    assert kept(markup, row) == [True]


# pii


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Mail hans.mueller@web.de or +49 30 901820.", "Mail <EMAIL> or <PHONE>."),
        ("邮箱abc@qq.com查看", "邮箱<EMAIL>查看"),
        ("DE89 3704 0044 0532 0130 00 UND MEHR", "<IBAN> UND MEHR"),
        ("DE88 3704 0044 0532 0130 00", None),
        ("4111 1111 1111 1111", "<CARD>"),
        ("4111 1111 1111 1112", None),
        ("IP 93.184.216.34 or 2001:4860:4860::8888", "IP <IP> or <IP>"),
        ("v1.2.3.4 at 12:30:45, 192.168.10.20", None),
        ("اتصل على +٩٦٦٥٠١٢٣٤٥٦٧", "اتصل على <PHONE>"),
        ("a@example.org, ISBN 9783161484100, 1985-1990, +20 years", None),
    ],
)
def test_personal_data_are_masked_and_numbers_are_not(text: str, masked: str | None) -> None:
    pytest.importorskip("phonenumbers")
    pytest.importorskip("stdnum")
    row = pair(text, text, context=text, instruction=text, references=[text, "x"])
    result = ran(pii, row).row(0, named=True)
    expected = text if masked is None else masked
    names = ("input", "output", "context", "instruction")
    assert [result[name] for name in names] == [expected] * 4
    assert result["references"] == [expected, "x"]
    assert reasons(pii, row, action="drop") == [None if masked is None else "holds personal data"]


def test_kinds_and_countries_are_chosen() -> None:
    pytest.importorskip("phonenumbers")
    pytest.importorskip("stdnum")
    text = "a@b.de, (415) 555-2671"
    assert ran(pii, pair("a", text), kinds=["email"])["output"].to_list() == [
        "<EMAIL>, (415) 555-2671"
    ]
    assert ran(pii, pair("a", text), regions=["US"])["output"].to_list() == ["<EMAIL>, <PHONE>"]
    with pytest.raises(IsoglossError, match="'XX' is no country"):
        ran(pii, pair("a", text), regions=["XX"])
