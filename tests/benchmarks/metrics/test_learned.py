"""Metrics with a model of their own, where the model is found, and COMET.

COMET is asked through a stand-in for its package; and for real, with a tiny model of random weights,
where ``$ISOGLOSS_COMET_PYTHON`` names a Python that has it. For BERTScore see test_bertscore.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.hub_server import HubServer

import benchmarks
from benchmarks.catalog import list_metrics
from benchmarks.metrics import _comet, _learned, comet
from benchmarks.metrics._base import Segments
from isogloss.errors import IsoglossError, Unavailable
from isogloss.records import SCHEMA, with_ids


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """Forget models between tests."""
    yield
    _learned.model_of.cache_clear()
    _comet.comet_of.cache_clear()


def test_they_are_computed_only_where_they_are_named() -> None:
    metrics = list_metrics()
    assert metrics["comet"].on_request
    assert metrics["comet"].tasks == ("translation",)
    assert metrics["bertscore"].on_request
    assert metrics["bertscore"].tasks == ("summarization",)


def test_finding_them_imports_neither_package() -> None:
    code = (
        "import sys, benchmarks; benchmarks.list_metrics(); "
        "print([name for name in ('comet', 'bert_score', 'torch') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert told.strip() == "[]"


FAKE_COMET = """
import json, math, pathlib, types

class Model:
    def __init__(self, folder):
        self.folder = folder

    def requires_references(self):
        return (self.folder / "hparams.yaml").read_text().find("kiwi") < 0

    def predict(self, samples, batch_size=16, gpus=1, progress_bar=True):
        print("libraries print what they like")
        with (self.folder / "asked.jsonl").open("a") as file:
            told = {"samples": samples, "batch_size": batch_size, "gpus": gpus}
            file.write(json.dumps(told) + "\\n")
        if samples[0]["mt"] == "fail":
            raise RuntimeError("no such luck\\nsecond line")
        known = {"exact": 1.0, "nothing": math.nan}
        scores = [
            0.9 if sample.get("ref") == sample["mt"] else known.get(sample["mt"], 0.25)
            for sample in samples
        ]
        return types.SimpleNamespace(scores=scores, system_score=sum(scores) / len(scores))

def load_from_checkpoint(path, reload_hparams=False, strict=False, local_files_only=False):
    assert local_files_only
    return Model(pathlib.Path(path).parents[1])
"""


@pytest.fixture
def comet_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a Python with stand-ins for unbabel-comet and torch; COMET is asked there."""
    folder = tmp_path / "comet env"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "comet.py").write_text(FAKE_COMET)
    (packages / "torch.py").write_text(
        "import types\ncuda = types.SimpleNamespace(is_available=lambda: False)\n"
    )
    info = packages / "unbabel_comet-9.8.7.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unbabel-comet\nVersion: 9.8.7\n")
    monkeypatch.setenv(_comet.PYTHON, str(folder / "bin" / "python"))
    return folder


@pytest.fixture
def comet_model(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny-comet"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "model.ckpt").write_bytes(b"weights")
    encoder = tmp_path / "encoder"
    encoder.mkdir()
    (encoder / "config.json").write_text("{}")
    (folder / "hparams.yaml").write_text(f"pretrained_model: {encoder}\n")
    return folder


def asked_of(model: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (model / "asked.jsonl").read_text().splitlines()]


def segments(**more: Any) -> Segments:
    given: dict[str, Any] = {
        "answers": ["Haus", "nothing", "x", "exact"],
        "references": [["Haus", "Heim"], ["y"], ["y"], ["y"]],
        "language": "de",
        "inputs": ["house", "b", " ", "d"],
    }
    return Segments(**(given | more))


def test_comet_is_the_mean_over_references_of_what_has_a_source_and_a_score(
    comet_python: Path, comet_model: Path
) -> None:
    options = comet.Options(model=str(comet_model), batch_size=3)
    found = comet.statistics(segments(), options)
    assert found.tolist() == [[pytest.approx((0.9 + 0.25) / 2), 1], [0, 0], [0, 0], [1, 1]]
    assert comet.combine(found.sum(axis=0)) == pytest.approx(100 * (0.575 + 1) / 2)
    (asked,) = asked_of(comet_model)
    assert (asked["batch_size"], asked["gpus"]) == (3, 0)
    assert asked["samples"] == [
        {"src": "house", "mt": "Haus", "ref": "Haus"},
        {"src": "house", "mt": "Haus", "ref": "Heim"},
        {"src": "b", "mt": "nothing", "ref": "y"},
        {"src": "d", "mt": "exact", "ref": "y"},
    ]


def test_comet_signs_with_model_revision_and_version(comet_python: Path, comet_model: Path) -> None:
    told = comet.signature("de", comet.Options(model=str(comet_model)))
    revision = _learned.sha256_file(comet_model / "checkpoints" / "model.ckpt")[:16]
    assert told == (
        f"comet|model:tiny-comet|revision:{revision}|refs:mean|x100|unbabel-comet:9.8.7"
    )


def test_a_comet_without_references_gets_none(comet_python: Path, comet_model: Path) -> None:
    with (comet_model / "hparams.yaml").open("a") as file:
        file.write("class_identifier: kiwi\n")
    options = comet.Options(model=str(comet_model))
    assert comet.statistics(segments(), options)[0].tolist() == [0.25, 1]
    assert asked_of(comet_model)[0]["samples"][0] == {"src": "house", "mt": "Haus"}
    assert "refs:none" in comet.signature("de", options)


def test_score_asks_comet_once_for_each_segment(comet_python: Path, comet_model: Path) -> None:
    rows = [
        {
            "task": "translation",
            "language": "de",
            "source_language": source,
            "input": f"{source}{n}",
        }
        | {"references": ["Haus"]}
        for source in ("en", "fr")
        for n in range(3)
    ]
    records = with_ids(pl.DataFrame(rows, schema=SCHEMA))
    scores = benchmarks.score(
        records.select("id", prediction=pl.lit("Haus")),
        records,
        metrics=["comet"],
        options={"comet": {"model": str(comet_model)}},
        resamples=10,
    )
    assert scores.height == 4  # German, from English, from French, and the mean of languages
    assert scores["score"].to_list() == [pytest.approx(90)] * 4
    assert len(asked_of(comet_model)) == 1


def test_what_goes_wrong_in_comet_is_told_in_one_line(
    comet_python: Path, comet_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = comet.Options(model=str(comet_model))
    with pytest.raises(IsoglossError, match=r"COMET failed \(RuntimeError: no such luck\)"):
        comet.statistics(segments(answers=["fail"] * 4), options)
    with pytest.raises(IsoglossError, match="ended without an answer"):
        comet.statistics(segments(), options)
    _comet.comet_of.cache_clear()
    monkeypatch.setenv(_comet.PYTHON, "/no/such/python")
    with pytest.raises(IsoglossError, match=r"'/no/such/python' does not run"):
        comet.statistics(segments(), options)


def test_without_comet_the_error_says_how_to_get_it(comet_python: Path, comet_model: Path) -> None:
    next(comet_python.glob("lib/python*/site-packages/comet.py")).unlink()
    with pytest.raises(Unavailable, match=r"cannot import unbabel-comet.*pip install") as told:
        comet.statistics(segments(), comet.Options(model=str(comet_model)))
    assert _comet.PYTHON in str(told.value)
    assert "\n" not in str(told.value)


def test_a_folder_that_is_no_comet_model_is_told(comet_model: Path, tmp_path: Path) -> None:
    (comet_model / "hparams.yaml").write_text("- 1\n")
    with pytest.raises(IsoglossError, match="is not a COMET model"):
        comet.signature("de", comet.Options(model=str(comet_model)))
    with pytest.raises(IsoglossError, match=r"holds no file checkpoints/\*\.ckpt"):
        comet.signature("de", comet.Options(model=str(tmp_path)))


def test_offline_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOGLOSS_OFFLINE", "1")
    with pytest.raises(Unavailable, match=r"'org/none' is not.* in the cache.*--offline"):
        comet.signature("de", comet.Options(model="org/none"))


def test_a_fetch_is_said_and_done_once(tmp_path: Path, comet_model: Path) -> None:
    repository = tmp_path / "hub" / "models" / "org" / "tiny"
    repository.parent.mkdir(parents=True)
    comet_model.rename(repository)
    (repository / "unwanted.bin").write_bytes(b"no")
    code = """
        from benchmarks.metrics._learned import model_of
        for _ in range(2):
            found = model_of("org/tiny", None, weights="checkpoints/*.ckpt",
                             beside=("hparams.yaml",), where="here")
            model_of.cache_clear()
        files = sorted(path.name for path in found.folder.rglob("*") if path.is_file())
        print(found.name, found.revision, files)
        model_of("org/none", None, weights="*.ckpt", beside=(), where="here")
    """
    with HubServer(tmp_path / "hub") as hub:
        told = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env=hub.environment(tmp_path / "home"), capture_output=True, text=True,
        )  # fmt: skip
        commit = hub.commit("models", "org/tiny")
    assert told.stdout == f"org/tiny {commit} ['hparams.yaml', 'model.ckpt']\n"
    assert told.stderr.count("fetching org/tiny from the Hugging Face hub") == 1
    assert "here: there is no model 'org/none'" in told.stderr.splitlines()[-1]


# Run where COMET is: a model of its smallest shape, with random weights.
MAKE_COMET = """
import pathlib, sys, torch, yaml
import pytorch_lightning
from comet.models import RegressionMetric
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import XLMRobertaConfig, XLMRobertaModel, XLMRobertaTokenizerFast

encoder, folder = map(pathlib.Path, sys.argv[1:])
pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz", "<mask>"]
inner = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=3))
inner.pre_tokenizer = pre_tokenizers.Metaspace()
inner.post_processor = processors.TemplateProcessing(
    single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
)
XLMRobertaTokenizerFast(tokenizer_object=inner, model_max_length=64).save_pretrained(encoder)
torch.manual_seed(0)
config = XLMRobertaConfig(
    vocab_size=len(pieces), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=32, max_position_embeddings=66,
)
XLMRobertaModel(config).save_pretrained(encoder)
model = RegressionMetric(pretrained_model=str(encoder), hidden_sizes=[8, 4])
trainer = pytorch_lightning.Trainer(logger=False, accelerator="cpu", enable_checkpointing=False)
trainer.strategy.connect(model)
(folder / "checkpoints").mkdir(parents=True)
trainer.save_checkpoint(folder / "checkpoints" / "model.ckpt", weights_only=True)
(folder / "hparams.yaml").write_text(yaml.safe_dump(dict(model.hparams)))
"""

ASK_COMET = """
import json, sys
from comet import load_from_checkpoint
model = load_from_checkpoint(sys.argv[1] + "/checkpoints/model.ckpt")
samples = json.loads(sys.argv[2])
print(json.dumps(model.predict(samples, batch_size=2, gpus=0, progress_bar=False).scores))
"""


def test_comet_for_real(tmp_path: Path) -> None:
    python = os.environ.get(_comet.PYTHON)
    if not python:
        pytest.skip(f"SKIPPED LOUDLY: no Python with COMET (set {_comet.PYTHON})")
    folder = tmp_path / "tiny"
    subprocess.run(
        [python, "-c", MAKE_COMET, tmp_path / "encoder", folder], check=True, capture_output=True
    )
    asked = Segments(
        ["a house", "", "long " * 200],
        [["the house", "home"], ["x"], ["long"]],
        "en",
        inputs=["ein haus", "nichts", "lang"],
    )
    options = comet.Options(model=str(folder), batch_size=2)
    found = comet.statistics(asked, options)
    told = zip(asked.inputs, asked.answers, asked.references, strict=True)
    samples = [{"src": s, "mt": a, "ref": one} for s, a, refs in told for one in refs]
    theirs = subprocess.run(
        [python, "-c", ASK_COMET, folder, json.dumps(samples)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    first, second, *others = json.loads(theirs.stdout.splitlines()[-1])
    assert found[:, 0].tolist() == pytest.approx([(first + second) / 2, *others], abs=1e-6)
    assert found[:, 1].tolist() == [1, 1, 1]
    assert "unbabel-comet:2" in comet.signature("en", options)


def test_a_checkpoint_that_would_run_something_does_not(tmp_path: Path) -> None:
    python = os.environ.get(_comet.PYTHON)
    if not python:
        pytest.skip(f"SKIPPED LOUDLY: no Python with COMET (set {_comet.PYTHON})")
    folder, mark = tmp_path / "tiny", tmp_path / "ran"
    subprocess.run(
        [python, "-c", MAKE_COMET, tmp_path / "encoder", folder], check=True, capture_output=True
    )
    evil = f"""
import pathlib, torch
class Evil:
    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path({str(mark)!r}),)
path = {str(folder / "checkpoints" / "model.ckpt")!r}
held = torch.load(path, weights_only=True)
torch.save(held | {{"evil": Evil()}}, path)
"""
    subprocess.run([python, "-c", evil], check=True, capture_output=True)
    with pytest.raises(IsoglossError, match=r"COMET failed \(UnpicklingError: Weights only"):
        comet.signature("en", comet.Options(model=str(folder)))
    assert not mark.exists()
