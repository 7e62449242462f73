"""The first process, while it makes the file system and gives up what it may do."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import struct
import sys

from .kernel import (
    BIND,
    DUMPABLE,
    NO_NEW_PRIVS,
    NODEV,
    NOEXEC,
    NOSUID,
    PDEATHSIG,
    PRIVATE,
    RECURSIVE,
    SECCOMP,
    call,
    mount,
    prctl,
    read_only,
)
from .outer import INSIDE

#: The only place that can be written, and the working directory.
_SCRATCH = "/scratch"
_DETACH = 2

# System calls that the program is refused: sockets (a VM's vsock is in no namespace), memory that
# belongs to no process and so to no limit, looking into other processes, and what has been the
# kernel's weak side. Numbers as in asm/unistd_64.h and asm-generic/unistd.h, in one order: socket,
# shmget, msgget, semget, memfd_create, memfd_secret, ptrace, process_vm_readv, process_vm_writev,
# pidfd_getfd, userfaultfd, io_uring_setup, bpf, perf_event_open, add_key, request_key, keyctl.
_REFUSED = {
    "x86_64": (0xC000003E, (41, 29, 68, 64, 319, 447, 101, 310, 311, 438, 323, 425, 321, 298, 248, 249, 250)),
    "aarch64": (0xC00000B7, (198, 194, 186, 190, 279, 447, 117, 270, 271, 438, 282, 425, 280, 241, 217, 218, 219)),
}  # fmt: skip


def build(places: list[str], scratch_mib: int) -> None:
    """Make a file system of what Python needs, read-only, and a scratch folder."""
    mount(None, "/", None, RECURSIVE | PRIVATE)
    mount("tmpfs", "/tmp", "tmpfs", NOSUID | NODEV, "mode=755,size=64k")
    os.umask(0o022)
    os.mkdir("/tmp/.old")
    call("pivot_root", b"/tmp", b"/tmp/.old")
    os.chdir("/")
    for place in places:
        os.makedirs(place)
        mount(f"/.old{place}", place, None, BIND | RECURSIVE)
        read_only(place, recursive=True)
        for packages in _packages(place):
            mount("tmpfs", packages, "tmpfs", NOSUID | NODEV, "mode=755,size=4k")
            read_only(packages)
    for name in ("lib", "lib32", "lib64"):
        if os.path.islink(f"/.old/{name}") and not os.path.lexists(f"/{name}"):
            os.symlink(os.readlink(f"/.old/{name}"), f"/{name}")
    os.mkdir("/dev")
    for device in ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"):
        os.close(os.open(device, os.O_CREAT | os.O_WRONLY))
        mount(f"/.old{device}", device, None, BIND)
    socket.sethostname("sandbox")
    os.mkdir("/proc")
    mount("proc", "/proc", "proc", NOSUID | NODEV | NOEXEC)
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("0")
    read_only("/proc")
    os.mkdir(_SCRATCH)
    mount(
        "tmpfs", _SCRATCH, "tmpfs", NOSUID | NODEV | NOEXEC,
        f"mode=700,uid={INSIDE},gid={INSIDE},size={scratch_mib}m,nr_inodes=4096",
    )  # fmt: skip
    call("umount2", b"/.old", _DETACH)
    os.rmdir("/.old")
    read_only("/")
    os.chdir(_SCRATCH)


def _packages(place: str) -> list[str]:
    """Return the folders of installed packages in a place: they are not Python, and may hold data."""
    beside = [place, *(entry.path for entry in os.scandir(place) if entry.is_dir())]
    names = ("site-packages", "dist-packages")
    found = (os.path.join(folder, name) for folder in beside for name in names)
    return [path for path in found if os.path.isdir(path)]


def renounce(root: bool) -> None:
    """Give up every privilege, for good."""
    if root:
        os.setgroups([])
        os.setresgid(INSIDE, INSIDE, INSIDE)
        os.setresuid(INSIDE, INSIDE, INSIDE)
    call("capset", struct.pack("Ii", 0x20080522, 0), struct.pack("6I", *[0] * 6))
    prctl(NO_NEW_PRIVS, 1)
    prctl(DUMPABLE, 0)  # nobody looks into this process
    prctl(PDEATHSIG, signal.SIGKILL)
    _refuse_calls()


def _refuse_calls() -> None:
    """Refuse system calls by a filter (seccomp(2)): a classic BPF program over number and machine."""
    if os.uname().machine not in _REFUSED:
        raise OSError(f"no list of system calls for the machine {os.uname().machine}")
    machine, calls = _REFUSED[os.uname().machine]
    load, equal, above, end = 0x20, 0x15, 0x35, 0x06
    # Each: operation, how many to skip if so, how many if not, operand.
    program = [(load, 0, 0, 4), (equal, 0, len(calls) + 3, machine), (load, 0, 0, 0)]
    program.append((above, len(calls) + 1, 0, 0x40000000))  # x32's numbers for the same calls
    program += [(equal, len(calls) - n, 0, call) for n, call in enumerate(calls)]
    program += [(end, 0, 0, 0x7FFF0000), (end, 0, 0, 0x00050000 | 1)]  # allow; EPERM
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in program))
    head = struct.pack("HP", len(program), ctypes.addressof(packed))
    prctl(SECCOMP, 2, head)


def limit_processes(most: int) -> None:
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


def confine(limits: dict[str, int]) -> None:
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
