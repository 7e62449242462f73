"""Pages of a suite in which a language has one question, and of a system that a language lacks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from support.command import done

import benchmarks
import leaderboard
import runners
from benchmarks.metrics import f1
from isogloss.plugins import discover

SETTINGS = runners.ScoreSettings(resamples=50)
QUESTIONS = {"de": 6, "fr": 6, "hi": 1}
#: How many of three words each system has right in a question, by its number.
RIGHT = {"Good": (3, 3, 2), "Middling": (2, 1, 1), "Bad": (0, 0, 1)}
SUITE = """
name = "small"
version = "1"
description = "three words"
licence = "CC0-1.0"
records = "records.jsonl"
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("small")
    (root / "small.toml").write_text(SUITE, encoding="utf-8")
    rows = [
        {
            "task": "qa", "language": tag, "instruction": "Which words?", "instruction_language": "en",
            "input": f"{tag} {number}", "output": "eins zwei drei", "references": ["eins zwei drei"],
            "source": "ours", "source_id": f"{tag}{number}", "licence": "CC0-1.0",
        }
        for tag, count in QUESTIONS.items()
        for number in range(count)
    ]  # fmt: skip
    (root / "records.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    suite = benchmarks.load_suite(str(root / "small.toml"))
    words = ["eins", "zwei", "drei"]
    found = []
    for name, right in RIGHT.items():
        texts = [
            " ".join(words[: right[number % 3]] or ["vier"])
            for number in range(suite.records.height)
        ]
        path = root / f"{name}.parquet"
        suite.records.select("id", pl.Series("prediction", texts)).write_parquet(path)
        found.append(
            runners.score(f"outputs:{path}", suite, root / name, name=name, settings=SETTINGS)
        )
    return found


def rows_of(site: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((site / "data" / f"{table}.json").read_text("utf-8"))
    return found


def text_of(path: Path) -> str:
    return re.sub(r"<[^>]*>", "", path.read_text(encoding="utf-8"))


def test_a_language_of_one_question_costs_nobody_interval_or_rank(
    runs: list[Path], tmp_path: Path
) -> None:
    site = leaderboard.publish(runs, tmp_path / "site", resamples=50).parent
    means = [row for row in rows_of(site, "standing-qa") if row["language"] is None]
    assert len(means) == 3
    assert all(
        row["low"] is not None and "|pooled-variance:hi|" in row["signature"] for row in means
    )
    page = text_of(site / "index.html")
    assert "one item in hi" in page
    assert "one item in hi; for the interval of the mean" in page
    from leaderboard.collect import collect
    from leaderboard.ranking import places

    found = collect(runs, resamples=50, seed=1)
    assert [one.rank for one in places(found, "qa")] == [1, 2, 3]
    assert "one item" in text_of(site / "language" / "hi.html")


def test_commands_tell_of_a_language_of_one_question(runs: list[Path]) -> None:
    for command in (["compare", *runs[:2]], ["compare", *runs], ["summarize", runs[0]]):
        result = done(*command, "--resamples", "20")
        assert "one item in hi; for the interval of the mean (f1) it has the variance" in (
            " ".join(result.stderr.split())
        )


def test_a_system_that_is_not_judged_in_a_language_has_no_mean_and_comes_last(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = ModuleType("f1")
    vars(partial).update(vars(f1))

    def statistics(segments: Any, options: Any) -> Any:
        found = f1.statistics(segments, options)
        # Whoever says nothing but one word is not judged in French.
        judged = segments.language != "fr" or "vier" not in segments.answers
        return found * judged

    vars(partial)["statistics"] = statistics
    monkeypatch.setitem(discover("benchmarks.metrics"), "f1", partial)
    site = leaderboard.publish(runs, tmp_path / "site", resamples=50).parent
    means = {row["system"]: row for row in rows_of(site, "standing-qa") if row["language"] is None}
    assert means["Bad"]["score"] is None and means["Good"]["score"] > means["Middling"]["score"]
    page = text_of(site / "index.html")
    assert "not measured in fr" in page and "no score" in page
    assert "there is no mean (f1), for it cannot be told in fr" in page
    from leaderboard.collect import collect
    from leaderboard.ranking import places

    found = collect(runs, resamples=50, seed=1)
    assert [(one.rank, one.scored) for one in places(found, "qa")] == [
        (1, True), (2, True), (3, False),
    ]  # fmt: skip
