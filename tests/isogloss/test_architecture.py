"""The house plan's arrows, and what every room promises of its imports."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What benchmarks may know of builders: a suite reads its data and asks as a recipe does.
KNOWN = {"sources", "readers", "templates", "example"}
ROOMS = ("isogloss.command.cli", "builders", "benchmarks", "runners", "leaderboard")


def test_rooms_import_only_what_the_house_plan_allows() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


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


def test_no_contract_excuses_an_import_but_the_commands() -> None:
    excused = [
        str(line)
        for one in contracts()
        for line in one.get("ignore_imports", [])  # type: ignore[attr-defined]
    ]
    # The command stands in the spine's folder, and above every room.
    assert [line for line in excused if not line.startswith("isogloss.command.")] == []


def test_importing_a_room_loads_no_heavy_library() -> None:
    heavy = ("torch", "transformers", "datasets", "sacrebleu", "sklearn", "langdetect")
    code = f"import sys, {', '.join(ROOMS)}; print([m for m in {heavy!r} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr


@pytest.mark.parametrize(
    ("room", "most"), [("builders", 6), ("benchmarks", 6), ("runners", 6), ("leaderboard", 10)]
)
def test_the_root_of_a_room_tells_its_story(room: str, most: int) -> None:
    """A stranger meets few files there; all else is in folders that say what they are of."""
    files = {path.name for path in (ROOT / room).iterdir() if path.is_file()}
    assert "__init__.py" in files
    assert len(files - {"__init__.py", "py.typed"}) <= most, sorted(files)
