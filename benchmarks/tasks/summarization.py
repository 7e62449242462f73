"""Summarization: what a text says, in few words."""

from __future__ import annotations

LABEL = "Summarization"
DESCRIPTION = "what a text says, in few words"
MAIN = "rougeL"
PROMPT = "the instruction, a blank line, the text to summarize"
ANSWER = "all of it"
RIGHT = (
    "it says in the language asked for what a reference says: the more words in common, the better"
)


def read_answer(text: str, *, given: str = "") -> str:
    """Read the answer from a model's text: all of it."""
    return text.strip()
