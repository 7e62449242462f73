"""The shipped recipes: valid, and built from a hub of our own with the data sets' layouts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.hub_server import HubServer
from support.processes import run_forked

import builders
from isogloss.errors import IsoglossError
from isogloss.files import read_json
from isogloss.records import prompt_expr

RECIPES = Path(builders.__file__).parent / "recipes"
NAMES = sorted(path.stem for path in RECIPES.glob("*.toml"))
ROWS = 30

Table = list[dict[str, Any]]


def told(number: int, tag: str) -> str:
    """Return a text that no other is like, with letters."""
    return f"{tag} {number} " + " ".join(f"w{(number * 7 + k) % 97}" for k in range(5))


def prompts(kind: str, tags: list[str], column: str) -> Table:
    return [
        {"inputs": told(n, f"{kind} {tag}"), "targets": told(n, f"answer {tag}"), column: tag, "id": n}
        for tag in tags
        for n in range(ROWS)
    ]  # fmt: skip


def chats(tag: str) -> Table:
    return [
        {
            "prompt_id": f"p{n}",
            "messages": [
                {"role": "user", "content": told(n, f"ask {tag}")},
                {"role": "assistant", "content": told(n, f"answer {tag}")},
            ],
        }
        for n in range(ROWS)
    ]


def pairs(one: str, two: str) -> Table:
    return [
        {"translation": {one: told(n, f"{two} in {one}"), two: told(n, f"{one} in {two}")}}
        for n in range(ROWS)
    ]


def questions(tag: str) -> Table:
    return [
        {"id": f"q{n}", "context": told(n, "passage"), "question": told(n, f"who {tag}"),
         "answers": {"text": [told(n, f"she {tag}")], "answer_start": [0]}}
        for n in range(ROWS)
    ]  # fmt: skip


def articles(tag: str) -> Table:
    return [
        {"id": f"{n}", "url": "", "title": told(n, tag), "text": told(n, f"long {tag}"),
         "summary": told(n, f"short {tag}")}
        for n in range(ROWS)
    ]  # fmt: skip


def instructions(tag: str) -> Table:
    return [
        {"instruction": told(n, f"do {tag}"), "input": told(n, f"with {tag}") if n % 2 else "",
         "output": told(n, f"done {tag}"), "id": f"alpaca-{n}"}
        for n in range(ROWS)
    ]  # fmt: skip


PROGRAMS = [
    {"task_id": n, "text": told(n, "write"), "code": f"def f{n}():\n    return {n}"}
    for n in range(ROWS)
]

#: By data set: the files of its configurations and splits. Without configurations, by path alone.
DATA: dict[str, dict[tuple[str, str], Table]] = {
    "google/xquad": {
        (f"xquad.{tag}", "validation"): questions(tag) for tag in ("ar", "en", "es", "hi", "vi", "zh")
    },
    "csebuetnlp/xlsum": {("arabic", "train"): articles("ar"), ("hindi", "train"): articles("hi")},
    "Helsinki-NLP/opus-100": {
        ("en-es", "train"): pairs("en", "es"), ("en-vi", "train"): pairs("en", "vi")
    },
    "google-research-datasets/mbpp": {("full", "train"): PROGRAMS},
    "CohereForAI/aya_dataset": {
        ("default", "train"): prompts("ask", ["eng", "arb", "hin", "swh", "tur", "yor", "deu"], "language_code")
    },
    "CohereForAI/aya_collection": {
        ("templated_mintaka", "train"): prompts("mintaka", ["eng", "hin"], "language"),
        ("translated_dolly", "train"): prompts("dolly", ["hin", "swh", "yor"], "language"),
    },
    "MBZUAI/Bactrian-X": {(tag, "train"): instructions(tag) for tag in ("en", "de", "id", "sw")},
    "wmt/wmt19": {(f"{tag}-en", "validation"): pairs(tag, "en") for tag in ("de", "ru", "zh")},
    "HuggingFaceH4/ultrachat_200k": {("default", "train_sft"): chats("chat")},
    "allenai/tulu-3-sft-personas-math": {("default", "train"): chats("math")},
    "allenai/tulu-3-sft-personas-code": {("default", "train"): chats("code")},
    "allenai/tulu-3-sft-personas-instruction-following": {("default", "train"): chats("if")},
    "HuggingFaceH4/no_robots": {("default", "train"): chats("human")},
}  # fmt: skip
CONVERTED = ("csebuetnlp/xlsum", "MBZUAI/Bactrian-X")
PINNED = {"CohereForAI/aya_dataset": "f9ea04583f02a8f86404ff6c58bf75fe637df8a2"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    root = tmp_path_factory.mktemp("hub")
    for name, files in DATA.items():
        lines = ["---", "configs:"]
        for (config, split), rows in files.items():
            path = root / "datasets" / name / config / split / "0000.parquet"
            path.parent.mkdir(parents=True)
            pl.DataFrame(rows).write_parquet(path)
            lines += [f"- config_name: {config}", "  data_files:", f"  - split: {split}",
                      f"    path: {config}/{split}/*.parquet"]  # fmt: skip
        if name not in CONVERTED:
            (root / "datasets" / name / "README.md").write_text("\n".join([*lines, "---", ""]))
    with HubServer(root) as server:
        server.branches |= dict.fromkeys(CONVERTED, "refs/convert/parquet")
        server.pinned |= PINNED
        yield server


def built(hub: HubServer, recipe: Path, folder: Path) -> tuple[pl.DataFrame, dict[str, Any], str]:
    """Build with the real command; return the records, the manifest and what was printed."""
    out = folder / "corpus"
    done = run_forked(["build", recipe, "--out", out], env=hub.environment(folder / "home"))
    assert done.returncode == 0, done.stderr
    records = pl.concat(pl.read_parquet(path) for path in sorted(out.glob("data/*/*.parquet")))
    return records, read_json(out / "manifest.json"), done.stderr


def counts(records: pl.DataFrame, *columns: str) -> dict[Any, int]:
    found = records.group_by(columns).len().iter_rows()
    return {key[0] if len(key) == 1 else tuple(key): count for *key, count in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_valid_and_says_where_it_is_not_pinned(name: str) -> None:
    path = RECIPES / f"{name}.toml"
    recipe = builders.load_recipe(path)
    revisions = [getattr(source.options, "revision", None) for source in recipe.sources]
    moving = [one for one in revisions if one is not None and len(one) != 40]
    comments = path.read_text("utf-8").partition("\nname = ")[0].replace("\n# ", " ")
    assert not moving or "says which commit it read" in comments
    for source in recipe.sources:
        dataset = getattr(source.options, "dataset", None)
        assert dataset is None or dataset in DATA


@pytest.mark.slow
def test_xp3_asks_in_english_and_xp3mt_in_the_language_of_the_text(
    hub: HubServer, tmp_path: Path
) -> None:
    records, manifest, _ = built(hub, RECIPES / "xp3.toml", tmp_path / "xp3")
    assert set(records["instruction_language"]) == {"en"}
    assert set(records["task"]) == {"translation", "qa", "summarization", "code"}
    spread = counts(records, "language")
    assert 0 < spread["en"] <= 0.39 * records.height
    assert {"ar", "es", "hi", "vi", "zh-Hans"} <= set(spread)
    after = [e["after"]["rows"] for e in manifest["shares"] if e["language"] == "es"]
    assert sum(after) == spread["es"]
    text = (RECIPES / "xp3.toml").read_text("utf-8")
    native = tmp_path / "xp3mt.toml"
    native.write_text(
        text.replace('\ninstruction_language = "en"', '\ninstruction_language = "target"')
    )
    again, _, _ = built(hub, native, tmp_path / "xp3mt")
    hindi = again.filter(language="hi")
    assert set(hindi["instruction_language"]) == {"hi"}
    assert set(again["output"]) == set(records["output"])


def test_aya_hears_speakers_before_machines(hub: HubServer, tmp_path: Path) -> None:
    records, manifest, _ = built(hub, RECIPES / "aya.toml", tmp_path)
    assert set(records["instruction"]) == {""}
    assert set(records["template"]) == {"aya-dataset/own", "mintaka/own", "dolly/own"}
    assert set(records["language"]) == {"en", "ar", "hi", "sw", "tr", "yo"}
    translated = records.with_columns(pl.col("tags").list.contains("translated").alias("machine"))
    shares = translated.group_by("language").agg(pl.col("machine").sum(), pl.len()).iter_rows()
    assert all(machine <= 0.475 * rows + 1 for _, machine, rows in shares)
    # A budget larger than all there is: each row four times, with ids of their own.
    assert records["id"].is_unique().all()
    assert counts(records, "language")["tr"] == 4 * ROWS
    assert manifest["sources"][0]["version"] == PINNED["CohereForAI/aya_dataset"]


@pytest.mark.slow
def test_bactrian_has_the_same_instructions_in_every_language(
    hub: HubServer, tmp_path: Path
) -> None:
    text = (RECIPES / "bactrian-x.toml").read_text("utf-8")
    small = tmp_path / "small.toml"
    small.write_text(text.replace("budget_per_language = 2000", "budget_per_language = 10"))
    records, _, _ = built(hub, small, tmp_path / "small")
    assert counts(records, "language") == dict.fromkeys(("en", "de", "id", "sw"), 10)
    numbers = records.with_columns(pl.col("instruction").str.extract(r"(\d+)").alias("n"))
    chosen = numbers.group_by("language").agg(pl.col("n").sort())["n"].to_list()
    assert all(one == chosen[0] for one in chosen)
    empty = records.filter(pl.col("input") == "")
    assert 0 < empty.height < records.height
    three = tmp_path / "three.toml"
    three.write_text(small.read_text("utf-8").replace('"de", "id", "sw"]', '"de", "id"]'))
    fewer, _, _ = built(hub, three, tmp_path / "three")
    kept = records.filter(pl.col("language") != "sw")
    assert fewer.sort("id").equals(kept.sort("id"))


@pytest.mark.slow
def test_tower_translates_both_ways(hub: HubServer, tmp_path: Path) -> None:
    records, manifest, _ = built(hub, RECIPES / "tower.toml", tmp_path)
    directions = counts(records.filter(task="translation"), "source_language", "language")
    assert set(directions) == {
        ("en", "de"), ("en", "ru"), ("en", "zh-Hans"), ("de", "en"), ("ru", "en"), ("zh-Hans", "en")
    }  # fmt: skip
    assert set(records.filter(task="qa")["language"]) == {"en"}
    english = [entry for entry in manifest["shares"] if entry["language"] == "en"]
    chat = sum(e["after"]["characters"] for e in english if e["task"] == "qa")
    assert 0 < chat <= sum(e["after"]["characters"] for e in english) / 2


@pytest.mark.slow
def test_tulu_takes_so_many_of_each_source(hub: HubServer, tmp_path: Path) -> None:
    text = (RECIPES / "tulu.toml").read_text("utf-8")
    small = tmp_path / "small.toml"
    caps = "{ persona-math = 20, persona-code = 5, persona-if = 4, no-robots = 2, aya = 3 }"
    head, _, _ = text.partition("caps = ")
    small.write_text(head + f"caps = {caps}\n")
    records, _, stderr = built(hub, small, tmp_path / "small")
    assert counts(records, "source") == {
        "persona-math": 20, "persona-code": 5, "persona-if": 4, "no-robots": 2, "aya": 9
    }  # fmt: skip
    assert "may move" in stderr


def test_a_recipe_says_which_key_of_its_mixture_is_wrong(tmp_path: Path) -> None:
    text = (RECIPES / "tower.toml").read_text("utf-8")
    path = tmp_path / "wrong.toml"
    path.write_text(text + "\n[mixture.sources]\ncaps = { ultrachatt = 5 }\n")
    with pytest.raises(IsoglossError, match=r"mixture\.sources\.caps: unknown source.*'ultrachat'"):
        builders.load_recipe(path)


def test_instructions_of_the_data_itself_are_kept(tmp_path: Path) -> None:
    lines = ["ask,text,answer", "Add them.,1 2,3", "Say hi.,,hi", ",Whole prompt,yes", ",,no"]
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "recipe.toml").write_text(
        """name = "own"
languages = ["en"]
[[sources]]
name = "ours"
kind = "files"
path = "own.csv"
task = "qa"
columns = { instruction = "ask", input = "text", output = "answer" }
language = "en"
licence = "CC0-1.0"
"""
    )
    corpus = builders.build(tmp_path / "recipe.toml", tmp_path / "corpus")
    made = pl.read_parquet(corpus / "data/en/*.parquet").sort("output")
    assert made.select(prompt_expr(), "output").rows() == [
        ("Add them.\n\n1 2", "3"), ("Say hi.", "hi"), ("Whole prompt", "yes")
    ]  # fmt: skip
    assert set(made["template"]) == {"ours/own"}
    dropped = pl.read_parquet(corpus / "rejected/*.parquet")
    assert dropped.select("output", "reason").rows() == [("no", "it has no input")]


def test_rejected_rows_keep_all_of_the_example(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(
        "ask,text,answer,check\nSay so.,yes,yes,assert said == 'yes'\nSay no.,1,no,assert said == 'no'\n"
    )
    (tmp_path / "recipe.toml").write_text(
        """name = "own"
languages = ["en"]
[[sources]]
name = "ours"
kind = "files"
path = "own.csv"
task = "qa"
columns = { instruction = "ask", input = "text", output = "answer", tests = "check" }
language = "en"
split = "train"
licence = "CC0-1.0"
[[filters]]
name = "copied"
"""
    )
    corpus = builders.build(tmp_path / "recipe.toml", tmp_path / "corpus")
    dropped = pl.read_parquet(corpus / "rejected/copied-*.parquet")
    assert dropped.select("instruction", "input", "output", "tests", "split").rows() == [
        ("Say so.", "yes", "yes", "assert said == 'yes'", "train")
    ]
    assert "Say so." in (corpus / "report.html").read_text("utf-8")
