"""Gettext catalogs: what a translator would sign becomes examples, what is broken is told."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import polib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.catalogs import HEADER, entry, good, read, write

from builders.readers import po
from isogloss.errors import IsoglossError


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


def test_what_is_wrong_may_be_a_byte_that_is_no_text(tmp_path: Path) -> None:
    """An escape of a byte that is not of the encoding: the fuzzing found that it ended the source."""
    broken = b'msgid "Open"\nmsgstr "\\\xbd"\n\n' + entry("Save", "Speichern").encode()
    write(tmp_path / "de/LC_MESSAGES/a.po", HEADER.encode() + broken)
    found = read(tmp_path)
    assert good(found) == [("Save", "Speichern")]
    (reason,) = found["reason"].drop_nulls()
    assert "an unknown escape \\\ufffd" in reason


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
    read_back = [(one.msgid, one.forms[0]) for one in po.open_catalog(folder / "a.po").entries[1:]]
    assert read_back == texts


@given(st.binary() | st.text().map(str.encode), st.sampled_from(["a.po", "a.mo"]))
@example(b"\xfe\xff", "a.po")
def test_any_bytes_are_a_catalog_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(b"\xde\x12\x04\x95" + data if name == "a.mo" else data)
    try:
        po.open_catalog(path)
    except IsoglossError as error:
        known = ("gettext catalog", "compress", "pack", "UTF-16", "Git LFS", "archive")
        assert any(problem in str(error) for problem in known), error


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
    made = polib.pofile(HEADER + entry("Save", "Speichern") + entry("Open", "Öffnen"))
    made.save_as_mofile(str(folder / "made.mo"))
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
        for one in po.open_catalog(path).entries
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
        found = po.open_catalog(path).entries
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
    assert [(one.msgid, one.forms) for one in po.open_catalog(path).entries] == [
        ("a <PRIu64>%b", ["c <PRIu64>%d"])
    ]
    for cut in range(len(head), len(head + body)):
        path.write_bytes((head + body)[:cut])
        with pytest.raises(IsoglossError, match="is not a gettext catalog"):
            po.open_catalog(path)


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
