"""What a site is made from, and what a page is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from isogloss.languages import Language, describe
from isogloss.plugins import discover
from leaderboard.collect import Run
from leaderboard.tables import Table


@dataclass(frozen=True)
class Page:
    """A page: its path on the site, its template and what it is filled with."""

    path: str
    template: str
    values: dict[str, Any]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Site:
    """All that pages are made from.

    Attributes:
        title: The title.
        runs: The runs, in the order of their series in charts.
        resamples, seed: The bootstrap's.
    """

    title: str
    runs: Sequence[Run]
    resamples: int
    seed: int

    @property
    def tasks(self) -> list[str]:
        """The suite's tasks, in the order of their number of records."""
        counts = (
            self.runs[0]
            .answers.group_by("task")
            .len()
            .sort(["len", "task"], descending=[True, False])
        )
        return [str(task) for task in counts["task"]]

    def languages(self, task: str | None = None) -> list[Language]:
        """Return the languages of a task (all where None), by English name."""
        answers = self.runs[0].answers
        if task is not None:
            answers = answers.filter(task=task)
        tags = answers["language"].unique().to_list()
        return sorted((describe(tag) for tag in tags), key=lambda one: (one.name, one.tag))


def pages(site: Site) -> Iterator[Page]:
    """Yield every page that a module of ``leaderboard.pages`` makes of a site."""
    for module in discover("leaderboard.pages").values():
        yield from module.pages(site)
