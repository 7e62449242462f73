"""Building and cleaning as the command does it, for notebooks too: rooms are handed what they need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isogloss.command.engine import runner_engine

if TYPE_CHECKING:
    from builders.recipe import Recipe


def build(
    recipe: Recipe | Path | str,
    out: Path | str,
    *,
    force: bool = False,
    frozen: bool = False,
    workers: int | None = None,
) -> Path:
    """Build the corpus of a recipe.

    It is `builders.build`, to which is handed what other rooms have for it: the texts of suites, for
    decontamination, and the models that ``score`` takes, as engines of sources that a model makes.

    Args:
        recipe: A recipe, the path of its file, or the name of a shipped one.
        out: The corpus folder; a finished one whose recipe, sources and versions are unchanged is
            left as it is, an unfinished one goes on where it stopped.
        force: Build anew even so.
        frozen: Fail if a source is not as the recipe's lock has it.
        workers: Threads and processes; as many as there are processors where None. The corpus does
            not depend on it.

    Returns:
        The corpus folder, which ``datasets.load_dataset`` opens.

    Raises:
        IsoglossError: The recipe is wrong, a source is broken or missing, or nothing was left.
    """
    import benchmarks
    import builders

    return builders.build(
        recipe,
        out,
        force=force,
        frozen=frozen,
        workers=workers,
        engine=runner_engine(),
        suite_texts=benchmarks.suite_texts,
    )


def clean(
    recipe: Recipe | Path | str,
    out: Path | str,
    *,
    force: bool = False,
    frozen: bool = False,
    workers: int | None = None,
) -> Path:
    """Clean what a recipe's sources hold, without making instructions of it: see `builders.clean`.

    Args:
        recipe: As in `build`, as all that follows.
        out: The folder to write.
        force: As there.
        frozen: As there.
        workers: As there.

    Returns:
        The folder.

    Raises:
        IsoglossError: As `build`.
    """
    import benchmarks
    import builders

    return builders.clean(
        recipe,
        out,
        force=force,
        frozen=frozen,
        workers=workers,
        engine=runner_engine(),
        suite_texts=benchmarks.suite_texts,
    )
