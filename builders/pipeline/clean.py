"""From a recipe to clean text, and no further: no splits, no mixture, no instructions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from builders.corpus import layout
from builders.corpus.layout import write_parquet
from builders.decontamination.step import decontaminate
from builders.decontamination.suites import SuiteTexts
from builders.duplicates.step import deduplicate
from builders.filters._expensive import filter_expensive
from builders.pipeline.manifest import check_left, finish, manifest, write_beside
from builders.pipeline.opening import Build, open_build
from builders.pipeline.read import read
from builders.recipe import Recipe, loaded
from builders.rows.rows import POSITION, Rows
from builders.rows.spool import packed
from isogloss.chat import Engine
from isogloss.console import progress, say
from isogloss.inorder import in_order

#: The columns of clean rows.
COLUMNS = (
    "task", "language", "source_language", "instruction", "context", "input", "output",
    "references", "tests", "source", "source_id", "licence", "tags",
)  # fmt: skip


def clean(
    recipe: Recipe | Path | str,
    out: Path | str,
    *,
    force: bool = False,
    frozen: bool = False,
    workers: int | None = None,
    engine: Engine | None = None,
    suite_texts: SuiteTexts | None = None,
) -> Path:
    """Clean what a recipe's sources hold: its filters, duplicates, licences and decontamination.

    For those who want the text itself, such as bitext to train a translator on. The recipe's splits,
    mixture and templates are not used; rows with the same input are not merged.

    Args:
        recipe: As in `builders.build`.
        out: The folder to write: ``data/SOURCE/clean-*.parquet`` with the rows that are left, in the
            order of their source (``references`` where there are more than the output);
            ``rejected/``, ``scores/`` and ``manifest.json`` as in a corpus.
        force: As in `builders.build`, as all that follows.
        frozen: As there.
        workers: As there.
        engine: As there.
        suite_texts: As there.

    Returns:
        The folder.

    Raises:
        IsoglossError: The recipe is wrong, a source is broken or missing, or nothing was left.
    """
    with layout.alone(Path(out)):
        begun = open_build(
            loaded(recipe), Path(out), purpose="clean text", force=force, frozen=frozen,
            workers=workers, engine=engine, suite_texts=suite_texts,
        )  # fmt: skip
        if begun is not None:
            _clean(begun)
    return Path(out)


def _clean(build: Build) -> None:
    recipe = build.recipe
    rows = read(build)
    check_left(build, rows)
    say("duplicates …")
    deduplicate(rows, recipe.duplicates.near, recipe.seed)
    filter_expensive(rows, recipe.filters, build.known_scores, build.inputs)
    check_left(build, rows)
    contamination = decontaminate(rows, recipe.decontamination, build.suite_texts)
    check_left(build, rows)
    _write(build, rows, contamination)


def _write(build: Build, rows: Rows, contamination: list[dict[str, Any]]) -> None:
    def write(part: tuple[str, str, pl.DataFrame]) -> tuple[str, str, dict[str, Any]]:
        source, file, frame = part
        return source, file, write_parquet(frame, build.out / file)

    with progress("writing", rows.left) as bar:
        layout.clear(build.out)
        files: dict[str, dict[str, Any]] = {}
        per_source: Counter[str] = Counter()
        for source, file, entry in in_order(write, _parts(rows), build.workers):
            files[file] = entry
            per_source[source] += entry["rows"]
            bar.advance(entry["rows"])
        beside, scores = write_beside(build, rows)
        files |= beside
        facts = manifest(build, rows, contamination, per_source)
        finish(build, {**facts, "scores": scores, "files": files})
    say(f"{per_source.total()} rows are clean: {build.out}")


def _parts(rows: Rows) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield the files to write: the source, the file's path in the folder, the rows."""
    numbers: Counter[str] = Counter()
    order = {source.name: index for index, source in enumerate(rows.sources)}
    for source, _, part in rows.parts_of_sources():
        frame = rows.read(part, COLUMNS)
        if frame is not None:
            stem = layout.stem(order[source.name], source.name)
            file = f"data/{stem}/clean-{numbers[source.name]:05d}.parquet"
            yield source.name, file, packed(frame.drop(POSITION))
            numbers[source.name] += 1
