"""Scoring again: what changes is told, what was touched is refused, and nothing is half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.command import command, done, wrong
from support.folders import hashes
from support.runs import resealed

import benchmarks
import runners
from isogloss.errors import IsoglossError
from isogloss.files import read_json, sha256_file, write_json
from runners import ScoreSettings

QUICK = ScoreSettings(resamples=10)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runners.score("copy", "smoke", tmp_path_factory.mktemp("made") / "run", settings=QUICK)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def scores(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "scores.parquet")


def test_the_same_scores_come_of_the_same_answers(run: Path) -> None:
    before = hashes(run)
    found = runners.rescore(run)
    assert found.changes.is_empty()
    assert found.scores == found.before == scores(run).height
    assert hashes(run) == before


def test_changed_scores_are_told_old_and_new(run: Path) -> None:
    kept = scores(run)
    chrf, copied = pl.col("metric") == "chrf", pl.col("metric") == "copied"
    german = pl.col("language") == "de"
    kept.with_columns(
        pl.when(chrf & german).then(pl.col("score") + 2e-9)
        .when(copied & german).then(pl.lit(float("nan")))
        .when(chrf).then(pl.col("score") + 1e-12)
        .otherwise("score").alias("score")
    ).filter(pl.col("metric") != "empty").write_parquet(run / "scores.parquet")  # fmt: skip
    resealed(run)
    result = done("rescore", run)
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("  trans")]
    found = {(row[1], row[-3]): row[-2:] for row in rows if row[2] != "→"}
    assert set(found) == {("de", "chrf"), ("de", "copied")}
    assert found["de", "copied"] == ["–", "100.0"]
    before, after = found["de", "chrf"]
    assert float(before) - float(after) == pytest.approx(2e-9, abs=1e-9)
    without = kept.filter(pl.col("metric") == "empty").height
    told = f"{kept.height} scores (before: {kept.height - without}), {len(rows)} of them changed"
    assert told in result.stderr
    assert scores(run).equals(kept)


def test_metrics_resamples_and_seed_are_kept_or_chosen(run: Path) -> None:
    done("rescore", run, "--metric", "bleu", "--resamples", "7", "--seed", "3")
    facts = read_json(run / "run.json")
    assert (facts["metrics"], facts["resamples"], facts["seed"]) == (["bleu"], 7, 3)
    assert set(scores(run)["metric"]) == {"bleu"}
    assert scores(run)["signature"].str.starts_with("bs:7|by:item|level:0.95|seed:3|").all()
    bleu = scores(run)
    assert runners.rescore(run).changes.is_empty()
    assert scores(run).equals(bleu), "as it was scored before, where nothing else is said"
    done("rescore", run, "--all-metrics")
    assert {"chrf", "copied"} <= set(scores(run)["metric"])
    wrong(command("rescore", run, "--all-metrics", "--metric", "bleu"), "either --metric or")
    wrong(command("rescore", run, "--metric", "blue"), "unknown metric 'blue'.*'bleu'")
    wrong(command("rescore", run, "--metric", "f1"), "f1 measures qa, and the suite has transl")
    assert {"chrf", "copied"} <= set(scores(run)["metric"])


def test_what_was_touched_is_refused(run: Path) -> None:
    def refused(what: str) -> None:
        before = hashes(run)
        wrong(command("rescore", run), what)
        assert hashes(run) == before

    part = next((run / "predictions").glob("*.parquet"))
    for path in (part, run / "records.parquet"):
        kept = path.read_bytes()
        frame = pl.read_parquet(path)
        frame.head(frame.height - 1).write_parquet(path)
        refused(f"{path.name}: is not the file that run.json was written for")
        path.unlink()
        refused(f"{path.name}: there is no such file")
        path.write_bytes(kept)
    facts = read_json(run / "run.json")
    for change, what in [
        ({"suite": {}}, "suite.sha256' is missing"),
        ({"predictions_sha256": {"../x": ""}}, "predictions_sha256"),
        ({"predictions_sha256": {}}, "predictions_sha256"),
        ({"resamples": "many"}, "resamples: "),
        ({"seed": 7}, "was changed after it was written"),
        ({"seconds": 9.5}, "seconds: 9.5 is not what the answers say"),
    ]:
        write_json(run / "run.json", facts | change)
        refused(what)
    write_json(run / "run.json", {"system": "x"})
    refused("run.json: lacks suite, predictions_sha256, records_sha256")
    (run / "run.json").write_text("{")
    refused("is not JSON")
    (run / "run.json").unlink()
    refused("is not a finished run")


def test_runs_of_before_are_taken(run: Path) -> None:
    """An older version stored no samples, no metrics and no options."""
    part = next((run / "predictions").glob("*.parquet"))
    pl.read_parquet(part).drop("sample").write_parquet(part)
    facts = read_json(run / "run.json")
    facts["predictions_sha256"] = {part.name: sha256_file(part)}
    del facts["metrics"], facts["suite"]["metrics"], facts["facts_sha256"], facts["scores_sha256"]
    write_json(run / "run.json", facts)
    (run / "scores.parquet").write_bytes(b"of another age")
    found = runners.rescore(run)
    assert (found.before, found.changes.height) == (0, 0)
    assert scores(run).filter(metric="chrf")["n"].min() > 0


def test_nothing_is_half_written(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hashes(run)

    def full(self: Any, path: Path) -> None:
        path.write_bytes(b"PAR1")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(IsoglossError, match="the disk is full"):
        runners.rescore(run, resamples=20)
    assert hashes(run) == before


def test_a_suites_options_of_metrics_go_into_the_run_and_out_again(tmp_path: Path) -> None:
    records = benchmarks.load_suite("smoke").records.filter(language="en")
    records.write_parquet(tmp_path / "s.parquet")
    head = (
        'name = "s"\nversion = "1"\ndescription = "d"\nlicence = "CC0-1.0"\nrecords = "s.parquet"\n'
    )
    (tmp_path / "s.toml").write_text(head + '[metrics.bleu]\ntokenizer = "char"\n')
    run = tmp_path / "run"
    suite, settings = str(tmp_path / "s.toml"), ScoreSettings(resamples=5, metrics=("bleu",))
    runners.score("copy", suite, run, settings=settings)
    assert read_json(run / "run.json")["suite"]["metrics"] == {"bleu": {"tokenizer": "char"}}
    assert scores(run)["signature"].str.contains("tok:char").all()
    runners.rescore(run, resamples=6)
    assert scores(run)["signature"].str.contains("tok:char").all()
    assert runners.compare_runs(run, run, metrics=["bleu"])["signature"].str.contains("char").all()


def test_score_asks_nothing_again_for_other_scores(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from runners.models import copy

    def never(*_: Any) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(copy.Copy, "generate", never)
    answers = hashes(run / "predictions")
    runners.score("copy", "smoke", run, settings=QUICK)
    assert "is up to date" in capsys.readouterr().err
    more = ScoreSettings(resamples=11, seed=1, metrics=("chrf", "bleu"))
    runners.score("copy", "smoke", run, settings=more)
    assert "are scored again" in capsys.readouterr().err
    assert set(scores(run)["metric"]) == {"chrf", "bleu"}
    runners.score("copy", "smoke", run, settings=more)
    assert "is up to date" in capsys.readouterr().err
    assert hashes(run / "predictions") == answers


def test_metrics_are_checked_before_anything_is_asked(tmp_path: Path) -> None:
    base = ("score", "copy", "--suite", "smoke", "--out", tmp_path / "run")
    wrong(command(*base, "--metric", "chfr"), "unknown metric 'chfr'. Did you mean 'chrf'")
    wrong(command(*base, "--metric", "f1"), "f1 measures qa")
    assert not (tmp_path / "run").exists()
    result = done(*base, "--metric", "bleu", "--metric", "ter", "--resamples", "5")
    assert set(scores(tmp_path / "run")["metric"]) == {"bleu", "ter"}
    assert {"bleu", "ter"} <= set(result.stderr.split())
    assert json.loads((tmp_path / "run" / "run.json").read_text())["metrics"] == ["bleu", "ter"]
