"""Answers by their place: text files, one answer a line, as Moses and WMT have them."""

from __future__ import annotations

import json
from pathlib import Path

from isogloss.errors import IsoglossError
from runners.outputs._lines import LONGEST, lines, shown, too_long


def read_lines(path: Path, expected: int, cell: str) -> list[str]:
    r"""Read a text file of as many answers as a cell has records.

    Lines end at ``\n``; a last ``\r`` is dropped. A line's end at the end of the file begins no
    further line.

    Args:
        path: The file.
        expected: How many records the cell has.
        cell: The cell's name, for errors.

    Raises:
        IsoglossError: There are more or fewer lines than records, or the file is broken.
    """
    answers: list[str] = []
    count, surplus = 0, ""
    for count, line in lines(path):
        text = line.removesuffix("\n").removesuffix("\r")
        if len(text) > LONGEST:
            raise too_long("the line", f"{path}:{count}")
        if count == 1:
            _refuse_json(text, path)
        if count <= expected:
            answers.append(text)
        elif count == expected + 1:
            surplus = text
    if count < expected:
        raise IsoglossError(
            f"has {count:,} lines, and {cell} has {expected:,} records",
            where=path,
            remedy="Give every record a line; an empty one if there is no answer",
        )
    if count > expected:
        raise IsoglossError(
            f"has {count:,} lines, and {cell} has {expected:,} records; the first line too many, "
            f"{expected + 1:,}, is {shown(surplus)}",
            where=path,
            remedy="A line's end within an answer must be written as a space",
        )
    return answers


def _refuse_json(text: str, path: Path) -> None:
    """Refuse JSON Lines under another name: what has ids is not to be matched by its place."""
    if not text.startswith("{"):
        return
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(row, dict) and {"id", "prediction"} <= set(row):
        raise IsoglossError(
            "holds JSON Lines with ids, and its name says text", where=path, remedy="Name it .jsonl"
        )
