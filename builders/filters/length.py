"""Too short or too long, in characters or words."""

from __future__ import annotations

from typing import Any

import polars as pl
from pydantic import Field, model_validator

from builders.filters import _lengths
from builders.filters._base import FilterOptions, Sweep, because, first_of, sides
from isogloss.files import sha256_file

DESCRIPTION = "drops rows whose input (with its context) or output is too short or too long"

# Words are counted where they have a bound: it takes five times as long as counting characters.
SCORED_BY = ("min_words", "max_words", "max_output_words", "min_english_chars")
VERSION = sha256_file(_lengths.FILE)

#: The columns of each side.
_SIDES = {"input": ("instruction", "context", "input"), "output": ("output",)}


class Options(FilterOptions):
    """Bounds in characters (Unicode code points) and in words (what white space parts).

    ``max_output_chars`` and ``max_output_words`` hold for the output in the place of the others.
    Scripts without spaces have few words: bound their characters. ``min_english_chars`` bounds
    both sides alike, whatever their languages: by the characters that English would take to say
    the same (``lengths.toml``).
    """

    min_chars: int = Field(default=1, ge=0)
    max_chars: int = Field(default=2000, gt=0)
    max_output_chars: int | None = Field(default=None, gt=0)
    min_words: int = Field(default=0, ge=0)
    max_words: int | None = Field(default=None, gt=0)
    max_output_words: int | None = Field(default=None, gt=0)
    min_english_chars: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _some_length_is_right(self) -> Options:
        if self.min_chars > min(self.max_chars, self.max_output_chars or self.max_chars):
            raise ValueError("min_chars is more than max_chars or max_output_chars")
        most = [n for n in (self.max_words, self.max_output_words) if n is not None]
        if most and self.min_words > min(most):
            raise ValueError("min_words is more than max_words or max_output_words")
        return self

    @property
    def units(self) -> tuple[str, ...]:
        """What is counted: words only where they have a bound."""
        words = self.min_words or self.max_words or self.max_output_words
        return ("chars", "words") if words else ("chars",)

    def most(self, side: str, unit: str) -> int | None:
        """Return the upper bound of a side in a unit."""
        own = getattr(self, f"max_output_{unit}") if side == "output" else None
        found: int | None = own if own is not None else getattr(self, f"max_{unit}")
        return found


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``input_chars`` and ``output_chars``, and ``_words`` of both where they are bound.

    With ``min_english_chars``, ``input_english_chars`` and ``output_english_chars`` too.
    """
    counts = frame.select(
        _count(columns, unit).alias(f"{side}_{unit}")
        for unit in options.units
        for side, columns in _SIDES.items()
    )
    if not options.min_english_chars:
        return counts
    tags = {"input": pl.coalesce("source_language", "language"), "output": pl.col("language")}
    texts = frame.select(text.alias(side) for side, text in sides(list(_SIDES)).items())
    return counts.with_columns(
        _lengths.chars(texts[side], frame.select(tags[side]).to_series()).alias(
            f"{side}_english_chars"
        )
        for side in _SIDES
    )


def verdict(options: Options) -> pl.Expr:
    """Drop where a side is out of bounds."""
    reasons = []
    for side in _SIDES:
        for unit in options.units:
            count = pl.col(f"{side}_{unit}")
            least, most = getattr(options, f"min_{unit}"), options.most(side, unit)
            reasons.append(because(count < least, f"the {side} is under {least} {unit}"))
            if most is not None:
                reasons.append(because(count > most, f"the {side} is over {most} {unit}"))
        if options.min_english_chars:
            short = pl.col(f"{side}_english_chars") < options.min_english_chars
            reason = f"the {side} is under {options.min_english_chars} characters, as in English"
            reasons.append(because(short, reason))
    return first_of(*reasons)


def sweeps(options: Options) -> list[Sweep]:
    """Return the bounds that are set."""
    found: list[tuple[str, str, Any, Any]] = []
    for side in _SIDES:
        for unit in options.units:
            own = side == "output" and getattr(options, f"max_output_{unit}") is not None
            name = f"max_output_{unit}" if own else f"max_{unit}"
            found.append(
                (f"min_{unit}", f"{side}_{unit}", getattr(options, f"min_{unit}"), "below")
            )
            found.append((name, f"{side}_{unit}", options.most(side, unit), "above"))
        least = options.min_english_chars
        found.append(("min_english_chars", f"{side}_english_chars", least, "below"))
    return [Sweep(*one) for one in found if one[2]]


def _count(columns: tuple[str, ...], unit: str) -> pl.Expr:
    texts = [pl.col(name).fill_null("") for name in columns]
    if unit == "chars":
        return pl.sum_horizontal(text.str.len_chars() for text in texts)
    return pl.sum_horizontal(text.str.count_matches(r"\S+") for text in texts)
