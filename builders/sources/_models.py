"""Lines of JSON as pydantic models, with errors that name the line and the key."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from isogloss.errors import IsoglossError

M = TypeVar("M", bound=BaseModel)


def from_json(model: type[M], line: bytes, where: str, remedy: str) -> M:
    """Read one line of JSON.

    Raises:
        IsoglossError: It is not JSON, or a value has a wrong type.
    """
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        # The parser was given one line, and counts from it.
        told = first["msg"].replace(" at line 1 column ", " at byte ")
        raise IsoglossError(
            f"{place}: {told}" if place else told, where=where, remedy=remedy
        ) from error
