"""Bootstrap intervals beside sacrebleu's own: python tests/perf/bench_bootstrap.py [SEGMENTS]

Both draw 1000 resamples of chrF2 on the same segments; sacrebleu as its command does with
``--confidence``, we from sufficient statistics by one matrix product. Times are the best of three.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from typing import Any

import sacrebleu

from benchmarks.metrics import chrf
from benchmarks.metrics._base import Segments
from benchmarks.statistics import bounds, draws

WORDS = "the house stands at the end of a long street near an old river and some trees".split()


def sentences(count: int, seed: int) -> list[str]:
    generator = random.Random(seed)
    return [" ".join(generator.choices(WORDS, k=generator.randint(4, 20))) for _ in range(count)]


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - began)
    return min(times), found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    answers, references = sentences(count, 1), sentences(count, 2)

    def ours() -> Any:
        statistics = chrf.statistics(
            Segments(answers, [[one] for one in references], "en"), chrf.NoOptions()
        )
        score = float(chrf.combine(statistics.sum(axis=0)))
        return score, bounds(draws(statistics, chrf.combine, resamples=1000, seed=1))

    def theirs() -> Any:
        found = sacrebleu.CHRF(references=[references]).corpus_score(
            answers, None, n_bootstrap=1000
        )
        return found.score, (found._mean - found._ci, found._mean + found._ci)

    for name, work in (("isogloss", ours), ("sacrebleu", theirs)):
        seconds, (score, (low, high)) = best(work)
        print(f"{name:10} {seconds:7.3f} s   chrF2 {score:.2f} [{low:.2f}, {high:.2f}]")


if __name__ == "__main__":
    main()
