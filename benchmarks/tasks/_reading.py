"""Reading an answer out of what a model wrote."""

from __future__ import annotations


def first_line(text: str) -> str:
    """Return the first line that is not blank, or an empty string."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
