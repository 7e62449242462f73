"""Reasoning of models whose tokenizers hold its marks to be special, or whose templates begin it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.command import done

from runners.loading.huggingface import decoded

GPT_OSS = ["<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|return|>", "<|call|>"]
OTHERS = ["[THINK]", "[/THINK]", "<|channel>", "<channel|>", "</s>"]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """Words, and the marks as special tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["[UNK]", "Hm.", "Haus", "assistant", "analysis", "final", "<think>", "</think>"]
    inner = Tokenizer(
        models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]")
    )
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>", unk_token="[UNK]")
    made.add_special_tokens({"additional_special_tokens": [*GPT_OSS, *OTHERS]})
    return made


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Haus </s>", "Haus"),
        ("<|message|> Haus <|return|>", "Haus"),  # nothing of reasoning: as it always was
        ("[THINK] Hm. [/THINK] Haus </s>", "[THINK] Hm. [/THINK] Haus"),
        ("<|channel> Hm. <channel|> Haus", "<|channel> Hm. <channel|> Haus"),
        ("<think> Hm. </think> Haus </s>", "<think> Hm. </think> Haus"),
        (
            "<|channel|> analysis <|message|> Hm. <|end|> <|start|> assistant <|channel|> final "
            "<|message|> Haus <|return|>",
            "<|channel|> analysis <|message|> Hm. <|end|> <|start|> assistant <|channel|> final "
            "<|message|> Haus",
        ),
    ],
)
def test_marks_of_reasoning_stay_in_the_text(text: str, shown: str, tokenizer: Any) -> None:
    numbers = tokenizer(text)["input_ids"]
    assert decoded(tokenizer, numbers).split() == shown.split()


@pytest.mark.parametrize("text", ["Haus </s>", "[THINK] Hm. [/THINK] Haus"])
def test_numbers_that_no_token_has_are_no_text(text: str, tokenizer: Any) -> None:
    numbers = tokenizer(text)["input_ids"]
    beyond = max(tokenizer.get_vocab().values()) + 5
    assert decoded(tokenizer, [*numbers, beyond]) == decoded(tokenizer, numbers)


def test_reasoning_that_the_template_begins_and_the_limit_cuts_off_is_no_answer(
    causal: Path, corpus: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(causal, model)
    (model / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}\n<think>\n{% endif %}"
    )
    done("score", model, "--suite", f"corpus:{corpus}", "--out", tmp_path / "run", "--resamples", "5",
         "--limit", "2", "--max-new-tokens", "16", "--metric", "reasoning", "--metric", "empty")  # fmt: skip
    predictions = pl.read_parquet(tmp_path / "run" / "predictions" / "*.parquet")
    assert predictions["prediction"].str.starts_with("<think>").all()
    scores = pl.read_parquet(tmp_path / "run" / "scores.parquet")
    found = {row["metric"]: row["score"] for row in scores.iter_rows(named=True)}
    assert (found["reasoning"], found["empty"]) == (100, 100)
