"""Files that users write by hand, tags, and what models answer, damaged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fuzz import Reader, at, each_quick_and_many

import benchmarks
from benchmarks import reasoning
from benchmarks.suites import file as suitefile
from benchmarks.tasks import code
from benchmarks.tasks._fences import fenced
from builders.recipe import load_recipe
from builders.templates.loading import load_templates
from isogloss.jsonfiles import parse_json
from isogloss.languages import canonical, describe, flores_codes, from_locale
from isogloss.settings import parse_toml, read_toml
from runners.grid import load_plan

RECIPE = b"""name = "tiny"
languages = ["de", "zh-Hans"]
tasks = ["translation", "qa"]
seed = 3
[[sources]]
name = "ours"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = { input = "en", output = "text", language = "lang" }
source_language = "en"
licence = "CC0-1.0"
limit = 5
[[filters]]
name = "length"
max_chars = 40
[mixture]
budget = 50
[split]
test = 0.3
[[run.systems]]
name = "copy"
model = "copy"
[[run.systems]]
name = "base"
model = "org/model"
[[run.systems]]
name = "tuned"
base = "base"
tune = { max_steps = 3, learning_rate = 0.001 }
[run]
resamples = 20
"""
TEMPLATES = b"""task = "translation"
version = "1"
[[templates]]
id = "de-1"
language = "de"
kind = "plain"
instruction = "Translate into {target_language}:"
input = "{input}"
"""
SUITE = b"""name = "s"
version = "1"
description = "d"
licence = "CC0-1.0"
records = "s.jsonl"
languages = ["de"]
[metrics.bleu]
tokenizer = "13a"
"""
RECORDS = b"".join(
    json.dumps({"task": "translation", "language": "de", "source_language": "en", "instruction_language": "en",
                "instruction": "Translate:", "input": f"word {n}", "output": f"Wort {n}", "references": ["a"],
                "source_id": f"s#{n}"}).encode() + b"\n"
    for n in range(3)
)  # fmt: skip
ANSWER = b"""<think>So we add.</think>Here it is:

```python
def f(x):
    return x + 1
```

~~~
f(2)
~~~
It adds one.
"""
ASKED = 'def f(x):\n    """Add one."""\n'


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _plan(folder: Path) -> Callable[[], object]:
    def read() -> object:
        path = folder / "plan.toml"
        table = read_toml(path).get("run", {})
        return load_plan(table, where=str(path), folder=folder)

    return read


def _tag(content: bytes) -> None:
    text = _text(content)
    from_locale(text)
    describe(canonical(text))
    flores_codes(text)


def _toml(content: bytes) -> None:
    json.dumps(parse_toml(_text(content), where="x"), default=str)


def _json(content: bytes) -> None:
    json.dumps(parse_json(_text(content), where="x")).encode()


def _code(content: bytes) -> None:
    code.read_answer(_text(content), given=ASKED)


def _fences(content: bytes) -> None:
    fenced(_text(content))


def _reasoning(content: bytes) -> None:
    text = _text(content)
    before, answer = reasoning.split(text, "What is 1 + 1?")
    assert Counter(before + answer) <= Counter(text), "nothing is there twice, nor made up"
    reasoning.begun(text)


TEXTS: dict[str, tuple[str, bytes, Callable[[bytes], object]]] = {
    "TOML": ("toml", RECIPE, _toml),
    "JSON": ("json", RECORDS.splitlines()[0], _json),
    "language tags and locales": ("tag", b"zh-Hant-TW", _tag),
    "code in an answer": ("answer", ANSWER, _code),
    "fences": ("answer", ANSWER, _fences),
    "reasoning in an answer": ("answer", ANSWER, _reasoning),
    "reasoning in channels": (
        "answer", b"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>2", _reasoning,
    ),
}  # fmt: skip


@each_quick_and_many
@pytest.mark.parametrize("name", TEXTS)
def test_a_damaged_text(name: str, examples: int) -> None:
    Reader(name, *TEXTS[name]).fuzz(examples)


@each_quick_and_many
@pytest.mark.parametrize("name", ["recipe", "templates", "plan", "suite", "records of a suite"])
def test_a_damaged_file_of_a_user(name: str, examples: int, tmp_path: Path) -> None:
    for file, content in (
        ("pairs.csv", b"en,text,lang\na,b,de\n"),
        ("s.jsonl", RECORDS),
        ("s.toml", SUITE),
    ):
        (tmp_path / file).write_bytes(content)
    file, kind, sound, read = {
        "recipe": ("r.toml", "toml", RECIPE, lambda: load_recipe(tmp_path / "r.toml")),
        "templates": ("t.toml", "toml", TEMPLATES, lambda: load_templates([tmp_path / "t.toml"])),
        "plan": ("plan.toml", "toml", RECIPE, _plan(tmp_path)),
        "suite": ("s.toml", "toml", SUITE, lambda: suitefile.read(tmp_path / "s.toml")),
        "records of a suite": (
            "s.jsonl", "json", RECORDS, lambda: benchmarks.load_suite(str(tmp_path / "s.toml"))),
    }[name]  # fmt: skip
    Reader(name, kind, sound, at(tmp_path / file, read)).fuzz(examples)
