"""Tiny models with random weights, and a corpus of a few records."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.models import tokenizer, write_causal

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


@pytest.fixture(scope="session")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers."""
    return write_causal(tmp_path_factory.mktemp("causal"))


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
