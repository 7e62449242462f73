"""Run folders: the one reader and writer of what is in them.

A run folder holds ``run.json`` (the facts), ``predictions/part-*.parquet`` (the answers),
``records.parquet`` (what was asked) and ``scores.parquet``. Whoever reads one holds every file to
the hashes in ``run.json``, and ``run.json`` to its own, wherever the folder comes from.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from isogloss.errors import IsoglossError
from isogloss.files import (
    check_seal,
    json_text,
    sealed,
    sha256_file,
    sha256_json,
    write_text,
    writing,
)
from isogloss.jsonfiles import parse_json, read_json
from isogloss.records import conform
from isogloss.settings import validate

#: Columns of a table of predictions; ``sample`` counts the answers to a record from 0.
PREDICTIONS: dict[str, Any] = {
    "id": pl.String,
    "sample": pl.Int64,
    "prompt": pl.String,
    "prediction": pl.String,
    "references": pl.List(pl.String),
    "stop_reason": pl.String,
    "tokens": pl.Int64,
    "seconds": pl.Float64,
}

#: The longest prediction, in characters: more than any answer of a system that works. TER and
#: ROUGE-L need time and memory with the square of it.
LONGEST = 100_000

#: What differs between two runs that are otherwise the same; the seal does not cover it.
#: `read_run` holds it to the answers' own times.
MEASURED = ("seconds", "tokens_per_second", "predictions_sha256")

#: The most resamples; the bootstrap's memory grows with them.
MOST_RESAMPLES = 1_000_000

_NEEDED = ("system", "suite", "predictions_sha256", "records_sha256")
_FOLDER = "predictions"
# Metadata of a part: what it answers, and the hash of its rows.
_KEY, _ROWS = "isogloss.key", "isogloss.rows"

#: What a system is.
Kind = Literal["base", "tuned", "reference", "outputs"]

#: The longest name of a system, in characters.
LONGEST_NAME = 1_000

_Text = Annotated[str, StringConstraints(max_length=10_000)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Part = Annotated[str, StringConstraints(pattern=r"^part-[0-9]{5,9}\.parquet$")]
_Count = Annotated[int, Field(ge=0, lt=1 << 53)]
_Measure = Annotated[float, Field(ge=0, lt=1e12)]


class _Known(BaseModel):
    # Newer writers may say more; what they say of these keys must be as it is here.
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _Suite(_Known):
    sha256: _Text
    name: _Text = ""
    version: _Text = ""
    spec: _Text = ""
    sources: list[dict[str, Any]] = []
    metrics: dict[str, dict[str, Any]] | None = None


class _Tuning(_Known):
    system: str | None = None
    languages_trained: list[_Text] = []
    tasks_trained: list[_Text] = []


class _Facts(_Known):
    format: Literal[1] = 1
    system: _Name
    kind: Kind | None = None
    base: _Text | None = None
    model: _Text | None = None
    revision: _Text | None = None
    family: _Text | None = None
    parameters: _Count | None = None
    licence: _Text | None = None
    tuning: _Tuning | None = None
    suite: _Suite
    generation: dict[str, Any] | None = None
    key: dict[str, Any] | None = None
    hardware: dict[str, _Text | int] | None = None
    libraries: dict[str, _Text] | None = None
    seconds: _Measure | None = None
    tokens: _Count | None = None
    tokens_per_second: _Measure | None = None
    metrics: list[_Text] = []
    resamples: Annotated[int, Field(gt=0, le=MOST_RESAMPLES)] | None = None
    seed: int | None = None
    predictions_sha256: Annotated[dict[_Part, _Hash], Field(min_length=1)]
    records_sha256: _Hash
    scores_sha256: _Hash | None = None
    facts_sha256: _Hash | None = None


@dataclass(frozen=True)
class StoredRun:
    """A finished run, every file of it as it was written.

    Attributes:
        folder: Its folder.
        facts: Its ``run.json``.
        predictions: The system's answers, with the columns of `PREDICTIONS` (an older run has no
            ``sample``).
        records: The records that it was asked, in `isogloss.records.SCHEMA`.
    """

    folder: Path
    facts: dict[str, Any]
    predictions: pl.DataFrame
    records: pl.DataFrame

    @property
    def name(self) -> str:
        """The system's name, as its maker gave it."""
        return str(self.facts["system"])

    @property
    def suite(self) -> str:
        """The hash of the suite."""
        return str(self.facts["suite"]["sha256"])

    @property
    def options(self) -> dict[str, Any]:
        """The suite's options of metrics."""
        return dict(self.facts["suite"].get("metrics") or {})


def read_run(folder: Path) -> StoredRun:
    """Read a finished run, and hold it to its hashes.

    Raises:
        IsoglossError: The run is unfinished or broken; its facts, predictions or records are not
            those that were written; an answer is longer than `LONGEST`.
    """
    facts = read_facts(folder)
    records = folder / "records.parquet"
    _check_hash(records, facts["records_sha256"])
    paths = [folder / _FOLDER / name for name in sorted(facts["predictions_sha256"])]
    for path in paths:
        _check_hash(path, facts["predictions_sha256"][path.name])
    asked = conform(read_parquet(records), where=str(records))
    _check_records(asked, records)
    answers = pl.concat(_answers(path) for path in paths)
    _check_answers(answers, asked, folder)
    _check_measured(facts, answers, folder)
    return StoredRun(folder, facts, answers, asked)


def read_facts(folder: Path) -> dict[str, Any]:
    """Read a run's ``run.json``.

    Raises:
        IsoglossError: There is none, it lacks what every run has, a value is of the wrong kind, or
            it was changed after it was written.
    """
    path = folder / "run.json"
    if not path.is_file():
        raise IsoglossError(
            "is not a finished run (no run.json)",
            where=folder,
            remedy="Run score again: it goes on where it stopped",
        )
    facts = read_json(path)
    missing = [name for name in _NEEDED if not isinstance(facts, dict) or name not in facts]
    if missing:
        raise IsoglossError(f"lacks {', '.join(missing)}", where=path)
    validate(_Facts, facts, where=str(path))
    check_seal(
        facts,
        where=path,
        needed="scores_sha256" in facts,
        measured=MEASURED,
        remedy="Score the system again",
    )
    return dict(facts)


def facts_text(facts: Mapping[str, Any]) -> str:
    """Return the text of a ``run.json``, sealed.

    Raises:
        IsoglossError: No reader would take it.
    """
    text = json_text(sealed(facts, measured=MEASURED))
    validate(_Facts, parse_json(text, where="run.json"), where="run.json")
    return text


def write_scores(folder: Path, facts: Mapping[str, Any], scores: pl.DataFrame) -> None:
    """Write a run's ``scores.parquet``, and its ``run.json`` with the hash of it."""
    path = folder / "scores.parquet"
    with writing(path) as partial:
        scores.write_parquet(partial)
    write_text(folder / "run.json", facts_text({**facts, "scores_sha256": sha256_file(path)}))


def read_scores(folder: Path, facts: Mapping[str, Any]) -> pl.DataFrame:
    """Read the scores that a run was written with.

    Raises:
        IsoglossError: There are none, or not those that ``run.json`` was written for.
    """
    path = folder / "scores.parquet"
    digest = facts.get("scores_sha256")
    if digest is not None or not path.is_file():
        _check_hash(path, digest)
    return read_parquet(path)


def system_of(folder: Path) -> str:
    """Return the name of the system whose answers a run holds.

    Raises:
        IsoglossError: The run is unfinished or broken.
    """
    return str(read_facts(folder)["system"])


def part_path(folder: Path, number: int) -> Path:
    """Return the path of a run's file of predictions."""
    return folder / _FOLDER / f"part-{number:05d}.parquet"


def write_part(path: Path, answers: pl.DataFrame, key: str) -> None:
    """Write a file of predictions that carries the key that it answers and a hash of its rows."""
    with writing(path) as partial:
        partial.write_bytes(_part_bytes(answers, key, path.name))


def _part_bytes(answers: pl.DataFrame, key: str, name: str) -> bytes:
    told = {_KEY: sha256_json([key, name]), _ROWS: _rows_hash(answers)}
    buffer = io.BytesIO()
    answers.write_parquet(buffer, metadata=told)
    return buffer.getvalue()


def take_part(path: Path, key: str) -> pl.DataFrame | None:
    """Return the predictions of a file that answers a key; None where it answers another.

    A file whose rows are sound and whose other bytes are not is written again.

    Raises:
        IsoglossError: It is broken, or its rows are not those that were written.
    """
    told = _metadata(path)
    if told.get(_KEY) != sha256_json([key, path.name]):
        return None
    answers = read_parquet(path)
    if dict(answers.schema) != PREDICTIONS or told.get(_ROWS) != _rows_hash(answers):
        raise IsoglossError("is not as it was written", where=path)
    if path.read_bytes() != _part_bytes(answers, key, path.name):
        write_part(path, answers, key)
    return answers


def carries_key(path: Path) -> bool:
    """Tell whether a file of predictions is one that we wrote."""
    try:
        return _KEY in _metadata(path)
    except IsoglossError:
        return False


def _metadata(path: Path) -> dict[str, str]:
    try:
        return pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _unreadable(path, error) from None


def _rows_hash(answers: pl.DataFrame) -> str:
    # A batch's rows: as JSON they are the same whatever polars does with its buffers.
    return sha256_json([list(row) for row in answers.rows()])


def _check_hash(path: Path, digest: Any) -> None:
    if not path.is_file():
        raise IsoglossError("there is no such file", where=path, remedy="Score the system again")
    if sha256_file(path) != digest:
        raise IsoglossError(
            "is not the file that run.json was written for",
            where=path,
            remedy="Score the system again; what was changed by hand is neither scored nor published",
        )


def read_parquet(path: Path) -> pl.DataFrame:
    """Read a Parquet file of a run.

    Raises:
        IsoglossError: It is not one.
    """
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: BaseException) -> IsoglossError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return IsoglossError(f"is not a Parquet file that can be read ({first[:200]})", where=path)


def _answers(path: Path) -> pl.DataFrame:
    """Read a file of predictions, with the columns that every run has, typed."""
    found = read_parquet(path)
    missing = [name for name in ("id", "prediction") if name not in found.columns]
    if missing:
        raise IsoglossError(f"lacks the columns {', '.join(missing)}", where=path)
    kept = {name: kind for name, kind in PREDICTIONS.items() if name in found.columns}
    for name, kind in kept.items():
        if found.schema[name] not in (kind, pl.Null):
            raise IsoglossError(
                f"the column {name} holds {found.schema[name]}, not {kind}", where=path
            )
    return found.select(pl.col(name).cast(kind) for name, kind in kept.items())


def _check_records(records: pl.DataFrame, path: Path) -> None:
    if records.is_empty():
        raise IsoglossError("holds no records", where=path)
    for name in ("id", "task", "language"):
        if records[name].null_count():
            raise IsoglossError(f"a record has no {name}", where=path)
    twice = records.filter(pl.col("id").is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(f"two records have the id {twice[0][:60]!r}", where=path)


def _check_answers(answers: pl.DataFrame, records: pl.DataFrame, folder: Path) -> None:
    where = folder / _FOLDER
    if answers["id"].null_count() or answers["prediction"].null_count():
        raise IsoglossError("an answer lacks its id or its text", where=where)
    strange = answers.join(records, on="id", how="anti")["id"]
    if strange.len():
        raise IsoglossError(f"no record has the id {strange[0][:60]!r}", where=where)
    keys = [name for name in ("id", "sample") if name in answers.columns]
    twice = answers.filter(pl.struct(keys).is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(f"the record {twice[0][:60]!r} is answered twice", where=where)
    long = answers.filter(pl.col("prediction").str.len_chars() > LONGEST)["id"]
    if long.len():
        raise IsoglossError(
            f"the answer to the record {long[0][:60]!r} is longer than {LONGEST:,} characters",
            where=where,
            remedy="So long an answer is a system that did not stop; score it with a limit",
        )


def _check_measured(facts: Mapping[str, Any], answers: pl.DataFrame, folder: Path) -> None:
    """Hold what the seal does not cover, and the tokens, to the answers' own."""
    if "facts_sha256" not in facts:  # an older version reckoned as it liked
        return
    lacking = [name for name in PREDICTIONS if name not in answers.columns]
    if lacking:
        raise IsoglossError(f"lacks the columns {', '.join(lacking)}", where=folder / _FOLDER)
    for name, value in measured(answers).items():
        if facts.get(name) != value:
            raise IsoglossError(
                f"{name}: {facts.get(name)} is not what the answers say ({value})",
                where=folder / "run.json",
                remedy="Score the system again",
            )


def measured(answers: pl.DataFrame) -> dict[str, Any]:
    """Return a run's ``seconds``, ``tokens`` and ``tokens_per_second`` (None where unknown)."""
    # Whatever the order of the answers, the sum is the same.
    seconds = math.fsum(answers["seconds"].drop_nulls())
    tokens = int(answers["tokens"].sum())
    return {
        "seconds": round(seconds, 3),
        "tokens": tokens,
        "tokens_per_second": round(tokens / seconds, 2) if seconds and tokens else None,
    }
