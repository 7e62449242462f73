"""Model folders of others: broken, lying or hostile files are one error, and never a wrong answer."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import runners
from isogloss.errors import IsoglossError
from runners.loading import huggingface as hf
from runners.loading.chat import open_chat
from runners.models import load_model
from runners.settings import GenerationSettings
from runners.systems import LoadOptions, Prompt

SHORT = GenerationSettings(max_new_tokens={"qa": 3}, batch_size=2)
PROMPTS = [Prompt("1", "qa", "de", None, "Wer?", "Wer?")]

GEMMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"
)
SILENT = "{% for m in messages %}{% if m['role'] == 'user' %}<u>{{ m['content'] }}{% endif %}{% endfor %}"
PARTS = (
    "{% for m in messages %}{% for part in m['content'] %}{% if part['type'] == 'text' %}"
    "{{ part['text'] }}{% endif %}{% endfor %}{% endfor %}"
)
WHOLE = "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}"


@pytest.fixture
def model(causal: Path, tmp_path: Path) -> Path:
    return shutil.copytree(causal, tmp_path / "model")


def templated(folder: Path, template: str) -> Any:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = template
    return tokenizer


# -- chat templates ------------------------------------------------------------------------------


@pytest.mark.parametrize("template", [GEMMA, SILENT])
def test_a_system_message_that_a_template_does_not_take_heads_the_prompt(
    template: str, causal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chat = open_chat(templated(causal, template), "Antworte kurz.", "model x")
    assert "Antworte kurz.\n\nWer?" in chat.prompt("Wer?")
    assert capsys.readouterr().err.count("takes no system message") == 1
    # Nothing is lost where the message is empty, and nothing is said.
    assert open_chat(templated(causal, template), "", "model x").prompt("Wer?").endswith(">Wer?")
    assert not capsys.readouterr().err


def test_a_system_message_that_a_template_takes_is_its_own(causal: Path) -> None:
    chat = open_chat(templated(causal, WHOLE), "Kurz.", "model x")
    assert chat.prompt("Wer?") == "<system>Kurz.<user>Wer?"
    assert open_chat(templated(causal, WHOLE), None, "model x").prompt("Wer?") == "<user>Wer?"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        (PARTS, "gives an empty prompt"),
        ("<user>{{ messages | length }}", "leaves out what is asked"),
        ("{% for m in messages %}", "cannot be used"),
        ("{{ messages[0].content.nothing.more }}", "cannot be used"),
        ("{{ raise_exception('never') }}", "cannot be used (never)"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "cannot be used"),
        ("{{ 'x' * 10 ** 12 }}", "cannot be used"),
    ],
)
def test_a_template_of_no_use_is_said_before_anything_is_answered(
    template: str, problem: str, model: Path, tmp_path: Path
) -> None:
    (model / "chat_template.jinja").write_text(template)
    with pytest.raises(IsoglossError) as raised:
        runners.score(str(model), "smoke", tmp_path / "run")
    assert problem in str(raised.value) and "\n" not in str(raised.value)
    assert not (tmp_path / "run" / "predictions").exists()


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for a in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    ],
)
def test_a_template_that_does_not_end_is_stopped(template: str, causal: Path) -> None:
    began = time.monotonic()
    with pytest.raises(IsoglossError, match=r"does not end|cannot be used"):
        open_chat(templated(causal, template), None, "model x", seconds=0.3)
    assert time.monotonic() - began < 20


def test_a_prompt_of_no_tokens_is_an_error(causal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: Any = load_model(str(causal), LoadOptions(generation=SHORT))
    monkeypatch.setattr(hf, "tokens_of", lambda *_, **__: [])
    with pytest.raises(IsoglossError, match="makes nothing of the prompt of record 1"):
        loaded.generate(PROMPTS, SHORT)


# -- weights -------------------------------------------------------------------------------------


def header(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write a safetensors file's header anew, changed."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    told = json.loads(data[8 : 8 + length])
    change(told)
    text = json.dumps(told).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def first(told: dict[str, Any]) -> dict[str, Any]:
    return next(entry for name, entry in told.items() if name != "__metadata__")


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: os.truncate(path, path.stat().st_size // 2),
        lambda path: os.truncate(path, 4),
        lambda path: os.truncate(path, 0),
        lambda path: path.write_bytes((1 << 62).to_bytes(8, "little") + b"{}"),
        lambda path: path.write_bytes(b"\x05" + bytes(7) + b"[[[[[" + bytes(50)),
        lambda path: header(path, lambda told: first(told).update(shape=[10**12, 10**6])),
        lambda path: header(path, lambda told: first(told).update(shape=["x"])),
        lambda path: header(path, lambda told: first(told).update(dtype="F99")),
        lambda path: header(path, lambda told: first(told).update(data_offsets=[0, 10**12])),
        lambda path: header(path, lambda told: told.clear()),
    ],
)
def test_weights_cut_short_or_with_a_lying_header_are_refused(
    harm: Callable[[Path], None], model: Path
) -> None:
    harm(model / "model.safetensors")
    for use in (
        lambda: load_model(str(model), LoadOptions(generation=SHORT)),
        lambda: runners.inspect(str(model)),
    ):
        with pytest.raises(IsoglossError, match=r"model\.safetensors.* weights"):
            use()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_pointer_of_git_lfs_is_no_file_of_a_model(name: str, model: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n"
    (model / name).write_text(pointer)
    with pytest.raises(IsoglossError, match=rf"{name} is a Git LFS pointer.*git lfs pull"):
        load_model(str(model), LoadOptions(generation=SHORT))


@pytest.mark.parametrize("part", ["../model.safetensors", "/etc/passwd", "gone.safetensors", 7])
def test_an_index_of_weights_names_files_of_its_folder(part: Any, model: Path) -> None:
    shutil.move(model / "model.safetensors", model / "model-00001-of-00001.safetensors")
    index = {"metadata": {}, "weight_map": {"lm_head.weight": part}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(IsoglossError, match=r"model\.safetensors\.index\.json"):
        load_model(str(model), LoadOptions(generation=SHORT))


def test_parameters_are_counted_in_the_files_that_are_loaded(model: Path) -> None:
    count = runners.inspect(str(model)).parameters
    # Some folders hold the same weights again, in another layout.
    shutil.copy(model / "model.safetensors", model / "consolidated.safetensors")
    assert runners.inspect(str(model)).parameters == count == load_model(
        str(model), LoadOptions(generation=SHORT)
    ).facts.parameters  # fmt: skip


def test_a_pickled_adapter_is_never_loaded(causal: Path, corpus: Path, tmp_path: Path) -> None:
    tuned = runners.tune(
        str(causal), corpus, tmp_path / "tuned", settings=runners.TuneSettings(max_steps=1)
    )
    (tuned / "model" / "adapter_model.safetensors").rename(tuned / "model" / "adapter_model.bin")
    with pytest.raises(IsoglossError) as raised:
        load_model(str(tuned), LoadOptions(generation=SHORT))
    assert "adapter_model" in str(raised.value)


def test_an_adapter_beside_weights_is_not_taken_for_them(model: Path) -> None:
    (model / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    with pytest.raises(IsoglossError, match="holds an adapter beside its weights"):
        load_model(str(model), LoadOptions(generation=SHORT))


# -- configurations and tokenizers ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("text", ["", "[]", "7", "null", "{", "[" * 100_000, '{"a": ' * 100_000])
def test_a_file_that_is_no_table_is_one_error(name: str, text: str, model: Path) -> None:
    (model / name).write_text(text)
    with pytest.raises(IsoglossError) as raised:
        load_model(str(model), LoadOptions(generation=SHORT))
    assert "\n" not in str(raised.value)
