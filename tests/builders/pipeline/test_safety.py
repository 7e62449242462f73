"""What a build must not do: delete others' files, lose rows in silence, believe a wrong option."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.recipes import little_recipe

import builders
from builders.corpus import layout
from builders.pipeline import build
from builders.recipe import load_recipe
from isogloss.errors import IsoglossError
from isogloss.files import read_json

MORE = """
[[filters]]
name = "copied"
[split]
test = 0.3
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    pairs = [(f"the house {n}", f"das Haus {n}", "de") for n in range(30)]
    return little_recipe(tmp_path, pairs, MORE, languages=["de", "en"])


def texts(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"data/thesis.txt": "years"}, "data"),
        ({"README.md": "# Mine"}, r"README\.md"),
        ({"rejected/paper.txt": "never again"}, "rejected"),
        ({"manifest.json": '{"name": "an app"}', "data/x": ""}, "data"),
        ({"manifest.json": "not JSON", "data/x": ""}, "data"),
        ({".work/notes": "", "data/x": ""}, "data"),
    ],
)
def test_a_folder_that_only_looks_like_a_corpus_is_left_alone(
    files: dict[str, str], told: str, recipe: Path, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text(text)
    before = texts(tmp_path / "mine")
    with pytest.raises(IsoglossError, match=rf"holds other things than a corpus \({told}\)"):
        builders.build(recipe, tmp_path / "mine", force=True)
    assert texts(tmp_path / "mine") == before


@pytest.mark.parametrize("name", ["data/thesis.txt", "data/de/notes.parquet", "rejected/why.md"])
def test_what_somebody_put_into_a_corpus_is_not_deleted(
    name: str, recipe: Path, tmp_path: Path
) -> None:
    out = builders.build(recipe, tmp_path / "out")
    (out / name).parent.mkdir(exist_ok=True)
    (out / name).write_text("years")
    with pytest.raises(IsoglossError, match=name):
        builders.build(recipe, out, force=True)
    assert (out / name).read_text() == "years"


def test_empty_and_hidden_are_empty_and_ours_are_ours(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".git").mkdir(parents=True)
    (out / ".git" / "HEAD").write_text("ref")
    builders.build(recipe, out)
    builders.build(recipe, out, force=True)
    assert (out / ".git" / "HEAD").read_text() == "ref"
    assert not (out / layout.WORK).exists()


@pytest.mark.parametrize("where", ["read", "deduplicate", "mix", "template", "finish"])
def test_a_build_stopped_anywhere_is_known_as_one_and_goes_on(
    where: str, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = builders.build(recipe, tmp_path / "straight")

    def stop(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(build, where, stop)
        with pytest.raises(KeyboardInterrupt):
            builders.build(recipe, tmp_path / "out")
    # What a kill in the middle of a write leaves.
    (tmp_path / "out" / "data" / "de").mkdir(parents=True, exist_ok=True)
    (tmp_path / "out" / "data/de/.translation-train-00000.parquet.77.partial").write_text("half")
    builders.build(recipe, tmp_path / "out")
    whole = texts(straight)
    assert {name.replace(str(straight), str(tmp_path / "out")): one for name, one in whole.items()} == texts(tmp_path / "out")  # fmt: skip


def test_a_damaged_file_of_the_same_size_is_mended(recipe: Path, tmp_path: Path) -> None:
    out = builders.build(recipe, tmp_path / "out")
    path = next(out.glob("data/*/*.parquet"))
    good = path.read_bytes()
    path.write_bytes(good[:-9] + bytes([good[-9] ^ 1]) + good[-8:])
    builders.build(recipe, out)
    assert path.read_bytes() == good


@pytest.mark.parametrize("split", ["*", "tets", "t?st", "train-00000", ""])
def test_export_knows_the_splits(split: str, recipe: Path, tmp_path: Path) -> None:
    out = builders.build(recipe, tmp_path / "out")
    with pytest.raises(IsoglossError, match=r"unknown split.*Known: test, train, validation"):
        builders.export(out, tmp_path / "x.jsonl", layout="messages", split=split)
    assert not (tmp_path / "x.jsonl").exists()


def test_a_cap_of_none_is_none(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(recipe.read_text() + "[mixture]\ntrain = { translation = 0 }\n")
    out = builders.build(recipe, tmp_path / "out")
    counts = read_json(out / "manifest.json")["counts"]["de"]["translation"]
    assert set(counts) == {"test"}


WRONG = [
    ('name = "copied"', 'name = "language"\nsides = ["foo"]', r"sides\.0.*'input' or 'output'"),
    ('name = "copied"', 'name = "language"\nsides = []', "sides"),
    ('name = "copied"', 'name = "language"\nmin_probability = 7', "min_probability"),
    ('name = "copied"', 'name = "language"\nmin_script_share = -1', "min_script_share"),
    ('name = "copied"', 'name = "language"\nmin_letters = 0', "min_letters"),
    (
        'name = "copied"',
        'name = "length"\ntasks = ["trans"]',
        r"filters\[0\]\.tasks: unknown task 'trans'",
    ),
    ('name = "copied"', 'name = "length"\nmax_chars = 0', "max_chars"),
    ('name = "copied"', 'name = "length"\nmin_chars = 9\nmax_chars = 3', "min_chars is more"),
    ('name = "copied"', 'name = "length-ratio"\nmax_ratio = -1', "max_ratio"),
    ('name = "copied"', 'name = "length-ratio"\nslack = -1', "slack"),
    ('licence = "CC0-1.0"', 'licence = "CC0-1.0"\nlimit = -2', "limit"),
    ('licence = "CC0-1.0"', 'licence = "CC0-1.0"\nlimit = 0', "limit"),
    ('tasks = ["translation"]', "tasks = []", "tasks"),
    ("[split]", "[mixture]\ntrain = { translation = -1 }\n[split]", r"train\.translation"),
    (
        '[[filters]]\nname = "copied"',
        '[[sources]]\nname = "d"\nkind = "package-descriptions"\ndirections = ["from-englsh"]',
        r"directions\.0.*'from-english'",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_a_wrong_option_is_told_before_anything_is_done(
    old: str, new: str, told: str, recipe: Path
) -> None:
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new, 1))
    with pytest.raises(IsoglossError, match=told):
        load_recipe(recipe)


STANZA = "Package: {package}\nDescription-md5: {md5}\nDescription-{code}: {synopsis}\n The package {package} does it all ({code}).\n\n"


def descriptions(folder: Path, code: str, rows: list[tuple[str, str, str]]) -> None:
    text = "".join(
        STANZA.format(package=package, md5=md5, code=code, synopsis=synopsis)
        for package, md5, synopsis in rows
    )
    (folder / f"Translation-{code}").write_text(text, encoding="utf-8")


def test_every_stanza_is_a_record_or_rejected(tmp_path: Path) -> None:
    folder = tmp_path / "i18n"
    folder.mkdir()
    english = [(f"p{n}", f"md{n}", f"tool {n}") for n in range(30)]
    german = [(f"p{n}", f"md{n}", f"Werkzeug {n}") for n in range(40)]
    descriptions(folder, "en", [*english, ("twin", "md0", "tool 0")])
    descriptions(folder, "de", [*german[:39], ("p39", "md29", "tool 29")])
    (tmp_path / "recipe.toml").write_text(
        'name = "d"\nlanguages = ["de", "en"]\ntasks = ["translation", "summarization"]\n'
        '[[sources]]\nname = "d"\nkind = "package-descriptions"\npath = "i18n"\nlimit = 10\n'
    )
    out = builders.build(tmp_path / "recipe.toml", tmp_path / "out")
    made = 40 * 2 + 40 + 31  # translation both ways, summaries in German and in English
    rejected = pl.concat(pl.read_parquet(path) for path in out.glob("rejected/*.parquet"))
    kept = pl.concat(pl.read_parquet(path) for path in out.glob("data/*/*.parquet"))
    assert kept.height + rejected.height == made
    reasons = dict(rejected.group_by("reason").len().rows())
    assert reasons == {
        "another package has the same description": 1 + 3,
        "no English description has its checksum": 9 * 2,
        "beyond the source's limit of 10 groups": 30 * 2 - 20 + 39 - 10 + 30 - 10,
    }
    steps = read_json(out / "manifest.json")["steps"]
    assert steps[0]["rows_in"] == made


def test_french_and_russian_phrasings_are_spelt_as_their_readers_do() -> None:
    table = builders.templates.loading.load_templates().table
    french = table.filter(pl.col("language") == "fr", pl.col("task") != "code")["instruction"]
    assert not french.str.contains(r"[^\x{00A0}]:|[^\x{202F}][?!;]").any()
    assert french.str.contains("\u00a0:").any()
    russian = table.filter(language="ru", task="qa")["instruction"].to_list()
    assert "Каким был бы твой ответ?" in russian
