"""What the report shows of the records themselves: how long they are, whose, and samples of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

#: The quantiles of lengths that are shown.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

#: Bounds of a histogram's bins: from each on, in characters; so that languages compare.
EDGES = (0, *(round(2 ** (half / 2)) for half in range(2, 36)))

_SIDES = ("input", "output")
_SHOWN = (
    "id", "task", "language", "instruction_language", "source_language", "instruction", "input",
    "output", "source", "source_id", "licence", "template", "split", "tags",
)  # fmt: skip


@dataclass(frozen=True)
class Lengths:
    """How long a language's texts are on one side, in characters (code points).

    Attributes:
        rows: How many there are; a record without an input has none.
        quantiles: Of `QUANTILES`, the least length that so great a share does not exceed.
        longest: The greatest.
        bins: How many are in each bin of `EDGES`.
    """

    rows: int
    quantiles: tuple[int, ...]
    longest: int
    bins: tuple[int, ...]


@dataclass(frozen=True)
class Records:
    """What was read of the records.

    Attributes:
        lengths: By language, and within it by side.
        licences: ``licence``, ``source`` and ``records``, sorted.
        samples: Of each language and task the first records by id, in order.
    """

    lengths: dict[str, dict[str, Lengths]]
    licences: list[dict[str, Any]]
    samples: list[dict[str, Any]]


@dataclass
class _Tally:
    """Counts over files, each read once and let go."""

    lengths: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    licences: list[pl.DataFrame] = field(default_factory=list)
    samples: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    def add(self, frame: pl.DataFrame, language: str, task: str, samples: int) -> None:
        for side in _SIDES:
            chars = frame.select(pl.col(side).str.len_chars().alias("chars")).drop_nulls()
            counted = (
                chars.group_by("chars").len().select(pl.lit(side).alias("side"), "chars", "len")
            )
            self.lengths.setdefault(language, []).append(counted)
        self.licences.append(frame.group_by("licence", "source").len())
        first = frame.bottom_k(samples, by="id")
        cell = (language, task)
        if cell in self.samples:
            first = pl.concat([self.samples[cell], first]).bottom_k(samples, by="id")
        self.samples[cell] = first.sort("id")


def read(out: Path, files: Mapping[str, Any], *, samples: int) -> Records:
    """Read the records of a corpus, a file at a time.

    Args:
        out: The corpus folder.
        files: Its files, as the manifest has them.
        samples: How many samples to take of each language and task.
    """
    tally = _Tally()
    for name in sorted(files):
        if name.startswith("data/"):
            _, language, file = name.split("/")
            frame = pl.read_parquet(out / name, columns=list(_SHOWN))
            tally.add(frame, language, file.split("-")[0], samples)
    return Records(
        lengths={tag: dict(_lengths(parts)) for tag, parts in sorted(tally.lengths.items())},
        licences=_licences(tally.licences),
        samples=[row for _, frame in sorted(tally.samples.items()) for row in frame.to_dicts()],
    )


def _lengths(parts: Sequence[pl.DataFrame]) -> Iterator[tuple[str, Lengths]]:
    counted = pl.concat(parts).group_by("side", "chars").agg(pl.col("len").sum()).sort("chars")
    for side in _SIDES:
        part = counted.filter(pl.col("side") == side)
        if part.is_empty():
            continue
        chars, often = part["chars"].to_numpy(), part["len"].to_numpy().astype(np.int64)
        upto = np.cumsum(often)
        ranks = np.ceil(np.array(QUANTILES) * upto[-1]).astype(np.int64)
        bins = np.bincount(
            np.searchsorted(EDGES, chars, "right") - 1, weights=often, minlength=len(EDGES)
        )
        yield (
            side,
            Lengths(
                rows=int(upto[-1]),
                quantiles=tuple(int(n) for n in chars[np.searchsorted(upto, ranks)]),
                longest=int(chars[-1]),
                bins=tuple(int(n) for n in bins),
            ),
        )


def _licences(parts: Sequence[pl.DataFrame]) -> list[dict[str, Any]]:
    if not parts:
        return []
    return (
        pl.concat(parts)
        .group_by("licence", "source")
        .agg(pl.col("len").sum().cast(pl.Int64).alias("records"))
        .sort("records", "licence", "source", descending=[True, False, False], nulls_last=True)
        .to_dicts()
    )
