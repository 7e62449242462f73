"""Shipped recipes go by name, and are copied to be edited."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import command, done, wrong

import builders
from isogloss.errors import IsoglossError

SHIPPED = Path(builders.__file__).parent / "recipes"


def test_every_shipped_recipe_is_listed_and_loads_by_its_name() -> None:
    listed = builders.list_recipes()
    assert set(listed) == {path.stem for path in SHIPPED.glob("*.toml")}
    shown = done("list", "recipes").stdout
    for name, description in listed.items():
        recipe = builders.load_recipe(name)
        assert recipe.description == description
        assert recipe.path == SHIPPED / f"{name}.toml"
        assert f" {name} " in shown and description in shown


def test_a_copy_is_the_shipped_recipe_and_replaces_nothing(tmp_path: Path) -> None:
    mine = tmp_path / "my.toml"
    assert done("init", "starter", mine).stdout == f"{mine}\n"
    assert mine.read_bytes() == (SHIPPED / "starter.toml").read_bytes()
    assert builders.load_recipe(mine).sha256 == builders.load_recipe("starter").sha256
    mine.write_text("# mine\n")
    wrong(command("init", "starter", mine), r"my\.toml: is there already")
    assert mine.read_text() == "# mine\n"
    wrong(command("init", "star", tmp_path / "other.toml"), r"unknown recipe 'star'\. Did you mean")
    assert not (tmp_path / "other.toml").exists()


def test_a_word_that_is_no_recipe_is_told_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wrong(command("build", "startr"), r"unknown recipe 'startr'\. Did you mean 'starter'\?")
    wrong(command("run", "startr"), "unknown recipe 'startr'")
    wrong(command("build", "my.toml"), r"my\.toml: there is no such file")
    wrong(command("build", "recipes/starter"), "recipes/starter: there is no such file")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_bears_a_name_is_meant_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("starter").write_text("name = 'mine'\n")
    assert builders.load_recipe("starter").name == "starter"
    for path in ("./starter", Path("starter")):
        with pytest.raises(IsoglossError, match="the key 'languages' is missing"):
            builders.load_recipe(path)
