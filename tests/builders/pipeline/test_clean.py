"""Clean text, without instructions: what is left is in its order, what is not has a reason."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from support.command import done

import builders
from builders.rows import spool
from isogloss.errors import IsoglossError
from isogloss.files import read_json, sha256_file

RECIPE = """
name = "bitext"
languages = ["de", "en"]
tasks = ["translation"]

[[sources]]
name = "ours & theirs"
kind = "moses"
source = "all.{source_language}"
target = "all.{language}"
licence = "CC0-1.0"

[[filters]]
name = "length"
max_chars = 90

[duplicates.near]
jaccard = 0.7
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    english, german = (
        [" ".join(f"{sign}{n * 7919 + word * 104729:x}" for word in range(8)) for n in range(40)]
        for sign in "ed"
    )
    english += [english[3], "x" * 99, english[7] + "."]
    german += [german[3], "y", german[7]]
    (tmp_path / "all.en").write_text("\n".join(english) + "\n", encoding="utf-8")
    (tmp_path / "all.de").write_text("\n".join(german) + "\n", encoding="utf-8")
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path / "recipe.toml"


def rows(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "data" / "*" / "clean-*.parquet")


def test_clean_rows_are_in_their_order(recipe: Path, tmp_path: Path) -> None:
    out = builders.clean(recipe, tmp_path / "out")
    found = rows(out).filter(language="de")
    assert found["input"].to_list() == (tmp_path / "all.en").read_text("utf-8").splitlines()[:40]
    assert found["references"].null_count() == 40
    assert {"instruction", "source_id", "licence", "tags"} <= set(found.columns)
    dropped = pl.read_parquet(out / "rejected" / "*.parquet").filter(language="de")
    assert set(dropped["filter"]) == {"length", "duplicates", "near-duplicates"}
    assert dropped.height == 3
    manifest = read_json(out / "manifest.json")
    assert manifest["sources"][0]["rows"] == rows(out).height
    assert all(
        sha256_file(out / name) == entry["sha256"] for name, entry in manifest["files"].items()
    )


def test_neither_workers_nor_batches_change_the_text(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = rows(builders.clean(recipe, tmp_path / "one", workers=1))
    monkeypatch.setattr(spool, "ROWS", 9)
    many = rows(builders.clean(recipe, tmp_path / "many", workers=3))
    assert one.equals(many)


def test_what_is_clean_is_left_until_something_changes(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = builders.clean(recipe, tmp_path / "out")
    builders.clean(recipe, out)
    assert "is up to date" in capsys.readouterr().err
    builders.build(recipe, out)
    assert "is up to date" not in capsys.readouterr().err
    assert (out / "README.md").is_file()
    assert not list((out / "data").glob("*/clean-*"))


def test_nothing_clean_is_an_error(recipe: Path, tmp_path: Path) -> None:
    recipe.write_text(RECIPE.replace("max_chars = 90", "max_chars = 2"))
    with pytest.raises(IsoglossError, match=r"no row is left \(length dropped"):
        builders.clean(recipe, tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_the_command_cleans(recipe: Path, tmp_path: Path) -> None:
    cleaned = done("clean", recipe, "--out", tmp_path / "out", "--workers", "2")
    assert cleaned.stdout.strip() == str(tmp_path / "out")
    assert rows(tmp_path / "out").height
