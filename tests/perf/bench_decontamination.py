"""Training text asked what it shares with suites: python tests/perf/bench_decontamination.py [MB]

The protected texts are FLORES-200 devtest (40 languages) and XQuAD; the training text is NLLB-Seed and
Klexikon, again and again up to so many megabytes, with one row in a hundred from the protected
texts. Told are the seconds of making the index, its memory, and megabytes of training text a second by
the clock and by one processor's time (which other programs on the machine change less).
"""

from __future__ import annotations

import json
import os
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import polars as pl
import psutil

import benchmarks
from builders.decontamination.contamination import Contamination
from builders.decontamination.settings import DecontaminationOptions
from builders.decontamination.suites import protected_suites
from builders.example import examples
from isogloss.environment import processors

ROWS = 65_536
PLANTED_EVERY = 100


def training(data: Path, protected: list[str], size: int) -> list[pl.DataFrame]:
    """Return batches of about ``size`` megabytes together."""
    texts = [
        line
        for path in sorted((data / "seed").glob("*_*"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    for line in (data / "klexikon" / "test.jsonl").read_text(encoding="utf-8").splitlines():
        texts += [value for value in json.loads(line).values() if isinstance(value, str)]
    mean = sum(len(text.encode()) for text in texts) / len(texts)
    kept = list(islice(cycle(texts), int(size * 1e6 / mean)))
    for number, place in enumerate(range(0, len(kept), PLANTED_EVERY)):
        kept[place] = "And so on: " + protected[number * 7 % len(protected)]
    rows = [
        {"task": "summarization", "language": "en", "input": text, "output": "", "references": []}
        for text in kept
    ]
    frame = examples(rows).with_row_index("position")
    return list(frame.iter_slices(ROWS))


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    beside = Path(__file__).parents[3] / "shared" / "data"
    data = Path(os.environ.get("ISOGLOSS_SHARED_DATA", beside))
    folders = {"flores": str(data / "flores200" / "devtest"), "xquad": str(data / "xquad")}
    named = DecontaminationOptions(suites=("flores", "xquad"), data=folders)
    texts, _ = protected_suites(named, Path(), "benchmark", benchmarks.suite_texts)
    batches = training(data, texts["text"].to_list(), size)
    bytes_in = sum(int(batch["input"].str.len_bytes().sum()) for batch in batches)
    held = texts["text"].str.len_bytes().sum() / 1e6
    print(f"{held:.1f} MB protected, {bytes_in / 1e6:.0f} MB asked, {processors()} processors")
    for near in (0.0, named.near):
        options = named.model_copy(update={"near": near})
        # What is compiled or read from its cache at the first call is not timed.
        Contamination(options, [texts.head(100)]).hits(batches[0].head(100))
        memory = psutil.Process().memory_info().rss
        began = time.perf_counter()
        index = Contamination(options, [texts])
        made = time.perf_counter() - began
        memory = psutil.Process().memory_info().rss - memory
        began, spent = time.perf_counter(), time.process_time()
        hits = sum(index.hits(batch).height for batch in batches)
        took, spent = time.perf_counter() - began, time.process_time() - spent
        print(
            f"near {near}: index {made:.1f} s, {memory >> 20} MiB; {hits} rows told;"
            f" {bytes_in / 1e6 / took:.0f} MB/s, {bytes_in / 1e6 / spent:.0f} MB/s a processor"
        )


if __name__ == "__main__":
    main()
