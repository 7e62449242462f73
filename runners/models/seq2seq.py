"""Encoder-decoder language models (T5-style): Hugging Face checkpoints and our own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from runners.loading import huggingface as hf
from runners.loading.chat import Chat, open_chat
from runners.loading.location import locate
from runners.settings import GenerationSettings
from runners.systems import Facts, Generation, LoadOptions, Prompt

DESCRIPTION = "encoder-decoder language models (mT5, mBART, …): a hub name, a folder, a checkpoint"
PRIORITY = 11
LOCATED = True

_ROOM = 1024


class Seq2Seq:
    """A loaded encoder-decoder language model."""

    def __init__(self, model: Any, tokenizer: Any, facts: Facts, options: LoadOptions) -> None:
        self.facts = facts
        self._model, self._tokenizer, self._where = model, tokenizer, options.where
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
        if hf.system_of(settings, self.facts) != self._chat.system:
            self._chat = self._open(settings)
        texts = [self._chat.prompt(prompt.text) for prompt in prompts]
        ids = hf.tokens_of(self._tokenizer, texts, self._where)
        batch = self._tokenizer.pad(
            {"input_ids": [row[:_ROOM] for row in ids]}, return_tensors="pt"
        ).to(self._model.device)
        samples = list(hf.generated(self._model, batch, prompts, settings, where=self._where))
        seconds = (time.perf_counter() - began) / (len(prompts) * settings.samples)
        return [
            [
                self._generation(row[1:], settings.limit(prompt.task), seconds, len(whole) > _ROOM)
                for row in rows
            ]
            for prompt, whole, rows in zip(prompts, ids, zip(*samples, strict=True), strict=True)
        ]

    def _generation(
        self, row: list[int], limit: int, seconds: float, truncated: bool
    ) -> Generation:
        end = self._tokenizer.eos_token_id
        stop = row.index(end) if end in row else None
        ended = stop is not None and stop <= limit
        kept = row[:stop] if ended else row[:limit]
        text = hf.decoded(self._tokenizer, kept)
        return Generation(text, "eos" if ended else "length", len(kept), seconds, truncated)


def accepts(spec: str, options: LoadOptions) -> bool:
    """Tell whether the spec names an encoder-decoder language model."""
    return hf.find(spec, options, "seq2seq")


def load(spec: str, options: LoadOptions) -> Seq2Seq:
    """Load an encoder-decoder language model."""
    from transformers import AutoModelForSeq2SeqLM

    located = locate(spec, where=options.where)
    tokenizer = hf.tokenizer_of(located, options)
    model = hf.weights_of(located, options, AutoModelForSeq2SeqLM)
    facts = hf.facts_of(located, "seq2seq", model.num_parameters())
    return Seq2Seq(model, tokenizer, facts, options)
