"""The house plan's arrows, and what every room promises of its imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
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


def test_modules_are_short_enough_to_read_at_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for room in ("isogloss", "builders", "benchmarks", "runners", "leaderboard", "tests")
        for path in (ROOT / room).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert not long
