"""The same recipe gives the same corpus; another threshold decides again without scoring again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.command import command, wrong
from support.folders import hashes
from support.recipes import little_recipe

import builders
from builders.filters import length
from builders.pipeline import lock
from builders.rows import spool
from isogloss.errors import IsoglossError
from isogloss.files import read_json

MORE = """
[[filters]]
name = "length"
max_chars = 2000

[[filters]]
name = "copied"

[split]
test = 0.2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pairs = []
    for number in range(300):
        times = number % 7
        licence = ("CC0-1.0", "MIT OR GPL-3.0-only", "GPL-3.0-only")[number % 3]
        english = f"the {'very ' * times}old house {number}"
        pairs.append((english, f"das {'sehr ' * times}alte Haus {number}", "de", licence))
        pairs.append((english, f"la {'très ' * times}vieille maison {number}", "fr", licence))
    licences = 'licences = ["CC0-*", "MIT"]'
    little_recipe(tmp_path, pairs, MORE, head=licences, source="")
    return tmp_path


def write(folder: Path, most: int = 2000, more: str = "") -> Path:
    """Change the recipe: its longest text, and what stands after the rest."""
    path = folder / "recipe.toml"
    text = path.read_text("utf-8").replace("max_chars = 2000", f"max_chars = {most}")
    path.write_text(text + more, encoding="utf-8")
    return path


def build(folder: Path, name: str = "out", **more: Any) -> Path:
    return builders.build(folder / "recipe.toml", folder / name, **more)


def test_neither_workers_nor_batches_change_a_byte(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, more="[duplicates.near]\n")
    one = hashes(build(folder, "one", workers=1))
    assert hashes(build(folder, "sixteen", workers=16)) == one
    monkeypatch.setattr(spool, "ROWS", 7)
    many = hashes(build(folder, "many", workers=4))
    # Scores lie in as many files as there were batches; all else is the same.
    files = {name for name in one if not name.startswith("scores/")} - {"manifest.json"}
    assert {name: one[name] for name in files} == {name: many.get(name) for name in files}
    both = [
        pl.read_parquet(folder / name / "scores" / "*.parquet").sort("row")
        for name in ("one", "many")
    ]
    assert both[0].equals(both[1])


def test_only_licences_that_the_recipe_takes_are_taken(folder: Path) -> None:
    corpus = build(folder)
    kept = pl.read_parquet(corpus / "data" / "**" / "*.parquet")
    assert set(kept["licence"]) == {"CC0-1.0", "MIT OR GPL-3.0-only"}
    dropped = pl.read_parquet(corpus / "rejected" / "licence-*.parquet")
    assert set(dropped["reason"]) == {"the recipe does not take its licence: GPL-3.0-only"}
    assert dropped.height == 200


def test_scores_lie_beside_the_rows(folder: Path) -> None:
    write(folder, most=30)
    corpus = build(folder)
    scores = pl.read_parquet(corpus / "scores" / "*.parquet")
    assert scores.height == 400
    kept = pl.read_parquet(corpus / "data" / "**" / "*.parquet")
    joined = kept.join(scores, on=["source_id", "language"], suffix="_scored")
    assert joined.height == kept.height
    assert joined["length.output_chars"].equals(joined["output"].str.len_chars(), check_names=False)
    assert scores["length.input_chars"].max() > 30, "dropped rows have their scores too"


def test_another_threshold_decides_again_without_scoring_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(folder)
    scored: list[int] = []
    score = length.score

    def counted(frame: pl.DataFrame, *more: Any) -> pl.DataFrame:
        scored.append(frame.height)
        return score(frame, *more)

    monkeypatch.setattr(length, "score", counted)
    write(folder, most=30)
    again = build(folder)
    assert scored == []
    assert hashes(again) == hashes(build(folder, "anew"))
    assert sum(scored) == 400
    assert any((again / "rejected").glob("length-*"))


def test_scores_of_other_rows_are_not_believed(folder: Path) -> None:
    build(folder)
    table = folder / "pairs.csv"
    table.write_text(table.read_text().replace("the old house 0,", "the enormous house 0,"))
    write(folder, most=30)
    assert hashes(build(folder)) == hashes(build(folder, "anew"))


def test_a_language_may_have_its_own_thresholds(folder: Path) -> None:
    path = write(folder, most=30)
    text = path.read_text().replace(
        "max_chars = 30", "max_chars = 30\nby_language.fr.max_chars = 20"
    )
    path.write_text(text)
    kept = pl.read_parquet(build(folder) / "data" / "**" / "*.parquet")
    longest = dict(
        kept.group_by("language").agg(pl.col("output").str.len_chars().max()).iter_rows()
    )
    assert longest["fr"] <= 20 < longest["de"] <= 30


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ("by_language.xx-nope.max_chars = 5", "'xx-nope' is not a language tag"),
        ("by_language.fr.max_charz = 5", r"by_language.fr: unknown key 'max_charz'"),
        ('languages = ["nope-nope"]', "is not a language tag"),
        ('languages = ["de", "nl"]', r"filters\[0\]\.languages: unknown language 'nl'"),
        ("by_language.zh.max_chars = 5", r"by_language: unknown language 'zh'"),
        ("by_language = { fr = {}, fra = {} }", "'fr' is named twice"),
    ],
)
def test_wrong_overrides_are_told(folder: Path, new: str, told: str) -> None:
    path = write(folder)
    path.write_text(path.read_text().replace("max_chars = 2000", f"max_chars = 2000\n{new}"))
    with pytest.raises(IsoglossError, match=told):
        build(folder)


def test_a_frozen_build_holds_the_sources_to_the_lock(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(IsoglossError, match=r"recipe\.lock: there is no lock"):
        build(folder, frozen=True)
    assert not (folder / "out").exists()
    first = hashes(build(folder))
    held = folder / "recipe.lock"
    assert read_json(held)["sources"][0]["name"] == "ours"
    assert hashes(build(folder, "again", frozen=True)) == first
    table = folder / "pairs.csv"
    table.write_text(table.read_text() + "the lamp,die Lampe,de,MIT\n")
    before = held.read_bytes()
    with pytest.raises(IsoglossError, match=r"sha256 of 'ours' was .* is ") as caught:
        build(folder, frozen=True)
    assert "\n" not in str(caught.value)
    assert held.read_bytes() == before
    assert hashes(folder / "out") == first
    capsys.readouterr()
    build(folder)
    assert "sha256 of 'ours' was" in capsys.readouterr().err
    build(folder, frozen=True)


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"format": 1}', '{"format": 2, "sources": []}',
             '{"format": 1, "sources": [7], "suites": [], "templates": "", "tokenizer": null}'],
)  # fmt: skip
@pytest.mark.parametrize("frozen", [True, False])
def test_a_lock_that_is_none_is_told_before_anything_is_built(
    text: str, frozen: bool, folder: Path
) -> None:
    (folder / "recipe.lock").write_text(text)
    with pytest.raises(IsoglossError, match=r"recipe\.lock: is not a lock of this version"):
        build(folder, frozen=frozen)
    assert not (folder / "out").exists()


def test_a_shipped_recipe_has_no_lock_and_says_what_to_do() -> None:
    shipped = Path(builders.__file__).parent / "recipes" / "starter.toml"
    with pytest.raises(IsoglossError, match="Copy the recipe to a folder of yours"):
        lock.check(shipped, lock.entry([], [], "", None))


def test_two_processes_do_not_build_one_folder(folder: Path) -> None:
    held = "import sys; from pathlib import Path; from builders.corpus import layout\n"
    held += "with layout.alone(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", held, str(folder / "out")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with pytest.raises(IsoglossError, match="another process is writing it"):
        build(folder)
    other.communicate("")
    build(folder)
    assert not (folder / "out" / ".work").exists()


def test_a_lost_lock_is_made_again(folder: Path) -> None:
    build(folder)
    lock = folder / "recipe.lock"
    before = lock.read_bytes()
    lock.unlink()
    build(folder)
    assert lock.read_bytes() == before


def test_a_frozen_build_that_fails_leaves_with_status_2(folder: Path) -> None:
    recipe = folder / "recipe.toml"
    wrong(command("build", recipe, "--frozen", "--out", folder / "out"), "there is no lock")


def test_a_limit_takes_the_same_groups_in_every_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder)
    text = path.read_text().replace('source_language = "en"', 'source_language = "en"\nlimit = 9')
    path.write_text(text.replace("test = 0.2", "test = 0.0"))
    monkeypatch.setattr(spool, "ROWS", 50)
    corpus = build(folder)
    kept = pl.read_parquet(corpus / "data" / "**" / "*.parquet")
    inputs = [set(part["input"]) for _, part in kept.group_by("language")]
    assert inputs[0] == inputs[1]
    steps = {step["step"]: step for step in read_json(corpus / "manifest.json")["steps"]}
    assert (steps["limit"]["rows_in"], steps["limit"]["rows_out"]) == (400, 18)
    beyond = pl.read_parquet(corpus / "rejected" / "limit-*.parquet")
    assert beyond.height == 382
