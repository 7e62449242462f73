"""The texts of suites, for whoever keeps them out of training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.suites.examples import read_sources, whole
from benchmarks.suites.file import SuiteFile, pairs_of, read, shipped
from builders.templates.loading import OWN
from isogloss.console import warn
from isogloss.corpora import is_corpus, open_corpus
from isogloss.errors import IsoglossError, Unavailable
from isogloss.records import SCHEMA
from isogloss.settings import unknown
from isogloss.text import one_line

_CORPUS = "corpus:"


def suite_texts(
    suites: Sequence[str],
    *,
    data: str | Mapping[str, str] | None = None,
    folder: Path = Path(),
    where: str = "suites",
) -> Iterator[tuple[dict[str, Any], pl.DataFrame]]:
    """Read all that suites hold, whatever part of it is asked: `builders.build` takes this.

    Args:
        suites: Names of shipped suites, paths of suites' files, or corpora (``corpus:FOLDER``), of
            which the test split counts.
        data: The folder with the suites' files, or a table of one for each suite by its name.
            Without it they come from where the suite says, or from the hub.
        folder: The folder that paths start from.
        where: The place to name in an error.

    Yields:
        Of each suite its ``name``, its ``spec`` (what it was named by) and its ``sources`` (each
        with name, version, licence and hash; none for records that are ready made), and its
        examples or records, with at least task, language, source_language, instruction (only where
        the data brought it), input, output, references and source_id.

    Raises:
        IsoglossError: There is no such suite, or its files are missing or broken.
        Unavailable: A hub does not answer, or the network is forbidden.
    """
    files = {spec: _file(spec, folder, where) for spec in suites}
    names = [file.name for file in files.values() if file is not None]
    for name in data if isinstance(data, Mapping) else ():
        if name not in names:
            raise unknown("suite", name, names, where=f"{where}: data")
    for spec in suites:
        file = files[spec]
        if file is None:
            corpus = open_corpus(folder / spec.removeprefix(_CORPUS))
            entry = {"name": corpus.name, "spec": spec, "sources": []}
            yield entry, _texts_of(corpus.records("test"))
            continue
        try:
            rows, sources = _rows(file, _data(file, data, folder), where)
        except Unavailable as error:
            remedy = f"{error.remedy}; or" if error.remedy else "Or"
            raise Unavailable(
                error.problem,
                where=error.where or where,
                remedy=f"{remedy} say under data in which folder the files of {spec} lie",
            ) from error
        yield {"name": file.name, "spec": spec, "sources": sources}, rows


def _file(spec: str, folder: Path, where: str) -> SuiteFile | None:
    """Return the file of a suite; None for a corpus."""
    if spec.startswith(_CORPUS) or is_corpus(folder / spec):
        return None
    if spec.endswith(".toml"):
        return read(folder / spec)
    if spec not in shipped():
        raise unknown("suite", spec, [*shipped(), "corpus:FOLDER"], where=where)
    return shipped()[spec]


def _data(file: SuiteFile, data: str | Mapping[str, str] | None, folder: Path) -> Path | None:
    """Return the folder of a suite's files; None where they come from the hub."""
    named = data.get(file.name) if isinstance(data, Mapping) else data
    if named is not None:
        return folder / named
    return file.path.parent / file.data if file.data else None


def _rows(
    file: SuiteFile, data: Path | None, where: str
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Return a suite's examples or records, and what they were read from."""
    if file.records is not None:
        return _records(file.path.parent / file.records, file.path), []
    pairs = pairs_of(file.pairs, f"{file.path}: pairs")
    languages = tuple(sorted({tag for pair in pairs for tag in pair})) or file.languages
    rows, sources = read_sources(
        file,
        data,
        languages=languages,
        pairs=pairs,
        where=where if data is None else f"{where}: data: {data}",
        remedy=f"Say under data in which folder its files lie: data.{file.name} = FOLDER",
    )
    examples = whole(rows)
    _warn_of_missing(file.name, examples, languages)
    return examples, sources


def _warn_of_missing(name: str, examples: pl.DataFrame, languages: Sequence[str]) -> None:
    there = {*examples["language"].unique(), *examples["source_language"].unique()}
    missing = [tag for tag in languages if tag not in there]
    if missing and examples.height:
        warn(
            f"suite {name}: there is nothing in {', '.join(missing)}; "
            "texts in these languages are not kept out of training"
        )


def _records(path: Path, where: Path) -> pl.DataFrame:
    """Read the texts of a file of records."""
    if not path.is_file():
        raise IsoglossError("there is no such file", where=f"{where}: records: {path}")
    try:
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
        else:
            frame = pl.read_ndjson(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise IsoglossError(f"records cannot be read ({one_line(error)})", where=path) from error
    missing = sorted({"task", "language", "input", "output"} - set(frame.columns))
    if missing:
        raise IsoglossError(f"records lack {', '.join(missing)}", where=path)
    for name, kind in SCHEMA.items():
        held = frame.schema.get(name, pl.Null())
        inner = held.inner if isinstance(held, pl.List) and isinstance(kind, pl.List) else held
        # Polars casts fields to a text that nobody has written, and fails at lists.
        if isinstance(inner, (pl.Struct, pl.List, pl.Array)):
            raise IsoglossError(f"the column {name!r} holds {held}, not {kind}", where=path)
    return _texts_of(frame)


def _texts_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what of records is text, and their names."""
    wanted = ("id", "source_id", "task", "language", "input", "output")
    filled = frame.with_columns(
        pl.lit(None, pl.String).alias(name)
        for name in ("source_language", "id", "source_id")
        if name not in frame.columns
    )
    references = pl.col("references") if "references" in frame.columns else pl.concat_list("output")
    return filled.select(
        *(pl.col(name).cast(pl.String) for name in (*wanted, "source_language")),
        _own_instruction(frame).alias("instruction"),
        references.cast(pl.List(pl.String)).alias("references"),
    )


def _own_instruction(frame: pl.DataFrame) -> pl.Expr:
    """Return the instructions that the data brought; a template's words are in any corpus."""
    if not {"instruction", "template"} <= set(frame.columns):
        return pl.lit(None, pl.String)
    own = pl.col("template").cast(pl.String).str.ends_with(OWN)
    return pl.when(own).then(pl.col("instruction").cast(pl.String))
