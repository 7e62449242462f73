"""Somebody else's outputs: answers read from files instead of generated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from isogloss.errors import IsoglossError
from runners.outputs import read_outputs
from runners.settings import GenerationSettings
from runners.systems import AT_ONCE, Facts, Generation, LoadOptions, Prompt

DESCRIPTION = (
    "outputs:PATH: answers from text, JSONL, JSON, CSV, TSV or Parquet files, or a run folder"
)
PRIORITY = 0

_PREFIX = "outputs:"


class Outputs:
    """Answers that are there already."""

    at_once = AT_ONCE

    def __init__(self, path: Path, answers: pl.DataFrame) -> None:
        self.facts = Facts(family="outputs", model=path.name)
        self._answers: dict[str, list[Generation]] = {}
        for name, _, text, reason in answers.iter_rows():
            self._answers.setdefault(name, []).append(Generation(text, reason, 0, 0.0))

    def order(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return the prompts' order: as they are."""
        return list(range(len(prompts)))

    def generate(
        self, prompts: Sequence[Prompt], settings: GenerationSettings
    ) -> list[list[Generation]]:
        """Answer a batch of prompts; see `runners.systems.Model`."""
        return [self._answers[prompt.id] for prompt in prompts]


def path_of(spec: str) -> Path | None:
    """Return the path of a spec ``outputs:PATH``, None for another spec."""
    return Path(spec.removeprefix(_PREFIX)) if spec.startswith(_PREFIX) else None


def accepts(spec: str, options: LoadOptions) -> bool:
    """Tell whether the spec begins with ``outputs:``."""
    return path_of(spec) is not None


def load(spec: str, options: LoadOptions) -> Outputs:
    """Read the answers to the records that need one.

    Raises:
        IsoglossError: A file is missing or broken, or does not answer just those records; see
            `runners.outputs.read_outputs`.
    """
    path = Path(spec.removeprefix(_PREFIX))
    if options.records is None:
        raise IsoglossError("outputs answer a suite, and none is given", where=options.where)
    return Outputs(path, read_outputs(path, options.records, options.lines))
