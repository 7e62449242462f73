"""Rows of separated text (CSV after RFC 4180, and TSV), as strict wherever we read any."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from isogloss.errors import IsoglossError

#: Characters that a field may have at most.
LONGEST_FIELD = 16 << 20


def separated_rows(
    lines: Iterable[str], path: Path, *, separator: str = ",", quote: str = '"'
) -> Iterator[tuple[int, list[str]]]:
    r"""Yield the fields of each row, with the number of the line that it begins at, from 1.

    Args:
        lines: The lines of a file, with their ends; a quoted field may go on over several.
        path: The file, to name in an error.
        separator: One character.
        quote: One character, doubled inside a quoted field; empty where nothing is quoted.

    Raises:
        IsoglossError: A quoted field is not closed, text follows its closing quote, or a field is
            too long. Where rows end after that cannot be known.
    """
    quoting: dict[str, Any] = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    if csv.field_size_limit() != LONGEST_FIELD:
        csv.field_size_limit(LONGEST_FIELD)
    # Strict: a stray quotation mark would otherwise be dropped from a text, or swallow lines.
    reader = csv.reader(lines, delimiter=separator, strict=True, **quoting)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise _broken(str(error), path, line, reader.line_num, quote) from error


def _broken(message: str, path: Path, begun: int, line: int, quote: str) -> IsoglossError:
    """Return what the module csv has found, which it says for programmers."""
    if "expected after" in message:
        return IsoglossError(
            "a quotation mark stands inside a quoted field (quotes are doubled in CSV)",
            where=f"{path}:{line}",
            remedy=f"Write {quote * 2} for each {quote} in a field that must be quoted",
        )
    if "field larger" in message:
        return IsoglossError(
            f"a field is over {LONGEST_FIELD >> 20} MiB long",
            where=f"{path}:{begun}",
            remedy="It may lack a closing quote; write such long texts as JSON Lines or Parquet",
        )
    open_quote = "unexpected end" in message
    return IsoglossError(
        f"is not CSV ({'a quoted field does not end' if open_quote else message})",
        where=f"{path}:{begun}",
        remedy="The row that begins here may lack a closing quote, or hold a stray line end",
    )
