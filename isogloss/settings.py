"""Reading TOML settings strictly: an unknown or wrong key is told with its place and a near miss."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from isogloss.errors import IsoglossError


class Settings(BaseModel):
    """Base of everything read from TOML: no key is ignored, no value is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        IsoglossError: There is no such file, or it is not TOML (with the line).
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise IsoglossError("there is no such file", where=path) from error
    except IsADirectoryError as error:
        raise IsoglossError("is a folder, not a TOML file", where=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise IsoglossError(f"is not TOML ({error})", where=path) from error


def validate(model: type[S], value: Any, *, where: str) -> S:
    """Check a value against a settings model.

    Args:
        model: The settings class.
        value: What was read.
        where: The file, and where needed the table, to name in an error.

    Raises:
        IsoglossError: The first thing that is wrong, with its key.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        # A key that is written wrongly is missing, too: what is there says more than what is not.
        first = min(error.errors(), key=lambda one: one["type"] == "missing")
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise unknown(
                "key", str(first["loc"][-1]), _known_keys(model, first["loc"]), where=where
            ) from error
        if first["type"] == "missing":
            problem = f"the key {key!r} is missing"
        else:
            told = first["msg"].removeprefix("Value error, ")
            problem = f"{key}: {told}" if key else told
        raise IsoglossError(problem, where=where) from error


def unknown(kind: str, name: str, known: list[str], *, where: str) -> IsoglossError:
    """Return the error for a name that is not among the known ones, with the nearest of them."""
    near = difflib.get_close_matches(name, known, n=1)
    remedy = f"Did you mean {near[0]!r}? " if near else ""
    return IsoglossError(
        f"unknown {kind} {name!r}", where=where, remedy=f"{remedy}Known: {', '.join(sorted(known))}"
    )


def _known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Follow a location into nested models as far as annotations allow."""
    current: type[BaseModel] | None = model
    for part in loc[:-1]:
        if isinstance(part, int) or current is None:
            continue
        field = current.model_fields.get(part)
        current = _model_in(field.annotation) if field else None
    return list(current.model_fields) if current else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
