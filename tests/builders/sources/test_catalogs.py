"""Catalogs as a source: which are read as which language, and what of them is an example."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest
from support.catalogs import ALL, HEADER, entry, good, read, write
from support.sources import open_source

from builders.readers.locales import locate, tag_of
from isogloss.errors import IsoglossError

# --- where catalogs lie


@pytest.mark.parametrize(
    ("path", "locale", "name"),
    [
        ("app/locale/de/LC_MESSAGES/app.po", "de", "app/locale/LC_MESSAGES/app"),
        ("gis/locale/de/LC_MESSAGES/gis.po", "de", "gis/locale/LC_MESSAGES/gis"),
        ("po/de.po", "de", "po"),
        ("de.po", "de", "."),
        ("nested/app/po/de.po", "de", "nested/app/po"),
        ("app/po/ast.po", "ast", "app/po"),
        ("locale/de/app.po", "de", "locale/app"),
        ("locale/pt_BR/gui/web.mo", "pt_BR", "locale/gui/web"),
        ("po/ca@valencia.po", "ca@valencia", "po"),
    ],
)
def test_a_locale_is_found_in_the_path_and_taken_out(
    path: str, locale: str, name: str, tmp_path: Path
) -> None:
    write(tmp_path / path, "")
    assert [(found.locale, found.name) for found in locate(tmp_path)] == [(locale, name)]


@pytest.mark.parametrize(
    ("paths", "locales"),
    [
        # Modules of Python whose names are languages', in the catalogs of a translation.
        (["es/library/csv.po", "es/library/json.po", "es/library/os.po"], ["es"] * 3),
        (["es/library/csv.po", "es/library/os.po"], ["es"] * 2),
        (["es/os.po"], ["es"]),
        (["es/os/intro.po", "es/tour/intro.po", "fr/os/intro.po"], ["es", "es", "fr"]),
        (["locale/es/os.po"], ["es"]),
        (["it/po/ast.po"], ["ast"]),
        (["my-app/de.po", "my-app/fr.po"], ["de", "fr"]),
        (["kde/de/x.po"], ["de"]),
        (["po/messages.po", "po/de.po"], ["de", ""]),
    ],
)
def test_what_lies_beside_says_which_part_is_the_locale(
    paths: list[str], locales: list[str], tmp_path: Path
) -> None:
    for path in paths:
        write(tmp_path / path, "")
    assert [found.locale for found in locate(tmp_path)] == locales


def test_a_header_says_which_part_is_the_locale(tmp_path: Path) -> None:
    header = HEADER.replace('msgstr ""\n', 'msgstr ""\n"Language: os_RU\\n"\n')
    write(tmp_path / "es/os.po", "", header=header)
    assert [found.locale for found in locate(tmp_path)] == ["os"]


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("sr@latin", "sr-Latn"),
        ("sr@Latn", "sr-Latn"),
        ("sr_RS.UTF-8@latin", "sr-Latn-RS"),
        ("sr@ijekavian", "sr-ijekavsk"),
        ("sr@ijekavianlatin", "sr-Latn-ijekavsk"),
        ("sd@devanagari", "sd-Deva"),
        ("tt@iqtelif", "tt-Latn"),
        ("be@latin", "be-Latn"),
        ("be@tarask", "be-tarask"),
        ("uz@cyrillic", "uz-Cyrl"),
        ("ks_IN@devanagari", "ks-Deva-IN"),
        ("en@shaw", "en-Shaw"),
        ("ca_ES.UTF-8@valencia", "ca-ES-valencia"),
        ("de_AT@euro", "de-AT"),
        ("de_DE@EUR", "de-DE"),
        ("de_DE@currency=EUR", "de-DE"),
        ("zh_TW.Big5", "zh-TW"),
        ("en@quot", None),
        ("en@boldquot", None),
        ("en@piglatin", None),
        ("de@", None),
        ("app-data", None),
    ],
)
def test_a_modifier_is_a_script_a_variant_a_currency_or_not_known(
    locale: str, tag: str | None
) -> None:
    assert tag_of(locale) == tag


def test_no_catalog_is_passed_over_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for locale in ("de", "de@foo", "zh_TW", "tt@iqtelif", "pt_BR", "pt_PT"):
        write(tmp_path / f"po/{locale}.po", entry("Save", locale))
    write(tmp_path / "readme.po", entry("Save", "?"))
    write(tmp_path / "po/de.mo", b"")
    details = open_source(
        "gettext", tmp_path, ("en", "de", "tt", "pt"), path=".", directions=("from-english",)
    ).details
    assert details["catalogs"] == {"de": 1, "pt": 1}
    assert details["unread"] == {
        "compiled from the .po beside": 1,
        "of a language that another file is nearer to": 1,
        "of a locale whose modifier is not known": 1,
        "of other languages than the recipe's": 2,
        "with no locale in their path": 1,
    }
    said = capsys.readouterr().err
    assert "warning: r.toml: sources[0]: 6 catalogs not read: " in said
    assert "2 of other languages than the recipe's (tt@iqtelif, zh_TW)" in said
    assert "1 of a locale whose modifier is not known (de@foo)" in said


def test_each_catalog_has_the_nearest_locale_that_it_is_in(tmp_path: Path) -> None:
    for path, text in (
        ("a/locale/pt/app.po", "pt a"),
        ("a/locale/pt_BR/app.po", "BR a"),
        ("b/locale/pt_BR/app.po", "BR b"),
        ("c/locale/pt_PT/app.po", "PT c"),
    ):
        write(tmp_path / path, entry("Save", text))
    found = read(tmp_path, languages=("en", "pt"))
    assert [target for _, target in good(found)] == ["pt a", "BR b", "PT c"]


def test_catalogs_named_for_locales_say_so_for_their_folder(tmp_path: Path) -> None:
    for name in ("ast", "sv"):
        write(tmp_path / "it" / "po" / f"{name}.po", "")
    assert [found.locale for found in locate(tmp_path)] == ["ast", "sv"]


@pytest.mark.parametrize("layout", ["po/{}.po", "{}/LC_MESSAGES/app.po", "app/{}/app.po", "{}.po"])
def test_locales_meet_in_every_layout(layout: str, tmp_path: Path) -> None:
    write(tmp_path / layout.format("de"), entry("Save", "Speichern"))
    write(tmp_path / layout.format("fr"), entry("Save", "Enregistrer"))
    found = read(tmp_path, ("between",))
    assert good(found, language="fr") == [("Speichern", "Enregistrer")]
    assert good(found, language="de") == [("Enregistrer", "Speichern")]


def test_the_nearest_locale_serves_a_language(tmp_path: Path) -> None:
    for locale, text in (("zh_HK", "儲存(港)"), ("zh_TW", "儲存")):
        write(tmp_path / "po" / f"{locale}.po", entry("Save", text))
    assert good(read(tmp_path)) == [("Save", "儲存")]


# --- what is dropped is told


@pytest.mark.parametrize(
    "directions", [("from-english",), ("to-english",), ("between",), ("to-english", "between"), ALL]
)
def test_what_is_dropped_is_told_once_in_any_direction(
    directions: tuple[str, ...], tmp_path: Path
) -> None:
    text = entry("Hello %(name)s", "Hallo") + "#, fuzzy\n" + entry("Maybe", "Viell")
    write(tmp_path / "po/de.po", text + entry("Not yet", "") + entry("Save", "Speichern"))
    write(tmp_path / "po/fr.po", entry("Save", "Enregistrer") + entry("Maybe", "Peut-être"))
    dropped = read(tmp_path, directions).filter(pl.col("rejected_by") == "source")
    reasons = sorted(reason.split(":")[0] for reason in dropped["reason"])
    assert reasons == ["fuzzy", "its placeholders differ", "untranslated"]


# --- contexts


def test_an_answer_that_hangs_on_an_unseen_context_is_no_example(tmp_path: Path) -> None:
    write(
        tmp_path / "po/ar.po",
        entry("S", "الأحد", "one letter Sunday")
        + entry("S", "السبت", "one letter Saturday")
        + entry("Order", "طلب")
        + entry("Order", "ترتيب", "sequence")
        + entry("May", "مايو", "abbrev. month")
        + entry("May", "مايو")
        + entry("Close", "أغلق", "window"),
    )
    found = read(tmp_path, ("from-english", "to-english"))
    assert good(found, language="ar") == [("May", "مايو")] * 2 + [("Close", "أغلق")]
    reasons = found.filter(language="ar", input="S")["reason"].to_list()
    assert len(reasons) == 2
    assert all("one letter Saturday, one letter Sunday" in reason for reason in reasons)
    order = found.filter(language="ar", input="Order")["reason"].to_list()
    assert all("none, sequence" in reason for reason in order)
    # From the translation, the answer is the same in all contexts.
    assert ("الأحد", "S") in good(found, language="en")


def test_contexts_are_met_across_the_catalogs_of_a_locale(tmp_path: Path) -> None:
    write(tmp_path / "de/LC_MESSAGES/a.po", entry("Open", "Öffnen", "verb") + entry("Quit", "Ende"))
    write(tmp_path / "de/LC_MESSAGES/b.po", entry("open", "Offen") + entry("Quit", "Beenden"))
    write(tmp_path / "fr/LC_MESSAGES/a.po", entry("Open", "Ouvrir", "verb"))
    found = read(tmp_path)
    # Without contexts, two translations are two right answers.
    assert good(found, language="de") == [("Quit", "Ende"), ("Quit", "Beenden")]
    assert good(found, language="fr") == [("Open", "Ouvrir")]


def test_an_answer_right_in_every_context_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "de/LC_MESSAGES/a.po", entry("Save", "Speichern", "button"))
    write(tmp_path / "de/LC_MESSAGES/b.po", entry("Save", "Speichern") + entry("&Save", "&Sichern"))
    assert good(read(tmp_path)) == [("Save", "Speichern")] * 2


@pytest.mark.parametrize(
    ("source", "target", "plain", "context"),
    [
        ("_: keyboard label\\nThe key", "Die Taste", ("The key", "Die Taste"), "keyboard label"),
        ("_: a\\nThe key", "_: a\\nDie Taste", ("The key", "Die Taste"), "a"),
        ("Playlist|Remove all", "Alle entfernen", ("Remove all", "Alle entfernen"), "Playlist"),
        ("a menu|Sort a|b", "Ordne a|b", ("Sort a|b", "Ordne a|b"), "a menu"),
        ("unit^Mage", "Magier", ("Mage", "Magier"), "unit"),
        ("Index[[Menu]]", "Register", ("Index", "Register"), "Menu"),
        ("dialog\\004Open", "Auf", ("Open", "Auf"), "dialog"),
    ],
)
def test_a_context_inside_a_msgid_is_taken_out(
    source: str, target: str, plain: tuple[str, str], context: str, tmp_path: Path
) -> None:
    write(tmp_path / "po/de.po", entry(source, target))
    found = read(tmp_path)
    assert good(found) == [plain]
    assert found["tags"].to_list() == [[f"context:{context}"]]
    assert found["group"].to_list() == [plain[0].lower().replace("|", " ")]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("yes|no", "ja|nein"),
        ("Yes|No", "Ja/Nein"),
        ("yes|no", "是｜否"),
        ("a | b", "c"),
        ("Use: open [-v|-q]", "Aufruf: open [-v|-q]"),
        ("x^2", "x^2"),
        ("Images|*.png", "Bilder|*.png"),
        ("_: no end", "_: kein Ende"),
    ],
)
def test_a_bar_that_is_text_stays(source: str, target: str, tmp_path: Path) -> None:
    write(tmp_path / "po/de.po", entry(source, target))
    assert good(read(tmp_path)) == [(source, target)]


def test_plurals_with_a_context_inside(tmp_path: Path) -> None:
    write(
        tmp_path / "po/de.po",
        'msgid "File|%d copy"\nmsgid_plural "File|%d copies"\n'
        'msgstr[0] "%d Kopie"\nmsgstr[1] "%d Kopien"\n\n'
        + entry("_n: One day\\n%n days", "Ein Tag\\n%n Tage"),
    )
    found = read(tmp_path)
    assert good(found) == [("%d copy", "%d Kopie"), ("%d copies", "%d Kopien")]
    assert "its plural forms are in one string" in found["reason"][2]


def test_texts_that_differ_by_a_context_inside_are_no_examples(tmp_path: Path) -> None:
    write(tmp_path / "po/de.po", entry("Menu|Open", "Öffnen") + entry("State|Open", "Offen"))
    found = read(tmp_path)
    assert not good(found)
    assert all("Menu, State" in reason for reason in found["reason"])


# --- credits


@pytest.mark.parametrize(
    ("source", "context", "comment"),
    [
        ("translator-credits", "", ""),
        ("translator_credits", "", ""),
        ("TRANSLATOR_CREDITS", "", ""),
        ("translator credits", "", ""),
        ("_translatorinfo", "", ""),
        ("ROLES_OF_TRANSLATORS", "", ""),
        ("CREDIT_FOR_TRANSLATORS", "", ""),
        ("translators", "", ""),
        ("TRANSLATORS", "", ""),
        ("Your names", "", ""),
        ("YOUR NAME", "", ""),
        ("YOUR NAMES", "", ""),
        ("YOUR EMAIL ADDRESS", "", ""),
        ("Your names", "NAME OF TRANSLATORS", ""),
        ("Your emails", "EMAIL OF TRANSLATORS", ""),
        ("_: NAME OF TRANSLATORS\\nYour names", "", ""),
        ("Thanks", "", "#. Put one translator per line, in the form NAME <EMAIL>, YEAR1, YEAR2\n"),
        ("Written by", "", "#. TRANSLATORS: replace this with your own name\n"),
    ],
)
def test_credits_of_translators_are_rejected(
    source: str, context: str, comment: str, tmp_path: Path
) -> None:
    text = comment + entry(source, "Erika Beispiel", context) + entry("Open", "Auf")
    write(tmp_path / "po/de.po", text)
    found = read(tmp_path, ("from-english", "to-english"))
    assert good(found) == [("Open", "Auf"), ("Auf", "Open")]
    assert found["reason"].drop_nulls().to_list() == [
        "names its translators, and is no translation"
    ]


def test_an_address_that_only_the_translation_has_is_of_its_translators(tmp_path: Path) -> None:
    write(
        tmp_path / "po/de.po",
        entry("Report bugs to <a@example.org>", "Fehler an <a@example.org>, <de@example.org>")
        + entry("Write to you@example.org", "An sie@example.org")
        + entry("Translators", "Übersetzer")
        + entry("Translator Credits", "Übersetzung")
        + entry("Your name", "Ihr Name"),
    )
    found = read(tmp_path)
    assert [source for source, _ in good(found)] == [
        "Write to you@example.org", "Translators", "Translator Credits", "Your name",
    ]  # fmt: skip


def test_what_launchpad_lists_is_of_its_translators(tmp_path: Path) -> None:
    listed = "Launchpad Contributions:\\n  Erika https://launchpad.net/~erika"
    write(
        tmp_path / "po/de.po",
        entry("Translated by", listed)
        + entry("About the team", "Erika: https://launchpad.net/~erika")
        + entry("See https://launchpad.net/~team", "Siehe https://launchpad.net/~team")
        + entry("Launchpad Contributions", "Beiträge auf Launchpad"),
    )
    assert [source for source, _ in good(read(tmp_path))] == [
        "See https://launchpad.net/~team", "Launchpad Contributions",
    ]  # fmt: skip


# --- placeholders


def test_a_text_has_one_group_whatever_marks_its_translations_have(tmp_path: Path) -> None:
    write(tmp_path / "po/de.po", entry("Sa&ve", "Spei&chern") + entry("Save", "Sichern"))
    write(tmp_path / "po/fr.po", entry("Sa&ve", "Enregistrer"))
    assert read(tmp_path)["group"].unique().to_list() == ["save"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a pointer of Git LFS"),
        (gzip.compress(b'msgid "a"\nmsgstr "b"\n', mtime=0), "holds a compressed file"),
        ('msgid "a"\nmsgstr "b"\n'.encode("utf-16"), "is UTF-16, not UTF-8"),
    ],
)
def test_what_is_no_catalog_yet_is_told_as_what_it_is(
    data: bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / "de.po").write_bytes(data)
    with pytest.raises(IsoglossError, match=rf"de\.po.*{told}"):
        list(open_source("gettext", tmp_path, ("en", "de"), path=".").frames)
