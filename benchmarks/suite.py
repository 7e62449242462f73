"""Suites: the records that systems are asked, named by a hash of exactly what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from isogloss.errors import IsoglossError
from isogloss.languages import canonical
from isogloss.provenance import read_json, sha256_json
from isogloss.records import SCHEMA, conform, with_ids
from isogloss.settings import Settings, read_toml, unknown, validate

_FOLDER = Path(__file__).parent / "suites"


@dataclass(frozen=True)
class Suite:
    """A suite.

    Attributes:
        name: Its name.
        sha256: The hash of its records, texts and order included.
        records: The records, in `isogloss.records.SCHEMA`.
    """

    name: str
    sha256: str
    records: pl.DataFrame


class _File(Settings):
    name: str
    version: str
    description: str
    licence: str
    records: str
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


def list_suites() -> dict[str, str]:
    """Return the shipped suites' names and descriptions."""
    found = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        file = validate(_File, read_toml(path), where=str(path))
        found[file.name] = file.description
    return found


def load_suite(spec: str, *, limit: int | None = None) -> Suite:
    """Read a suite.

    Args:
        spec: ``corpus:FOLDER`` (the test split of a corpus), the path of a suite's TOML file, or
            the name of a shipped one.
        limit: Ask only the first so many records (by id) of each task and language.

    Raises:
        IsoglossError: There is no such suite, or its records are broken.
    """
    kind, _, rest = spec.partition(":")
    if kind == "corpus" and rest:
        name, records = _corpus(Path(rest))
    elif spec.endswith(".toml"):
        name, records = _file(Path(spec))
    elif spec in list_suites():
        name, records = _file(_FOLDER / f"{spec}.toml")
    else:
        raise unknown("suite", spec, [*list_suites(), "corpus:FOLDER"], where="suite")
    records = records.sort("task", "language", "id")
    if limit is not None:
        records = records.group_by("task", "language", maintain_order=True).head(limit)
    if records.is_empty():
        raise IsoglossError("has no records to ask", where=spec)
    _check_ids(records, spec)
    return Suite(name, suite_hash(records), records.select(list(SCHEMA)))


def suite_hash(records: pl.DataFrame) -> str:
    """Return the hash of what is asked and of what is accepted as its answer, in order."""
    columns = [
        "id",
        "task",
        "language",
        "source_language",
        "instruction",
        "input",
        "references",
        "tests",
    ]
    return sha256_json(records.select(columns).to_dicts())


def _check_ids(records: pl.DataFrame, where: str) -> None:
    twice = records.filter(pl.col("id").is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(f"two records have the id {twice[0]!r}", where=where)
    bare = records.filter(pl.col("references").list.len().fill_null(0) == 0)["id"]
    if bare.len():
        raise IsoglossError(f"the record {bare[0]!r} has no reference", where=where)


def _corpus(folder: Path) -> tuple[str, pl.DataFrame]:
    if not (folder / "manifest.json").is_file():
        raise IsoglossError(
            "is not a finished corpus (no manifest.json)",
            where=folder,
            remedy="Build it first: isogloss build RECIPE --out " + str(folder),
        )
    name = str(read_json(folder / "manifest.json").get("name", folder.name))
    paths = sorted((folder / "data").glob("*/*-test-*.parquet"))
    if not paths:
        raise IsoglossError(
            "has no test split", where=folder, remedy="Set split.test in its recipe"
        )
    return name, pl.concat([_parquet(path) for path in paths])


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return conform(pl.read_parquet(path), where=str(path))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise IsoglossError(
            f"is not a Parquet file that can be read ({error})",
            where=path,
            remedy="Build or fetch it again",
        ) from error


def _file(path: Path) -> tuple[str, pl.DataFrame]:
    file = validate(_File, read_toml(path), where=str(path))
    source = path.parent / file.records
    if not source.is_file():
        raise IsoglossError("there is no such file", where=f"{path}: records: {source}")
    records = _parquet(source) if source.suffix == ".parquet" else _lines(source, file)
    if file.tasks:
        records = records.filter(pl.col("task").is_in(file.tasks))
    if file.languages:
        kept = [canonical(tag, where=f"{path}: languages") for tag in file.languages]
        records = records.filter(pl.col("language").is_in(kept))
    return file.name, records


def _lines(path: Path, file: _File) -> pl.DataFrame:
    """Read JSON Lines with at least task, language, instruction, input and output."""
    try:
        frame = pl.read_ndjson(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise IsoglossError(f"is not JSON Lines ({error})", where=path) from error
    needed = {"task", "language", "instruction", "input", "output"}
    missing = sorted(needed - set(frame.columns))
    if missing:
        raise IsoglossError(f"records lack {', '.join(missing)}", where=path)
    defaults = {
        "instruction_language": pl.col("language"),
        "source_language": pl.lit(None, pl.String),
        "references": pl.concat_list("output"),
        "tests": pl.lit(None, pl.String),
        "source": pl.lit(file.name),
        "source_id": pl.int_range(pl.len()).cast(pl.String),
        "licence": pl.lit(file.licence),
        "template": pl.lit("suite"),
        "split": pl.lit("test"),
        "tags": pl.lit([], pl.List(pl.String)),
        "id": pl.lit(""),
    }
    filled = frame.with_columns(
        expression.alias(name) for name, expression in defaults.items() if name not in frame.columns
    )
    filled = conform(filled, where=str(path))
    return filled if "id" in frame.columns else with_ids(filled)
