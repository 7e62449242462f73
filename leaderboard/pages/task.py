"""A page a task: every metric by language and system, and by pair of languages."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from benchmarks import list_metrics, list_tasks
from isogloss.names import slug
from leaderboard import charts, views
from leaderboard.site import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """Yield a page for each task of the suite."""
    for task in site.tasks:
        yield _task(site, task)


def _task(site: Site, task: str) -> Page:
    about = list_tasks()[task]
    metrics = [list_metrics()[name] for name in views.metrics_shown(site, task)]
    tables = [views.metric_scores(site, task, metric.name) for metric in metrics]
    pairs = views.pair_scores(site, task)
    main = metrics[0]
    chart = Markup(
        charts.responsive(
            f"{main.label} of {task}, by language and system",
            [
                (one.name, views.marks(site, task, one.tag, range(len(site.runs))))
                for one in site.languages(task)
            ],
            f"{main.label} ({main.unit})",
        )
    )
    values = {
        "heading": about.label,
        "task": task,
        "about": about,
        "main": main,
        "chart": chart,
        "sections": [
            {"metric": metric, "table": table}
            for metric, table in zip(metrics, tables, strict=True)
        ],
        "pairs": pairs,
    }
    every = (*tables, pairs) if pairs is not None else tuple(tables)
    return Page(f"task/{slug(task)}.html", "task.html.j2", values, every)
