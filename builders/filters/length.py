"""Too short or too long, in characters."""

from __future__ import annotations

import polars as pl

from builders.filters._base import FilterOptions, because, reasoned

DESCRIPTION = "drops rows whose input (with its context) or output is too short or too long"


class Options(FilterOptions):
    """Bounds in characters (Unicode code points), and the tasks they hold for (all if empty)."""

    min_chars: int = 1
    max_chars: int = 2000
    max_output_chars: int | None = None
    tasks: tuple[str, ...] = ()


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
