"""What changed between two corpora: every key of the manifests, and every row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import command, done, wrong
from support.corpora import row, write_corpus, write_manifest

import builders
from builders.corpus import _rowdiff
from isogloss.files import sha256_file

RECIPE: dict[str, Any] = {
    "name": "little",
    "seed": 7,
    "languages": ["de", "fr"],
    "filters": [{"name": "length", "max_chars": 100}, {"name": "copied"}, {"name": "copied"}],
    "sources": [
        {"name": "ours", "kind": "files", "columns": {"input": "en"}},
        {"name": "bitext", "kind": "moses", "source": "*.en", "target": "*.de"},
    ],
}
STEP = {"step": "length", "source": "ours", "rows_in": 9, "rows_out": 7, "rejected": {"long": 2}}
SOURCE = {"name": "ours", "version": "1.0", "licence": "MIT", "sha256": "a" * 64, "rows": 7}


def rows() -> list[dict[str, Any]]:
    german = [row(f"Satz {number}") for number in range(12)]
    return [*german, *(row(f"Phrase {number}", language="fr", task="qa") for number in range(5))]


@pytest.fixture
def before(tmp_path: Path) -> Path:
    keys = {"recipe": RECIPE, "steps": [STEP], "sources": [SOURCE]}
    return write_corpus(tmp_path / "before", rows(), rows_per_file=5, **keys)


def test_a_corpus_does_not_differ_from_its_like(before: Path, tmp_path: Path) -> None:
    keys = {"recipe": RECIPE, "steps": [STEP], "sources": [SOURCE]}
    again = write_corpus(tmp_path / "again", reversed(rows()), rows_per_file=7, **keys)
    found = builders.diff(before, again)
    assert found.same
    assert found.rows.equal == 17
    for more in ([], ["--exit-code"]):
        assert done("diff", before, again, *more).stdout.endswith("nothing differs\n")
    assert json.loads(done("diff", before, before, "--json").stdout)["same"] is True


def test_recipes_sources_and_steps_are_told_key_by_key(before: Path, tmp_path: Path) -> None:
    recipe = RECIPE | {
        "seed": 8,
        "languages": ["de", "it"],
        "filters": [{"name": "length", "max_chars": 80, "min_chars": 2}, {"name": "copied"}],
        "sources": [RECIPE["sources"][0], RECIPE["sources"][1] | {"source": "new/*.en"}],
    }
    after = write_corpus(
        tmp_path / "after", rows(), rows_per_file=5, recipe=recipe,
        steps=[STEP | {"rows_out": 6, "rejected": {"long": 2, "short": 1}}],
        sources=[SOURCE | {"version": "2.0"}, {"name": "new.one", "licence": "CC0-1.0"}],
        libraries={"polars": pl.__version__, "numba": "0.62"},
        shares={"de": {"before": 0.5}},
    )  # fmt: skip
    sections = builders.diff(before, after).sections
    assert {(one.key, one.kind, str(one.before), str(one.after)) for one in sections["recipe"]} == {
        ("seed", "changed", "7", "8"),
        ("languages", "changed", "['de', 'fr']", "['de', 'it']"),
        ("filters.length.max_chars", "changed", "100", "80"),
        ("filters.length.min_chars", "added", "None", "2"),
        ("filters.copied#2.name", "removed", "copied", "None"),
        ("sources.bitext.source", "changed", "*.en", "new/*.en"),
    }
    text = done("diff", before, after).stdout
    for line in (
        "  ~ seed: 7 → 8 (+1)",
        "  ~ languages: -fr +it",
        "  + filters.length.min_chars: 2",
        "  ~ ours.version: 1.0 → 2.0",
        '  + "new.one".licence: CC0-1.0',
        "  ~ ours.length.rows_out: 7 → 6 (-1)",
        "  + ours.length.rejected.short: 1",
        "  + numba: 0.62",
        "  + de.before: 0.5",
    ):
        assert line in text.splitlines(), (line, text)
    assert list(sections) == ["recipe", "sources", "steps", "libraries", "shares"]


@pytest.mark.parametrize("at_once", [1_000_000, 3])
def test_rows_are_told_by_id(
    at_once: int, before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rowdiff, "ROWS_AT_ONCE", at_once)
    changed = [*rows()[2:], row("Neu"), row("Neu", language="it")]
    changed[0] |= {"split": "test"}
    changed[1] |= {"licence": "MIT", "tags": ["synthetic"]}
    changed[2] |= {"licence": "MIT"}
    after = write_corpus(tmp_path / "after", changed, rows_per_file=4)
    found = builders.diff(before, after, examples=2)
    told = found.rows
    assert (told.equal, told.only_a, told.only_b, told.changed) == (12, 2, 2, 3)
    assert told.by_column == {"split": 1, "licence": 2, "tags": 1}
    assert {kind: len(shown) for kind, shown in told.examples.items()} == dict.fromkeys(
        ("only_a", "only_b", "changed"), 2
    )
    everything = builders.diff(before, after, examples=9).rows.examples
    assert {one.text["output"] for one in everything["only_a"]} == {"Satz 0", "Satz 1"}
    assert {one.language for one in everything["only_b"]} == {"de", "it"}
    moved = {one.text["output"]: one.columns for one in everything["changed"]}
    assert moved == {
        "Satz 2": {"split": ("train", "test")},
        "Satz 3": {"licence": ("CC0-1.0", "MIT"), "tags": ([], ["synthetic"])},
        "Satz 4": {"licence": ("CC0-1.0", "MIT")},
    }
    counts = {one.key: (one.before, one.after) for one in found.sections["counts"]}
    assert counts == {
        "de.translation.train": (12, 10),
        "de.translation.test": (None, 1),
        "it.translation.train": (None, 1),
    }
    text = done("diff", before, after).stdout
    for line in (
        "  - 2 only in the first",
        "  + 2 only in the second",
        "  ~ 3 in both, but not the same: licence 2, split 1, tags 1",
        "  ~ de.translation.train: 12 → 10 (-2)",
    ):
        assert line in text.splitlines(), (line, text)
    assert "translation train  split: train → test" in text


def test_the_command_tells_scripts_and_machines(before: Path, tmp_path: Path) -> None:
    after = write_corpus(tmp_path / "after", rows()[1:], rows_per_file=5)
    assert command("diff", before, after).exit_code == 0
    assert command("diff", before, after, "--exit-code").exit_code == 1
    told = json.loads(done("diff", before, after, "--json", "--examples", "1").stdout)
    assert told["same"] is False
    assert told["rows"]["only_a"] == 1
    assert told["rows"]["examples"]["only_a"][0]["text"]["output"] == "Satz 0"
    assert {"key": "de.translation.train", "kind": "changed", "before": 12, "after": 11} in told[
        "sections"
    ]["counts"]
    assert "examples" not in done("diff", before, after, "--examples", "0").stdout


def test_how_often_a_record_occurs_is_told(before: Path, tmp_path: Path) -> None:
    thrice = [*rows(), row("Satz 1"), row("Satz 1")]
    after = write_corpus(tmp_path / "after", thrice, rows_per_file=5)
    told = builders.diff(before, after).rows
    assert (told.equal, told.only_a, told.only_b, told.changed) == (16, 0, 0, 1)
    assert told.by_column == {"copies": 1}
    back = builders.diff(after, before).rows
    assert (back.equal, back.changed) == (16, 3)


def test_columns_that_one_corpus_lacks_are_told(before: Path, tmp_path: Path) -> None:
    column = {"key": pl.lit(0.5)}
    keys = {"recipe": RECIPE, "steps": [STEP], "sources": [SOURCE], "columns": column}
    scored = write_corpus(tmp_path / "scored", rows(), rows_per_file=5, **keys)
    told = builders.diff(before, scored).rows
    assert (told.equal, told.columns_only_a, told.columns_only_b) == (17, (), ("key",))
    assert not told.same
    keys["columns"] = {"key": pl.when(pl.col("task") == "qa").then(float("nan")).otherwise(0.5)}
    other = write_corpus(tmp_path / "other", rows(), rows_per_file=5, **keys)
    assert builders.diff(scored, other).rows.by_column == {"key": 5}
    json.loads(done("diff", scored, other, "--json").stdout, parse_constant=pytest.fail)


def test_text_from_outside_moves_no_cursor(before: Path, tmp_path: Path) -> None:
    nasty = "\x1b[2J\u202egone"
    recipe = RECIPE | {nasty: nasty, "languages": ["de", nasty]}
    changed = [*rows(), row(nasty)]
    changed[0] |= {"licence": nasty}
    after = write_corpus(tmp_path / "after", changed, recipe=recipe, **{"odd\x1b": 1})
    text = done("diff", before, after).stdout
    assert "gone" in text
    assert all(one.isprintable() for line in text.split("\n") for one in line)


def test_many_changes_are_cut_short_for_readers_only(before: Path, tmp_path: Path) -> None:
    sweeps = [{"filter": "length", "threshold": n, "dropped": n} for n in range(50)]
    after = write_corpus(tmp_path / "after", rows(), rows_per_file=5, sweeps=sweeps)
    assert "… and 130 more (--json tells all)" in done("diff", before, after).stdout
    assert len(builders.diff(before, after).sections["sweeps"]) == 150


def test_what_is_no_corpus_is_told(before: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, problem in (("empty", "is not a finished"), ("nothing", "there is no such folder")):
        wrong(command("diff", before, tmp_path / name), rf"{name}: {problem}")
        wrong(command("diff", tmp_path / name, before), rf"{name}: {problem}")
    after = write_corpus(tmp_path / "after", rows()[1:], rows_per_file=5)
    path = after / "data" / "de" / "translation-train-00000.parquet"
    whole = path.read_bytes()
    path.write_bytes(b"x" * len(whole))
    wrong(command("diff", before, after), "is not the file that manifest.json lists")
    frame = pl.read_parquet(whole).with_columns(pl.lit("no hash").alias("id"))
    frame.write_parquet(path)
    manifest = json.loads((after / "manifest.json").read_text())
    entry = {"sha256": sha256_file(path), "bytes": path.stat().st_size}
    manifest["files"]["data/de/translation-train-00000.parquet"] |= entry
    (after / "manifest.json").write_text(json.dumps(manifest))
    wrong(command("diff", before, after), "holds something else than records")
    path.unlink()
    wrong(command("diff", before, after), "is missing, or is no file, and manifest.json lists it")


def test_a_record_that_is_there_again_is_one_record(before: Path, tmp_path: Path) -> None:
    twice = [*rows(), *(one | {"tags": ["again"]} for one in rows()[:2])]
    after = write_corpus(tmp_path / "after", twice)
    numbered = pl.format("{}-2", "id")
    again = pl.when(pl.col("tags").list.contains("again")).then(numbered).otherwise("id")
    for path in after.glob("data/*/*.parquet"):
        pl.read_parquet(path).with_columns(again.alias("id"), tags=[]).write_parquet(path)
    write_manifest(after)
    told = builders.diff(before, after).rows
    assert (told.only_a, told.only_b, told.changed) == (0, 0, 2)
    assert told.by_column == {"copies": 2}


@settings(max_examples=20, deadline=None)
@given(
    one=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    two=st.lists(st.integers(0, 9), min_size=1, max_size=12),
)
def test_every_row_is_counted_once(
    one: list[int], two: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    a, b = (
        write_corpus(
            folder / name, [row(f"Satz {n}", split="test" if n > 7 else "train") for n in ns]
        )
        for name, ns in (("a", one), ("b", two))
    )
    told = builders.diff(a, b).rows
    assert told.equal + told.only_a + told.changed == len(one)
    assert told.only_a == sum(n not in two for n in one)
    assert told.only_b == sum(n not in one for n in two)
    assert told.changed == sum(n in two and one.count(n) != two.count(n) for n in one)
    assert told.same == (sorted(one) == sorted(two))


def test_shares_go_by_their_cell(tmp_path: Path) -> None:
    cell = {"split": "train", "language": "de", "task": "qa", "origin": "native"}
    one, two = (
        write_corpus(tmp_path / name, rows(), shares=[{**cell, "after": {"rows": count}}])
        for name, count in (("a", 5), ("b", 7))
    )
    (change,) = builders.diff(one, two).sections["shares"]
    assert change.key == "train.de.qa.native.after.rows"
    assert (change.before, change.after) == (5, 7)
