"""The texts of suites, which a recipe keeps out of training."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ConfigDict

from builders import testsets
from builders.decontamination.contamination import PROTECTED, protected
from builders.decontamination.settings import DecontaminationOptions
from builders.templates.loading import OWN
from isogloss.console import warn
from isogloss.corpora import is_corpus, open_corpus
from isogloss.errors import IsoglossError, Unavailable
from isogloss.languages import canonical
from isogloss.records import SCHEMA, TASKS
from isogloss.settings import Settings, read_toml, unknown, validate
from isogloss.text import one_line

# The shipped suites are files of another room: it is looked up where they lie, none of its code is run.
_ROOM = "benchmarks"
_CORPUS = "corpus:"


class _SuiteFile(Settings):
    """Of a suite's file (see the room `benchmarks`), what says which texts it has."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    licence: str = ""
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    records: str | None = None
    data: str | None = None
    local: tuple[dict[str, Any], ...] = ()
    hub: tuple[dict[str, Any], ...] = ()


def read_suite_texts(
    options: DecontaminationOptions, folder: Path, where: str
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Read all texts of the suites that are named, whatever part of them is asked.

    Args:
        options: Their names, and where their files lie.
        folder: The recipe's folder, which paths start from.
        where: The place to name in an error.

    Returns:
        Their texts, in the columns of `builders.decontamination.contamination.PROTECTED`, and for each suite its
        name, how many texts it has, their hash (SHA-256), and what they were read from.

    Raises:
        IsoglossError: There is no such suite, or its files are missing or broken.
        Unavailable: A hub does not answer, or the network is forbidden.
    """
    _check_data(options, folder, where)
    frames, told = [pl.DataFrame(schema=PROTECTED)], []
    for spec in options.suites:
        name = _name(spec, folder, where)
        try:
            examples, sources = _examples(spec, options, folder, where)
        except Unavailable as error:
            remedy = f"{error.remedy}; or" if error.remedy else "Or"
            raise Unavailable(
                error.problem,
                where=error.where or where,
                remedy=f"{remedy} say under data in which folder the files of {spec} lie",
            ) from error
        texts = protected(examples, name).unique(
            ["language", "text", "known"], keep="first", maintain_order=True
        )
        if texts.is_empty():
            raise IsoglossError(f"the suite {spec} has no texts", where=where)
        frames.append(texts)
        told.append(
            {
                "name": name,
                "spec": spec,
                "texts": texts.height,
                "sha256": _hash(texts),
                "sources": sources,
            }
        )
    return pl.concat(frames), told


def _examples(
    spec: str, options: DecontaminationOptions, folder: Path, where: str
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Return a suite's examples or records, and what they were read from."""
    if _is_corpus(spec, folder):
        return _texts_of(open_corpus(_corpus(spec, folder)).records("test")), []
    path = _path(spec, folder, where)
    file = _file(path)
    if file.records is not None:
        return _records(path.parent / file.records, path), []
    data = _data(file, options, folder, path)
    key = "local" if data else "hub"
    if not getattr(file, key):
        problem = "is read from the hub only" if data else "is read from local files"
        raise IsoglossError(
            f"{file.name} {problem}",
            where=where,
            remedy=f"Say under data in which folder its files lie: data.{file.name} = FOLDER"
            if not data
            else "Give data as a table of folders by the suites' names, without it",
        )
    if data and not data.is_dir():
        raise IsoglossError(
            f"there is no such folder for the files of {file.name}", where=f"{where}: data: {data}"
        )
    pairs = [_pair(pair, path) for pair in file.pairs]
    tags = tuple(canonical(tag, where=f"{path}: languages") for tag in file.languages)
    languages = tuple(sorted({tag for pair in pairs for tag in pair})) or tags
    examples, sources = testsets.read_examples(
        testsets.suite_tables(
            getattr(file, key),
            name=file.name,
            licence=file.licence,
            languages=languages,
            pairs=pairs,
            where=str(path),
        ),
        languages=languages,
        tasks=file.tasks or TASKS,
        folder=data or path.parent,
        where=f"{path}: {key}",
    )
    _tell_missing(file.name, examples, languages)
    return examples, sources


def _pair(text: str, path: Path) -> tuple[str, str]:
    source, _, target = text.partition(":")
    where = f"{path}: pairs: {text}"
    return canonical(source, where=where), canonical(target, where=where)


def _tell_missing(name: str, examples: pl.DataFrame, languages: Sequence[str]) -> None:
    there = {*examples["language"].unique(), *examples["source_language"].unique()}
    missing = [tag for tag in languages if tag not in there]
    if missing and examples.height:
        warn(
            f"suite {name}: there is nothing in {', '.join(missing)}; "
            "texts in these languages are not kept out of training"
        )


def _is_corpus(spec: str, folder: Path) -> bool:
    return spec.startswith(_CORPUS) or is_corpus(folder / spec)


def _corpus(spec: str, folder: Path) -> Path:
    return folder / spec.removeprefix(_CORPUS)


def _name(spec: str, folder: Path, where: str) -> str:
    """Return what a suite is called in hits: its own name."""
    if _is_corpus(spec, folder):
        return open_corpus(_corpus(spec, folder)).name
    return _file(_path(spec, folder, where)).name


def _file(path: Path) -> _SuiteFile:
    return validate(_SuiteFile, read_toml(path), where=str(path))


def _path(spec: str, folder: Path, where: str) -> Path:
    """Return the file of a suite."""
    if spec.endswith(".toml"):
        return folder / spec
    known = _shipped()
    if spec not in known:
        raise unknown("suite", spec, [*known, "corpus:FOLDER"], where=where)
    return known[spec]


def _shipped() -> dict[str, Path]:
    """Return the files of the shipped suites, by name."""
    room = find_spec(_ROOM)
    places = room.submodule_search_locations if room else None
    files = [path for place in places or () for path in (Path(place) / "suites").glob("*.toml")]
    return {path.stem: path for path in sorted(files)}


def _check_data(options: DecontaminationOptions, folder: Path, where: str) -> None:
    """Refuse folders of suites that are not named."""
    if not isinstance(options.data, dict):
        return
    suites = [spec for spec in options.suites if not _is_corpus(spec, folder)]
    names = [_name(spec, folder, where) for spec in suites]
    for name in options.data:
        if name not in names:
            raise unknown("suite", name, names, where=f"{where}: data")


def _data(
    file: _SuiteFile, options: DecontaminationOptions, folder: Path, path: Path
) -> Path | None:
    """Return the folder of a suite's files; None where they come from the hub."""
    named = options.data.get(file.name) if isinstance(options.data, dict) else options.data
    if named is not None:
        return folder / named
    return path.parent / file.data if file.data else None


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


def _hash(texts: pl.DataFrame) -> str:
    """Return the SHA-256 of texts and their languages, in their order."""
    digest = hashlib.sha256()
    for row in texts.select("language", "text").iter_rows():
        digest.update("\0".join(row).encode() + b"\0")
    return digest.hexdigest()
