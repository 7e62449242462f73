"""The hub's own client against a server of ours: data sets and models by name and revision."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.hub_server import HubServer
from support.processes import run_forked

RECIPE = """
name = "fromhub"
languages = ["de", "fr"]
tasks = ["qa"]
[[sources]]
name = "asked"
kind = "huggingface"
dataset = "org/asked"
{revision}
config = {{ german = "de", french = "fr" }}
task = "qa"
columns = {{ input = "question", output = "answers.text", references = "answers.text", id = "id" }}
"""

CARD = """---
license: cc-by-4.0
configs:
- config_name: german
  data_files: german/*.parquet
- config_name: french
  data_files: french/*.parquet
---
# Asked
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    root = tmp_path / "hub"
    folder = root / "datasets" / "org" / "asked"
    rows = [
        {"id": str(n), "question": f"Frage {n}?", "answers": {"text": [f"Antwort {n}", f"A{n}"]}}
        for n in range(12)
    ]
    (folder / "german").mkdir(parents=True)
    (folder / "french").mkdir()
    pl.DataFrame(rows).write_parquet(folder / "german" / "train-0.parquet")
    french = [row | {"question": f"Question {row['id']} ?"} for row in rows]
    pl.DataFrame(french).write_parquet(folder / "french" / "train-0.parquet")
    (folder / "README.md").write_text(CARD)
    with HubServer(root) as server:
        yield server


def isogloss(hub: HubServer, home: Path, *arguments: str, **more: str) -> Any:
    return run_forked(arguments, env=hub.environment(home, **more))


def write(folder: Path, revision: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(revision=revision))
    return path


def test_a_data_set_of_the_hub_is_streamed_by_its_commit(hub: HubServer, tmp_path: Path) -> None:
    commit = hub.commit("datasets", "org/asked")
    recipe = write(tmp_path, f'revision = "{commit}"')
    out = tmp_path / "corpus"
    done = isogloss(hub, tmp_path / "home", "build", str(recipe), "--out", str(out))
    assert done.returncode == 0, done.stderr
    found = pl.concat(pl.read_parquet(path) for path in out.glob("data/*/*.parquet"))
    assert found.height == 24
    assert set(found["licence"]) == {"CC-BY-4.0"}
    assert found.filter(input="Frage 3?")["references"].item().to_list() == ["Antwort 3", "A3"]
    source = json.loads((out / "manifest.json").read_text())["sources"][0]
    assert source["version"] == commit


def test_json_of_the_hub_is_read_as_it_is_written(hub: HubServer, tmp_path: Path) -> None:
    folder = hub.folder("datasets", "org/asked")
    for language in ("german", "french"):
        (folder / language / "train-0.parquet").unlink()
        lines = [
            {"id": f"{language}{n}", "question": f"{language} {n}?", "answers": {"text": [answer]}}
            for n, answer in enumerate(["1911-02-12", 5, 2.5])
        ]
        text = "\n".join(json.dumps(line) for line in lines)
        (folder / language / "train-0.jsonl").write_text(text)
    (folder / "README.md").write_text(CARD.replace(".parquet", ".jsonl"))
    recipe = write(tmp_path, f'revision = "{hub.commit("datasets", "org/asked")}"')
    out = tmp_path / "corpus"
    done = isogloss(hub, tmp_path / "home", "build", str(recipe), "--out", str(out))
    assert done.returncode == 0, done.stderr
    found = pl.read_parquet(out / "data" / "fr" / "*.parquet").sort("source_id")
    assert found["output"].to_list() == ["1911-02-12", "5", "2.5"]


def test_what_the_hub_refuses_is_told(hub: HubServer, tmp_path: Path) -> None:
    out, home = str(tmp_path / "corpus"), tmp_path / "home"

    def error(revision: str, **more: str) -> str:
        done = isogloss(hub, home, "build", str(write(tmp_path, revision)), "--out", out, **more)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return str(done.stderr.strip().splitlines()[-1])

    assert "the revision is missing" in error("")
    assert "has no revision" in error(f'revision = "{"0" * 40}"')
    commit = f'revision = "{hub.commit("datasets", "org/asked")}"'
    assert "network is forbidden" in error(commit, ISOGLOSS_OFFLINE="1")
    hub.gated.add("org/asked")
    assert "gated" in error(commit)
    hub.gated.clear()
    shutil.move(hub.folder("datasets", "org/asked"), tmp_path / "away")
    assert "there is no data set 'org/asked'" in error(commit)
    assert not (tmp_path / "corpus" / "manifest.json").exists()


def model(folder: Path) -> None:
    """Write a tiny model into a repository of the hub."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    inner = Tokenizer(
        models.WordLevel({"<unk>": 0, "<eos>": 1, "<pad>": 2, "Good": 3}, unk_token="<unk>")
    )
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    cut = PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="<unk>", eos_token="<eos>", pad_token="<pad>"
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=4, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=1, num_key_value_heads=1, eos_token_id=1, pad_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    cut.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")


def test_a_model_of_the_hub_is_scored_by_name_and_then_without_network(
    hub: HubServer, tmp_path: Path
) -> None:
    model(hub.folder("models", "org/tiny"))
    # A pickle beside the weights: it must not even be fetched.
    (hub.folder("models", "org/tiny") / "pytorch_model.bin").write_bytes(b"\x80\x04evil")
    home, out = tmp_path / "home", tmp_path / "run"
    command = ["score", "org/tiny", "--suite", "smoke", "--limit", "1", "--max-new-tokens", "4",
               "--metric", "chrf"]  # fmt: skip
    done = isogloss(hub, home, *command, "--out", str(out), "--resamples", "5")
    assert done.returncode == 0, done.stderr
    facts = json.loads((out / "run.json").read_text())
    assert facts["revision"] == hub.commit("models", "org/tiny")
    assert facts["licence"] == "mit"
    assert not [asked for asked in hub.requests if asked.endswith("pytorch_model.bin")]
    hub.requests.clear()
    again = isogloss(hub, home, "--offline", *command, "--out", str(tmp_path / "again"))
    assert again.returncode == 0, again.stderr
    assert hub.requests == []
    nothing = isogloss(hub, home, "score", "org/none", "--suite", "smoke", "--out", str(out))
    assert nothing.returncode == 2
    assert "there is no model 'org/none'" in nothing.stderr


ONE_FILE = """
name = "onefile"
languages = ["de"]
tasks = ["qa"]
[[sources]]
name = "asked"
kind = "files"
path = "hub:org/asked@main/{path}"
language = "de"
licence = "CC-BY-4.0"
task = "qa"
columns = {{ input = "question", output = "answers.text", id = "id" }}
"""


def test_a_single_file_of_the_hub_is_told_with_its_commit(hub: HubServer, tmp_path: Path) -> None:
    recipe, home = tmp_path / "recipe.toml", tmp_path / "home"
    recipe.write_text(ONE_FILE.format(path="german/train-0.parquet"))
    done = isogloss(hub, home, "build", str(recipe), "--out", str(tmp_path / "corpus"))
    assert done.returncode == 0, done.stderr
    (source,) = json.loads((tmp_path / "corpus" / "manifest.json").read_text())["sources"]
    assert source["version"] == hub.commit("datasets", "org/asked")
    assert source["rows"] == 12
    again = isogloss(
        hub, home, "--offline", "build", str(recipe), "--frozen", "--out", str(tmp_path / "again")
    )
    assert again.returncode == 0, again.stderr
    recipe.write_text(ONE_FILE.format(path="none.parquet"))
    absent = isogloss(hub, home, "build", str(recipe), "--out", str(tmp_path / "none"))
    assert absent.returncode == 2
    assert "org/asked has no file 'none.parquet'" in absent.stderr
    assert "Traceback" not in absent.stderr
