"""The plan of a recipe's ``[run]``: which systems are tuned and scored on its corpus."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from isogloss.console import say
from isogloss.errors import IsoglossError
from isogloss.names import slug
from isogloss.runs import LONGEST_NAME, MOST_RESAMPLES
from isogloss.settings import Settings, validate
from runners.runs.score import score
from runners.settings import GenerationSettings, ScoreSettings, Seed, TuneSettings
from runners.tuning.loop import tune

_REFERENCES = ("copy", "nearest")
_OUTPUTS = "outputs:"


class _System(Settings):
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    model: str | None = None
    base: str | None = None
    tune: TuneSettings | None = None
    licence: str | None = None


class _Run(Settings):
    systems: tuple[_System, ...] = Field(min_length=1)
    generation: GenerationSettings = GenerationSettings()
    resamples: int = Field(default=1000, gt=0, le=MOST_RESAMPLES)
    seed: Seed = 42
    limit: int | None = Field(default=None, gt=0)
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedSystem:
    """A system of the plan.

    Attributes:
        name: The name to show.
        model: What to score, or for a tuned one, what to tune.
        kind: ``base``, ``tuned``, ``reference`` or ``outputs``.
        base: The name of the system that it is tuned from, or None.
        tuning: How it is tuned, or None.
        licence: The model's licence, or None.
    """

    name: str
    model: str
    kind: str
    base: str | None = None
    tuning: TuneSettings | None = None
    licence: str | None = None


@dataclass(frozen=True)
class Plan:
    """Systems, in order, and how each is scored."""

    systems: tuple[PlannedSystem, ...]
    settings: ScoreSettings


def load_plan(table: dict[str, Any], *, where: str, folder: Path) -> Plan:
    """Check the ``[run]`` table of a recipe.

    Args:
        table: The table.
        where: The file to name in errors.
        folder: The folder that relative paths of models start from: the recipe's.

    Raises:
        IsoglossError: A key is unknown or wrong; two systems share a name; a base is not there;
            there is no model or file of outputs at a path.
    """
    run = validate(_Run, table, where=f"{where}: run")
    systems: dict[str, PlannedSystem] = {}
    for index, entry in enumerate(run.systems):
        place = f"{where}: run.systems[{index}]"
        if any(slug(entry.name) == slug(name) for name in systems):
            raise IsoglossError(f"two systems are named {entry.name!r}", where=place)
        systems[entry.name] = _planned(entry, systems, place, folder)
    settings = ScoreSettings(
        generation=run.generation,
        resamples=run.resamples,
        seed=run.seed,
        limit=run.limit,
        metrics=run.metrics,
    )
    return Plan(tuple(systems.values()), settings)


def _planned(
    entry: _System, before: dict[str, PlannedSystem], where: str, folder: Path
) -> PlannedSystem:
    if (entry.model is None) == (entry.base is None):
        raise IsoglossError(
            "say either which model this is, or which system it is tuned from",
            where=where,
            remedy='Give model = "…", or base = "NAME OF A SYSTEM ABOVE" with tune = {…}',
        )
    if entry.base is None:
        if entry.tune is not None:
            raise IsoglossError(
                "tune needs a base",
                where=where,
                remedy='List the untuned model as a system too, and name it here: base = "…"',
            )
        model = _resolved(str(entry.model), folder, where)
        return PlannedSystem(entry.name, model, _kind(model), None, None, entry.licence)
    base = before.get(entry.base)
    if base is None or base.kind != "base":
        known = ", ".join(name for name, one in before.items() if one.kind == "base")
        raise IsoglossError(
            f"base: no model above is named {entry.base!r}",
            where=where,
            remedy=f"Name one of: {known}" if known else "List the base before what is tuned of it",
        )
    return PlannedSystem(
        entry.name,
        base.model,
        "tuned",
        base.name,
        entry.tune or TuneSettings(),
        entry.licence or base.licence,
    )


def _kind(model: str) -> str:
    if model in _REFERENCES:
        return "reference"
    return "outputs" if model.startswith("outputs:") else "base"


def _resolved(model: str, folder: Path, where: str) -> str:
    """Take a path from the recipe's folder; leave names of hub models and wheels alone.

    The path is absolute then, since one without a folder would be a name on the hub.

    Raises:
        IsoglossError: There is nothing at the path.
    """
    prefix = _OUTPUTS if model.startswith(_OUTPUTS) else ""
    place = model.removeprefix(prefix)
    if not prefix and (
        model.startswith("pypi:") or not (model.startswith((".", "~", "/")) or _is_gguf(model))
    ):
        return model
    path = Path(os.path.abspath(folder / Path(place).expanduser()))  # noqa: PTH100
    # Which files a pattern stands for hangs on the suite; the folder that it is in does not.
    fixed = next((one.parent for one in reversed([path, *path.parents]) if "{" in one.name), path)
    there = path.is_dir() or (path.is_file() and (bool(prefix) or _is_gguf(place)))
    if not (there or (prefix and fixed != path and fixed.is_dir())):
        kind = (
            "folder" if fixed != path else "file" if prefix or _is_gguf(place) else "model folder"
        )
        raise IsoglossError(
            f"there is no {kind} {str(fixed)!r}",
            where=where,
            remedy=f"Paths start from the recipe's folder, {folder.absolute()}",
        )
    return prefix + str(path)


def _is_gguf(model: str) -> bool:
    return model.endswith(".gguf")


def execute(plan: Plan, corpus: Path, out: Path) -> Sequence[Path]:
    """Tune and score every system of a plan on a corpus.

    Args:
        plan: The plan.
        corpus: A finished corpus folder; its test split is the suite.
        out: The folder for ``checkpoints/`` and ``runs/``. What is finished there, of the same
            inputs, is left as it is.

    Returns:
        The run folders, in the plan's order.

    Raises:
        IsoglossError: A model is missing or does not fit.
    """
    folders = []
    for number, system in enumerate(plan.systems, 1):
        say(f"system {number} of {len(plan.systems)}: {system.name}")
        model = system.model
        if system.tuning is not None:
            checkpoint = out / "checkpoints" / slug(system.name)
            model = str(
                tune(model, corpus, checkpoint, settings=system.tuning, licence=system.licence)
            )
        folders.append(
            score(
                model,
                f"corpus:{corpus}",
                out / "runs" / slug(system.name),
                name=system.name,
                kind=system.kind,
                base=system.base,
                licence=system.licence,
                settings=plan.settings,
            )
        )
    return folders
