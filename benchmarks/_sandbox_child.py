"""The inside of the sandbox: a program that `benchmarks.sandbox` starts; nothing imports it.

It uses the kernel's own means and nothing but Python's standard library, in four processes:

* the *outer* one enters new user, mount, PID, network, IPC, UTS and cgroup namespaces. It cannot be
  named from inside, and when it is told to end (or the one who started it dies) it kills
* the *first* one of the PID namespace, with which the kernel kills all others there. It makes the
  file system, gives up every privilege, watches the memory, and ends when
* the *judged* one does, which runs the program and then its tests. Another user id than 0 is what
  it runs as, even for root: the kernel does not limit root's processes.
* A *mapper* lives for a moment: identities in a user namespace are written from outside of it.

Arguments: the file descriptor of the conversation, the limits as JSON, the starter's process id.
The conversation is lines: ``ready`` or ``broken TEXT``; then the program is sent (as a JSON string);
``loaded`` or ``failed TEXT``; then tests and nonce (a JSON list); ``passed NONCE`` or ``failed TEXT``.
"""

# A sandbox is made for every program, and pathlib would take as long to import as all else here.
# ruff: noqa: PTH102, PTH103, PTH106, PTH112, PTH114, PTH115, PTH118, PTH120, PTH123, PTH208, PTH211
from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import signal
import socket
import struct
import sys
import types
from collections.abc import Callable
from typing import Any

#: The user and group inside, and what they are outside where root runs it (nobody).
_INSIDE, _NOBODY = 1000, 65534
#: The only place that can be written, and the working directory.
_SCRATCH = "/scratch"
#: Seconds between two looks at the memory.
_TICK = 0.05

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
    descriptor, limits, starter = int(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
    control = socket.socket(fileno=descriptor)
    _prctl(_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != starter:  # it died before it could be watched
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    root = os.geteuid() == 0
    try:
        places = _places()
        _enter(root)
        first = os.fork()
    except OSError as error:
        _broken(control, error)
    if first:
        control.close()
        os._exit(_outlast(first))
    try:
        _build(places, limits["files_mib"])
        _renounce(root)
        # Of us, this process is counted with the program's, and the outer one where it is no root.
        _limit_processes(limits["processes"] + (1 if root else 2))
        judged = os.fork()
        if not judged:
            _confine(limits)
    except OSError as error:
        _broken(control, error)
    if judged:
        os._exit(_watch(judged, limits["memory_mib"] << 20, control))
    control.sendall(b"ready\n")
    _judge(control)


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


def _outlast(first: int) -> int:
    """Wait for the end of the namespace, or bring it about; return how to end oneself.

    The kernel lets the first process be waited for when every other one there is gone.
    """
    pid = status = 0
    while not pid:
        if signal.sigwait({signal.SIGCHLD, signal.SIGTERM}) == signal.SIGTERM:
            os.kill(first, signal.SIGKILL)
        pid, status = os.waitpid(first, os.WNOHANG)
    return _status(status)


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


def _watch(judged: int, most: int, control: socket.socket) -> int:
    """Wait for the judged process, and see that all together keep to the memory."""
    pid = status = 0
    while pid != judged:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            signal.sigtimedwait({signal.SIGCHLD}, _TICK)
            if _memory(_resident) > most and _memory(_proportional) > most:
                control.sendall(b"failed used more memory than it may\n")
                return 1
    return _status(status)


def _status(status: int) -> int:
    """Return a wait status as a shell tells it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _memory(of: Callable[[str], int]) -> int:
    """Return the bytes that all processes but this one have in memory."""
    total = 0
    for pid in os.listdir("/proc"):
        if pid.isdigit() and pid != "1":
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


# The judged process


def _confine(limits: dict[str, int]) -> None:
    """Set the limits of a process, and give signals their usual meaning."""
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
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _prctl(_DUMPABLE, 1)
    sys.argv = ["program.py"]


def _judge(control: socket.socket) -> None:
    """Run the program, and its tests only when it has been run."""
    # Taken now: the program may put others in their place.
    receive, send, stop = control.makefile("rb").readline, control.sendall, os._exit
    run, translate, decode, alone, told = exec, compile, json.loads, _alone, _told
    module = types.ModuleType("program")
    sys.modules["program"] = module
    try:
        run(translate(decode(receive()), "program.py", "exec", 0, True), module.__dict__)
        alone()
        send(b"loaded\n")
        tests, nonce = decode(receive())
        run(translate(tests, "tests.py", "exec", 0, True), module.__dict__)
    except BaseException as error:
        send(b"failed " + told(error) + b"\n")
        stop(1)
    send(b"passed " + nonce.encode() + b"\n")
    # Python ends as it always does: when every thread that is not a daemon has.


def _alone(listed: Callable[[str], list[str]] = os.listdir) -> None:
    """Refuse to give the tests to a program that has left something running beside itself."""
    others = {name for name in listed("/proc") if name.isdigit()} - {"1", str(os.getpid())}
    if others or len(listed("/proc/self/task")) > 1:
        raise RuntimeError("the program left threads or processes running")


def _told(error: BaseException) -> bytes:
    """Return an exception in one short line, whatever it makes of being shown."""
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:
        text = "an exception that cannot be shown"
    return " ".join(text[:200].split()).encode("utf-8", "replace")


if __name__ == "__main__":
    main()
