"""From a recipe to a corpus folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from builders.corpus import layout
from builders.corpus.records import Sorter, write_records
from builders.decontamination.step import decontaminate
from builders.decontamination.suites import SuiteTexts
from builders.duplicates.step import deduplicate, merge
from builders.filters._expensive import filter_expensive
from builders.mixture import shares
from builders.mixture.choose import Cell, Mixed, mix
from builders.mixture.index import split, test_positions
from builders.pipeline.manifest import check_left, finish, manifest, write_beside
from builders.pipeline.opening import Build, open_build
from builders.pipeline.read import read
from builders.recipe import Recipe, loaded
from builders.report import card, page, thresholds
from builders.rows.rows import Rows
from builders.templates.applying import template
from isogloss.chat import Engine
from isogloss.console import progress, say


def build(
    recipe: Recipe | Path | str,
    out: Path | str,
    *,
    force: bool = False,
    frozen: bool = False,
    workers: int | None = None,
    engine: Engine | None = None,
    suite_texts: SuiteTexts | None = None,
) -> Path:
    """Build the corpus of a recipe.

    Args:
        recipe: A recipe, the path of its file, or the name of a shipped one.
        out: The corpus folder. A finished one whose recipe, sources and versions are unchanged
            is left as it is; an unfinished one goes on where it stopped.
        force: Build anew even so.
        frozen: Fail if a source is not as the recipe's lock has it (see `builders.pipeline.lock`).
        workers: Threads, and processes for what polars does not do by itself; as many as there are
            processors where None. The corpus does not depend on it.
        engine: Answers prompts for sources that a model makes, where they name no endpoint.
        suite_texts: Reads the texts of the suites that ``[decontamination]`` names:
            ``benchmarks.suite_texts`` does. Nothing is needed where it names none.

    Returns:
        The corpus folder, which ``datasets.load_dataset`` opens.

    Raises:
        IsoglossError: The recipe is wrong, a source is broken or missing, or nothing was left; or it
            names suites, and there is nothing to read them.
    """
    with layout.alone(Path(out)):
        begun = open_build(
            loaded(recipe), Path(out), purpose="corpus", force=force, frozen=frozen,
            workers=workers, engine=engine, suite_texts=suite_texts,
        )  # fmt: skip
        if begun is not None:
            _build(begun)
    return Path(out)


def _build(build: Build) -> None:
    recipe = build.recipe
    rows = read(build)
    check_left(build, rows)

    say("duplicates …")
    deduplicate(rows, recipe.duplicates.near, recipe.seed)
    filter_expensive(rows, recipe.filters, build.known_scores, build.inputs)
    check_left(build, rows)
    merge(rows)

    index = split(
        rows, recipe.split, recipe.mixture,
        languages=recipe.languages, tasks=build.templates.tasks, seed=recipe.seed,
        recipe=recipe.path,
    )  # fmt: skip
    contamination = decontaminate(
        rows, recipe.decontamination, build.suite_texts, test_positions(index)
    )
    check_left(build, rows)

    say("mixture …")
    mixed = mix(rows, index, recipe.mixture, least_test_rows=recipe.split.least_test_rows)
    check_left(build, rows)

    records = template(
        rows, mixed.times, build.templates,
        instruction_language=recipe.instruction_language, seed=recipe.seed, where=str(recipe.path),
    )  # fmt: skip
    _write(build, rows, mixed, records, contamination)


def _write(
    build: Build,
    rows: Rows,
    mixed: Mixed,
    records: Iterator[pl.DataFrame],
    contamination: list[dict[str, Any]],
) -> None:
    """Write the corpus folder, the manifest last."""
    recipe, out = build.recipe, build.out
    with progress("writing", None) as bar:
        layout.clear(out)
        sorter = Sorter(build.folder / "records", mixed.cells)
        for frame in records:
            sorter.add(frame)
            bar.advance(frame.height)
        files = write_records(sorter, out)
        beside, scores = write_beside(build, rows)
        files |= beside
        facts = {
            **manifest(build, rows, contamination, mixed.per_source),
            "shares": mixed.shares,
            "scores": scores,
            "counts": _by_language(mixed.cells),
            "files": files,
        }
        files[thresholds.NAME] = thresholds.write(out, recipe, facts)
        files[page.NAME] = page.write(out, recipe, facts)
        files["README.md"] = card.write(out, recipe, facts)
        finish(build, facts)
    shares.show(mixed.shares, recipe.mixture.held_out)
    total = sum(count for count, _ in mixed.cells.values())
    say(f"{total} records in {len(facts['counts'])} languages: {out}")


def _by_language(cells: dict[Cell, tuple[int, int]]) -> dict[str, dict[str, dict[str, int]]]:
    """Return the number of records by language, task and split."""
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for (language, task, part), (count, _) in sorted(cells.items()):
        counts.setdefault(language, {}).setdefault(task, {})[part] = count
    return counts
