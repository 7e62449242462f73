"""Summaries: records of a text with its summary, its title or both, as XL-Sum has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import polars as pl
from pydantic import Field

from builders.sources._base import Context, Reading
from builders.sources._files import known_licence, reading_of
from builders.sources._tablefiles import (
    RecordColumns,
    RecordOptions,
    TableFile,
    frames,
    open_tables,
)

DESCRIPTION = "texts with a summary, a title or both, in JSONL, CSV or Parquet: summarization"
LANGUAGES = "any; the files' names, a column or the recipe say it"
LICENCE = "as the recipe or a column says"
EXAMPLE = """[[sources]]
name = "xlsum"
kind = "summaries"
path = "xlsum/{language}/*.jsonl"    # or language = "de"; or { "german_train.jsonl" = "de" }
outputs = ["summary", "title"]       # two examples of each record
columns = { text = "text", summary = "summary", title = "title", id = "id" }
licence = "CC-BY-NC-SA-4.0"
"""

Output = Literal["summary", "title"]


class SummaryColumns(RecordColumns):
    """Which column holds what: names as in the columns of the kind ``files``."""

    text: str = "text"
    summary: str = "summary"
    title: str = "title"
    group: str | None = None


class Options(RecordOptions):
    """Which files, how to read them, and what to make of their records."""

    columns: SummaryColumns = SummaryColumns()
    """Which column holds what. Texts are of one group where ``group`` does not say other: a text's
    summary and title are never in two splits.
    """
    outputs: tuple[Output, ...] = Field(default=("summary", "title"), min_length=1)
    """What is asked for: the text's summary, its title, or both, each in an example of its own with
    the tag ``output:summary`` or ``output:title``.
    """


def read(options: Options, context: Context) -> Reading:
    """Open the files; their records are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, its kind is not known, or the licence is missing.
    """
    licence = known_licence(options, context, per_row=options.columns.licence is not None)
    files, tables = open_tables(options, context)
    return reading_of(files, licence, _frames(tables, options, context))


def _frames(
    tables: Sequence[TableFile], options: Options, context: Context
) -> Iterator[pl.DataFrame]:
    columns = options.columns
    mappings = [
        options.mapping(
            "summarization",
            given=columns.text,
            answer=getattr(columns, output),
            group=columns.group,
        )
        for output in options.outputs
    ]
    for number, frame in enumerate(frames(tables, mappings, context)):
        output = options.outputs[number % len(mappings)]
        yield frame.with_columns(
            pl.lit([f"output:{output}"]).alias("tags"),
            pl.format("{}:{}", "source_id", pl.lit(output)).alias("source_id"),
        )
