"""Code: a program that does what is asked."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)

LABEL = "Code generation"
DESCRIPTION = "a program that does what is asked"
MAIN = "code_match"


def read_answer(text: str, *, asked: str = "") -> str:
    """Read the answer from a model's text: the first fenced block, or all of it where there is none."""
    block = _BLOCK.search(text)
    return (block[1] if block else text).strip("\n")
