"""Gettext catalogs: what a translator would sign becomes examples, what is broken is told."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_reading import open_source

from builders.sources import _locales, _po, gettext
from builders.sources._base import Context
from isogloss.errors import IsoglossError

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=n != 1;\\n"\n\n'
)
ALL = ("from-english", "to-english", "between")


def read(
    folder: Path,
    directions: tuple[str, ...] = ("from-english",),
    languages: tuple[str, ...] = ("en", "de", "fr", "ar", "pl", "zh-Hant"),
    **options: Any,
) -> pl.DataFrame:
    """Return all examples of the catalogs below a folder."""
    context = Context(languages, ("translation",), folder, "r.toml: sources[0]", 42)
    chosen = gettext.Options.model_validate(
        {"name": "s", "kind": "gettext", "path": ".", "licence": "MIT"}
        | {"directions": directions, **options}
    )
    return pl.concat(list(gettext.read(chosen, context).frames))


def good(frame: pl.DataFrame, **equal: Any) -> list[tuple[str, str]]:
    """Return input and output of the examples that are kept."""
    kept = frame.filter(pl.col("rejected_by").is_null())
    return [tuple(row) for row in kept.filter(**equal).select("input", "output").rows()]


def write(path: Path, text: str | bytes, *, header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else (header + text).encode())
    return path


def entry(source: str, target: str, context: str = "") -> str:
    told = f'msgctxt "{context}"\n' if context else ""
    return f'{told}msgid "{source}"\nmsgstr "{target}"\n\n'


def first_line_of_entries() -> int:
    return HEADER.count("\n") + 1


# --- broken files


@pytest.mark.parametrize(
    ("lines", "wrong", "told"),
    [
        ('msgid "The file could not be opened./\nmsgstr "Die Datei"\n', 0, "quotes are not closed"),
        ('msgid "Open"\nmsgstr Die Datei konnte nicht\n', 1, "must be in quotes"),
        ('msgid "Open"\nmsgstr "Öffnen\\"\n', 1, "quotes are not closed"),
        ('msgid "Open"\nmsgstr ""\nÖffnen"\n', 2, "neither a comment"),
        ('msgid "Open"\nmsgstr "Öff"nen"\n', 1, "something is after its quotes"),
        ('msgid "Open"\nmsgtxt "Öffnen"\n', 1, "an unknown keyword"),
        ('msgid "Open"\nmsgid "Öffnen"\n', 1, "out of its place"),
        ('msgid "a"\nmsgstr "b"\n#~ msgid "Old\n#~ msgstr "Alt"\n', 2, "quotes are not closed"),
    ],
)
def test_a_broken_entry_is_a_rejected_row_and_costs_no_other(
    lines: str, wrong: int, told: str, tmp_path: Path
) -> None:
    write(tmp_path / "de/LC_MESSAGES/a.po", f"{lines}\n{entry('Save', 'Speichern')}")
    found = read(tmp_path)
    assert ("Save", "Speichern") in good(found)
    assert not {"Open", "Öffnen", "Old"} & {text for row in good(found) for text in row}
    (reason,) = found["reason"].drop_nulls()
    place = f"at de/LC_MESSAGES/a.po:{first_line_of_entries() + wrong}"
    assert reason.startswith("broken: ")
    assert told in reason
    assert reason.endswith(place)


def test_a_file_of_which_no_entry_is_whole_is_no_catalog(tmp_path: Path) -> None:
    write(tmp_path / "de/LC_MESSAGES/a.po", "Dear all,\nhere it is\n", header="")
    place = r"a\.po:1: is not a gettext catalog \(neither a comment"
    with pytest.raises(IsoglossError, match=place) as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        # An entry without its end, at the next one, which an empty line parts from it.
        ('msgid "a"\n\nmsgid "b"\nmsgstr "c"\n', [("b", "c")]),
        # A merge that was never finished.
        ('msgid "a"\n<<<<<<< HEAD\nmsgstr "b"\n=======\nmsgstr "c"\n>>>>>>> x\n', []),
        ('msgid "a"\nmsgstr "b"\n\n>>>>>>> x\n\nmsgid "c"\nmsgstr "d"\n', [("a", "b"), ("c", "d")]),
        # What is broken takes no flag from the next one.
        ('msgid "a\n\n#, fuzzy\nmsgid "b"\nmsgstr "c"\n', []),
        ('msgid "a \\q"\nmsgstr "b"\nmsgid "c"\nmsgstr "d"\n', [("c", "d")]),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr[1] "c"\n', []),
    ],
)
def test_where_a_broken_entry_ends(text: str, kept: list[tuple[str, str]], tmp_path: Path) -> None:
    write(tmp_path / "de/LC_MESSAGES/a.po", text)
    found = read(tmp_path)
    assert good(found) == kept
    assert found["reason"].is_not_null().any()


def test_every_form_that_gnu_gettext_reads_is_read(tmp_path: Path) -> None:
    body = (
        "#Comment without a space\n#: a.c:1\n#. extracted\n#,fuzzy\n#| msgid \"Old\n"
        'msgid "Maybe"\nmsgstr "Vielleicht"\n\n'
        "  \tmsgid \"A \" \"b\"\n  msgstr\"Ä\" \"\"\n\"  \\\\\"\n\n"
        'msgid "Say \\"hi\\"\\n"\nmsgstr "Sag \\"hi\\"\\n"\n\n'
        'msgid "Line\u2028two"\nmsgstr "Zeile\u2028zwei"\n\n'
        'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "%d Datei"\nmsgstr [ 1 ] "%d Dateien"\n'
        '#~| msgid "Older"\n#~msgid "Old"\n#~ msgstr "Alt"\n#~\n# the end'
    )  # fmt: skip
    text = (HEADER + body).replace("\n", "\r\n").encode("utf-8-sig")
    write(tmp_path / "de/LC_MESSAGES/a.po", text)
    found = read(tmp_path)
    assert good(found) == [
        ("A b", "Ä  \\"), ('Say "hi"\n', 'Sag "hi"\n'), ("Line\u2028two", "Zeile\u2028zwei"),
        ("%d file", "%d Datei"), ("%d files", "%d Dateien"),
    ]  # fmt: skip
    reasons = dict(found.select("input", "reason").drop_nulls().rows())
    assert reasons["Maybe"].startswith("fuzzy")
    assert reasons["Old"].startswith("obsolete")
    assert "" not in found["input"].to_list(), "the header is no example"


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1))
def test_what_polib_writes_is_read_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[tuple[str, str]]
) -> None:
    made = polib.POFile()
    made.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    for source, target in texts:
        made.append(polib.POEntry(msgid=source, msgstr=target))
    folder = tmp_path_factory.mktemp("po")
    # polib itself splits what it wraps at these, and does not escape them.
    text = str(made)
    if any(separator in text for separator in "\x1c\x1d\x1e\x85\u2028\u2029\r"):
        return
    (folder / "a.po").write_bytes(text.encode())
    read_back = [(one.msgid, one.forms[0]) for one in _po.open_catalog(folder / "a.po").entries[1:]]
    assert read_back == texts


@given(st.binary() | st.text().map(str.encode), st.sampled_from(["a.po", "a.mo"]))
def test_any_bytes_are_a_catalog_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(b"\xde\x12\x04\x95" + data if name == "a.mo" else data)
    try:
        _po.open_catalog(path)
    except IsoglossError as error:
        assert "is not a gettext catalog" in str(error)


def test_an_encoding_is_the_headers(tmp_path: Path) -> None:
    header = HEADER.replace("UTF-8", "ISO-8859-1")
    path = tmp_path / "de/LC_MESSAGES/a.po"
    write(path, (header + entry("Open", "Öffnen")).encode("latin-1"))
    assert good(read(tmp_path)) == [("Open", "Öffnen")]
    write(path, (HEADER + entry("Open", "Öffnen") + entry("Save", "Auf")).encode("latin-1"))
    found = read(tmp_path)
    assert good(found) == [("Save", "Auf")]
    assert found["output"][0] == "\ufffdffnen"
    assert "is not UTF-8, the encoding of its header" in found["reason"][0]
    write(path, (HEADER.replace("UTF-8", "hex") + entry("Open", "Auf")).encode())
    with pytest.raises(IsoglossError, match="is not a gettext catalog"):
        read(tmp_path)


def _mo(folder: Path) -> bytes:
    po = polib.pofile(HEADER + entry("Save", "Speichern") + entry("Open", "Öffnen"))
    po.save_as_mofile(str(folder / "made.mo"))
    data = (folder / "made.mo").read_bytes()
    (folder / "made.mo").unlink()
    return data


def test_a_mo_whose_offsets_leave_it_is_told(tmp_path: Path) -> None:
    data = _mo(tmp_path)
    path = tmp_path / "de/LC_MESSAGES/a.mo"
    write(path, data)
    assert good(read(tmp_path)) == [("Open", "Öffnen"), ("Save", "Speichern")]
    _, _, count, ids, texts = struct.unpack_from("<5I", data)
    longer = bytearray(data)
    struct.pack_into("<I", longer, texts + 8 * (count - 1), 1 << 30)
    many = bytearray(data)
    for table in (ids, texts):
        for row in range(count):
            struct.pack_into("<2I", many, table + 8 * row, len(data) - 8, 0)
    broken = {
        "does not begin": b"\x00" + data[1:],
        "past its end": data[:-3],
        "a string leads": bytes(longer),
        "longer than the file": bytes(many),
        "gettext catalog": data[:6],
        "table of strings": data[:8] + struct.pack("<I", 1 << 31) + data[12:],
    }
    for told, content in broken.items():
        write(path, content)
        with pytest.raises(IsoglossError, match=told):
            read(tmp_path)


_AWKWARD = (
    HEADER
    + """#, c-format
msgid "at %<PRIuMAX> of %s"
msgstr "von %2$s an %1$<PRIuMAX>"

#, c-format
msgid "%d tracks"
msgstr "%Id Spuren"

msgctxt "menu" msgid "tab\\tbell\\a" msgstr "\\303\\244\\x21"

msgctxt
""
"dialogue"
msgid
"one "
"two"

msgstr "eins "

"zwei"

#, c-format fuzzy
msgid "Open"
msgstr "Zu"

#! fuzzy
msgid "Close"
msgstr "Auf"

#,fuzzy,c-format
msgid "Away"
msgstr "Her"

#, no-c-format
msgid "One"
msgid_plural "Many"
msgstr[0] "Ein"
msgstr[ 1 ] "Viele"

#~| msgid "Older"
#~ msgid "Old"
#~ msgstr "Alt"
"""
)


def entries_of(path: Path) -> list[tuple[Any, ...]]:
    """Return what a program would show of a catalog."""
    return sorted(
        (one.msgid, one.msgctxt or "", one.msgid_plural or "", *one.forms)
        for one in _po.open_catalog(path).entries
        if one.msgid and not one.obsolete and "fuzzy" not in one.flags
    )


@pytest.mark.parametrize("endianness", ["little", "big"])
def test_catalogs_are_read_as_gnu_gettext_compiles_them(endianness: str, tmp_path: Path) -> None:
    if shutil.which("msgfmt") is None:
        pytest.skip("GNU gettext is not installed: msgfmt cannot be asked")
    path = write(tmp_path / "a.po", _AWKWARD, header="")
    compiled = tmp_path / "a.mo"
    command = ["msgfmt", f"--endianness={endianness}", "-o", str(compiled), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert entries_of(path) == entries_of(compiled)
    assert ("at %<PRIuMAX> of %s", "", "", "von %2$s an %1$<PRIuMAX>") in entries_of(compiled)
    assert ("%d tracks", "", "", "%Id Spuren") in entries_of(compiled)
    assert ("tab\tbell\a", "menu", "", "ä!") in entries_of(path)
    assert len(entries_of(path)) == 5


@given(st.lists(st.sampled_from([*_AWKWARD.split("\n"), '"', "msgid", "#~", "\\"]), max_size=12))
def test_any_lines_are_read_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.po"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        found = _po.open_catalog(path).entries
    except IsoglossError as error:
        assert "is not a gettext catalog" in str(error)
        return
    assert all(one.forms for one in found if not one.fault), "what is not broken has a translation"


def test_strings_that_differ_by_system_lie_inside_the_file(tmp_path: Path) -> None:
    """A ``.mo`` of revision 0.1, by hand: one string, ``<PRIu64>`` in its middle."""
    names = b"PRIu64\0"
    places = 48 + 8 + 4 + 4  # behind the header, a segment, and the tables of both sides
    text = places + 2 * 20
    body = struct.pack("<2I", len(names), text) + struct.pack("<2I", places, places + 20)
    for start in (text + 7, text + 7 + 5):
        body += struct.pack("<5I", start, 2, 0, 3, 0xFFFFFFFF)
    body += names + b"a %b\0" + b"c %d\0"
    head = struct.pack("<12I", 0x950412DE, 1, 0, 48, 48, 0, 0, 1, 48, 1, 56, 60)
    path = write(tmp_path / "a.mo", head + body)
    assert [(one.msgid, one.forms) for one in _po.open_catalog(path).entries] == [
        ("a <PRIu64>%b", ["c <PRIu64>%d"])
    ]
    for cut in range(len(head), len(head + body)):
        path.write_bytes((head + body)[:cut])
        with pytest.raises(IsoglossError, match="is not a gettext catalog"):
            _po.open_catalog(path)


# --- plurals


def test_a_plural_rule_that_cannot_be_read_is_no_rule(tmp_path: Path) -> None:
    plural = 'msgid "%d file"\nmsgid_plural "%d files"\nmsgstr[0] "a %d"\nmsgstr[1] "b %d"\n\n'
    path = tmp_path / "de/LC_MESSAGES/a.po"
    for rule in ("plural=EXPRESSION;", "plural=n % 0;", "plural=__import__('os');"):
        header = HEADER.replace("plural=n != 1;", rule)
        write(path, plural + entry("Open", "Öffnen"), header=header)
        found = read(tmp_path)
        assert good(found) == [("Open", "Öffnen")], rule
        assert set(found["reason"].drop_nulls()) == {
            "the Plural-Forms of its catalog cannot be read"
        }
    header = HEADER.replace("nplurals=2; plural=n != 1;", "nplurals=1; plural=0; ")
    write(path, plural.replace('msgstr[1] "b %d"\n', ""), header=header)
    assert good(read(tmp_path)) == [("%d file", "a %d"), ("%d files", "a %d")]


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
    assert [(found.locale, found.name) for found in _locales.locate(tmp_path)] == [(locale, name)]


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
    assert [found.locale for found in _locales.locate(tmp_path)] == locales


def test_a_header_says_which_part_is_the_locale(tmp_path: Path) -> None:
    header = HEADER.replace('msgstr ""\n', 'msgstr ""\n"Language: os_RU\\n"\n')
    write(tmp_path / "es/os.po", "", header=header)
    assert [found.locale for found in _locales.locate(tmp_path)] == ["os"]


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
    assert _locales.tag_of(locale) == tag


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
        "of a language that another locale is nearer to": 1,
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
    assert [found.locale for found in _locales.locate(tmp_path)] == ["ast", "sv"]


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
        + entry("Translator Credits", "Übersetzung"),
    )
    found = read(tmp_path)
    assert [source for source, _ in good(found)] == [
        "Write to you@example.org", "Translators", "Translator Credits",
    ]  # fmt: skip


# --- placeholders


def test_a_text_has_one_group_whatever_marks_its_translations_have(tmp_path: Path) -> None:
    write(tmp_path / "po/de.po", entry("Sa&ve", "Spei&chern") + entry("Save", "Sichern"))
    write(tmp_path / "po/fr.po", entry("Sa&ve", "Enregistrer"))
    assert read(tmp_path)["group"].unique().to_list() == ["save"]
