"""From a recipe to clean text, and no further: no splits, no mixture, no instructions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from builders.corpus import layout
from builders.pipeline.all_sources import Choosing
from builders.pipeline.prepare import Prepared, prepare
from builders.recipe import Recipe, loaded
from builders.rows.rows import POSITION, packed, write_parquet
from builders.sources._base import Engine
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

    Returns:
        The folder.

    Raises:
        IsoglossError: The recipe is wrong, a source is broken or missing, or nothing was left.
    """
    plan, out = loaded(recipe), Path(out)
    with layout.alone(out):
        prepared = prepare(
            plan,
            out,
            purpose="clean text",
            force=force,
            frozen=frozen,
            workers=workers,
            engine=engine,
        )
        if prepared is not None:
            _write(prepared, frozen=frozen)
    return out


def _write(prepared: Prepared, *, frozen: bool) -> None:
    """Write the clean text of sources that are staged."""
    choosing = prepared.choosing()
    prepared.judge(choosing)
    choosing.decontaminate(pl.Series(POSITION, [], dtype=pl.Int64))
    prepared.check_left(choosing)

    def write(part: tuple[str, str, pl.DataFrame]) -> tuple[str, str, dict[str, Any]]:
        source, file, frame = part
        return source, file, write_parquet(frame, prepared.out / file)

    with progress("writing", int(choosing.store.alive.sum())) as bar:
        layout.clear(prepared.out)
        files: dict[str, dict[str, Any]] = {}
        per_source: Counter[str] = Counter()
        parts = _parts(prepared, choosing)
        for source, file, entry in in_order(write, parts, prepared.staging.workers):
            files[file] = entry
            per_source[source] += entry["rows"]
            bar.advance(entry["rows"])
        beside, scored = prepared.write_beside(choosing)
        files |= beside
        manifest = prepared.manifest(choosing, per_source)
        prepared.finish({**manifest, "scores": scored, "files": files}, frozen=frozen)
    say(f"{per_source.total()} rows are clean: {prepared.out}")


def _parts(prepared: Prepared, choosing: Choosing) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield the files to write: the source, the file's path in the folder, the rows."""
    parts = iter(choosing.store.parts)
    for index, (name, staged) in enumerate(prepared.staged.items()):
        number = 0
        for _ in staged.kept.numbers:
            frame = choosing.store.read(next(parts), COLUMNS)
            if frame is not None:
                file = f"data/{layout.stem(index, name)}/clean-{number:05d}.parquet"
                yield name, file, packed(frame.drop(POSITION))
                number += 1
