"""The tables of the site: which runs, metrics and languages meet in each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from benchmarks import list_metrics, list_tasks
from benchmarks.scores.compare import DIFFERENCES, corrected
from benchmarks.scores.score import BOOTSTRAP, SCORES, remarks
from benchmarks.scores.statistics import SIGNIFICANT
from isogloss.languages import Language, describe
from isogloss.names import slug
from leaderboard.charts import Mark
from leaderboard.collect import Run
from leaderboard.ranking import Place, by_place, contrast, places
from leaderboard.site import Site
from leaderboard.tables import Cell, Column, Table, score_cell, signed

#: The coverage of every interval on the pages.
LEVEL = 0.95


def standing(site: Site, task: str) -> Table:
    """Return a task's ranking: systems by place, the mean of the languages, then each language."""
    metric = list_metrics()[list_tasks()[task].main]
    languages = site.languages(task)
    ranks = places(site.runs, task)
    best = _best(site, task, [None, *(one.tag for one in languages)])
    rows = []
    for number in by_place(site.runs, task):
        run = site.runs[number]
        scores = run.cells
        rank = ranks[number]
        rows.append(
            [
                _name(run),
                _rank_cell(rank),
                *(
                    score_cell(
                        scores.get((task, metric.name, tag, None)), best=run.slug in best[tag]
                    )
                    for tag in (None, *(one.tag for one in languages))
                ),
            ]
        )
    columns = [
        Column("System", numeric=False),
        Column("Rank", descending=False, title="systems that cannot be told apart share one"),
        Column("Mean", descending=metric.descending, title="the mean of the languages"),
        *(_language_column(one, metric.descending) for one in languages),
    ]
    data = _long(site, pl.col("task") == task, pl.col("metric") == metric.name)
    caption = f"{list_tasks()[task].label}: {metric.label} by system and language"
    notes = (metric.description, *remarks(data))
    return Table(f"standing-{slug(task)}", caption, columns, rows, data, notes)


def _rank_cell(place: Place) -> Cell:
    if not place.scored:
        return Cell("–", note="no score")
    return Cell(str(place.rank), float(place.rank), note="shared" if place.tied else "")


def language_scores(site: Site, task: str, language: Language) -> Table:
    """Return one language's scores: systems down, a task's metrics across."""
    names = metrics_shown(site, task)
    best = _best(site, task, [language.tag])[language.tag]
    rows = []
    for number in by_place(site.runs, task, language.tag):
        run = site.runs[number]
        scores = run.cells
        rows.append(
            [
                _name(run),
                *(
                    score_cell(
                        scores.get((task, name, language.tag, None)),
                        best=name == names[0] and run.slug in best,
                    )
                    for name in names
                ),
            ]
        )
    data = _long(site, pl.col("task") == task, pl.col("language") == language.tag)
    return Table(
        f"language-{slug(language.tag)}-{slug(task)}",
        f"{list_tasks()[task].label} in {language.name}: every metric by system",
        [Column("System", numeric=False), *_metric_columns(names)],
        rows,
        data,
        _signatures(data.filter(pl.col("source_language").is_null())),
        pinned=True,
    )


def metric_scores(site: Site, task: str, name: str) -> Table:
    """Return one metric of a task: languages down, systems across."""
    metric = list_metrics()[name]
    scores = [run.cells for run in site.runs]
    main = name == list_tasks()[task].main
    tags = [one.tag for one in site.languages(task)]
    best = _best(site, task, [None, *tags]) if main else {}
    rows = [
        [
            _language_cell(tag),
            *(
                score_cell(
                    one.get((task, name, tag, None)), best=run.slug in best.get(tag, frozenset())
                )
                for run, one in zip(site.runs, scores, strict=True)
            ),
        ]
        for tag in (*tags, None)
    ]
    data = _long(
        site, pl.col("task") == task, pl.col("metric") == name, pl.col("source_language").is_null()
    )
    return Table(
        f"task-{slug(task)}-{slug(name)}",
        f"{list_tasks()[task].label}: {metric.label} by language and system",
        [Column("Language", numeric=False), *_system_columns(site, metric.descending)],
        rows,
        data,
        (*remarks(data), *_signatures(data)),
    )


def pair_scores(site: Site, task: str) -> Table | None:
    """Return the main metric by pair of languages, or None where a task has no source languages."""
    metric = list_metrics()[list_tasks()[task].main]
    scores = [run.cells for run in site.runs]
    pairs = sorted(
        {(key[3], key[2]) for key in scores[0] if key[0] == task and key[3] and key[2]},
        key=lambda pair: (str(pair[0]), str(pair[1])),
    )
    if not pairs:
        return None
    rows = [
        [
            _pair_cell(str(source), str(target)),
            Cell(str(n := scores[0][task, metric.name, target, source]["n"]), float(n)),
            *(score_cell(one.get((task, metric.name, target, source))) for one in scores),
        ]
        for source, target in pairs
    ]
    data = _long(
        site,
        pl.col("task") == task,
        pl.col("metric") == metric.name,
        pl.col("source_language").is_not_null(),
    )
    return Table(
        f"pairs-{slug(task)}",
        f"{list_tasks()[task].label}: {metric.label} by pair of languages",
        [
            Column("Pair", numeric=False),
            Column("Records"),
            *_system_columns(site, metric.descending),
        ],
        rows,
        data,
        _signatures(data),
    )


def system_scores(site: Site, run: Run, task: str) -> Table:
    """Return one system's scores of a task: languages down, metrics across."""
    names = metrics_shown(site, task)
    scores = run.cells
    tags = [one.tag for one in site.languages(task)]
    rows = [
        [_language_cell(tag), *(score_cell(scores.get((task, name, tag, None))) for name in names)]
        for tag in (*tags, None)
    ]
    data = _long(site, pl.col("task") == task, pl.col("source_language").is_null(), runs=[run])
    return Table(
        f"system-{run.slug}-{slug(task)}",
        f"{run.name}, {list_tasks()[task].label.lower()}: every metric by language",
        [Column("Language", numeric=False), *_metric_columns(names)],
        rows,
        data,
        tuple(remarks(data, names)),
        pinned=True,
    )


def against(site: Site, run: Run, base: Run) -> Table:
    """Return how a tuned system differs from its base: languages down, tasks across."""
    tasks = site.tasks
    mains = {task: list_tasks()[task].main for task in tasks}
    tags: list[str | None] = [*(one.tag for one in site.languages()), None]
    data = [
        _contrasted(site, run, base, task, tag)
        for tag in tags
        for task in tasks
        if (task, tag) in run.draws
    ]
    frame = corrected(pl.DataFrame(data, schema=DIFFERENCES)).with_columns(
        pl.col("low", "high").fill_nan(None), system_a=pl.lit(run.name), system_b=pl.lit(base.name)
    )
    found = {(row["task"], row["language"]): row for row in frame.iter_rows(named=True)}
    rows = [
        [_language_cell(tag), *(_contrast_cell(found.get((task, tag))) for task in tasks)]
        for tag in tags
    ]
    return Table(
        f"against-{run.slug}",
        f"{run.name} minus {base.name}",
        [
            Column("Language", numeric=False),
            *(
                Column(f"{list_tasks()[task].label}: {list_metrics()[mains[task]].label}")
                for task in tasks
            ),
        ],
        rows,
        frame,
        (
            f"marked where p < {SIGNIFICANT} (paired bootstrap, Holm-corrected over the languages)",
            *remarks(frame),
        ),
    )


def _contrasted(site: Site, run: Run, base: Run, task: str, tag: str | None) -> dict[str, Any]:
    ours, theirs, delta = contrast(run, base, task, tag)
    tested = delta.difference(LEVEL)
    prefix = BOOTSTRAP.format(resamples=site.resamples, level=LEVEL, seed=site.seed)
    return {
        "task": task,
        "language": tag,
        "source_language": None,
        "metric": delta.metric,
        "score_a": ours.score,
        "score_b": theirs.score,
        "delta": tested.delta,
        "low": tested.low,
        "high": tested.high,
        "p_value": tested.p_value,
        "n": delta.n,
        "signature": f"paired-{prefix}ci:t|p:student|{delta.signature}",
    }


def _contrast_cell(row: dict[str, Any] | None) -> Cell:
    if row is None:
        return Cell("–")
    if math.isnan(row["delta"]):
        return Cell("–")
    verdict = _verdict(row["metric"], row["delta"], row["p_holm"])
    bounded = row["low"] is not None
    return Cell(
        signed(row["delta"]),
        row["delta"],
        signed(row["low"]) if bounded else "",
        signed(row["high"]) if bounded else "",
        best=verdict == "better",
        note=verdict,
    )


def _verdict(metric: str, delta: float, p_value: float) -> str:
    if p_value >= SIGNIFICANT:
        return "no clear difference"
    return "better" if (delta > 0) == list_metrics()[metric].higher_is_better else "worse"


def marks(site: Site, task: str, language: str, numbers: Iterable[int]) -> list[Mark]:
    """Return the marks of systems' main scores in a language, for a chart."""
    found = []
    for number in numbers:
        run = site.runs[number]
        row = run.cells.get((task, list_tasks()[task].main, language, None))
        if row is not None:
            found.append(Mark(number, run.name, row["score"], row["low"], row["high"]))
    return found


def metrics_shown(site: Site, task: str) -> list[str]:
    """Return the metrics that have a score of any of a task's answers.

    Its main one comes first, then the others that measure how good they are, then those that tell
    what is wrong with them.
    """
    main = list_tasks()[task].main
    scored = {
        key[1]
        for run in site.runs
        for key, row in run.cells.items()
        if key[0] == task and (key[1] == main or not math.isnan(row["score"]))
    }
    return sorted(scored, key=lambda name: (name != main, _diagnostic(name), name))


def _diagnostic(name: str) -> bool:
    """Tell whether a metric finds faults that answers of any task may have."""
    metric = list_metrics()[name]
    return len(metric.tasks) > 1 and metric.higher_is_better is not True


def _metric_columns(names: Sequence[str]) -> list[Column]:
    """Return the columns of a task's metrics, those that find faults set apart."""
    first = next((name for name in names[1:] if _diagnostic(name)), None)
    return [_metric_column(list_metrics()[name], apart=name == first) for name in names]


def _best(site: Site, task: str, tags: Sequence[str | None]) -> dict[str | None, frozenset[str]]:
    """Return by language the slugs of the systems that nobody is significantly better than."""
    found = {}
    for tag in tags:
        ranks = places(site.runs, task, tag)
        ahead = [run.slug for run, place in zip(site.runs, ranks, strict=True) if place.rank == 1]
        # Where all are alike, marking all would say nothing.
        found[tag] = frozenset(ahead) if len(ahead) < len(site.runs) else frozenset()
    return found


def _long(site: Site, *conditions: pl.Expr, runs: Sequence[Run] = ()) -> pl.DataFrame:
    """Return rows of scores with the system before them."""
    parts = [
        run.scores.filter(*conditions).select(pl.lit(run.name).alias("system"), *SCORES)
        for run in (runs or site.runs)
    ]
    return pl.concat(parts)


def _signatures(data: pl.DataFrame) -> tuple[str, ...]:
    signatures = data.filter(pl.col("language").is_not_null())["signature"]
    return tuple(sorted(signatures.unique().to_list()))


def _name(run: Run) -> Cell:
    return Cell(
        run.name, run.name.casefold(), href=f"system/{run.slug}.html", note=run.facts["kind"]
    )


def _language_cell(tag: str | None) -> Cell:
    if tag is None:
        return Cell("Mean of languages", "\U0010ffff")
    about = describe(tag)
    return Cell(about.name, about.name.casefold(), href=f"language/{slug(tag)}.html")


def _pair_cell(source: str, target: str) -> Cell:
    text = f"{describe(source).name} → {describe(target).name}"
    return Cell(text, text.casefold(), href=f"language/{slug(target)}.html")


def _language_column(language: Language, higher: bool) -> Column:
    return Column(
        language.tag,
        descending=higher,
        title=language.name,
        href=f"language/{slug(language.tag)}.html",
    )


def _metric_column(metric: Any, *, apart: bool) -> Column:
    return Column(
        metric.label,
        descending=metric.descending,
        title=f"{metric.description} ({metric.unit})",
        apart=apart,
    )


def _system_columns(site: Site, higher: bool) -> list[Column]:
    return [
        Column(run.name, descending=higher, href=f"system/{run.slug}.html") for run in site.runs
    ]
