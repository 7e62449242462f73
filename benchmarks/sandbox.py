"""Running programs that nobody has read, and telling whether they pass their tests.

A program runs in processes of its own, in namespaces of its own (user, mount, PID, network, IPC, UTS,
cgroup; see ``_sandbox_inside.py``), made with the kernel's calls themselves: so root and ordinary
users have the same sandbox wherever Linux 5.14 or later lets them have user namespaces (on x86-64
and AArch64), with no package to install and nothing that runs as root for a user. Bubblewrap makes as good a file system, but maps root's
programs to root outside, whose processes the kernel does not limit: a fork bomb would have gone off.

What a program sees: Python's standard library and the shared objects that it needs, read-only;
``/dev/null``, ``zero``, ``random``, ``urandom``; the ``/proc`` of its own PID namespace; an empty
scratch folder in memory. No installed packages, no environment, no sockets, no home, no project,
and nothing of its tests. What it may use: `Limits`. It ends with all that it has started, whatever
becomes of the starter.

What counts as passing: the program has run to its end, leaving nothing running; its tests have run
to theirs; and Python has ended by itself and without complaint. The tests run in a process of their
own, to which the program is a function that is called, and plain data that comes back. Tests that
cannot mean that (they look at the process, or at modules: see ``_sandbox_tests.py``) run in the
program's process, with Python's modules put back before; a pass of theirs counts when it holds no
more once what they expect has been altered. ``docs/sandbox.md`` says what is left to a program that
wants to cheat. A hole in the kernel itself is not defended.

Programs run the same for any number of workers. The one thing that may differ from run to run is
what takes about as long as it is given; string hashes are seeded alike.
"""

from __future__ import annotations

import json
import marshal
import os
import secrets
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from benchmarks import _cgroups, _sandbox_tests
from isogloss.errors import IsoglossError
from isogloss.provenance import processors
from isogloss.settings import Settings

#: Of the rules above; part of the signature of every metric that runs programs.
VERSION = "2"

#: How a sandbox ends in which more memory was used than there is; as in ``_sandbox_inside.py``.
_OVER = 66
_CHILD = Path(__file__).with_name("_sandbox_child.py")
_PYTHON = (sys.executable, "-s", "-S", "-P", "-B", "-X", "utf8", str(_CHILD))
#: All that a program finds in its environment, but for where some installations of Python have their
#: shared objects. Hashes are seeded: sets have one order.
_ENVIRONMENT = {"HOME": "/scratch", "TMPDIR": "/scratch", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
#: Bytes of a line that comes back.
_LINE = 4096
_BLOCK = 1 << 16
_FORGED = "forged: it passes whatever its tests expect"
_AGREEING = "forged: its objects agree with whatever they are compared with"
_INCONSTANT = "forged: what it passes depends on what else its tests expect"
_UNVERIFIED = (
    "not verified: its tests run in its own process, or leave it to its objects to decide, and hold "
    "no assertion that could be altered"
)
#: How long making a sandbox may take, on a machine that has much else to do.
_START_SECONDS = 120.0


class Limits(Settings):
    """What a program and its tests may use together.

    Attributes:
        seconds: Of time on the wall, from the moment the sandbox stands.
        cpu_seconds: Of a processor, each process.
        memory_mib: Of memory: what each process may ask for, and what all may have.
        processes: How many processes and threads at a time.
        output_kib: What it may write to standard output and error.
        files_mib: What its files may hold altogether.
    """

    seconds: float = Field(default=10.0, gt=0)
    cpu_seconds: int = Field(default=10, gt=0)
    memory_mib: int = Field(default=1024, ge=64)
    processes: int = Field(default=32, gt=0)
    output_kib: int = Field(default=1024, gt=0)
    files_mib: int = Field(default=16, gt=0)


@dataclass(frozen=True)
class Outcome:
    """Whether a program passed its tests.

    Attributes:
        passed: Whether it did.
        reason: If not, why, in one line (a program may word it).
        peak_mib: The most memory that the program, its tests and the sandbox itself had at a time;
            None where it was not measured, for want of a memory cgroup.
    """

    passed: bool
    reason: str
    peak_mib: float | None = field(default=None, compare=False)


class _Stopped(Exception):
    """A program has used more than it may."""


class _Conversation:
    """Lines to and from a sandbox, while its output is counted and the time is kept.

    Everything that comes back is hostile: lines are short, and nothing is waited for without end.
    """

    def __init__(self, control: socket.socket, output: int, limits: Limits) -> None:
        self.heard = b""
        self._control, self._output = control, output
        self._room = limits.output_kib << 10
        self._limits = limits
        self._lines = b""
        self._deadline = self._seconds = 0.0
        self._selector = selectors.DefaultSelector()
        for file in (control.fileno(), output):
            self._selector.register(file, selectors.EVENT_READ)

    def __enter__(self) -> _Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    def expect(self, seconds: float) -> None:
        """Let everything from now on take so long."""
        self._seconds, self._deadline = seconds, time.monotonic() + seconds

    def send(self, value: object) -> None:
        """Send a value as JSON. One who has left hears nothing, and will not answer."""
        self._control.settimeout(self._left())
        try:
            self._control.sendall(json.dumps(value).encode() + b"\n")
        except TimeoutError as error:
            raise self._late() from error
        except OSError:
            pass

    def line(self) -> bytes:
        """Return the next line without its end; what there was where none came any more."""
        while b"\n" not in self._lines and len(self._lines) < _LINE and self._open():
            self._listen()
        line, _, self._lines = self._lines.partition(b"\n")
        return line

    def to_the_end(self) -> None:
        """Wait until every process of the sandbox has ended."""
        while self._selector.get_map():
            self._listen()

    def _open(self) -> bool:
        return self._control.fileno() in self._selector.get_map()

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise self._late()
        return left

    def _late(self) -> _Stopped:
        return _Stopped(f"took longer than {self._seconds:g} s")

    def _listen(self) -> None:
        for key, _ in self._selector.select(self._left()):
            try:
                read = os.read(key.fd, _BLOCK)
            except ConnectionResetError:
                read = b""
            if not read:
                self._selector.unregister(key.fd)
            elif key.fd == self._output:
                self._count(read)
            elif len(self._lines) < _LINE:  # nothing more is expected of one who says so much
                self._lines += read

    def _count(self, read: bytes) -> None:
        self.heard = (self.heard + read)[:_LINE]
        self._room -= len(read)
        if self._room < 0:
            raise _Stopped(f"wrote more than {self._limits.output_kib} KiB")


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
    if not sys.platform.startswith("linux"):
        raise _impossible(f"it is made of Linux's namespaces, and this is {sys.platform}")
    read = _sandbox_tests.read(tests)
    together = read.together
    outcome, found = _attempt(program, read, limits, together=together)
    if found.get("beyond") and not together:
        together = True
        outcome, found = _attempt(program, read, limits, together=True)
    if found.get("forged"):
        return Outcome(False, _AGREEING, outcome.peak_mib)
    if not outcome.passed or not (together or found["delegated"]):
        return outcome
    return _verified(program, read, limits, outcome, together=together)


def _verified(
    program: str, tests: _sandbox_tests.Tests, limits: Limits, outcome: Outcome, *, together: bool
) -> Outcome:
    """Run a pass again that the program had a hand in, against altered expectations.

    Half of them are altered, then the other half: a program that does not know what is right
    cannot tell which, and must fail those and pass the others.
    """
    if not tests.sites and tests.text.strip():
        return Outcome(False, _UNVERIFIED, outcome.peak_mib)
    first = [at for at in range(tests.sites) if secrets.randbelow(2)]
    for altering in (first, [at for at in range(tests.sites) if at not in first]):
        again, found = _attempt(program, tests, limits, together=together, altering=altering)
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


def _attempt(
    program: str,
    tests: _sandbox_tests.Tests,
    limits: Limits,
    *,
    together: bool,
    altering: Sequence[int] | None = None,
) -> tuple[Outcome, dict[str, Any]]:
    """Run a program with its tests once; return also what the sandbox tells about it."""
    work = {
        "program": program,
        "tests": tests.text if altering is None else _sandbox_tests.altered(tests, altering),
        "together": together,
        "names": tests.names,
        "modules": tests.modules,
        "imports": [] if together else tests.imports,
        "preload": sorted({module for _, module, _ in tests.imports}),
        "altered": altering or (),
        "required": () if altering is None else tests.required,
    }
    ours, theirs = socket.socketpair()
    with ours, _cgroups.limited(limits.memory_mib << 20) as group:
        with theirs:
            process = _start(theirs.fileno(), limits, group.folder if group else "")
        assert process.stdout is not None
        try:
            with process.stdout, _Conversation(ours, process.stdout.fileno(), limits) as talk:
                passed, reason, found = _examine(process, talk, work, limits)
        finally:
            process.terminate()
            process.wait()  # which is when everything in the sandbox has ended
        peak = group.peak() if group else None
    return Outcome(passed, reason, peak), found


@cache
def _compiled(pid: int) -> int:
    """Return a file in memory with the code that runs inside: compiled once, not every time."""
    codes = []
    for name in ("_sandbox_wire", "_sandbox_inside"):
        path = _CHILD.with_name(f"{name}.py")
        codes.append((name, compile(path.read_bytes(), str(path), "exec", dont_inherit=True)))
    file = os.memfd_create(f"isogloss-sandbox-{pid}")
    os.write(file, marshal.dumps(codes))
    return file


def _start(descriptor: int, limits: Limits, group: str) -> subprocess.Popen[bytes]:
    code = _compiled(os.getpid())
    arguments = (str(descriptor), limits.model_dump_json(), group, str(code), str(os.getpid()))
    found = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return subprocess.Popen(
        (*_PYTHON, *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=_ENVIRONMENT | found,
        pass_fds=(descriptor, code),
        start_new_session=True,
    )


def _examine(
    process: subprocess.Popen[bytes], talk: _Conversation, work: dict[str, Any], limits: Limits
) -> tuple[bool, str, dict[str, Any]]:
    talk.expect(_START_SECONDS)
    try:
        opening = talk.line()
    except _Stopped as stopped:
        raise _impossible(str(stopped)) from stopped
    if opening != b"ready":
        raise _impossible(_text(opening.removeprefix(b"broken ") or talk.heard))
    talk.expect(limits.seconds)
    try:
        talk.send(work)
        line = talk.line()
        talk.to_the_end()
    except _Stopped as stopped:
        return False, str(stopped), {}
    status = process.wait()
    if status == _OVER:
        return False, "used more memory than it may", {}
    try:
        found = json.loads(line)
        reason = str(found["reason"])
    except (ValueError, TypeError, KeyError):
        return False, f"its tests ended before their end ({_ending(status)})", {}
    passed = reason == "" and status == 0
    return passed, "passed" if passed else reason or _ending(status), found


def _ending(status: int) -> str:
    return f"was ended by signal {status - 128}" if status > 128 else f"status {status}"


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _impossible(reason: str) -> IsoglossError:
    return IsoglossError(
        f"programs cannot be run safely here: {reason}",
        where="sandbox",
        remedy="They run in user namespaces of Linux 5.14 or later. Where AppArmor keeps these from "
        "users (Ubuntu 24.04): sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0. In a "
        "container: start it with --privileged. Or name metrics that run nothing, as code_match",
    )
