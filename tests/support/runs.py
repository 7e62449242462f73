"""Runs that somebody changed and then sealed again, as an honest writer would have made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isogloss.files import read_json, sha256_file
from isogloss.runs import facts_text


def resealed(run: Path, **changes: Any) -> Path:
    """Change facts of a run, and write its ``run.json`` for them and for its scores as they are."""
    facts = read_json(run / "run.json") | changes
    if (run / "scores.parquet").is_file():
        facts["scores_sha256"] = sha256_file(run / "scores.parquet")
    (run / "run.json").write_text(facts_text(facts), encoding="utf-8")
    return run
