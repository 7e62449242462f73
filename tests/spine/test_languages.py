from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isogloss.errors import IsoglossError
from isogloss.languages import (
    canonical,
    describe,
    display_name,
    from_locale,
    is_language,
    same_language,
    to_flores,
)


@pytest.mark.parametrize(
    ("given_tag", "tag"),
    [
        ("deu_Latn", "de"),
        ("zho_Hans", "zh-Hans"),
        ("zh_hant", "zh-Hant"),
        ("srp_Latn", "sr-Latn"),
        ("pt_BR", "pt-BR"),
        ("iw", "he"),
        ("arb_Arab", "ar"),
        ("pes_Arab", "fa"),
        ("EN", "en"),
    ],
)
def test_tags_from_the_edges_become_canonical(given_tag: str, tag: str) -> None:
    assert canonical(given_tag) == tag
    assert canonical(tag) == tag


@pytest.mark.parametrize("text", ["", "xx", "und", "klingonese", "de/../../etc", "a" * 300])
def test_what_is_no_tag_is_told_with_its_place(text: str) -> None:
    assert not is_language(text)
    with pytest.raises(IsoglossError, match=r"recipe\.toml: .*BCP 47"):
        canonical(text, where="recipe.toml")


@pytest.mark.parametrize(
    ("tag", "code"),
    [("de", "deu_Latn"), ("zh-Hant", "zho_Hant"), ("sr", "srp_Cyrl"), ("ar", "arb_Arab")],
)
def test_flores_codes_are_written_at_the_edge(tag: str, code: str) -> None:
    assert to_flores(tag) == code


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("pt_BR", "pt-BR"),
        ("sr@latin", "sr-Latn"),
        ("sr_Latn", "sr-Latn"),
        ("zh_Hans", "zh-Hans"),
        ("ca@valencia", "ca-valencia"),
        ("de_DE.UTF-8", "de-DE"),
        ("C", None),
        ("", None),
    ],
)
def test_gettext_locales_become_tags(locale: str, tag: str | None) -> None:
    assert from_locale(locale) == tag


def test_names_are_in_the_instructions_language() -> None:
    assert display_name("de", "ja") == "ドイツ語"
    assert display_name("zh-Hans", "de") == "Chinesisch (vereinfacht)"
    assert display_name("pt-BR", "uk") == "португальська"


def test_what_is_known_of_a_language() -> None:
    persian = describe("fa")
    assert (persian.script, persian.direction, persian.resource_class) == ("Arab", "rtl", 4)
    assert describe("ja").autonym == "日本語"
    assert describe("yo").resource_class == 0


def test_territory_does_not_make_another_language_but_script_does() -> None:
    assert same_language("pt", "pt-BR")
    assert not same_language("sr", "sr-Latn")
    assert not same_language("zh-Hans", "zh-Hant")


@given(st.text(max_size=30))
def test_any_text_is_a_tag_or_a_clear_error(text: str) -> None:
    try:
        assert canonical(canonical(text)) == canonical(text)
    except IsoglossError as error:
        assert "is not a language tag" in str(error)
