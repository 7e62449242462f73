"""What every metric is: statistics a segment, a score of their sums, and a signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from isogloss.errors import IsoglossError
from isogloss.settings import Settings

Array = npt.NDArray[np.float64]

#: Tasks whose answers are prose in a language of their own.
PROSE = ("translation", "qa", "summarization")
#: Every task.
ALL = (*PROSE, "code")


class NoOptions(Settings):
    """The options of a metric that has none."""


@dataclass(frozen=True)
class Segments:
    """What is judged: n answers in one language, and what they are held against.

    Attributes:
        answers: n answers, as the task reads them from what a model wrote.
        references: For each answer, all that count as right (at least one).
        language: The tag of the answers' language.
        inputs: For each answer, the text that was asked about; empty texts where not given.
        texts: For each answer, all that the model wrote; the answer itself where not given.
        stop_reasons: Why each answer ended (``eos``, ``length``, ``none``); ``none`` where not
            given.
        tests: For each answer, the program that checks it, or None.
        ids: The record that each answer is for; several answers may be for one. All different
            where not given.

    Raises:
        IsoglossError: The lengths differ (references given the other way round, perhaps), or
            an answer has no reference, or a string stands where a list of strings should.
    """

    answers: Sequence[str]
    references: Sequence[Sequence[str]]
    language: str
    inputs: Sequence[str] = ()
    texts: Sequence[str] = ()
    stop_reasons: Sequence[str] = ()
    tests: Sequence[str | None] = ()
    ids: Sequence[str] = ()

    def __post_init__(self) -> None:
        count = len(self.answers)
        if count != len(self.references):
            raise IsoglossError(
                f"{count} predictions but references for {len(self.references)}",
                remedy="Give one list of references for each prediction, not one prediction "
                "for each",
            )
        for row, accepted in enumerate(self.references):
            if isinstance(accepted, str) or not accepted:
                raise IsoglossError(
                    "references must be a list of at least one text", where=f"row {row}"
                )
        fills: dict[str, list[Any]] = {
            "inputs": [""] * count,
            "texts": list(self.answers),
            "stop_reasons": ["none"] * count,
            "tests": [None] * count,
            "ids": [str(number) for number in range(count)],
        }
        for name, fill in fills.items():
            given = getattr(self, name)
            if not given:
                object.__setattr__(self, name, fill)
            elif len(given) != count:
                raise IsoglossError(f"{count} predictions but {len(given)} {name}")

    def __len__(self) -> int:
        return len(self.answers)


class MetricModule(Protocol):
    """What a module of ``benchmarks.metrics`` defines.

    A metric gives every segment a row of sufficient statistics; the score of a corpus is a
    function of their sum. So a bootstrap needs one pass over the text, whatever the number of
    resamples.

    A module may also define ``NAME``, where its file name will not do; ``ON_REQUEST = True``, if
    it is computed only where it is named (it needs another package, or long); and ``Options``,
    the settings it takes.
    """

    LABEL: str
    DESCRIPTION: str
    UNIT: str
    TASKS: Sequence[str]
    HIGHER_IS_BETTER: bool | None

    def statistics(self, segments: Segments, options: Any) -> Array:
        """Return the statistics of each segment, shape (n, k)."""

    def combine(self, sums: Array) -> Array:
        """Return the scores of summed statistics: shape (..., k) gives (...).

        NaN where there is nothing to judge.
        """

    def signature(self, language: str, options: Any) -> str:
        """Say how the score is computed: name, tokenizer, case, version."""


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


def counted(values: Sequence[float] | Sequence[bool] | Array) -> Array:
    """Return (value, 1) of each segment: the statistics of a mean, shape (n, 2)."""
    column = np.asarray(values, dtype=np.float64).reshape(-1)
    return np.stack([column, np.ones(len(column))], axis=-1)
