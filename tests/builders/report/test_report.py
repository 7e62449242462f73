"""The report: whole, harmless, the same each time, small."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import benchmarks
import builders
from builders.recipe import Recipe, load_recipe
from builders.report import page as report
from builders.report import thresholds
from builders.rows.ledger import REJECTED_COLUMNS
from builders.templates.loading import template_tasks
from isogloss.files import read_json, sha256_file
from isogloss.languages import canonical, is_language
from isogloss.records import SCHEMA, with_ids

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

RECIPE = """
name = "hostile"
version = "7<script>alert(1)</script>"
languages = ["de", "ar", "en"]
tasks = ["translation"]
licences = ["CC0-*"]

[[sources]]
name = "ours"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = { input = "en", output = "text", language = "lang", licence = "licence" }
source_language = "en"
citation = "<b onclick=x>A & B</b>"

[[filters]]
name = "empty"

[[filters]]
name = "length"
max_chars = 60
by_language = { ar = { max_chars = 70 } }

[[filters]]
name = "length"
min_chars = 3

[duplicates.near]
jaccard = 0.9

[decontamination]
suites = ["asked.toml"]

[split]
test = 0.2

[mixture]
train = { translation = 20 }
"""

OVERRIDE = "\u202e"
HOSTILE = f"</p><script>alert(1)</script> & {OVERRIDE}gnp.exe"
SUITE = """
name = "<i>asked</i>"
version = "1"
description = "asked"
pairs = ["en:de"]
data = "."
[[local]]
kind = "files"
path = "asked.csv"
licence = "CC0-1.0"
task = "translation"
columns = { input = "en", output = "text" }
language = "de"
source_language = "en"
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipe")
    letters = [
        f"{one}{two}{three}" for one, two, three in itertools.product("bdfk", "aeiou", "lmn")
    ]
    rows = [
        {"en": f"the {word} of {n} things", "text": f"{text} {word[::-1]} {n}", "lang": lang}
        for n, word in enumerate(letters)
        for lang, text in (("de", "das Ding"), ("ar", "الشيء الكبير"))
    ]
    rows += [
        {"en": HOSTILE, "text": f"<img src=x onerror=alert(1)> {'sehr ' * 20}", "lang": "de"},
        {"en": f"a \u0000\u0007bell {HOSTILE}", "text": "<b>kurz</b>", "lang": "de"},
        {"en": "a secret of somebody", "text": "ein Geheimnis", "lang": "de", "licence": "Closed"},
        {"en": "Some", "text": "A text that has the same.", "lang": "xx"},
    ]
    rows = [{"licence": "CC0-1.0"} | row for row in rows]
    table = pl.DataFrame(rows, schema=dict.fromkeys(("en", "text", "lang", "licence"), pl.String))
    table.write_csv(folder / "pairs.csv")
    asked = pl.DataFrame({"en": "the bam of 0 things", "text": "das Ding, um das es geht"})
    asked.write_csv(folder / "asked.csv")
    (folder / "asked.toml").write_text(SUITE, encoding="utf-8")
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return folder / "recipe.toml"


@pytest.fixture(scope="module")
def corpus(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return builders.build(
        recipe,
        tmp_path_factory.mktemp("corpus") / "out",
        suite_texts=benchmarks.suite_texts,
    )


@pytest.fixture(scope="module")
def page(corpus: Path) -> str:
    return (corpus / report.NAME).read_text(encoding="utf-8")


class Elements(HTMLParser):
    """The elements of a page, each with its attributes, its ancestors and its text."""

    VOID = ("meta", "link", "br", "input", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.texts: list[tuple[str, list[tuple[str, dict[str, str | None]]]]] = []
        self.feed(page)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = [name for name, _ in self.open] + [str(one.get("class")) for _, one in self.open]
        self.found.append((tag, given, classes))
        if tag not in self.VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append((tag, given))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((data, list(self.open)))


def test_the_manifest_lists_the_report_and_the_thresholds(corpus: Path) -> None:
    files = read_json(corpus / "manifest.json")["files"]
    for name in (report.NAME, thresholds.NAME):
        assert files[name]["sha256"] == sha256_file(corpus / name)
        assert files[name]["bytes"] == (corpus / name).stat().st_size


def test_a_report_made_again_is_the_same(corpus: Path, recipe: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(corpus, again)
    (again / report.NAME).unlink()
    manifest = read_json(again / "manifest.json")
    entry = report.write(again, load_recipe(recipe), manifest)
    assert entry == manifest["files"][report.NAME]
    assert not list(again.glob(".*partial"))


def test_the_page_is_whole_and_asks_for_nothing(page: str) -> None:
    parsed = Elements(page)
    tags = {tag for tag, *_ in parsed.found}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "b", "base"}
    for tag, attributes, inside in parsed.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src"):
            assert str(attributes.get(name, "#")).startswith(("#", "data:,")), (tag, attributes)
        if tag == "table":
            assert "scroll" in inside
        if tag == "th":
            assert attributes["scope"] in ("row", "col")
        if tag == "svg":
            assert attributes.get("aria-hidden") or attributes["aria-label"]
    ids = [attributes["id"] for _, attributes, _ in parsed.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {
        str(given[name]).removeprefix("#")
        for _, given, _ in parsed.found
        for name in ("href", "aria-labelledby")
        if name in given and given[name] != "data:,"
    }
    assert targets <= set(ids)


def test_the_policy_lets_nothing_but_the_style_through(page: str) -> None:
    style = re.search(r"<style>(.*?)</style>", page, re.S)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert style and policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    told = policy[1].replace("&#39;", "'").replace("&#43;", "+")
    assert f"style-src 'sha256-{digest}'" in told
    assert "default-src 'none'" in told and "script-src" not in told and "unsafe" not in told


def test_text_from_outside_is_shown_as_it_is_and_kept_apart(page: str) -> None:
    parsed = Elements(page)
    shown = [text for text, _ in parsed.texts]
    assert any("</p><script>alert(1)</script> &" in text for text in shown)
    assert any("<b onclick=x>A & B</b>" in text for text in shown)
    assert any("7<script>" in text for text in shown)
    turned = [around for text, around in parsed.texts if OVERRIDE in text]
    assert turned
    for around in turned:
        assert any(tag == "bdi" or "dir" in given for tag, given in around)
    assert "\u0007" not in page and "\u0000" not in page


def test_texts_have_their_language_and_direction(page: str) -> None:
    parsed = Elements(page)
    arabic = [around for text, around in parsed.texts if "الشيء" in text]
    assert arabic
    for around in arabic:
        given = [one for tag, one in around if tag == "p"][-1]
        assert (given["lang"], given["dir"]) == ("ar", "rtl")


def test_suites_are_told_with_what_they_held(corpus: Path, page: str) -> None:
    (suite,) = read_json(corpus / "manifest.json")["decontamination"]["suites"]
    shown = "".join(text for text, _ in Elements(page).texts)
    assert f"<i>asked</i>: {suite['texts']} texts, SHA-256 {suite['sha256']}" in shown


def test_what_the_licences_forbid_is_not_shown(page: str) -> None:
    assert "Closed" in page
    assert "Geheimnis" not in page and "a secret of" not in page


def test_the_page_counts_what_the_manifest_counts(corpus: Path, page: str) -> None:
    manifest = read_json(corpus / "manifest.json")
    total = sum(
        n for by in manifest["counts"].values() for one in by.values() for n in one.values()
    )
    assert f"{total:,} in {len(manifest['counts'])} languages" in page
    dropped = pl.concat(pl.read_parquet(path) for path in corpus.glob("rejected/*.parquet"))
    for (step,), part in dropped.group_by("filter"):
        assert f"<summary>{step}: {part.height:,} rows" in page
    near = manifest["recipe"]["duplicates"]["near"]["jaccard"]
    assert f"Jaccard similarity of {near} or more" in page
    assert "drops 50 %" in page


def test_thresholds_say_what_the_filters_dropped(corpus: Path) -> None:
    found = pl.read_parquet(corpus / thresholds.NAME)
    assert found.schema == thresholds.SCHEMA
    dropped = pl.concat(pl.read_parquet(path) for path in corpus.glob("rejected/length-*.parquet"))
    now = found.filter(pl.col("language").is_not_null(), kind="current")
    assert now["dropped"].sum() == dropped.height
    own = now.filter(option="max_chars", filter="length", score="output_chars")
    assert dict(own.select("language", "threshold").iter_rows()) == {"ar": 70, "de": 60}
    assert "length#2" in set(found["filter"])


def many_languages(count: int) -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    tags = (f"{a}{b}" for a, b in itertools.product(letters, letters))
    more = (f"{a}{b}{c}" for a, b, c in itertools.product(letters, letters, letters))
    found = dict.fromkeys(
        canonical(tag) for tag in itertools.chain(tags, more) if is_language(tag)
    )  # fmt: skip
    return list(itertools.islice(found, count))


TASKS = template_tasks()


def large(out: Path, recipe: Recipe, tags: list[str]) -> dict[str, Any]:
    """Write a corpus folder with many languages and texts that are long in UTF-8."""
    text = "ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ། " * 40
    files: dict[str, Any] = {}
    for tag in tags:
        for task in TASKS:
            name = f"data/{tag}/{task}-train-00000.parquet"
            row = dict.fromkeys(("instruction", "input", "output"), text)
            row |= {"task": task, "language": tag, "instruction_language": tag, "source": "s",
                    "source_id": task, "licence": "CC0-1.0", "split": "train", "id": ""}  # fmt: skip
            frame = with_ids(pl.DataFrame([row, row | {"output": "x"}], schema=SCHEMA))
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(out / name)
            files[name] = {"rows": 2}
    steps = [f"step{number}" for number in range(12)]
    (out / "rejected").mkdir()
    for step in steps:
        name = f"rejected/{step}-00000.parquet"
        rows = [
            {"language": tag, "reason": f"{word} {text[:40]}", "input": text, "output": text,
             "source_id": f"{tag}{word}", "source": "s", "task": "qa", "licence": "CC0-1.0"}
            for tag in tags for word in "abcdefgh"
        ]  # fmt: skip
        kinds = {name: pl.String() for name in REJECTED_COLUMNS}
        pl.DataFrame(rows, schema=kinds).write_parquet(out / name)
        files[name] = {"rows": len(rows)}
    cells = {key: {task: {"train": 2} for task in TASKS} for key in tags}
    shares = [
        {"split": "train", "language": tag, "task": task, "origin": "native",
         "before": {"rows": 4, "share": 0.0}, "after": {"rows": 2, "share": 0.0}}
        for tag in tags for task in TASKS
    ]  # fmt: skip
    draw = np.random.default_rng(3)
    (out / "scores").mkdir()
    rows = 20 * len(tags)
    sides = [f"{side}_{what}" for side in ("context", "input", "output") for what in
             ("letters", "script_share", "own_probability", "other", "other_probability")]  # fmt: skip
    kinds_of = {"letters": 50, "other": "de", "script_share": 1.0}
    made = {
        f"language.{side}": kinds_of.get(side.split("_", 1)[1], pl.Series(draw.random(rows) / 12))
        for side in sides
    }
    keys = {"row": np.arange(rows), "task": "qa", "language": tags * 20, "source_language": "en"}
    pl.DataFrame(keys | made).write_parquet(out / "scores" / "000-s-00000.parquet")
    return {
        "counts": cells, "files": files, "shares": shares, "name": "large", "sources": [],
        "steps": [{"step": step, "rows_in": 9, "rows_out": 1, "rejected": {}} for step in steps],
        "decontamination": {"suites": [], "found": []}, "libraries": {}, "recipe_sha256": "0",
        "inputs_sha256": "0", "scores": {"s": {"files": ["scores/000-s-00000.parquet"]}},
    }  # fmt: skip


def test_two_hundred_languages_are_still_a_page(tmp_path: Path, recipe: Path) -> None:
    path = recipe.parent / "large.toml"
    path.write_text(recipe.read_text("utf-8") + '\n[[filters]]\nname = "language"\n', "utf-8")
    tags = many_languages(200)
    assert len(tags) == 200
    plan = load_recipe(path)
    manifest = large(tmp_path, plan, tags)
    thresholds.write(tmp_path, plan, manifest)
    entry = report.write(tmp_path, plan, manifest)
    assert entry["bytes"] < 2_000_000
    page = (tmp_path / report.NAME).read_text("utf-8")
    assert all(f'<span class="tag">{tag}</span>' in page for tag in tags)
    assert "2 reasons more than shown" in page
    assert "more languages are in" in page
    Elements(page)


@pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="SKIPPED LOUDLY: no browser here (install chromium and chromium-driver)",
)
def test_the_page_fits_a_phone_and_a_desk(corpus: Path, tmp_path: Path) -> None:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--no-first-run", "--disable-background-networking", "--disable-sync",
                 f"--user-data-dir={tmp_path}"):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(executable_path=DRIVER))
    try:
        for width in (360, 1280):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            driver.get((corpus / report.NAME).as_uri())
            driver.execute_script(
                "document.querySelectorAll('details').forEach(d => d.open = true)"
            )
            assert driver.execute_script("return document.documentElement.scrollWidth") <= width
            texts = driver.find_elements("css selector", 'article p[lang="ar"]')
            assert {one.value_of_css_property("direction") for one in texts} == {"rtl"}
            body = driver.find_element("css selector", "body")
            assert body.value_of_css_property("max-width") != "none", "the style is let through"
        assert driver.execute_script("return document.scripts.length") == 0
        assert [entry["message"] for entry in driver.get_log("browser")] == []
    finally:
        driver.quit()
