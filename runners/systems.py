"""What a system is: something that answers prompts. Every family of models keeps to this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from isogloss.corpora import Corpus
from runners.settings import GenerationSettings

#: Prompts that a system without weights answers at once.
AT_ONCE = 10_000


@dataclass(frozen=True)
class Prompt:
    """One record to answer, without its answer: what a system may see of it."""

    id: str
    task: str
    language: str
    source_language: str | None
    text: str
    input: str


@dataclass(frozen=True)
class Generation:
    """An answer as it came.

    Attributes:
        text: The text.
        stop_reason: ``eos`` (the model ended), ``length`` (cut at the limit), or ``none``.
        tokens: Tokens generated; 0 where the system has none.
        seconds: Time spent, shared out evenly within a batch.
        truncated: Whether the prompt had to be cut to fit the model.
    """

    text: str
    stop_reason: str
    tokens: int
    seconds: float
    truncated: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known of a system: shown beside its scores."""

    family: str
    model: str
    revision: str | None = None
    parameters: int | None = None
    licence: str | None = None
    base: str | None = None
    tuning: dict[str, Any] | None = None


@dataclass(frozen=True)
class LoadOptions:
    """What loading may need.

    Attributes:
        corpus: A corpus folder, or one that is opened, for systems that look answers up in its
            train split.
        trust_remote_code: Whether the user said that a model's own code may run.
        where: The place to name in an error.
        records: The records to answer, for systems whose answers are there already.
        lines: Every row of the data that they are of; see `benchmarks.Suite`.
        generation: How it will generate: what it cannot do is said when it is loaded.
    """

    corpus: Path | Corpus | None = None
    trust_remote_code: bool = False
    where: str = "model"
    records: pl.DataFrame | None = None
    lines: pl.DataFrame | None = None
    generation: GenerationSettings = field(default_factory=GenerationSettings)


class Model(Protocol):
    """A loaded system."""

    facts: Facts

    def order(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return the order to ask in (the cheapest batches); it decides no answer."""

    def generate(
        self, prompts: Sequence[Prompt], settings: GenerationSettings
    ) -> list[list[Generation]]:
        """Answer a batch of prompts, in their order, each as often as ``settings.samples`` says.

        With the same batch and settings the answers are the same, whatever it answered before.
        """


class FamilyModule(Protocol):
    """What a module of ``runners.models`` defines. Families are tried in order of ``PRIORITY``.

    A module may also define ``LOCATED = True``: its specs are those of `runners.loading.location.locate`,
    whose revision then tells when a model has changed.
    """

    DESCRIPTION: str
    PRIORITY: int

    def accepts(self, spec: str, options: LoadOptions) -> bool:
        """Tell whether the spec names a model of this family."""

    def load(self, spec: str, options: LoadOptions) -> Model:
        """Load the model."""


def prompts_of(records: pl.DataFrame) -> list[Prompt]:
    """Return the prompts of records, in order."""
    from isogloss.records import prompt_expr

    columns = ["id", "task", "language", "source_language", "prompt", "input"]
    rows = records.with_columns(prompt_expr()).select(columns).iter_rows()
    return [Prompt(*row) for row in rows]
