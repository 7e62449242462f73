"""A site in a folder with other things in it: they stay, and an interrupted publishing goes on."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import command, wrong
from support.folders import hashes
from support.runs import resealed

import leaderboard
from isogloss.errors import IsoglossError
from isogloss.files import read_json, sealed, sha256_file, write_json
from isogloss.locks import held
from leaderboard import publishing

QUICK = {"resamples": 5}


@pytest.fixture(scope="module")
def made(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of two systems."""
    return leaderboard.publish(runs[:2], tmp_path_factory.mktemp("made") / "site", **QUICK).parent


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "site"))


def test_every_file_is_listed(site: Path) -> None:
    found = hashes(site)
    del found["site.json"]
    assert read_json(site / "site.json")["files"] == found


def test_what_is_not_the_sites_stays_and_what_it_has_no_more_goes(
    runs: list[Path], site: Path
) -> None:
    (site / ".git").mkdir()
    mine = {".git/HEAD": "ref", "CNAME": "example.org", "data/mine.csv": "1", "system/a.html": "x"}
    for name, text in mine.items():
        (site / name).write_text(text)
    assert (site / "system" / "perfect.html").exists()
    (site / "index.html").write_text("broken")
    leaderboard.publish(runs[:1], site, **QUICK)
    assert {name: (site / name).read_text() for name in mine} == mine
    assert not (site / "system" / "perfect.html").exists()
    fresh = leaderboard.publish(runs[:1], site.parent / "fresh", **QUICK).parent
    assert {k: v for k, v in hashes(site).items() if k not in mine} == hashes(fresh)


@pytest.mark.parametrize("moment", [0, 1, 5, -1])
def test_a_publishing_stopped_anywhere_is_gone_on_with(
    moment: int, runs: list[Path], site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, moves = Path.replace, []

    def stopping(path: Path, target: Path) -> Path:
        moves.append(path)
        if ".isogloss-site" in path.parts and len(moves) == moment + 2:
            raise KeyboardInterrupt
        return replace(path, target)

    def gone(path: Path, missing_ok: bool = False) -> None:
        if path.name == "perfect.html":
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    unlink = Path.unlink
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", stopping)
        if moment < 0:
            patched.setattr(Path, "unlink", gone)
        with pytest.raises(KeyboardInterrupt):
            leaderboard.publish(runs[:1], site, **QUICK)
    assert (site / "index.html").is_file(), "there is a site at every moment"
    leaderboard.publish(runs[1:2], site, **QUICK)
    fresh = leaderboard.publish(runs[1:2], site.parent / "fresh", **QUICK).parent
    assert hashes(site) == hashes(fresh)


def test_a_site_of_the_first_format_is_taken_over(runs: list[Path], site: Path) -> None:
    facts = read_json(site / "site.json")
    write_json(
        site / "site.json", {name: facts[name] for name in ("title", "runs")} | {"format": 1}
    )
    (site / "language" / "notes.html").write_text("<p>my own")
    (site / "CNAME").write_text("example.org")
    leaderboard.publish(runs[:1], site, **QUICK)
    assert (site / "language" / "notes.html").exists() and (site / "CNAME").exists()
    assert not (site / "system" / "perfect.html").exists()


def test_a_page_is_never_written_over_somebody_elses_file(runs: list[Path], site: Path) -> None:
    leaderboard.publish(runs[:1], site, **QUICK)
    (site / "system" / "perfect.html").write_text("my own page")
    before = hashes(site)
    wrong(
        command("publish", *runs[:2], "--out", site, "--resamples", "5"), r"holds system/perfect\."
    )
    assert hashes(site) == before


def test_a_link_out_of_the_folder_is_not_followed(runs: list[Path], site: Path) -> None:
    shutil.move(site / "data", site.parent / "elsewhere")
    (site / "data").symlink_to(site.parent / "elsewhere", target_is_directory=True)
    before = hashes(site.parent / "elsewhere")
    wrong(command("publish", runs[0], "--out", site, "--resamples", "5"), "cannot be written there")
    assert hashes(site.parent / "elsewhere") == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"files": {"../runs": "0" * 64}}, "files"),
        ({"files": {"/etc/passwd": "0" * 64}}, "files"),
        ({"files": {".git/config": "0" * 64}}, "files"),
        ({"files": {"a/../../b": "0" * 64}}, "files"),
        ({"stale": ["../b"]}, "stale"),
        ({"files": []}, "files"),
        ({"format": 3}, "format"),
        ({"title": "Another"}, "was changed after it was written"),
    ],
)
def test_a_site_json_that_no_publishing_wrote_is_refused(
    change: dict[str, Any], told: str, runs: list[Path], site: Path
) -> None:
    write_json(site / "site.json", read_json(site / "site.json") | change)
    before = hashes(site)
    line = wrong(command("publish", runs[0], "--out", site, "--resamples", "5"), told)
    assert "Name another --out" in line
    assert hashes(site) == before


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"format": ' + "9" * 5_000 + "}", "[]"])
def test_a_broken_site_json_is_one_line(text: str, runs: list[Path], site: Path) -> None:
    (site / "site.json").write_text(text)
    wrong(command("publish", runs[0], "--out", site, "--resamples", "5"), r"site\.json: ")


def test_one_publisher_at_a_time(runs: list[Path], site: Path) -> None:
    with held(site):
        wrong(command("publish", runs[0], "--out", site), "another process is writing it")


def test_names_from_outside_are_seen_as_they_are(runs: list[Path], tmp_path: Path) -> None:
    evil = Path(shutil.copytree(runs[0], tmp_path / "evil"))
    name = "GPT\x1b[2J\u202e5\x00 \u2066x"
    resealed(evil, system=name, licence="MIT\x07", model="a\u202eb")
    site = leaderboard.publish([evil], tmp_path / "site", title="T\x1b\u202e", **QUICK).parent
    for path in site.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8")
            assert not set(text) & set("\x00\x07\x1b\u202e\u2066"), path
    index = (site / "index.html").read_text("utf-8")
    assert r"GPT\x1b[2J\u202e5\x00 \u2066x" in index
    assert r"T\x1b\u202e" in index


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("examples", [100, pytest.param(20_000, marks=pytest.mark.slow)])
def test_no_shape_of_site_json_is_more_than_an_error(examples: int, made: Path) -> None:
    folder = made.parent / "fuzzed"
    folder.mkdir(exist_ok=True)
    facts = read_json(made / "site.json")

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.dictionaries(st.sampled_from([*facts, "stale"]), _VALUES, max_size=3), st.booleans())
    def check(change: dict[str, Any], sealing: bool) -> None:
        told = {name: one for name, one in facts.items() if name != "facts_sha256"} | change
        with suppress(UnicodeEncodeError):
            told = sealed(told) if sealing else told
        (folder / "site.json").write_text(json.dumps(told), "utf-8", "surrogatepass")
        with suppress(IsoglossError):
            for name in publishing.files_of(folder):
                path = (folder / name).resolve()
                assert path.is_relative_to(folder) and path != folder

    check()
    shutil.rmtree(folder)


def test_an_answer_of_megabytes_is_one_line_at_once(runs: list[Path], tmp_path: Path) -> None:
    run = Path(shutil.copytree(runs[0], tmp_path / "run"))
    part = run / "predictions" / "part-00000.parquet"
    answers = pl.read_parquet(part)
    long = (
        pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("ab" * 1_000_000)).otherwise("prediction")
    )
    answers.with_columns(long.alias("prediction")).write_parquet(part)
    resealed(run, predictions_sha256={part.name: sha256_file(part)})
    for arguments in (("publish", run, "--out", tmp_path / "site"), ("rescore", run)):
        began = time.monotonic()
        wrong(command(*arguments), "is longer than 100,000 characters")
        assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("task", "../../x", "there is no task"),
        ("task", None, "has no task"),
        ("language", "<script>", "is not a language tag"),
        ("language", "../../x", "is not a language tag"),
        ("source_language", "\x1b[2J", "is not a language tag"),
        ("id", None, "has no id"),
    ],
)
def test_records_that_no_suite_has_are_refused(
    column: str, value: str | None, told: str, runs: list[Path], tmp_path: Path
) -> None:
    run = Path(shutil.copytree(runs[0], tmp_path / "run"))
    path = run / "records.parquet"
    records = pl.read_parquet(path)
    first = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(value, pl.String)).otherwise(column)
    records.with_columns(first.alias(column)).write_parquet(path)
    resealed(run, records_sha256=sha256_file(path))
    wrong(command("publish", run, "--out", tmp_path / "site"), told)
    assert not (tmp_path / "site").exists()
