"""Files of the folders that we write ourselves, damaged, and those that have seals sealed again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpora import row, write_corpus, write_manifest
from support.fuzz import Reader, at, each_quick_and_many
from support.recipes import little_recipe
from support.runs import resealed

import runners
from builders.filters._scores import KnownScores
from builders.pipeline import lock
from builders.pipeline.opening import open_build
from builders.pipeline.read import read as read_sources
from builders.pipeline.read import take_up
from builders.recipe import load_recipe
from isogloss.corpora import open_corpus, with_own_hash
from isogloss.errors import IsoglossError
from isogloss.files import is_cached, put_in_cache, read_json, sealed, sha256_file, write_json
from isogloss.runs import (
    PREDICTIONS,
    check_folder,
    facts_text,
    read_run,
    read_scores,
    take_part,
    write_part,
)
from leaderboard import publishing
from runners.checkpoints import (
    State,
    begin,
    is_checkpoint,
    read_checkpoint,
    save,
    write_checkpoint,
)

Sealing = Callable[[dict[str, Any]], dict[str, Any]]


def sealing(path: Path, seal: Sealing, read: Callable[[], object]) -> Callable[[bytes], object]:
    """Return a reader of a JSON file with a seal: it is read as it is, and sealed for what it says.

    An honest seal over a damaged table is not damage that a hash finds: the shape must be checked.
    """

    def written(content: bytes) -> object:
        path.write_bytes(content)
        with suppress(IsoglossError):
            read()
        with suppress(ValueError, RecursionError):
            told = json.loads(content)
            if isinstance(told, dict):
                path.write_text(json.dumps(seal(told)), "utf-8", "surrogatepass")
        return read()

    return written


def unsealed(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in facts.items() if name != "facts_sha256"}


@pytest.fixture
def little(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    return write_corpus(folder, [row(f"Wort {n}") for n in range(4)])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    quick = runners.ScoreSettings(resamples=5, limit=1)
    return runners.score("copy", "smoke", tmp_path_factory.mktemp("made") / "run", settings=quick)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@each_quick_and_many
def test_a_damaged_manifest(examples: int, little: Path) -> None:
    path = little / "manifest.json"

    def seal(told: dict[str, Any]) -> dict[str, Any]:
        return with_own_hash({key: one for key, one in told.items() if key != "manifest_sha256"})

    def read() -> object:
        KnownScores.open(little, {"ours": "x"})
        corpus = open_corpus(little)
        return corpus.name, corpus.records("train")

    sound = json.dumps(seal(read_json(path))).encode()
    Reader("manifest.json", "json", sound, sealing(path, seal, read)).fuzz(examples)


@each_quick_and_many
def test_damaged_records_of_a_corpus(examples: int, little: Path) -> None:
    """Those that are not as listed, and those that are listed as they are."""
    path = next((little / "data").rglob("*.parquet"))
    name = path.relative_to(little).as_posix()
    manifest = read_json(little / "manifest.json")
    write_manifest(little)

    def read(content: bytes) -> object:
        path.write_bytes(content)
        manifest["files"][name] |= {"sha256": sha256_file(path), "bytes": len(content)}
        write_json(little / "manifest.json", manifest)
        return open_corpus(little).records("train")

    Reader("records of a corpus (Parquet)", "bytes", path.read_bytes(), read).fuzz(examples)


@each_quick_and_many
def test_a_damaged_lock(examples: int, tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    entries = [
        {"name": "ours", "kind": "files", "version": "1", "licence": "MIT", "sha256": "0" * 64}
    ]
    now = lock.entry(entries, entries, "0" * 64, None)

    def read() -> None:
        lock.check_readable(recipe)
        with suppress(IsoglossError):
            lock.check(recipe, now)
        lock.update(recipe, now)

    sound = json.dumps(now).encode()
    Reader("recipe.lock", "json", sound, at(lock.path_of(recipe), read)).fuzz(examples)


@pytest.fixture
def unfinished(tmp_path: Path) -> Iterator[tuple[Path, Callable[[], object]]]:
    """What a stopped build has staged of a source, and its taking up: as it was, or not at all."""
    pairs = [*((f"word {n}", f"Wort {n}", "de") for n in range(5)), ("long", "x" * 50, "de")]
    length = '[[filters]]\nname = "length"\nmax_chars = 12\n[split]\ntest = 0.0\n'
    plan = load_recipe(little_recipe(tmp_path, pairs, length))
    begun = open_build(
        plan, tmp_path / "out", purpose="corpus", force=True, frozen=False, workers=1
    )
    assert begun is not None
    [source] = read_sources(begun).sources
    kept = pl.concat(source.examples())
    folder = begun.folder / "source-0"

    def read() -> None:
        taken = take_up(begun, begun.sources[0], folder)
        if taken is not None:
            assert pl.concat(taken.examples()).equals(kept)

    yield folder, read


@each_quick_and_many
def test_a_damaged_record_of_an_unfinished_build(
    examples: int, unfinished: tuple[Path, Callable[[], object]]
) -> None:
    folder, read = unfinished
    path = folder / "done.json"

    def seal(told: dict[str, Any]) -> dict[str, Any]:
        return sealed(told)

    Reader("done.json", "json", path.read_bytes(), sealing(path, seal, read)).fuzz(examples)


@pytest.mark.parametrize(
    "kept", [[["", "x"]], [["../../x", "y"]], [[None, ""]], [[1.5, ""]], {"ab": 1}, [[10**30, ""]]]
)
def test_an_unfinished_build_that_names_files_by_no_number(
    kept: Any, unfinished: tuple[Path, Callable[[], object]]
) -> None:
    folder, read = unfinished
    told = read_json(folder / "done.json") | {"kept": kept}
    write_json(folder / "done.json", sealed(told))
    read()


@each_quick_and_many
def test_damaged_rows_of_an_unfinished_build(
    examples: int, unfinished: tuple[Path, Callable[[], object]]
) -> None:
    folder, read = unfinished
    path = next(folder.glob("kept-*.arrow"))
    Reader("staged rows (Arrow)", "bytes", path.read_bytes(), at(path, read)).fuzz(examples)


@each_quick_and_many
def test_a_damaged_run_json(examples: int, run: Path) -> None:
    path = run / "run.json"

    def seal(told: dict[str, Any]) -> dict[str, Any]:
        return dict(json.loads(facts_text(told)))

    Reader("run.json", "json", path.read_bytes(), sealing(path, seal, lambda: read_run(run))).fuzz(
        examples
    )


@each_quick_and_many
@pytest.mark.parametrize("name", ["predictions/part-00000", "records", "scores"])
def test_a_damaged_table_of_a_run(name: str, examples: int, run: Path) -> None:
    path = run / f"{name}.parquet"

    def read(content: bytes) -> object:
        path.write_bytes(content)
        digest = sha256_file(path)
        if name == "scores":
            facts = resealed(run) and read_json(run / "run.json")
            return read_scores(run, facts)
        told = {"records_sha256": digest}
        if name != "records":
            told = {"predictions_sha256": {path.name: digest}}
        resealed(run, **told)
        return read_run(run)

    title = f"{name.partition('/')[0]} of a run (Parquet)"
    Reader(title, "bytes", path.read_bytes(), read).fuzz(examples)


@each_quick_and_many
def test_a_damaged_part_of_an_unfinished_run(examples: int, tmp_path: Path) -> None:
    """What it gives back is what was written, or nothing."""
    rows = [[f"{n:016x}", 0, "p", f"Antwort {n}", ["a", "ä"], "eos", 3, 0.25] for n in range(30)]
    written = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
    path = tmp_path / "part-00000.parquet"
    write_part(path, written, "key")

    def read() -> None:
        taken = take_part(path, "key")
        assert taken is None or taken.equals(written)

    Reader("predictions of an unfinished run", "bytes", path.read_bytes(), at(path, read)).fuzz(
        examples
    )


@each_quick_and_many
def test_a_damaged_progress_json(examples: int, tmp_path: Path) -> None:
    path = tmp_path / "run" / "progress.json"
    path.parent.mkdir()
    sound = json.dumps({"key": "0" * 64}).encode()
    read = at(path, lambda: check_folder(path.parent))
    Reader("progress.json", "json", sound, read).fuzz(examples)


@each_quick_and_many
def test_a_damaged_checkpoint_json(examples: int, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    facts = {
        "format": 1, "key": {"seed": 1}, "model": "org/model", "settings": {"method": "lora", "system": None},
        "languages_trained": ["de"], "tasks_trained": ["qa"], "steps": 3, "losses": [1.5, 1.25], "seconds": 1.0,
    }  # fmt: skip
    write_checkpoint(tmp_path, facts)
    path = tmp_path / "checkpoint.json"

    def seal(told: dict[str, Any]) -> dict[str, Any]:
        return sealed(unsealed(told), measured=("seconds",))

    def read() -> object:
        is_checkpoint(tmp_path)
        return read_checkpoint(tmp_path)

    Reader("checkpoint.json", "json", path.read_bytes(), sealing(path, seal, read)).fuzz(examples)


@each_quick_and_many
def test_a_damaged_state_json(examples: int, tmp_path: Path) -> None:
    """A damaged state is begun anew."""
    path = tmp_path / ".state" / "state.json"
    path.parent.mkdir()
    weights = path.parent / "weights-2.safetensors"
    weights.write_bytes(b"weights")
    save(tmp_path, State(key="key", step=2, seconds=1.0, losses=[2.0, 1.5]), [weights])
    sound = path.read_bytes()

    def read() -> object:
        return begin(tmp_path, "key")

    def written(content: bytes) -> object:
        for seal in (False, True):
            path.parent.mkdir(exist_ok=True)
            weights.write_bytes(b"weights")
            path.write_bytes(content)
            with suppress(ValueError, RecursionError):
                told = json.loads(content)
                if seal and isinstance(told, dict):
                    path.write_text(json.dumps(sealed(unsealed(told))), "utf-8", "surrogatepass")
            read()
        return None

    Reader("state.json", "json", sound, written).fuzz(examples)


@each_quick_and_many
def test_a_damaged_site_json(examples: int, tmp_path: Path) -> None:
    """Whatever it lists, nothing out of the site's folder is taken for the site's."""
    site = tmp_path / "site"
    site.mkdir()
    facts = {
        "format": 2, "title": "T", "suite": "smoke", "sha256": "0" * 64, "runs": [{"system": "copy", "kind": "reference"}],
        "files": {"index.html": "0" * 64, "assets/style.css": "1" * 64}, "stale": ["data/old.json"],
    }  # fmt: skip
    path = site / "site.json"

    def read() -> None:
        for name in publishing.files_of(site):
            inside = (site / name).resolve()
            assert inside.is_relative_to(site.resolve()) and inside != site.resolve()

    def seal(told: dict[str, Any]) -> dict[str, Any]:
        return sealed(unsealed(told))

    sound = json.dumps(sealed(facts)).encode()
    Reader("site.json", "json", sound, sealing(path, seal, read)).fuzz(examples)


@each_quick_and_many
def test_a_damaged_list_of_a_cached_folder(examples: int, tmp_path: Path) -> None:
    """What is believed to be whole is."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.bin").write_bytes(b"weights")
    put_in_cache(tmp_path / "made", tmp_path / "kept")
    path = tmp_path / "kept.json"
    sound = path.read_bytes()
    assert is_cached(tmp_path / "kept")

    def seal(told: dict[str, Any]) -> dict[str, Any]:
        return sealed(unsealed(told))

    def read() -> None:
        if is_cached(tmp_path / "kept"):
            assert read_json(path)["files"] == json.loads(sound)["files"]

    Reader("list of a cached folder", "json", sound, sealing(path, seal, read)).fuzz(examples)
