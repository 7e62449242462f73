"""Runs: answers that resume, systems without weights, outputs of others, and what does not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpora import row as record
from support.corpora import write_corpus

import benchmarks
import runners
from isogloss.corpora import open_corpus
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import read_json
from isogloss.runs import PREDICTIONS
from runners import GenerationSettings, ScoreSettings
from runners.runs import score

QUICK = ScoreSettings(
    resamples=10, generation=GenerationSettings(batch_size=4, max_new_tokens={"translation": 8})
)


def predictions(run: Path) -> pl.DataFrame:
    return pl.read_parquet(run / "predictions" / "*.parquet").sort("id")


def test_a_run_has_what_the_house_plan_says(causal: Path, corpus: Path, tmp_path: Path) -> None:
    run = runners.score(str(causal), f"corpus:{corpus}", tmp_path / "run", settings=QUICK)
    facts = read_json(run / "run.json")
    suite = benchmarks.load_suite(f"corpus:{corpus}")
    assert facts["suite"] == {
        "name": "tiny", "version": "", "sha256": suite.sha256, "spec": f"corpus:{corpus}",
        "sources": [], "metrics": {},
    }  # fmt: skip
    assert facts["family"] == "causal"
    assert facts["parameters"] > 10_000
    assert facts["tokens"] > 0
    found = predictions(run)
    assert found.schema == PREDICTIONS
    assert set(found["id"]) == set(suite.records["id"])
    assert found["tokens"].max() <= 8
    scores = pl.read_parquet(run / "scores.parquet")
    again = benchmarks.score(found, suite.records, resamples=10)
    assert scores.equals(again)
    assert not (run / "progress.json").exists()


@pytest.mark.parametrize("family", ["causal", "seq2seq"])
def test_answers_are_the_same_alone_and_in_a_batch(
    family: str, corpus: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    model = str(request.getfixturevalue(family))
    answers = []
    for size in (1, 5):
        generation = GenerationSettings(batch_size=size, max_new_tokens={"translation": 8})
        run = runners.score(
            model, f"corpus:{corpus}", tmp_path / str(size),
            settings=ScoreSettings(resamples=5, generation=generation),
        )  # fmt: skip
        answers.append(predictions(run).select("id", "prediction", "tokens", "stop_reason"))
    assert answers[0].equals(answers[1])


def test_a_run_that_is_interrupted_goes_on(
    causal: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runners.models import causal as family

    straight = runners.score(str(causal), f"corpus:{corpus}", tmp_path / "a", settings=QUICK)
    ask, calls = family.Causal.generate, []

    def counting(self: Any, prompts: Any, settings: Any) -> Any:
        calls.append(len(prompts))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return ask(self, prompts, settings)

    monkeypatch.setattr(family.Causal, "generate", counting)
    out = tmp_path / "b"
    with pytest.raises(KeyboardInterrupt):
        runners.score(str(causal), f"corpus:{corpus}", out, settings=QUICK)
    assert not (out / "run.json").exists()
    assert len(list((out / "predictions").glob("*.parquet"))) == 1
    runners.score(str(causal), f"corpus:{corpus}", out, settings=QUICK)
    total = benchmarks.load_suite(f"corpus:{corpus}").records.height
    assert sum(calls) - calls[1] == total, "nothing was asked twice"
    drop = ["seconds"]
    assert predictions(straight).drop(drop).equals(predictions(out).drop(drop))


def test_a_tuned_checkpoint_is_asked_as_it_was_tuned(
    causal: Path, corpus: Path, tmp_path: Path
) -> None:
    settings = runners.TuneSettings(max_steps=2, batch_size=4, rank=2, system="Translate well.")
    checkpoint = runners.tune(str(causal), corpus, tmp_path / "tuned", settings=settings)
    run = runners.score(str(checkpoint), f"corpus:{corpus}", tmp_path / "run", settings=QUICK)
    facts = read_json(run / "run.json")
    assert facts["tuning"]["system"] == "Translate well."
    assert facts["model"] == str(causal)
    from runners.loading.huggingface import system_of
    from runners.systems import Facts

    told = Facts("causal", "m", tuning={"system": "Translate well."})
    assert system_of(GenerationSettings(), told) == "Translate well."
    assert system_of(GenerationSettings(system="Mine."), told) == "Mine."


def test_copy_repeats_the_input(tmp_path: Path) -> None:
    run = runners.score("copy", "smoke", tmp_path / "run", settings=QUICK)
    joined = predictions(run).join(benchmarks.load_suite("smoke").records, on="id")
    assert (joined["prediction"] == joined["input"]).all()


def test_nearest_answers_with_what_was_answered_before(corpus: Path, tmp_path: Path) -> None:
    run = runners.score("nearest", f"corpus:{corpus}", tmp_path / "run", settings=QUICK)
    train = pl.concat(pl.read_parquet(path) for path in sorted(corpus.glob("data/*/*-train-*")))
    known = {(row["language"], row["output"]) for row in train.iter_rows(named=True)}
    asked = dict(benchmarks.load_suite(f"corpus:{corpus}").records.select("id", "language").rows())
    for row in predictions(run).iter_rows(named=True):
        assert (asked[row["id"]], row["prediction"]) in known
    with pytest.raises(IsoglossError, match="corpus"):
        runners.score("nearest", "smoke", tmp_path / "other", settings=QUICK)


def test_nearest_does_not_look_up_in_a_corpus_that_is_built_again_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = write_corpus(tmp_path / "corpus", [record(f"Satz {number}") for number in range(5)])
    load_model = score.load_model

    def rebuilding(*given: Any) -> Any:
        shutil.rmtree(corpus)
        write_corpus(corpus, [record(f"Wort {number}") for number in range(9)])
        return load_model(*given)

    def answered() -> dict[str, Any]:
        run = runners.score("nearest", "smoke", tmp_path / "run", corpus=corpus, settings=QUICK)
        key: dict[str, Any] = read_json(run / "run.json")["key"]
        return key

    with monkeypatch.context() as patched:
        patched.setattr(score, "load_model", rebuilding)
        with pytest.raises(IsoglossError, match="lists"):
            answered()
    assert answered()["corpus"] == open_corpus(corpus).sha256
    assert set(predictions(tmp_path / "run")["prediction"]) & {f"Wort {n}" for n in range(9)}


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_somebody_elses_outputs_are_scored(ending: str, tmp_path: Path) -> None:
    records = benchmarks.load_suite("smoke").records
    frame = records.select("id", pl.col("output").alias("prediction"))
    path = tmp_path / f"theirs.{ending}"
    {"jsonl": frame.write_ndjson, "csv": frame.write_csv, "parquet": frame.write_parquet}[ending](
        path
    )
    run = runners.score_predictions(path, "smoke", tmp_path / "run", name="Theirs", settings=QUICK)
    facts = read_json(run / "run.json")
    assert (facts["system"], facts["kind"]) == ("Theirs", "outputs")
    scores = pl.read_parquet(run / "scores.parquet").filter(metric="chrf")
    assert scores["score"].min() > 99.9


def test_outputs_that_do_not_fit_are_told(tmp_path: Path) -> None:
    def error(text: str, name: str = "p.jsonl") -> str:
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(IsoglossError) as caught:
            runners.score_predictions(path, "smoke", tmp_path / "run", name="x", settings=QUICK)
        return str(caught.value)

    assert "prediction" in error('{"id": "x"}\n')
    assert "is not" in error("{broken\n")
    assert "cannot be read (Parquet" in error("no parquet", "p.parquet")
    stranger = json.dumps({"id": "nope", "prediction": "x"}) + "\n"
    assert "nope" in error(stranger)
    with pytest.raises(IsoglossError, match="there is no"):
        runners.score_predictions(tmp_path / "none.csv", "smoke", tmp_path / "r", name="x")
    assert not (tmp_path / "run" / "run.json").exists()


def test_models_that_are_not_there_or_do_not_fit_are_told(
    causal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def error(model: str) -> IsoglossError:
        with pytest.raises(IsoglossError) as caught:
            runners.score(model, "smoke", tmp_path / "run", settings=QUICK)
        return caught.value

    assert "there is no model folder" in str(error("./nowhere"))
    assert "there is no file" in str(error(str(tmp_path / "x.gguf")))
    (tmp_path / "bad.gguf").write_bytes(b"GGUF but no more")
    assert "cannot be read as a GGUF" in str(error(str(tmp_path / "bad.gguf")))
    assert isinstance(error("org/model"), Unavailable)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no config.json" in str(error(str(empty)))
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    config = {"model_type": "bert", "architectures": ["BertForMaskedLM"]}
    (encoder / "config.json").write_text(json.dumps(config))
    (encoder / "pytorch_model.bin").write_bytes(b"\x80\x04")
    assert "Pickled weights are never loaded" in str(error(str(encoder)))
    (encoder / "model.safetensors").write_bytes(b"\x00" * 16)
    assert "does not generate text (BertForMaskedLM)" in str(error(str(encoder)))
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.json").write_text(json.dumps({"auto_map": {"AutoConfig": "evil.Config"}}))
    (own / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (own / "model.safetensors").write_bytes(b"\x00" * 16)
    assert "runs code of its own" in str(error(str(own)))
    assert not (tmp_path / "ran").exists()
    import psutil

    class Small:
        available = 1000

    monkeypatch.setattr(psutil, "virtual_memory", Small)
    assert "does not fit" in str(error(str(causal)))
    assert not (tmp_path / "run" / "run.json").exists()


def test_inspect_tells_a_models_size_and_how_it_cuts(causal: Path) -> None:
    found = runners.inspect(str(causal))
    assert found.family == "causal"
    assert found.vocabulary == 258
    cut = dict(found.languages.select("language", "tokens_per_character").rows())
    # One token a byte: Arabic takes about two a letter, Hindi three, Chinese three.
    assert cut["en"] == 1
    assert 1.5 < cut["ar"] <= 2
    assert 2.4 < cut["hi"] <= 3
    assert cut["zh-Hans"] > 2.5


def test_two_runs_of_different_suites_are_not_compared(corpus: Path, tmp_path: Path) -> None:
    one = runners.score("copy", "smoke", tmp_path / "one", settings=QUICK)
    two = runners.score("copy", f"corpus:{corpus}", tmp_path / "two", settings=QUICK)
    with pytest.raises(IsoglossError, match="answer different suites"):
        runners.compare_runs(one, two)
    same = runners.compare_runs(one, one, resamples=10)
    assert same["delta"].abs().max() == 0
    with pytest.raises(IsoglossError, match="is not a finished run"):
        runners.compare_runs(one, tmp_path)
