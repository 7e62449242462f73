"""Reading ``Translation-xx`` files: stanzas of Package, Description-md5 and Description-xx."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lz4.frame
import polars as pl

from isogloss.errors import IsoglossError

_OPENERS: dict[str, Callable[[Path, str], Any]] = {
    ".lz4": lz4.frame.open,
    ".xz": lzma.open,
    ".bz2": bz2.open,
    ".gz": gzip.open,
}
# The largest of Debian's have 30 MB; what unpacks to more was made to fill memory.
_LARGEST = 512 << 20


def read_descriptions(path: Path, *, first_paragraph: bool) -> pl.DataFrame:
    """Read one file.

    Args:
        path: A ``Translation-xx`` file, plain or compressed (by its name's end).
        first_paragraph: Take only the first paragraph of the long text.

    Returns:
        One row a stanza: ``package``, ``md5`` (of the English description, as Debian aligns
        them), ``synopsis`` and ``description`` (wrapped lines joined, list items on lines of
        their own).

    Raises:
        IsoglossError: The file cannot be unpacked or a stanza lacks a field (with its line).
    """
    text = _text(path)
    rows: dict[str, list[str]] = {"package": [], "md5": [], "synopsis": [], "description": []}
    line = 1
    # Sixty thousand stanzas of three fields: splitting takes a second, a general deb822 parser
    # most of a minute.
    for stanza in text.split("\n\n"):
        if stanza.strip():
            before = len(stanza) - len(stanza.lstrip("\n"))
            values = _stanza(stanza.strip("\n"), f"{path}:{line + before}", first_paragraph)
            for name, value in zip(rows, values, strict=True):
                rows[name].append(value)
        line += stanza.count("\n") + 2
    return pl.DataFrame(rows, schema=dict.fromkeys(rows, pl.String))


def _text(path: Path) -> str:
    opener = _OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rb") as file:
            data: bytes = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise IsoglossError(f"unpacks to over {_LARGEST >> 20} MiB", where=path)
        return data.decode("utf-8")
    except FileNotFoundError as error:
        raise IsoglossError("there is no such file", where=path) from error
    except UnicodeDecodeError as error:
        raise IsoglossError(
            f"is not UTF-8 text ({error})", where=path, remedy="Is its name's end right?"
        ) from error
    except (RuntimeError, lzma.LZMAError, zlib.error, OSError, EOFError) as error:
        raise IsoglossError(
            f"cannot be unpacked as {path.suffix.lstrip('.')} ({error})",
            where=path,
            remedy="Fetch it again, or give it the name's end of its format",
        ) from error


def _stanza(stanza: str, where: str, first_paragraph: bool) -> tuple[str, str, str, str]:
    package = md5 = synopsis = ""
    body: list[str] = []
    for number, line in enumerate(stanza.split("\n")):
        if line.startswith((" ", "\t")):
            body.append(line[1:])
            continue
        key, colon, value = line.partition(":")
        if not colon:
            place, _, first = where.rpartition(":")
            raise IsoglossError(
                f"is not 'Field: value' ({line[:40]!r})", where=f"{place}:{int(first) + number}"
            )
        if key == "Package":
            package = value.strip()
        elif key == "Description-md5":
            md5 = value.strip()
        elif key.startswith("Description"):
            synopsis = value.strip()
    if not (package and md5 and synopsis):
        raise IsoglossError(
            "the stanza lacks Package, Description-md5 or Description-xx", where=where
        )
    return package, md5, synopsis, _joined(body, first_paragraph)


def _joined(lines: list[str], first_paragraph: bool) -> str:
    """Join wrapped lines: a lone dot parts paragraphs, a further indented line stands as it is.

    Debian Policy 5.6.13 (Description).
    """
    paragraphs: list[str] = [""]
    for line in lines:
        if line.strip() == ".":
            if first_paragraph and paragraphs[0]:
                break
            paragraphs += ["", ""]
        elif line.startswith((" ", "\t")) or line.startswith(("* ", "- ")):
            paragraphs.append(line.strip())
        else:
            paragraphs[-1] = f"{paragraphs[-1]} {line.strip()}".strip()
    return "\n".join(paragraphs).strip()
