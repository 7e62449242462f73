"""Running filters over a batch: repairs first, then scores, then verdicts, each on what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import polars as pl

from builders.filters._base import FilterOptions, Sweep
from isogloss.files import sha256_json

_INDEX = "_index"


@dataclass(frozen=True)
class PlannedFilter:
    """A filter of the recipe.

    Attributes:
        name: The filter's name.
        label: The same, with a number where the recipe lists it again: its scores' prefix.
        module: The module.
        options: Its options.
        by_language: Its options for languages that have their own.
    """

    name: str
    label: str
    module: ModuleType
    options: FilterOptions
    by_language: dict[str, FilterOptions] = field(default_factory=dict)

    @property
    def expensive(self) -> bool:
        """Tell whether it is scored last, and only the rows that all others let through."""
        return getattr(self.module, "COST", 0) > 0

    @property
    def signature(self) -> str:
        """Return the hash of what its scores hang on besides the text."""
        names = getattr(self.module, "SCORED_BY", ())
        return sha256_json(
            [
                self.name,
                getattr(self.module, "VERSION", 1),
                _some(self.options, names),
                {tag: _some(options, names) for tag, options in self.by_language.items()},
            ]
        )

    def sweeps(self, options: FilterOptions) -> list[Sweep]:
        """Return the thresholds on its scores that options of it set."""
        found = getattr(self.module, "sweeps", None)
        return list(found(options)) if found else []


def _some(options: FilterOptions, names: Sequence[str]) -> dict[str, Any]:
    dump = options.model_dump(mode="json")
    return {name: dump[name] for name in names}


def repair(frame: pl.DataFrame, step: PlannedFilter) -> pl.DataFrame:
    """Return the frame with the texts that the filter repairs, in the same order."""
    make = getattr(step.module, "repair", None)
    if make is None:
        return frame
    parts = []
    for options, mask in _portions(frame, step):
        if mask is None:
            return _same_height(make(frame, options), frame, step)
        part = frame.with_row_index(_INDEX).filter(mask)
        parts.append(_same_height(make(part, options), part, step))
    untouched = frame.with_row_index(_INDEX)
    if parts:
        touched = pl.concat(parts)
        untouched = untouched.join(touched.select(_INDEX), on=_INDEX, how="anti")
        untouched = pl.concat([untouched, touched.select(untouched.columns)]).sort(_INDEX)
    return untouched.drop(_INDEX)


def score(frame: pl.DataFrame, step: PlannedFilter, workers: int) -> pl.DataFrame:
    """Return the filter's scores of a batch, null in rows that are not its own.

    Args:
        frame: Examples.
        step: The filter.
        workers: Processes that an expensive filter may use; the scores do not depend on it.
    """
    give = getattr(step.module, "score", None)
    if give is None or frame.is_empty():
        return pl.DataFrame()
    parts = []
    for options, mask in _portions(frame, step):
        if mask is None:
            return _same_height(give(frame, options, workers), frame, step)
        part = frame.filter(mask)
        if part.height:
            indices = pl.Series(_INDEX, mask.arg_true(), dtype=pl.UInt32)
            scores = _same_height(give(part, options, workers), part, step)
            parts.append(scores.insert_column(0, indices))
    if not parts:
        return pl.DataFrame()
    every = pl.DataFrame({_INDEX: pl.int_range(frame.height, dtype=pl.UInt32, eager=True)})
    return every.join(pl.concat(parts), on=_INDEX, how="left", maintain_order="left").drop(_INDEX)


def decide(frame: pl.DataFrame, scores: pl.DataFrame, step: PlannedFilter) -> pl.Series:
    """Return the reason against each row, null where the filter lets it through.

    Args:
        frame: Examples.
        scores: The filter's scores of them, as `score` gives them.
        step: The filter.
    """
    verdict = getattr(step.module, "verdict", None)
    none = pl.Series("reason", [None], dtype=pl.String).new_from_index(0, frame.height)
    if verdict is None or frame.is_empty():
        return none
    both = frame.hstack(scores.get_columns()) if scores.width else frame
    portions = list(_portions(frame, step))
    if len(portions) == 1 and portions[0][1] is None:
        return both.select(verdict(portions[0][0]).alias("reason")).to_series()
    reason = pl.lit(None, pl.String)
    masks: dict[str, pl.Series] = {}
    for number, (options, mask) in enumerate(portions):
        assert mask is not None  # only the sole portion is everything
        if not mask.any():  # nothing was scored for it either
            continue
        masks[f"_portion{number}"] = mask
        reason = pl.when(pl.col(f"_portion{number}")).then(verdict(options)).otherwise(reason)
    if not masks:
        return none
    return both.with_columns(**masks).select(reason.alias("reason")).to_series()


def _portions(
    frame: pl.DataFrame, step: PlannedFilter
) -> Iterator[tuple[FilterOptions, pl.Series | None]]:
    """Yield options with the rows that they hold for, as a mask; None is all rows."""
    conditions = []
    if step.options.tasks:
        conditions.append(pl.col("task").is_in(list(step.options.tasks)))
    if step.options.languages:
        conditions.append(pl.col("language").is_in(list(step.options.languages)))
    if not conditions and not step.by_language:
        yield step.options, None
        return
    here = pl.all_horizontal(conditions) if conditions else pl.lit(True)
    tags = list(step.by_language)
    cases = [(step.options, here & ~pl.col("language").is_in(tags))]
    cases += [
        (options, here & (pl.col("language") == tag)) for tag, options in step.by_language.items()
    ]
    for options, condition in cases:
        yield options, frame.select(condition.fill_null(False).alias("mask")).to_series()


def _same_height(made: pl.DataFrame, frame: pl.DataFrame, step: PlannedFilter) -> pl.DataFrame:
    if made.height != frame.height:
        raise AssertionError(f"{step.name} gave {made.height} rows for {frame.height}")
    return made
