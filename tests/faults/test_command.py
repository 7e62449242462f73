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

from isogloss.provenance import sha256_file

ISOGLOSS = [sys.executable, "-m", "isogloss.cli"]
COMMANDS = [
    "build", "export", "tune", "score", "rescore", "compare", "inspect", "publish", "run", "list",
]  # fmt: skip

RECIPE = """
name = "little"
languages = ["de", "fr"]
tasks = ["translation"]
[[sources]]
name = "ours"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = { input = "en", output = "text", language = "lang" }
source_language = "en"
licence = "CC0-1.0"
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


def pairs(folder: Path, count: int) -> None:
    """Write so many pairs in each of two languages; identifying a thousand takes some seconds."""
    lines = ["en,text,lang"]
    for n in range(count):
        english = f"The old house number {n} stands at the end of the street beside the church."
        lines += [f"{english},{GERMAN.format(n)},de", f"{english},{FRENCH.format(n)},fr"]
    (folder / "pairs.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    pairs(tmp_path, 100)
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path / "recipe.toml"


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256_file(path)
        for path in folder.rglob("*")
        if path.is_file()
    }


def wrong(done: Any, told: str, status: int = 2) -> None:
    """Check that a command failed with one line that tells it, and nothing else to read."""
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("isogloss: error: ")]
    assert len(errors) == 1, done.stderr
    assert re.search(told, errors[0]), errors[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_of_a_command_that_there_is(command: str, tmp_path: Path) -> None:
    done = isogloss(tmp_path, command, "--help")
    assert done.returncode == 0
    example = re.search(rf"Example: (isogloss {command} .+)", done.stdout)
    assert example is not None, done.stdout
    # The example parses: its own options and arguments are known. What it names is not there.
    words = shlex.split(example[1])[1:]
    tried = isogloss(tmp_path, *words)
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
    command = [sys.executable, "-X", "importtime", "-m", "isogloss.cli", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "typer" in loaded
    assert loaded.isdisjoint({"numpy", "polars", "psutil", "pyarrow", "pydantic", "torch", "rich"})


def test_the_whole_path_and_again(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = isogloss(tmp_path, "run", recipe, "--out", out)
    assert done.returncode == 0, done.stderr
    index = Path(done.stdout.strip())
    assert index == out / "site" / "index.html"
    assert "<title>Little</title>" in index.read_text("utf-8")
    assert {path.name for path in out.iterdir()} == {"corpus", "runs", "site"}
    site = hashes(out / "site")
    again = isogloss(tmp_path, "run", recipe, "--out", out)
    assert again.returncode == 0
    assert again.stderr.count("is up to date") == 3
    assert hashes(out / "site") == site
    compared = isogloss(tmp_path, "compare", out / "runs" / "nearest", out / "runs" / "copy")
    assert re.search(r"translation, chrF2\n(.*\n)+  de +\d", compared.stdout)
    ranked = isogloss(tmp_path, "compare", out / "runs" / "nearest", out / "runs" / "copy", index)
    wrong(ranked, "index.html: is not a finished run")
    rescored = isogloss(tmp_path, "rescore", out / "runs" / "copy")
    assert (rescored.returncode, rescored.stdout) == (0, ""), "the same answers, the same scores"
    listed = isogloss(tmp_path, "list", "suites")
    assert "smoke" in listed.stdout


def test_parts_of_the_path_are_commands_of_their_own(recipe: Path, tmp_path: Path) -> None:
    corpus = isogloss(tmp_path, "build", recipe, "--out", "corpus")
    assert corpus.stdout.strip() == "corpus"
    run = isogloss(
        tmp_path, "score", "nearest", "--corpus", "corpus", "--out", "run", "--resamples", "20"
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"translation\s+mean\s+chrf", run.stderr)
    site = isogloss(tmp_path, "publish", "run", "--out", "site", "--title", "Mine")
    assert site.stdout.strip() == "site/index.html"
    export = isogloss(tmp_path, "export", "corpus", "x.jsonl", "--layout", "input-output")
    assert export.returncode == 0
    assert (tmp_path / "x.jsonl").read_text("utf-8").count("\n") > 150


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
    old: str, new: str, told: str, recipe: Path, tmp_path: Path
) -> None:
    recipe.write_text(recipe.read_text().replace(old, new, 1))
    wrong(isogloss(tmp_path, "run", recipe, "--out", "out"), told)
    assert not (tmp_path / "out" / "site").exists()
    if "none" not in new:
        assert not (tmp_path / "out").exists(), "all of a recipe is checked before work begins"


def test_commands_told_nonsense(tmp_path: Path) -> None:
    wrong(isogloss(tmp_path, "run", "none.toml"), "none.toml: there is no such file")
    wrong(isogloss(tmp_path, "score", "--suite", "smoke"), "say what to score")
    wrong(isogloss(tmp_path, "score", "copy"), "say what is asked")
    wrong(isogloss(tmp_path, "score", "copy", "--suite", "smook"), "Did you mean 'smoke'")
    wrong(isogloss(tmp_path, "publish", "."), "is not a finished run")
    wrong(isogloss(tmp_path, "compare", ".", "."), "is not a finished run")
    wrong(isogloss(tmp_path, "compare", "."), "name two runs or more")
    wrong(isogloss(tmp_path, "rescore", "."), "is not a finished run")
    outputs = ("score", "--suite", "smoke", "--predictions")
    wrong(isogloss(tmp_path, *outputs, "none.txt"), "none.txt: there is no such file")
    wrong(isogloss(tmp_path, *outputs, "."), "no file for 16 of the suite's 16 cells")
    wrong(isogloss(tmp_path, "list", "metric"), "Did you mean 'metrics'")
    wrong(isogloss(tmp_path, "inspect", "./none"), "there is no model folder")
    wrong(isogloss(tmp_path, "tune", "./none", "."), "is not a finished corpus")
    wrong(isogloss(tmp_path, "export", ".", "x.jsonl"), "is not a finished corpus")


def test_an_interruption_is_130_and_the_next_call_goes_on(recipe: Path, tmp_path: Path) -> None:
    pairs(tmp_path, 600)
    straight = isogloss(tmp_path, "run", recipe, "--out", "straight")
    assert straight.returncode == 0, straight.stderr
    process = subprocess.Popen(
        [*ISOGLOSS, "run", str(recipe), "--out", "out"],
        env=environment(tmp_path), cwd=tmp_path, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("filter language"):
            break
    time.sleep(1)
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


@pytest.mark.parametrize("size", [8, 24])
def test_a_full_disk_is_told(size: int, recipe: Path, tmp_path: Path) -> None:
    if not can_mount(tmp_path):
        pytest.skip("SKIPPED LOUDLY: no small disk can be made here (unshare, tmpfs)")
    wrong(on_a_small_disk(tmp_path, size, "build", recipe, "--out", "small/c"), "the disk is full")
    built = isogloss(tmp_path, "build", recipe, "--out", "corpus")
    assert built.returncode == 0
    score = ("score", "copy", "--corpus", "corpus", "--resamples", "5", "--out")
    done = on_a_small_disk(tmp_path, 16, *score, "small/run")
    wrong(done, "the disk is full")
    assert isogloss(tmp_path, *score, "run").returncode == 0
    wrong(on_a_small_disk(tmp_path, size, "publish", "run", "--out", "small/s"), "the disk is full")


def test_a_folder_that_may_not_be_written_is_told(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    wrong(
        isogloss(tmp_path, "build", recipe, "--out", "file/corpus"), "cannot be written|is a file"
    )
    wrong(isogloss(tmp_path, "build", recipe, "--out", "file"), "is a file")
