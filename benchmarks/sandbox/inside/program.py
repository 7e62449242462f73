"""The program's process."""

from __future__ import annotations

import builtins
import importlib
import os
import socket
import sys
import types
from typing import Any

from .channel import Broken, Channel
from .peer import Peer
from .restoring import Kept
from .running import Notes, described, run_tests


def perform(channel: socket.socket) -> None:
    """Run the program, and then serve it to the tests, or run them."""
    wired = Channel(channel)
    # Taken now: the program may put others in their place.
    run, translate, stop, find = exec, compile, os._exit, importlib.import_module
    serve, restore, describe, test, notes = Peer.serve, Kept.restore, described, run_tests, Notes()
    source, imports, preload = wired.receive()
    kept = Kept(preload) if preload is not None else None
    module = types.ModuleType("program")
    sys.modules["program"] = module
    peer = Peer(wired, hosts=True)
    peer.namespace = module.__dict__
    try:
        code = translate(source, "program.py", "exec", 0, True)
        del source
        run(code, module.__dict__)
        for name, origin, attribute in imports:
            if name not in module.__dict__ and origin.partition(".")[0] in sys.stdlib_module_names:
                found = find(origin)
                module.__dict__[name] = found if attribute is None else getattr(found, attribute)
        wired.send(["loaded"])
        if kept is None:
            serve(peer)
            return
        tests, names, nonce = wired.receive()
        restore(kept)
        namespace = _Namespace(module.__dict__, names)
        namespace.update(notes.names())
        test(tests, namespace)
    except Broken:
        return
    except BaseException as error:
        wired.send(["failed", describe(error)])
        stop(1)
    wired.send(["passed", nonce, list(notes.held), list(notes.failed)])


class _Namespace(dict[str, Any]):
    """The global names of tests that share the program's process: their own, then the program's.

    What the program calls like one of Python's own functions is not theirs, unless they are about
    just that.
    """

    def __init__(self, program: dict[str, Any], names: list[str]) -> None:
        super().__init__(__name__="__main__", __builtins__=builtins)
        self._program, self._names = program, frozenset(names)
        self._usual = frozenset(dir(builtins))
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module

    def __missing__(self, name: str) -> Any:
        if name in self._usual and name not in self._names:
            raise KeyError(name)
        return self._program[name]
