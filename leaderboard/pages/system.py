"""A page a system: what it is, its scores, what tuning changed, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import list_tasks
from leaderboard import views
from leaderboard.collect import Run
from leaderboard.facts import facts
from leaderboard.samples import samples
from leaderboard.site import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """Yield a page for each system."""
    for run in site.runs:
        yield _system(site, run)


def _system(site: Site, run: Run) -> Page:
    base = next((one for one in site.runs if one.name == run.facts.get("base")), None)
    tables = [views.system_scores(site, run, task) for task in site.tasks]
    against = views.against(site, run, base) if base is not None else None
    values = {
        "heading": run.name,
        "run": run,
        "facts": facts(run),
        "base": base,
        "against": against,
        "sections": [
            {"task": task, "about": list_tasks()[task], "table": table}
            for task, table in zip(site.tasks, tables, strict=True)
        ],
        "samples": [
            (language, [(task, samples(run, task, language.tag, 1)) for task in site.tasks])
            for language in site.languages()
        ],
    }
    every = (*tables, against) if against is not None else tuple(tables)
    return Page(f"system/{run.slug}.html", "system.html.j2", values, every)
