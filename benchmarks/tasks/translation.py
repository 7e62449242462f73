"""Translation: a text said again in another language."""

from __future__ import annotations

from benchmarks.tasks._reading import first_line

LABEL = "Translation"
DESCRIPTION = "a text, said again in another language"
MAIN = "chrf"


def read_answer(text: str, *, asked: str = "") -> str:
    """Read the answer from a model's text: its first line, or all of it where the source has several.

    Models go on to explain, or to repeat, on the lines after.
    """
    return text.strip() if "\n" in asked.strip() else first_line(text)
