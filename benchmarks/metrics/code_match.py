"""Exact match of programs: no normalization that would change what they do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.metrics._base import Array, check, mean_of_rows

LABEL = "exact match"
DESCRIPTION = "share of programs equal to a reference; spaces at line ends and blank ends aside"
UNIT = "%"
TASKS = ("code",)
HIGHER_IS_BETTER = True


def statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> Array:
    """Return (1 if equal to a reference else 0, 1) of each segment."""
    check(predictions, references)
    rows = [
        (float(_trimmed(text) in {_trimmed(one) for one in accepted}), 1.0)
        for text, accepted in zip(predictions, references, strict=True)
    ]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def _trimmed(text: str) -> str:
    """Drop what no language gives a meaning to; indentation and case stay."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def combine(sums: Array) -> Array:
    """Return the share of matches, in percent."""
    return mean_of_rows(sums)


def signature(language: str) -> str:
    """Return the normalization."""
    return "code_match|norm:trailing-space|case:mixed|v1"
