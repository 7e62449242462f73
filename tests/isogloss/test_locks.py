"""A folder is held by one process at a time, and nothing of the lock stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from isogloss.errors import IsoglossError
from isogloss.locks import held, scratch

HOLDER = """
import sys, time
from pathlib import Path
from isogloss.locks import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_held_once_and_again_after(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with held(folder):
        (folder / "file").write_text("x")
        with pytest.raises(IsoglossError, match="another process is writing it"), held(folder):
            pass
    with held(folder):
        pass
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_a_folder_made_for_nothing_goes_again(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), held(tmp_path / "new"):
        _ = 1 / 0
    assert not (tmp_path / "new").exists()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        with pytest.raises(IsoglossError), held(tmp_path):
            pass
    finally:
        process.kill()
        process.communicate()
    with held(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore:only soft file lock")
def test_a_file_locks_where_a_folder_cannot_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with held(tmp_path), pytest.raises(IsoglossError), held(tmp_path):
        pass
    with held(tmp_path):
        pass


def test_what_came_to_nothing_leaves_no_folder_above_either(tmp_path: Path) -> None:
    with held(tmp_path / "a" / "b"):
        (tmp_path / "a" / "mine").mkdir()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine"]
    with held(tmp_path / "c" / "d"):
        pass
    assert not (tmp_path / "c").exists()


def test_scratch_folders_of_killed_processes_go_and_those_in_use_stay(tmp_path: Path) -> None:
    left = tmp_path / ".partial-killed"
    (left / "model").mkdir(parents=True)
    (left / "model" / "weights").write_text("half")
    theirs = tmp_path / "partial-of-theirs"
    theirs.mkdir()
    with scratch(tmp_path) as one:
        assert not left.exists()
        (one / "file").write_text("in use")
        with scratch(tmp_path) as other:
            assert other != one
            assert (one / "file").read_text() == "in use"
    assert list(tmp_path.iterdir()) == [theirs]
