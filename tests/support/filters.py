"""Filters on rows small enough to read."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import polars as pl

from builders.example import examples
from builders.filters._base import FilterOptions
from builders.filters._steps import PlannedFilter, decide, repair, score


def pair(source: str | None, target: str, **more: Any) -> dict[str, Any]:
    """Return a translation example, English to German unless said otherwise."""
    row = {"task": "translation", "language": "de", "source_language": "en"}
    return row | {"input": source, "output": target, "group": source, "source_id": source} | more


def run(module: ModuleType, options: FilterOptions, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with one filter's repairs made and its verdicts in the column ``reason``."""
    step = PlannedFilter(options.name, options.name, module, options)
    mended = repair(frame, step)
    return mended.with_columns(decide(mended, score(mended, step, 1), step).alias("reason"))


def ran(module: ModuleType, *rows: dict[str, Any], **options: Any) -> pl.DataFrame:
    name = getattr(module, "NAME", module.__name__.rpartition(".")[2])
    return run(module, module.Options(name=name, **options), examples(rows).drop("reason"))


def reasons(module: ModuleType, *rows: dict[str, Any], **options: Any) -> list[str | None]:
    return ran(module, *rows, **options)["reason"].to_list()


def kept(module: ModuleType, *rows: dict[str, Any], **options: Any) -> list[bool]:
    return [reason is None for reason in reasons(module, *rows, **options)]


def scored(module: ModuleType, *rows: dict[str, Any], **options: Any) -> pl.DataFrame:
    frame = examples(rows).drop("reason")
    found: pl.DataFrame = module.score(frame, module.Options(name="x", **options), 1)
    return found
