"""Translation: a text said again in another language."""

from __future__ import annotations

from benchmarks.tasks._reading import first_line

LABEL = "Translation"
DESCRIPTION = "a text, said again in another language"
MAIN = "chrf"
BY_SOURCE = True
PROMPT = "the instruction, a blank line, the text to translate"
ANSWER = (
    "its first line that says anything; all of it where the text to translate has several lines"
)
RIGHT = (
    "it says in the language asked for what the text says: the closer to a reference, the better"
)


def read_answer(text: str, *, given: str = "") -> str:
    """Read the answer from a model's text: its first line, or all of it where the source has several.

    Models go on to explain, or to repeat, on the lines after.
    """
    return text.strip() if "\n" in given.strip() else first_line(text)
