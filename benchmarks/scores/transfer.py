"""Cross-lingual transfer: what systems trained on some languages can do in the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from benchmarks.catalog import MetricOptions, check_metrics, list_tasks
from benchmarks.scores.cells import measure
from benchmarks.scores.means import Found, mean, minus, pooled
from benchmarks.scores.score import BOOTSTRAP, check_sampling, row_of
from benchmarks.scores.statistics import holm
from isogloss.languages import canonical, same_language

#: Columns of the matrix of systems and test languages.
MATRIX: dict[str, pl.DataType] = {
    "task": pl.String(),
    "metric": pl.String(),
    "system": pl.String(),
    "train_languages": pl.List(pl.String()),
    "language": pl.String(),
    "seen": pl.Boolean(),
    "score": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "n": pl.Int64(),
    "languages": pl.Int64(),
    "signature": pl.String(),
}

#: Columns of the table of gaps to systems trained on the test language alone.
GAPS: dict[str, pl.DataType] = {
    "task": pl.String(),
    "metric": pl.String(),
    "system": pl.String(),
    "train_languages": pl.List(pl.String()),
    "language": pl.String(),
    "seen": pl.Boolean(),
    "in_language": pl.List(pl.String()),
    "gap": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "p_value": pl.Float64(),
    "p_holm": pl.Float64(),
    "n": pl.Int64(),
    "languages": pl.Int64(),
    "signature": pl.String(),
}


@dataclass(frozen=True)
class Transfer:
    """How systems trained on different languages do on one suite.

    Attributes:
        matrix: One row a task, metric, system and test language, with the columns of `MATRIX`.
            ``seen`` tells whether the system was trained on the test language. Rows without a
            language are means, each language counted alike: over the languages that the system
            did not see, its mean transfer, and over those that it did; NaN where one of these
            cannot be measured.
        gaps: One row a task, metric, system and test language that another system was trained on
            alone, with the columns of `GAPS`: the score of that system (the mean of several, named
            in ``in_language``) minus this one's. Not ``seen``, it is the zero-shot gap; ``seen``,
            it is one model a language against one multilingual model. Rows without a language
            are means over either kind, over the languages that have a gap (``languages`` of them).
            ``p_value`` is Student's t of the paired bootstrap's spread, ``p_holm`` the same
            corrected for the languages of a system's kind (Holm 1979).
    """

    matrix: pl.DataFrame
    gaps: pl.DataFrame


@dataclass(frozen=True)
class _Cell:
    """What a system scores in one language (of `Found`), and whether it was trained on it."""

    found: Found
    seen: bool


@dataclass(frozen=True)
class _System:
    name: str
    languages: tuple[str, ...]
    cells: dict[tuple[str, str], dict[str, _Cell]]

    def is_of(self, language: str) -> bool:
        """Tell whether the system was trained on this language and no other."""
        return bool(self.languages) and all(same_language(one, language) for one in self.languages)


def transfer(
    systems: Mapping[str, tuple[Sequence[str], pl.DataFrame]],
    records: pl.DataFrame,
    *,
    metrics: Sequence[str] = (),
    options: MetricOptions | None = None,
    resamples: int = 1000,
    seed: int = 42,
    level: float = 0.95,
) -> Transfer:
    """Measure the transfer between the languages that systems were trained on and those of a suite.

    Args:
        systems: By name, the tags of the languages that a system was trained on (none for a model
            as it came), and its predictions, as for `score`. A language is the same in another
            territory, not in another script.
        records: The records that all answer.
        metrics: As for `score`; each task's main metric where empty.
        options: As for `score`.
        resamples: Bootstrap resamples, the same for all systems.
        seed: Their seed.
        level: The intervals' coverage.

    Returns:
        The tables, systems in the order of their names. Bounds are null where there are too few
        items (see `benchmarks.score`); a language that cannot be measured has no gap.

    Raises:
        IsoglossError: As for `score`; or a training language is not one.
    """
    wanted = metrics or tuple({task.main for task in list_tasks().values()})
    check_metrics(wanted, options or {}, where="metrics")
    check_sampling(resamples, level)
    groups = [
        _system(
            name, languages,
            measure(predictions, records, resamples=resamples, seed=seed, only=wanted,
                     options=options, by_source=False),
        )
        for name, (languages, predictions) in sorted(systems.items())
    ]  # fmt: skip
    prefix = BOOTSTRAP.format(resamples=resamples, level=level, seed=seed)
    matrix = [row for one in groups for row in _scores(one, level, prefix)]
    gaps = [row for one in groups for row in _gaps(one, groups, level, f"paired-{prefix}")]
    return Transfer(_table(matrix, MATRIX), _corrected(_table(gaps, GAPS)))


def _system(name: str, languages: Sequence[str], found: Iterator[Found]) -> _System:
    trained = tuple(sorted({canonical(tag, where=f"system {name}") for tag in languages}))
    cells: dict[tuple[str, str], dict[str, _Cell]] = {}
    for one in found:
        if one.language is not None:
            seen = any(same_language(tag, one.language) for tag in trained)
            cells.setdefault((one.task, one.metric), {})[one.language] = _Cell(one, seen)
    return _System(name, trained, cells)


def _table(rows: list[dict[str, Any]], schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col("low", "high").fill_nan(None))


def _scores(system: _System, level: float, prefix: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of the matrix of a system."""
    for cells in system.cells.values():
        languages = [cell.found for cell in cells.values()]
        for cell in cells.values():
            row = row_of(pooled(cell.found, languages), level, prefix)
            yield {**_place(system, cell.seen, 1), **row}
        for seen in (False, True):
            parts = [cell.found for cell in cells.values() if cell.seen is seen]
            if parts:
                found = mean(parts, parts[0].task, parts[0].metric, of=languages)
                measured = sum(one.measured for one in parts)
                yield {**_place(system, seen, measured), **row_of(found, level, prefix)}


def _place(system: _System, seen: bool, languages: int) -> dict[str, Any]:
    return {
        "system": system.name,
        "train_languages": list(system.languages),
        "seen": seen,
        "languages": languages,
    }


def _gaps(
    system: _System, systems: Sequence[_System], level: float, prefix: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a system's gaps to those trained on the test languages alone."""
    for key, cells in system.cells.items():
        compared: dict[bool, dict[str, list[str]]] = {False: {}, True: {}}
        parts: dict[bool, list[Found]] = {False: [], True: []}
        for language, cell in cells.items():
            rivals = [one for one in systems if one.is_of(language)]
            if not rivals or system.is_of(language):
                continue
            part = minus(_together([one.cells[key][language].found for one in rivals]), cell.found)
            if part.measured:
                compared[cell.seen][language] = [one.name for one in rivals]
                parts[cell.seen].append(part)
        every = [*parts[False], *parts[True]]
        for seen, found in parts.items():
            for part in found:
                names = compared[seen][str(part.language)]
                yield _gap(system, pooled(part, every), seen, 1, names, level, prefix)
            if found:
                names = sorted({name for several in compared[seen].values() for name in several})
                whole = mean(found, *key, of=every)
                yield _gap(system, whole, seen, len(found), names, level, prefix)


def _together(several: Sequence[Found]) -> Found:
    """Return the mean of several systems in one language, resample by resample."""
    return replace(
        several[0],
        score=float(np.mean([one.score for one in several])),
        draws=np.mean([one.draws for one in several], axis=0),
        items=min(one.items for one in several),
        effects=np.mean([one.effects for one in several], axis=0),
    )


def _gap(
    system: _System,
    found: Found,
    seen: bool,
    languages: int,
    in_language: list[str],
    level: float,
    prefix: str,
) -> dict[str, Any]:
    tested = found.difference(level)
    return {
        **_place(system, seen, languages),
        "task": found.task,
        "metric": found.metric,
        "language": found.language,
        "in_language": in_language,
        "gap": found.score,
        "low": tested.low,
        "high": tested.high,
        "p_value": tested.p_value,
        "p_holm": None,
        "n": found.n,
        "signature": f"{prefix}ci:t|p:student|{found.signature}",
    }


def _corrected(gaps: pl.DataFrame) -> pl.DataFrame:
    """Fill in Holm's correction over a system's languages; a mean is one question of its own."""
    adjusted = pl.col("p_value").map_batches(
        lambda column: pl.Series(holm(column.to_list()), dtype=pl.Float64),
        return_dtype=pl.Float64(),
    )
    family = ("task", "metric", "system", "seen", pl.col("language").is_null())
    return gaps.with_columns(p_holm=adjusted.over(*family))
