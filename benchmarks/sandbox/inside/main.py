"""The inside of the sandbox: what `benchmarks.sandbox` starts through ``start.py``.

It uses the kernel's own means and nothing but Python's standard library, in four processes:

* the *outer* one (``outer.py``) enters new user, mount, PID, network, IPC, UTS and cgroup
  namespaces. It cannot be named from inside, watches the memory, and when it has to end (or the one
  who started it dies) it kills
* the *first* one of the PID namespace (``confining.py``, ``first.py``), with which the kernel kills
  all others there. It makes the file system, gives up every privilege, and runs the tests; the
  program cannot look into it (it is not dumpable, and system calls for that are refused) nor end it.
  It starts
* the *program's* one (``program.py``), which runs the program and then serves it to the tests
  (``peer.py``); where the tests have to share its process, it runs them too. Both run as another
  user than 0, even for root: the kernel does not limit root's processes.
* A *mapper* lives for a moment: identities in a user namespace are written from outside of it.

Arguments: the file descriptor of the conversation, the limits as JSON, the folder of a memory cgroup
to enter (or nothing), the file with this code, the starter's process id. The conversation is lines:
``ready`` or ``broken TEXT`` goes out; then what is to be run comes, and what became of it goes back,
both as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

from .confining import build, confine, limit_processes, renounce
from .first import examine
from .kernel import DUMPABLE, PDEATHSIG, prctl
from .outer import enter, join, outlast, places
from .program import perform


def main() -> None:
    """Make the sandbox, and be each of its processes in turn."""
    descriptor, limits, starter = int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[-1])
    control = socket.socket(fileno=descriptor)
    prctl(PDEATHSIG, signal.SIGTERM)
    if os.getppid() != starter:  # it died before it could be watched
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    root = os.geteuid() == 0
    try:
        events = join(sys.argv[3])
        needed = places()
        built, building = os.pipe()
        enter(root)
        first = os.fork()
    except OSError as error:
        _broken(control, error)
    if first:
        control.close()
        os.close(building)
        os._exit(outlast(first, limits["memory_mib"] << 20, built, events))
    try:
        for file in (built, *((events,) if events is not None else ())):
            os.close(file)
        build(needed, limits["files_mib"])
        os.close(building)
        renounce(root)
        # Of us, this process is counted with the program's, and the outer one where it is no root.
        limit_processes(limits["processes"] + (1 if root else 2))
        ours, theirs = socket.socketpair()
        program = os.fork()
        confine(limits)
    except OSError as error:
        _broken(control, error)
    if program:
        theirs.close()
        control.sendall(b"ready\n")
        examine(control, ours, program)
        os._exit(0)  # and with it, everything here
    control.close()
    ours.close()
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    prctl(DUMPABLE, 1)
    perform(theirs)
    # Python ends as it always does: when every thread that is not a daemon has.


def _broken(control: socket.socket, error: OSError) -> None:
    control.sendall(b"broken " + (error.strerror or str(error)).encode() + b"\n")
    os._exit(1)
