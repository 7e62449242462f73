"""Lines of JSON as pydantic models, with errors that name the line and the key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from builders.readers.faults import OneWhole
from builders.readers.lines import blocks, not_utf8
from isogloss.errors import IsoglossError

M = TypeVar("M", bound=BaseModel)


class Object(RootModel[dict[str, Any]]):
    """Any object of JSON."""


def json_lines(model: type[M], path: Path, remedy: str) -> Iterator[tuple[int, M | IsoglossError]]:
    """Read a file of JSON Lines, in order, each line with its number; empty lines are none.

    Yields:
        The number, and the record, or what is wrong with it: it is not JSON, or a value has a wrong
        type.

    Raises:
        IsoglossError: No line of the file is such a record (it is what is wrong with the first).
    """
    found = OneWhole()
    for block in blocks(path, records=True):
        for number, line in enumerate(block.text.split(b"\n"), block.line):
            if not line.strip():
                continue
            read: M | IsoglossError
            try:
                read = from_json(model, line, f"{path}:{number}", remedy)
            except IsoglossError as error:
                read = error
            found.note(read if isinstance(read, IsoglossError) else None)
            yield number, read
    found.check()


def from_json(model: type[M], line: bytes, where: str, remedy: str) -> M:
    """Read one line of JSON.

    Raises:
        IsoglossError: It is not UTF-8 or not JSON, or a value has a wrong type.
    """
    if problem := not_utf8(line.decode("utf-8", "surrogateescape")):
        raise IsoglossError(problem, where=where, remedy=remedy)
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        raise _wrong(error, where, remedy) from error


def from_values(model: type[M], values: Mapping[str, Any], where: str, remedy: str) -> M:
    """Read a record of which only some keys are wanted: what the others hold need not be right.

    Args:
        model: What the record is to be.
        values: The values of its wanted keys.
        where: The place to name in an error.
        remedy: What to do then.

    Raises:
        IsoglossError: A value has a wrong type.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _wrong(error, where, remedy) from error


def _wrong(error: ValidationError, where: str, remedy: str) -> IsoglossError:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    # The parser was given one line, and counts from it.
    problem = first["msg"].replace(" at line 1 column ", " at byte ")
    return IsoglossError(f"{place}: {problem}" if place else problem, where=where, remedy=remedy)
