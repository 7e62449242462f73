"""Question answering: a short answer, with or without a passage."""

from __future__ import annotations

from benchmarks.tasks._reading import first_line

LABEL = "Question answering"
DESCRIPTION = "a short answer to a question, with or without a passage"
MAIN = "f1"
PROMPT = "the instruction, a blank line, the passage where there is one, a blank line, the question"
ANSWER = "its first line that says anything"
RIGHT = "it is one of the references, case, punctuation and articles aside; words in common count for part"


def read_answer(text: str, *, given: str = "") -> str:
    """Read the answer from a model's text: its first line that says anything."""
    return first_line(text)
