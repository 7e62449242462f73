"""Lines of a file from outside, one at a time, and values from it made fit for an error."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from isogloss import runs
from isogloss.errors import IsoglossError

#: The longest prediction, in characters.
LONGEST = runs.LONGEST
#: The longest line, in bytes: beside an answer there may stand the whole of its prompt.
LONGEST_LINE = 16_000_000

_SHOWN = 60


def lines(path: Path) -> Iterator[tuple[int, str]]:
    r"""Yield the lines of a UTF-8 file with their numbers, from 1.

    Lines end at ``\n`` and nowhere else: a text may hold any other character that somebody takes
    for a line's end. The end is kept; a byte order mark is not.

    Raises:
        IsoglossError: The file cannot be read, is not UTF-8, or a line is too long.
    """
    try:
        with path.open("rb") as file:
            number = 0
            # So much at most is held of a file without line ends.
            while raw := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(raw) > LONGEST_LINE:
                    raise too_long("a line", f"{path}:{number}", f"{LONGEST_LINE:,} bytes")
                if number == 1:
                    raw = raw.removeprefix(codecs.BOM_UTF8)
                yield number, _decoded(raw, f"{path}:{number}")
    except OSError as error:
        raise IsoglossError(f"cannot be read ({error.strerror})", where=path) from error


def text_of(path: Path) -> str:
    """Return a UTF-8 file's text, without a byte order mark.

    Raises:
        IsoglossError: The file cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise IsoglossError(f"cannot be read ({error.strerror})", where=path) from error
    return _decoded(raw, str(path))


def _decoded(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise IsoglossError(
            f"is not UTF-8 (the byte 0x{raw[error.start]:02x}, {error.start + 1} bytes in)",
            where=where,
            remedy="Save the file as UTF-8",
        ) from error


def too_long(what: str, where: str | Path, most: str = f"{LONGEST:,} characters") -> IsoglossError:
    """Return the error for a text that no system means."""
    return IsoglossError(
        f"{what} is longer than {most}",
        where=where,
        remedy="Cut it: so long an answer is a system that did not stop",
    )


def whole(text: str) -> str:
    """Return a text that can be stored: a lone surrogate, which UTF-8 has not, becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def shown(value: str) -> str:
    """Return a text from outside as an error quotes it: short, on one line, nothing in it hidden."""
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")


def some(values: Sequence[str]) -> str:
    """Return the first three of some values, quoted."""
    more = ", …" if len(values) > 3 else ""
    return ", ".join(map(shown, values[:3])) + more


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"
