"""Finished runs of the smoke suite: systems without weights, one of them with a hostile name."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import benchmarks
import runners

HOSTILE = "<img src=x onerror=alert(1)>\"'&\u202e{{7*7}}"
SETTINGS = runners.ScoreSettings(resamples=50)


def outputs(folder: Path, prediction: pl.Expr) -> Path:
    """Write a file of predictions for the smoke suite."""
    records = benchmarks.load_suite("smoke").records
    path = folder / "outputs.parquet"
    records.select("id", prediction.alias("prediction")).write_parquet(path)
    return path


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three runs: copied inputs, perfect answers, and answers that would break a page."""
    root = tmp_path_factory.mktemp("runs")
    perfect, broken = root / "perfect", root / "broken"
    for folder in (perfect, broken):
        folder.mkdir()
    markup = pl.concat_str(pl.lit("</p><script>alert(1)</script>\u202e\x00"), "output")
    return [
        runners.score("copy", "smoke", root / "copy", name="Copy", kind="reference", settings=SETTINGS),
        runners.score(
            f"outputs:{outputs(perfect, pl.col('output'))}", "smoke", root / "best",
            name="Perfect", kind="tuned", base="Copy", settings=SETTINGS,
        ),
        runners.score(
            f"outputs:{outputs(broken, markup)}", "smoke", root / "hostile",
            name=HOSTILE, kind="outputs", settings=SETTINGS,
        ),
    ]  # fmt: skip


@pytest.fixture(scope="session")
def site(runs: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site made from the runs."""
    import leaderboard

    out = tmp_path_factory.mktemp("published") / "site"
    return leaderboard.publish(runs, out, title="Test & title", resamples=50).parent
