"""Little suites, and other people's outputs scored on them by the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
from support.command import command, wrong

import benchmarks

HEAD = 'name = "s"\nversion = "1"\ndescription = "d"\nlicence = "CC0-1.0"\n'


def suite(folder: Path, *rows: dict[str, Any], name: str = "suite") -> Path:
    """Write a suite of rows; what they leave out is a translation from English into German."""
    plain = {
        "task": "translation", "language": "de", "source_language": "en",
        "instruction_language": "en", "instruction": "Translate:",
    }  # fmt: skip
    text = "".join(json.dumps(plain | row, ensure_ascii=False) + "\n" for row in rows)
    (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / f"{name}.toml").write_text(HEAD + f'records = "{name}.jsonl"\n')
    return folder / f"{name}.toml"


def words(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"input": f"word {n}", "output": f"Wort {n}", **more} for n in range(count)]


def answers(run: Path) -> dict[str, str]:
    found = pl.read_parquet(run / "predictions" / "*.parquet")
    return dict(found.select("id", "prediction").rows())


def score(predictions: Path, spec: str | Path, out: Path, *more: str) -> Any:
    return command(
        "score", "--predictions", predictions, "--suite", spec, "--out", out, "--resamples", "5",
        *more,
    )  # fmt: skip


def told(predictions: Path, spec: str | Path, tmp_path: Path, what: str) -> str:
    """Check that outputs are refused, in one line, and nothing is left half-written."""
    line = wrong(score(predictions, spec, tmp_path / "run"), what)
    assert not (tmp_path / "run").exists()
    return line


def records(spec: Path) -> pl.DataFrame:
    return benchmarks.load_suite(str(spec)).records


def rows_of(asked: pl.DataFrame) -> list[dict[str, Any]]:
    return [{"id": name, "prediction": "x"} for name in asked["id"]]
