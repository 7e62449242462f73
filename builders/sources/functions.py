"""Python functions that have docstrings: code from what it is to do."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import polars as pl

from builders.example import examples
from builders.readers import functions, programs
from builders.readers.lines import reading
from builders.readers.programs import Flaw
from builders.sources._base import Context, Reading
from builders.sources._files import Found, find, known_licence, reading_of
from builders.sources._rows import in_batches
from builders.sources._tablefiles import RecordColumns, RecordOptions, frames, table_of
from isogloss.languages import canonical, served

DESCRIPTION = "Python functions with docstrings, in .py files or records (CodeSearchNet): code"
LANGUAGES = "any; the files' names, a column or the recipe say the docstrings'"
LICENCE = "as the recipe or a column says"
EXAMPLE = """[[sources]]
name = "functions"
kind = "functions"
path = "src/**/*.py"        # or "*.jsonl.gz", with columns = { code = "code", docstring = "docstring" }
language = "en"             # of the docstrings
asked = "signature"         # and the docstring below it; or "docstring" alone
licence = "MIT"
"""

#: Examples of a batch.
_ROWS = 1024
# Longer modules are data or made by programs; a tree takes fifty times the text's memory.
_LARGEST = 1 << 20


class FunctionColumns(RecordColumns):
    """Which column of a record holds what: names as in the columns of the kind ``files``."""

    code: str = "code"
    docstring: str | None = None


class Options(RecordOptions):
    """Which files, and what to make of their functions.

    The output is the function without its docstring. Programs are parsed, never run.
    """

    path: str | tuple[str, ...] | dict[str, str]
    """Paths or glob patterns, from the recipe's folder, of ``.py`` files or of records, one a
    function, in JSON Lines, CSV or Parquet. ``{language}`` in them stands for a tag or a FLORES
    code. A table of several says the language of each.
    """
    columns: FunctionColumns = FunctionColumns()
    """Of records: which column holds what. Without a column of docstrings, the functions' own are
    taken.
    """
    asked: Literal["signature", "docstring"] = "signature"
    """``signature``: the function's signature with its docstring below, as in HumanEval;
    ``docstring``: that alone.
    """
    language: str | None = None
    """The docstrings' language, where neither the path nor a column says it."""
    split: Literal["train", "validation", "test"] | None = None
    """The split of every function; by default the pipeline draws it."""
    methods: bool = False
    """Take the functions of classes too, without their class."""


def read(options: Options, context: Context) -> Reading:
    """Open the files; their functions are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, its kind is not known, or the licence is missing.
    """
    licence = known_licence(options, context, per_row=options.columns.licence is not None)
    files = find(options.paths, context)
    # Of what no table is, the error comes before hours of work.
    tables = {f.path: table_of(f, options, context) for f in files if not _is_module(f.path)}
    tag = options.language
    language = canonical(tag, where=f"{context.where}.language") if tag else None

    def made() -> Iterator[pl.DataFrame]:
        for file in files:
            if file.path in tables:
                columns = options.columns
                given = columns.docstring or columns.code
                mapping = options.mapping("code", given=given, answer=columns.code)
                for frame in frames([tables[file.path]], [mapping], context):
                    yield examples([_of_record(row, options) for row in frame.to_dicts()])
            else:
                own = served(file.language or str(language), context.languages)
                yield from _of_module(file, own, options)

    return reading_of(files, licence, made())


def _is_module(path: Path) -> bool:
    return path.suffix == ".py"


def _of_module(file: Found, language: str, options: Options) -> Iterator[pl.DataFrame]:
    """Make examples of a module's functions; of one that is no Python, the reason why there are none."""
    common = {"task": "code", "language": language, "split": options.split}
    # Trees are walked one by one: polars knows no Python.
    try:
        found = list(functions.definitions(_text(file.path), methods=options.methods))
    except Flaw as flaw:
        broken = {"source_id": file.name, "group": file.name, "input": "", "output": ""}
        yield examples([common | broken | {"rejected_by": "source", "reason": str(flaw)}])
        return
    rows = (
        common | _row(source, None, options) | {"source_id": f"{file.name}#{line}"}
        for line, source in found
    )
    yield from in_batches(([row] for row in rows), _ROWS)


def _text(path: Path) -> str:
    """Read a module in the encoding that it declares (PEP 263).

    Raises:
        Flaw: It is in another, or too long.
        IsoglossError: It cannot be read.
    """
    with reading(path), path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise Flaw(f"its file is over {_LARGEST >> 20} MiB long")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise Flaw("its file is not in the encoding that it declares") from error


def _of_record(row: dict[str, Any], options: Options) -> dict[str, Any]:
    if row["rejected_by"] is not None:
        return row
    docstring = row["input"] if options.columns.docstring is not None else None
    made = _row(row["output"], docstring, options)
    return row | {"references": [made["output"]]} | made


def _row(source: str, docstring: str | None, options: Options) -> dict[str, Any]:
    try:
        made = functions.function_of(source, docstring)
    except Flaw as flaw:
        return {
            "input": docstring or "",
            "output": source,
            "group": programs.group_of(source),
            "rejected_by": "source",
            "reason": str(flaw),
        }
    prompt = made.stub if options.asked == "signature" else made.docstring
    return {"input": prompt, "output": made.code, "group": made.group}
