"""The package as people install it: a wheel, outside the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import isogloss
from isogloss import lazy

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("isogloss", "builders", "benchmarks", "runners", "leaderboard")
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.lock")

_RECIPE = """
name = "little"
languages = ["de"]
tasks = ["translation"]
decontamination = { suites = [] }
split = { test = 0.5 }
[[sources]]
name = "pairs"
kind = "files"
path = "pairs.jsonl"
task = "translation"
licence = "CC0-1.0"
language = "de"
source_language = "en"
columns = { input = "en", output = "de" }
"""


def _away() -> dict[str, str]:
    """Return an environment without the checkout, which these tests otherwise import from."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def run(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=_away(), capture_output=True, text=True)


def python(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder as a notebook there would, with this checkout behind it."""
    environment = _away() | {"PYTHONPATH": os.pathsep.join(["", str(ROOT)])}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout."""
    source = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, ignore=NOT_SHIPPED)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "dist", "."]
    built = run([*command], source)
    assert built.returncode == 0, built.stdout + built.stderr
    return next((source / "dist").glob("*.whl"))


def test_the_wheel_holds_every_file_of_every_room_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    source = wheel.parent.parent
    files = {
        path.relative_to(source).as_posix()
        for room in ROOMS
        for path in (source / room).rglob("*")
        if path.is_file()
    }
    assert held == files
    assert {f"{room}/py.typed" for room in ROOMS} < held
    assert {"builders/recipes/starter.toml", "benchmarks/suites/smoke.jsonl"} < held


def test_the_package_offers_what_a_notebook_needs(tmp_path: Path) -> None:
    stub = (ROOT / "isogloss" / "__init__.pyi").read_text(encoding="utf-8")
    offered = {"build", "clean", "compare", "load_suite", "publish", "score", "tune"}
    assert set(isogloss.__all__) == offered | {"__version__"}
    # What the stub says is what there is: each name is imported there from the room itself.
    found: dict[str, object] = {}
    exec(stub, found)
    assert sorted(found["__all__"]) == isogloss.__all__  # type: ignore[call-overload]
    for name in offered:
        assert getattr(isogloss, name) is found[name]
        assert name in dir(isogloss)
    with pytest.raises(AttributeError, match="'isogloss' has no attribute 'bild'"):
        isogloss.bild  # type: ignore[attr-defined]  # noqa: B018
    code = "import sys, isogloss; print(*sys.modules)"
    loaded = set(python(tmp_path, code).stdout.split())
    assert "isogloss.lazy" in loaded
    assert loaded.isdisjoint({*ROOMS[1:], "typer", "polars", "pydantic", "numpy"})


@pytest.mark.parametrize("hiding", ["benchmarks/__init__.py", "builders.py"])
def test_a_package_of_the_users_that_hides_a_room_is_named(tmp_path: Path, hiding: str) -> None:
    file = tmp_path / hiding
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    room = hiding.split("/")[0].removesuffix(".py")
    place = file.parent if file.name == "__init__.py" else file
    line = (
        f"{place}: hides isogloss's own package {room!r} ({ROOT / room}). "
        "Rename it, or start Python in another folder"
    )
    for code in ("import isogloss; isogloss.score", "import leaderboard; leaderboard.publish"):
        found = python(tmp_path, code)
        assert found.stderr.splitlines()[-1] == f"isogloss.errors.IsoglossError: {line}"
    found = python(
        tmp_path,
        "import sys; sys.argv[1:] = ['list', 'sources']; import isogloss.__main__ as m; m.main()",
    )
    assert (found.returncode, found.stdout) == (2, "")
    assert found.stderr == f"isogloss: error: {line}\n"


def test_a_room_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    lazy.check_rooms.cache_clear()
    with pytest.raises(isogloss.errors.IsoglossError, match="own package 'builders' is missing"):
        lazy.check_rooms()
    lazy.check_rooms.cache_clear()


@pytest.mark.slow
def test_the_wheel_installed_elsewhere_does_what_the_checkout_does(
    wheel: Path, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    venv.create(tmp_path / "venv", with_pip=False)
    bin_folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    interpreter, command = bin_folder / "python", bin_folder / "isogloss"
    pip = [sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet", "--no-deps"]
    installed = run([*pip, "--no-index", "--disable-pip-version-check", wheel], here)
    assert installed.returncode == 0, installed.stderr
    # What it depends on is taken from where these tests run, so that this needs no network.
    base = {"base": str(tmp_path / "venv"), "platbase": str(tmp_path / "venv")}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=base))
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    where = run([interpreter, "-c", "import isogloss; print(isogloss.__file__)"], here)
    assert Path(where.stdout.strip()).is_relative_to(packages), where

    for first in ([command], [interpreter, "-m", "isogloss"]):
        assert run([*first, "--version"], here).stdout == f"isogloss {isogloss.__version__}\n"
    assert "starter" in run([command, "list", "recipes"], here).stdout
    assert run([command, "init", "starter", "my.toml"], here).stdout == "my.toml\n"
    same = (ROOT / "builders/recipes/starter.toml").read_bytes()
    assert (here / "my.toml").read_bytes() == same
    shipped = run([command, "--offline", "build", "starter", "--out", "corpus"], here)
    assert shipped.returncode == 2
    assert "django==5.2.19 is not in the cache" in shipped.stderr.splitlines()[-1]

    rows = [
        f'{{"en": "This is the sentence {n}.", "de": "Das ist der Satz {n}."}}' for n in range(40)
    ]
    (here / "pairs.jsonl").write_text("\n".join(rows))
    (here / "little.toml").write_text(_RECIPE)
    code = """
import isogloss

if __name__ == "__main__":
    corpus = isogloss.build("little.toml", "corpus")
    run = isogloss.score("copy", f"corpus:{corpus}", "run")
    print(isogloss.publish([run], "site"))
"""
    (here / "notebook.py").write_text(code)
    ran = run([interpreter, "notebook.py"], here)
    assert ran.returncode == 0, ran.stderr
    assert (here / ran.stdout.strip()).is_file()

    (here / "typed.py").write_text(
        'import isogloss\n\nreveal_type(isogloss.build)\nisogloss.build(1, "out")\n'
    )
    mypy = [sys.executable, "-m", "mypy", "--strict", "--python-executable", interpreter]
    checked = run([*mypy, "--cache-dir", tmp_path / "mypy", "typed.py"], here)
    assert (
        'Revealed type is "def (recipe: builders.recipe.Recipe | pathlib.Path | str'
        in checked.stdout
    ), checked
    assert 'Argument 1 to "build" has incompatible type "int"' in checked.stdout
    assert "Found 1 error in 1 file" in checked.stdout

    (here / "benchmarks").mkdir()
    (here / "benchmarks" / "__init__.py").write_text("")
    hidden = run([interpreter, "-m", "isogloss", "list", "suites"], here)
    assert hidden.returncode == 2
    assert hidden.stderr.startswith(f"isogloss: error: {here}/benchmarks: hides isogloss's own")
    assert hidden.stderr.count("\n") == 1


def test_every_dependency_has_one_version_that_passes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {}
    for line in lines:
        name, version = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!]+)", line).groups()  # type: ignore[union-attr]
        pinned[canonicalize_name(name)] = version
    assert len(pinned) == len(lines)
    for text in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(text)
        assert pinned[canonicalize_name(wanted.name)] in wanted.specifier, text


def test_the_code_hosts_checks_are_the_makefiles() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["check"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands == ["make lint", "make test", "make wheel"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in [*commands, "make demo", "make constraints", "make audit"]:
        assert re.search(rf"^{command.removeprefix('make ')}:", makefile, re.MULTILINE), command
        assert f"{command} " in makefile, "make help names it"
