"""A page a language: every system, every metric, and the same samples side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from benchmarks import list_metrics, list_tasks
from isogloss.languages import Language
from isogloss.names import slug
from leaderboard import charts, views
from leaderboard.ranking import by_place
from leaderboard.samples import Sample, samples
from leaderboard.site import Page, Site

_SAMPLES = 3


def pages(site: Site) -> Iterator[Page]:
    """Yield a page for each language of the suite."""
    for language in site.languages():
        yield _language(site, language)


def _language(site: Site, language: Language) -> Page:
    sections, tables = [], []
    for task in site.tasks:
        if language.tag not in [one.tag for one in site.languages(task)]:
            continue
        table = views.language_scores(site, task, language)
        main = list_metrics()[list_tasks()[task].main]
        order = by_place(site.runs, task, language.tag)
        chart = Markup(
            charts.responsive(
                f"{main.label} of {task} into {language.name}, by system",
                [(site.runs[n].name, views.marks(site, task, language.tag, [n])) for n in order],
                f"{main.label} ({main.unit})",
            )
        )
        sections.append(
            {
                "task": task,
                "about": list_tasks()[task],
                "table": table,
                "chart": chart,
                "samples": _side_by_side(site, task, language.tag),
            }
        )
        tables.append(table)
    values = {"heading": language.name, "language": language, "sections": sections}
    return Page(f"language/{slug(language.tag)}.html", "language.html.j2", values, tuple(tables))


def _side_by_side(site: Site, task: str, language: str) -> list[tuple[Sample, list[Any]]]:
    """Return the same samples answered by every system."""
    answered = [samples(run, task, language, _SAMPLES) for run in site.runs]
    return [
        (group[0], list(zip(site.runs, group, strict=True)))
        for group in zip(*answered, strict=True)
    ]
