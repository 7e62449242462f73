"""What the kernels cost at their first call after an install: python tests/perf/bench_cold.py

A process of its own, with an empty folder for what is compiled, calls each step once and once again on
1,000 sentences made of numbers and words. The table has the processor seconds of both; what they differ
by is paid once. Importing numba is not in it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from builders.decontamination.contamination import PROTECTED, Contamination
from builders.decontamination.settings import DecontaminationOptions
from builders.duplicates.near import Batch, NearOptions, near_duplicates
from builders.filters import copied, repetition
from isogloss import identifiers, scripts

SENTENCES = [
    f"The old house number {number} stands at the end of the long street near the church, and {number * 7} others do."
    for number in range(1000)
]
TEXTS = pl.Series(SENTENCES)
FRAME = pl.DataFrame({"input": SENTENCES, "output": SENTENCES[::-1]}).with_columns(
    pl.lit("translation").alias("task"),
    pl.lit("en").alias("language"),
    pl.lit("de").alias("source_language"),
    pl.lit("").alias("instruction"),
    pl.lit(None, pl.String).alias("context"),
    pl.int_range(pl.len()).alias("position"),
)


def near() -> None:
    zeros = pl.zeros(len(TEXTS), pl.UInt64, eager=True)
    batch = Batch(np.arange(len(TEXTS)), zeros, TEXTS, zeros.cast(pl.Int8))
    with tempfile.TemporaryDirectory() as folder:
        near_duplicates(lambda: [batch], NearOptions(), Path(folder), 1, workers=1)


def decontamination() -> None:
    altered = TEXTS.head(100).str.replace("church", "market")
    frame = pl.DataFrame({"text": altered}).select(
        pl.col(name) if name == "text" else pl.lit(True if kind == pl.Boolean else "en").alias(name)
        for name, kind in PROTECTED.items()
    )
    Contamination(DecontaminationOptions(tokens=30), [frame]).hits(FRAME, workers=1)


STEPS: dict[str, Callable[[], object]] = {
    "letters by script": lambda: scripts.count(TEXTS, pl.Series(["en"] * len(TEXTS))),
    "fastText": lambda: identifiers.likely(TEXTS, "fasttext"),
    "near duplicates": near,
    "decontamination": decontamination,
    "repetition": lambda: repetition.score(FRAME, repetition.Options(name="repetition"), 1),
    "copied": lambda: copied.score(FRAME, copied.Options(name="copied"), 1),
}


def main() -> None:
    if "NUMBA_CACHE_DIR" not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            sys.exit(subprocess.run([sys.executable, *sys.argv], env=environment).returncode)
    import isogloss.native  # noqa: F401  # its import is not what is measured

    print("| | first | again |\n|---|--:|--:|")
    for name, step in STEPS.items():
        took = []
        for _ in range(2):
            began = time.process_time()
            step()
            took.append(time.process_time() - began)
        print(f"| {name} | {took[0]:.2f} | {took[1]:.2f} |")


if __name__ == "__main__":
    main()
