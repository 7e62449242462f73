"""What stands in a catalog's texts beside words: placeholders, and marks of keyboard accelerators."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import placeholders
from builders.readers import mnemonics


@pytest.mark.parametrize(
    ("source", "target", "wrong"),
    [
        ("%ld x", "y", "%ld"),
        ("%lu x", "y", "%lu"),
        ("%1$s x", "y", "%1$s"),
        ("%-10d x", "y", "%-10d"),
        ("%hhd %llu %zu %jd %td %qd %Lf", "%hhd %llu %zu %jd %td %qd", "%Lf"),
        ("%*d x", "y", "%*d"),
        ("%@ x", "y", "%@"),
        ("%1 of %2", "%2 von", "%1"),
        ("%L1 x", "y", "%L1"),
        ("%n file(s)", "Datei(en)", "%n"),
        ("{user.name} {items[0]}", "{user.name}", "{items[0]}"),
        ("%s of %s", "%1$s von %1$s", "%s"),
        ("%s of %d", "%2$s von %1$d", "%1$d, %2$s, %d, %s"),
        ("%s of %d", "%d von %s", "%d, %s"),
        ("%d of %d", "%d", "%d"),
        ("{a}", "{b}", "{a}, {b}"),
    ],
)
def test_a_placeholder_that_differs_is_seen(source: str, target: str, wrong: str) -> None:
    assert placeholders.misplaced(source, target, may_omit=False) == wrong


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("%s of %s", "%2$s von %1$s"),
        ("%s of %d", "%2$d von %1$s"),
        ("%1$s of %2$s", "%2$s von %1$s"),
        ("%1$s of %2$s", "%s von %s"),
        ("%1$s", "%1$s und %1$s"),
        ("%(a)s", "%(a)s und %(a)s"),
        ("%1 of %2", "%2 von %1"),
        ("100 % sure", "100 % sicher"),
        ("100% sure", "100%ig sicher"),
        ("50% off", "50 % des Preises"),
        ("50% done", "%50 tamam"),
        ("%d%% done", "%%%d tamam"),
        ("%n file(s)", "%n Datei(en)"),
        ("100%", "100%n"),
        ("Item %(nth)s:", "항목 1%(nth)s가"),
        ("Item %s:", "항목 1%s가"),
    ],
)
def test_placeholders_that_agree_are_kept(source: str, target: str) -> None:
    assert placeholders.misplaced(source, target, may_omit=False) == ""


@pytest.mark.parametrize(
    ("source", "target", "flags"),
    [
        ("%d tracks", "%Id شیار", "c-format"),
        ("%d tracks", "%Id شیار", ""),
        ("%5.1f MB", "%.2f MB", "c-format"),
        ("%d files", "%'i Dateien", "c-format"),
        ("at %<PRIuMAX> in %s", "in %2$s an %1$<PRIuMAX>", "c-format"),
        ("%*d of %s", "%3$s: %2$*1$d", "c-format"),
        ("50 % so %s", "50 % de %s", "python-brace-format"),
        ("Error.~%Empty.", "Fehler.~%Leer.", "lisp-format"),
        ("Error.~%Empty.", "Fehler.~%Leer.", ""),
        ("~a of ~d", "~D von ~A", "lisp-format"),
        ("See <https://x.org/a>", "参照 <https://x.org/%E3%83%87>", ""),
        ("See /a", "参照 /%E3%83%87", ""),
        ("%m/%d/%Y", "%Y-%m-%e", ""),
        ("{} of {}", "{1} von {0}", "python-brace-format"),
        ("{0:.2f} MB", "{0} MB", "python-brace-format"),
        ("{{x}} {a}", "{{y}} {a}", "python-brace-format"),
        ("%1 of %2", "%2 von %1", "kde-format"),
        ("100%d", "%d %100", "qt-format c-format"),
        ("$HOME of ${USER}", "${USER}: ${HOME}", "sh-format"),
        ("\\emph{so} is @code{it}", "\\emph{wie} ist @code{es}", ""),
        ("100 %s", "100 %d", "no-c-format"),
        ("Wrong %-encoding", "Falsche %-Kodierung", ""),
        ("Run $SHELL", "${SHELL} starten", ""),
        ("%15zu of %s", "%15Zu von %s", "c-format"),
        ("%s: %m", "%s", "c-format"),
    ],
)
def test_placeholders_are_those_of_the_format_that_the_flags_name(
    source: str, target: str, flags: str
) -> None:
    assert placeholders.misplaced(source, target, may_omit=False, flags=flags.split()) == ""


@pytest.mark.parametrize(
    ("source", "target", "flags", "wrong"),
    [
        ("%d of %s", "%s von %d", "c-format", "%d, %s"),
        ("%ld", "%d", "c-format", "%d, %ld"),
        ("%<PRIuMAX> x", "x", "c-format", "%<PRIuMAX>"),
        ("{a} of {b}", "{a}", "python-brace-format", "{b}"),
        ("{a}", "%s {a}", "c-format", "%s"),
        ("%1 of %2", "%1", "kde-format", "%2"),
        ("~a of ~d", "~a", "lisp-format", "~d"),
        ("$HOME", "HOME", "sh-format", "$HOME"),
        ("https://x.org/%s", "https://x.org/", "", "%s"),
    ],
)
def test_what_differs_is_seen_in_the_format_that_the_flags_name(
    source: str, target: str, flags: str, wrong: str
) -> None:
    assert placeholders.misplaced(source, target, may_omit=False, flags=flags.split()) == wrong


def test_a_form_for_one_number_may_leave_it_out() -> None:
    assert placeholders.misplaced("%d day in %s", "one day in %s", may_omit=True) == ""
    assert placeholders.misplaced("%d day in %s", "%2$s: a day", may_omit=True) == ""
    assert placeholders.misplaced("%d day in %s", "a day", may_omit=True) == "%d, %s"


_PIECES = st.lists(
    st.sampled_from(["%s", "%d", "%1$s", "%(a)s", "{}", "{a}", "%1", "%%", "%", "&", "_", "A", "b"])
    | st.text(max_size=3)
).map("".join)


def _written(text: str) -> Counter[str]:
    return Counter(text[start:end] for start, end in placeholders.spans(text))


@given(_PIECES, _PIECES)
def test_checks_hold_for_any_text(source: str, target: str) -> None:
    assert placeholders.misplaced(source, source, may_omit=False) == ""
    told = placeholders.misplaced(source, target, may_omit=False)
    written = _written(source) + _written(target)
    if not written:
        assert told == ""
    if told:
        assert set(told.split(", ")) <= {part for name in written for part in name.split(", ")}
    one, two, changed = mnemonics.without_mnemonic(source, target)
    assert changed or (one, two) == (source, target)
    assert len(one) <= len(source)
    assert len(two) <= len(target)
    for before, after in ((source, one), (target, two)):
        assert not _written(before) - _written(after)


# --- mnemonics


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("Q&A", "F&R"),
        ("R&D", "F&E"),
        ("r&b", "d&b"),
        ("AT&T", "AT&T"),
        ("file_name", "nom_fichier"),
        ("The file_name is", "Le nom_fichier est"),
        ("invalid xl_info", "xl_infoが不正です"),
        ("file_name", "文件_名"),
        ("DW_MACRO_define", "DW_INFO_define"),
        ("when _SDA_BASE_ is not", "если _SDA_BASE_ не"),
        ("setvbuf(0,_IOLBF)", "setvbuf(0,_IOLBF) x"),
        ("file_name", "Datei_Name"),
        ("MAX_SIZE", "MAX_GRÖSSE"),
        ("iso_8859", "norm_8859"),
        ("&amp; more", "&amp; mehr"),
        ("&nbsp;x", "y"),
        ("salt & pepper", "Salz & Pfeffer"),
        ("AT&T", "ATT"),
        ("Rock&roll", "Rock"),
        ("_id", "_id"),
        ("Search && replace", "Suchen"),
        ("&One &Two", "Eins"),
        ("%(a_b)s", "%(a_b)s"),
    ],
)
def test_what_is_no_mnemonic_stays(source: str, target: str) -> None:
    assert mnemonics.without_mnemonic(source, target) == (source, target, False)


@pytest.mark.parametrize(
    ("source", "target", "plain"),
    [
        ("&File", "&Datei", ("File", "Datei")),
        ("&File", "Datei", ("File", "Datei")),
        ("File", "_Datei", ("File", "Datei")),
        ("Save _as", "Speichern unter", ("Save as", "Speichern unter")),
        ("Open", "打开(&O)", ("Open", "打开")),
        ("&Open…", "打开(&O)…", ("Open…", "打开…")),
        ("Sa&ve", "Spei&chern", ("Save", "Speichern")),
        ("Sa_ve", "Spei_chern", ("Save", "Speichern")),
        ("_Add Source", "เ_พิ่มต้นฉบับ", ("Add Source", "เพิ่มต้นฉบับ")),
        ("_OK", "_OK", ("OK", "OK")),
        ("_New Folder", "Ordner a_nlegen", ("New Folder", "Ordner anlegen")),
        ("Zoo_m out", "_Verkleinern", ("Zoom out", "Verkleinern")),
        ("_Rename file_name", "nom_fichier", ("Rename file_name", "nom_fichier")),
        ("Salt && _pepper", "Salz && _Pfeffer", ("Salt && pepper", "Salz && Pfeffer")),
    ],
)
def test_mnemonics_are_taken_out(source: str, target: str, plain: tuple[str, str]) -> None:
    assert mnemonics.without_mnemonic(source, target) == (*plain, True)
