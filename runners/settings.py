"""What decides a tuning and a run: settings, as recipes and callers give them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from isogloss.runs import MOST_RESAMPLES
from isogloss.settings import Settings

#: A seed, as small as every library takes it.
Seed = Annotated[int, Field(ge=-(1 << 31), lt=1 << 32)]


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


class TuneSettings(Settings):
    """How a model is tuned."""

    method: Literal["lora", "full"] = "lora"
    """``lora`` trains low-rank additions (Hu et al. 2021); ``full`` all weights."""
    epochs: float = Field(default=1.0, gt=0)
    """Passes over the train split."""
    max_steps: int | None = Field(default=None, gt=0)
    """Stop after so many steps; None for all."""
    batch_size: int = Field(default=8, gt=0)
    """Examples a step."""
    learning_rate: float | None = None
    """The peak; 1e-3 for LoRA and 5e-5 in full where None."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """The share of steps in which the rate rises; it then falls to 0 along a cosine."""
    rank: int = Field(default=16, gt=0)
    """LoRA's rank."""
    alpha: int = 32
    """LoRA's scale: the additions are multiplied by alpha / rank."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """LoRA's dropout."""
    top_layers: int | None = Field(default=None, gt=0)
    """Train only so many of the last layers; None for all. What lies below is then passed once, not
    back: half the layers take about two thirds of the time.
    """
    max_length: int = Field(default=512, gt=1)
    """Tokens of prompt and answer; longer examples are dropped, with their reason."""
    clip: float = 1.0
    """The gradient norm above which gradients are scaled down."""
    system: str | None = None
    """A system message; None leaves the model's own default, if it has one."""
    tasks: tuple[str, ...] = ()
    """Train only on these; all where empty."""
    languages: tuple[str, ...] = ()
    """Train only on these; all where empty."""
    save_every: int = Field(default=25, gt=0)
    """Steps between the states from which an interrupted tuning goes on."""
    seed: Seed = 42
    """Decides the order of batches and the additions' first values."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """What is computed in; ``auto`` is what the model is loaded in: bfloat16 on an accelerator,
    float32 on processors. With bfloat16, weights are kept in float32 and multiplied in bfloat16
    (torch's autocast).
    """

    @property
    def peak(self) -> float:
        """The learning rate's peak."""
        return self.learning_rate or {"lora": 1e-3, "full": 5e-5}[self.method]


class ScoreSettings(Settings):
    """How a run is made and scored."""

    generation: GenerationSettings = GenerationSettings()
    """How answers are generated."""
    resamples: int = Field(default=1000, gt=0, le=MOST_RESAMPLES)
    """Bootstrap resamples of each interval."""
    seed: Seed = 42
    """The bootstrap's seed."""
    limit: int | None = Field(default=None, gt=0)
    """Ask only so many records of each task and language."""
    trust_remote_code: bool = False
    """Run a model's own code; only where its authors are trusted."""
    metrics: tuple[str, ...] = ()
    """Only these metrics; every one that needs no asking where empty."""
