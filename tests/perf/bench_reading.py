"""What checking a corpus costs: python tests/perf/bench_reading.py [MEGABYTES]

A corpus of random letters is written (1 GB where no size is given), then read as tuning reads it, with
and without the comparison of hashes, by turns; `start` adds what tuning does next with each text, cut
into tokens by a byte-level tokenizer. The least of three of each counts, by the processors' time, which
a machine that does other things meanwhile changes least; the clock's is printed beside.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
from tokenizers import Tokenizer, models, pre_tokenizers

from isogloss.corpora import MANIFEST, open_corpus, with_own_hash
from isogloss.environment import processors
from isogloss.files import sha256_file, write_json
from isogloss.records import conform

ROWS = 25_000
LETTERS = 600  # of each of two texts


def write(folder: Path, megabytes: int) -> int:
    """Write a corpus of at least so many megabytes; return its bytes."""
    chance = np.random.default_rng(0)
    files: dict[str, dict[str, object]] = {}
    size = 0
    while size < megabytes * 10**6:
        texts = chance.integers(97, 123, size=(2, ROWS * LETTERS), dtype=np.uint8)
        columns = [
            [row.tobytes().decode("ascii") for row in side.reshape(ROWS, LETTERS)] for side in texts
        ]
        frame = pl.DataFrame({"input": columns[0], "output": columns[1]}).with_columns(
            id=pl.int_range(ROWS).cast(pl.String), task=pl.lit("translation"),
            language=pl.lit("de"), instruction_language=pl.lit("de"), source_language=pl.lit("en"),
            instruction=pl.lit("x"), references=pl.concat_list("output"),
            tests=pl.lit(None, pl.String), source=pl.lit("s"), source_id=pl.lit("1"),
            licence=pl.lit("CC0-1.0"), template=pl.lit("t"), split=pl.lit("train"),
            tags=pl.lit([], pl.List(pl.String)),
        )  # fmt: skip
        name = f"data/de/translation-train-{len(files):05d}.parquet"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        conform(frame, where=name).write_parquet(path, compression="zstd")
        files[name] = {
            "sha256": sha256_file(path),
            "bytes": path.stat().st_size,
            "rows": ROWS,
        }
        size += path.stat().st_size
    manifest = {"format": 1, "inputs_sha256": "", "files": files}
    write_json(folder / MANIFEST, with_own_hash(manifest))
    return size


def unchecked(folder: Path) -> pl.DataFrame:
    """Read as `Corpus.records`, but without hashing."""
    corpus = open_corpus(folder)

    def one(name: str) -> pl.DataFrame:
        return conform(pl.read_parquet((folder / name).read_bytes()), where=name)

    with ThreadPoolExecutor(processors()) as pool:
        return pl.concat(pool.map(one, [file.name for file in corpus.data]))


def cut(frame: pl.DataFrame, tokenizer: Tokenizer) -> None:
    """Cut all texts into tokens."""
    for name in ("input", "output"):
        for part in frame[name].to_frame().iter_slices(2048):
            tokenizer.encode_batch_fast(part[name].to_list())


Seconds = tuple[float, float]


def timed(function: Callable[[], object]) -> Seconds:
    """Return the seconds of the processors and of the clock."""
    began, shown = time.process_time(), time.perf_counter()
    function()
    return time.process_time() - began, time.perf_counter() - shown


def least(one: Callable[[], object], other: Callable[[], object]) -> tuple[Seconds, Seconds]:
    """Return the least seconds of three runs of each of two functions, by turns."""
    took = [(timed(one), timed(other)) for _ in range(3)]
    return min(first for first, _ in took), min(second for _, second in took)


def main() -> None:
    """Print the seconds with and without."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    tokenizer = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(
        sorted(pre_tokenizers.ByteLevel.alphabet()))}, merges=[]))  # fmt: skip
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write(folder, megabytes)
        print(f"{size / 1e9:.2f} GB in files, {processors()} processors")
        checked, plain = least(
            lambda: open_corpus(folder).records("train"), lambda: unchecked(folder)
        )
        for what, (busy, clock) in {"checked": checked, "unchecked": plain}.items():
            print(f"reading, {what}: {busy:.2f} s of processors, {clock:.2f} s by the clock")
        some = open_corpus(folder).records("train").head(ROWS)
        start = timed(lambda: cut(some, tokenizer))[0] * len(open_corpus(folder).data)
        extra = checked[0] - plain[0]
        share = extra / (plain[0] + start)
        print(
            f"tokens of all: {start:.0f} s of processors; checking adds {extra:.2f} s, {share:.1%}"
        )


if __name__ == "__main__":
    main()
