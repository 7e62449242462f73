"""Training examples: prompts and answers as tokens, in batches of like length."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from isogloss.records import prompt_expr
from runners.loading import huggingface as hf
from runners.loading.chat import open_chat
from runners.settings import TuneSettings

#: What the loss passes over.
IGNORED = -100


@dataclass(frozen=True)
class Batch:
    """Tensors of one step: the model's inputs, and the labels of the answers' positions.

    For a causal model the sequences are padded on the left, and ``labels`` has as many columns as
    the longest answer: those of the last positions. For an encoder-decoder it is padded on the
    right.
    """

    inputs: dict[str, Any]
    labels: Any


@dataclass(frozen=True)
class Examples:
    """Tokenized examples, as (prompt ids, answer ids), and the records that were dropped.

    Attributes:
        rows: The examples.
        dropped: The records that were too long, each with its reason.
        pad: The token that fills a batch up.
        kind: ``causal`` or ``seq2seq``.
        cells: The task and the language of each example.
    """

    rows: list[tuple[list[int], list[int]]]
    dropped: pl.DataFrame
    pad: int
    kind: str
    cells: list[tuple[str, str]] = field(default_factory=list)

    def batches(self, settings: TuneSettings) -> list[Batch]:
        """Return the batches of every step, in order: seeded, the same at every call."""
        return [self.batch([self.rows[n] for n in chunk]) for chunk in self._numbers(settings)]

    def trained(self, settings: TuneSettings) -> dict[str, list[str]]:
        """Return the tasks and the languages of the examples that some step sees, sorted."""
        seen = {self.cells[n] for chunk in self._numbers(settings) for n in chunk}
        return {
            "languages_trained": sorted({language for _, language in seen}),
            "tasks_trained": sorted({task for task, _ in seen}),
        }

    def _numbers(self, settings: TuneSettings) -> list[list[int]]:
        """Return the numbers of each step's examples."""
        order = sorted(
            range(len(self.rows)), key=lambda n: (sum(map(len, self.rows[n])), self.rows[n])
        )
        size = settings.batch_size
        chunks = [order[start : start + size] for start in range(0, len(order), size)]
        steps = max(1, round(len(chunks) * settings.epochs))
        if settings.max_steps is not None:
            steps = min(steps, settings.max_steps)
        batches: list[list[int]] = []
        epoch = 0
        while len(batches) < steps:
            shuffled = list(chunks)
            random.Random(f"{settings.seed}:{epoch}").shuffle(shuffled)
            batches += shuffled
            epoch += 1
        return batches[:steps]

    def batch(self, rows: Sequence[tuple[list[int], list[int]]]) -> Batch:
        """Return the tensors of some examples."""
        return self._seq2seq(rows) if self.kind == "seq2seq" else self._causal(rows)

    def _causal(self, rows: Sequence[tuple[list[int], list[int]]]) -> Batch:
        import torch

        width = max(len(prompt) + len(answer) for prompt, answer in rows)
        longest = max(len(answer) for _, answer in rows)
        ids, mask, labels = [], [], []
        for prompt, answer in rows:
            padding = width - len(prompt) - len(answer)
            ids.append([self.pad] * padding + prompt + answer)
            mask.append([0] * padding + [1] * (width - padding))
            labels.append([IGNORED] * (longest - len(answer)) + answer)
        attention = torch.tensor(mask)
        positions = (attention.cumsum(-1) - 1).clamp(min=0)
        inputs = {
            "input_ids": torch.tensor(ids),
            "attention_mask": attention,
            "position_ids": positions,
        }
        return Batch(inputs, torch.tensor(labels))

    def _seq2seq(self, rows: Sequence[tuple[list[int], list[int]]]) -> Batch:
        import torch

        width = max(len(prompt) for prompt, _ in rows)
        longest = max(len(answer) for _, answer in rows)
        ids = [prompt + [self.pad] * (width - len(prompt)) for prompt, _ in rows]
        mask = [[1] * len(prompt) + [0] * (width - len(prompt)) for prompt, _ in rows]
        labels = [answer + [IGNORED] * (longest - len(answer)) for _, answer in rows]
        inputs = {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}
        return Batch(inputs, torch.tensor(labels))


def examples_of(
    records: pl.DataFrame,
    tokenizer: Any,
    settings: TuneSettings,
    kind: str,
    *,
    where: str = "model",
) -> Examples:
    """Tokenize records as the model will get them, with an end after each answer.

    Args:
        records: The train split.
        tokenizer: The model's.
        settings: Which tasks and languages, and how long.
        kind: ``causal`` or ``seq2seq``.
        where: The model, to name in an error.
    """
    if settings.tasks:
        records = records.filter(pl.col("task").is_in(settings.tasks))
    if settings.languages:
        records = records.filter(pl.col("language").is_in(settings.languages))
    records = records.sort("id")
    chat = open_chat(tokenizer, settings.system, where)
    templated = chat.templated
    texts = [chat.prompt(text) for text in records.select(prompt_expr()).to_series()]
    rows: list[tuple[list[int], list[int]]] = []
    reasons: list[str | None] = []
    if texts:
        outputs = records["output"].to_list()
        prompts = hf.tokens_of(tokenizer, texts, where, add_special_tokens=not templated)
        answers = hf.tokens_of(tokenizer, outputs, where, add_special_tokens=False)
        end = [tokenizer.eos_token_id]
        # An encoder's prompt keeps its own end; a decoder goes on from the prompt.
        for prompt, answer in zip(prompts, answers, strict=True):
            if kind == "causal" and not templated and prompt[-1:] == end:
                prompt = prompt[:-1]
            length = len(prompt) + len(answer) + 1
            fits = length <= settings.max_length
            reasons.append(None if fits else f"{length} tokens, over {settings.max_length}")
            if fits:
                rows.append((list(prompt), [*answer, *end]))
    marked = records.with_columns(pl.Series("reason", reasons, dtype=pl.String))
    dropped = marked.filter(pl.col("reason").is_not_null()).select(
        "id", "task", "language", "reason"
    )
    cells = marked.filter(pl.col("reason").is_null()).select("task", "language").rows()
    return Examples(rows, dropped, int(tokenizer.pad_token_id or 0), kind, cells)
