"""What the report shows of dropped rows: how many, for which reasons, and examples of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from builders.rows.ledger import kind
from isogloss.hashing import xxh64

#: Of each step so many reasons are shown, those with the most rows, with so many examples each.
REASONS = 6
EXAMPLES = 2

_KEY = ("file", "row")
_SHOWN = ("task", "language", "source_language", "instruction", "context", "input", "output",
          "source", "source_id", "licence", "reason")  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """A reason to drop rows: how many, and some of them."""

    reason: str
    rows: int
    examples: list[dict[str, Any]]


@dataclass(frozen=True)
class Dropped:
    """What a step dropped.

    Attributes:
        step: Its name.
        rows: How many rows.
        reasons: The commonest.
        others: How many other reasons there are.
        languages: By language ("" where a row has none) and reason, the number of rows; of the
            reasons that are not among the commonest together, under "".
    """

    step: str
    rows: int
    reasons: list[Reason]
    others: int
    languages: dict[str, dict[str, int]]


def read(out: Path, files: Mapping[str, Any]) -> list[Dropped]:
    """Read the dropped rows of a corpus, a file at a time.

    Args:
        out: The corpus folder.
        files: Its files, as the manifest has them.

    Returns:
        The steps that dropped rows, by name.
    """
    found: dict[str, list[Path]] = {}
    for name in sorted(files):
        if name.startswith("rejected/"):
            step, _ = name.removeprefix("rejected/").rsplit("-", 1)
            found.setdefault(step, []).append(out / name)
    return [_step(step, paths) for step, paths in found.items()]


def _step(step: str, paths: Sequence[Path]) -> Dropped:
    counted: list[pl.DataFrame] = []
    drawn: list[pl.DataFrame] = []
    for number, path in enumerate(paths):
        rows = pl.read_parquet(path, columns=["language", "reason", "source_id"]).select(
            pl.col("language").fill_null(""),
            kind(pl.col("reason")).alias("kind"),
            # Which are shown hangs on the rows and not on their order, and is no sign of anything.
            xxh64(pl.concat_str(pl.col("language", "source_id").fill_null(""))).alias("draw"),
            pl.lit(number, pl.UInt32).alias("file"),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        )
        counted.append(rows.group_by("language", "kind").len())
        drawn = [_first(pl.concat([*drawn, rows.select("kind", "draw", *_KEY)]))]
    counts = pl.concat(counted).group_by("language", "kind").agg(pl.col("len").sum().cast(pl.Int64))
    reasons = (
        counts.group_by("kind")
        .agg(pl.col("len").sum())
        .sort("len", "kind", descending=[True, False])
    )
    common = reasons.head(REASONS)
    examples = _texts(paths, drawn[0].filter(pl.col("kind").is_in(common["kind"].implode())))
    return Dropped(
        step=step,
        rows=int(reasons["len"].sum()),
        reasons=[
            Reason(reason, rows, examples.get(reason, [])) for reason, rows in common.iter_rows()
        ],
        others=reasons.height - common.height,
        languages=_by_language(counts, common["kind"]),
    )


def _first(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("kind", "draw", *_KEY).group_by("kind", maintain_order=True).head(EXAMPLES)


def _texts(paths: Sequence[Path], drawn: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Read the rows that were drawn, by reason, in the order in which they were."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for (number,), part in drawn.group_by("file"):
        assert isinstance(number, int)
        frame = pl.read_parquet(paths[number], columns=list(_SHOWN))[part["row"].to_list()]
        found |= {
            (number, row): example
            for row, example in zip(part["row"], frame.iter_rows(named=True), strict=True)
        }
    texts: dict[str, list[dict[str, Any]]] = {}
    for reason, number, row in drawn.select("kind", *_KEY).iter_rows():
        texts.setdefault(reason, []).append(found[number, row])
    return texts


def _by_language(counts: pl.DataFrame, common: pl.Series) -> dict[str, dict[str, int]]:
    known = pl.col("kind").is_in(common.implode())
    cells = (
        counts.with_columns(pl.when(known).then("kind").otherwise(pl.lit("")).alias("kind"))
        .group_by("language", "kind")
        .agg(pl.col("len").sum())
        .sort("language", "len", "kind", descending=[False, True, False])
    )
    found: dict[str, dict[str, int]] = {}
    for language, reason, rows in cells.iter_rows():
        found.setdefault(language, {})[reason] = rows
    return found
