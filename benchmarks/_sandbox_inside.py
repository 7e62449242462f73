"""The inside of the sandbox: what `benchmarks.sandbox` starts through ``_sandbox_child.py``.

It uses the kernel's own means and nothing but Python's standard library, in four processes:

* the *outer* one enters new user, mount, PID, network, IPC, UTS and cgroup namespaces. It cannot be
  named from inside, watches the memory, and when it has to end (or the one who started it dies) it
  kills
* the *first* one of the PID namespace, with which the kernel kills all others there. It makes the
  file system, gives up every privilege, and runs the tests; the program cannot look into it (it is
  not dumpable, and system calls for that are refused) nor end it. It starts
* the *program's* one, which runs the program and then serves it to the tests (``_sandbox_wire.py``);
  where the tests have to share its process, it runs them too. Another user id than 0 is what both
  run as, even for root: the kernel does not limit root's processes.
* A *mapper* lives for a moment: identities in a user namespace are written from outside of it.

Arguments: the file descriptor of the conversation, the limits as JSON, the folder of a memory cgroup
to enter (or nothing), the file with this code, the starter's process id. The conversation is lines of JSON: ``ready``
or ``broken TEXT`` (bare); then what is to be run comes; then what became of it goes back.
"""

# A sandbox is made for every program, and pathlib would take as long to import as all else here.
# ruff: noqa: PTH102, PTH103, PTH106, PTH110, PTH112, PTH114, PTH115, PTH118, PTH120, PTH123, PTH208, PTH211
from __future__ import annotations

import builtins
import ctypes
import gc
import importlib
import json
import os
import platform
import resource
import select
import signal
import socket
import struct
import sys
import time
import types
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks import _sandbox_wire as wire
else:
    import _sandbox_wire as wire

#: The user and group inside, and what they are outside where root runs it (nobody).
_INSIDE, _NOBODY = 1000, 65534
#: The only place that can be written, and the working directory.
_SCRATCH = "/scratch"
#: Seconds between two looks at the memory.
_TICK = 0.05
#: How the outer process ends where more memory was used than there is.
OVER = 66

_UNSHARE = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000
_NOSUID, _NODEV, _NOEXEC, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_DETACH = 2
_PDEATHSIG, _DUMPABLE, _SECCOMP, _NO_NEW_PRIVS = 1, 4, 22, 38
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000

# System calls that the program is refused: sockets (a VM's vsock is in no namespace), memory that
# belongs to no process and so to no limit, looking into other processes, and what has been the
# kernel's weak side. Numbers as in asm/unistd_64.h and asm-generic/unistd.h, in one order: socket,
# shmget, msgget, semget, memfd_create, memfd_secret, ptrace, process_vm_readv, process_vm_writev,
# pidfd_getfd, userfaultfd, io_uring_setup, bpf, perf_event_open, add_key, request_key, keyctl.
_REFUSED = {
    "x86_64": (0xC000003E, (41, 29, 68, 64, 319, 447, 101, 310, 311, 438, 323, 425, 321, 298, 248, 249, 250)),
    "aarch64": (0xC00000B7, (198, 194, 186, 190, 279, 447, 117, 270, 271, 438, 282, 425, 280, 241, 217, 218, 219)),
}  # fmt: skip

_LIBC = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Make the sandbox, and be each of its processes in turn."""
    descriptor, limits, starter = int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[-1])
    control = socket.socket(fileno=descriptor)
    _prctl(_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != starter:  # it died before it could be watched
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    root = os.geteuid() == 0
    try:
        events = _join(sys.argv[3])
        places = _places()
        built, building = os.pipe()
        _enter(root)
        first = os.fork()
    except OSError as error:
        _broken(control, error)
    if first:
        control.close()
        os.close(building)
        os._exit(_outlast(first, limits["memory_mib"] << 20, built, events))
    try:
        for file in (built, *((events,) if events is not None else ())):
            os.close(file)
        _build(places, limits["files_mib"])
        os.close(building)
        _renounce(root)
        # Of us, this process is counted with the program's, and the outer one where it is no root.
        _limit_processes(limits["processes"] + (1 if root else 2))
        ours, theirs = socket.socketpair()
        program = os.fork()
        _confine(limits)
    except OSError as error:
        _broken(control, error)
    if program:
        theirs.close()
        control.sendall(b"ready\n")
        _examine(control, ours, program)
        os._exit(0)  # and with it, everything here
    control.close()
    ours.close()
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _prctl(_DUMPABLE, 1)
    _perform(theirs)
    # Python ends as it always does: when every thread that is not a daemon has.


def _broken(control: socket.socket, error: OSError) -> None:
    control.sendall(b"broken " + (error.strerror or str(error)).encode() + b"\n")
    os._exit(1)


def _call(name: str, *arguments: Any) -> None:
    if getattr(_LIBC, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _prctl(option: int, value: int, pointer: Any = None) -> None:
    _call("prctl", option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0))


# The outer process


def _join(folder: str) -> int | None:
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


def _places() -> list[str]:
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


def _enter(root: bool) -> None:
    """Enter new namespaces, as 1000 there; root stays 0 as well, until the file system is made."""
    outer = os.getpid()
    asked, ask = os.pipe()
    mapper = os.fork()
    if not mapper:
        os.close(ask)
        os.read(asked, 1)  # until the other has entered, or failed to
        try:
            _write_maps(outer, root)
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    os.close(asked)
    try:
        _call("unshare", _UNSHARE)
    finally:
        os.close(ask)
        _, status = os.waitpid(mapper, 0)
    if status:
        number = os.waitstatus_to_exitcode(status)
        raise OSError(number, f"uid_map: {os.strerror(number)}")


def _write_maps(pid: int, root: bool) -> None:
    """Say who the identities in a new user namespace are outside (user_namespaces(7))."""
    if root:
        texts = dict.fromkeys(("uid_map", "gid_map"), f"0 0 1\n{_INSIDE} {_NOBODY} 1\n")
    else:
        users, groups = (f"{_INSIDE} {mine} 1\n" for mine in (os.geteuid(), os.getegid()))
        texts = {"setgroups": "deny", "uid_map": users, "gid_map": groups}
    for name, text in texts.items():
        with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _outlast(first: int, most: int, built: int, events: int | None) -> int:
    """Wait for the end of the namespace, or bring it about; return how to end oneself.

    The kernel lets the first process be waited for when every other one there is gone. Its ``/proc``
    is ours too once it is built, which is when the other end of a pipe is closed.
    """
    os.set_blocking(built, False)
    pid = status = 0
    ready = over = False
    while not pid:
        heard = signal.sigtimedwait({signal.SIGCHLD, signal.SIGTERM}, _TICK)
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
    return OVER if over or _was_exceeded(events) else _status(status)


def _is_closed(pipe: int) -> bool:
    try:
        return os.read(pipe, 1) == b""
    except BlockingIOError:
        return False


def _status(status: int) -> int:
    """Return a wait status as a shell tells it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


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


# The first process of the PID namespace


def _build(places: list[str], scratch_mib: int) -> None:
    """Make a file system of what Python needs, read-only, and a scratch folder."""
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    _mount("tmpfs", "/tmp", "tmpfs", _NOSUID | _NODEV, "mode=755,size=64k")
    os.umask(0o022)
    os.mkdir("/tmp/.old")
    _call("pivot_root", b"/tmp", b"/tmp/.old")
    os.chdir("/")
    for place in places:
        os.makedirs(place)
        _mount(f"/.old{place}", place, None, _BIND | _RECURSIVE)
        _read_only(place, recursive=True)
        for packages in _packages(place):
            _mount("tmpfs", packages, "tmpfs", _NOSUID | _NODEV, "mode=755,size=4k")
            _read_only(packages)
    for name in ("lib", "lib32", "lib64"):
        if os.path.islink(f"/.old/{name}") and not os.path.lexists(f"/{name}"):
            os.symlink(os.readlink(f"/.old/{name}"), f"/{name}")
    os.mkdir("/dev")
    for device in ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"):
        os.close(os.open(device, os.O_CREAT | os.O_WRONLY))
        _mount(f"/.old{device}", device, None, _BIND)
    socket.sethostname("sandbox")
    os.mkdir("/proc")
    _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("0")
    _read_only("/proc")
    os.mkdir(_SCRATCH)
    _mount(
        "tmpfs", _SCRATCH, "tmpfs", _NOSUID | _NODEV | _NOEXEC,
        f"mode=700,uid={_INSIDE},gid={_INSIDE},size={scratch_mib}m,nr_inodes=4096",
    )  # fmt: skip
    _call("umount2", b"/.old", _DETACH)
    os.rmdir("/.old")
    _read_only("/")
    os.chdir(_SCRATCH)


def _packages(place: str) -> list[str]:
    """Return the folders of installed packages in a place: they are not Python, and may hold data."""
    beside = [place, *(entry.path for entry in os.scandir(place) if entry.is_dir())]
    names = ("site-packages", "dist-packages")
    found = (os.path.join(folder, name) for folder in beside for name in names)
    return [path for path in found if os.path.isdir(path)]


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    texts = [text.encode() if text is not None else None for text in (source, target, kind)]
    try:
        _call("mount", *texts, ctypes.c_ulong(flags), data.encode())
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({kind or source} on {target})") from error


def _read_only(path: str, *, recursive: bool = False) -> None:
    """Make a mount read-only, and the programs in it powerless (mount_setattr(2), Linux 5.12)."""
    attributes = struct.pack("QQQQ", 1 | _NOSUID | _NODEV, 0, 0, 0)
    _call(
        "syscall", ctypes.c_long(_MOUNT_SETATTR), ctypes.c_long(_AT_FDCWD), path.encode(),
        ctypes.c_long(_AT_RECURSIVE * recursive), attributes, ctypes.c_long(len(attributes)),
    )  # fmt: skip


def _renounce(root: bool) -> None:
    """Give up every privilege, for good."""
    if root:
        os.setgroups([])
        os.setresgid(_INSIDE, _INSIDE, _INSIDE)
        os.setresuid(_INSIDE, _INSIDE, _INSIDE)
    _call("capset", struct.pack("Ii", 0x20080522, 0), struct.pack("6I", *[0] * 6))
    _prctl(_NO_NEW_PRIVS, 1)
    _prctl(_DUMPABLE, 0)  # nobody looks into this process
    _prctl(_PDEATHSIG, signal.SIGKILL)
    _refuse_calls()


def _refuse_calls() -> None:
    """Refuse system calls by a filter (seccomp(2)): a classic BPF program over number and machine."""
    if platform.machine() not in _REFUSED:
        raise OSError(f"no list of system calls for the machine {platform.machine()}")
    machine, calls = _REFUSED[platform.machine()]
    load, equal, above, end = 0x20, 0x15, 0x35, 0x06
    # Each: operation, how many to skip if so, how many if not, operand.
    program = [(load, 0, 0, 4), (equal, 0, len(calls) + 3, machine), (load, 0, 0, 0)]
    program.append((above, len(calls) + 1, 0, 0x40000000))  # x32's numbers for the same calls
    program += [(equal, len(calls) - n, 0, call) for n, call in enumerate(calls)]
    program += [(end, 0, 0, 0x7FFF0000), (end, 0, 0, 0x00050000 | 1)]  # allow; EPERM
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
    head = struct.pack("HP", len(program), ctypes.addressof(packed))
    _prctl(_SECCOMP, 2, head)


def _limit_processes(most: int) -> None:
    """Limit the processes and threads of the namespace, and see that such a limit holds.

    Since Linux 5.14 they are counted by user namespace.
    """
    resource.setrlimit(resource.RLIMIT_NPROC, (1, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
    try:
        if not os.fork():
            os._exit(0)
    except BlockingIOError:
        _limit(resource.RLIMIT_NPROC, most)
    else:
        raise OSError("the number of processes cannot be limited")


def _limit(kind: int, most: int) -> None:
    """Set a limit, or leave the lower one that there is already."""
    _, known = resource.getrlimit(kind)
    most = most if known == resource.RLIM_INFINITY else min(most, known)
    resource.setrlimit(kind, (most, most))


def _confine(limits: dict[str, int]) -> None:
    """Set the limits of a process."""
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_mib"] << 20),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["files_mib"] << 20),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_STACK, 8 << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _limit(kind, most)
    sys.argv = ["program.py"]


class _Children:
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
            self.status = _status(status)
        return pid > 0

    def wait(self) -> None:
        """Wait for a message, or the end of the channel."""
        while self.reap() or not self._poll.poll(_TICK * 1000):
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


def _examine(control: socket.socket, ours: socket.socket, program: int) -> None:
    """Have the program run, then its tests, and say what became of it."""
    children = _Children(program, ours)
    line = control.makefile("rb").readline()
    if not line:
        return
    work = json.loads(line)
    channel = wire.Channel(ours, children.wait)
    found: dict[str, Any] = {}
    try:
        reason = _tried(work, channel, children, found)
    except wire.Broken as error:
        reason = str(error)
        if not reason:
            status = children.outcome()
            reason = f"ended before its tests did (status {status})"
            if status > 128:
                reason = f"was ended by signal {status - 128}"
    control.sendall(json.dumps({**found, "reason": reason[:300]}).encode() + b"\n")


def _tried(
    work: dict[str, Any], channel: wire.Channel, children: _Children, found: dict[str, Any]
) -> str:
    """Return why a program has not passed; nothing where it has."""
    together = work["together"]
    channel.send([work["program"], work["imports"], work["preload"] if together else None])
    if (answer := channel.receive()) != ["loaded"]:
        return _answered(answer)
    try:
        alone = children.are_alone()
    except OSError as error:
        raise wire.Broken from error
    if not alone:
        return "RuntimeError: the program left threads or processes running"
    if together:
        nonce = os.urandom(16).hex()
        channel.send([work["tests"], work["names"], nonce])
        answer = channel.receive()
        match answer:
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
    known = {at for at in (*held, *failed) if type(at) is int}
    altered = set(work["altered"])
    return {
        "survived": any(at in altered for at in held),
        "missed": bool(set(work["required"]) - known) or not known,
        "failed": any(at not in altered for at in failed),
    }


def _answered(answer: Any) -> str:
    match answer:
        case ["failed", str(text)]:
            return text or "it failed"
    raise wire.Broken("ended before its tests did: what it says is no answer")


def _run_tests_apart(work: dict[str, Any], channel: wire.Channel, found: dict[str, Any]) -> str:
    """Run the tests here, where the program has never been."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    peer = wire.Peer(channel, hosts=False)
    peer.namespace = module.__dict__
    notes = wire.Notes()
    try:
        module.__dict__.update(peer.read(work["names"]))
        for name in work["modules"]:
            module.__dict__[name] = wire.library(name)
        module.__dict__.update(notes.names())
        _run_tests(work["tests"], module.__dict__)
    except wire.Broken:
        raise
    except BaseException as error:
        reason = _told(error)
    else:
        reason = ""
    found |= _weighed(work, notes.held, notes.failed)
    found |= {
        "delegated": peer.delegated > 0,
        "beyond": peer.beyond, "forged": peer.forged > 0,
    }  # fmt: skip
    return reason


def _run_tests(tests: str, namespace: dict[str, Any]) -> None:
    """Run tests; those of unittest that nothing else runs, too."""
    if "unittest" not in tests:
        exec(compile(tests, "tests.py", "exec", 0, True), namespace)
        return
    import unittest

    ran: list[Any] = []
    failures: list[str] = []
    usual = unittest.TestCase.run

    def run(self: Any, result: Any = None) -> Any:
        ran.append(self)
        known = result if result is not None else self.defaultTestResult()
        usual(self, known)
        failures.extend(text for _, text in [*known.failures, *known.errors])
        if known.unexpectedSuccesses:
            failures.append("a test succeeded that should not")
        if known.skipped and "skip" not in tests:
            failures.append("a test was skipped by the program")
        return known

    unittest.TestCase.run = run  # type: ignore[method-assign]
    exec(compile(tests, "tests.py", "exec", 0, True), namespace)
    if not ran:
        cases = [one for one in namespace.values()
                 if isinstance(one, type) and issubclass(one, unittest.TestCase)
                 and one.__module__ == namespace["__name__"]]  # fmt: skip
        load = unittest.defaultTestLoader.loadTestsFromTestCase
        unittest.TestSuite(map(load, cases)).run(unittest.TestResult())
    if failures:
        raise AssertionError(failures[0].strip().rpartition("\n")[2])


# The program's process


def _perform(channel: socket.socket) -> None:
    """Run the program, and then serve it to the tests, or run them."""
    wired = wire.Channel(channel)
    # Taken now: the program may put others in their place.
    run, translate, stop, told, serve = exec, compile, os._exit, _told, wire.Peer.serve
    notes, run_tests, find = wire.Notes(), _run_tests, importlib.import_module
    source, imports, preload = wired.receive()
    kept = _Kept(preload) if preload is not None else None
    module = types.ModuleType("program")
    sys.modules["program"] = module
    peer = wire.Peer(wired, hosts=True)
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
        kept.restore()
        namespace = _Namespace(module.__dict__, names)
        namespace.update(notes.names())
        run_tests(tests, namespace)
    except wire.Broken:
        return
    except BaseException as error:
        wired.send(["failed", told(error)])
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


class _Kept:
    """Python's modules as they were before the program: what they hold, and their classes and
    functions."""

    def __init__(self, names: list[str]) -> None:
        for name in names:
            try:
                importlib.import_module(name)
            except ImportError:
                continue  # the tests will say so
        self._modules = dict(sys.modules)
        self._contents = [(one, dict(vars(one))) for one in self._modules.values()]
        self._classes: dict[type, dict[str, Any]] = {}
        self._functions: dict[types.FunctionType, tuple[Any, ...]] = {}
        for _, content in self._contents:
            for value in content.values():
                self._keep(value)
        import threading

        self._hooks = (sys.settrace, sys.setprofile, threading.settrace, threading.setprofile)
        self._filters = list(gc.callbacks)

    def _keep(self, value: Any) -> None:
        if isinstance(value, types.FunctionType):
            self._functions[value] = (value.__code__, value.__defaults__, value.__kwdefaults__)
        elif isinstance(value, type) and value not in self._classes and value.__flags__ & (1 << 9):
            self._classes[value] = dict(value.__dict__)
            for one in self._classes[value].values():
                self._keep(getattr(one, "__func__", getattr(one, "fget", one)))

    def restore(self) -> None:
        """Put everything back, and take away what watches how Python runs."""
        for hook in self._hooks:
            hook(None)
        gc.callbacks[:] = self._filters
        for function, (code, defaults, named) in self._functions.items():
            if function.__code__ is not code:
                function.__code__ = code
            if function.__defaults__ is not defaults:
                function.__defaults__ = defaults
            if function.__kwdefaults__ is not named:
                function.__kwdefaults__ = named
        for kind, content in self._classes.items():
            for name in {*kind.__dict__, *content} - {"__dict__", "__weakref__"}:
                if kind.__dict__.get(name) is not content.get(name):
                    try:
                        if name in content:
                            type.__setattr__(kind, name, content[name])
                        else:
                            type.__delattr__(kind, name)
                    except (AttributeError, TypeError):
                        continue  # a class that cannot be changed
        for module, content in self._contents:
            held = vars(module)
            for name in {*held, *content}:
                if name not in content:
                    if not isinstance(held[name], types.ModuleType):  # a part that was imported
                        del held[name]
                elif held.get(name) is not content[name]:
                    held[name] = content[name]
        sys.modules.update(self._modules)


def _told(error: BaseException) -> str:
    """Return an exception in one short line, whatever it makes of being shown."""
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:
        text = "an exception that cannot be shown"
    return " ".join(text[:200].split()).encode("utf-8", "replace").decode()
