"""The card: the hub reads its head, people its body, and nobody's text is taken for markup."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.processes import run_forked

import builders
from builders.corpus import records
from builders.recipe import load_recipe
from builders.report import card
from isogloss.console import printable
from isogloss.files import read_json

RECIPE = """
name = "carded"
languages = ["de", "nb", "zh-Hant"]
tasks = ["translation"]

[[sources]]
name = "a|b `c` <i>"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = {{ input = "en", output = "text", language = "lang" }}
source_language = "en"
licence = "MIT|<b>\\n\\n# not a heading"
citation = "Doe_1 (https://example.org/a_b?c=1&d=2) *et al.*\\n| x |"

[[filters]]
name = "length"
max_chars = 40
{more}
[split]
test = 0.3

[mixture]
budget = 60

[mixture.languages]
weights = {{ de = 1, nb = 3 }}
"""


def recipe_in(folder: Path, more: str = "") -> Path:
    rows = [
        {"en": f"the {n} things", "text": f"{word} {n}", "lang": lang}
        for n in range(40)
        for lang, word in (("de", "Dinge"), ("nb", "ting"), ("zh-Hant", "東西"))
    ]
    rows.append({"en": "long " * 20, "text": "lang", "lang": "de"})
    pl.DataFrame(rows).write_csv(folder / "pairs.csv")
    (folder / "recipe.toml").write_text(RECIPE.format(more=more), encoding="utf-8")
    return folder / "recipe.toml"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("card")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(records, "ROWS_PER_FILE", 10)  # several files of a cell
        return builders.build(recipe_in(folder), folder / "out")


@pytest.fixture(scope="module")
def body(corpus: Path) -> str:
    return DatasetCard.load(corpus / "README.md").text


def html(markdown: str) -> str:
    return MarkdownIt("commonmark").enable("table").enable("strikethrough").render(markdown)


def test_the_hub_reads_the_head(corpus: Path) -> None:
    loaded = DatasetCard.load(corpus / "README.md")
    assert loaded.data.pretty_name == "carded"
    assert loaded.data.language == ["de", "nb", "zh"]
    names = [config["config_name"] for config in loaded.data.to_dict()["configs"]]
    assert names == ["all", "translation", "de", "nb", "zh-Hant"]


def test_datasets_opens_every_configuration_of_many_files(corpus: Path, tmp_path: Path) -> None:
    assert len(list(corpus.glob("data/de/translation-train-*.parquet"))) > 1
    code = (
        "import sys, json\n"
        "from datasets import get_dataset_config_names, load_dataset\n"
        "names = get_dataset_config_names(sys.argv[1])\n"
        "out = {n: {s: d.num_rows for s, d in load_dataset(sys.argv[1], n).items()} for n in names}\n"
        "print(json.dumps(out))\n"
    )
    environment = {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin"}
    shown = run_forked([corpus], code=code, env=environment)
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout.splitlines()[-1])
    counts = read_json(corpus / "manifest.json")["counts"]
    assert {tag: told[tag] for tag in counts} == {
        tag: tasks["translation"] for tag, tasks in counts.items()
    }
    assert told["all"] == told["translation"]


def test_text_from_outside_makes_no_markup(body: str) -> None:
    page = html(body)
    assert "<i>" not in page and "<b>" not in page
    assert "a|b `c` &lt;i&gt;" in page
    assert "<h1>not a heading" not in page and "MIT|&lt;b&gt; # not a heading" in page
    assert "https://example.org/a_b?c=1&amp;d=2" in page and "*et al.*" in page


def test_tables_have_a_cell_for_each_column(body: str) -> None:
    page = html(body)
    tables = page.split("<table>")[1:]
    assert len(tables) >= 4
    for table in tables:
        rows = table.split("</table>")[0].split("<tr>")[1:]
        assert len({row.count("</td>") + row.count("</th>") for row in rows}) == 1


def test_it_tells_what_was_done(corpus: Path, body: str) -> None:
    manifest = read_json(corpus / "manifest.json")
    after = sum(
        entry["after"]["rows"]
        for entry in manifest["shares"]
        if (entry["split"], entry["language"]) == ("train", "nb")
    )
    before = sum(
        entry["before"]["rows"]
        for entry in manifest["shares"]
        if (entry["split"], entry["language"]) == ("train", "nb")
    )
    assert f"| language: Norwegian Bokmål | {before} | {after} |" in body
    assert "Near-duplicates were not looked for." in body
    assert "13 words in a row" in body
    assert "Versions of their templates: translation " in body
    assert "--frozen" in body and ".lock" in body
    assert "`rejected/`" in body and "`scores/`" in body and "--push-all" in body


def test_it_tells_how_near_duplicates_were_found(tmp_path: Path) -> None:
    path = recipe_in(tmp_path, "[duplicates.near]\njaccard = 0.85\nbands = 14\n")
    out = builders.build(path, tmp_path / "out")
    rates = load_recipe(path).duplicates.near.rates()  # type: ignore[union-attr]
    body = (out / "README.md").read_text("utf-8")
    assert "similarity of 0.85 or more of their 5-byte shingles" in body
    assert "112 permutations in 14 bands of 8" in body
    assert f"{100 * rates.false_positives:.1f} % of those below it" in body


def test_it_does_not_claim_that_anything_was_kept_out_where_there_was_nothing(
    corpus: Path, body: str, tmp_path: Path
) -> None:
    assert "Nothing was kept out" not in body
    manifest = read_json(corpus / "manifest.json")
    manifest["counts"] = {"de": {"translation": {"train": 3}}}
    shutil.copytree(corpus / "data", tmp_path / "data")
    card.write(tmp_path, load_recipe(recipe_in(tmp_path)), manifest)
    text = (tmp_path / "README.md").read_text("utf-8")
    assert "Nothing was kept out: the recipe names no suite, and there is no test split." in text


def test_a_card_made_again_is_the_same(corpus: Path, tmp_path: Path) -> None:
    plan: Any = load_recipe(recipe_in(tmp_path))
    manifest = read_json(corpus / "manifest.json")
    assert card.write(tmp_path, plan, manifest) == manifest["files"]["README.md"]


@given(st.text(max_size=60))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    inline = MarkdownIt("commonmark").enable("strikethrough").parseInline(f"x {card.plain(text)} x")
    kinds = {one.type for token in inline for one in token.children or ()}
    assert kinds <= {"text", "text_special"}
    shown = "".join(one.content for token in inline for one in token.children or ())
    assert shown == f"x {printable(' '.join(text.split()))} x"
