"""The house plan's arrows, and what every room promises of its imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("isogloss.command.cli", "builders", "benchmarks", "runners", "leaderboard")


def test_rooms_import_only_what_the_house_plan_allows() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


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
