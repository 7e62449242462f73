"""The outer process: it makes the namespaces, watches the memory, and ends all when it has to."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable

from . import OVER
from .kernel import TICK, call, exit_code

#: The user and group inside, and what they are outside where root runs it (nobody).
INSIDE, _NOBODY = 1000, 65534
_UNSHARE = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000


def join(folder: str) -> int | None:
    """Enter a memory cgroup, and return a file that tells what has happened there."""
    if not folder:
        return None
    try:
        with open(f"{folder}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        for name in ("memory.events", "memory.oom_control"):
            if os.path.exists(f"{folder}/{name}"):
                return os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        pass  # the memory is watched all the same
    return None


def _was_exceeded(events: int | None) -> bool:
    """Tell whether the kernel has ended a process of the cgroup for want of memory."""
    text = os.pread(events, 1024, 0).decode() if events is not None else ""
    counts = dict(line.split(maxsplit=1) for line in text.splitlines() if " " in line)
    return int(counts.get("oom_kill", 0)) > 0


def places() -> list[str]:
    """Return the folders that Python needs: its standard library, and where shared objects are."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        mapped = {line.split(maxsplit=5)[5].rstrip("\n") for line in maps if ".so" in line}
    folders = {os.path.dirname(path) for path in mapped} | set(sys.path)
    found: list[str] = []
    for folder in sorted(os.path.realpath(folder) for folder in folders):
        inside = any(folder.startswith(f"{known}/") for known in found)
        if os.path.isdir(folder) and folder not in ("/", *found) and not inside:
            found.append(folder)
    return found


def enter(root: bool) -> None:
    """Enter new namespaces, as 1000 there; root stays 0 as well, until the file system is made."""
    outer = os.getpid()
    ended, end = os.pipe()
    mapper = os.fork()
    if not mapper:
        os.close(end)
        os.read(ended, 1)  # until the other has entered, or failed to
        try:
            _write_maps(outer, root)
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    os.close(ended)
    try:
        call("unshare", _UNSHARE)
    finally:
        os.close(end)
        _, status = os.waitpid(mapper, 0)
    if status:
        number = os.waitstatus_to_exitcode(status)
        raise OSError(number, f"uid_map: {os.strerror(number)}")


def _write_maps(pid: int, root: bool) -> None:
    """Say who the identities in a new user namespace are outside (user_namespaces(7))."""
    if root:
        texts = dict.fromkeys(("uid_map", "gid_map"), f"0 0 1\n{INSIDE} {_NOBODY} 1\n")
    else:
        users, groups = (f"{INSIDE} {mine} 1\n" for mine in (os.geteuid(), os.getegid()))
        texts = {"setgroups": "deny", "uid_map": users, "gid_map": groups}
    for name, text in texts.items():
        with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
            file.write(text)


def outlast(first: int, most: int, built: int, events: int | None) -> int:
    """Wait for the end of the namespace, or bring it about; return how to end oneself.

    The kernel lets the first process be waited for when every other one there is gone. Its ``/proc``
    is ours too once it is built, which is when the other end of a pipe is closed.
    """
    os.set_blocking(built, False)
    pid = status = 0
    ready = over = False
    while not pid:
        heard = signal.sigtimedwait({signal.SIGCHLD, signal.SIGTERM}, TICK)
        if heard is not None and heard.si_signo == signal.SIGTERM:
            os.kill(first, signal.SIGKILL)
        elif heard is None and not over:
            ready = ready or _is_closed(built)
            over = _was_exceeded(events) or (
                ready and _memory(_resident) > most and _memory(_proportional) > most
            )
            if over:
                os.kill(first, signal.SIGKILL)
        pid, status = os.waitpid(first, os.WNOHANG)
    return OVER if over or _was_exceeded(events) else exit_code(status)


def _is_closed(pipe: int) -> bool:
    try:
        return os.read(pipe, 1) == b""
    except BlockingIOError:
        return False


def _memory(of: Callable[[str], int]) -> int:
    """Return the bytes that all processes of the namespace have in memory."""
    total = 0
    for pid in os.listdir("/proc"):
        if pid.isdigit():
            try:
                total += of(pid)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
    return total


def _resident(pid: str) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def _proportional(pid: str) -> int:
    """Return a process's memory, each shared page by its share; slower than `_resident`."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            parts = (line.split() for line in file)
            return sum(int(part[1]) << 10 for part in parts if part[0] == "Pss:")
    except PermissionError:  # it has closed itself to looks
        return _resident(pid)
