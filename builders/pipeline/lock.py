"""The lock of a recipe: what every source held when the corpus was last built.

It lies beside the recipe (``recipe.toml`` → ``recipe.lock``) and is meant to be kept with it. A build
brings it up to date and says what has changed; a frozen build refuses to go on instead.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from isogloss.console import say, warn
from isogloss.errors import IsoglossError
from isogloss.files import read_json, remove_partials_of, write_json
from isogloss.settings import Settings

_FORMAT = 1
_SHIPPED = Path(__file__).resolve().parent.parent / "recipes"
_KEPT = ("name", "kind", "version", "licence", "sha256")


class _Locked(Settings):
    """What a source or a suite held."""

    name: str
    kind: str | None = None
    version: str | None = None
    licence: str | None = None
    sha256: str | None = None


class _Lock(Settings):
    """The file."""

    format: int = Field(ge=_FORMAT, le=_FORMAT)
    sources: list[_Locked]
    suites: list[_Locked]
    templates: str
    tokenizer: str | None


def path_of(recipe: Path) -> Path:
    """Return where the lock of a recipe lies."""
    return recipe.with_suffix(".lock")


def entry(
    sources: list[dict[str, Any]],
    suites: list[dict[str, Any]],
    templates: str,
    tokenizer: str | None,
) -> dict[str, Any]:
    """Return what a lock holds.

    Args:
        sources: The sources' entries in the manifest.
        suites: Those of the suites that are kept out of training.
        templates: The hash of the templates.
        tokenizer: The hash of the tokenizer that measures a budget; None where none does.
    """
    return {
        "format": _FORMAT,
        "sources": [{key: one[key] for key in _KEPT if key in one} for one in sources],
        "suites": [{key: one[key] for key in _KEPT if key in one} for one in suites],
        "templates": templates,
        "tokenizer": tokenizer,
    }


def check_readable(recipe: Path) -> None:
    """Check that a lock is one, if there is any: better known before the sources are read than after.

    Raises:
        IsoglossError: It is not.
    """
    if path_of(recipe).is_file() and not _is_shipped(recipe):
        _read(path_of(recipe))


def check(recipe: Path, now: dict[str, Any]) -> None:
    """Check that all sources are as the lock has them.

    Args:
        recipe: The recipe's file.
        now: What they are, as `entry` gives it.

    Raises:
        IsoglossError: There is no lock, or a source is new, gone or another one.
    """
    path = path_of(recipe)
    if not path.is_file():
        raise IsoglossError(
            "there is no lock to hold the sources to",
            where=path,
            remedy="Copy the recipe to a folder of yours: shipped ones have none"
            if _is_shipped(recipe)
            else "Build once without --frozen, and keep the file with the recipe",
        )
    changes = _changes(_read(path), now)
    if changes:
        raise IsoglossError(
            f"the sources are not as they were: {'; '.join(changes)}",
            where=path,
            remedy="Get back what was there, or build without --frozen to take the new content",
        )


def update(recipe: Path, now: dict[str, Any]) -> None:
    """Write the lock where it is missing or out of date, and say what has changed.

    A recipe in a folder that cannot be written has none, nor has one that is shipped.
    """
    if _is_shipped(recipe):
        return
    path = path_of(recipe)
    remove_partials_of(path)
    before = _read(path) if path.is_file() else None
    if before == now:
        return
    for change in _changes(before, now) if before else ():
        warn(f"{path}: {change}")
    try:
        write_json(path, now)
    except IsoglossError as error:
        say(f"no lock is written ({error.problem})")


def _is_shipped(recipe: Path) -> bool:
    return recipe.resolve().parent == _SHIPPED


def _read(path: Path) -> dict[str, Any]:
    try:
        return _Lock.model_validate(read_json(path)).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise IsoglossError(
            "is not a lock of this version", where=path, remedy="Delete it and build again"
        ) from error


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    found = []
    for kind in ("sources", "suites"):
        old, new = ({one["name"]: one for one in lock[kind]} for lock in (before, now))
        found += [f"{name!r} is gone" for name in old if name not in new]
        found += [f"{name!r} is new" for name in new if name not in old]
        found += [
            f"{key} of {name!r} was {_shown(old[name].get(key))}, is {_shown(source.get(key))}"
            for name, source in new.items()
            for key in _KEPT
            if name in old and old[name].get(key) != source.get(key)
        ]
    for kind in ("templates", "tokenizer"):
        if before[kind] != now[kind]:
            found.append(f"the {kind} was {_shown(before[kind])}, is {_shown(now[kind])}")
    return found


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 24 else f"{text[:16]}…"
