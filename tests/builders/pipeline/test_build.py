"""The pipeline: same recipe, same bytes; nothing lost; what is interrupted goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.folders import hashes
from support.processes import run_forked

import builders
from builders.pipeline import build
from builders.pipeline import read as reading
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import read_json
from isogloss.records import SCHEMA, with_ids

RECIPE = """
name = "little"
languages = ["de", "fr", "en"]
tasks = ["translation", "qa"]
seed = 7

[[sources]]
name = "ours"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = {{ input = "en", output = "text", language = "lang" }}
source_language = "en"
licence = "CC0-1.0"

[[sources]]
name = "talk"
kind = "dialogue"
path = "talk"
licence = "MIT"

[[filters]]
name = "unicode"
[[filters]]
name = "empty"
[[filters]]
name = "copied"
{more}
[split]
test = 0.3
validation = 0.1
"""

NOUNS = [("house", "Haus", "maison"), ("dog", "Hund", "chien"), ("tree", "Baum", "arbre"),
         ("water", "Wasser", "eau"), ("fire", "Feuer", "feu"), ("bread", "Brot", "pain"),
         ("book", "Buch", "livre"), ("table", "Tisch", "table")]  # fmt: skip


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    lines = ["en,text,lang"]
    for number in range(5):
        for en, de, fr in NOUNS:
            lines += [
                f"{number} the {en},{number} das {de},de",
                f"{number} the {en},{number} le {fr},fr",
            ]
    lines += ["1 the table,1 the table,fr", "0 the dog,0 das Hund,de", "...,…,de"]
    (tmp_path / "pairs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "talk" / "german").mkdir(parents=True)
    turns = "".join(f"- - Frage {n}?\n  - Antwort {n}.\n" for n in range(20))
    (tmp_path / "talk" / "german" / "a.yml").write_text(f"conversations:\n{turns}")
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.format(more=""), encoding="utf-8")
    return path


def records(corpus: Path) -> pl.DataFrame:
    return pl.concat(pl.read_parquet(path) for path in sorted(corpus.glob("data/*/*.parquet")))


def test_the_same_recipe_gives_the_same_bytes(recipe: Path, tmp_path: Path) -> None:
    one = builders.build(recipe, tmp_path / "one")
    two = builders.build(recipe, tmp_path / "two")
    assert hashes(one) == hashes(two)
    manifest = read_json(one / "manifest.json")
    told = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    found = hashes(one)
    found.pop("manifest.json")
    assert told == found


def test_records_are_as_the_contract_says(recipe: Path, tmp_path: Path) -> None:
    corpus = builders.build(recipe, tmp_path / "corpus")
    found = records(corpus)
    assert found.schema == SCHEMA
    assert found["id"].is_unique().all()
    assert found.equals(with_ids(found))
    assert set(found["split"]) == {"train", "validation", "test"}
    assert set(found["language"]) <= {"de", "fr", "en"}
    assert found["references"].list.first().equals(found["output"], check_names=False)
    german = found.filter(language="de", task="translation")["instruction"]
    assert german.str.contains("Deutsch").any()


def test_nothing_is_lost(recipe: Path, tmp_path: Path) -> None:
    corpus = builders.build(recipe, tmp_path / "corpus")
    manifest = read_json(corpus / "manifest.json")
    dropped = pl.concat(pl.read_parquet(path) for path in corpus.glob("rejected/*.parquet"))
    lines = len((recipe.parent / "pairs.csv").read_text("utf-8").splitlines()) - 1
    assert records(corpus).height + dropped.height == lines + 20
    assert dropped["reason"].null_count() == 0
    assert {"copied", "empty"} <= set(dropped["filter"])
    for step in manifest["steps"]:
        assert step["rows_in"] - step["rows_out"] == sum(step["rejected"].values())
    told = sum(
        n for tasks in manifest["counts"].values() for one in tasks.values() for n in one.values()
    )
    assert told == records(corpus).height


def test_test_texts_are_not_in_train_in_any_direction(recipe: Path, tmp_path: Path) -> None:
    corpus = builders.build(recipe, tmp_path / "corpus")
    found = records(corpus).filter(task="translation")
    train, test = found.filter(split="train"), found.filter(split="test")
    assert test.height
    for column in ("input", "output"):
        for other in ("input", "output"):
            assert not set(test[column]) & set(train[other])


def test_datasets_opens_a_corpus_with_a_configuration_a_language_and_a_task(
    recipe: Path, tmp_path: Path
) -> None:
    corpus = builders.build(recipe, tmp_path / "corpus")
    code = (
        "import sys, json\n"
        "from datasets import get_dataset_config_names, load_dataset\n"
        "names = get_dataset_config_names(sys.argv[1])\n"
        "out = {n: {s: d.num_rows for s, d in load_dataset(sys.argv[1], n).items()} for n in names}\n"
        "print(json.dumps(out))\n"
    )
    environment = {
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "1",
        "PATH": "/usr/bin:/bin",
    }
    shown = run_forked([corpus], code=code, env=environment)
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout.splitlines()[-1])
    found = records(corpus)
    for language in found["language"].unique():
        part = found.filter(language=language)
        assert sum(told[language].values()) == part.height
    for task in found["task"].unique():
        assert told[task]["train"] == found.filter(task=task, split="train").height
    assert any(sum(splits.values()) == found.height for splits in told.values())


def test_a_build_that_is_interrupted_goes_on_to_the_same_bytes(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = builders.build(recipe, tmp_path / "straight")
    whole = build.deduplicate

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    monkeypatch.setattr(build, "deduplicate", stop)
    with pytest.raises(KeyboardInterrupt):
        builders.build(recipe, out)
    assert not (out / "manifest.json").exists()
    monkeypatch.setattr(build, "deduplicate", whole)
    asked: list[str] = []
    read = reading._read_batches
    monkeypatch.setattr(
        reading, "_read_batches", lambda *given: asked.append("again") or read(*given)
    )
    builders.build(recipe, out)
    assert asked == [], "finished steps are not done again"
    assert hashes(out) == hashes(straight)


def test_a_finished_corpus_is_left_until_something_changes(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = builders.build(recipe, tmp_path / "out")
    before = hashes(out)
    builders.build(recipe, out)
    assert "is up to date" in capsys.readouterr().err
    with (recipe.parent / "pairs.csv").open("a", encoding="utf-8") as file:
        file.write("9 the lamp,9 die Lampe,de\n")
    builders.build(recipe, out)
    assert hashes(out) != before
    assert "9 die Lampe" in records(out)["output"].to_list()


def test_what_is_unavailable_may_be_left_out_only_if_the_recipe_says_so(
    recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = '\n[[sources]]\nname = "debian"\nkind = "package-descriptions"\n{}\n[[filters]]\nname = "empty"'
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    text = recipe.read_text()
    recipe.write_text(text.replace('[[filters]]\nname = "empty"', source.format("")))
    with pytest.raises(Unavailable, match=r"no apt-get.*optional = true"):
        builders.build(recipe, tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()
    recipe.write_text(text.replace('[[filters]]\nname = "empty"', source.format("optional = true")))
    out = builders.build(recipe, tmp_path / "out")
    assert "going on without the source 'debian'" in capsys.readouterr().err
    entry = next(
        one for one in read_json(out / "manifest.json")["sources"] if one["name"] == "debian"
    )
    assert "no apt-get" in entry["unavailable"]


def test_a_corpus_with_nothing_in_it_is_not_written(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(RECIPE.format(more='[[filters]]\nname = "length"\nmax_chars = 1\n'))
    with pytest.raises(IsoglossError, match=r"no row is left.*length"):
        builders.build(recipe, tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_other_peoples_folders_are_left_alone(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.tex").write_text("years")
    with pytest.raises(IsoglossError, match=r"holds other things than a corpus \(thesis.tex\)"):
        builders.build(recipe, out)


WRONG = [
    ("seed = 7", "seed = 7\nsedd = 8", "unknown key 'sedd'.*Did you mean 'seed'"),
    ('"de", "fr"', '"de", "xx-nope"', "'xx-nope' is not a language tag"),
    ('"de", "fr"', '"de", "de"', "listed twice"),
    ('"translation", "qa"', '"translation", "poetry"', "tasks"),
    ('kind = "files"', 'kind = "flies"', "unknown kind of source 'flies'.*Did you mean 'files'"),
    ('path = "pairs.csv"', 'path = "pears.csv"', "pears.csv"),
    ('name = "copied"', 'name = "copyed"', "unknown filter 'copyed'.*Did you mean 'copied'"),
    ('name = "talk"', 'name = "ours"', "two sources are named 'ours'"),
    ("test = 0.3", "test = 0.95", "leave nothing to train on"),
    ("test = 0.3", 'test = "many"', "split.test"),
    ("[split]", "[split", "is not TOML"),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_recipes_tell_what_is_wrong(
    old: str, new: str, told: str, recipe: Path, tmp_path: Path
) -> None:
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new, 1))
    with pytest.raises(IsoglossError, match=f"(?s){told}") as caught:
        builders.build(recipe, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("layout", "keys"),
    [
        ("messages", {"messages"}),
        ("prompt-completion", {"prompt", "completion"}),
        ("input-output", {"input", "output"}),
    ],
)
def test_exports(layout: str, keys: set[str], recipe: Path, tmp_path: Path) -> None:
    corpus = builders.build(recipe, tmp_path / "corpus")
    builders.export(corpus, tmp_path / "x.jsonl", layout=layout, split="train")  # type: ignore[arg-type]
    rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text("utf-8").splitlines()]
    train = records(corpus).filter(split="train")
    assert len(rows) == train.height
    assert all(keys <= set(row) for row in rows)


def test_the_starter_covers_its_languages_with_its_templates() -> None:
    starter = Path(builders.__file__).parent / "recipes" / "starter.toml"
    languages = set(builders.load_recipe(starter).languages)
    assert len(languages) == 16
    for tags in builders.list_templates().values():
        assert languages <= set(tags)
