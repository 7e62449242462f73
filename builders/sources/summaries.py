"""Summaries: records of a text with its summary, its title or both, as XL-Sum has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from builders.sources._base import Context, Reading
from builders.sources._columns import Columns, MappedOptions
from builders.sources._files import fingerprint, known_licence
from builders.sources._tablefiles import TableOptions, frames, open_tables
from builders.sources._tables import Table
from isogloss.settings import Settings

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


class SummaryColumns(Settings):
    """Which column holds what: names as in the columns of the kind ``files``."""

    text: str = "text"
    summary: str = "summary"
    title: str = "title"
    language: str | None = None
    id: str | None = None
    group: str | None = None
    split: str | None = None
    licence: str | None = None


class Options(TableOptions):
    """Which files, how to read them, and what to make of their records.

    Attributes:
        columns: Which column holds what. Texts are of one group where ``group`` does not say
            other: a text's summary and title are never in two splits.
        outputs: What is asked for: the text's summary, its title, or both, each in an example of
            its own with the tag ``output:summary`` or ``output:title``.
        language: The language of every record, where neither the path nor a column says it.
        split: The split of every record; by default the pipeline draws it.
    """

    columns: SummaryColumns = SummaryColumns()
    outputs: tuple[Output, ...] = Field(default=("summary", "title"), min_length=1)
    language: str | None = None
    split: Literal["train", "validation", "test"] | None = None

    @model_validator(mode="after")
    def _language_said_once(self) -> Options:
        self.check_language_said_once(self.language, self.columns.language)
        return self


class _Mapping(MappedOptions):
    """One output of the records as a mapping of columns; `Options` has checked the languages."""

    def _languages_given(self) -> bool:
        return True


def read(options: Options, context: Context) -> Reading:
    """Open the files; their records are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, its kind is not known, or the licence is missing.
    """
    licence = known_licence(options, context, per_row=options.columns.licence is not None)
    tables = open_tables(options, context)
    content = fingerprint(table.file for table in tables)
    made = _frames(tables, options, context)
    return Reading("local", licence, content, made, {"files": len(tables)})


def _frames(tables: Sequence[Table], options: Options, context: Context) -> Iterator[pl.DataFrame]:
    mappings = [_mapping(options, output) for output in options.outputs]
    for number, frame in enumerate(frames(tables, mappings, context)):
        output = options.outputs[number % len(mappings)]
        yield frame.with_columns(
            pl.lit([f"output:{output}"]).alias("tags"),
            pl.format("{}:{}", "source_id", pl.lit(output)).alias("source_id"),
        )


def _mapping(options: Options, output: Output) -> _Mapping:
    columns = options.columns
    return _Mapping(
        name=options.name,
        kind=options.kind,
        task="summarization",
        columns=Columns(
            input=columns.text,
            output=getattr(columns, output),
            **columns.model_dump(exclude={"text", "summary", "title"}),
        ),
        language=options.language,
        split=options.split,
    )
