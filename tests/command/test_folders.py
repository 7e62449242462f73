"""Odd paths and other people's files: one line, status 2, and nothing of theirs is touched."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import typer
from support.command import command, done, wrong
from support.folders import hashes

from isogloss.command.errors import guarded
from tests.command.test_command import write_recipe


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the commands run in, with room for their lines."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path, 60)


SCORE = ("score", "copy", "--suite", "smoke", "--resamples", "5")


@pytest.mark.parametrize("out", ["/proc/nothing-of-ours", "x" * 300, "/dev/null/x"])
def test_a_place_that_cannot_be_is_told(out: str, recipe: Path) -> None:
    wrong(command(*SCORE, "--out", out), out[:50])
    wrong(command("build", recipe, "--out", out), out[:50])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "data.csv"),
         "data.csv: Permission denied"),
        (OSError(errno.EXDEV, "Invalid cross-device link", "a", None, b"b\xff"),
         "a -> b\\udcff: Invalid cross-device link"),
        (OSError(errno.ENOSPC, "No space left on device", "x"), "the disk is full"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (FileNotFoundError("No such file (os error 2): x.csv"), "(os error 2): x.csv"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)  # fmt: skip
def test_errors_of_the_system_are_one_line(
    error: OSError, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    @guarded
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as left:
        command()
    assert left.value.exit_code == 2
    line = capsys.readouterr().err
    assert line.startswith("isogloss: error: ") and line.count("\n") == 1
    assert told in line


def test_nobody_reading_on_is_no_error_of_ours() -> None:
    @guarded
    def command() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        command()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_recipe_that_may_not_be_read_is_told(recipe: Path) -> None:
    recipe.chmod(0)
    wrong(command("build", recipe), "recipe.toml: Permission denied")


def test_a_site_can_be_made_in_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    done(*SCORE, "--out", run)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    number = here.stat().st_ino
    for _ in range(2):
        published = done("publish", run, "--out", ".", "--resamples", "5")
        assert published.stdout.strip() == "index.html"
        assert here.stat().st_ino == number, "a shell that stands in the folder stays in it"
        assert (here / "index.html").is_file() and (here / "assets" / "style.css").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"run", "here"}


def test_outputs_in_the_folder_of_the_run_stay(tmp_path: Path) -> None:
    theirs = tmp_path / "predictions" / "gpt.jsonl"
    theirs.parent.mkdir()
    theirs.write_text('{"id": "x", "prediction": "y"}\n')
    before = hashes(tmp_path)
    scored = command(
        "score", "--predictions", "predictions/gpt.jsonl", "--suite", "smoke", "--out", "."
    )
    wrong(scored, "holds files that are not a run of ours")
    assert hashes(tmp_path) == before


@pytest.mark.parametrize(
    "model", ["./nomodel", "none.gguf", "outputs:none.jsonl", "outputs:none/{language}.txt", "~/no"]
)
def test_a_model_that_is_not_there_is_told_before_anything_is_built(
    model: str, recipe: Path, tmp_path: Path
) -> None:
    text = recipe.read_text("utf-8").replace('model = "nearest"', f'model = "{model}"')
    recipe.write_text(text, encoding="utf-8")
    # From the recipe's own folder, where its paths are shortest.
    ran = command("run", "recipe.toml", "--out", "out")
    wrong(ran, r"recipe\.toml: run\.systems\[1\]: there is no ")
    assert "hub" not in ran.stderr
    assert not (tmp_path / "out").exists()
