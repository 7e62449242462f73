"""Tables that a recipe names by their files: how they are written, and examples of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
from pydantic import field_validator, model_validator

from builders.readers.tables import Faults, Table, batches, format_of
from builders.sources._base import Context
from builders.sources._columns import Columns, MappedOptions, constants, mapped
from builders.sources._files import Files, Found, TaggedPathOptions, find
from isogloss.console import printable, warn
from isogloss.errors import IsoglossError
from isogloss.settings import Settings


class TableOptions(TaggedPathOptions):
    """Which files, and how to read them."""

    path: str | tuple[str, ...] | dict[str, str]
    """Paths or glob patterns, from the recipe's folder. ``{language}`` and ``{source_language}``
    in them stand for a tag or a FLORES code. A table of several says the language of each.
    """
    format: Literal["jsonl", "csv", "tsv", "parquet"] | None = None
    """By default what the file's name ends in says (``.jsonl``, ``.csv``, ``.tsv``, ``.parquet``;
    the first three also compressed, as ``.gz``, ``.bz2``, ``.xz`` or ``.zst``).
    """
    separator: str | None = None
    """Of CSV: one character; by default a comma, in TSV a tab."""
    quote: str | None = None
    """Of CSV: one character, or empty for none; by default ``"``, in TSV none."""
    header: bool = True
    """Of CSV: whether the first row names the columns; otherwise they are 1, 2, 3 …"""

    def check_language_said_once(self, language: str | None, column: str | None) -> None:
        """Refuse a language that is said nowhere, or twice.

        Args:
            language: The language of all rows, if the recipe says it.
            column: The column of languages, likewise.

        Raises:
            ValueError: Not exactly one of them, the path and the path's table says it.
        """
        named = self.path_says_language()
        table = isinstance(self.path, dict)
        if table and (language or column or any("{language}" in key for key in self.path)):
            raise ValueError("path says each one's language already; leave the other out")
        if sum((language is not None, column is not None, named)) != 1:
            raise ValueError(
                'say the language once: language = "de", columns.language, or {language} in path'
            )

    @field_validator("separator", "quote")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value and (len(value) > 1 or not value.isascii()):
            raise ValueError("is one ASCII character")
        return value


class RecordColumns(Settings):
    """Which column of a record holds what, whatever records these are."""

    language: str | None = None
    id: str | None = None
    split: str | None = None
    licence: str | None = None


class RecordOptions(TableOptions):
    """Options of a source whose files hold records of one kind, its ``columns`` having names."""

    columns: RecordColumns
    language: str | None = None
    """The language of every record, where neither the path nor a column says it."""
    split: Literal["train", "validation", "test"] | None = None
    """The split of every record; by default the pipeline draws it."""

    @model_validator(mode="after")
    def _language_said_once(self) -> RecordOptions:
        self.check_language_said_once(self.language, self.columns.language)
        return self

    def mapping(
        self,
        task: str,
        *,
        given: str,
        answer: str,
        **columns: str | None,
    ) -> MappedOptions:
        """Return records as a mapping of columns.

        Args:
            task: The task of each.
            given: The column of the inputs.
            answer: The column of the outputs.
            columns: Further columns, beside those of `RecordColumns`.
        """
        common = {name: getattr(self.columns, name) for name in RecordColumns.model_fields}
        return _Mapping(
            name=self.name,
            kind=self.kind,
            task=task,
            columns=Columns(input=given, output=answer, **common, **columns),
            language=self.language,
            split=self.split,
        )


class _Mapping(MappedOptions):
    """A mapping of which `RecordOptions` has checked that something says the language."""

    def _languages_given(self) -> bool:
        return True


@dataclass(frozen=True)
class TableFile:
    """A file of a recipe: where it is and what its name says, and how it is written."""

    file: Found
    table: Table


def open_tables(options: TableOptions, context: Context) -> tuple[Files, list[TableFile]]:
    """Find the files of a source; return them, and how each is written.

    Raises:
        IsoglossError: There is no such file, or its kind is not known.
    """
    files = find(options.paths, context)
    return files, [table_of(file, options, context) for file in files]


def table_of(file: Found, options: TableOptions, context: Context) -> TableFile:
    """Return how a file is written.

    Raises:
        IsoglossError: Its kind is not known.
    """
    kind = options.format or format_of(file.path)
    if kind is None:
        raise IsoglossError(
            "its name does not tell what kind of file it is",
            where=file.path,
            remedy=f'Say it in {context.where}: format = "jsonl" (or csv, tsv, parquet)',
        )
    tab = kind == "tsv"
    table = Table(
        path=file.path,
        name=file.name,
        format=kind,
        separator=options.separator or ("\t" if tab else ","),
        # text/tab-separated-values knows no quotes, and sentences hold them.
        quote=options.quote if options.quote is not None else ("" if tab else '"'),
        header=options.header,
        supposed=tab and options.quote is None,
    )
    return TableFile(file, table)


def frames(
    tables: Sequence[TableFile], mappings: Sequence[MappedOptions], context: Context
) -> Iterator[pl.DataFrame]:
    """Make examples of tables, batch by batch: for each batch, those of one mapping after another.

    Raises:
        IsoglossError: A file is broken, or lacks a column (with the line or row).
    """
    columns = [mapping.columns for mapping in mappings]
    wanted = [one for mapping in columns for one in mapping.wanted()]
    fixed = constants(mappings[0], context)
    quoted: dict[str, int] = {}
    faults = Faults(context.where)
    for one in tables:
        file = one.file
        languages = {
            side: None
            if getattr(columns[0], side) is not None
            else getattr(file, side) or fixed[side]
            for side in ("language", "source_language")
        }
        for batch in batches(one.table, wanted):
            faults.note(batch)
            if batch.quoted:
                quoted[file.name] = quoted.get(file.name, 0) + batch.quoted
            ids = pl.select(pl.format("{}#{}", pl.lit(file.name), batch.numbers)).to_series()
            for mapping in mappings:
                yield mapped(
                    batch.rows,
                    mapping,
                    context,
                    where=str(file.path),
                    ids=ids,
                    languages=languages,
                    broken=batch.broken,
                )
    faults.warn()
    if quoted:
        name, count = next(iter(quoted.items()))
        warn(
            f"{context.where}: {len(quoted)} of {len(tables)} files have fields that begin and end "
            f"with a quotation mark, which is kept ({printable(name)}: {count}); if they are quoted, say "
            "quote = '\"', and if they are not, quote = ''"
        )
