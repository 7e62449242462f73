"""What the command tells of each kind of source: all of it, and an example that runs."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import Field
from support.command import command, done, wrong

from builders.example import SCHEMA
from builders.sources._base import Context, SourceOptions
from isogloss.command.plugins import notes_of, options_of
from isogloss.plugins import discover

SOURCES = discover("builders.sources")


def test_the_list_has_a_line_about_every_kind() -> None:
    shown = done("list", "sources").stdout
    assert shown.split()[:4] == ["name", "description", "languages", "licence"]
    for name, module in SOURCES.items():
        line = next(line for line in shown.splitlines() if line.strip().startswith(f"{name} "))
        assert all(told in line for told in (module.DESCRIPTION, module.LANGUAGES, module.LICENCE))


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_all_about_a_kind(kind: str) -> None:
    module = SOURCES[kind]
    shown = done("list", "sources", kind).stdout
    assert shown.startswith(f"{kind}: {module.DESCRIPTION}\nlanguages: {module.LANGUAGES}\n")
    assert shown.endswith(module.EXAMPLE)
    for option in options_of(module.Options):
        assert option.about, f"{option.name} is not documented"
        assert f"\n  {option.name}: " in shown
    assert "``" not in shown
    assert max(map(len, shown.splitlines())) <= 120


def test_options_are_told_in_words() -> None:
    class Options(SourceOptions):
        """What to read.

        A note about ``both``.
        """

        path: str | tuple[str, ...]
        """Where it is, as ``a/b``, over two lines."""
        sides: tuple[int, ...] = (1, 2)
        """Which of them."""
        most: float | None = Field(default=None, gt=0)

    told = {one.name: one for one in options_of(Options)}
    assert list(told)[:3] == ["path", "sides", "most"], "its own first"
    assert told["path"].kind == "text or list of text"
    assert told["path"].about == "Where it is, as a/b, over two lines."
    assert (told["sides"].kind, told["sides"].default) == ("list of integer", "default [1, 2]")
    assert (told["path"].default, told["most"].default) == ("required", "optional")
    assert told["limit"].about.startswith("At most so many groups")
    assert notes_of(Options) == ["A note about both."]


def test_other_lists_are_as_they_were_and_tell_more_of_one_where_there_is_more() -> None:
    assert "min_share: number; default" in done("list", "filters", "script").stdout
    assert "copy: repeats" in done("list", "models", "copy").stdout
    for what in ("templates", "filters", "tasks", "metrics", "suites", "models", "languages"):
        assert len(done("list", what).stdout.splitlines()) > 3
    wrong(command("list", "sources", "tmxx"), "unknown source 'tmxx'. Did you mean 'tmx'")
    wrong(command("list", "tasks", "qa"), "unknown list with more to tell 'tasks'")


# Where the examples' files are: what is at those places, in the layout of the kind.


def text(folder: Path, name: str, content: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    data = content.encode()
    (folder / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)


SQUAD = {"data": [{"paragraphs": [{"context": "a b", "qas": [
    {"id": "1", "question": "?", "answers": [{"text": "b", "answer_start": 2}]}]}]}]}  # fmt: skip
PROBLEM = {"task_id": "HumanEval/0", "prompt": 'def f():\n    """One."""\n', "entry_point": "f",
           "canonical_solution": "    return 1\n", "test": "def check(f):\n    assert f() == 1\n"}  # fmt: skip
MKQA = {
    "example_id": 1,
    "queries": {"de": "Wo?"},
    "answers": {"de": [{"type": "entity", "text": "hier"}]},
}
UNIT = '<tu><tuv xml:lang="en"><seg>One</seg></tuv><tuv xml:lang="de"><seg>Eins</seg></tuv></tu>'
WMT = (
    '<dataset id="x"><doc id="d" origlang="en"><src lang="en"><p><seg id="1">One</seg></p></src>'
    '<ref lang="de" translator="A"><p><seg id="1">Eins</seg></p></ref></doc></dataset>'
)
FILES = {
    "files": [("pairs/a.jsonl", '{"src": "One", "tgt": "Eins", "lang": "de"}\n')],
    "functions": [("src/a/m.py", 'def f():\n    """One."""\n    return 1\n')],
    "mkqa": [("mkqa.jsonl.gz", json.dumps(MKQA))],
    "moses": [("wmt22/en-de/x.src.en", "One\n"), ("wmt22/en-de/x.ref.A.de", "Eins\n")],
    "parallel": [
        (f"flores200/devtest/{code}.devtest", "One\n") for code in ("eng_Latn", "deu_Latn")
    ],
    "problems": [("HumanEval.jsonl.gz", json.dumps(PROBLEM))],
    "squad": [("xquad/xquad.de.json", json.dumps(SQUAD))],
    "summaries": [
        ("xlsum/de/a.jsonl", '{"text": "a b", "summary": "b", "title": "a", "id": "1"}\n')
    ],
    "tmx": [("memories/a.tmx.gz", f"<tmx><body>{UNIT}</body></tmx>")],
    "wmt": [("wmt21/newstest2021.en-de.xml", WMT)],
}
# The others fetch packages, data sets or test sets, which their own tests stand in for.
FETCHED = {"dialogue", "gettext", "huggingface", "package-descriptions", "sacrebleu"}


@pytest.mark.parametrize("kind", sorted(FILES))
def test_the_example_of_a_kind_runs_on_files_at_its_places(kind: str, tmp_path: Path) -> None:
    for name, content in FILES[kind]:
        text(tmp_path, name, content)
    found = run(kind, Context(("en", "de"), ("translation",), tmp_path, "r.toml: sources[0]", 42))
    assert found.filter(pl.col("rejected_by").is_null()).height


@pytest.mark.parametrize("kind", ["back-translation", "pivot"])
def test_the_example_of_a_kind_made_of_others_runs(kind: str, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"task": "translation", "source_language": "en", "input": "One", "language": language,
         "output": output, "group": "One", "source_id": "1", "source": "x", "licence": "MIT",
         "tags": [], "row": 0}
        for language, output in (("bho", "एक"), ("nqo", "ߞߋߟߋ߲"))
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema={**SCHEMA, "source": pl.String, "row": pl.Int64})
    earlier = {name: lambda: iter([frame]) for name in ("memory", "bitext")}
    found = run(
        kind,
        Context(
            ("en", "bho", "nqo"), ("translation",), tmp_path, "r.toml: sources[2]", 42,
            lambda model, prompts, **_: ["One"] * len(prompts),
        ),
        earlier,
    )  # fmt: skip
    assert found.filter(pl.col("rejected_by").is_null()).height == 2


def run(kind: str, context: Context, earlier: Any = None) -> pl.DataFrame:
    table = tomllib.loads(SOURCES[kind].EXAMPLE)["sources"][0]
    assert table["kind"] == kind
    reading = SOURCES[kind].read(SOURCES[kind].Options.model_validate(table), context)
    assert reading.version
    assert len(reading.sha256) == 64
    return pl.concat(list(reading.examples(earlier or {})))


def test_no_kind_is_left_out_here() -> None:
    assert {*FILES, *FETCHED, "pivot", "back-translation"} == set(SOURCES)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a/xquad.de.json", "xquad.zh.json"], "2020.acl-main.421"),
        (["deu_Latn.devtest", "eng_Latn.devtest"], "2207.04672"),
        (["HumanEval.jsonl.gz"], "2107.03374"),
        (["mbpp.jsonl"], "2108.07732"),
        (["mHumanEval-mini.json"], "2410.15037"),
        (["wmt21/newstest2021.en-de.all.xml"], "2021.wmt-1.1"),
        (["wmttest2023.en-de.all.xml", "wmttest2023.de-en.all.xml"], "2023.wmt-1.1"),
        (["wmttest2022.en-de.all.xml", "wmttest2023.de-en.all.xml"], ""),
        (["xquad.de.json", "ours.json"], ""),
        (["ours.json"], ""),
        ([], ""),
    ],
)
def test_well_known_sets_are_cited_by_the_names_of_their_files(names: list[str], told: str) -> None:
    from builders.sources._citations import cited

    assert told in cited(names)
    assert bool(cited(names)) == bool(told)
