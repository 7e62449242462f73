"""What every step took in, let out and dropped; the dropped rows themselves go to disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from builders.rows.spool import Spool, spooled

#: Columns of a dropped row: the example as it was, its source, the step and the reason.
REJECTED_COLUMNS = (
    "task",
    "language",
    "source_language",
    "instruction",
    "context",
    "input",
    "output",
    "references",
    "tests",
    "source",
    "source_id",
    "licence",
    "group",
    "split",
    "tags",
    "filter",
    "reason",
)


@dataclass
class Step:
    """The counts of a step: rows in and out, and the dropped ones by reason."""

    step: str
    rows_in: int = 0
    rows_out: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def table(self) -> dict[str, Any]:
        """Return the step as the manifest has it."""
        return {
            "step": self.step,
            **self.more,
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "rejected": dict(sorted(self.rejected.items())),
        }


@dataclass
class Ledger:
    """The steps of a source, or those over all sources.

    Attributes:
        folder: Where dropped rows are spooled, one file name prefix a step.
        more: What stands beside every step's name, such as its source.
    """

    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    spools: dict[str, Spool] = field(default_factory=dict)

    def separate(self, step: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Drop the rows of a frame that have a ``reason``, and count both.

        Args:
            step: The step's name.
            frame: Rows with the column ``reason``.

        Returns:
            The rows without a reason, and without that column.
        """
        dropped = frame.filter(pl.col("reason").is_not_null())
        self.drop(step, frame.height, dropped)
        if dropped.is_empty():
            return frame.drop("reason")
        return frame.filter(pl.col("reason").is_null()).drop("reason")

    def drop(
        self, step: str, rows_in: int, dropped: pl.DataFrame, label: str | None = None
    ) -> None:
        """Write down the rows that a step drops, and count them by reason.

        Args:
            step: The step's name.
            rows_in: How many rows came to it.
            dropped: Those that it drops, each with its ``reason``.
            label: What tells two steps of one name apart; the name where None.
        """
        found = self._step(step, label)
        found.rows_in += rows_in
        found.rows_out += rows_in - dropped.height
        if dropped.is_empty():
            return
        for reason, count in dropped.group_by(kind(pl.col("reason"))).len().iter_rows():
            found.rejected[reason] = found.rejected.get(reason, 0) + count
        spool = self.spools.setdefault(step, Spool(self.folder, f"dropped-{step}"))
        rows = dropped.with_columns(pl.lit(step).alias("filter"))
        spool.add(rows.select(REJECTED_COLUMNS))

    def count(self, step: str, rows: int) -> None:
        """Count rows that a step lets through."""
        found = self._step(step)
        found.rows_in += rows
        found.rows_out += rows

    def _step(self, step: str, label: str | None = None) -> Step:
        return self.steps.setdefault(label or step, Step(step, more=self.more))

    def state(self) -> dict[str, Any]:
        """Return what `take_up` needs to go on from, as JSON."""
        return {
            "steps": [[label, vars(step)] for label, step in self.steps.items()],
            "dropped": {step: spool.state() for step, spool in self.spools.items()},
        }

    def take_up(self, state: dict[str, Any]) -> None:
        """Go on from a state that was kept."""
        self.steps = {label: Step(**step) for label, step in state["steps"]}
        self.spools = {step: Spool(self.folder, f"dropped-{step}") for step in state["dropped"]}
        for step, spool in self.spools.items():
            spool.take_up(state["dropped"][step])

    def tables(self) -> list[dict[str, Any]]:
        """Return the steps as the manifest has them."""
        return [step.table() for step in self.steps.values()]

    def files(self) -> dict[str, list[Path]]:
        """Return the files of dropped rows, by step, in order."""
        return {step: spool.paths() for step, spool in self.spools.items()}


#: What the reason of a record that could not be read begins with: its file, and where in it.
_PLACE = r"^[^:]*:(?:\d+| \S*\[\d+\]): "


def kind(reason: pl.Expr) -> pl.Expr:
    """Return what reasons are counted by: one may begin with a place, carry numbers, or end in a name."""
    plain = reason.str.replace(_PLACE, "").str.replace_all(r"\d+(\.\d+)?", "N")
    return plain.str.slice(0, 80)


def summary(steps: Iterable[dict[str, Any]]) -> str:
    """Return which steps dropped how many rows, the most first."""
    dropped: dict[str, int] = {}
    for step in steps:
        count = step["rows_in"] - step["rows_out"]
        dropped[step["step"]] = dropped.get(step["step"], 0) + count
    most = sorted((-count, step) for step, count in dropped.items() if count)
    return ", ".join(f"{step} dropped {-count}" for count, step in most) or "none came in"


def commonest(paths: Iterable[Path], *, most: int = 3) -> str:
    """Return why rows were dropped, the commonest reasons first, each in the words of its first row.

    Args:
        paths: Files of dropped rows.
        most: How many reasons.
    """
    found = pl.DataFrame(schema={"kind": pl.String, "reason": pl.String, "rows": pl.Int64})
    # A reason may quote a text, of any length.
    first = pl.col("reason").first().str.slice(0, 200)
    for path in paths:
        here = spooled(path).group_by(kind(pl.col("reason")).alias("kind"), maintain_order=True)
        both = pl.concat([found, here.agg(first, pl.len().cast(pl.Int64).alias("rows"))])
        found = both.group_by("kind", maintain_order=True).agg(first, pl.col("rows").sum())
    total = found["rows"].sum()
    most_rows = found.sort("rows", descending=True, maintain_order=True).head(most)
    reasons = [f"{rows} of {total}: {reason}" for _, reason, rows in most_rows.rows()]
    return "; ".join([*reasons, "…"] if found.height > most else reasons)
