"""What other thresholds of the filters would drop, from the scores without scoring again.

``thresholds.parquet`` has a row for each filter, threshold, score, language and value that is tried:
the one that holds, some around it, and those that would drop a given share of the rows. A value is
only tried where the filter would take it for the option.

What is said of a threshold is said of it alone: how many rows it would drop, whatever the filter's
other thresholds and the filters after it say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import ValidationError

from builders.corpus.layout import write_parquet
from builders.filters._base import FilterOptions, Sweep
from builders.filters._steps import PlannedFilter
from builders.recipe import Recipe

#: The file's name in the corpus folder.
NAME = "thresholds.parquet"

#: Its columns. ``language`` is null for all languages that share the threshold; ``rows`` were scored;
#: ``kind`` says why a value is tried: it holds (``current``), is ``near`` that one, or drops about
#: the ``share`` of the rows.
SCHEMA: dict[str, pl.DataType] = {
    "filter": pl.String(),
    "option": pl.String(),
    "score": pl.String(),
    "drops": pl.String(),
    "threshold": pl.Float64(),
    "language": pl.String(),
    "rows": pl.Int64(),
    "kind": pl.String(),
    "share": pl.Float64(),
    "value": pl.Float64(),
    "dropped": pl.Int64(),
}

#: The shares of rows for which the value is shown that would drop them.
SHARES = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5)

# Values around the one that holds.
_FACTORS = (0.5, 0.8, 0.9, 1.1, 1.25, 2.0)
_DIGITS = 4

# Columns of scores that are not scores.
_KEYS = frozenset({"task", "language", "source_language"})

Values = NDArray[Any]


def write(out: Path, plan: Recipe, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``thresholds.parquet`` and return its entry for the manifest.

    Args:
        out: The corpus folder, with its scores.
        plan: The recipe, whose thresholds hold.
        manifest: The manifest, which names the files of scores.
    """
    names = [name for step in manifest["scores"].values() for name in step["files"]]
    return write_parquet(tried([out / name for name in names], plan.filters), out / NAME)


def tried(files: Sequence[Path], filters: Sequence[PlannedFilter]) -> pl.DataFrame:
    """Return what each threshold of filters drops, and what others would, in `SCHEMA`'s columns.

    One score is in memory at a time: some 10 bytes a row.

    Args:
        files: Scores, as `builders.filters._scores` writes them.
        filters: The filters, in the recipe's order.
    """
    columns = {path: set(pl.read_parquet_schema(path)) for path in files}
    rows: list[dict[str, Any]] = []
    for step in filters:
        for options, languages in _settings(step):
            for _, alike in groupby(
                step.sweeps(options), key=lambda one: (one.score, id(one.among))
            ):
                together = list(alike)
                subject = _Subject(step.label, together[0], languages)
                found = subject.read([path for path in files if subject.needs <= columns[path]])
                for sweep in together:
                    rows += _trials(found, step.label, sweep, options)
    return pl.DataFrame(rows, schema=SCHEMA)


def _settings(step: PlannedFilter) -> Iterator[tuple[FilterOptions, pl.Expr]]:
    """Yield a filter's options, each with the rows that they hold for."""
    language = pl.col("language")
    yield step.options, ~language.is_in(list(step.by_language))
    for tag, options in step.by_language.items():
        yield options, language == tag


@dataclass(frozen=True)
class _Scored:
    """What a language's rows have for a score.

    Attributes:
        language: The language; None for all together.
        rows: How many rows were scored.
        values: The scores of those that the threshold can drop, rising.
    """

    language: str | None
    rows: int
    values: Values


@dataclass(frozen=True)
class _Subject:
    """Which scores of which rows a threshold is about."""

    label: str
    sweep: Sweep
    where: pl.Expr

    @property
    def needs(self) -> set[str]:
        """The columns of scores that must be there."""
        names = {self.sweep.score}
        if self.sweep.among is not None:
            names |= set(self.sweep.among.meta.root_names()) - _KEYS
        return {f"{self.label}.{name}" for name in names}

    def read(self, files: Sequence[Path]) -> list[_Scored]:
        """Read the scores of each language, by its tag, and before them those of all together."""
        if not files:
            return []
        named = pl.scan_parquet(list(files), extra_columns="ignore").select(
            *sorted(_KEYS),
            *(pl.col(name).alias(name.removeprefix(f"{self.label}.")) for name in self.needs),
        )
        score, among = pl.col(self.sweep.score), self.sweep.among
        frame = (
            named.filter(self.where, score.is_not_nan().fill_null(False))
            .select(
                pl.col("language").cast(pl.Categorical),
                self._comparable(named).alias("value"),
                (pl.lit(True) if among is None else among.fill_null(False)).alias("among"),
            )
            .collect()
        )
        found = (
            frame.group_by("language")
            .agg(pl.len().alias("rows"), pl.col("value").filter("among").sort())
            .with_columns(pl.col("language").cast(pl.String))
            .sort("language")
        )
        scored = [
            _Scored(language, rows, values.to_numpy())
            for language, rows, values in zip(*found, strict=True)
        ]
        if len(scored) > 1:
            everything = np.sort(np.concatenate([one.values for one in scored]))
            scored.insert(0, _Scored(None, sum(one.rows for one in scored), everything))
        return scored

    def _comparable(self, named: pl.LazyFrame) -> pl.Expr:
        """Return the score in a type in which it compares with thresholds as in a verdict."""
        score = pl.col(self.sweep.score)
        whole = named.select(score).collect_schema()[self.sweep.score].is_integer()
        return score.cast(pl.Float64) if whole and isinstance(self.sweep.value, float) else score


@dataclass(frozen=True)
class _Trial:
    kind: str
    value: float
    share: float | None = None


def _trials(
    found: Sequence[_Scored], label: str, sweep: Sweep, options: FilterOptions
) -> Iterator[dict[str, Any]]:
    around = [_Trial("current", sweep.value), *(_Trial("near", value) for value in _near(sweep))]
    around = [trial for trial in around if _takes(options, sweep.option, trial.value)]
    for one in found:
        trials = [*around, *_by_share(one, sweep, options)]
        counts = _dropped(one.values, sweep, [trial.value for trial in trials])
        for trial, count in zip(trials, counts, strict=True):
            if trial.kind == "share" and not count:
                continue  # all beyond it have the same score
            yield {
                "filter": label,
                "option": sweep.option,
                "score": sweep.score,
                "drops": sweep.drops,
                "threshold": sweep.value,
                "language": one.language,
                "rows": one.rows,
                "kind": trial.kind,
                "share": trial.share,
                "value": trial.value,
                "dropped": count,
            }


def _near(sweep: Sweep) -> list[float]:
    values = {_rounded(sweep.value * factor, sweep) for factor in _FACTORS}
    return sorted(values - {sweep.value})


def _by_share(scored: _Scored, sweep: Sweep, options: FilterOptions) -> Iterator[_Trial]:
    """Yield the values that would drop about given shares of the scored rows, where there are any.

    Where many rows have the same score, one value stands for several shares, and is shown once.
    """
    size, seen = scored.values.size, set()
    for share in SHARES:
        beyond = math.floor(scored.rows * share)
        if not 0 < beyond < size:
            continue
        # With all below or above it dropped, this score is the first that stays.
        place = beyond if sweep.drops == "below" else size - 1 - beyond
        value = float(scored.values[place])
        if math.isfinite(value):
            value = _rounded(value, sweep)
            if value not in seen and _takes(options, sweep.option, value):
                seen.add(value)
                yield _Trial("share", value, share)


def _rounded(value: float, sweep: Sweep) -> float:
    """Return a value with as many digits as are shown, so that counts are of what is shown."""
    return round(value) if isinstance(sweep.value, int) else float(f"{value:.{_DIGITS}g}")


def _takes(options: FilterOptions, option: str, value: float) -> bool:
    """Tell whether an option may have a value, the others staying as they are."""
    try:
        type(options).model_validate({**options.model_dump(), option: value})
    except ValidationError:
        return False
    return True


def _dropped(values: Values, sweep: Sweep, thresholds: Sequence[float]) -> list[int]:
    """Return how many of rising values each threshold drops."""
    # As in polars, thresholds are compared in the type of the scores.
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        bounds = np.clip(np.asarray(thresholds, np.int64), limits.min, limits.max)
    else:
        bounds = np.asarray(thresholds, np.float64)
    before = (sweep.drops == "below") == sweep.inclusive
    places = np.searchsorted(values, bounds.astype(values.dtype), "right" if before else "left")
    return [int(n) for n in (places if sweep.drops == "below" else values.size - places)]
