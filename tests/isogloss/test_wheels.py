from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from isogloss.environment import cache_folder
from isogloss.errors import IsoglossError, Unavailable
from isogloss.files import check_unchanged, watched_files
from isogloss.wheels import extract, fetch


def wheel(files: dict[str, str], name: str = "toy", version: str = "1.0") -> None:
    folder = cache_folder() / "wheels" / f"{name}-{version}"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def test_a_file_or_a_folder_comes_out_of_a_cached_wheel() -> None:
    wheel({"toy/a/1.txt": "one", "toy/a/2.txt": "two", "toy/b.txt": "b"})
    found = fetch("toy==1.0")
    assert extract(found, "toy/b.txt").read_text() == "b"
    assert sorted(path.name for path in extract(found, "toy/a").iterdir()) == ["1.txt", "2.txt"]


def test_what_is_unpacked_while_sources_are_hashed_has_not_gone_afterwards() -> None:
    wheel({"toy/a/1.txt": "one"})
    with watched_files() as kept:
        extract(fetch("toy==1.0"), "toy/a")
    check_unchanged(kept)


def test_what_a_wheel_does_not_hold_is_told() -> None:
    wheel({"toy/b.txt": "b"})
    with pytest.raises(IsoglossError, match=r"holds no 'toy/c\.txt'"):
        extract(fetch("toy==1.0"), "toy/c.txt")


def test_a_wheel_cannot_write_outside_its_folder(private_cache: Path) -> None:
    wheel({"toy/../../../evil.txt": "x", "toy/a.txt": "a"})
    with pytest.raises(IsoglossError, match="unsafe path"):
        extract(fetch("toy==1.0"), "toy")
    assert not list(private_cache.rglob("evil.txt"))


def test_a_package_without_its_version_is_refused() -> None:
    with pytest.raises(IsoglossError, match="is not a pinned package"):
        fetch("toy>=1")


def test_offline_means_no_fetching(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOGLOSS_OFFLINE", "1")
    with pytest.raises(Unavailable, match="Run once without --offline"):
        fetch("toy==2.0")


def test_a_broken_wheel_is_named(private_cache: Path) -> None:
    wheel({"toy/a.txt": "a"})
    path = next(private_cache.rglob("*.whl"))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(IsoglossError, match=r"\.whl: is not a wheel"):
        extract(fetch("toy==1.0"), "toy")


@pytest.mark.parametrize("text", ["ONE", "", None])
def test_what_was_unpacked_is_unpacked_again_where_it_is_broken(
    text: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel({"toy/a/1.txt": "one", "toy/a/2.txt": "two"})
    path = extract(fetch("toy==1.0"), "toy/a") / "1.txt"
    path.unlink() if text is None else path.write_text(text)
    assert extract(fetch("toy==1.0"), "toy/a") == path.parent
    assert path.read_text() == "one"
    assert "is made again" in capsys.readouterr().err
    (path.parent / "3.txt").write_text("not of the wheel")
    extract(fetch("toy==1.0"), "toy/a")
    assert sorted(one.name for one in path.parent.iterdir()) == ["1.txt", "2.txt"]


def test_a_wheel_that_is_not_as_it_was_fetched_is_not_taken(
    private_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel({"toy/a.txt": "a"})
    path = next(private_cache.rglob("*.whl"))
    path.with_name(f"{path.name}.sha256").write_text("0" * 64)
    monkeypatch.setenv("ISOGLOSS_OFFLINE", "1")
    with pytest.raises(Unavailable, match="Run once without --offline"):
        fetch("toy==1.0")
