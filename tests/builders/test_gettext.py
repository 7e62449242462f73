"""Gettext catalogs: what a translator would sign becomes examples, what is broken is told."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import polars as pl
import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
def test_a_broken_line_is_told_not_cut(lines: str, wrong: int, told: str, tmp_path: Path) -> None:
    write(tmp_path / "de/LC_MESSAGES/a.po", lines)
    place = rf"a\.po:{first_line_of_entries() + wrong}: is not a gettext catalog \(.*{told}"
    with pytest.raises(IsoglossError, match=place) as raised:
        read(tmp_path)
    assert "\n" not in str(raised.value)


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
    read_back = [(one.msgid, one.msgstr) for one in _po.open_catalog(folder / "a.po")]
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
    write(path, (HEADER + entry("Open", "Öffnen")).encode("latin-1"))
    with pytest.raises(IsoglossError, match=rf"a\.po:{first_line_of_entries() + 1}: .*is not UTF"):
        read(tmp_path)
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


# --- placeholders


def test_a_text_has_one_group_whatever_marks_its_translations_have(tmp_path: Path) -> None:
    write(tmp_path / "po/de.po", entry("Sa&ve", "Spei&chern") + entry("Save", "Sichern"))
    write(tmp_path / "po/fr.po", entry("Sa&ve", "Enregistrer"))
    assert read(tmp_path)["group"].unique().to_list() == ["save"]
