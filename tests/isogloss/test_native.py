"""Native loops work wherever they are installed, and are compiled anew where their sources change."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from isogloss.native import native


def test_what_can_be_kept_nowhere_is_compiled_all_the_same() -> None:
    names: dict[str, Any] = {}
    exec(compile("def twice(n):\n    return 2 * n\n", "<nowhere>", "exec"), names)
    assert native(names["twice"])(21) == 42


CALLED = """
from isogloss.native import inner
@inner
def factor():
    return {}
"""
CALLING = """
from called import factor
from isogloss.native import native
@native
def product(n):
    return factor() * n
print(product(21), sum(product.stats.cache_hits.values()))
"""


def test_what_is_called_from_another_file_is_compiled_anew_where_that_changes(
    tmp_path: Path,
) -> None:
    (tmp_path / "calling.py").write_text(CALLING)

    def product(factor: int) -> str:
        (tmp_path / "called.py").write_text(CALLED.format(factor))
        done = subprocess.run(
            [sys.executable, "-B", str(tmp_path / "calling.py")],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept")},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    assert product(2) == "42 0"
    assert product(2) == "42 1"
    assert product(3) == "63 0"
