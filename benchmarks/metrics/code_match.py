"""Exact match of programs: no normalization that would change what they do."""

from __future__ import annotations

from benchmarks.metrics._base import Array, NoOptions, Segments, counted, mean_of_rows

LABEL = "exact match"
DESCRIPTION = "share of programs equal to a reference; spaces at line ends and blank ends aside"
UNIT = "%"
TASKS = ("code",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
SHARES = True
NUMBERS_REFERENCES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (1 if equal to a reference else 0, 1) of each segment."""
    return counted(
        [
            _trimmed(text) in {_trimmed(one) for one in accepted}
            for text, accepted in zip(segments.answers, segments.references, strict=True)
        ]
    )


def _trimmed(text: str) -> str:
    """Drop what no language gives a meaning to; indentation and case stay."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def combine(sums: Array) -> Array:
    """Return the share of matches, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: NoOptions) -> str:
    """Return the normalization."""
    return "code_match|norm:trailing-space|case:mixed|v1"
