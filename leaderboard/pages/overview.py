"""The overview: systems by languages, task by task."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import list_tasks
from leaderboard import views
from leaderboard.site import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """Yield the overview."""
    tables = [views.standing(site, task) for task in site.tasks]
    first = site.runs[0]
    yield Page(
        "index.html",
        "overview.html.j2",
        {
            "heading": site.title,
            "suite": first.facts["suite"],
            "records": first.answers.height,
            "sections": [
                {"task": task, "about": list_tasks()[task], "table": table}
                for task, table in zip(site.tasks, tables, strict=True)
            ],
        },
        tuple(tables),
    )
