"""Summarization: what a text says, in few words."""

from __future__ import annotations

LABEL = "Summarization"
DESCRIPTION = "what a text says, in few words"
MAIN = "rougeL"


def read_answer(text: str, *, asked: str = "") -> str:
    """Read the answer from a model's text: all of it."""
    return text.strip()
