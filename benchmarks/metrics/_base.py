"""What every metric is: statistics a segment, a score of their sums, and a signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from isogloss.errors import IsoglossError

Array = npt.NDArray[np.float64]

#: Tasks whose answers are prose in a language of their own.
PROSE = ("translation", "qa", "summarization")


class MetricModule(Protocol):
    """What a module of ``benchmarks.metrics`` defines.

    A metric gives every segment a row of sufficient statistics; the score of a corpus is a
    function of their sum. So a bootstrap needs one pass over the text, whatever the number of
    resamples.
    """

    LABEL: str
    DESCRIPTION: str
    UNIT: str
    TASKS: Sequence[str]
    HIGHER_IS_BETTER: bool

    def statistics(
        self, predictions: Sequence[str], references: Sequence[Sequence[str]], language: str
    ) -> Array:
        """Return the statistics of each segment.

        Args:
            predictions: n answers.
            references: For each answer, all that count as right (at least one).
            language: The tag of the answers' language.

        Returns:
            An array of shape (n, k).
        """

    def combine(self, sums: Array) -> Array:
        """Return the scores (0 to 100) of summed statistics: shape (..., k) gives (...).

        NaN where there is nothing to judge.
        """

    def signature(self, language: str) -> str:
        """Say how the score is computed: name, tokenizer, case, version."""


def check(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Refuse what is not one list of references an answer.

    Raises:
        IsoglossError: The numbers differ (references given the other way round, perhaps), or
            an answer has none, or a string stands where a list of strings should.
    """
    if len(predictions) != len(references):
        raise IsoglossError(
            f"{len(predictions)} predictions but references for {len(references)}",
            remedy="Give one list of references for each prediction, not one prediction for each",
        )
    for row, accepted in enumerate(references):
        if isinstance(accepted, str) or not accepted:
            raise IsoglossError(
                "references must be a list of at least one text", where=f"row {row}"
            )


def streams(references: Sequence[Sequence[str]]) -> list[list[Any]]:
    """Return references as sacrebleu takes them: by number, padded with None."""
    most = max((len(accepted) for accepted in references), default=1)
    return [
        [accepted[number] if number < len(accepted) else None for accepted in references]
        for number in range(most)
    ]


def ratio(numerator: Array, denominator: Array) -> Array:
    """Divide, giving NaN where the denominator is 0."""
    return np.divide(
        numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0
    )


def mean_of_rows(sums: Array) -> Array:
    """Combine statistics of (value, 1) a segment into their mean, in percent."""
    return 100.0 * ratio(sums[..., 0], sums[..., 1])
