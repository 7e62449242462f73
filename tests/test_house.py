"""The house plan, where import-linter alone does not hold the house to it."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: What benchmarks may know of builders: a suite reads its data and asks as a recipe does.
KNOWN = {"sources", "readers", "templates", "example"}
#: Modules of the rooms whose root is held to a few.
ROOMS = ("benchmarks",)
MOST = 6


def contracts() -> list[dict[str, object]]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = table["tool"]["importlinter"]["contracts"]
    return found


def test_every_part_of_builders_that_benchmarks_need_not_know_is_forbidden_to_them() -> None:
    (named,) = [
        {str(name).removeprefix("builders.") for name in one["forbidden_modules"]}
        for one in contracts()
        if one.get("source_modules") == ["benchmarks"]
    ]
    folder = ROOT / "builders"
    parts = {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}
    parts |= {path.parent.name for path in folder.glob("*/__init__.py")}
    assert parts - KNOWN <= named
    assert not KNOWN & named


def test_no_contract_excuses_an_import_but_of_the_command() -> None:
    # The command knows all rooms, and is the one part of the spine that does.
    for contract in contracts():
        excused = contract.get("ignore_imports", [])
        assert all(arrow.startswith("isogloss.command.* -> ") for arrow in excused), contract[
            "name"
        ]


def test_the_root_of_a_room_holds_few_modules() -> None:
    for room in ROOMS:
        modules = [path for path in (ROOT / room).glob("*.py") if path.stem != "__init__"]
        assert len(modules) <= MOST, modules
