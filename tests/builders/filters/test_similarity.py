"""The filter that asks an encoder: a plug-in of its own, and small models of transformers."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.filters import kept, pair, scored

from builders.filters import (
    similarity,
)
from isogloss import plugins
from isogloss.errors import IsoglossError, Unavailable


class _Vectors:
    """An embedder for tests: counts letters, so that anagrams are the same."""

    DESCRIPTION = "counts letters"

    @staticmethod
    def load(model: str, revision: str | None) -> Any:
        def embed(texts: list[str]) -> np.ndarray[Any, Any]:
            counts = np.array(
                [[text.count(letter) for letter in model] for text in texts], np.float32
            )
            return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)

        return embed


def test_an_embedder_of_another_distribution_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    point = SimpleNamespace(
        name="letters", load=lambda: SimpleNamespace(**vars(_Vectors), __name__="x")
    )
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [point] if group.endswith("embedders") else []
    )
    plugins.discover.cache_clear()
    similarity._embedder.cache_clear()
    options = {"model": "abcd", "embedder": "letters"}
    rows = (pair("abc", "cab"), pair("abc", "d"), pair("abc", "d", task="qa"))
    try:
        found = scored(similarity, *rows, **options)["similarity"]
        assert found.to_list()[:2] == [1.0, 0.0]
        assert np.isnan(found[2])
        assert kept(similarity, *rows, **options) == [True, False, True]
        with pytest.raises(IsoglossError, match=r"unknown embedder .*Did you mean 'letters'"):
            scored(similarity, *rows, model="a", embedder="leters")
    finally:
        plugins.discover.cache_clear()
        similarity._embedder.cache_clear()


@pytest.fixture(scope="module")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer with random weights, and a tokenizer that knows letters."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    letters = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *map(chr, range(97, 123)),
        *map(chr, range(1072, 1104)),
    ]
    tokenizer = Tokenizer(models.WordLevel({one: n for n, one in enumerate(letters)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=32
    ).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=32,
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder


def test_a_folder_with_an_encoder_embeds(tiny_encoder: Path) -> None:
    rows = (pair("hello", "hello"), pair("hello", "привет мир" * 9), pair("", "x"))
    found = scored(similarity, *rows, model=str(tiny_encoder))["similarity"].to_list()
    assert found[0] == 1
    assert all(-1 <= one < 1 for one in found[1:])
    again = scored(similarity, *rows[::-1], model=str(tiny_encoder))["similarity"].to_list()
    assert again[::-1] == found


def test_pooling_is_what_the_model_says(tiny_encoder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cls"
    __import__("shutil").copytree(tiny_encoder, folder)
    kinds = ["Transformer", "Pooling"]

    def write(kinds: list[str], mode: str) -> None:
        modules = [
            {"path": f"{n}_{one}" if n else "", "type": f"sentence_transformers.models.{one}"}
            for n, one in enumerate(kinds)
        ]
        (folder / "modules.json").write_text(json.dumps(modules))
        (folder / "1_Pooling").mkdir(exist_ok=True)
        (folder / "1_Pooling/config.json").write_text(json.dumps({f"pooling_mode_{mode}": True}))
        similarity._embedder.cache_clear()

    row = pair("hello", "привет")
    mean = scored(similarity, row, model=str(tiny_encoder))["similarity"][0]
    write(kinds, "mean_tokens")
    assert scored(similarity, row, model=str(folder))["similarity"][0] == mean
    write(kinds, "cls_token")
    assert scored(similarity, row, model=str(folder))["similarity"][0] != mean
    write(kinds, "max_tokens")
    with pytest.raises(IsoglossError, match="pools in a way that is not known"):
        scored(similarity, row, model=str(folder))
    write([*kinds, "Dense"], "cls_token")
    with pytest.raises(IsoglossError, match=r"layers .*\(Dense\)"):
        scored(similarity, row, model=str(folder))


def test_a_model_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ISOGLOSS_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(Unavailable, match=r"'no/such' is not.* in the cache.*--offline"):
        scored(similarity, pair("a", "b"), model="no/such")
    empty_folder = tmp_path / "empty"
    empty_folder.mkdir()
    with pytest.raises(IsoglossError, match="cannot be loaded"):
        scored(similarity, pair("a", "b"), model=str(empty_folder))


# what they share
