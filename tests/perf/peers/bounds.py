"""What no cleaning can be quicker than, and what plain polars takes; run by bench_cleaning.py.

``copy``      reads the pairs' Parquet and writes it again
``identify``  asks fastText for the language of both sides of all rows, of at most 200 characters each
``filter``    drops by length, ratio, script and exact duplicates, in polars alone; reads and writes
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import polars as pl

_ASKED = 200


def copy(data: Path, out: Path) -> int:
    pl.scan_parquet(data / "*.parquet").sink_parquet(out / "pairs.parquet")
    return _height(out)


def filtered(data: Path, out: Path) -> int:
    src, tgt = (pl.col(side).str.len_chars() for side in ("src", "tgt"))
    longer, shorter = pl.max_horizontal(src, tgt), pl.min_horizontal(src, tgt)
    latin = [
        pl.col(side).str.count_matches(r"[\p{Latin}&&\p{L}]")
        >= 0.4 * pl.col(side).str.count_matches(r"\p{L}")
        for side in ("src", "tgt")
    ]
    kept = pl.scan_parquet(data / "*.parquet").filter(
        shorter >= 1, longer <= 2000, longer < 3 * shorter, *latin
    )
    kept.unique(["src", "tgt"]).sink_parquet(out / "pairs.parquet")
    return _height(out)


def identify(data: Path, model: Path) -> int:
    files = sorted(data.glob("*.parquet"))
    # Threads of polars do not live on in a fork.
    with ProcessPoolExecutor(_processors(), mp_context=get_context("spawn")) as pool:
        return sum(pool.map(partial(_identify, model=model), files))


def _identify(path: Path, model: Path) -> int:
    import fasttext

    identifier = fasttext.load_model(str(model))
    frame = pl.read_parquet(path, columns=["src", "tgt"])
    right = [
        [
            identifier.predict(text)[0] == (f"__label__{language}",)
            for text in frame[side].str.slice(0, _ASKED)
        ]
        for side, language in (("src", "en"), ("tgt", "de"))
    ]
    return sum(map(all, zip(*right, strict=True)))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _height(folder: Path) -> int:
    return pl.scan_parquet(folder / "*.parquet").select(pl.len()).collect().item()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("copy", "identify", "filter"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    data = options.data / "parquet"
    if options.what == "identify":
        kept = identify(data, options.model)
    else:
        kept = (copy if options.what == "copy" else filtered)(data, options.out)
    print(json.dumps({"kept": kept}))


if __name__ == "__main__":
    main()
