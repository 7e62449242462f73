"""Clean a folder of pairs with OpusFilter; run by bench_cleaning.py with OpusFilter's own Python.

It has no near duplicates (its ``remove_duplicates`` hashes whole lines, at most without case and all but
letters), so that step is not done. It reads and writes lines of text, not Parquet. Only filters run in
several processes. They stand from the cheapest to the dearest, so that fewer rows reach the dear ones.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from opusfilter.opusfilter import OpusFilter


def steps(data: Path, model: Path, workers: int) -> list[dict]:
    filters = [
        {"LengthFilter": {"unit": "char", "min_length": 1, "max_length": 2000}},
        {"LengthRatioFilter": {"unit": "char", "threshold": 3}},
        {"CharacterScoreFilter": {"scripts": ["Latin", "Latin"], "thresholds": [0.4, 0.4]}},
        {
            "FastTextFilter": {
                "languages": ["en", "de"],
                "thresholds": [0, 0],
                "model_path": str(model.resolve()),
            }
        },
    ]
    given = [str((data / "text" / f"pairs.{end}").resolve()) for end in ("en", "de")]
    unique, clean = ["unique.en", "unique.de"], ["clean.en", "clean.de"]
    return [
        {"type": "remove_duplicates", "parameters": {"inputs": given, "outputs": unique}},
        {
            "type": "filter",
            "parameters": {
                "inputs": unique,
                "outputs": clean,
                "filters": filters,
                "n_jobs": workers,
            },
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    configuration = {
        "common": {"output_directory": str(options.out.resolve())},
        "steps": steps(options.data, options.model, options.workers),
    }
    OpusFilter(configuration).execute_steps(overwrite=True)
    with (options.out / "clean.en").open("rb") as file:
        print(json.dumps({"kept": sum(1 for _ in file)}))


if __name__ == "__main__":
    main()
