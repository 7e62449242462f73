"""Scoring many systems' outputs at once: one run folder each, over all processors."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from isogloss.console import hushed, progress
from isogloss.environment import processors
from isogloss.errors import IsoglossError
from isogloss.interrupts import kept_from_children, serve_parent
from isogloss.names import slug
from runners.outputs import name_of
from runners.runs.score import score_predictions
from runners.settings import ScoreSettings

if TYPE_CHECKING:
    from benchmarks import Suite


@dataclass(frozen=True)
class _Work:
    path: Path
    out: Path
    name: str


def score_outputs(
    predictions: Sequence[Path | str],
    suite: Suite,
    out: Path | str,
    *,
    settings: ScoreSettings | None = None,
    workers: int | None = None,
) -> list[Path]:
    """Score the outputs of many systems for one suite.

    Args:
        predictions: Each system's: a file, a folder or a pattern of files, as for
            `runners.score_predictions`. It is named for it.
        suite: The suite that all of them answer.
        out: The folder for their run folders. What is finished there is left as it is.
        settings: How to score.
        workers: Processes; as many as there are processors where None. The scores are the same,
            whatever their number.

    Returns:
        The run folders, in the order of the predictions.

    Raises:
        IsoglossError: Two systems have one name, or a file is broken or does not answer the suite.
    """
    given = settings or ScoreSettings()
    work = _named([Path(path) for path in predictions], Path(out))
    count = min(workers or processors(), len(work))
    with progress("systems", len(work)) as bar:
        if count <= 1:
            for one in work:
                _score(one, suite, given)
                bar.advance()
            return [one.out for one in work]
        with kept_from_children():
            others = ProcessPoolExecutor(
                count - 1, mp_context=get_context("spawn"), initializer=serve_parent
            )
            futures = [others.submit(_score, one, suite, given) for one in work]
        try:
            # The others take long to start: what they have not come to, from the end, is done here.
            for one, future in zip(reversed(work), reversed(futures), strict=True):
                if future.cancel():
                    _score(one, suite, given)
                else:
                    future.result()
                bar.advance()
        finally:
            others.shutdown(cancel_futures=True)
    return [one.out for one in work]


def _score(work: _Work, suite: Suite, settings: ScoreSettings) -> None:
    with hushed():
        score_predictions(work.path, suite, work.out, name=work.name, settings=settings)


def _named(paths: Sequence[Path], out: Path) -> list[_Work]:
    seen: dict[str, Path] = {}
    work = []
    for path in paths:
        name = name_of(path)
        place = slug(name)
        if place in seen:
            raise IsoglossError(
                f"{seen[place]} is named {name!r} too",
                where=path,
                remedy="Score them one at a time, each under a --name of its own",
            )
        seen[place] = path
        work.append(_Work(path, out / place, name))
    return work
