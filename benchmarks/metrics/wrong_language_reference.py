"""Share of references that the same judge finds in the wrong language: its own error."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from benchmarks.metrics import _language
from benchmarks.metrics._base import PROSE, Array, check, mean_of_rows

DESCRIPTION = "what the judge of wrong_language says of the references: its error rate here"
TASKS = PROSE
HIGHER_IS_BETTER = False


def statistics(
    predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
) -> Array:
    """Return (1 if the reference seems in the wrong language else 0, 1) of each segment."""
    check(predictions, references)
    texts = [accepted[0] for accepted in references]
    wrong = [not _language.in_language(text, language) for text in texts]
    return np.stack([np.asarray(wrong, dtype=np.float64), np.ones(len(wrong))], axis=-1)


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str) -> str:
    """Return the judge."""
    return (
        f"wrong_language_reference|script>=50%|langdetect:{version('langdetect')}|seed:0"
        f"|letters>={_language.ENOUGH_LETTERS}|dense>={_language.ENOUGH_DENSE}"
    )
