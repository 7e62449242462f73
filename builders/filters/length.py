"""Too short or too long, in characters."""

from __future__ import annotations

import polars as pl
from pydantic import Field, model_validator

from builders.filters._base import FilterOptions, Task, because, reasoned

DESCRIPTION = "drops rows whose input (with its context) or output is too short or too long"


class Options(FilterOptions):
    """Bounds in characters (Unicode code points), and the tasks they hold for (all if empty)."""

    min_chars: int = Field(default=1, ge=0)
    max_chars: int = Field(default=2000, gt=0)
    max_output_chars: int | None = Field(default=None, gt=0)
    tasks: tuple[Task, ...] = ()

    @model_validator(mode="after")
    def _some_length_is_right(self) -> Options:
        if self.min_chars > min(self.max_chars, self.max_output_chars or self.max_chars):
            raise ValueError("min_chars is more than max_chars or max_output_chars")
        return self


def apply(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Set ``reason`` where a side is out of bounds."""
    whole = pl.concat_str(
        pl.col("context").fill_null(""), pl.col("input").fill_null(""), separator=""
    )
    here = pl.col("task").is_in(list(options.tasks)) if options.tasks else pl.lit(True)
    most_output = options.max_output_chars or options.max_chars
    reasons = []
    for side, text, most in (
        ("input", whole, options.max_chars),
        ("output", pl.col("output"), most_output),
    ):
        count = text.str.len_chars()
        reasons.append(
            because(
                here & (count < options.min_chars), f"the {side} is under {options.min_chars} chars"
            )
        )
        reasons.append(because(here & (count > most), f"the {side} is over {most} chars"))
    return reasoned(frame, *reasons)
