"""Tiny models with random weights, and a corpus of a few records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

RECIPE = """
name = "tiny"
languages = ["de", "fr", "ar"]
tasks = ["translation"]
[[sources]]
name = "ours"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = { input = "en", output = "text", language = "lang" }
source_language = "en"
licence = "CC0-1.0"
[split]
test = 0.3
"""

WORDS = {
    "de": ["Haus", "Hund", "Baum", "Wasser", "Feuer", "Brot", "Buch", "Tisch", "Stuhl", "Fenster"],
    "fr": ["maison", "chien", "arbre", "eau", "feu", "pain", "livre", "table", "chaise", "fenêtre"],
    "ar": ["بيت", "كلب", "شجرة", "ماء", "نار", "خبز", "كتاب", "طاولة", "كرسي", "نافذة"],
}
ENGLISH = ["house", "dog", "tree", "water", "fire", "bread", "book", "table", "chair", "window"]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of thirty pairs of words."""
    import builders

    folder = tmp_path_factory.mktemp("recipe")
    lines = ["en,text,lang"]
    for language, words in WORDS.items():
        lines += [f"the {en},{word},{language}" for en, word in zip(ENGLISH, words, strict=True)]
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return builders.build(folder / "recipe.toml", folder / "corpus")


def tokenizer() -> Any:
    """A byte-level tokenizer: one token a byte, so any text can be cut."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<eos>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*special, *letters])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="<eos>", padding_side="left"
    )


@pytest.fixture(scope="session")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    cut = tokenizer()
    config = LlamaConfig(
        vocab_size=len(cut), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
        pad_token_id=0, eos_token_id=1, bos_token_id=None,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("causal")
    LlamaForCausalLM(config).save_pretrained(folder)
    cut.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def seq2seq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 of two layers."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    cut = tokenizer()
    config = T5Config(
        vocab_size=len(cut), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("seq2seq")
    T5ForConditionalGeneration(config).save_pretrained(folder)
    cut.save_pretrained(folder)
    return folder
