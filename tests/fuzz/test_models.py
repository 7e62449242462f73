"""Files of other people's model folders, damaged: the model answers, or is refused in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.fuzz import MANY, Reader, at, each_quick_and_many
from support.models import tokenizer, write_causal

from runners.loading.chat import open_chat
from runners.loading.huggingface import parameter_count
from runners.models import load_model
from runners.settings import GenerationSettings
from runners.systems import LoadOptions, Prompt

SHORT = GenerationSettings(max_new_tokens={"qa": 3}, batch_size=2)
PROMPTS = [Prompt("1", "qa", "de", None, "Wer?", "Wer?")]
TEMPLATE = b"""{% if messages[0]['role'] == 'system' %}<s>{{ messages[0]['content'] }}{% endif %}
{%- for m in messages if m['role'] != 'system' %}<{{ m['role'] }}>{{ m['content'] | trim }}{% endfor %}
{%- if add_generation_prompt %}<assistant>{% endif %}"""

# To load a model is dear.
each_few_and_many = pytest.mark.parametrize(
    "examples", [3, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"]
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_causal(tmp_path_factory.mktemp("causal"))


@pytest.fixture
def model(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "model"))


@each_few_and_many
@pytest.mark.parametrize(
    "name", ["config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json"]
)
def test_a_damaged_file_of_a_model(name: str, examples: int, model: Path) -> None:
    path = model / name

    def read() -> None:
        loaded = load_model(str(model), LoadOptions(generation=SHORT))
        assert len(loaded.generate(PROMPTS, SHORT)) == 1

    sound = json.dumps(json.loads(path.read_bytes())).encode()
    Reader(name, "json", sound, at(path, read)).fuzz(examples)


@each_few_and_many
@pytest.mark.parametrize("name", ["safetensors", "safetensors header"])
def test_damaged_weights(name: str, examples: int, model: Path) -> None:
    path = model / "model.safetensors"
    content = path.read_bytes()
    size = 8 + int.from_bytes(content[:8], "little")

    def read() -> None:
        load_model(str(model), LoadOptions(generation=SHORT))

    def written(header: bytes) -> None:
        """The header's length is the true one here, so that what is in it is read."""
        path.write_bytes(len(header).to_bytes(8, "little") + header + content[size:])
        parameter_count(model)
        read()

    whole = name == "safetensors"
    Reader(
        name, "bytes" if whole else "json", content if whole else content[8:size].strip(),
        at(path, read) if whole else written,
    ).fuzz(examples)  # fmt: skip


@each_quick_and_many
def test_a_damaged_chat_template(examples: int) -> None:
    cut = tokenizer()

    def read(content: bytes) -> None:
        cut.chat_template = content.decode("utf-8", "replace")
        open_chat(cut, "Antworte kurz.", "model x").prompt("Wer?")

    Reader("chat template", "jinja", TEMPLATE, read).fuzz(examples)
