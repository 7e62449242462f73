"""Names of a room whose modules are imported on first use, so that importing the room is instant."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_ROOMS = ("builders", "benchmarks", "runners", "leaderboard")


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` (PEP 562) of a package.

    Args:
        package: The package's name.
        homes: For each public name, the module it is defined in; where it has another name there,
            behind a colon: ``runners:compare_runs``.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        check_rooms()
        module, _, attribute = homes[name].partition(":")
        return getattr(import_module(module), attribute or name)

    return find


@cache
def check_rooms() -> None:
    """Check that Python finds our own rooms: a folder or a module of the user's may bear such a name.

    Raises:
        IsoglossError: One is hidden by another package, or is not installed.
    """
    from pathlib import Path

    from isogloss.errors import IsoglossError

    installed = Path(__file__).resolve().parent.parent
    for room in _ROOMS:
        ours = installed / room
        found = _place(room)
        if found == ours:
            continue
        if found is None:
            raise IsoglossError(
                f"isogloss's own package {room!r} is missing",
                where=installed,
                remedy="Install isogloss again",
            )
        raise IsoglossError(
            f"hides isogloss's own package {room!r} ({ours})",
            where=found,
            remedy="Rename it, or start Python in another folder",
        )


def _place(name: str) -> Path | None:
    """Return the folder of a package, or the file of a module, without importing it."""
    from importlib.util import find_spec
    from pathlib import Path

    try:
        spec = find_spec(name)
    except ValueError:  # a module that was made by hand
        file = getattr(sys.modules[name], "__file__", None)
        return None if file is None else Path(file).resolve()
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    place = folders[0] if folders else spec.origin
    return None if place is None else Path(place).resolve()
