"""``isogloss compare``: two runs in pairs, more in ranks, and what cannot be compared."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from support.command import command, done, wrong
from support.runs import resealed

import benchmarks
import runners
from isogloss.files import read_json
from runners import ScoreSettings

QUICK = ScoreSettings(resamples=20)
HOSTILE = "evil\n\x1b[2J\u202e[bold]name[/bold]"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Perfect answers, two systems that are equally half right, and copied inputs."""
    root = tmp_path_factory.mktemp("runs")
    records = benchmarks.load_suite("smoke").records
    half = pl.col("output").str.slice(0, pl.col("output").str.len_chars() // 2)
    answers = {"best": pl.col("output"), "half": half, "same": half, "copy": pl.col("input")}
    found = {}
    for name, answer in answers.items():
        records.select("id", prediction=answer).write_ndjson(root / f"{name}.jsonl")
        found[name] = runners.score_predictions(
            root / f"{name}.jsonl", "smoke", root / name, name=name.title(), settings=QUICK
        )
    return found


def fields(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


def small(p_value: float) -> str:
    return f"{p_value:.3f}" if p_value >= 0.001 else "<0.001"


def test_two_runs_are_compared_in_pairs(runs: dict[str, Path]) -> None:
    result = done("compare", runs["best"], runs["copy"], "--resamples", "200")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["one: Best", "two: Copy"]
    assert lines[3] == "translation, chrF2"
    heads = fields(next(line for line in lines if "language" in line))
    assert heads == ["language", "one", "two", "delta", "95 % interval", "p", "Holm p", "n"]
    told = runners.compare_runs(runs["best"], runs["copy"], metrics=["chrf"], resamples=200)
    # Where a pair is the only one into a language, the command shows the language alone.
    told = told.filter(pl.col("source_language").is_null())
    rows = [fields(line) for line in lines if re.match(r"  \S+ +\d", line)]
    assert len(rows) == told.height == 17
    for row, one in zip(rows, told.iter_rows(named=True), strict=True):
        assert row == [
            one["language"] or "mean", f"{one['score_a']:.1f}", f"{one['score_b']:.1f}",
            f"{one['delta']:+.1f}", f"[{one['low']:+.1f}, {one['high']:+.1f}]",
            small(one["p_value"]), small(one["p_holm"]), str(one["n"]),
        ]  # fmt: skip
    assert (
        told.filter(language="de")["p_holm"].item() > told.filter(language="de")["p_value"].item()
    )
    assert max(len(line.rstrip()) for line in lines) <= 80


def test_the_test_is_chosen(runs: dict[str, Path]) -> None:
    pair = (runs["best"], runs["copy"])
    again = done("compare", *pair, "--test", "randomization", "--csv", "--metric", "chrf",
                 "--resamples", "50", "--seed", "1", "--level", "0.9")  # fmt: skip
    found = pl.read_csv(io.StringIO(again.stdout))
    told = runners.compare_runs(
        *pair, metrics=["chrf"], test="randomization", resamples=50, seed=1, level=0.9
    )
    assert found["p_value"].to_list() == told["p_value"].to_list()
    # Pairs of languages are tested by bootstrap all the same, and say so.
    for of_two, begins in ((False, "paired-ar+bs:50"), (True, "paired-bs:50")):
        signatures = found.filter(pl.col("source_language").is_null() != of_two)["signature"]
        assert signatures.len()
        assert signatures.str.starts_with(f"{begins}|by:item|level:0.9|seed:1|").all()
    shown = done("compare", *pair, "--level", "0.9", "--resamples", "20")
    assert "90 % interval" in shown.stdout
    wrong(command("compare", *pair, "--test", "bootstap"), "unknown test.*'bootstrap'")
    wrong(command("compare", *pair, "--level", "95"), "95 is not between 0 and 1")


def test_every_metric_is_in_the_csv_and_those_named_in_the_tables(runs: dict[str, Path]) -> None:
    pair = (runs["half"], runs["copy"], "--resamples", "20")
    found = pl.read_csv(io.StringIO(done("compare", *pair, "--csv").stdout))
    assert {"chrf", "copied", "ter"} <= set(found["metric"])
    shown = done("compare", *pair, "--metric", "bleu", "--metric", "ter").stdout
    assert re.findall(r"^translation, .*", shown, re.M) == ["translation, BLEU", "translation, TER"]
    wrong(command("compare", *pair, "--metric", "blue"), "unknown metric 'blue'.*'bleu'")


def test_more_runs_are_ranked_in_clusters(runs: dict[str, Path]) -> None:
    names = ("copy", "half", "best", "same")
    result = done("compare", *(runs[name] for name in names), "--resamples", "500")
    lines = result.stdout.splitlines()
    assert fields(lines[2]) == ["language", "rank", "system", "score", "95 % interval", "n"]
    start = next(n for n, line in enumerate(lines) if line.startswith("  mean"))
    rows = [fields(line) for line in lines[start : start + 4]]
    assert [row[-5:-3] for row in rows] == [
        ["1", "Best"], ["2", "Half"], ["2", "Same"], ["4", "Copy"]
    ]  # fmt: skip
    assert [row[0] for row in rows if len(row) == 6] == ["mean"], "a language is named once"
    csv = done("compare", *(runs[name] for name in names), "--csv", "--resamples", "500").stdout
    told = runners.rank_runs([runs[name] for name in names], metrics=["chrf"], resamples=500)
    found = pl.read_csv(io.StringIO(csv)).filter(metric="chrf")
    assert found["system"].to_list() == told["system"].to_list()
    assert found["rank"].to_list() == told["rank"].to_list()
    assert max(len(line.rstrip()) for line in lines) <= 80


def test_what_cannot_be_compared_is_told(runs: dict[str, Path], tmp_path: Path) -> None:
    best, copy, half = runs["best"], runs["copy"], runs["half"]
    wrong(command("compare", best), "name two runs or more")
    wrong(command("compare", best, copy, half, "--test", "randomization"), "by bootstrap only")
    wrong(command("compare", best, copy, best), "is named 'Best' too.*another --name")
    wrong(command("compare", best, tmp_path), "is not a finished run")
    limited = ScoreSettings(resamples=5, limit=1)
    other = runners.score("copy", "smoke", tmp_path / "other", settings=limited)
    wrong(command("compare", best, other), "best and .*other answer different suites")
    wrong(command("compare", best, copy, other), "answer different suites")
    judged = Path(shutil.copytree(copy, tmp_path / "judged"))
    suite = read_json(judged / "run.json")["suite"]
    resealed(judged, suite=suite | {"metrics": {"bleu": {"tokenizer": "char"}}})
    wrong(command("compare", best, judged), "are scored by other options of metrics")
    part = next((judged / "predictions").iterdir())
    pl.read_parquet(part).head(3).write_parquet(part)
    wrong(command("compare", best, judged), "is not the file that run.json was written for")


def test_a_name_from_outside_is_only_text(runs: dict[str, Path], tmp_path: Path) -> None:
    evil = Path(shutil.copytree(runs["copy"], tmp_path / "evil"))
    resealed(evil, system=HOSTILE)
    pair = done("compare", evil, runs["best"], "--resamples", "5").stdout
    three = done("compare", evil, runs["best"], runs["half"], "--resamples", "5").stdout
    for shown in (pair, three):
        assert r"evil\n\x1b[2J\u202e[bold]name[/bold]" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
