"""Opening gettext catalogs, ``.po`` and ``.mo``, as GNU gettext does.

The syntax is that of its manual ("The Format of PO Files", "The Format of GNU MO Files") and of its
lexer. Libraries that read it (polib, babel) know neither C's octal and hexadecimal escapes nor flags
parted by white space nor system-dependent strings, and one broken entry costs them the file: here it
is an entry with a fault, and the others are read.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from builders.readers.lines import check_beginning
from isogloss.errors import IsoglossError

_SPACE = " \t\r\f\v"
# Possessive: a text that is not closed is found in one pass.
_TOKEN = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*+)"|(?P<keyword>[A-Za-z_$][\w$]*)|(?P<comment>#.*)')
_INDEX = re.compile(r"[ \t\r\f\v]*\[[ \t\r\f\v]*([0-9]{1,3})[ \t\r\f\v]*\]")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]+)|(.))")
_CONTROLS = dict(zip('tnbrfva\\"', '\t\n\b\r\f\v\a\\"', strict=True))
_NOT_DECODED = re.compile("[\udc80-\udcff]")
_FLAGS = re.compile(r"[\s,]+")
_CHARSET = re.compile(r"charset=([^\s;]+)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_KEYWORD = re.compile(r"msg[a-z_]*(?:\s*\[[^]]*\])?\s*")
_SHOWN = 50

# A part of an entry, and what it comes behind: nothing or another part.
_FORM = "msgstr[]"
_AFTER = {
    "domain": ("",),
    "msgctxt": ("", "domain"),
    "msgid": ("", "domain", "msgctxt"),
    "msgid_plural": ("msgid",),
    "msgstr": ("msgid",),
    _FORM: ("msgid_plural", _FORM),
}

_MAGIC = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}
_SEGMENTS_END = 0xFFFFFFFF
_CONTEXT, _NUL = "\x04", "\0"


@dataclass(slots=True)
class Entry:
    """An entry of a catalog.

    Attributes:
        msgid: The source text; empty in the header, and where a broken entry has none.
        msgctxt: Its context, None where it has none.
        msgid_plural: The plural of the source text, None where it has none.
        forms: Translations, by the index of the plural form; the one of an entry without a plural
            is the first.
        flags: Such as ``fuzzy`` and ``c-format``.
        comments: What programmers say to translators (``#.``).
        obsolete: Whether the program no longer has it.
        line: Its first line, or that of its fault, from 1; 0 in a ``.mo``.
        fault: What is broken in it, with its place; empty where nothing is.
    """

    msgid: str = ""
    msgctxt: str | None = None
    msgid_plural: str | None = None
    forms: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    comments: str = ""
    obsolete: bool = False
    line: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Catalog:
    """A catalog: the entries in their order, and the header's lines, by their lower-case names."""

    entries: list[Entry]
    header: dict[str, str]


class _Fault(Exception):
    """What is wrong with a line, in words."""


def open_catalog(path: Path) -> Catalog:
    """Return the catalog of a ``.po`` or ``.mo`` file; broken entries are in it, with their faults.

    Raises:
        IsoglossError: It is no catalog: what stands for one or is compressed, a ``.mo`` whose tables are broken, text of which no entry
            is whole, or text in an encoding that is none.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".po":
            check_beginning(data, path)
        catalog = _po(data) if path.suffix == ".po" else _mo(data)
    # LookupError: an encoding that is none of text.
    except (OSError, ValueError, LookupError, struct.error, _Fault) as error:
        raise _broken(str(error).replace(str(path), path.name), path) from error
    broken = [entry for entry in catalog.entries if entry.fault]
    if broken and len(broken) == len(catalog.entries):
        raise _broken(broken[0].fault, path, broken[0].line)
    return catalog


def _broken(problem: str, path: Path, line: int | None = None) -> IsoglossError:
    return IsoglossError(
        f"is not a gettext catalog ({problem})",
        where=f"{path}:{line}" if line else path,
        remedy="Mend it (msgfmt --check FILE tells more) or take it out of the folder",
    )


def _po(data: bytes) -> Catalog:
    data = data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    # The header is in the encoding that it names, but ASCII in what matters here.
    encoding = _encoding(_header(_read(data, "latin-1")))
    entries = list(_read(data, encoding))
    return Catalog(entries, _header(iter(entries)))


def _header(entries: Iterator[Entry]) -> dict[str, str]:
    """Return the header of a catalog, empty where it has none."""
    found = (e.forms[0] for e in entries if e.forms and not (e.msgid or e.msgctxt or e.obsolete))
    lines = (line.partition(":") for line in next(found, "").split("\n"))
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _encoding(header: dict[str, str]) -> str:
    """Return the encoding of a catalog.

    Raises:
        LookupError: There is no such, or it does not hold ASCII.
    """
    match = _CHARSET.search(header.get("content-type", ""))
    # As templates have it, where nobody has put one in.
    name = "utf-8" if match is None or match[1] == "CHARSET" else match[1]
    if b'msgid "#\\n".'.decode(name, "surrogateescape") != 'msgid "#\\n".':
        raise LookupError(f"its encoding {name} is not one of catalogs")
    return name


def _read(data: bytes, encoding: str) -> Iterator[Entry]:
    """Yield the entries of the text of a ``.po`` file.

    An entry ends where the next one begins: at a ``msgctxt`` or ``msgid`` behind a ``msgstr``, or,
    where it is broken, behind an empty line.
    """
    text = data.decode(encoding, "surrogateescape")
    reader = _Reader(encoding)
    for number, line in enumerate(text.split("\n"), start=1):
        yield from reader.line(line.strip(_SPACE), number)
    yield from reader.end()


class _Reader:
    """Makes entries of lines."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._entry: Entry | None = None
        self._parts: list[tuple[str, list[str]]] = []
        self._apart = False
        self._flags: set[str] = set()
        self._comments: list[str] = []

    def line(self, line: str, number: int) -> Iterator[Entry]:
        """Read a line; yield the entry that ends before it."""
        if not line or line.startswith(("#|", "#~|")):
            self._apart = self._apart or not line
            return
        obsolete = line.startswith("#~")
        line = line[2:].lstrip(_SPACE) if obsolete else line
        place = 0
        try:
            while place < len(line):
                match = _TOKEN.match(line, place)
                if match is None:
                    raise _Fault(_fault(line))
                place = match.end()
                if match["keyword"] is not None:
                    index = _INDEX.match(line, place) if match["keyword"] == "msgstr" else None
                    place = index.end() if index else place
                    yield from self._begin(match["keyword"], index, line, obsolete, number)
                elif match["comment"] is not None:
                    yield from self._comment(match["comment"])
                else:
                    self._text(match["text"], obsolete)
                while place < len(line) and line[place] in _SPACE:
                    place += 1
        except _Fault as fault:
            if self._entry and self._has_msgstr() and self._apart:
                yield from self.end()
            entry = self._entry or self._new(obsolete, number)
            if not entry.fault:
                # What is wrong may be a byte that is not text.
                problem = _NOT_DECODED.sub("\ufffd", str(fault))
                entry.fault, entry.line = f"{problem}: {line[:_SHOWN]!r}", number

    def end(self) -> Iterator[Entry]:
        """Yield the entry that is open."""
        entry, parts = self._entry, self._parts
        self._entry, self._parts = None, []
        if entry is None:
            return
        for name, strings in parts:
            text = "".join(strings)
            if _NOT_DECODED.search(text):
                # The bytes of one letter may have been written in strings side by side.
                data = text.encode(self._encoding, "surrogateescape")
                text = data.decode(self._encoding, "surrogateescape")
            if _NOT_DECODED.search(text):
                entry.fault = entry.fault or f"is not {self._encoding}, the encoding of its header"
                text = _NOT_DECODED.sub("\ufffd", text)
            if name.startswith("msgstr"):
                entry.forms.append(text)
            else:
                setattr(entry, name, text)
        if not entry.forms and not entry.fault:
            entry.fault = "it has no msgstr"
        yield entry

    def _new(self, obsolete: bool, number: int) -> Entry:
        made = Entry(
            flags=self._flags, comments="\n".join(self._comments), obsolete=obsolete, line=number
        )
        self._entry, self._parts, self._apart = made, [], False
        self._flags, self._comments = set(), []
        return made

    def _has_msgstr(self) -> bool:
        return any(name.startswith("msgstr") for name, _ in self._parts)

    def _begin(
        self, name: str, index: re.Match[str] | None, line: str, obsolete: bool, number: int
    ) -> Iterator[Entry]:
        """Begin a part of an entry; yield the entry that ends before it."""
        if name not in _AFTER:
            raise _Fault(_fault(line))
        opens = name in ("domain", "msgctxt", "msgid")
        if opens and self._entry and (self._has_msgstr() or self._apart or name == "domain"):
            yield from self.end()
        if name == "domain":
            self._parts = [(name, [])]
            return
        if self._entry is None:
            self._new(obsolete, number)
        before = self._parts[-1][0] if self._parts else ""
        place = len([part for part, _ in self._parts if part == _FORM])
        kind = _FORM if index else name
        self._parts.append((kind, []))
        in_turn = before in _AFTER[kind] and (index is None or int(index[1]) == place)
        if not in_turn or self._entry is None or self._entry.obsolete != obsolete:
            raise _Fault("this line is out of its place")

    def _text(self, written: str, obsolete: bool) -> None:
        name, strings = self._parts[-1] if self._parts else ("", [])
        if name == "domain":
            return
        if not name or self._entry is None or self._entry.obsolete != obsolete:
            raise _Fault("this line is out of its place")
        strings.append(self._unescaped(written))

    def _unescaped(self, written: str) -> str:
        """Return a string of C as it is meant.

        Raises:
            _Fault: It has an escape that C has not.
        """
        parts, start = [], 0
        for match in _ESCAPE.finditer(written):
            octal, hexadecimal, letter = match.groups()
            if letter is not None and letter not in _CONTROLS:
                raise _Fault(f"an unknown escape \\{letter}")
            # A number stands for a byte, of the file's encoding.
            number = int(octal, 8) if octal else int(hexadecimal or "0", 16)
            byte = _CONTROLS[letter].encode() if letter else bytes([number & 0xFF])
            parts += [self._encoded(written[start : match.start()]), byte]
            start = match.end()
        if not parts:
            return written
        parts.append(self._encoded(written[start:]))
        return b"".join(parts).decode(self._encoding, "surrogateescape")

    def _encoded(self, text: str) -> bytes:
        return text.encode(self._encoding, "surrogateescape")

    def _comment(self, comment: str) -> Iterator[Entry]:
        if self._entry and (self._has_msgstr() or self._apart):
            yield from self.end()
        kind, text = comment[1:2], comment[2:]
        if kind in (",", "!", "="):
            flags = self._flags if self._entry is None else self._entry.flags
            flags.update(flag for flag in _FLAGS.split(text) if flag)
        elif kind == ".":
            self._comments.append(text.strip())


def _fault(line: str) -> str:
    """Return what is wrong with a line that is not of a catalog."""
    text = line[match.end() :] if (match := _KEYWORD.match(line)) else line
    if not text.startswith('"'):
        return "text must be in quotes" if match else "neither a comment, a keyword nor quoted text"
    if not _STRING.match(text):
        return "its quotes are not closed"
    return "an unknown keyword" if _STRING.fullmatch(text) else "something is after its quotes"


def _mo(data: bytes) -> Catalog:
    """Read a ``.mo`` file, of either byte order, with its system-dependent strings.

    Raises:
        _Fault: Its tables or strings are not inside it.
    """
    pairs = [
        [part.split(_NUL.encode()) for part in pair] for pair in zip(*_strings(data), strict=True)
    ]
    headers = (forms[0] for (ids, forms) in pairs if ids == [b""])
    entry = Entry(forms=[next(headers, b"").decode("latin-1")])
    encoding = _encoding(_header(iter([entry])))
    entries = []
    for ids, forms in pairs:
        made = Entry()
        try:
            texts = [one.decode(encoding) for one in (*ids, *forms)]
        except UnicodeDecodeError:
            made.fault = f"is not {encoding}, the encoding of its header"
            texts = [one.decode(encoding, "replace") for one in (*ids, *forms)]
        context, found, text = texts[0].partition(_CONTEXT)
        made.msgctxt, made.msgid = (context, text) if found else (None, context)
        made.msgid_plural = texts[1] if len(ids) > 1 else None
        made.forms = texts[len(ids) :]
        entries.append(made)
    return Catalog(entries, _header(iter(entries)))


def _strings(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the source strings of a ``.mo`` file, and their translations."""
    order = _MAGIC.get(data[:4])
    if order is None:
        raise _Fault("it does not begin as a .mo does")
    revision, count, *tables = struct.unpack_from(f"{order}4I", data, 4)
    if revision >> 16 > 1:
        raise _Fault(f"its revision {revision >> 16}.{revision & 0xFFFF} is not known")
    sides = [_static(data, order, start, count) for start in tables]
    if revision & 0xFFFF:
        n_segments, segments, n_strings, *tables = struct.unpack_from(f"{order}5I", data, 28)
        names = _segments(data, order, segments, n_segments)
        # As of the others: so much and no more can a file of this size mean.
        left = 4 * len(data)
        for side, start in zip(sides, tables, strict=True):
            for (place,) in _table(data, order, start, n_strings, 1):
                text, cost = _dependent(data, order, place, names, left)
                side.append(text)
                left -= cost
    return sides[0], sides[1]


def _static(data: bytes, order: str, start: int, count: int) -> list[bytes]:
    spans = _table(data, order, start, count, 2)
    if any(place + length > len(data) for length, place in spans):
        raise _Fault("a string leads past its end")
    # Strings written many times over would fill any memory.
    if sum(length for length, _ in spans) > len(data):
        raise _Fault("its strings are longer than the file")
    return [_cut(data, place, length) for length, place in spans]


def _table(data: bytes, order: str, start: int, count: int, width: int) -> list[tuple[int, ...]]:
    table = data[start : start + 4 * width * count]
    if len(table) < 4 * width * count:
        raise _Fault("its table of strings leads past its end")
    return list(struct.iter_unpack(f"{order}{width}I", table))


def _segments(data: bytes, order: str, start: int, count: int) -> list[bytes]:
    """Return the names of what differs by system, such as ``PRIuMAX``."""
    spans = _table(data, order, start, count, 2)
    return [_cut(data, place, length).rstrip(b"\0") for length, place in spans]


def _dependent(
    data: bytes, order: str, place: int, names: list[bytes], left: int
) -> tuple[bytes, int]:
    """Return a string that differs by system, with names such as ``<PRIuMAX>`` where it does.

    Beside it is how many bytes of the file it took to read, which may be no more than ``left``.
    """
    (start,) = struct.unpack_from(f"{order}I", data, place)
    parts: list[bytes] = []
    cost = 0
    for segment in range(place + 4, len(data), 8):
        length, name = struct.unpack_from(f"{order}2I", data, segment)
        parts.append(_cut(data, start, length))
        start += length
        cost += 8 + length
        if name == _SEGMENTS_END:
            return b"".join(parts).removesuffix(b"\0"), cost
        if name >= len(names):
            break
        # The flag I of printf ("%Id", the language's own digits) is written as it is.
        parts.append(names[name] if names[name] == b"I" else b"<" + names[name] + b">")
        cost += len(names[name])
        if cost > left:
            raise _Fault("its strings are longer than the file")
    raise _Fault("a string leads past its end")


def _cut(data: bytes, place: int, length: int) -> bytes:
    if place + length > len(data):
        raise _Fault("a string leads past its end")
    return data[place : place + length]
