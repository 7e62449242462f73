"""Plans: what a recipe's [run] may say, and that all of it is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import runners
from isogloss.errors import IsoglossError
from isogloss.files import read_json
from runners.grid import Plan


def load(*systems: dict[str, Any], folder: Path = Path("/r"), **more: Any) -> Plan:
    return runners.load_plan({"systems": list(systems), **more}, where="r.toml", folder=folder)


def test_kinds_bases_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "a").mkdir(parents=True)
    (tmp_path / "theirs.csv").touch()
    (tmp_path / "little.gguf").touch()
    monkeypatch.chdir(tmp_path)
    plan = load(
        {"name": "Copy", "model": "copy"},
        {"name": "A", "model": "./models/a", "licence": "MIT"},
        {"name": "A tuned", "base": "A", "tune": {"max_steps": 3}},
        {"name": "Theirs", "model": "outputs:theirs.csv"},
        {"name": "Hub", "model": "org/name"},
        {"name": "Wheel", "model": "pypi:x==1/y.gguf"},
        {"name": "Little", "model": "little.gguf"},
        {"name": "Many", "model": "outputs:models/{task}/{language}.txt"},
        folder=Path(),
    )
    assert [one.kind for one in plan.systems] == [
        "reference", "base", "tuned", "outputs", "base", "base", "base", "outputs",
    ]  # fmt: skip
    assert [one.model for one in plan.systems] == [
        "copy", f"{tmp_path}/models/a", f"{tmp_path}/models/a", f"outputs:{tmp_path}/theirs.csv",
        "org/name", "pypi:x==1/y.gguf", f"{tmp_path}/little.gguf",
        f"outputs:{tmp_path}/models/{{task}}/{{language}}.txt",
    ]  # fmt: skip
    assert plan.systems[2].licence == "MIT"
    assert plan.systems[2].base == "A"


@pytest.mark.parametrize(
    ("systems", "told"),
    [
        ([{"name": "A"}], "which model this is, or which system"),
        ([{"name": "A", "model": "copy", "base": "B"}], "which model this is, or which system"),
        ([{"name": "A", "model": "x/y", "tune": {}}], "tune needs a base"),
        ([{"name": "A", "base": "B", "tune": {}}], "no model above is named 'B'"),
        ([{"name": "A", "model": "copy"}, {"name": "A", "model": "copy"}], "two systems are named"),
        ([{"name": "A", "modle": "copy"}], "unknown key 'modle'"),
        ([{"name": "A", "base": "B", "tune": {"method": "qlora"}}], "method"),
        ([], "systems"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(systems: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(IsoglossError, match=told) as caught:
        load(*systems)
    assert "r.toml: run" in str(caught.value)


def test_every_system_is_tuned_scored_and_left_alone_when_done(
    causal: Path, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = load(
        {"name": "Copy", "model": "copy"},
        {"name": "Tiny", "model": str(causal), "licence": "MIT"},
        {"name": "Tiny, tuned", "base": "Tiny", "tune": {"max_steps": 2, "rank": 2}},
        resamples=10,
        generation={"max_new_tokens": {"translation": 4}},
    )
    runs = runners.execute(plan, corpus, tmp_path)
    facts = [read_json(run / "run.json") for run in runs]
    assert [one["system"] for one in facts] == ["Copy", "Tiny", "Tiny, tuned"]
    assert [one["kind"] for one in facts] == ["reference", "base", "tuned"]
    assert facts[2]["base"] == "Tiny"
    assert facts[1]["licence"] == facts[2]["licence"] == "MIT"
    assert len({one["suite"]["sha256"] for one in facts}) == 1
    capsys.readouterr()
    times = [(run / "run.json").stat().st_mtime_ns for run in runs]
    assert list(runners.execute(plan, corpus, tmp_path)) == list(runs)
    assert capsys.readouterr().err.count("is up to date") == 4
    assert [(run / "run.json").stat().st_mtime_ns for run in runs] == times
