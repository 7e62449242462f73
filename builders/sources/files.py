"""Tables on disk: JSON Lines, CSV, TSV and Parquet, with a mapping of their columns."""

from __future__ import annotations

from pydantic import model_validator

from builders.sources._base import Context, Reading
from builders.sources._columns import MappedOptions
from builders.sources._files import known_licence, reading_of
from builders.sources._tablefiles import TableOptions, frames, open_tables

DESCRIPTION = "JSON Lines, CSV, TSV or Parquet files, with a mapping of their columns: any task"
LANGUAGES = "any; the files' names, a column or the recipe say it"
LICENCE = "as the recipe or a column says"
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


class Options(TableOptions, MappedOptions):
    """Which files, how to read them, and which of their columns holds what."""

    def _languages_given(self) -> bool:
        return self.path_says_language()

    @model_validator(mode="after")
    def _language_said_once(self) -> Options:
        self.check_language_said_once(self.language, self.columns.language)
        return self


def read(options: Options, context: Context) -> Reading:
    """Open the files; their rows are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, its kind is not known, or the licence is missing.
    """
    licence = known_licence(options, context, per_row=options.columns.licence is not None)
    files, tables = open_tables(options, context)
    return reading_of(files, licence, frames(tables, [options], context))
