"""Question answering: a short answer, with or without a passage."""

from __future__ import annotations

from benchmarks.tasks._reading import first_line

LABEL = "Question answering"
DESCRIPTION = "a short answer to a question, with or without a passage"
MAIN = "f1"


def read_answer(text: str, *, asked: str = "") -> str:
    """Read the answer from a model's text: its first line that says anything."""
    return first_line(text)
