"""What other thresholds would drop is what the filters' own verdicts would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from builders.filters._steps import PlannedFilter
from builders.report import thresholds
from isogloss.plugins import lookup


def planned(name: str, **options: Any) -> PlannedFilter:
    module = lookup("builders.filters", name)
    assert module is not None
    return PlannedFilter(name, name, module, module.Options(name=name, **options))


def scores(case: str, rows: int) -> pl.DataFrame:
    """Return random scores of a filter, of which only one threshold can drop rows."""
    draw = np.random.default_rng(5)
    # Few values, so that thresholds meet them.
    share = pl.Series(np.round(draw.random(rows), 2), dtype=pl.Float32)
    few = pl.Series(draw.integers(0, 80, rows), dtype=pl.UInt32)
    cases: dict[str, dict[str, Any]] = {
        "language": {
            "output_script_share": pl.Series([1.0], dtype=pl.Float32).new_from_index(0, rows),
            "output_letters": few,
            "output_script": "Latn",
            "output_own_probability": pl.Series(draw.random(rows) / 5, dtype=pl.Float32),
            "output_other": pl.Series(draw.choice(["", "nl"], rows)),
            "output_other_probability": share,
        },
        "script": {"output_script_share": share, "output_letters": few, "output_script": "Grek"},
        "copied": {"same": False, "copied": share},
        "repetition": {
            "input_repeated": share, "output_repeated": 0.0, "input_lines": 0.0, "output_lines": 0.0,
        },
        "length-ratio": {"ratio": share * 10, "summary": float("nan")},
        "length": {"input_chars": few, "output_chars": 40},
    }  # fmt: skip
    keys = {
        "row": np.arange(rows),
        "task": draw.choice(["translation", "code"], rows),
        "language": draw.choice(["de", "fr", "ja"], rows, p=[0.6, 0.39, 0.01]),
        "source_language": np.full(rows, "en"),
    }
    return pl.DataFrame(keys | cases[case])


@pytest.mark.parametrize(
    ("name", "options", "option", "score"),
    [
        ("language", {"sides": ["output"]}, "min_probability", "output_other_probability"),
        ("script", {"sides": ["output"]}, "min_share", "output_script_share"),
        ("copied", {}, "max_copied", "copied"),
        ("repetition", {}, "max_repeated", "input_repeated"),
        ("length-ratio", {}, "max_ratio", "ratio"),
        ("length", {"max_chars": 50, "min_chars": 10}, "max_chars", "input_chars"),
    ],
)
def test_another_threshold_would_drop_what_is_told(
    name: str, options: dict[str, Any], option: str, score: str, tmp_path: Path
) -> None:
    step = planned(name, **options)
    frame = scores(name, 3000)
    if name == "length":  # nothing but the threshold that is asked about
        frame = frame.filter(pl.col("input_chars") >= 10)
    frame.rename(
        {one: f"{name}.{one}" for one in frame.columns[4:]}
    ).write_parquet(tmp_path / "scores.parquet")  # fmt: skip
    found = thresholds.tried([tmp_path / "scores.parquet"], [step])
    asked = found.filter(option=option, score=score)
    assert {"current", "near", "share"} == set(asked["kind"])
    for row in asked.iter_rows(named=True):
        value = int(row["value"]) if name == "length" else row["value"]
        other = step.options.model_copy(update={option: value})
        if name == "length" and value < 40:  # there the output's own length would count too
            continue
        part = frame if row["language"] is None else frame.filter(language=row["language"])
        there = part.select(
            step.module.verdict(other).is_not_null().sum()
        ).item()  # fmt: skip
        assert row["dropped"] == there, row
        assert row["rows"] == part.height
    for (_, share), part in asked.filter(kind="share").group_by("language", "share"):
        assert isinstance(share, float)
        # With ties and rounding it is about that share, never twice of it.
        assert 0 < part["dropped"][0] <= 2 * share * part["rows"][0] + 1


def test_values_that_a_filter_does_not_take_are_not_tried(tmp_path: Path) -> None:
    step = planned("copied", max_copied=0.9)
    frame = scores("copied", 500)
    frame.rename({one: f"copied.{one}" for one in frame.columns[4:]}).write_parquet(
        tmp_path / "scores.parquet"
    )
    found = thresholds.tried([tmp_path / "scores.parquet"], [step])
    assert found["value"].is_between(0, 1).all()
    assert 0.99 in set(found["value"])


def test_scores_that_are_not_there_are_not_told(tmp_path: Path) -> None:
    assert thresholds.tried([], [planned("copied")]).height == 0
    pl.DataFrame({"row": [1], "task": ["qa"], "language": ["de"], "source_language": [None],
                  "copied.copied": [None]}, schema_overrides={"copied.copied": pl.Float32}
                 ).write_parquet(tmp_path / "a.parquet")  # fmt: skip
    assert thresholds.tried([tmp_path / "a.parquet"], [planned("copied")]).height == 0
