"""The first process, once it is confined: it has the program run, then its tests."""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
import types
from collections.abc import Iterable
from typing import Any

from .channel import Broken, Channel
from .kernel import TICK, exit_code
from .peer import Peer
from .plain import library
from .running import Notes, described, run_tests


class Children:
    """The program's process, and all that it leaves to the first one when they end."""

    def __init__(self, program: int, channel: socket.socket) -> None:
        self.status: int | None = None
        self._program = program
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)

    def reap(self, options: int = os.WNOHANG) -> bool:
        """Take note of one that has ended; tell whether there was one."""
        try:
            pid, status = os.waitpid(-1, options)
        except ChildProcessError:
            return False
        if pid == self._program:
            self.status = exit_code(status)
        return pid > 0

    def wait(self) -> None:
        """Wait for a message, or the end of the channel."""
        while self.reap() or not self._poll.poll(TICK * 1000):
            pass

    def outcome(self) -> int:
        """Wait for the program's process to end; return how it did."""
        while self.status is None:
            self.reap(0)
        return self.status

    def are_alone(self) -> bool:
        """Tell whether the program's process is the only one, with one thread.

        What has ended needs a moment to be gone.
        """
        for _ in range(20):
            while self.reap():
                pass
            others = {name for name in os.listdir("/proc") if name.isdigit()}
            others -= {"1", str(self._program)}
            if not others and len(os.listdir(f"/proc/{self._program}/task")) < 2:
                return True
            time.sleep(0.005)
        return False


def examine(control: socket.socket, ours: socket.socket, program: int) -> None:
    """Have the program run, then its tests, and say what became of it."""
    children = Children(program, ours)
    line = control.makefile("rb").readline()
    if not line:
        return
    work = json.loads(line)
    channel = Channel(ours, children.wait)
    found: dict[str, Any] = {}
    try:
        reason = _tried(work, channel, children, found)
    except Broken as error:
        reason = str(error)
        if not reason:
            status = children.outcome()
            reason = f"ended before its tests did (status {status})"
            if status > 128:
                reason = f"was ended by signal {status - 128}"
    control.sendall(json.dumps({**found, "reason": reason[:300]}).encode() + b"\n")


def _tried(
    work: dict[str, Any], channel: Channel, children: Children, found: dict[str, Any]
) -> str:
    """Return why a program has not passed; nothing where it has."""
    together = work["together"]
    channel.send([work["program"], work["imports"], work["preload"] if together else None])
    if (answer := channel.receive()) != ["loaded"]:
        return _answered(answer)
    try:
        alone = children.are_alone()
    except OSError as error:
        raise Broken from error
    if not alone:
        return "RuntimeError: the program left threads or processes running"
    if together:
        nonce = os.urandom(16).hex()
        channel.send([work["tests"], work["names"], nonce])
        match answer := channel.receive():
            case ["passed", str(back), list(held), list(failed)] if back == nonce:
                found |= _weighed(work, held, failed)
            case _:
                return _answered(answer)
    else:
        reason = _run_tests_apart(work, channel, found)
        if reason:
            return reason
        channel.send(["end"])
    status = children.outcome()
    return f"ended with status {status}" if status else ""


def _weighed(work: dict[str, Any], held: Iterable[Any], failed: Iterable[Any]) -> dict[str, bool]:
    """Compare which assertions held with which ones should."""
    right = {at for at in held if type(at) is int}  # a program may have written these lists
    wrong = {at for at in failed if type(at) is int}
    altered = set(work["altered"])
    return {
        "survived": bool(right & altered),
        "missed": not (right | wrong) or not (right | wrong).issuperset(work["required"]),
        "failed": bool(wrong - altered),
    }


def _answered(answer: Any) -> str:
    match answer:
        case ["failed", str(text)]:
            return text or "it failed"
    raise Broken("ended before its tests did: what it says is no answer")


def _run_tests_apart(work: dict[str, Any], channel: Channel, found: dict[str, Any]) -> str:
    """Run the tests here, where the program has never been."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    peer = Peer(channel, hosts=False)
    peer.namespace = module.__dict__
    notes = Notes()
    try:
        module.__dict__.update(peer.read(work["names"]))
        for name in work["modules"]:
            module.__dict__[name] = library(name)
        module.__dict__.update(notes.names())
        run_tests(work["tests"], module.__dict__)
    except Broken:
        raise
    except BaseException as error:
        reason = described(error)
    else:
        reason = ""
    found |= _weighed(work, notes.held, notes.failed)
    found |= {
        "delegated": peer.delegated > 0,
        "beyond": peer.beyond, "forged": peer.forged > 0,
    }  # fmt: skip
    return reason
