"""The real command: help, the whole path, and what happens when something is wrong or stops it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.command import command, done
from support.command import wrong as wrong_here
from support.folders import hashes
from support.recipes import little_recipe

ISOGLOSS = [sys.executable, "-m", "isogloss.command.cli"]
COMMANDS = [
    "build", "export", "tune", "score", "rescore", "compare", "inspect", "publish", "run", "list",
]  # fmt: skip

MORE = """
[[filters]]
name = "language"
backend = "langdetect" # it takes its time, which some tests need
[decontamination]
near = 0 # the sentences are all alike

[split]
test = 0.05
[run]
resamples = 50
[[run.systems]]
name = "Copy"
model = "copy"
[[run.systems]]
name = "Nearest"
model = "nearest"
[publish]
title = "Little"
"""

GERMAN = "Das alte Haus Nummer {} steht ganz am Ende der Straße neben der Kirche."
FRENCH = "La vieille maison numéro {} se trouve tout au bout de la rue près de l’église."


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ISOGLOSS", "HF_"))}
    return {**kept, "ISOGLOSS_CACHE": str(home / "cache"), "HF_HUB_OFFLINE": "1", "COLUMNS": "200"}


def isogloss(home: Path, *arguments: str | Path) -> Any:
    command = [*ISOGLOSS, *map(str, arguments)]
    return subprocess.run(
        command, env=environment(home), capture_output=True, text=True, cwd=home, timeout=300,
        check=False,
    )  # fmt: skip


def write_recipe(folder: Path, count: int) -> Path:
    """Write a recipe of so many pairs in each of two languages."""
    pairs = []
    for n in range(count):
        english = f"The old house number {n} stands at the end of the street beside the church."
        pairs += [(english, GERMAN.format(n), "de"), (english, FRENCH.format(n), "fr")]
    return little_recipe(folder, pairs, MORE)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path, 100)


def wrong(done: Any, told: str, status: int = 2) -> None:
    """Check that a command failed with one line that tells it, and nothing else to read."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("isogloss: error: ")]
    assert len(errors) == 1, done.stderr
    assert re.search(told, errors[0]), errors[0]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a command within this process runs in, with room for its lines."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_of_a_command_that_there_is(name: str, here: Path) -> None:
    example = re.search(rf"Example: (isogloss {name} .+)", done(name, "--help").stdout)
    assert example is not None
    # The example parses: its own options and arguments are known. What it names is not there; the
    # shipped recipe is, and would be fetched for, tuned on and scored.
    words = ["none.toml" if word == "starter" else word for word in shlex.split(example[1])[1:]]
    tried = command(*words)
    assert "No such option" not in tried.stderr
    assert "Usage:" not in tried.stderr


def test_help_is_instant(tmp_path: Path) -> None:
    times = []
    for _ in range(3):  # of processors, and the quickest: the machine may be busy
        began = os.times()
        assert isogloss(tmp_path, "--help").returncode == 0
        ended = os.times()
        times.append(
            ended.children_user + ended.children_system
            - began.children_user - began.children_system
        )  # fmt: skip
    assert min(times) < 0.5


def test_help_loads_no_library_but_the_commands_own(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "isogloss.command.cli", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "typer" in loaded
    assert loaded.isdisjoint({"numpy", "polars", "psutil", "pyarrow", "pydantic", "torch", "rich"})


def test_the_whole_path_and_again(recipe: Path, here: Path) -> None:
    out = here / "out"
    ran = done("run", recipe, "--out", out)
    index = Path(ran.stdout.strip())
    assert index == out / "site" / "index.html"
    assert "<title>Little</title>" in index.read_text("utf-8")
    assert {path.name for path in out.iterdir()} == {"corpus", "runs", "site"}
    site = hashes(out / "site")
    again = done("run", recipe, "--out", out)
    assert again.stderr.count("is up to date") == 3
    assert hashes(out / "site") == site
    compared = done("compare", out / "runs" / "nearest", out / "runs" / "copy")
    assert re.search(r"translation, chrF2\n(.*\n)+  de +\d", compared.stdout)
    ranked = command("compare", out / "runs" / "nearest", out / "runs" / "copy", index)
    wrong_here(ranked, "index.html: is not a finished run")
    rescored = done("rescore", out / "runs" / "copy")
    assert rescored.stdout == "", "the same answers, the same scores"
    assert "smoke" in done("list", "suites").stdout


def test_parts_of_the_path_are_commands_of_their_own(recipe: Path, here: Path) -> None:
    assert done("build", recipe, "--out", "corpus").stdout.strip() == "corpus"
    run = done("score", "nearest", "--corpus", "corpus", "--out", "run", "--resamples", "20")
    assert re.search(r"translation\s+mean\s+chrf", run.stderr)
    site = done("publish", "run", "--out", "site", "--title", "Mine")
    assert site.stdout.strip() == "site/index.html"
    done("export", "corpus", "x.jsonl", "--layout", "input-output")
    assert (here / "x.jsonl").read_text("utf-8").count("\n") > 150


WRONG = [
    ("[run]\n", "[run]\nresample = 3\n", r"recipe\.toml: run: unknown key 'resample'.*'resamples'"),
    ('model = "nearest"', 'model = "./none"', r"there is no model folder"),
    ('model = "nearest"', 'modle = "x"', r"run.*unknown key 'modle'"),
    ('title = "Little"', 'titel = "x"', r"publish: unknown key 'titel'"),
    ('name = "language"', 'name = "langauge"', r"unknown filter 'langauge'"),
    ("pairs.csv", "pears.csv", r"pears\.csv"),
    ('"de", "fr"', '"de", "qqqq"', r"'qqqq' is not a language tag"),
    ('kind = "files"', 'kind = "file"', r"unknown kind of source 'file'"),
]


@pytest.mark.parametrize(("old", "new", "told"), WRONG)
def test_what_is_wrong_is_one_line_and_status_2(
    old: str, new: str, told: str, recipe: Path, here: Path
) -> None:
    recipe.write_text(recipe.read_text().replace(old, new, 1))
    wrong_here(command("run", recipe, "--out", "out"), told)
    assert not (here / "out" / "site").exists()
    if "none" not in new:
        assert not (here / "out").exists(), "all of a recipe is checked before work begins"


def test_what_is_wrong_is_one_line_of_the_real_command(recipe: Path, tmp_path: Path) -> None:
    old, new, told = WRONG[0]
    recipe.write_text(recipe.read_text().replace(old, new, 1))
    wrong(isogloss(tmp_path, "run", recipe, "--out", "out"), told)
    assert not (tmp_path / "out").exists()


def test_commands_told_nonsense(here: Path) -> None:
    wrong_here(command("run", "none.toml"), "none.toml: there is no such file")
    wrong_here(command("score", "--suite", "smoke"), "say what to score")
    wrong_here(command("score", "copy"), "say what is asked")
    wrong_here(command("score", "copy", "--suite", "smook"), "Did you mean 'smoke'")
    wrong_here(command("publish", "."), "is not a finished run")
    wrong_here(command("compare", ".", "."), "is not a finished run")
    wrong_here(command("compare", "."), "name two runs or more")
    wrong_here(command("rescore", "."), "is not a finished run")
    outputs = ("score", "--suite", "smoke", "--predictions")
    wrong_here(command(*outputs, "none.txt"), "none.txt: there is no such file")
    wrong_here(command(*outputs, "."), "no file for 16 of the suite's 16 cells")
    wrong_here(command("list", "metric"), "Did you mean 'metrics'")
    wrong_here(command("inspect", "./none"), "there is no model folder")
    wrong_here(command("tune", "./none", "."), "is not a finished corpus")
    wrong_here(command("export", ".", "x.jsonl"), "is not a finished corpus")


def test_an_interruption_is_130_and_the_next_call_goes_on(
    recipe: Path, here: Path, tmp_path: Path
) -> None:
    write_recipe(tmp_path, 200)
    done("run", recipe, "--out", "straight")
    process = subprocess.Popen(
        [*ISOGLOSS, "run", str(recipe), "--out", "out"],
        env=environment(tmp_path), cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("filter language"):
            break
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    assert "isogloss: error: interrupted; the same command goes on" in rest
    assert not (tmp_path / "out" / "corpus" / "manifest.json").exists()
    again = isogloss(tmp_path, "run", recipe, "--out", "out")
    assert again.returncode == 0, again.stderr
    for part in ("corpus", "site/data"):
        assert hashes(tmp_path / "out" / part) == hashes(tmp_path / "straight" / part)
    assert not [path for path in (tmp_path / "out").rglob("*") if "partial" in path.name]


SMALL_DISK = 'mount -t tmpfs -o size={size}k none "$0" && exec "$@"'


def on_a_small_disk(home: Path, size: int, *arguments: str | Path) -> Any:
    """Run the command with a disk of so many KiB at ``home/small``, its own to see."""
    small = home / "small"
    small.mkdir(exist_ok=True)
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    command = [*unshare, SMALL_DISK.format(size=size), str(small), *ISOGLOSS, *map(str, arguments)]
    return subprocess.run(
        command, env=environment(home), capture_output=True, text=True, cwd=home, timeout=300,
        check=False,
    )  # fmt: skip


def can_mount(home: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    command = [*probe, 'mount -t tmpfs -o size=64k none "$0"', str(home)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe, its corpus and a run, made where there is room."""
    folder = tmp_path_factory.mktemp("made")
    if not can_mount(folder):
        pytest.skip("SKIPPED LOUDLY: no small disk can be made here (unshare, tmpfs)")
    done("build", write_recipe(folder, 100), "--out", folder / "corpus")
    copy = ("score", "copy", "--corpus", folder / "corpus", "--resamples", "5")
    done(*copy, "--out", folder / "run")
    return folder


@pytest.mark.parametrize("size", [8, 24])
@pytest.mark.parametrize("words", [("build", "recipe.toml"), ("publish", "run")])
def test_a_full_disk_is_told(size: int, words: tuple[str, ...], made: Path) -> None:
    wrong(on_a_small_disk(made, size, *words, "--out", "small/x"), "the disk is full")


def test_a_disk_that_a_run_fills_is_told(made: Path) -> None:
    score = ("score", "copy", "--corpus", "corpus", "--resamples", "5", "--out", "small/run")
    wrong(on_a_small_disk(made, 16, *score), "the disk is full")


def test_a_folder_that_may_not_be_written_is_told(recipe: Path, here: Path) -> None:
    (here / "file").write_text("")
    wrong_here(command("build", recipe, "--out", "file/corpus"), "cannot be written|is a file")
    wrong_here(command("build", recipe, "--out", "file"), "is a file")
