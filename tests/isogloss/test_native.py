"""Native loops work wherever they are installed."""

from __future__ import annotations

from typing import Any

from isogloss.native import native


def test_what_can_be_kept_nowhere_is_compiled_all_the_same() -> None:
    names: dict[str, Any] = {}
    exec(compile("def twice(n):\n    return 2 * n\n", "<nowhere>", "exec"), names)
    assert native(names["twice"])(21) == 42
