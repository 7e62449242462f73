from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.flores import FLORES_200, FLORES_PLUS

from isogloss.errors import IsoglossError
from isogloss.languages import (
    UNKNOWN_SCRIPT,
    canonical,
    describe,
    display_name,
    flores_codes,
    from_locale,
    is_language,
    macrolanguage,
    maximal,
    same_language,
    to_flores,
)
from isogloss.scripts import count, scripts


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
        # Extended languages (RFC 5646, 4.5).
        ("ar-arz", "arz"),
        ("zh-hak", "hak"),
        ("ms-zsm", "ms"),
        ("zh-cmn-Hans-CN", "zh-Hans-CN"),
        ("zh-yue-Hant-HK", "yue-Hant-HK"),
        ("lv-ltg", "ltg"),
        ("kok-gom", "gom"),
        ("sgn-ase", "ase"),
        # Grandfathered, redundant and deprecated ones, as the registry and CLDR say them today.
        ("i-klingon", "tlh"),
        ("zh-min-nan", "nan"),
        ("art-lojban", "jbo"),
        ("en-GB-oed", "en-GB-oxendict"),
        ("sgn-US", "ase"),
        ("SGN-USA", "ase"),
        ("no-nynorsk", "nn"),
        ("hy-arevmda", "hyw"),
        ("hy-AM-arevela", "hy-AM"),
        ("el-polytoni", "el-polyton"),
        ("in", "id"),
        ("ji", "yi"),
        ("mo", "ro"),
        ("sh", "sr-Latn"),
        ("hbs_Cyrl", "sr-Cyrl"),
        ("sr-YU", "sr-RS"),
        ("zkb", "kjh"),
        # As Microsoft, Java and translation tools write them.
        ("ZH-CHT", "zh-Hant"),
        ("zh-CHS", "zh-Hans"),
        ("ZH-TWN", "zh-TW"),
        ("en-USA", "en-US"),
        ("az-AZ-Latn", "az-Latn-AZ"),
        ("zh_TW_#Hant", "zh-Hant-TW"),
        ("SR-LATN-RS", "sr-Latn-RS"),
        # What is carried as it is.
        ("qaa", "qaa"),
        ("en-x-foo", "en-x-foo"),
        ("de-u-co-phonebk", "de-u-co-phonebk"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske", "sl-biske-rozaj"),  # in the order of UTS 35
        # Younger than langcodes' registry.
        ("rsk", "rsk"),
        ("scz", "scz"),
        ("isv", "isv"),
        ("tok", "tok"),
    ],
)
def test_tags_from_the_edges_become_canonical(given_tag: str, tag: str) -> None:
    assert canonical(given_tag) == tag
    assert canonical(tag) == tag


NO_TAGS = [
    ("", "characters"),
    ("xx", "'xx' is no language"),
    ("und", "says no language"),
    ("und-Latn", "says no language"),
    ("root", "says no language"),
    ("i-enochian", "says no language"),
    ("x-foo", "qaa to qtz"),
    ("klingonese", "characters"),
    ("klingon", "a language code"),
    ("de/../../etc", "is no character set"),
    ("a" * 300, "over 255"),
    ("en" + "-a-bb" * 200, "over 255"),
    ("de-arz", "'arz' is no extended language of de"),
    ("ar-foo", "'foo' is no extended language of ar"),
    ("zh-cht-cht", "two extended languages"),
    ("zh-CHX", "'chx' is no extended language of zh"),
    ("de-Latx", "'Latx' is no script"),
    ("de-QC", "'QC' is no territory"),
    ("de-foobar", "'foobar' is no variant"),
    ("de-1901-1901", "there twice"),
    ("en-a-bbb-a-ccc", "there twice"),
    ("de@quux", "the modifier 'quux' is not known"),
    ("sr_Latn@cyrillic", "two scripts"),
    ("de.po", "'po' is no character set"),
    ("de-x", "followed by something"),
    ("dé", "ASCII"),
    ("de\x00", "alphanumeric"),
]


@pytest.mark.parametrize(("text", "problem"), NO_TAGS)
def test_a_part_that_is_not_understood_is_told_with_its_place(text: str, problem: str) -> None:
    assert not is_language(text)
    assert from_locale(text) is None
    with pytest.raises(IsoglossError, match=r"recipe\.toml: .*BCP 47") as caught:
        canonical(text, where="recipe.toml")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("tag", "code"),
    [("de", "deu_Latn"), ("zh-Hant", "zho_Hant"), ("sr", "srp_Cyrl"), ("ar", "arb_Arab")],
)
def test_flores_codes_are_written_at_the_edge(tag: str, code: str) -> None:
    assert to_flores(tag) == code


@pytest.mark.parametrize(
    ("tag", "flores_200", "flores_plus"),
    [
        ("fa-AF", "prs_Arab", "prs_Arab"),
        ("fa", "pes_Arab", "pes_Arab"),
        ("et", "est_Latn", "ekk_Latn"),
        ("fil", "tgl_Latn", "fil_Latn"),
        ("zh-Hans", "zho_Hans", "cmn_Hans"),
        ("zh-TW", "zho_Hant", "cmn_Hant"),
        ("gn", "grn_Latn", "gug_Latn"),
        ("ajp", "ajp_Arab", "apc_Arab_sout3123"),
        ("ca-valencia", "cat_Latn", "cat_Latn_vale1252"),
        ("lld-x-gard1241", "lld_Latn", "lld_Latn_gard1241"),
        ("pt-BR", "por_Latn", "por_Latn"),
    ],
)
def test_the_editions_of_flores_name_some_languages_otherwise(
    tag: str, flores_200: str, flores_plus: str
) -> None:
    assert (to_flores(tag, "FLORES-200"), to_flores(tag, "FLORES+")) == (flores_200, flores_plus)
    assert flores_codes(tag) == tuple(dict.fromkeys((flores_200, flores_plus)))


def test_every_code_of_both_editions_of_flores_comes_back() -> None:
    assert len(FLORES_200) == 204
    assert len({canonical(code) for code in FLORES_200}) == 204
    assert [code for code in FLORES_200 if to_flores(canonical(code), "FLORES-200") != code] == []
    assert len({canonical(code) for code in FLORES_PLUS}) == len(FLORES_PLUS)
    assert [code for code in FLORES_PLUS if to_flores(canonical(code), "FLORES+") != code] == []


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("pt_BR", "pt-BR"),
        ("sr@latin", "sr-Latn"),
        ("sr_Latn", "sr-Latn"),
        ("zh_Hans", "zh-Hans"),
        ("ca@valencia", "ca-valencia"),
        ("de_DE.UTF-8", "de-DE"),
        ("sr_RS@latin", "sr-Latn-RS"),
        ("sr@ijekavianlatin", "sr-Latn-ijekavsk"),
        ("sr@ijekavian", "sr-ijekavsk"),
        ("sd_IN@devanagari", "sd-Deva-IN"),
        ("tt@iqtelif", "tt-Latn"),
        ("uz@cyrillic", "uz-Cyrl"),
        ("nan_TW@latin", "nan-Latn-TW"),
        ("en@shaw", "en-Shaw"),
        ("aa_ER@saaho", "ssy-ER"),
        ("be@tarask", "be-tarask"),
        ("de_DE.ISO-8859-15@euro", "de-DE"),
        ("zh_CN.GB18030", "zh-CN"),
        ("en@quot", None),
        ("os.po", None),
        ("no_bar", None),
        ("C", None),
        ("C.UTF-8", None),
        ("POSIX", None),
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


@pytest.mark.parametrize(
    ("tag", "script", "direction"),
    [
        ("grc", "Grek", "ltr"),
        ("azb", "Arab", "rtl"),
        ("acm", "Arab", "rtl"),
        ("acq", "Arab", "rtl"),
        ("afb", "Arab", "rtl"),
        ("hyw", "Armn", "ltr"),
        ("xal", "Cyrl", "ltr"),
        ("kjh", "Cyrl", "ltr"),
        ("evn", "Cyrl", "ltr"),
        ("rsk", "Cyrl", "ltr"),
        ("aii", "Syrc", "rtl"),
        ("gom", "Deva", "ltr"),
        ("ajp", "Arab", "rtl"),
        ("cnr", "Latn", "ltr"),
        ("az-IR", "Arab", "rtl"),
        ("pa-PK", "Arab", "rtl"),
        ("zh-HK", "Hant", "ltr"),
        ("zh-SG", "Hans", "ltr"),
        ("ja-hepburn", "Latn", "ltr"),
        ("ks-Deva", "Deva", "ltr"),
        ("qaa", UNKNOWN_SCRIPT, "auto"),
        ("ber", UNKNOWN_SCRIPT, "auto"),
        ("qaa-Arab", "Arab", "rtl"),
    ],
)
def test_the_script_of_a_tag_and_where_it_is_written_from(
    tag: str, script: str, direction: str
) -> None:
    known = describe(tag)
    assert (known.script, known.direction) == (script, direction)


def test_a_language_of_which_nothing_is_known_has_a_name_and_no_script() -> None:
    nobody = describe("qaa")
    assert (nobody.name, nobody.autonym, nobody.family) == ("qaa", "qaa", "")
    assert scripts("qaa") == ()
    assert describe("rsk").name == "Ruthenian"
    assert display_name("rsk-Cyrl", "de") == "Ruthenian"
    counted = count(pl.Series(["γειά", "αb1"]), pl.Series(["qaa", "qaa"]))
    assert counted["letters"].to_list() == counted["inside"].to_list() == [4, 2]


def test_members_of_a_macrolanguage() -> None:
    assert {macrolanguage(tag) for tag in ("sr", "hr", "bs", "cnr", "sh")} == {"sh"}
    assert (macrolanguage("nb"), macrolanguage("arz"), macrolanguage("de")) == ("no", "ar", "de")


def test_what_is_likely_fills_a_tag_up() -> None:
    assert maximal("zh-TW") == maximal("zh-Hant") == "zh-Hant-TW"
    assert maximal("en-x-foo") == "en-Latn-US-x-foo"
    assert maximal("qaa") == "qaa"


@pytest.mark.parametrize("tag", ["en-x-foo", "en-fonipa", "en-t-ja", "en-Shaw"])
def test_what_a_tag_says_beside_the_language_makes_another_of_it(tag: str) -> None:
    assert not same_language(tag, "en")
    assert same_language(tag, tag)


def test_territory_does_not_make_another_language_but_script_does() -> None:
    assert same_language("pt", "pt-BR")
    assert not same_language("sr", "sr-Latn")
    assert not same_language("zh-Hans", "zh-Hant")
    assert same_language("zh-Hant", "zh-HK")
    assert same_language("sr-Latn", "sr-Latn-ijekavsk")
    assert not same_language("ja", "ja-hepburn")
    # Dari, a language of its own.
    assert not same_language("fa", "fa-AF")


LETTERS = st.text("abcdefghijklmnopqrstuvwxyzABZ0189-_@.#", max_size=24)
PARTS = st.sampled_from(
    "de zh ar sr x en i sgn chs arz hak min nan latn hant de cn usa 419 1901 valencia latin x u t "
    "co fonipa a b klingon euro utf-8 hbs prs qaa qtz Qaaa".split()
)


TEXTS = (
    st.text(max_size=30)
    | LETTERS
    | st.lists(PARTS, max_size=6).map("-".join)
    | st.tuples(st.lists(PARTS, max_size=3).map("_".join), PARTS).map("@".join)
)


def is_a_tag_or_a_clear_error(text: str) -> None:
    try:
        tag = canonical(text)
    except IsoglossError as error:
        assert "is not a language tag" in str(error)
        assert "\n" not in str(error)
    else:
        assert canonical(tag) == tag
        assert describe(tag).tag == tag
        assert same_language(tag, maximal(tag)) or describe(tag).script == UNKNOWN_SCRIPT
        assert all(is_language(code) for code in flores_codes(tag))


@given(TEXTS)
def test_any_text_is_a_tag_or_a_clear_error(text: str) -> None:
    is_a_tag_or_a_clear_error(text)


@pytest.mark.slow
@given(TEXTS)
@settings(max_examples=20_000, deadline=None)
def test_any_of_many_texts_is_a_tag_or_a_clear_error(text: str) -> None:
    is_a_tag_or_a_clear_error(text)
