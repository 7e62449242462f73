"""Tuning: only answers are learned, and an interruption changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpora import row as record
from support.corpora import write_corpus

from isogloss.corpora import open_corpus
from isogloss.errors import IsoglossError
from isogloss.files import read_json
from runners import TuneSettings, tune
from runners.loading import huggingface as hf
from runners.loading.location import locate
from runners.systems import LoadOptions
from runners.tuning import loop as module
from runners.tuning.examples import IGNORED, examples_of

FEW = {
    "max_steps": 6,
    "epochs": 9,
    "batch_size": 4,
    "save_every": 2,
    "rank": 4,
    "learning_rate": 1e-2,
}


def weights(checkpoint: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found: dict[str, Any] = {}
    for path in sorted((checkpoint / "model").glob("*.safetensors")):
        found |= load_file(path)
    return found


def equal(one: dict[str, Any], two: dict[str, Any]) -> bool:
    import torch

    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def examples(model: Path, corpus: Path, kind: str, **settings: Any) -> Any:
    options = LoadOptions()
    cut = hf.tokenizer_of(locate(str(model)), options)
    return cut, examples_of(
        open_corpus(corpus).records("train"), cut, TuneSettings(**settings), kind
    )


def test_only_answers_and_their_ends_are_learned(causal: Path, corpus: Path) -> None:
    cut, tokenized = examples(causal, corpus, "causal", batch_size=4)
    records = {
        row["output"]: row for row in open_corpus(corpus).records("train").iter_rows(named=True)
    }
    seen = set()
    for batch in tokenized.batches(TuneSettings(batch_size=4)):
        ids, mask = batch.inputs["input_ids"], batch.inputs["attention_mask"]
        for row, kept, labels in zip(ids, mask, batch.labels, strict=True):
            learned = [int(token) for token in labels if token != IGNORED]
            assert learned[-1] == cut.eos_token_id
            answer = cut.decode(learned[:-1])
            seen.add(answer)
            # The answer ends the sequence, and what stands before it is the prompt, unlearned.
            whole = [int(token) for token, one in zip(row, kept, strict=True) if one]
            assert whole[-len(learned) :] == learned
            prompt = cut.decode(whole[: -len(learned)])
            assert records[answer]["instruction"] in prompt
            assert records[answer]["input"] in prompt
    assert seen == set(records)


def test_padding_does_not_change_the_loss(causal: Path, corpus: Path) -> None:
    """The mean loss of a batch is that of its examples alone, weighted by their answers."""
    import torch

    _, tokenized = examples(causal, corpus, "causal")
    located = locate(str(causal))
    settings = TuneSettings(method="full", batch_size=5, max_steps=1)
    model = module.trainable(located, LoadOptions(), settings, "causal")
    trainer = module.Trainer(model, tokenized, settings, "causal")
    rows = tokenized.rows[:5]
    together = trainer.loss(tokenized.batch(rows)).item()
    alone = [trainer.loss(tokenized.batch([row])).item() * len(row[1]) for row in rows]
    assert together == pytest.approx(sum(alone) / sum(len(row[1]) for row in rows), rel=1e-4)
    # And it is what transformers computes itself from labels of the whole sequence.
    prompt, answer = rows[0]
    ids = torch.tensor([prompt + answer])
    labels = torch.tensor([[IGNORED] * len(prompt) + answer])
    with torch.no_grad():
        theirs = float(model(input_ids=ids, labels=labels).loss)
    assert alone[0] / len(answer) == pytest.approx(theirs, rel=1e-4)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_tuning_that_is_interrupted_ends_with_the_same_weights(
    method: str, causal: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = TuneSettings(method=method, dropout=0.1 if method == "lora" else 0.0, **FEW)
    straight = tune(str(causal), corpus, tmp_path / "straight", settings=settings)
    step = module.Trainer.step
    broken = tmp_path / "broken"

    def stopping(self: Any, batch: Any, number: int, total: int) -> None:
        if number == 5 and not (tmp_path / "once").exists():
            (tmp_path / "once").touch()
            raise KeyboardInterrupt
        step(self, batch, number, total)

    monkeypatch.setattr(module.Trainer, "step", stopping)
    with pytest.raises(KeyboardInterrupt):
        tune(str(causal), corpus, broken, settings=settings)
    assert read_json(broken / ".state" / "state.json")["step"] == 4
    with pytest.raises(IsoglossError, match="is an unfinished checkpoint"):
        locate(str(broken))
    tune(str(causal), corpus, broken, settings=settings)
    assert equal(weights(straight), weights(broken))
    told = [read_json(folder / "checkpoint.json")["losses"] for folder in (straight, broken)]
    assert told[0] == told[1]
    assert len(told[0]) == 6
    assert not (broken / ".state").exists()


@pytest.mark.parametrize(
    ("method", "rate", "drop", "most"), [("lora", 5e-2, 0.05, 20_000), ("full", 1e-2, 2.0, 40_000)]
)
def test_tuning_lowers_the_loss_and_keeps_the_base(
    method: str, rate: float, drop: float, most: int, causal: Path, corpus: Path, tmp_path: Path
) -> None:
    before = weights_of_base(causal)
    settings = TuneSettings(
        method=method, max_steps=60, batch_size=8, rank=8, learning_rate=rate, epochs=30
    )
    out = tune(str(causal), corpus, tmp_path / "out", settings=settings, licence="MIT")
    facts = read_json(out / "checkpoint.json")
    assert facts["losses"][-1] < facts["losses"][0] - drop
    assert facts["licence"] == "MIT"
    assert facts["trained_parameters"] < most
    assert equal(before, weights_of_base(causal))


def weights_of_base(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(folder / "model.safetensors"))


def test_only_the_last_layers_are_trained_where_asked(
    causal: Path, corpus: Path, tmp_path: Path
) -> None:
    settings = TuneSettings(top_layers=1, **FEW)
    names = weights(tune(str(causal), corpus, tmp_path / "lora", settings=settings))
    assert names and all(".layers.1." in name for name in names)
    full = TuneSettings(method="full", top_layers=1, **FEW)
    after = weights(tune(str(causal), corpus, tmp_path / "full", settings=full))
    before = weights_of_base(causal)
    changed = {name for name in before if not bool((before[name] == after[name]).all())}
    assert changed and all(".layers.1." in name for name in changed)
    with pytest.raises(IsoglossError, match="the model has 2 layers"):
        tune(str(causal), corpus, tmp_path / "no", settings=TuneSettings(top_layers=3, **FEW))


def test_an_encoder_decoder_tunes_too(seq2seq: Path, corpus: Path, tmp_path: Path) -> None:
    settings = TuneSettings(max_steps=20, batch_size=8, learning_rate=1e-2, epochs=20)
    out = tune(str(seq2seq), corpus, tmp_path / "out", settings=settings)
    losses = read_json(out / "checkpoint.json")["losses"]
    assert losses[-1] < losses[0]


def test_a_finished_checkpoint_is_left_until_something_changes(
    causal: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    tune(str(causal), corpus, out, settings=TuneSettings(**FEW))
    written = (out / "checkpoint.json").stat().st_mtime_ns
    tune(str(causal), corpus, out, settings=TuneSettings(**FEW))
    assert "is up to date" in capsys.readouterr().err
    assert (out / "checkpoint.json").stat().st_mtime_ns == written
    tune(str(causal), corpus, out, settings=TuneSettings(**{**FEW, "seed": 7}))
    assert read_json(out / "checkpoint.json")["settings"]["seed"] == 7


def test_examples_too_long_are_dropped_with_their_reason(
    causal: Path, corpus: Path, tmp_path: Path
) -> None:
    train = open_corpus(corpus).records("train")
    lengths = train.select(
        (
            pl.col("instruction").str.len_bytes()
            + pl.col("input").str.len_bytes()
            + pl.col("output").str.len_bytes()
        ).alias("n")
    )["n"]
    limit = int(lengths.median() or 0) + 4
    settings = TuneSettings(**FEW, max_length=limit)
    out = tune(str(causal), corpus, tmp_path / "out", settings=settings)
    facts = read_json(out / "checkpoint.json")
    dropped = pl.read_parquet(out / "dropped.parquet")
    assert 0 < facts["dropped"] == dropped.height
    assert facts["examples"] + facts["dropped"] == train.height
    assert dropped["reason"].str.contains(f"over {limit}").all()
    with pytest.raises(IsoglossError, match="no example is left to train on"):
        tune(str(causal), corpus, out, settings=TuneSettings(max_length=2))


def test_a_loss_that_is_not_finite_stops_the_tuning(
    causal: Path, corpus: Path, tmp_path: Path
) -> None:
    settings = TuneSettings(method="full", learning_rate=1e30, max_steps=5, warmup=0.0)
    with pytest.raises(IsoglossError, match=r"the loss is .* Lower learning_rate"):
        tune(str(causal), corpus, tmp_path / "out", settings=settings)
    assert not (tmp_path / "out" / "checkpoint.json").exists()


def test_a_corpus_that_is_built_again_meanwhile_is_not_trained_on_under_the_first_ones_name(
    causal: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "corpus"
    shutil.copytree(corpus, mine)
    tokenizer_of = hf.tokenizer_of

    def rebuilding(*given: Any) -> Any:
        shutil.rmtree(mine)
        write_corpus(mine, [record(f"Satz {number}") for number in range(9)])
        return tokenizer_of(*given)

    monkeypatch.setattr(hf, "tokenizer_of", rebuilding)
    settings = TuneSettings(max_steps=1, batch_size=2)
    with pytest.raises(IsoglossError, match="lists"):
        tune(str(causal), mine, tmp_path / "out", settings=settings)
    monkeypatch.undo()
    tune(str(causal), mine, tmp_path / "out", settings=settings)
    key = read_json(tmp_path / "out" / "checkpoint.json")["key"]
    assert key["corpus"] == open_corpus(mine).sha256
