"""What every filter shares: its options, its scores, its verdict.

A filter is a module with ``Options`` and ``DESCRIPTION`` and, of these functions, those it needs:

``repair(frame, options)``
    returns the frame with its texts mended, before anything is scored;
``score(frame, options, workers)``
    returns score columns beside the rows, in their order. A score is never null: NaN or an empty
    text says that there is none. Scores are kept, so they may only hang on the text and on the
    options that ``SCORED_BY`` names;
``verdict(options)``
    returns the expression of the reason to drop a row (null keeps it), from text and scores alone,
    so that another threshold decides again without scoring again;
``sweeps(options)``
    returns which options are thresholds on which scores, for the report.

``COST = 1`` marks an expensive filter: it scores last, after duplicates are
gone, and only of rows that all others have let through. Batches of them are scored in several
threads at once, but where ``alone(options)`` is true, as of what holds the interpreter: these are
scored one after another where Ctrl-C ends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import polars as pl
from pydantic import Field, field_validator

from isogloss.languages import canonical
from isogloss.settings import Settings

#: Columns of an example that hold text.
TEXT = ("context", "input", "output")

#: A character of a script that packs about a word into one or two characters.
DENSE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]"


class FilterOptions(Settings):
    """Options every filter has; a filter's ``Options`` adds its own."""

    name: str
    """The filter: a module of ``builders.filters``."""
    tasks: tuple[str, ...] = ()
    """The tasks that it looks at; all if empty."""
    languages: tuple[str, ...] = ()
    """The languages (of the output) that it looks at; all if empty."""
    by_language: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Options that are other ones for a language (of the output)."""

    @field_validator("languages")
    @classmethod
    def _tags(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(canonical(tag) for tag in tags)


@dataclass(frozen=True)
class Sweep:
    """A threshold on a score: what the report tries other values of.

    Attributes:
        option: The option that is the threshold.
        score: The score's column.
        value: The threshold that holds.
        drops: Whether rows are dropped whose score is below or above it.
        inclusive: Whether those are dropped too whose score is the threshold itself.
        among: What else must hold of a row that the threshold drops, over scores, task and
            languages; nothing where None.
    """

    option: str
    score: str
    value: float
    drops: Literal["below", "above"]
    inclusive: bool = False
    among: pl.Expr | None = None


class FilterModule(Protocol):
    """What a module of ``builders.filters`` defines; see the module's docstring for the rest."""

    Options: type[FilterOptions]
    DESCRIPTION: str


def first_of(*reasons: pl.Expr) -> pl.Expr:
    """Return the first of the reasons that is not null, as the column ``reason``."""
    return pl.coalesce(*reasons, pl.lit(None, pl.String)).alias("reason")


def because(condition: pl.Expr, reason: str | pl.Expr) -> pl.Expr:
    """Return the reason where the condition holds, else null."""
    text = pl.lit(reason) if isinstance(reason, str) else reason
    return pl.when(condition.fill_null(False)).then(text)


def sides(names: Sequence[str]) -> dict[str, pl.Expr]:
    """Return the text of each side, without nulls; an own instruction and context are of the input."""
    given = [pl.col(name).fill_null("") for name in ("instruction", "context", "input")]
    texts = {
        "input": pl.concat_str(given),
        "output": pl.col("output").fill_null(""),
    }
    return {name: texts[name] for name in names}
