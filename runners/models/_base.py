"""What every family of models is: something that answers prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import polars as pl
from pydantic import Field, model_validator

from isogloss.corpora import Corpus
from isogloss.settings import Settings

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


class GenerationSettings(Settings):
    """How answers are generated: greedily, or drawn with a seed; either way the same every time."""

    max_new_tokens: dict[str, int] = Field(default_factory=dict)
    """The limit of each task."""
    batch_size: int = Field(default=32, gt=0)
    """Prompts at once."""
    system: str | None = None
    """A system message; None leaves the one that the model was tuned with, or its own default, if
    it has one.
    """
    samples: int = Field(default=1, gt=0, le=10_000)
    """Answers to each prompt; more than one only where they are drawn."""
    temperature: float = Field(default=0.0, ge=0, le=100)
    """Draw each token from the model's probabilities, their logits divided by this; 0 takes the
    likeliest token. Systems that do not generate text leave it alone.
    """
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Draw from the likeliest tokens only, as many as reach this probability together (Holtzman et
    al. 2020, "The Curious Case of Neural Text Degeneration").
    """
    seed: int = 42
    """The seed of what is drawn."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """What weights are computed in; ``auto`` is bfloat16 on an accelerator and float32 on
    processors. bfloat16 is some times faster where the hardware has it, and rounds.
    """

    @model_validator(mode="after")
    def _drawn(self) -> Self:
        if self.temperature == 0 and self.samples > 1:
            raise ValueError(
                f"{self.samples} samples without a temperature would be one answer "
                f"{self.samples} times. Set temperature above 0, 0.8 for instance"
            )
        if self.temperature == 0 and self.top_p < 1:
            raise ValueError("top_p decides nothing without a temperature. Set it above 0")
        return self

    def limit(self, task: str) -> int:
        """Return the limit of new tokens of a task."""
        return self.max_new_tokens.get(task, 128)


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
        records: The records that will be asked, for systems whose answers are there already.
        lines: Every row of the data that they are of; see `benchmarks.Suite`.
        generation: How it will be asked: what it cannot do is said when it is loaded.
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

        With the same batch and settings the answers are the same, whatever was asked before.
        """


class FamilyModule(Protocol):
    """What a module of ``runners.models`` defines. Families are asked in order of ``PRIORITY``.

    A module may also define ``LOCATED = True``: its specs are those of `runners.models._resolve.locate`,
    whose revision then tells when a model has changed.
    """

    DESCRIPTION: str
    PRIORITY: int

    def accepts(self, spec: str, options: LoadOptions) -> bool:
        """Tell whether the spec names a model of this family."""

    def load(self, spec: str, options: LoadOptions) -> Model:
        """Load the model."""


def families() -> list[Any]:
    """Return the modules of ``runners.models`` in the order in which they are asked."""
    from isogloss.plugins import discover

    found = discover("runners.models").items()
    return [one for _, one in sorted(found, key=lambda item: (item[1].PRIORITY, item[0]))]


def prompts_of(records: pl.DataFrame) -> list[Prompt]:
    """Return the prompts of records, in order."""
    from isogloss.records import prompt_expr

    columns = ["id", "task", "language", "source_language", "prompt", "input"]
    rows = records.with_columns(prompt_expr()).select(columns).iter_rows()
    return [Prompt(*row) for row in rows]
