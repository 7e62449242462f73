"""From predictions and records to what metrics score: answers, cell by cell of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.metrics._base import Array, Segments
from benchmarks.reasoning import split
from isogloss.errors import IsoglossError
from isogloss.plugins import discover
from isogloss.settings import unknown


@dataclass(frozen=True)
class Cell:
    """What a task asks in a language, and what was answered.

    Attributes:
        task: The task.
        language: The answers' language.
        segments: The answers, in the order of their records.
        records: For each segment the number of its record, rising from 0.
        ids: The records' ids.
        sources: The records' source languages.
        items: What each record is a version of, rising; see `item`.
    """

    task: str
    language: str
    segments: Segments
    records: npt.NDArray[np.uint32]
    ids: list[str]
    sources: list[str | None]
    items: list[str]

    @property
    def size(self) -> int:
        """The number of records."""
        return len(self.ids)

    def by_record(self, statistics: Array) -> Array:
        """Sum the statistics of each record's segments: shape (n, k) gives (records, k)."""
        if self.size == len(statistics):
            return statistics
        starts = np.flatnonzero(np.diff(self.records, prepend=-1))
        return np.add.reduceat(statistics, starts, axis=0)


def distinct(items: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the items of records that stand together, each once, and where each begins."""
    starts = [n for n, one in enumerate(items) if n == 0 or one != items[n - 1]]
    return [items[start] for start in starts], starts


def answers(predictions: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the records with what is read from each prediction.

    ``reasoning`` is what a model thought aloud before it answered (see `benchmarks.reasoning`),
    ``said`` the rest of its text, and ``answer`` what the task reads from that.

    A record with several predictions (told apart by a column ``sample``) comes as often; one
    without any comes once, answered with nothing.

    Raises:
        IsoglossError: A prediction's id is unknown or there twice, a column has a wrong type, or a
            record's task is unknown.
    """
    readers = discover("benchmarks.tasks")
    for task in records["task"].unique().sort():
        if task not in readers:
            raise unknown("task", task, list(readers), where="records")
    predictions = _checked(predictions, records)
    kept = [name for name in ("id", "prediction", "stop_reason", "sample") if name in predictions]
    joined = records.join(predictions.select(kept), on="id", how="left", maintain_order="left")
    missing = {"stop_reason": pl.lit("none"), "sample": pl.lit(0)}
    joined = joined.with_columns(
        value.alias(name) for name, value in missing.items() if name not in joined.columns
    )
    joined = joined.with_columns(
        pl.col("prediction").fill_null(""), pl.col("stop_reason").fill_null("none")
    )
    named = item() if "source_id" in joined.columns else pl.col("id")
    joined = joined.with_columns(named.alias("item")).sort(
        "task", "language", "item", "id", "sample"
    )
    columns = joined.select("task", "prediction", "input").iter_rows()
    # Reading an answer is a rule a task states in Python, a text at a time.
    rows = [_read(readers[task].read_answer, text, given or "") for task, text, given in columns]
    read = pl.DataFrame(
        rows, schema=dict.fromkeys(("reasoning", "said", "answer"), pl.String), orient="row"
    )
    return joined.hstack(read)


def _read(read_answer: Callable[..., str], text: str, given: str) -> tuple[str, str, str]:
    reasoning, said = split(text, given)
    return reasoning, said, read_answer(said, given=given)


def item() -> pl.Expr:
    """Return the expression of what a record is a version of.

    Parallel test sets ask the same items in every language, and in every pair of languages. Items,
    not records, are what another sample of the kind would have others of. An item is named by what
    stands behind the ``#`` of ``source_id``, for before it files say their language; but by all of
    it where that does not tell the records of a pair of languages apart, as where segments are
    numbered document by document.
    """
    cell = ["task", "language", "source_language"]
    behind = pl.col("source_id").str.extract(r"#([^#]*)$")
    apart = behind.n_unique().over(cell) == pl.col("source_id").n_unique().over(cell)
    return pl.coalesce(pl.when(apart).then(behind), pl.col("source_id"), pl.col("id"))


def _checked(predictions: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    again = records.filter(pl.col("id").is_duplicated())["id"]
    if again.len():
        raise IsoglossError(f"two records have the id {again[0]!r}", where="records")
    for column in ("id", "prediction"):
        if column not in predictions.columns:
            raise IsoglossError(f"there is no column {column!r}", where="predictions")
        if predictions.schema[column] != pl.String:
            raise IsoglossError(
                f"the column {column!r} holds {predictions.schema[column]}, not text",
                where="predictions",
            )
    empty = predictions.filter(pl.any_horizontal(pl.col("id", "prediction").is_null()))
    if empty.height:
        raise IsoglossError(
            f"{empty.height} rows have no id or no prediction",
            where="predictions",
            remedy="An answer of nothing is an empty text",
        )
    kinds = {"sample": pl.Int64, "stop_reason": pl.String}
    for column, kind in kinds.items():
        if column in predictions.columns and predictions.schema[column] != kind:
            raise IsoglossError(
                f"the column {column!r} holds {predictions.schema[column]}, not {kind}",
                where="predictions",
            )
    key = ["id", "sample"] if "sample" in predictions.columns else ["id"]
    twice = predictions.filter(pl.struct(key).is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(
            f"two predictions have the id {twice[0]!r}",
            where="predictions",
            remedy="Several answers to one record are told apart by a column 'sample'",
        )
    strange = predictions.join(records, on="id", how="anti")["id"]
    if strange.len():
        raise IsoglossError(
            f"{strange.len()} predictions have ids that the suite does not ({strange[0]!r})",
            where="predictions",
            remedy="Score them on the suite that they answer",
        )
    return predictions


def cells(frame: pl.DataFrame) -> Iterator[Cell]:
    """Yield the cells of answered records, by task and language."""
    for (task, language), rows in frame.group_by("task", "language", maintain_order=True):
        yield _cell(task, language, rows)


def _cell(task: Any, language: Any, rows: pl.DataFrame) -> Cell:
    ids = rows["id"]
    records = rows.unique("id", keep="first", maintain_order=True)
    segments = Segments(
        answers=rows["answer"].to_list(),
        references=rows["references"].to_list(),
        language=language,
        inputs=rows["input"].fill_null("").to_list(),
        texts=rows["said"].to_list(),
        reasoning=rows["reasoning"].to_list(),
        stop_reasons=rows["stop_reason"].to_list(),
        tests=rows["tests"].to_list(),
        ids=ids.to_list(),
    )
    return Cell(
        task,
        language,
        segments,
        ids.rle_id().to_numpy(),
        records["id"].to_list(),
        records["source_language"].to_list(),
        records["item"].to_list(),
    )
