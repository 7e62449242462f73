"""Length of the answers over that of the references."""

from __future__ import annotations

import numpy as np

from benchmarks.metrics._base import PROSE, Array, NoOptions, Segments, ratio

LABEL = "length ratio"
DESCRIPTION = (
    "characters of the answers over those of the references closest in length; 100 is as long"
)
UNIT = "%"
TASKS = PROSE
HIGHER_IS_BETTER = None
WITHIN = (0.0, None)
NUMBERS_REFERENCES = True


def statistics(segments: Segments, options: NoOptions) -> Array:
    """Return (characters of the answer, of the reference closest in length) of each segment."""
    rows = [
        (len(text), min((abs(len(one) - len(text)), len(one)) for one in accepted)[1])
        for text, accepted in zip(segments.answers, segments.references, strict=True)
    ]
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def combine(sums: Array) -> Array:
    """Return the ratio, in percent; NaN where the references are empty."""
    return 100.0 * ratio(sums[..., 0], sums[..., 1])


def signature(language: str, options: NoOptions) -> str:
    """Return what is counted."""
    return "length_ratio|characters|refs:closest|v1"
