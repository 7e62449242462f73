"""Suites: the records that systems are asked, named by a hash of exactly what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.catalog import check_metrics, list_tasks, merged_options
from benchmarks.suites import file as suitefile
from benchmarks.suites import records as suiterecords
from benchmarks.suites.file import Selection
from isogloss.corpora import open_corpus
from isogloss.errors import IsoglossError
from isogloss.files import sha256_json
from isogloss.languages import canonical
from isogloss.records import SCHEMA, conform
from isogloss.settings import unknown

#: Of each record, what a suite's hash is of: what is asked, and what is accepted as its answer.
_HASHED = (
    "id", "task", "language", "source_language", "instruction", "input", "references", "tests",
)  # fmt: skip


@dataclass(frozen=True)
class Suite:
    """A suite.

    Attributes:
        name: Its name.
        version: Its version, as its file has it; empty for a corpus.
        spec: What it was loaded by.
        sha256: The hash of its records, texts and order included, and of its metrics' options.
        records: The records, in `isogloss.records.SCHEMA`: cell by cell (task, languages), in each
            in the order of their source.
        metrics: Options of metrics that it is to be scored with, as `benchmarks.score` takes them.
        sources: What the records were read from: for each its name, version, licence and hash.
        lines: Every row of the data, for answers that are told apart by their place; see
            `benchmarks.suites.records.SuiteRecords`. None for a corpus.
    """

    name: str
    version: str
    spec: str
    sha256: str
    records: pl.DataFrame
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: tuple[dict[str, Any], ...] = ()
    lines: pl.DataFrame | None = None


def list_suites() -> dict[str, str]:
    """Return the shipped suites' names and descriptions."""
    return {name: file.description for name, file in suitefile.shipped().items()}


def load_suite(spec: str, selection: Selection | None = None, *, limit: int | None = None) -> Suite:
    """Read a suite.

    Args:
        spec: ``corpus:FOLDER`` (the test split of a corpus), the path of a suite's TOML file, or
            the name of a shipped one.
        selection: What of it is asked, and how.
        limit: Short for ``Selection(limit=limit)``.

    Raises:
        IsoglossError: There is no such suite, its files are missing or broken, or it has nothing
            of what is chosen, or the selection contradicts itself.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    selection = selection or Selection(limit=limit)
    suitefile.check_selection(selection)
    kind, _, rest = spec.partition(":")
    if kind == "corpus" and rest:
        return _corpus(Path(rest), spec, selection)
    if spec.endswith(".toml"):
        file = suitefile.read(Path(spec))
    elif spec in suitefile.shipped():
        file = suitefile.shipped()[spec]
    else:
        raise unknown("suite", spec, [*list_suites(), "corpus:FOLDER"], where="suite")
    made = suiterecords.records(file, selection)
    suite = _suite(file.name, file.version, spec, made.records, file.metrics, made.sources)
    return replace(suite, lines=made.lines)


def with_options(suite: Suite, options: Mapping[str, Mapping[str, Any]]) -> Suite:
    """Return a suite that is scored with other options of metrics; those not named stay.

    Raises:
        IsoglossError: A metric or an option is unknown, or its value will not do.
    """
    check_metrics((), options, where="metric options")
    merged = merged_options(suite.metrics, options)
    digest = suite_hash(suite.records, merged)
    return replace(suite, metrics=merged, sha256=digest)


def suite_hash(records: pl.DataFrame, metrics: Mapping[str, Any] | None = None) -> str:
    """Return the hash of what is asked, of what is accepted as its answer, and how it is scored."""
    rows = records.select(_HASHED).to_dicts()
    return sha256_json([rows, dict(metrics)] if metrics else rows)


def _suite(
    name: str,
    version: str,
    spec: str,
    records: pl.DataFrame,
    metrics: Mapping[str, Any],
    sources: Sequence[dict[str, Any]],
) -> Suite:
    if records.is_empty():
        raise IsoglossError("has no records to ask", where=spec)
    records = records.select(list(SCHEMA)).sort(
        "task", "language", "source_language", maintain_order=True
    )
    _check(records, spec)
    digest = suite_hash(records, metrics)
    return Suite(name, version, spec, digest, records, metrics, tuple(sources))


def _check(records: pl.DataFrame, where: str) -> None:
    for name in ("id", "task", "language"):
        if records[name].null_count():
            raise IsoglossError(
                f"a record has no {name}", where=where, remedy="Give each record one"
            )
    for task in records["task"].unique().sort():
        if task not in list_tasks():
            raise unknown("task", task, list(list_tasks()), where=where)
    twice = records.filter(pl.col("id").is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(f"two records have the id {twice[0]!r}", where=where)
    bare = records.filter(pl.col("references").list.len().fill_null(0) == 0)["id"]
    if bare.len():
        raise IsoglossError(f"the record {bare[0]!r} has no reference", where=where)


def _corpus(folder: Path, spec: str, selection: Selection) -> Suite:
    corpus = open_corpus(folder)
    for name in ("data", "prompts", "shots"):
        if getattr(selection, name):
            raise IsoglossError(
                f"a corpus has been asked already; {name} cannot be chosen",
                where=spec,
                remedy="Say it in its recipe",
            )
    records = corpus.records("test").sort("task", "language", "id")
    records = _of_languages(records, selection, spec)
    if selection.limit is not None:
        records = records.group_by("task", "language", maintain_order=True).head(selection.limit)
    return _suite(corpus.name, "", spec, records, {}, ())


def _of_languages(records: pl.DataFrame, selection: Selection, where: str) -> pl.DataFrame:
    """Keep the records of the chosen languages and pairs."""
    if selection.languages:
        tags = [canonical(tag, where=where) for tag in selection.languages]
        records = records.filter(
            pl.col("language").is_in(tags),
            # A chosen pair says from which language.
            pl.lit(bool(selection.pairs))
            | pl.col("source_language").is_in(tags)
            | pl.col("source_language").is_null(),
        )
    if selection.pairs:
        records = suitefile.of_pairs(records, suitefile.pairs_of(selection.pairs, where))
    suitefile.check_found(records, selection, where)
    return conform(records, where=where)
