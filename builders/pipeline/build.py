"""From a recipe to a corpus folder: read, filter, choose over all sources, template, write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from builders.corpus import layout
from builders.corpus.records import Cell, Sorter, write_records
from builders.mixture import shares
from builders.mixture.choose import Chosen
from builders.pipeline.all_sources import Choosing
from builders.pipeline.prepare import Prepared, prepare
from builders.recipe import Recipe, loaded
from builders.report import card, page, thresholds
from builders.rows.rows import POSITION
from builders.sources._base import Engine
from builders.templates.applying import apply
from isogloss.console import progress, say
from isogloss.inorder import in_order
from isogloss.records import conform, with_ids


def build(
    recipe: Recipe | Path | str,
    out: Path | str,
    *,
    force: bool = False,
    frozen: bool = False,
    workers: int | None = None,
    engine: Engine | None = None,
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

    Returns:
        The corpus folder, which ``datasets.load_dataset`` opens.

    Raises:
        IsoglossError: The recipe is wrong, a source is broken or missing, or nothing was left.
    """
    plan, out = loaded(recipe), Path(out)
    with layout.alone(out):
        prepared = prepare(
            plan, out, purpose="corpus", force=force, frozen=frozen, workers=workers, engine=engine
        )
        if prepared is not None:
            _write(prepared, frozen=frozen)
    return out


def _write(prepared: Prepared, *, frozen: bool) -> None:
    """Make the corpus of sources that are staged."""
    plan, out = prepared.plan, prepared.out
    choosing, chosen, counts = _choose(prepared)
    with progress("writing", None) as bar:
        layout.clear(out)
        sorter = Sorter(prepared.folder / "records", counts)
        for frame in _records(prepared, choosing, chosen):
            sorter.add(frame)
            bar.advance(frame.height)
        files = write_records(sorter, out)
        beside, scored = prepared.write_beside(choosing)
        files |= beside
        manifest = {
            **prepared.manifest(choosing, chosen.per_source),
            "shares": chosen.shares,
            "scores": scored,
            "counts": _by_language(counts),
            "files": files,
        }
        files[thresholds.NAME] = thresholds.write(out, plan, manifest)
        files[page.NAME] = page.write(out, plan, manifest)
        files["README.md"] = card.write(out, plan, manifest)
        prepared.finish(manifest, frozen=frozen)
    shares.show(chosen.shares, plan.mixture.held_out)
    total = sum(rows for rows, _ in counts.values())
    say(f"{total} records in {len(manifest['counts'])} languages: {out}")


def _choose(prepared: Prepared) -> tuple[Choosing, Chosen, dict[Cell, tuple[int, int]]]:
    """Run the steps over all sources.

    Returns:
        The steps, what the mixture takes, and what each cell of the corpus will have of it: how
        many records, and about how many bytes of text.
    """
    choosing = prepared.choosing()
    prepared.judge(choosing)
    choosing.merge()
    index = choosing.index()
    choosing.decontaminate(index.filter(pl.col("split") == "test")[POSITION])
    prepared.check_left(choosing)
    say("mixture …")
    chosen = choosing.mix(index)
    prepared.check_left(choosing)
    cells = (
        index.drop("split")
        .join(chosen.times, on=POSITION)
        .group_by("language", "task", "split")
        .agg(
            pl.col("times").sum().cast(pl.Int64),
            (pl.col("bytes") * pl.col("times")).cast(pl.Int64).sum(),
        )
    )
    counts = {
        (language, task, split): (times, size)
        for language, task, split, times, size in cells.iter_rows()
    }
    return choosing, chosen, counts


def _records(prepared: Prepared, choosing: Choosing, chosen: Chosen) -> Iterator[pl.DataFrame]:
    """Make the records, part by part, in the order of the rows."""

    def make(frame: pl.DataFrame) -> list[pl.DataFrame]:
        here = chosen.times.filter(
            pl.col(POSITION).is_between(frame[POSITION][0], frame[POSITION][-1])
        )
        rows = frame.drop("split").join(here, on=POSITION, maintain_order="left")
        most = int(here["times"].max() or 0)  # type: ignore[arg-type]
        return [
            _templated(rows.filter(pl.col("times") > epoch), prepared, epoch)
            for epoch in range(most)
        ]

    for made in in_order(make, choosing.store.batches(), prepared.staging.workers):
        yield from made


def _templated(rows: pl.DataFrame, prepared: Prepared, epoch: int) -> pl.DataFrame:
    plan = prepared.plan
    applied = apply(
        rows,
        prepared.templates,
        instruction_language=plan.instruction_language,
        seed=plan.seed,
        epoch=epoch,
    )
    made = with_ids(conform(applied.with_columns(id=pl.lit("")), where=str(plan.path)))
    return made.with_columns(_told_apart(applied["again"]))


def _told_apart(again: pl.Series) -> pl.Expr:
    """Return ids with ``-2``, ``-3`` … where a record is there again, in the same words."""
    number = pl.lit(again + 1)
    return (
        pl.when(number > 1)
        .then(pl.format("{}-{}", pl.col("id"), number))
        .otherwise("id")
        .alias("id")
    )


def _by_language(counts: dict[Cell, tuple[int, int]]) -> dict[str, dict[str, dict[str, int]]]:
    """Return the number of records by language, task and split."""
    told: dict[str, dict[str, dict[str, int]]] = {}
    for (language, task, split), (rows, _) in sorted(counts.items()):
        told.setdefault(language, {}).setdefault(task, {})[split] = rows
    return told
