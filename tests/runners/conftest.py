"""Tiny models with random weights, and a corpus of a few records."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.models import tokenizer, write_causal
from support.recipes import little_recipe

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
    pairs = [
        (f"the {english}", word, language)
        for language, words in WORDS.items()
        for english, word in zip(ENGLISH, words, strict=True)
    ]
    recipe = little_recipe(folder, pairs, "[split]\ntest = 0.3\n", name="tiny")
    return builders.build(recipe, folder / "corpus")


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
