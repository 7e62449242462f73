"""Pass@k (Chen et al. 2021): programs that pass their tests, and problems that one of k samples solves."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from dataclasses import dataclass

import numpy as np

from benchmarks import sandbox
from benchmarks.metrics._base import Array, Segments, mean_of_rows
from benchmarks.sandbox import Limits
from benchmarks.sandbox.reading import with_helpers

# Whether each program passed, by the hash of all that decides it; for as long as this process runs.
_PASSED: dict[bytes, bool] = {}


def passes(segments: Segments, options: Limits, k: int) -> Array:
    """Return (pass@k, 1) of each record, in the row of its first answer, and zeros in the others.

    Pass@k is the unbiased estimate of the chance that one of k samples passes (Chen et al. 2021,
    "Evaluating Large Language Models Trained on Code", section 2.1). A record without tests, or
    with fewer than k samples, cannot be scored: all of its rows are zeros.

    Args:
        segments: Programs, each with its tests and the id of its record.
        options: What each may use; see `benchmarks.sandbox.Limits`.
        k: How many samples.

    Raises:
        IsoglossError: There is something to run, and no way to run it safely.
    """
    samples: dict[str, list[int]] = {}
    for row, (name, tests) in enumerate(zip(segments.ids, segments.tests, strict=True)):
        if tests and tests.strip():
            samples.setdefault(name, []).append(row)
    enough = {name: rows for name, rows in samples.items() if len(rows) >= k}
    passed = _passed(segments, [row for rows in enough.values() for row in rows], options)
    found = np.zeros((len(segments), 2))
    for rows in enough.values():
        found[rows[0]] = (pass_at(k, len(rows), sum(passed[row] for row in rows)), 1.0)
    return found


def pass_at(k: int, samples: int, passed: int) -> float:
    """Return 1 - C(samples - passed, k) / C(samples, k), as a product that does not overflow."""
    failed = samples - passed
    if failed < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / n for n in range(failed + 1, samples + 1))


def _passed(segments: Segments, rows: list[int], options: Limits) -> dict[int, bool]:
    """Return of each row whether it passed; equal programs run once."""
    jobs = {
        row: (segments.answers[row], with_helpers(segments.inputs[row], segments.tests[row] or ""))
        for row in rows
    }
    keys = {row: _key(*job, options) for row, job in jobs.items()}
    new = {key: jobs[row] for row, key in keys.items() if key not in _PASSED}
    outcomes = sandbox.run_all(list(new.values()), options)
    _PASSED.update(zip(new, (outcome.passed for outcome in outcomes), strict=True))
    return {row: _PASSED[key] for row, key in keys.items()}


def _key(program: str, tests: str, options: Limits) -> bytes:
    decides = json.dumps([program, tests, options.model_dump(), sandbox.VERSION])
    return hashlib.sha256(decides.encode()).digest()


@dataclass(frozen=True)
class _PassAt:
    """Pass@k for one k."""

    NAME: str
    LABEL: str
    DESCRIPTION: str
    k: int
    SHARES: bool = False

    UNIT = "%"
    TASKS = ("code",)
    HIGHER_IS_BETTER = True
    WITHIN = (0.0, 100.0)
    Options = Limits

    def statistics(self, segments: Segments, options: Limits) -> Array:
        """Return (pass@k, 1) in one row of each record; zeros where it cannot be scored."""
        return passes(segments, options, self.k)

    def combine(self, sums: Array) -> Array:
        """Return the mean over records, in percent."""
        return mean_of_rows(sums)

    def signature(self, language: str, options: Limits) -> str:
        """Return the estimator, the limits, and the versions of Python and of the sandbox."""
        return (
            f"pass@{self.k}|estimator:unbiased|seconds:{options.seconds:g}|cpu:{options.cpu_seconds}"
            f"|memory:{options.memory_mib}MiB|processes:{options.processes}"
            f"|output:{options.output_kib}KiB|files:{options.files_mib}MiB"
            f"|python:{platform.python_version()}|sandbox:{sandbox.VERSION}|v1"
        )


_SAMPLED = "chance that one of {} samples passes its tests; of records with as many samples"

PLUGINS = (
    _PassAt("pass@1", "pass@1", "share of programs that pass their tests", 1, SHARES=True),
    _PassAt("pass@10", "pass@10", _SAMPLED.format(10), 10),
    _PassAt("pass@100", "pass@100", _SAMPLED.format(100), 100),
)
