"""1,000 bootstrap resamples beside sacrebleu's own: python tests/perf/bench_bootstrap.py [SEGMENTS]

Of one system's BLEU and chrF2, once the statistics of its segments are there: ours, by one matrix
product; sacrebleu's, as its command does with ``--confidence``; and computing the metric again from
resampled sentences, as other suites do (timed for a few resamples and scaled up). Times are the best
of five.
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import sacrebleu
from sacrebleu.significance import _bootstrap_resample

from benchmarks.metrics import bleu
from benchmarks.metrics._base import NoOptions, Segments
from benchmarks.scores.statistics import draws
from isogloss.plugins import discover

WORDS = "the house stands at the end of a long street near an old river and some trees".split()
RESAMPLES = 1000
FEW = 3


def sentences(count: int, seed: int) -> list[str]:
    generator = random.Random(seed)
    return [" ".join(generator.choices(WORDS, k=generator.randint(4, 20))) for _ in range(count)]


def best(work: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    found: list[float] = []
    result = None
    for _ in range(times):
        began = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - began)
    return min(found), result


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    answers, references = sentences(count, 1), sentences(count, 2)
    segments = Segments(answers, [[one] for one in references], "en")
    chrf = discover("benchmarks.metrics")["chrf"]
    print(f"{count} segments, {RESAMPLES} resamples")
    for module, options, peer in (
        (bleu, bleu.Options(), sacrebleu.BLEU),
        (chrf, NoOptions(), sacrebleu.CHRF),
    ):
        statistics = module.statistics(segments, options)
        ours, drawn = best(
            lambda: draws(statistics, module.combine, resamples=RESAMPLES, seed=1)  # noqa: B023
        )
        metric = peer(references=[references])
        rows = metric._extract_corpus_statistics(answers, None)
        theirs, (_, found) = best(lambda: _bootstrap_resample(rows, metric, RESAMPLES))  # noqa: B023
        generator = np.random.default_rng(1)

        def again() -> None:
            chosen = generator.integers(0, count, count)  # noqa: B023
            peer().corpus_score(  # noqa: B023
                [answers[n] for n in chosen], [[references[n] for n in chosen]]
            )

        strings = best(again, FEW)[0] * RESAMPLES
        score = float(module.combine(statistics.sum(axis=0)))
        same = peer().corpus_score(answers, [references]).score
        spread = np.std([one.score for one in found])
        print(f"{module.LABEL}: {score:.6f}, sacrebleu {same:.6f}")
        print(f"  isogloss   {ours:9.4f} s   standard error {drawn.std():.4f}")
        print(
            f"  sacrebleu  {theirs:9.4f} s   standard error {spread:.4f}   {theirs / ours:.1f} times"
        )
        print(f"  strings    {strings:9.1f} s   {strings / ours:,.0f} times")
    for resamples in (1_000, 10_000):
        tracemalloc.start()
        draws(statistics, chrf.combine, resamples=resamples, seed=1)
        print(f"memory of {resamples:6,} resamples: {tracemalloc.get_traced_memory()[1] >> 20} MiB")
        tracemalloc.stop()


if __name__ == "__main__":
    main()
