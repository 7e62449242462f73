"""Folders that are not ours are left alone, and what changed on the disk is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.folders import hashes

import runners
from isogloss.errors import IsoglossError
from isogloss.files import read_json, sha256_file, write_json
from runners.loading import huggingface as hf
from runners.loading.location import locate
from runners.models import revision_of
from runners.runs import score
from runners.systems import LoadOptions
from runners.tuning import loop as tuning_module

QUICK = runners.TuneSettings(max_steps=2, rank=2, batch_size=4)
SHORT = runners.ScoreSettings(
    resamples=5, generation=runners.GenerationSettings(max_new_tokens={"translation": 3})
)


@pytest.fixture
def base(causal: Path, tmp_path: Path) -> Path:
    """A model of one's own in a folder named model, as the reviewer had it."""
    shutil.copytree(causal, tmp_path / "work" / "model")
    return tmp_path / "work" / "model"


def retrain(model: Path, seed: int) -> None:
    """Put other weights of the same shape into a model folder."""
    import torch
    from transformers import AutoModelForCausalLM

    found: Any = AutoModelForCausalLM.from_pretrained(model)
    torch.manual_seed(seed)
    for parameter in found.parameters():
        parameter.data.normal_(std=0.5)
    found.save_pretrained(model)


@pytest.mark.parametrize("out", [".", "model", "model/tuned", "link"])
def test_tuning_never_writes_over_its_base(
    out: str, base: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(base.parent)
    Path("link").symlink_to(".", target_is_directory=True)
    before = hashes(base)
    with pytest.raises(IsoglossError, match=r"base model|not a checkpoint of ours"):
        runners.tune("./model", corpus, out, settings=QUICK)
    assert hashes(base) == before


def test_tuning_refuses_its_base_even_where_the_folder_would_do(base: Path, corpus: Path) -> None:
    out = base.parent
    write_json(out / "checkpoint.json", {"key": {}, "weights_sha256": ""})
    before = hashes(base)
    with pytest.raises(IsoglossError, match="the base model's own folder"):
        runners.tune(str(base), corpus, out, settings=QUICK)
    assert hashes(base) == before


def test_tuning_into_a_folder_of_somebody_elses_is_refused_before_anything_is_loaded(
    causal: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hf, "tokenizer_of", lambda *_: pytest.fail("a model was loaded"))
    for name in ("model/config.json", "thesis.tex", ".state/mine.txt", "checkpoint.json"):
        out = tmp_path / name.replace("/", "-")
        (out / name).parent.mkdir(parents=True)
        (out / name).write_text("years of work")
        with pytest.raises(IsoglossError, match=r"not a checkpoint of ours .* remove it first"):
            runners.tune(str(causal), corpus, out, settings=QUICK)
        assert (out / name).read_text() == "years of work"


def test_an_interrupted_checkpoint_is_known_as_ours_from_the_beginning(
    causal: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    runners.tune(str(causal), corpus, out, settings=QUICK)
    with monkeypatch.context() as patched:
        patched.setattr(tuning_module.Trainer, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            runners.tune(
                str(causal), corpus, out, settings=QUICK.model_copy(update={"max_steps": 3})
            )
    assert not (out / "checkpoint.json").exists(), "it is of other settings"
    with pytest.raises(IsoglossError, match="is an unfinished checkpoint"):
        locate(str(out))
    runners.tune(str(causal), corpus, out, settings=QUICK)
    assert read_json(out / "checkpoint.json")["steps"] == 2


def test_a_checkpoint_tells_what_it_was_trained_on(
    causal: Path, corpus: Path, tmp_path: Path
) -> None:
    every = runners.tune(str(causal), corpus, tmp_path / "every", settings=QUICK.model_copy(
        update={"max_steps": None}))  # fmt: skip
    assert read_json(every / "checkpoint.json")["languages_trained"] == ["ar", "de", "fr"]
    few = runners.TuneSettings(rank=2, batch_size=4, languages=("fr",))
    one = runners.tune(str(causal), corpus, tmp_path / "one", settings=few)
    run = runners.score(str(one), f"corpus:{corpus}", tmp_path / "run", settings=SHORT)
    told = read_json(run / "run.json")["tuning"]
    assert told["languages_trained"] == ["fr"]
    assert told["tasks_trained"] == ["translation"]
    # What no step has seen was not trained on: one batch of one example is of one language.
    least = runners.TuneSettings(rank=2, batch_size=1, max_steps=1)
    seen = runners.tune(str(causal), corpus, tmp_path / "least", settings=least)
    assert len(read_json(seen / "checkpoint.json")["languages_trained"]) == 1


def test_the_outputs_that_are_scored_stay(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from isogloss.corpora import open_corpus

    monkeypatch.chdir(tmp_path)
    Path("predictions").mkdir()
    theirs = Path("predictions/gpt.jsonl")
    records = open_corpus(corpus).records("test").select("id", prediction="output")
    records.write_ndjson(theirs)
    before = theirs.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(score, "load_model", lambda *_: pytest.fail("a model was loaded"))
        with pytest.raises(IsoglossError, match="holds files that are not a run of ours"):
            runners.score(f"outputs:{theirs}", f"corpus:{corpus}", ".", settings=SHORT)
    assert theirs.read_bytes() == before
    # And where the folder is a run's, what lies among its answers is named, and stays.
    runners.score("copy", f"corpus:{corpus}", "run", settings=SHORT)
    shutil.copy(theirs, "run/predictions/gpt.jsonl")
    with pytest.raises(IsoglossError, match=r"gpt\.jsonl: lies among the predictions of a run"):
        runners.score("nearest", f"corpus:{corpus}", "run", settings=SHORT)
    assert Path("run/predictions/gpt.jsonl").read_bytes() == before
    assert read_json(Path("run/run.json"))["system"] == "copy"


@pytest.mark.parametrize("name", ["run.json", "progress.json"])
@pytest.mark.parametrize("content", ["[]", "{}", '{"key": 3}', "not JSON", '{"system": "x"}'])
def test_a_file_that_is_named_as_ours_makes_no_run(
    name: str, content: str, corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(IsoglossError, match="holds files that are not a run of ours"):
        runners.score("copy", f"corpus:{corpus}", tmp_path, settings=SHORT)
    assert (tmp_path / name).read_text() == content


def test_a_run_that_is_stopped_at_any_write_is_still_ours(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, suite = tmp_path / "run", f"corpus:{corpus}"
    runners.score("copy", suite, out, settings=SHORT)
    unlink = Path.unlink

    def stopping(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=missing_ok)
        if path.name in ("run.json", "part-00000.parquet"):
            raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patched:
            patched.setattr(Path, "unlink", stopping)
            with pytest.raises(KeyboardInterrupt):
                runners.score("nearest", suite, out, settings=SHORT)
    runners.score("nearest", suite, out, settings=SHORT)
    fresh = runners.score("nearest", suite, tmp_path / "fresh", settings=SHORT)
    tables = [pl.read_parquet(run / "scores.parquet") for run in (out, fresh)]
    assert tables[0].equals(tables[1])


def test_other_weights_at_the_same_place_are_scored_anew(
    base: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, suite = tmp_path / "run", f"corpus:{corpus}"
    runners.score(str(base), suite, out, settings=SHORT)
    before = read_json(out / "run.json")
    runners.score(str(base), suite, out, settings=SHORT)
    assert "is up to date" in capsys.readouterr().err
    retrain(base, 7)
    runners.score(str(base), suite, out, settings=SHORT)
    after = read_json(out / "run.json")
    assert before["revision"] != after["revision"]
    assert before["predictions_sha256"] != after["predictions_sha256"]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "generation_config.json"])
def test_a_model_is_its_configuration_and_tokenizer_too(name: str, base: Path) -> None:
    before = locate(str(base)).revision
    assert locate(str(base)).revision == before
    (base / name).write_text((base / name).read_text() + "\n")
    assert locate(str(base)).revision != before


def test_every_shard_counts(base: Path) -> None:
    from transformers import AutoModelForCausalLM

    AutoModelForCausalLM.from_pretrained(base).save_pretrained(base, max_shard_size="20KB")
    (base / "model.safetensors").unlink()
    last = sorted(base.glob("*.safetensors"))[-1]
    before = locate(str(base)).revision
    last.write_bytes(last.read_bytes()[:-1] + b"\x01")
    assert locate(str(base)).revision != before


def test_weights_are_hashed_once_in_a_process(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from isogloss import files

    hashed: list[str] = []

    def counting(path: Path) -> str:
        hashed.append(path.name)
        return sha256_file(path)

    monkeypatch.setattr(files, "sha256_file", counting)
    for _ in range(3):
        locate(str(base))
    assert sorted(hashed) == sorted(set(hashed))
    assert "model.safetensors" in hashed


def test_another_base_at_the_same_place_is_tuned_anew(
    base: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, suite = tmp_path / "tuned", f"corpus:{corpus}"
    runners.tune(str(base), corpus, out, settings=QUICK)
    run = runners.score(str(out), suite, tmp_path / "run", settings=SHORT)
    before = read_json(run / "run.json")["key"]
    retrain(base, 8)
    # An adapter on other weights is another system, even before it is tuned again.
    assert revision_of(str(out), LoadOptions()) != before["revision"]
    losses = read_json(out / "checkpoint.json")["losses"]
    runners.tune(str(base), corpus, out, settings=QUICK)
    assert "is up to date" not in capsys.readouterr().err
    assert read_json(out / "checkpoint.json")["losses"] != losses
