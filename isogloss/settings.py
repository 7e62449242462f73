"""Reading TOML settings strictly: an unknown or wrong key is named with its place and a near miss."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from isogloss.errors import IsoglossError
from isogloss.jsonfiles import check_values, read_limited

# Files of settings are written by hand.
_LARGEST = 4 << 20
_LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){65}""")
_LONGEST_PLACE = 120


class Settings(BaseModel):
    """Base of everything read from TOML: no key is ignored, no value is guessed.

    What a key means stands in a docstring below it, from where ``isogloss list`` shows it.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


S = TypeVar("S", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, whoever wrote it.

    Raises:
        IsoglossError: There is no such file; it is not TOML (with the line), or holds what no
            settings need (see `parse_toml`).
    """
    if path.is_dir():
        raise IsoglossError("is a folder, not a TOML file", where=path)
    return parse_toml(read_limited(path, "TOML", largest=_LARGEST), where=path)


def parse_toml(text: str, *, where: Path | str) -> dict[str, Any]:
    """Read TOML: numbers are finite and of 64 bits, nothing is nested too deeply, no U+0000.

    Raises:
        IsoglossError: It is not TOML, or passes one of these limits.
    """
    # tomllib's time is the square of a key's parts.
    if _LONG_KEY.search(text):
        raise IsoglossError("a key has too many parts", where=where)
    try:
        found = tomllib.loads(text)
    except RecursionError as error:
        raise IsoglossError("is nested too deeply", where=where) from error
    except tomllib.TOMLDecodeError as error:
        raise IsoglossError(f"is not TOML ({error})", where=where) from error
    except ValueError as error:
        raise IsoglossError("a number has too many digits", where=where) from error
    check_values(found, where=where, texts_without_nul=True)
    return found


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
        key = ".".join(str(part) for part in first["loc"])[:_LONGEST_PLACE]
        if first["type"] == "extra_forbidden":
            raise unknown(
                "key", str(first["loc"][-1]), _known_keys(model, first["loc"]), where=where
            ) from error
        if first["type"] == "missing":
            problem = f"the key {key!r} is missing"
        else:
            message = first["msg"].removeprefix("Value error, ")
            problem = f"{key}: {message}" if key else message
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
