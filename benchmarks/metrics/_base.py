"""What every metric is: statistics a segment, a score of their sums, and a signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.settings import Settings

Array = npt.NDArray[np.float64]

#: The shipped tasks whose answers are prose in a language of their own.
PROSE = ("translation", "qa", "summarization")
#: Every task, whoever brings it.
ALL = ("*",)


class NoOptions(Settings):
    """The options of a metric that has none."""


@dataclass(frozen=True)
class Segments:
    """What is scored: n answers in one language, and what they are held against.

    Attributes:
        answers: n answers, as the task reads them from what a model wrote.
        references: For each answer, all that count as right (at least one).
        language: The tag of the answers' language.
        inputs: For each answer, the input of its prompt; empty texts where not given.
        texts: For each answer, all that the model wrote but its reasoning; the answer itself where
            not given.
        reasoning: For each answer, what the model thought aloud before it; empty texts where not
            given.
        stop_reasons: Why each answer ended (``eos``, ``length``, ``none``); ``none`` where not
            given.
        tests: For each answer, the program that checks it, or None.
        ids: The record that each answer is for; several answers may be for one. All different
            where not given.

    Raises:
        IsoglossError: The lengths differ (references given the other way round, perhaps), an
            answer has no reference, something else stands where a text or a list of texts should,
            or the language is none.
    """

    answers: Sequence[str]
    references: Sequence[Sequence[str]]
    language: str
    inputs: Sequence[str] = ()
    texts: Sequence[str] = ()
    stop_reasons: Sequence[str] = ()
    tests: Sequence[str | None] = ()
    ids: Sequence[str] = ()
    reasoning: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", canonical(self.language, where="language"))
        _check_texts("answers", self.answers)
        _check_list("references", self.references)
        count = len(self.answers)
        if count != len(self.references):
            raise IsoglossError(
                f"{count} predictions but references for {len(self.references)}",
                remedy="Give one list of references for each prediction, not one prediction "
                "for each",
            )
        _check_references(self.references)
        fills: dict[str, list[Any]] = {
            "inputs": [""] * count,
            "texts": list(self.answers),
            "reasoning": [""] * count,
            "stop_reasons": ["none"] * count,
            "tests": [None] * count,
            "ids": [str(number) for number in range(count)],
        }
        for name, fill in fills.items():
            given = getattr(self, name)
            _check_texts(name, given, or_none=name == "tests")
            if len(given) == 0:
                object.__setattr__(self, name, fill)
            elif len(given) != count:
                raise IsoglossError(f"{count} predictions but {len(given)} {name}")

    def __len__(self) -> int:
        return len(self.answers)


def _check_list(name: str, given: Any, where: str | None = None) -> None:
    if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__len__"):
        raise IsoglossError(
            f"{name} must be a list of texts, not {type(given).__name__}", where=where
        )


def _check_texts(name: str, given: Any, *, or_none: bool = False) -> None:
    _check_list(name, given)
    row = _first_stranger(given, or_none=or_none)
    if row is not None:
        raise IsoglossError(
            f"{name} must be texts, not {type(given[row]).__name__}", where=f"row {row}"
        )


def _check_references(references: Sequence[Any]) -> None:
    strangers = any(not issubclass(kind, list | tuple) for kind in set(map(type, references)))
    for row, accepted in enumerate(references) if strangers else ():
        _check_list("references", accepted, where=f"row {row}")
    if not all(map(len, references)):
        row = next(row for row, accepted in enumerate(references) if len(accepted) == 0)
        raise IsoglossError("references must be a list of at least one text", where=f"row {row}")
    if _first_stranger(list(chain.from_iterable(references))) is None:
        return
    for row, accepted in enumerate(references):
        number = _first_stranger(accepted)
        if number is not None:
            raise IsoglossError(
                f"references must be texts, not {type(accepted[number]).__name__}",
                where=f"row {row}",
            )


def _first_stranger(given: Sequence[Any], *, or_none: bool = False) -> int | None:
    """Return the place of the first that is no text; quick where there is none."""
    # There are few types, however many texts.
    kinds = {kind for kind in set(map(type, given)) if not issubclass(kind, str)}
    if or_none:
        kinds.discard(type(None))
    return (
        next((row for row, one in enumerate(given) if type(one) in kinds), None) if kinds else None
    )


class MetricModule(Protocol):
    """What a module of ``benchmarks.metrics`` defines.

    A metric gives every segment a row of sufficient statistics; the score of a corpus is a
    function of their sum. So a bootstrap needs one pass over the text, whatever the number of
    resamples.

    ``TASKS`` are the tasks that it is for, `ALL` for every one; a task may name metrics of its own
    accord too. A module may also define ``NAME``, where its file name will not do; ``ON_REQUEST = True``, if
    it is computed only where it is named (it needs another package, or long); ``Options``, the
    settings it takes; ``WITHIN``, the least and the greatest score there can be (None for no end),
    which its interval does not pass; ``SHARES = True``, if it is the share of segments that are of
    one of two kinds, so that its interval is Wilson's; and ``NUMBERS_REFERENCES = True``, if its
    signature is to tell how many references there are.
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

        NaN where there is nothing to measure.
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


def sacrebleu_signature(name: str, **facts: object) -> str:
    """Return a signature in sacrebleu's words; the number of references comes in by itself."""
    from sacrebleu import __version__

    parts = {**facts, "version": __version__}
    return "|".join([name, *(f"{key}:{value}" for key, value in parts.items()), "lib:sacrebleu"])


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
