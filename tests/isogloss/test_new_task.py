"""A fifth task: a file of templates and a module under an entry point, and no list to edit."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
import yaml
from support.command import command, done, wrong

import benchmarks
import builders
import runners
from builders.templates.loading import template_tasks
from isogloss.errors import IsoglossError
from isogloss.plugins import discover

TASK = '''
"""Titles: a line that a text could stand under."""

LABEL = "Titles"
DESCRIPTION = "a title for a text"
MAIN = "titles_exact"
METRICS = ("rouge1", "wrong_script")
PROMPT = "the instruction, a blank line, the text"
ANSWER = "its first word"
RIGHT = "it is the reference"


def read_answer(text, *, given=""):
    return text.split()[0] if text.split() else ""
'''
METRIC = '''
"""A metric of the new task."""

import numpy as np

LABEL = "exact"
DESCRIPTION = "share of titles that are the reference"
UNIT = "%"
TASKS = ("titles",)
HIGHER_IS_BETTER = True


def statistics(segments, options):
    pairs = zip(segments.answers, segments.references)
    return np.asarray([[float(answer in accepted), 1.0] for answer, accepted in pairs])


def combine(sums):
    return 100.0 * sums[..., 0] / sums[..., 1]


def signature(language, options):
    return "titles_exact|v1"
'''
TEMPLATES = """
version = "1"
task = "titles"

[[templates]]
id = "en-1"
language = "en"
instruction = "Give this {source_language} text a title in {target_language}:"

[[templates]]
id = "de-1"
language = "de"
instruction = "Finde einen Titel:"
"""
RECIPE = """
name = "titled"
languages = ["de", "en"]
tasks = ["titles", "qa"]
templates = ["titles.toml"]
[split]
test = 0.5
validation = 0
[mixture]
train = { titles = 100 }
[[sources]]
name = "texts"
kind = "files"
path = "texts.jsonl"
licence = "CC0-1.0"
task = "titles"
source_language = "de"
columns = { input = "text", output = "title", language = "tag" }
[[filters]]
name = "length"
tasks = ["titles"]
"""
SUITE = """
name = "titles"
version = "1"
description = "Titles"
licence = "CC0-1.0"
languages = ["de", "en"]
templates = ["titles.toml"]
data = "."
[[local]]
kind = "files"
path = "texts.jsonl"
task = "titles"
source_language = "de"
columns = { input = "text", output = "title", language = "tag" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a recipe and a suite of the new task."""
    lines = [
        {"text": f"Ein Text über Haus {n}, mit einigen Worten.", "title": f"Haus-{n}", "tag": tag}
        for n in range(20)
        for tag in ("de", "en")
    ]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name, text in (("titles", TEMPLATES), ("recipe", RECIPE), ("suite", SUITE)):
        (tmp_path / f"{name}.toml").write_text(text)
    return tmp_path


@pytest.fixture
def installed(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """Install a distribution with the task and a metric of it."""
    place = tmp_path_factory.mktemp("site")
    (place / "titles_task.py").write_text(TASK)
    (place / "titles_metric.py").write_text(METRIC)
    info = place / "titles-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: titles\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[isogloss.benchmarks.tasks]\ntitles = titles_task\n"
        "[isogloss.benchmarks.metrics]\ntitles_exact = titles_metric\n"
    )
    monkeypatch.syspath_prepend(str(place))
    importlib.invalidate_caches()
    discover.cache_clear()
    yield place
    monkeypatch.undo()
    discover.cache_clear()


def test_shipped_tasks_are_the_same_in_every_room() -> None:
    assert list(template_tasks()) == ["translation", "qa", "summarization", "code"]
    assert set(template_tasks()) == set(benchmarks.list_tasks()) == set(builders.list_templates())


def test_a_corpus_of_a_new_task_is_built_from_its_templates(folder: Path) -> None:
    corpus = builders.build(folder / "recipe.toml", folder / "corpus")
    frame = pl.read_parquet(corpus / "data" / "*" / "titles-*.parquet")
    assert set(frame["task"]) == {"titles"}
    english = frame.filter(language="en")["instruction"].unique().to_list()
    assert english == ["Give this German text a title in English:"]
    assert frame.filter(language="de")["template"].unique().to_list() == ["titles/de-1@1"]
    assert set(frame["split"]) == {"train", "test"}
    card = (corpus / "README.md").read_text().split("---")[1]
    head = yaml.safe_load(card)
    assert head["task_categories"] == []
    assert "titles" in [config["config_name"] for config in head["configs"]]
    page = (corpus / "report.html").read_text()
    assert 'fill="currentColor" fill-opacity="1" width' in page
    done("export", corpus, folder / "x.jsonl", "--task", "titles")
    assert '"messages"' in (folder / "x.jsonl").read_text()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('tasks = ["titles", "qa"]', 'tasks = ["qa"]', r"templates: unknown task 'titles'"),
        ('tasks = ["titles", "qa"]', "", r"templates: unknown task 'titles'.*Name a new one under"),
        ('templates = ["titles.toml"]', "", r"tasks: unknown task 'titles'"),
        (
            'task = "titles"',
            'task = "title"',
            r"sources\[0\]\.task: unknown task 'title'.*'titles'",
        ),
        ('tasks = ["titles"]', 'tasks = ["tiles"]', r"filters\[0\]\.tasks: unknown task 'tiles'"),
        ("{ titles = 100 }", "{ code = 1 }", r"mixture\.train: unknown task 'code'"),
    ],
)
def test_a_task_that_nobody_knows_is_an_error(
    folder: Path, old: str, new: str, problem: str
) -> None:
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.replace(old, new))
    with pytest.raises(IsoglossError, match=problem):
        builders.load_recipe(recipe)


def test_a_corpus_and_a_suite_of_a_new_task_are_scored(folder: Path, installed: Path) -> None:
    corpus = builders.build(folder / "recipe.toml", folder / "corpus")
    suite = benchmarks.load_suite(str(folder / "suite.toml"))
    assert suite.records.height == 40
    assert suite.records["template"].unique().sort().to_list() == ["titles/de-1@1", "titles/en-1@1"]
    for one in (suite, benchmarks.load_suite(f"corpus:{corpus}")):
        # The first word is the answer, and half of the answers are right.
        texts = pl.when(pl.col("language") == "de").then(pl.col("output") + " it is")
        answers = one.records.select("id", prediction=texts.otherwise(pl.lit("Hof")))
        scores = benchmarks.score(answers, one.records, resamples=10).filter(
            pl.col("source_language").is_null()
        )
        exact = scores.filter(metric="titles_exact")
        assert dict(exact.select("language", "score").iter_rows()) == {
            "de": 100.0, "en": 0.0, None: 50.0,
        }  # fmt: skip
        # Its own metric, those that it names, and those of every task; none of other tasks.
        assert set(scores["metric"]) == {
            "titles_exact", "rouge1", "wrong_script", "cut_off", "empty", "reasoning",
        }  # fmt: skip
        assert scores["low"].is_not_null().any()
    run = runners.score("copy", suite, folder / "run", settings=runners.ScoreSettings(resamples=10))
    assert pl.read_parquet(run / "scores.parquet").filter(metric="titles_exact").height == 3


def test_without_its_module_a_new_task_is_not_scored(folder: Path) -> None:
    corpus = builders.build(folder / "recipe.toml", folder / "corpus")
    for spec in (f"corpus:{corpus}", str(folder / "suite.toml")):
        with pytest.raises(IsoglossError, match=r"unknown task 'titles'"):
            benchmarks.load_suite(spec)
    wrong(command("score", "copy", "--corpus", corpus, "--out", folder / "run"), "task 'titles'")
    records = pl.read_parquet(corpus / "data" / "*" / "titles-test-*.parquet")
    answers = records.select("id", prediction="output")
    with pytest.raises(IsoglossError, match="records: unknown task 'titles'"):
        benchmarks.score(answers, records)


def test_a_module_may_define_several_plug_ins_but_no_name_twice(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = discover("benchmarks.metrics")
    family = found["chrf"], found["chrf++"]
    assert not any(isinstance(one, ModuleType) for one in family)
    (installed / "titles_metric.py").write_text(
        METRIC + "\nclass _One:\n    NAME = 'rougeL'\n\nPLUGINS = (_One(),)\n"
    )
    discover.cache_clear()
    monkeypatch.delitem(__import__("sys").modules, "titles_metric", raising=False)
    importlib.invalidate_caches()
    with pytest.raises(
        IsoglossError, match=r"titles_metric and benchmarks\.metrics\.rouge both claim"
    ):
        discover("benchmarks.metrics")
