"""BERTScore: through a stand-in for its package, and for real, on a tiny model, if it is installed."""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.metrics import _bertscore, _learned, bertscore
from benchmarks.metrics._base import Segments
from isogloss.errors import IsoglossError, Unavailable


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Forget models between tests."""
    yield
    _learned.model_of.cache_clear()
    _bertscore.scorer_of.cache_clear()


class FakeScorer:
    """What bert-score 0.3.13's scorer takes and gives."""

    def __init__(self, model_type: str, num_layers: int) -> None:
        assert (Path.cwd() / model_type / "config.json").is_file()
        self._tokenizer = types.SimpleNamespace(model_max_length=int(1e30))
        self._model = types.SimpleNamespace(
            config=types.SimpleNamespace(max_position_embeddings=514)
        )
        self.layers = num_layers

    def score(self, cands: list[str], refs: list[list[str]], batch_size: int = 64) -> Any:
        assert len(cands) == len(refs)
        assert all(text.strip() for texts in (cands, *refs) for text in texts)
        told = [0.9 if cand in ref else 0.4 for cand, ref in zip(cands, refs, strict=True)]
        told = [
            math.nan if cand == "nothing" else one for cand, one in zip(cands, told, strict=True)
        ]
        return np.zeros(len(told)), np.zeros(len(told)), np.array(told)


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-t5-named-bert"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


@pytest.fixture
def bert_score(monkeypatch: pytest.MonkeyPatch) -> None:
    package = types.ModuleType("bert_score")
    utils = types.ModuleType("bert_score.utils")
    vars(package).update(BERTScorer=FakeScorer, utils=utils)
    vars(utils).update(model2layers={"bert-base-multilingual-cased": 9})
    monkeypatch.setitem(sys.modules, "bert_score", package)
    monkeypatch.setitem(sys.modules, "bert_score.utils", utils)


@pytest.mark.usefixtures("bert_score")
def test_bertscore_is_of_the_best_reference_and_empty_text_has_none(bert: Path) -> None:
    options = bertscore.Options(model=str(bert), layer=3)
    answers = ["a b", "", "c", "nothing", " "]
    references = [["x", "a b", ""], ["x"], [" "], ["x"], [""]]
    before = Path.cwd()
    found = bertscore.statistics(Segments(answers, references, "de"), options)
    assert found.tolist() == [[0.9, 1], [0, 1], [0, 1], [0, 0], [0, 1]]
    assert bertscore.combine(found.sum(axis=0)) == pytest.approx(100 * 0.9 / 4)
    assert bertscore.statistics(Segments([], [], "de"), options).shape == (0, 2)
    scorer = _bertscore.scorer_of(str(bert), None, 3)
    assert (scorer.inner.layers, scorer.inner._tokenizer.model_max_length) == (3, 512)
    assert Path.cwd() == before


@pytest.mark.usefixtures("bert_score")
def test_bertscore_signs_with_model_revision_and_layer(bert: Path) -> None:
    told = bertscore.signature("de", bertscore.Options(model=str(bert), layer=3))
    revision = _learned.sha256_file(bert / "model.safetensors")[:16]
    assert told.startswith(
        f"bertscore|F1|model:{bert.name}|revision:{revision}|layer:3|idf:no|rescale:no|refs:max|"
    )
    assert "transformers:" in told


@pytest.mark.usefixtures("bert_score")
def test_a_layer_that_is_not_known_is_asked_for(bert: Path) -> None:
    with pytest.raises(IsoglossError, match="Say which: layer = NUMBER"):
        bertscore.signature("de", bertscore.Options(model=str(bert)))


def test_without_bert_score_the_error_says_how_to_get_it(
    bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bert_score", None)
    with pytest.raises(Unavailable, match=r"pip install 'isogloss\[bertscore\]'") as told:
        bertscore.statistics(Segments(["x"], [["x"]], "de"), bertscore.Options(model=str(bert)))
    assert "\n" not in str(told.value)


def test_pickled_weights_are_not_loaded(bert: Path, bert_score: None) -> None:
    (bert / "model.safetensors").rename(bert / "pytorch_model.bin")
    with pytest.raises(IsoglossError, match=r"holds no file \*\.safetensors"):
        bertscore.signature("de", bertscore.Options(model=str(bert), layer=1))


def test_bertscore_for_real(tmp_path: Path) -> None:
    pytest.importorskip("bert_score", reason="bert-score is an extra: pip install .[bertscore]")
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    folder = tmp_path / "tiny"
    BertTokenizerFast(vocab={word: n for n, word in enumerate(words)}).save_pretrained(folder)
    BertModel(
        BertConfig(
            vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=64,
        )
    ).save_pretrained(folder)  # fmt: skip
    options = bertscore.Options(model=str(folder), layer=2, batch_size=2)
    answers = ["a house", "", "long " * 200, "other words", "\u200b"]
    references = [["b", "a house"], ["x"], ["long " * 200], ["a house"], ["x"]]
    found = bertscore.statistics(Segments(answers, references, "en"), options)
    assert found[:, 0].tolist()[:3] == [pytest.approx(1), 0, pytest.approx(1)]
    assert 0 < found[3, 0] < 1
    assert found[4, 0] == 0
    again = bertscore.statistics(Segments(answers[::-1], references[::-1], "en"), options)
    assert np.allclose(again[::-1], found, atol=1e-6)
    assert "bert-score:" in bertscore.signature("en", options)
