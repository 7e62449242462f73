"""Scoring 25 systems beside 25 calls of sacrebleu: python tests/perf/bench_scoring.py

Both compute BLEU and chrF2 of outputs of WMT22 (English into Japanese and Chinese), in the folder that
ISOGLOSS_SHARED_DATA names; ours with a bootstrap interval of 1,000 resamples each, sacrebleu's without.
Whole commands are timed, start and all, sacrebleu's one after the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

SYSTEMS = {"en-ja": 13, "en-zh": 12}
TOKENIZERS = {"en-ja": "char", "en-zh": "zh"}
DATA = Path(os.environ.get("ISOGLOSS_SHARED_DATA", "../shared/data")) / "wmt22"


def run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def ours(pair: str, outputs: list[Path], out: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "isogloss.command.cli", "score", "--suite", "wmt22"]
    command += ["--data", str(DATA), "--pair", pair.replace("-", ":").replace("zh", "zh-Hans")]
    command += ["--metric", "bleu", "--metric", "chrf", "--out", str(out)]
    for path in outputs:
        command += ["--predictions", str(path)]
    found = {}
    for folder in run(command).split():
        name = json.loads((Path(folder) / "run.json").read_text("utf-8"))["system"]
        scores = pl.read_parquet(Path(folder) / "scores.parquet")
        whole = scores.filter(pl.col("source_language").is_null(), metric="chrf")
        found[name] = whole.filter(pl.col("language").is_not_null())["score"].item()
    return found


def theirs(pair: str, outputs: list[Path]) -> dict[str, float]:
    end = pair.split("-")[1]
    references = [str(path) for path in sorted((DATA / pair).glob(f"*.ref.*.{end}"), reverse=True)]
    found = {}
    for path in outputs:
        command = [sys.executable, "-m", "sacrebleu", *references, "-i", str(path)]
        command += ["-m", "bleu", "chrf", "--tokenize", TOKENIZERS[pair], "--width", "6"]
        told = json.loads(run(command))
        found[path.stem] = next(one["score"] for one in told if one["name"] == "chrF2")
    return found


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"there are no outputs at {DATA}: set ISOGLOSS_SHARED_DATA")
    outputs = {
        pair: sorted((DATA / pair).glob("*.hyp.*"))[:count] for pair, count in SYSTEMS.items()
    }
    scores: dict[str, dict[str, float]] = {"isogloss": {}, "sacrebleu": {}}
    seconds = {}
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        for pair, paths in outputs.items():
            scores["isogloss"] |= ours(pair, paths, Path(scratch) / pair)
        seconds["isogloss"] = time.perf_counter() - began
    began = time.perf_counter()
    for pair, paths in outputs.items():
        scores["sacrebleu"] |= theirs(pair, paths)
    seconds["sacrebleu"] = time.perf_counter() - began
    apart = max(abs(one - scores["sacrebleu"][name]) for name, one in scores["isogloss"].items())
    print(f"{len(scores['isogloss'])} systems; chrF2 differs by {apart:.6f} at most")
    for name, taken in seconds.items():
        print(f"{name:10} {taken:7.2f} s")
    print(f"ratio      {seconds['sacrebleu'] / seconds['isogloss']:7.2f}")


if __name__ == "__main__":
    main()
