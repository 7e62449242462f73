"""One attempt: a sandbox is started, a program and its tests run in it, and what it says is read."""

from __future__ import annotations

import json
import marshal
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.sandbox import cgroups, inside
from benchmarks.sandbox.altering import altered
from benchmarks.sandbox.conversation import Conversation, Stopped
from benchmarks.sandbox.limits import Limits, Outcome
from benchmarks.sandbox.reading import Tests
from isogloss.errors import IsoglossError

_INSIDE = Path(inside.__file__).parent
_PYTHON = (sys.executable, "-s", "-S", "-P", "-B", "-X", "utf8", str(_INSIDE / "start.py"))
#: All that a program finds in its environment, but for where some installations of Python have their
#: shared objects. Hashes are seeded: sets have one order.
_ENVIRONMENT = {"HOME": "/scratch", "TMPDIR": "/scratch", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
#: How long making a sandbox may take, on a machine that has much else to do.
_START_SECONDS = 120.0


def attempt(
    program: str,
    tests: Tests,
    limits: Limits,
    *,
    together: bool,
    altering: Sequence[int] | None = None,
) -> tuple[Outcome, dict[str, Any]]:
    """Run a program with its tests once; return also what the sandbox tells about it.

    Args:
        program: As for `benchmarks.sandbox.run`.
        tests: What it has to pass.
        limits: What both may use.
        together: Whether the tests run in the program's process.
        altering: Which assertions are altered, by number; None where the tests run as they are.

    Returns:
        The outcome, and (where the program came to its tests): ``beyond``, the tests handed over what
        cannot leave their process; ``delegated``, objects of the program's decided on plain data;
        ``forged``, they did so falsely; ``survived``, an altered assertion held; ``failed``, one that
        was not altered did not; ``missed``, one was not reached that had to be.

    Raises:
        IsoglossError: This machine cannot make the sandbox.
    """
    if not sys.platform.startswith("linux"):
        raise _impossible(f"it is made of Linux's namespaces, and this is {sys.platform}")
    work = {
        "program": program,
        "tests": tests.text if altering is None else altered(tests.text, altering)[0],
        "together": together,
        "names": tests.names,
        "modules": tests.modules,
        "imports": [] if together else tests.imports,
        "preload": sorted({module for _, module, _ in tests.imports}),
        "altered": altering or (),
        "required": () if altering is None else tests.required,
    }
    ours, theirs = socket.socketpair()
    with ours, cgroups.limited(limits.memory_mib << 20) as group:
        with theirs:
            process = _start(theirs.fileno(), limits, group.folder if group else "")
        assert process.stdout is not None
        try:
            with process.stdout, Conversation(ours, process.stdout.fileno(), limits) as talk:
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
    for name in ("__init__", *inside.MODULES):
        path = _INSIDE / f"{name}.py"
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        codes.append((inside.NAME if name == "__init__" else f"{inside.NAME}.{name}", code))
    file = os.memfd_create(f"isogloss-sandbox-{pid}")
    os.write(file, marshal.dumps((inside.NAME, codes)))
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
    process: subprocess.Popen[bytes], talk: Conversation, work: dict[str, Any], limits: Limits
) -> tuple[bool, str, dict[str, Any]]:
    talk.expect(_START_SECONDS)
    try:
        opening = talk.line()
    except Stopped as stopped:
        raise _impossible(str(stopped)) from stopped
    if opening != b"ready":
        raise _impossible(
            _shown((opening.removeprefix(b"broken ") or talk.heard).decode(errors="replace"))
        )
    talk.expect(limits.seconds)
    try:
        talk.send(work)
        line = talk.line()
        talk.to_the_end()
    except Stopped as stopped:
        return False, str(stopped), {}
    status = process.wait()
    if status == inside.OVER:
        return False, "used more memory than it may", {}
    try:
        found = json.loads(line)
        reason = _shown(str(found["reason"]))
    except (ValueError, TypeError, KeyError):
        return False, f"its tests ended before their end ({_ending(status)})", {}
    passed = reason == "" and status == 0
    return passed, "passed" if passed else reason or _ending(status), found


def _ending(status: int) -> str:
    return f"was ended by signal {status - 128}" if status > 128 else f"status {status}"


def _shown(reason: str) -> str:
    """Return a reason, which a program may have worded, as one line that can be printed."""
    return "".join(one if one.isprintable() else " " for one in reason)


def _impossible(reason: str) -> IsoglossError:
    return IsoglossError(
        f"programs cannot be run safely here: {reason}",
        where="sandbox",
        remedy="They run in user namespaces of Linux 5.14 or later. Where AppArmor keeps these from "
        "users (Ubuntu 24.04): sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0. In a "
        "container: start it with --privileged. Or name metrics that run nothing, as code_match",
    )
