"""From a recipe to a corpus folder: read, filter, merge, split, decontaminate, mix, template, write."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from builders import card, corpus
from builders.decontaminate import decontaminate
from builders.dedup import merge_duplicates
from builders.mixture import assign_splits, cap, limit_groups, with_ranks
from builders.recipe import PlannedSource, Recipe, load_recipe
from builders.sources._base import SCHEMA, Reading
from builders.templating import Templates, apply, load_templates
from isogloss import __version__
from isogloss.console import progress, say, warn
from isogloss.errors import IsoglossError, Unavailable
from isogloss.provenance import (
    library_versions,
    read_json,
    sha256_file,
    sha256_json,
    write_json,
    writing,
)
from isogloss.records import conform, with_ids

_LIBRARIES = ("isogloss", "polars", "langdetect", "babel", "langcodes", "polib", "datasets")


@dataclass
class _Ledger:
    """What every step took in, let out and dropped."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[pl.DataFrame] = field(default_factory=list)

    def settle(self, step: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Part the rows with a reason from the rest, and keep count of both."""
        dropped = frame.filter(pl.col("reason").is_not_null())
        kept = frame.filter(pl.col("reason").is_null()).drop("reason")
        self.note(step, frame.height, dropped)
        return kept

    def summary(self) -> str:
        """Return which steps dropped how many rows, the most first."""
        dropped: dict[str, int] = {}
        for step in self.steps:
            count = step["rows_in"] - step["rows_out"]
            dropped[step["step"]] = dropped.get(step["step"], 0) + count
        most = sorted((-count, step) for step, count in dropped.items() if count)
        return ", ".join(f"{step} dropped {-count}" for count, step in most) or "none came in"

    def note(self, step: str, rows_in: int, dropped: pl.DataFrame) -> None:
        """Keep the dropped rows of a step, and count them by reason."""
        columns = [*corpus.REJECTED_COLUMNS, "row"]
        rows = dropped.with_columns(pl.lit(step).alias("filter"))
        self.rejected.append(rows.select(columns))
        # A reason may carry a number or a name; counts are by what comes before it.
        plain = pl.col("reason").str.replace_all(r"\d+(\.\d+)?", "N").str.slice(0, 80)
        counts = dropped.group_by(plain).len().sort("reason").rows()
        self.steps.append(
            {
                "step": step,
                "rows_in": rows_in,
                "rows_out": rows_in - dropped.height,
                "rejected": dict(counts),
            }
        )


@dataclass(frozen=True)
class _Opened:
    planned: PlannedSource
    reading: Reading | None
    problem: str | None = None

    @property
    def entry(self) -> dict[str, Any]:
        """What the manifest says of the source."""
        options = self.planned.options
        common = {"name": options.name, "kind": options.kind}
        if self.reading is None:
            return {**common, "unavailable": self.problem}
        return {
            **common,
            "version": self.reading.version,
            "licence": options.licence or self.reading.licence,
            "sha256": self.reading.sha256,
            "details": self.reading.details,
        }


def build(recipe: Recipe | Path | str, out: Path | str, *, force: bool = False) -> Path:
    """Build the corpus of a recipe.

    Args:
        recipe: A recipe or the path of its file.
        out: The corpus folder. A finished one whose recipe, sources and versions are unchanged
            is left as it is; an unfinished one goes on where it stopped.
        force: Build anew even so.

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
    inputs = _inputs_hash(plan, opened, templates)
    if not force and _finished(out, inputs):
        say(f"the corpus {out} is up to date")
        return out
    ledger = _Ledger()
    corpus.begin(out)
    parts = [_stage(plan, source, index, out, inputs) for index, source in enumerate(opened)]
    with progress("mixing", 5) as bar:
        frame = _gather(parts, ledger)
        bar.advance(1, "duplicates")
        frame = ledger.settle("duplicates", merge_duplicates(frame))
        frame = with_ranks(frame, plan.seed)
        frame = assign_splits(frame, plan.split)
        bar.advance(1, "decontamination")
        frame = ledger.settle("decontamination", decontaminate(frame))
        bar.advance(1, "mixture")
        frame = ledger.settle("mixture", cap(frame, plan.mixture))
        if frame.is_empty():
            raise IsoglossError(
                f"no row is left ({ledger.summary()})",
                where=plan.path,
                remedy="Loosen the filters, or give it more sources",
            )
        bar.advance(1, "templates")
        records = _records(frame, plan, templates)
        bar.advance(1, "writing")
        files = corpus.write(records, ledger.rejected, out)
        manifest = _manifest(plan, opened, ledger, records, files, inputs)
        files["README.md"] = card.write(out, plan, manifest)
        write_json(out / "manifest.json", manifest)
    corpus.end(out)
    say(f"{records.height} records in {len(manifest['counts'])} languages: {out}")
    return out


def _open(planned: PlannedSource) -> _Opened:
    try:
        return _Opened(planned, planned.module.read(planned.options, planned.context))
    except Unavailable as error:
        if not planned.options.optional:
            raise Unavailable(
                error.problem,
                where=error.where or planned.context.where,
                remedy=(f"{error.remedy}; or" if error.remedy else "Or")
                + " let the recipe go on without this source with optional = true",
            ) from error
        warn(f"going on without the source {planned.options.name!r}: {error}")
        return _Opened(planned, None, error.problem)


def _inputs_hash(plan: Recipe, opened: list[_Opened], templates: Templates) -> str:
    return sha256_json(
        {
            "recipe": plan.sha256,
            "sources": [source.entry for source in opened],
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


@dataclass(frozen=True)
class _Part:
    """A staged source: its filtered rows, the dropped ones, and its steps."""

    kept: Path
    dropped: Path
    steps: list[dict[str, Any]]


def _stage(plan: Recipe, source: _Opened, index: int, out: Path, inputs: str) -> _Part:
    """Read, limit and filter one source into ``.work``, unless that is already done."""
    name = source.planned.options.name
    folder = out / corpus.WORK
    part = _Part(folder / f"{index}-kept.parquet", folder / f"{index}-dropped.parquet", [])
    done = folder / f"{index}.json"
    if done.exists():
        state = read_json(done)
        if state["inputs"] == inputs:
            return _Part(part.kept, part.dropped, state["steps"])
    ledger = _Ledger()
    with progress(f"source {name}", None) as bar:
        frames = []
        for batch in source.reading.frames if source.reading else ():
            frames.append(batch)
            bar.advance(batch.height)
        frame = pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)
    frame = _described(frame, source, index)
    frame = _source_rows(frame, plan, ledger)
    frame = with_ranks(frame, plan.seed)
    limited = limit_groups(frame, source.planned.options.limit).drop("_rank", "_share")
    frame = ledger.settle("limit", limited)
    with progress(f"filters on {name}", len(plan.filters)) as bar:
        for step in plan.filters:
            frame = ledger.settle(step.name, step.module.apply(frame, step.options))
            bar.advance(1, step.name)
    for path, rows in ((part.kept, frame), (part.dropped, pl.concat(ledger.rejected))):
        with writing(path) as partial:
            rows.write_parquet(partial)
    steps = [{**step, "source": name} for step in ledger.steps]
    write_json(done, {"inputs": inputs, "steps": steps})
    return _Part(part.kept, part.dropped, steps)


def _described(frame: pl.DataFrame, source: _Opened, index: int) -> pl.DataFrame:
    """Add the row number, the source's name and licence."""
    options = source.planned.options
    licence = options.licence or (source.reading.licence if source.reading else "")
    # Sources take disjoint blocks of numbers, so that order does not hang on how much others give.
    return (
        frame.with_row_index("row")
        .with_columns(
            (pl.col("row").cast(pl.Int64) + (index << 40)).alias("row"),
            pl.lit(options.name).alias("source"),
            pl.coalesce("licence", pl.lit(licence)).alias("licence"),
        )
    )  # fmt: skip


def _source_rows(frame: pl.DataFrame, plan: Recipe, ledger: _Ledger) -> pl.DataFrame:
    """Part off what the source itself drops and what the recipe does not ask for."""
    given = frame.with_columns(pl.coalesce("reason", "rejected_by").alias("reason"))
    frame = ledger.settle("source", given).drop("rejected_by")
    frame = frame.with_columns(pl.lit(None, pl.String).alias("rejected_by"))
    unasked = frame.with_columns(
        pl.when(~pl.col("language").is_in(plan.languages))
        .then(pl.lit("its language is not in the recipe"))
        .when(~pl.col("task").is_in(plan.tasks))
        .then(pl.lit("its task is not in the recipe"))
        .alias("reason")
    )
    return ledger.settle("recipe", unasked)


def _gather(parts: list[_Part], ledger: _Ledger) -> pl.DataFrame:
    for part in parts:
        ledger.steps.extend(part.steps)
        ledger.rejected.append(pl.read_parquet(part.dropped))
    return pl.concat([pl.read_parquet(part.kept) for part in parts]).sort("row")


def _records(frame: pl.DataFrame, plan: Recipe, templates: Templates) -> pl.DataFrame:
    applied = apply(
        frame.drop("rejected_by"),
        templates,
        instruction_language=plan.instruction_language,
        seed=plan.seed,
    )
    applied = applied.with_columns(pl.lit("").alias("id"))
    records = with_ids(conform(applied, where=str(plan.path)))
    return records.sort("language", "task", "split", "id")


def _manifest(
    plan: Recipe,
    opened: list[_Opened],
    ledger: _Ledger,
    records: pl.DataFrame,
    files: dict[str, dict[str, Any]],
    inputs: str,
) -> dict[str, Any]:
    rows = records.group_by("source").len()
    per_source = dict(rows.rows())
    counts: dict[str, dict[str, dict[str, int]]] = {}
    cells = records.group_by("language", "task", "split").len().sort("language", "task", "split")
    for language, task, split, count in cells.rows():
        counts.setdefault(language, {}).setdefault(task, {})[split] = count
    return {
        "format": corpus.FORMAT,
        "name": plan.name,
        "recipe": plan.table,
        "recipe_sha256": plan.sha256,
        "inputs_sha256": inputs,
        "sources": [
            {**source.entry, "rows": per_source.get(source.planned.options.name, 0)}
            for source in opened
        ],
        "steps": ledger.steps,
        "counts": counts,
        "libraries": library_versions(_LIBRARIES),
        "files": files,
    }
