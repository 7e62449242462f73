"""The commands that look at finished runs, and those that choose what is asked."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest
from support.runs import resealed
from typer.testing import CliRunner, Result

from isogloss.command.cli import app


def isogloss(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A system that only German was taught to (it says the reference there), and its peers."""
    folder = tmp_path_factory.mktemp("runs")
    first = folder / "copy"
    assert isogloss("score", "copy", "--suite", "smoke", "--out", str(first)).exit_code == 0
    records = pl.read_parquet(first / "records.parquet")
    found = []
    for taught in (("de",), ("fr",), ("de", "fr")):
        answers = records.select(
            "id",
            prediction=pl.when(pl.col("language").is_in(taught)).then("output").otherwise("input"),
        )
        name = "-".join(taught)
        answers.write_parquet(folder / f"{name}.parquet")
        run = folder / name
        done = isogloss(
            "score", "--predictions", str(folder / f"{name}.parquet"), "--suite", "smoke",
            "--out", str(run), "--resamples", "50",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        resealed(run, tuning={"languages_trained": list(taught)})
        found.append(run)
    return [first, *found]


def test_a_run_is_summarized_over_groups_of_languages(runs: list[Path]) -> None:
    done = isogloss("summarize", str(runs[1]), "--metric", "chrf", "--csv", "--resamples", "50")
    assert done.exit_code == 0, done.output
    table = pl.read_csv(io.StringIO(done.stdout))
    groups = dict(table.filter(kind="family")["group", "score"].iter_rows())
    assert {"Indo-European", "Japonic", "Koreanic", "Turkic"} <= groups.keys()
    scores = pl.read_parquet(runs[1] / "scores.parquet").filter(metric="chrf")
    whole = scores.filter(pl.col("source_language").is_null())
    mean = whole.filter(pl.col("language").is_null())["score"].item()
    assert table.filter(kind="all")["score"].item() == pytest.approx(mean)
    spread = table.filter(kind="disparity", group="spread")["score"].item()
    by_language = whole.filter(pl.col("language").is_not_null())["score"]
    assert spread == pytest.approx(by_language.max() - by_language.min())  # type: ignore[operator]
    shown = isogloss("summarize", str(runs[1]), "--resamples", "50")
    assert "resource class" in shown.stdout


def test_transfer_is_told_from_what_runs_say_of_their_training(runs: list[Path]) -> None:
    done = isogloss("transfer", *map(str, runs[1:]), "--csv", "--resamples", "50")
    assert done.exit_code == 0, done.output
    text = done.stdout
    start = text.index("task,metric,system,train_languages,language,seen,in_language")
    matrix, gaps = (pl.read_csv(io.StringIO(part)) for part in (text[:start], text[start:]))
    german = matrix.filter(system="de", language="de")
    assert german["seen"].item() is True
    assert german["score"].item() == pytest.approx(100)
    zero_shot = gaps.filter(system="fr", language="de")
    assert zero_shot["gap"].item() == pytest.approx(
        100 - matrix.filter(system="fr", language="de")["score"].item()
    )
    both = gaps.filter(system="de-fr", language="de")
    assert both["gap"].item() == pytest.approx(0)
    shown = isogloss("transfer", *map(str, runs[1:]), "--resamples", "50")
    assert "a system of the language alone minus this one" in shown.stdout
    nobody = isogloss("transfer", str(runs[0]))
    assert nobody.exit_code == 2


def test_an_option_of_a_metric_is_in_its_signature_and_in_the_suites_hash(tmp_path: Path) -> None:
    hashes = {}
    for option in ("squad", "language"):
        out = tmp_path / option
        done = isogloss(
            "score", "copy", "--suite", "starter", "--language", "de", "--out", str(out),
            "--resamples", "20", "--metric", "f1", "--metric-option", f"f1.normalization={option}",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        signatures = pl.read_parquet(out / "scores.parquet")["signature"]
        assert signatures.str.contains(f"norm:{'squad' if option == 'squad' else 'NFKC'}").all()
        facts = json.loads((out / "run.json").read_text("utf-8"))
        hashes[option] = facts["suite"]["sha256"]
        again = isogloss("rescore", str(out))
        assert again.exit_code == 0, again.output
        assert "0 of them changed" in again.stderr
    assert len(set(hashes.values())) == 2


@pytest.mark.parametrize("text", ["f1", "f1.normalization", "f1=squad", "=x"])
def test_options_that_are_none_are_told(text: str, tmp_path: Path) -> None:
    done = isogloss(
        "score", "copy", "--suite", "smoke", "--metric-option", text, "--out", str(tmp_path / "r")
    )
    assert done.exit_code == 2
    assert "is not METRIC.OPTION=VALUE" in done.stderr


def test_tasks_tell_how_they_ask_read_and_judge() -> None:
    done = isogloss("list", "tasks")
    for word in ("prompt:", "answer:", "right:", "ranked by: pass@1", "first fenced block"):
        assert word in done.stdout


def test_two_systems_of_one_name_are_told(runs: list[Path], tmp_path: Path) -> None:
    twin = tmp_path / "de.parquet"
    twin.write_bytes((runs[1].parent / "de.parquet").read_bytes())
    done = isogloss(
        "score", "--suite", "smoke", "--predictions", str(twin), "--predictions",
        str(runs[1].parent / "de.parquet"), "--out", str(tmp_path / "runs"),
    )  # fmt: skip
    assert done.exit_code == 2
    assert "is named 'de' too" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("command", "count"), [("compare", 2), ("compare", 3), ("summarize", 1), ("transfer", 3)]
)
def test_a_metric_that_judges_nothing_of_the_suite_is_refused(
    command: str, count: int, runs: list[Path]
) -> None:
    for csv in ((), ("--csv",)):
        done = isogloss(command, *map(str, runs[1 : 1 + count]), "--metric", "f1", *csv)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert "f1 measures qa, and the suite has translation" in done.stderr
