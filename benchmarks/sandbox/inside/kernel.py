"""What the processes of the sandbox need of the kernel, and Python has no function for."""

from __future__ import annotations

import ctypes
import os
import struct
from typing import Any

NOSUID, NODEV, NOEXEC, BIND, RECURSIVE, PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PDEATHSIG, DUMPABLE, SECCOMP, NO_NEW_PRIVS = 1, 4, 22, 38
#: Seconds between two looks at other processes.
TICK = 0.05
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE = 442, -100, 0x8000

_LIBC = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: Any) -> None:
    """Call a function of the C library.

    Raises:
        OSError: It says that it failed; the text begins with the function's name.
    """
    if getattr(_LIBC, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def prctl(option: int, value: int, pointer: Any = None) -> None:
    """Set something about this process (prctl(2))."""
    call("prctl", option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0))


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system, or a folder once more (mount(2))."""
    texts = [text.encode() if text is not None else None for text in (source, target, kind)]
    try:
        call("mount", *texts, ctypes.c_ulong(flags), data.encode())
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} ({kind or source} on {target})") from error


def read_only(path: str, *, recursive: bool = False) -> None:
    """Make a mount read-only, and the programs in it powerless (mount_setattr(2), Linux 5.12)."""
    attributes = struct.pack("QQQQ", 1 | NOSUID | NODEV, 0, 0, 0)
    call(
        "syscall", ctypes.c_long(_MOUNT_SETATTR), ctypes.c_long(_AT_FDCWD), path.encode(),
        ctypes.c_long(_AT_RECURSIVE * recursive), attributes, ctypes.c_long(len(attributes)),
    )  # fmt: skip


def exit_code(status: int) -> int:
    """Return a wait status as a shell tells it."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
