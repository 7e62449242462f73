"""The copy baseline: an answer is the input, said again."""

from __future__ import annotations

from collections.abc import Sequence

from runners.settings import GenerationSettings
from runners.systems import AT_ONCE, Facts, Generation, LoadOptions, Prompt

DESCRIPTION = "copy: repeats the input; what a score means when nothing was understood"
PRIORITY = 0


class Copy:
    """The baseline that repeats the input."""

    at_once = AT_ONCE
    facts = Facts(family="copy", model="copy", licence="Apache-2.0")

    def order(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return the prompts' order: as they are."""
        return list(range(len(prompts)))

    def generate(
        self, prompts: Sequence[Prompt], settings: GenerationSettings
    ) -> list[list[Generation]]:
        """Answer a batch of prompts; see `runners.systems.Model`."""
        return [[Generation(prompt.input, "none", 0, 0.0)] * settings.samples for prompt in prompts]


def accepts(spec: str, options: LoadOptions) -> bool:
    """Tell whether the spec is ``copy``."""
    return spec == "copy"


def load(spec: str, options: LoadOptions) -> Copy:
    """Return the baseline."""
    return Copy()
