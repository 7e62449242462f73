"""Running programs that nobody has read, and telling whether they pass their tests.

A program runs in processes of its own, in namespaces of its own (user, mount, PID, network, IPC, UTS,
cgroup; see ``inside/main.py``), made with the kernel's calls themselves: so root and ordinary users
have the same sandbox wherever Linux 5.14 or later lets them have user namespaces (on x86-64 and
AArch64), with no package to install and nothing that runs as root for a user. Bubblewrap makes as
good a file system, but maps root's programs to root outside, whose processes the kernel does not
limit: a fork bomb would have gone off.

What a program sees: Python's standard library and the shared objects that it needs, read-only;
``/dev/null``, ``zero``, ``random``, ``urandom``; the ``/proc`` of its own PID namespace; an empty
scratch folder in memory. No installed packages, no environment, no sockets, no home, no project,
and nothing of its tests. What it may use: `Limits`. It ends with all that it has started, whatever
becomes of the starter.

What counts as passing: the program has run to its end, leaving nothing running; its tests have run
to theirs; and Python has ended by itself and without complaint. The tests run in a process of their
own, to which the program is a function that is called, and plain data that comes back. Tests that
cannot mean that (they look at the process, or at modules: see ``reading.py``) run in the
program's process, with Python's modules put back before; a pass of theirs counts when it holds no
more once what they expect has been altered. ``docs/sandbox.md`` says what is left to a program that
wants to cheat. A hole in the kernel itself is not defended.

The modules: ``reading.py`` and ``altering.py`` take the tests apart (``syntax.py``); ``attempts.py``
starts a sandbox, in a cgroup where there is one (``cgroups.py``), and listens to it
(``conversation.py``); ``inside/`` is what runs there.

Programs run the same for any number of workers. The one thing that may differ from run to run is
what takes about as long as it is given; string hashes are seeded alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.sandbox import reading
from benchmarks.sandbox.attempts import attempt
from benchmarks.sandbox.limits import Limits, Outcome
from isogloss.environment import processors

__all__ = ["VERSION", "Limits", "Outcome", "run", "run_all"]

#: Of the rules above; part of the signature of every metric that runs programs.
VERSION = "2"

_FORGED = "forged: it passes whatever its tests expect"
_AGREEING = "forged: its objects agree with whatever they are compared with"
_INCONSTANT = "forged: what it passes depends on what else its tests expect"
_UNVERIFIED = (
    "not verified: its tests run in its own process, or leave it to its objects to decide, and hold "
    "no assertion that could be altered"
)


def run(program: str, tests: str, limits: Limits | None = None) -> Outcome:
    """Run a program and then its tests, in a sandbox.

    Args:
        program: Python source, run as a module that is not ``__main__``.
        tests: Python source, run after it, as if in the same namespace; it raises where a test
            fails. Test cases of unittest run whether it runs them or not.
        limits: What both may use.

    Raises:
        IsoglossError: This machine cannot make the sandbox. Nothing has been run then.
    """
    limits = limits or Limits()
    read = reading.read(tests)
    together = read.together
    outcome, found = attempt(program, read, limits, together=together)
    if found.get("beyond") and not together:
        together = True
        outcome, found = attempt(program, read, limits, together=True)
    if found.get("forged"):
        return Outcome(False, _AGREEING, outcome.peak_mib)
    if not outcome.passed or not (together or found["delegated"]):
        return outcome
    return _verified(program, read, limits, outcome, together=together)


def _verified(
    program: str, tests: reading.Tests, limits: Limits, outcome: Outcome, *, together: bool
) -> Outcome:
    """Run a pass again that the program had a hand in, against altered expectations.

    Half of them are altered, then the other half: a program that does not know what is right
    cannot tell which, and must fail those and pass the others.
    """
    if not tests.sites:
        return Outcome(False, _UNVERIFIED, outcome.peak_mib)
    first = [at for at in range(tests.sites) if secrets.randbelow(2)]
    for altering in (first, [at for at in range(tests.sites) if at not in first]):
        again, found = attempt(program, tests, limits, together=together, altering=altering)
        if found.get("survived") or found.get("forged"):
            return Outcome(False, _FORGED, outcome.peak_mib)
        if found.get("failed") or (again.passed and found["missed"]):
            return Outcome(False, _INCONSTANT, outcome.peak_mib)
        if not again.passed:
            return Outcome(False, f"not verified: {again.reason}"[:300], outcome.peak_mib)
    return outcome


def run_all(
    jobs: Sequence[tuple[str, str]], limits: Limits | None = None, *, workers: int | None = None
) -> list[Outcome]:
    """Run programs, each with its tests, as many at a time as there are processors.

    Args:
        jobs: Pairs of program and tests.
        limits: As for `run`.
        workers: How many at a time.

    Returns:
        The outcomes, in the order of the jobs.

    Raises:
        IsoglossError: As for `run`.
    """
    with ThreadPoolExecutor(workers or processors()) as pool:
        waiting = [pool.submit(run, program, tests, limits) for program, tests in jobs]
        try:
            return [one.result() for one in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
