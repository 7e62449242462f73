"""Reading a source in a test: all of its examples, or the kept ones' texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from builders.example import SCHEMA
from builders.sources._base import Context, Reading
from isogloss.plugins import discover


def open_source(kind: str, folder: Path, languages: tuple[str, ...], **options: Any) -> Reading:
    """Open a source as a recipe with these languages would."""
    tasks = ("translation", "qa", "summarization")
    context = Context(languages, tasks, folder, "r.toml: sources[0]", 42)
    module = discover("builders.sources")[kind]
    made = module.Options.model_validate(
        {"name": "s", "kind": kind, "licence": "CC0-1.0", **options}
    )
    reading = module.read(made, context)
    assert isinstance(reading, Reading)
    return reading


def read(kind: str, folder: Path, languages: tuple[str, ...], **options: Any) -> pl.DataFrame:
    """Return all examples of a source; their columns are checked."""
    frames = list(open_source(kind, folder, languages, **options).frames)
    for frame in frames:
        assert frame.schema == SCHEMA
        assert frame["group"].null_count() == frame["source_id"].null_count() == 0
    return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)


def texts(frame: pl.DataFrame, **equal: Any) -> list[tuple[str, str]]:
    """Return input and output of the examples that the source keeps."""
    kept = frame.filter(pl.col("rejected_by").is_null())
    return [(row[0], row[1]) for row in kept.filter(**equal).select("input", "output").rows()]


def rows(frame: pl.DataFrame) -> list[tuple[str, str, str | None]]:
    """Return input, output and reason of all examples."""
    return [(row[0], row[1], row[2]) for row in frame.select("input", "output", "reason").rows()]


def data_set(folder: Path, name: str, text: str) -> dict[str, str]:
    """Write a data set of one file; return what a source of the kind huggingface reads it by."""
    (folder / "set").mkdir()
    (folder / "set" / name).write_text(text, encoding="utf-8")
    return {"dataset": "set"}


def pairs(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """Return the pairs of languages, source and target, in the order they come."""
    found = frame.select("source_language", "language").unique(maintain_order=True)
    return [(row[0], row[1]) for row in found.rows()]
