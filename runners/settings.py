"""What decides a tuning and a run: settings, as recipes and callers give them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from isogloss.runs import MOST_RESAMPLES
from isogloss.settings import Settings

#: A seed, as small as every library takes it.
Seed = Annotated[int, Field(ge=-(1 << 31), lt=1 << 32)]


class GenerationSettings(Settings):
    """How answers are generated: greedily, or drawn with a seed; either way the same every time.

    Attributes:
        max_new_tokens: The limit of each task.
        batch_size: Prompts at once.
        system: A system message; None leaves the one that the model was tuned with, or its own
            default, if it has one.
        samples: Answers to each prompt; more than one only where they are drawn.
        temperature: Draw each token from the model's probabilities, their logits divided by this;
            0 takes the likeliest token. Systems that do not generate text leave it alone.
        top_p: Draw from the likeliest tokens only, as many as reach this probability together
            (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration").
        seed: The seed of what is drawn.
        dtype: What weights are computed in; ``auto`` is bfloat16 on an accelerator and float32 on
            processors. bfloat16 is some times faster where the hardware has it, and rounds.
    """

    max_new_tokens: dict[str, int] = Field(default_factory=dict)
    batch_size: int = Field(default=32, gt=0)
    system: str | None = None
    samples: int = Field(default=1, gt=0, le=10_000)
    temperature: float = Field(default=0.0, ge=0, le=100)
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int = 42
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"

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


class TuneSettings(Settings):
    """How a model is tuned.

    Attributes:
        method: ``lora`` trains low-rank additions (Hu et al. 2021); ``full`` all weights.
        epochs: Passes over the train split.
        max_steps: Stop after so many steps; None for all.
        batch_size: Examples a step.
        learning_rate: The peak; 1e-3 for LoRA and 5e-5 in full where None.
        warmup: The share of steps in which the rate rises; it then falls to 0 along a cosine.
        rank: LoRA's rank.
        alpha: LoRA's scale: the additions are multiplied by alpha / rank.
        dropout: LoRA's dropout.
        top_layers: Train only so many of the last layers; None for all. What lies below is then
            passed once, not back: half the layers take about two thirds of the time.
        max_length: Tokens of prompt and answer; longer examples are dropped, with their reason.
        clip: The gradient norm above which gradients are scaled down.
        system: A system message; None leaves the model's own default, if it has one.
        tasks: Train only on these; all where empty.
        languages: Train only on these; all where empty.
        save_every: Steps between the states from which an interrupted tuning goes on.
        seed: Decides the order of batches and the additions' first values.
        dtype: What is computed in; ``auto`` is what the model is loaded in: bfloat16 on an
            accelerator, float32 on processors. With bfloat16, weights are kept in float32 and
            multiplied in bfloat16 (torch's autocast).
    """

    method: Literal["lora", "full"] = "lora"
    epochs: float = Field(default=1.0, gt=0)
    max_steps: int | None = Field(default=None, gt=0)
    batch_size: int = Field(default=8, gt=0)
    learning_rate: float | None = None
    warmup: float = Field(default=0.1, ge=0, lt=1)
    rank: int = Field(default=16, gt=0)
    alpha: int = 32
    dropout: float = Field(default=0.0, ge=0, lt=1)
    top_layers: int | None = Field(default=None, gt=0)
    max_length: int = Field(default=512, gt=1)
    clip: float = 1.0
    system: str | None = None
    tasks: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    save_every: int = Field(default=25, gt=0)
    seed: Seed = 42
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"

    @property
    def peak(self) -> float:
        """The learning rate's peak."""
        return self.learning_rate or {"lora": 1e-3, "full": 5e-5}[self.method]


class ScoreSettings(Settings):
    """How a run is made and scored.

    Attributes:
        generation: How answers are generated.
        resamples: Bootstrap resamples of each interval.
        seed: The bootstrap's seed.
        limit: Ask only so many records of each task and language.
        trust_remote_code: Run a model's own code; only where its authors are trusted.
        metrics: Only these metrics; every one that needs no asking where empty.
    """

    generation: GenerationSettings = GenerationSettings()
    resamples: int = Field(default=1000, gt=0, le=MOST_RESAMPLES)
    seed: Seed = 42
    limit: int | None = Field(default=None, gt=0)
    trust_remote_code: bool = False
    metrics: tuple[str, ...] = ()
