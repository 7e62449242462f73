"""What lies on the disk is not believed: unfinished builds, sources that change, other people's files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.folders import empty, flip, half, hashes
from support.recipes import little_recipe

import builders
from builders.pipeline import build as pipeline
from builders.pipeline import read
from isogloss.errors import IsoglossError
from isogloss.files import read_json, write_json

MORE = """
[[filters]]
name = "length"
max_chars = 40
[[filters]]
name = "language"
backend = "langdetect"
min_letters = 10
[split]
test = 0.0
"""


@dataclass(frozen=True)
class Made:
    """A recipe built straight, and builds of it that were stopped: before the first step over all
    sources, and after the dear filters."""

    folder: Path
    straight: dict[str, str]

    def stopped(self, where: str, to: Path) -> Path:
        """Copy the recipe with one of the stopped builds; return what it left of its source."""
        for name in ("pairs.csv", "recipe.toml"):
            shutil.copy(self.folder / name, to)
        shutil.copytree(self.folder / where, to / "out")
        return to / "out" / ".work" / "source-0"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("made")
    write(folder)
    straight = hashes(build(folder, "straight"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("deduplicate", "merge"):
            with patch.context() as one, pytest.raises(KeyboardInterrupt):
                one.setattr(pipeline, name, stop)
                build(folder, name)
    return Made(folder, straight)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def write(tmp_path: Path) -> None:
    pairs = []
    for number in range(60):
        pairs.append((f"the old house {number}", f"das alte Haus steht am Weg {number}", "de"))
        long = f"{'sehr ' * 9} altes Haus {number}"
        pairs.append((f"the very old house {number}", long, "de"))
    little_recipe(tmp_path, pairs, MORE)


def build(folder: Path, out: str = "out", **more: Any) -> Path:
    return builders.build(folder / "recipe.toml", folder / out, **more)


def stop(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


def another_digit(path: Path) -> None:
    text = path.read_text()
    assert '"rows_in": 120' in text
    path.write_text(text.replace('"rows_in": 120', '"rows_in": 121'))


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def of_an_earlier_version(path: Path) -> None:
    write_json(path, {"inputs": read_json(path)["inputs"], "kept": [0], "scores": [0]})


DAMAGE = [
    *(("kept-000000.arrow", how) for how in (flip, half, empty, zeros, Path.unlink)),
    ("scores-000000.arrow", flip),
    ("dropped-length-000000.arrow", flip),
    *(("done.json", how) for how in (another_digit, half, empty, of_an_earlier_version)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "damage"), DAMAGE)
def test_what_an_interrupted_build_left_damaged_is_done_again(
    name: str,
    damage: Callable[[Path], None],
    made: Made,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(made.stopped("deduplicate", tmp_path) / name)
    assert hashes(build(tmp_path)) == made.straight
    assert "warning" in (said := capsys.readouterr().err)
    assert "what was done of ours is damaged, and is done again" in said


def test_what_an_interrupted_build_left_whole_is_taken_up(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.stopped("merge", tmp_path)
    monkeypatch.setattr(read, "_read_batches", stop)
    monkeypatch.setattr("builders.filters._expensive.known_or_scored", stop)
    assert hashes(build(tmp_path)) == made.straight


@pytest.mark.parametrize(
    ("name", "damage"),
    [("expensive-language-000000.arrow", flip), ("expensive-language-000000.arrow", half),
     ("expensive-language-000000.arrow", Path.unlink), ("expensive-language-000000.json", half),
     ("expensive-language-000000.json", Path.unlink)],
)  # fmt: skip
def test_damaged_scores_of_an_interrupted_build_are_made_again(
    name: str,
    damage: Callable[[Path], None],
    made: Made,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(made.stopped("merge", tmp_path) / name)
    assert hashes(build(tmp_path)) == made.straight
    gone = name.endswith(".json") and damage is Path.unlink  # as of a kill between the two
    assert ("these scores are damaged" in capsys.readouterr().err) != gone


def test_scores_that_an_interrupted_build_left_of_other_inputs_are_not_taken(
    made: Made, tmp_path: Path
) -> None:
    made.stopped("merge", tmp_path)
    table = tmp_path / "pairs.csv"
    english = "the small house is very old 1"
    table.write_text(table.read_text().replace("das alte Haus steht am Weg 1", english))
    out = build(tmp_path)
    assert hashes(out) == hashes(build(tmp_path, "anew"))
    assert any((out / "rejected").glob("language-*"))


def changed(path: Path) -> None:
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Haus", b"Maus"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(path: Path) -> None:
    other = path.with_name("other.csv")
    other.write_bytes(path.read_bytes() + b"one,eins,de\n")
    other.replace(path)


@pytest.mark.parametrize(
    ("change", "frozen"),
    [(changed, False), (changed, True), (replaced, False), (half, True), (Path.unlink, False)],
)
def test_a_source_that_changes_while_it_is_read_is_named_and_nothing_is_finished(
    change: Callable[[Path], None],
    frozen: bool,
    made: Made,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(made.folder / "recipe.lock", folder)
    read_batches = read._read_batches

    def late(*arguments: Any) -> None:
        change(folder / "pairs.csv")
        read_batches(*arguments)

    table = (folder / "pairs.csv").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(read, "_read_batches", late)
        with pytest.raises(IsoglossError, match=r"pairs\.csv: has (changed|gone) while it was rea"):
            build(folder, frozen=frozen)
    assert not (folder / "out" / "manifest.json").exists()
    (folder / "pairs.csv").write_bytes(table)
    assert hashes(build(folder, frozen=frozen)) == made.straight


def test_what_killed_builds_have_left_goes(folder: Path) -> None:
    out = build(folder)
    whole = hashes(out)
    lock = read_json(folder / "recipe.lock")
    ours = [".manifest.json.4194305.partial", "data/de/.translation-train-00000.parquet.77.partial",
            "rejected/.length-00000.parquet.77.partial", ".work/unfinished.json"]  # fmt: skip
    for name in (*ours, ".mine.77.partial", "../.recipe.lock.4194305.partial"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("half")
    build(folder)
    assert (out / ".mine.77.partial").read_text() == "half", "it is none of ours"
    (out / ".mine.77.partial").unlink()
    assert hashes(out) == whole
    assert not (folder / ".recipe.lock.4194305.partial").exists()
    assert read_json(folder / "recipe.lock") == lock


def test_a_file_that_the_manifest_does_not_list_is_refused_and_stays(folder: Path) -> None:
    out = build(folder)
    foreign = out / "data" / "de" / "translation-train-00001.parquet"
    shutil.copy(out / "data" / "de" / "translation-train-00000.parquet", foreign)
    for force in (False, True):
        with pytest.raises(IsoglossError, match=r"holds other things .*train-00001\.parquet"):
            build(folder, force=force)
    assert foreign.exists()
    foreign.unlink()
    build(folder)


def test_a_manifest_that_was_changed_is_written_again(folder: Path) -> None:
    out = build(folder)
    good = (out / "manifest.json").read_text()
    (out / "manifest.json").write_text(good.replace('"rows_in": 120', '"rows_in": 121'))
    build(folder, frozen=True)
    assert (out / "manifest.json").read_text() == good


def test_a_file_that_comes_into_a_data_set_while_it_is_read_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "set").mkdir()
    shutil.copy(folder / "pairs.csv", folder / "set" / "train.csv")
    text = (folder / "recipe.toml").read_text().replace('"files"', '"huggingface"')
    text = text.replace('path = "pairs.csv"', 'dataset = "set"')
    (folder / "recipe.toml").write_text(text)
    read_batches = read._read_batches

    def late(*arguments: Any) -> None:
        shutil.copy(folder / "pairs.csv", folder / "set" / "train-2.csv")
        read_batches(*arguments)

    monkeypatch.setattr(read, "_read_batches", late)
    with pytest.raises(IsoglossError, match="set: has changed while it was read"):
        build(folder)
    assert not (folder / "out" / "manifest.json").exists()
