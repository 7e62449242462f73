"""Near-duplicates beside datasketch and rensa: python tests/perf/bench_near.py [MEGABYTES] [PEERS' MEGABYTES]

Of texts made of sentences of FLORES-200 (in the folder that ISOGLOSS_SHARED_DATA names): parts of four
sentences of a language joined, and of every fourth text a copy in which words are altered, more or less
of them. All take 112 permutations in 16 bands of the same shingles of five bytes, and drop the later of
two similar rows. Peers that are not installed are skipped; as they are slow, they get the first
megabytes only (a twentieth by default), and ours are measured on these too.

Recall is the share found of the copies that are at least as similar as the threshold, as computed from
the shingles themselves; precision the share of dropped rows that are as similar to what they were
dropped for. The peers do not verify, so theirs is the share of the bands' finds.
"""

from __future__ import annotations

import importlib.util
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from builders.duplicates.near import Batch, NearOptions, near_duplicates

DATA = Path(os.environ.get("ISOGLOSS_SHARED_DATA", "../shared/data")) / "flores200" / "devtest"
OPTIONS = NearOptions()
ROWS = 20_000
SEED = 1
ALTERED = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15)

#: Rows that are dropped, with those that they are dropped for.
Dropped = dict[int, list[int]]


@dataclass(frozen=True)
class Texts:
    """Texts, the language of each, and how similar each is to the one that it is a copy of (or 0)."""

    text: list[str]
    language: list[int]
    similarity: list[float]

    def first(self, size: int) -> Texts:
        """Return the first texts, of so many bytes."""
        sizes = np.cumsum([len(one.encode()) for one in self.text])
        count = int(np.searchsorted(sizes, size)) + 1
        return Texts(self.text[:count], self.language[:count], self.similarity[:count])

    def megabytes(self) -> float:
        return sum(len(one.encode()) for one in self.text) / 1e6


def shingles(text: str) -> set[bytes]:
    data = text.encode()
    return {
        data[at : at + OPTIONS.shingle] for at in range(max(1, len(data) - OPTIONS.shingle + 1))
    }


def jaccard(one: str, other: str) -> float:
    first, second = shingles(one), shingles(other)
    return len(first & second) / len(first | second)


def altered(text: str, share: float, draw: random.Random) -> str:
    words = text.split(" ") if text.count(" ") > 5 else list(text)
    glue = " " if text.count(" ") > 5 else ""
    return glue.join(draw.choice(words) if draw.random() < share else word for word in words)


def _part(sentence: str, draw: random.Random) -> str:
    start = draw.randrange(len(sentence) * 2 // 3 + 1)
    return sentence[start : start + len(sentence) // 3]


def make(size: float) -> Texts:
    """Return texts of about ``size`` bytes."""
    draw = random.Random(SEED)
    files = [path.read_text("utf-8").splitlines() for path in sorted(DATA.glob("*.devtest"))]
    made = Texts([], [], [])
    while size > 0:
        for language, lines in enumerate(files):
            for _ in range(200):
                texts = [" ".join(_part(draw.choice(lines), draw) for _ in range(4))]
                if draw.random() < 0.25:
                    texts.append(altered(texts[0], draw.choice(ALTERED), draw))
                made.text.extend(texts)
                made.language.extend([language] * len(texts))
                made.similarity.extend([0.0, *(jaccard(texts[0], one) for one in texts[1:])])
                size -= sum(len(one.encode()) for one in texts)
    return made


def ours(texts: Texts) -> Dropped:
    def batches() -> Iterator[Batch]:
        for at in range(0, len(texts.text), ROWS):
            rows = slice(at, min(at + ROWS, len(texts.text)))
            yield Batch(
                np.arange(rows.start, rows.stop),
                pl.Series(texts.language[rows], dtype=pl.UInt64),
                columns[rows],
                pl.zeros(rows.stop - rows.start, pl.Int8, eager=True),
            )

    columns = pl.Series(texts.text)
    with tempfile.TemporaryDirectory() as work:
        found = near_duplicates(batches, OPTIONS, Path(work), SEED)
    return {row: [leader] for row, leader in found.select("position", "leader").iter_rows()}


def datasketch(texts: Texts) -> Dropped:
    from datasketch import MinHash, MinHashLSH

    dropped: Dropped = {}
    indexes: dict[int, MinHashLSH] = {}
    for row, (text, language) in enumerate(zip(texts.text, texts.language, strict=True)):
        sketch = MinHash(num_perm=OPTIONS.permutations, seed=SEED)
        sketch.update_batch(shingles(text))
        index = indexes.get(language)
        if index is None:
            index = MinHashLSH(num_perm=OPTIONS.permutations, params=(OPTIONS.bands, OPTIONS.rows))
            indexes[language] = index
        if found := index.query(sketch):
            dropped[row] = found
        else:
            index.insert(row, sketch)
    return dropped


def rensa(texts: Texts) -> Dropped:
    from rensa import RMinHash, RMinHashLSH

    dropped: Dropped = {}
    by_language: dict[int, list[int]] = {}
    for row, language in enumerate(texts.language):
        by_language.setdefault(language, []).append(row)
    for rows in by_language.values():
        index = RMinHashLSH(OPTIONS.jaccard, OPTIONS.permutations, OPTIONS.bands)
        for at in range(0, len(rows), ROWS):
            some = rows[at : at + ROWS]
            sets = [list(shingles(texts.text[row])) for row in some]
            sketches = RMinHash.from_token_sets(sets, OPTIONS.permutations, SEED)
            for row, sketch in zip(some, sketches, strict=True):
                if found := index.query(sketch):
                    dropped[row] = found
                else:
                    index.insert(row, sketch)
    return dropped


def report(name: str, find: Callable[[Texts], Dropped], texts: Texts) -> None:
    began, used = time.perf_counter(), time.process_time()
    dropped = find(texts)
    seconds, used = time.perf_counter() - began, time.process_time() - used
    alike = {row for row, found in enumerate(texts.similarity) if found >= OPTIONS.jaccard}
    right = sum(
        any(jaccard(texts.text[row], texts.text[leader]) >= OPTIONS.jaccard for leader in leaders)
        for row, leaders in dropped.items()
    )
    print(
        f"{name:12} {texts.megabytes():8.1f} MB {len(texts.text):9,} rows {seconds:8.2f} s"
        f" {texts.megabytes() / seconds:8.1f} MB/s {texts.megabytes() / used:8.1f} MB/s a core"
        f"   recall {len(dropped.keys() & alike) / len(alike):.4f}"
        f"   precision {right / len(dropped):.4f}"
    )


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"there is no text at {DATA}: set ISOGLOSS_SHARED_DATA")
    size = float(sys.argv[1]) if len(sys.argv) > 1 else 40.0
    part = float(sys.argv[2]) if len(sys.argv) > 2 else size / 20
    texts = make(size * 1e6)
    few = texts.first(int(part * 1e6))
    ours(texts.first(1000))  # compiled, or read from where that is kept
    report("isogloss", ours, texts)
    report("isogloss", ours, few)
    for name, find in (("datasketch", datasketch), ("rensa", rensa)):
        if importlib.util.find_spec(name) is None:
            print(f"{name:12} is not installed: skipped")
        else:
            report(name, find, few)


if __name__ == "__main__":
    main()
