"""Opening gettext catalogs, ``.po`` and ``.mo``: whole, or told where they are broken.

polib makes entries of them, but trusts what it reads: of a text without quotes it cuts the first
and the last letter, and of a ``.mo`` whose offsets lead past its end it takes what there is. So
both are checked first. Of the syntax that GNU gettext reads (its manual, "The Format of PO Files")
everything is taken but the ``domain`` directive and a keyword alone on its line.
"""

from __future__ import annotations

import codecs
import re
import struct
from pathlib import Path
from typing import Any

import polib

from isogloss.errors import IsoglossError

# Possessive: a text that is not closed is refused in one pass.
_STRING = r'"(?:[^"\\]|\\.)*+"'
_LINE = re.compile(
    rf"(msgctxt|msgid_plural|msgid|msgstr(?:\s*\[\s*[0-9]\s*\])?)?((?:\s*{_STRING})++)\s*"
)
_STRINGS = re.compile(_STRING)
_KEYWORD = re.compile(r"msg[a-z_]*(?:\s*\[[^]]*\])?\s*")
_SHOWN = 50

_MAGIC = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}


class _Lines(str):
    """Text that polib is to split at line feeds only, not inside a string at U+2028."""

    __slots__ = ()

    def splitlines(self, keepends: bool = False) -> list[str]:
        return self.split("\n")


def open_catalog(path: Path) -> Any:
    """Return polib's catalog of a ``.po`` or ``.mo`` file.

    Raises:
        IsoglossError: It is broken, at the line told, or not in the encoding that it names.
    """
    try:
        return _open_po(path) if path.suffix == ".po" else _open_mo(path)
    # LookupError: an encoding that is none of text ("hex"), or an index that is not there.
    except (OSError, ValueError, LookupError, struct.error) as error:
        raise _broken(str(error).replace(str(path), path.name), path) from error


def _open_po(path: Path) -> Any:
    text = _decoded(path).replace("\r\n", "\n").replace("\r", "\n")
    lines = [_plain(line, path, number) for number, line in enumerate(text.split("\n"), start=1)]
    try:
        # A line feed first: so the text is never taken for the name of a file.
        return polib.pofile(_Lines("\n" + "\n".join(lines)), encoding="utf-8")
    except OSError as error:
        found = re.search(r"line (\d+)", str(error))
        number = int(found[1]) - 1 if found else None
        raise _broken("this line is out of its place", path, number) from error


def _decoded(path: Path) -> str:
    data = path.read_bytes()
    encoding = polib.detect_encoding(str(path))
    if data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise _broken(f"is not {encoding}, the encoding of its header", path, number) from error


def _plain(line: str, path: Path, number: int) -> str:
    """Return a line in the one form of it that polib knows; comments but for flags are left out."""
    line = line.strip()
    if line.startswith("#,"):
        return f"#, {line[2:]}" if line[2:].strip() else ""
    obsolete = line.startswith("#~") and not line.startswith("#~|")
    told = line[2:].strip() if obsolete else line
    if not told or told.startswith("#"):
        return ""
    match = _LINE.fullmatch(told)
    if match is None:
        raise _broken(f"{_fault(told)}: {told[:_SHOWN]!r}", path, number)
    keyword, strings = re.sub(r"\s", "", match[1] or ""), match[2]
    joined = "".join(string[1:-1] for string in _STRINGS.findall(strings))
    plain = f'{keyword} "{joined}"'.lstrip()
    return f"#~ {plain}" if obsolete else plain


def _fault(line: str) -> str:
    """Return what is wrong with a line that is not of a catalog."""
    text = line[match.end() :] if (match := _KEYWORD.match(line)) else line
    if not text.startswith('"'):
        return "text must be in quotes" if match else "neither a comment, a keyword nor quoted text"
    if not _STRINGS.match(text):
        return "its quotes are not closed"
    return "an unknown keyword" if _STRINGS.fullmatch(text) else "something is after its quotes"


def _open_mo(path: Path) -> Any:
    _check_offsets(path.read_bytes(), path)
    return polib.mofile(str(path))


def _check_offsets(data: bytes, path: Path) -> None:
    """Refuse a ``.mo`` whose tables or strings are not inside it (GNU's manual, "MO Files")."""
    order = _MAGIC.get(data[:4])
    if order is None:
        raise _broken("it does not begin as a .mo does", path)
    _, count, *tables = struct.unpack_from(f"{order}4I", data, 4)
    for start in tables:
        table = data[start : start + 8 * count]
        if len(table) < 8 * count:
            raise _broken("its table of strings leads past its end", path)
        spans = list(struct.iter_unpack(f"{order}2I", table))
        if any(offset + length > len(data) for length, offset in spans):
            raise _broken("a string leads past its end", path)
        # Strings told many times over would fill any memory.
        if sum(length for length, _ in spans) > len(data):
            raise _broken("its strings are longer than the file", path)


def _broken(problem: str, path: Path, line: int | None = None) -> IsoglossError:
    return IsoglossError(
        f"is not a gettext catalog ({problem})",
        where=f"{path}:{line}" if line else path,
        remedy="Mend it (msgfmt --check FILE tells more) or take it out of the folder",
    )
