"""Run folders: the one reader and writer of what is in them.

A run folder holds ``run.json`` (the facts), ``predictions/part-*.parquet`` (the answers),
``records.parquet`` (the prompts and references) and ``scores.parquet``; while it is unfinished,
``progress.json`` instead of ``run.json``. Whoever reads one holds every file to the hashes in
``run.json``, and ``run.json`` to its own, wherever the folder comes from, and gets the very bytes
that were hashed: a file is read once. What lies in ``predictions/`` unlisted is refused.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from isogloss.console import say, warn
from isogloss.errors import IsoglossError, remedied
from isogloss.files import (
    check_ours,
    check_seal,
    json_text,
    remove_partials_in,
    sealed,
    sha256_file,
    sha256_json,
    write_json,
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

#: The name of a run's facts in its folder.
FACTS = "run.json"

_NEEDED = ("system", "suite", "predictions_sha256", "records_sha256")
_PREDICTIONS, _RECORDS, _SCORES = "predictions", "records.parquet", "scores.parquet"
# Of an unfinished run: the key that its answers hang on.
_PROGRESS = "progress.json"
_PART_NAME = re.compile(r"part-\d{5,9}\.parquet")
_REMEDY = "Score the system again"
# What every table of scores has, however old.
_CELL = dict.fromkeys(("task", "language", "source_language", "metric"), pl.String())
_SCORE = {**_CELL, "score": pl.Float64()}
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
        records: The records that it answers, in `isogloss.records.SCHEMA`.
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

    @property
    def scored(self) -> bool:
        """Whether it has scores, sound or broken; a run of an older version may have none."""
        return "scores_sha256" in self.facts or (self.folder / _SCORES).is_file()


def is_run(folder: Path) -> bool:
    """Tell whether a folder holds a finished run, sound or broken."""
    return (folder / FACTS).is_file()


def read_run(folder: Path) -> StoredRun:
    """Read a finished run, and hold it to its hashes.

    Raises:
        IsoglossError: The run is unfinished or broken; its facts, predictions or records are not
            those that were written; a file lies in ``predictions/`` that ``run.json`` does not
            list; an answer is longer than `LONGEST`.
    """
    facts = read_facts(folder)
    listed = facts["predictions_sha256"]
    _check_unlisted(folder, listed)
    with remedied(_REMEDY):
        path = folder / _RECORDS
        records = conform(_table(path, facts["records_sha256"]), where=str(path))
        _check_records(records, path)
        parts = ((folder / _PREDICTIONS / name, listed[name]) for name in sorted(listed))
        answers = pl.concat(_answers(path, digest) for path, digest in parts)
        _check_answers(answers, records, folder)
        _check_measured(facts, answers, folder)
    return StoredRun(folder, facts, answers, records)


def read_facts(folder: Path) -> dict[str, Any]:
    """Read a run's ``run.json``.

    Raises:
        IsoglossError: There is no such folder; it has none; it lacks what every run has, a value
            is of the wrong kind, or it was changed after it was written.
    """
    path = folder / FACTS
    if not folder.exists():
        raise IsoglossError("there is no such folder", where=folder, remedy="Name a run folder")
    if not path.is_file():
        raise IsoglossError(
            f"is not a finished run (no {FACTS})",
            where=folder,
            remedy="Run score again: it goes on where it stopped",
        )
    with remedied(_REMEDY):
        facts = read_json(path)
        missing = [name for name in _NEEDED if not isinstance(facts, dict) or name not in facts]
        if missing:
            raise IsoglossError(f"lacks {', '.join(missing)}", where=path)
        validate(_Facts, facts, where=str(path))
        check_seal(facts, where=path, needed="scores_sha256" in facts, measured=MEASURED)
    return dict(facts)


def files_of(folder: Path) -> list[Path]:
    """Return the files that say what a finished run's answers are: ``run.json`` and those it lists.

    Raises:
        IsoglossError: The run is unfinished or broken.
    """
    names = sorted(read_facts(folder)["predictions_sha256"])
    return [folder / FACTS, *(folder / _PREDICTIONS / name for name in names)]


def facts_text(facts: Mapping[str, Any]) -> str:
    """Return the text of a ``run.json``, sealed.

    Raises:
        IsoglossError: No reader would take it.
    """
    text = json_text(sealed(facts, measured=MEASURED))
    validate(_Facts, parse_json(text, where=FACTS), where=FACTS)
    return text


def write_run(
    folder: Path,
    facts: Mapping[str, Any],
    records: pl.DataFrame,
    answers: pl.DataFrame,
    scores: pl.DataFrame,
) -> None:
    """Write a run whose files of predictions are in place; its ``run.json`` last.

    Args:
        folder: The run folder, held by the caller.
        facts: What ``run.json`` says, without the hashes and what `measured` tells.
        records: The records, in `isogloss.records.SCHEMA`.
        answers: The answers, with the columns of `PREDICTIONS`.
        scores: The scores.
    """
    with writing(folder / _RECORDS) as partial:
        records.write_parquet(partial)
    hashes = {
        "predictions_sha256": {path.name: sha256_file(path) for path in _parts(folder)},
        "records_sha256": sha256_file(folder / _RECORDS),
    }
    write_scores(folder, {**facts, **measured(answers), **hashes}, scores)


def write_scores(folder: Path, facts: Mapping[str, Any], scores: pl.DataFrame) -> None:
    """Write a run's ``scores.parquet``, and its ``run.json`` with the hash of it.

    Both stand whole beside the old ones before either takes its place.
    """
    with writing(folder / FACTS) as text, writing(folder / _SCORES) as table:
        scores.write_parquet(table)
        hashed = {**facts, "scores_sha256": sha256_file(table)}
        text.write_text(facts_text(hashed), encoding="utf-8", newline="\n")


def read_scores(folder: Path, facts: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Read the scores that a run was written with.

    Args:
        folder: The run folder.
        facts: Its ``run.json``, if it is read already.

    Returns:
        A table with at least ``task``, ``language``, ``source_language``, ``metric`` and ``score``.

    Raises:
        IsoglossError: There are none, not those that ``run.json`` was written for, or they lack a
            column.
    """
    path = folder / _SCORES
    digest = (read_facts(folder) if facts is None else facts).get("scores_sha256")
    with remedied(_REMEDY):
        # An older run.json names none; one that is missing is refused all the same.
        found = _table(path, digest, known=digest is not None)
        missing = [name for name in _SCORE if name not in found.columns]
        if missing:
            raise IsoglossError(f"lacks the columns {', '.join(missing)}", where=path)
        try:
            return found.with_columns(pl.col(name).cast(kind) for name, kind in _SCORE.items())
        except pl.exceptions.PolarsError as error:
            raise IsoglossError(
                "a column is of another kind than scores are", where=path
            ) from error


def system_of(folder: Path) -> str:
    """Return the name of the system whose answers a run holds.

    Raises:
        IsoglossError: The run is unfinished or broken.
    """
    return str(read_facts(folder)["system"])


def check_folder(folder: Path) -> None:
    """Refuse to write a run into a folder that holds anything but a run, finished or not.

    Raises:
        IsoglossError: It holds something else, or its ``predictions/`` does.
    """
    check_ours(folder, _is_ours, kind="a run")
    _check_unlisted(folder, {path.name for path in _parts(folder)})


def _is_ours(folder: Path) -> bool:
    key = _object(folder / _PROGRESS).get("key")
    if isinstance(key, str) or _object(folder / FACTS).keys() >= set(_NEEDED):
        return True
    return any(_carries_key(path) for path in _parts(folder))


def _object(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; an empty one for any other file, or none."""
    try:
        found = read_json(path)
    except (IsoglossError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def begin(folder: Path, key: str, count: int) -> dict[int, pl.DataFrame]:
    """Make a folder ready for the answers of a run, in so many files.

    At every moment the folder is known for a run.

    Args:
        folder: The run folder, held by the caller.
        key: What the answers hang on. Files that carry it are taken; all others are removed.
        count: The number of files.

    Returns:
        The answers that are there, by the number of their file.
    """
    write_json(folder / _PROGRESS, {"key": key})
    (folder / FACTS).unlink(missing_ok=True)
    remove_partials_in(folder, folder / _PREDICTIONS)
    done = {}
    for path in _parts(folder):
        number = int(path.stem.removeprefix("part-"))
        try:
            answers = take_part(path, key) if number < count else None
        except IsoglossError as error:
            warn(f"{path}: {error.problem}; its records are answered again")
            answers = None
        if answers is None:
            path.unlink()
        else:
            done[number] = answers
    if done:
        say(f"going on with the unfinished run {folder}")
    return done


def end(folder: Path) -> None:
    """Forget the state of an unfinished run."""
    (folder / _PROGRESS).unlink(missing_ok=True)
    remove_partials_in(folder, folder / _PREDICTIONS)


def _parts(folder: Path) -> list[Path]:
    """Return a run's files of predictions, in order."""
    found = (folder / _PREDICTIONS).glob("*")
    return sorted(path for path in found if _PART_NAME.fullmatch(path.name))


def _check_unlisted(folder: Path, listed: Iterable[str]) -> None:
    """Refuse what lies in ``predictions/`` unlisted: whoever loads the folder would read it, too."""
    names = set(listed)
    for path in sorted((folder / _PREDICTIONS).glob("*")):
        # What is hidden is read by nobody: systems and killed processes leave such files.
        if path.name not in names and not path.name.startswith("."):
            raise IsoglossError(
                "lies among the predictions of a run that does not list it",
                where=path,
                remedy="Take it out of the folder, or score the system again into another --out",
            )


def part_path(folder: Path, number: int) -> Path:
    """Return the path of a run's file of predictions."""
    return folder / _PREDICTIONS / f"part-{number:05d}.parquet"


def write_part(path: Path, answers: pl.DataFrame, key: str) -> None:
    """Write a file of predictions that carries the key that it answers and a hash of its rows."""
    with writing(path) as partial:
        partial.write_bytes(_part_bytes(answers, key, path.name))


def _part_bytes(answers: pl.DataFrame, key: str, name: str) -> bytes:
    metadata = {_KEY: sha256_json([key, name]), _ROWS: _rows_hash(answers)}
    buffer = io.BytesIO()
    answers.write_parquet(buffer, metadata=metadata)
    return buffer.getvalue()


def take_part(path: Path, key: str) -> pl.DataFrame | None:
    """Return the predictions of a file that answers a key; None where it answers another.

    A file whose rows are sound and whose other bytes are not is written again.

    Raises:
        IsoglossError: It is broken, or its rows are not those that were written.
    """
    content = path.read_bytes()
    metadata = _metadata(content, path)
    if metadata.get(_KEY) != sha256_json([key, path.name]):
        return None
    answers = _parsed(content, path)
    if dict(answers.schema) != PREDICTIONS or metadata.get(_ROWS) != _rows_hash(answers):
        raise IsoglossError("is not as it was written", where=path)
    if content != _part_bytes(answers, key, path.name):
        write_part(path, answers, key)
    return answers


def _carries_key(path: Path) -> bool:
    """Tell whether a file of predictions is one that we wrote."""
    try:
        return _KEY in _metadata(path.read_bytes(), path)
    except (IsoglossError, OSError):
        return False


def _metadata(content: bytes, path: Path) -> dict[str, str]:
    try:
        return pl.read_parquet_metadata(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _unreadable(path, error) from None


def _rows_hash(answers: pl.DataFrame) -> str:
    # A batch's rows: as JSON they are the same whatever polars does with its buffers.
    return sha256_json([list(row) for row in answers.rows()])


def _table(path: Path, digest: Any, *, known: bool = True) -> pl.DataFrame:
    """Read a table of a run whose bytes are those of a hash, where it is known."""
    if not path.is_file():
        raise IsoglossError("there is no such file", where=path)
    content = path.read_bytes()
    if known and hashlib.sha256(content).hexdigest() != digest:
        raise IsoglossError(
            f"is not the file that {FACTS} was written for",
            where=path,
            remedy=f"{_REMEDY}; what was changed by hand is neither scored nor published",
        )
    return _parsed(content, path)


def _parsed(content: bytes, path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(content)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: BaseException) -> IsoglossError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return IsoglossError(f"is not a Parquet file that can be read ({first[:200]})", where=path)


def _answers(path: Path, digest: str) -> pl.DataFrame:
    """Read a file of predictions, with the columns that every run has, typed."""
    found = _table(path, digest)
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
    where = folder / _PREDICTIONS
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
        raise IsoglossError(f"lacks the columns {', '.join(lacking)}", where=folder / _PREDICTIONS)
    for name, value in measured(answers).items():
        if facts.get(name) != value:
            raise IsoglossError(
                f"{name}: {facts.get(name)} is not what the answers say ({value})",
                where=folder / FACTS,
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
