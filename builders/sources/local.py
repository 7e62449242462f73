"""Tables on disk: JSON Lines, CSV, TSV and Parquet, with a mapping of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import polars as pl
from pydantic import field_validator, model_validator

from builders.sources._base import Context, Reading
from builders.sources._columns import MappedOptions, constants, mapped
from builders.sources._files import Found, find, fingerprint, known_licence
from builders.sources._tables import Table, batches, format_of
from isogloss.errors import IsoglossError

NAME = "files"
DESCRIPTION = "JSON Lines, CSV, TSV or Parquet files, with a mapping of their columns: any task"
EXAMPLE = """[[sources]]
name = "ours"
kind = "files"
path = "pairs/*.jsonl"          # from the recipe's folder; or "pairs/{language}.csv", or a list,
                                # or { "amharic.jsonl" = "am", "german.jsonl" = "de" }
task = "translation"
columns = { input = "src", output = "tgt", language = "lang" }
source_language = "en"          # for every row, where no column says it
licence = "CC-BY-4.0"
"""


class Options(MappedOptions):
    """Which files, and how to read them.

    Attributes:
        path: Paths or glob patterns, from the recipe's folder. ``{language}`` and
            ``{source_language}`` in them stand for a tag or a FLORES code. A table of several
            says the language of each.
        format: By default what the file's name ends in says (``.jsonl``, ``.csv``, ``.tsv``,
            ``.parquet``; the first three also compressed, as ``.gz``, ``.bz2`` or ``.zst``).
        separator: Of CSV: one character; by default a comma, in TSV a tab.
        quote: Of CSV: one character, or empty for none; by default ``"``, in TSV none.
        header: Of CSV: whether the first row names the columns; otherwise they are 1, 2, 3 …
    """

    path: str | tuple[str, ...] | dict[str, str]
    format: Literal["jsonl", "csv", "tsv", "parquet"] | None = None
    separator: str | None = None
    quote: str | None = None
    header: bool = True

    @property
    def paths(self) -> tuple[str, ...] | dict[str, str]:
        """The patterns, however many there are, where it is said with their languages."""
        return (self.path,) if isinstance(self.path, str) else self.path

    def _languages_given(self) -> bool:
        return isinstance(self.path, dict) or all("{language}" in path for path in self.paths)

    @model_validator(mode="after")
    def _language_said_once(self) -> Options:
        if isinstance(self.path, dict) and (
            self.language or self.columns.language or any("{language}" in key for key in self.path)
        ):
            raise ValueError("path says each one's language already; leave the other out")
        return self

    @field_validator("separator", "quote")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value and (len(value) > 1 or not value.isascii()):
            raise ValueError("is one ASCII character")
        return value


def read(options: Options, context: Context) -> Reading:
    """Open the files; their rows are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, its kind is not known, or the licence is missing.
    """
    licence = known_licence(options, context, per_row=options.columns.licence is not None)
    files = find(options.paths, context)
    tables = [_table(file, options, context) for file in files]
    frames = _frames(tables, options, context)
    return Reading("local", licence, fingerprint(files), frames, {"files": len(files)})


def _table(file: Found, options: Options, context: Context) -> Table:
    kind = options.format or format_of(file.path)
    if kind is None:
        raise IsoglossError(
            "its name does not tell what kind of file it is",
            where=file.path,
            remedy=f'Say it in {context.where}: format = "jsonl" (or csv, tsv, parquet)',
        )
    tab = kind == "tsv"
    return Table(
        file=file,
        format=kind,
        separator=options.separator or ("\t" if tab else ","),
        # text/tab-separated-values knows no quotes, and sentences hold them.
        quote=options.quote if options.quote is not None else ("" if tab else '"'),
        header=options.header,
    )


def _frames(tables: list[Table], options: Options, context: Context) -> Iterator[pl.DataFrame]:
    fixed = constants(options, context)
    for table in tables:
        file = table.file
        languages = {
            "language": file.language or fixed["language"],
            "source_language": file.source_language or fixed["source_language"],
        }
        if options.columns.language is not None:
            languages["language"] = None
        if options.columns.source_language is not None:
            languages["source_language"] = None
        for batch in batches(table, options.columns):
            ids = pl.select(pl.format("{}#{}", pl.lit(file.name), batch.numbers)).to_series()
            yield mapped(
                batch.rows, options, context, where=str(file.path), ids=ids, languages=languages
            )
