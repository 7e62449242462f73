"""What the command does with an error or a signal: one line on standard error, and a status."""

from __future__ import annotations

import errno
import functools
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import typer

from isogloss import interrupts
from isogloss.console import printable
from isogloss.errors import IsoglossError
from isogloss.lazy import check_rooms

F = TypeVar("F", bound=Callable[..., Any])

_NO_MEMORY = (
    "there is not enough memory. Free some, allow more (ulimit -v), or take smaller batches or "
    "fewer workers; the same command goes on where this one stopped"
)
# What a build's libraries map, 3.1 GiB on two processors, is mostly never touched. With less, threads
# of theirs fail to start, and Rust and C++ abort or wait for them.
_ADDRESSES = 4 << 30
# How libraries without an error of their own for it say that there is none: those in Rust by the
# numbers ENOMEM and EAGAIN, those in C++ and the loader of shared libraries in words.
_SAYS_NO_MEMORY = re.compile(
    r"can(?:'t|not) (?:allocate|start new thread)|out of memory|memory allocation|bad_alloc"
    r"|failed to (?:map segment|spawn)|\(os error (?:11|12)\)|ThreadPoolBuildError",
    re.IGNORECASE,
)


def guarded(command: F) -> F:
    """Report an error or a signal as one line and leave with a status.

    It is 2 for an error, 130 for Ctrl-C and 143 for SIGTERM, as shells have it.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            check_rooms()
            _check_address_space()
            with interrupts.termination_raised():
                return command(*args, **kwargs)
        except IsoglossError as error:
            raise _leave(str(error), error.exit_code) from error
        except KeyboardInterrupt as error:
            came = isinstance(error, interrupts.Terminated)
            raise _leave(*_signalled(signal.SIGTERM if came else signal.SIGINT)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # nobody reads on (| head): the command line knows
                raise
            raise _leave(_described(error), 2) from error
        except BaseException as error:  # a panic of polars is no Exception
            if _is_short_of_memory(error):
                raise _leave(_NO_MEMORY, 2) from error
            raise

    return cast(F, run)


def leave_quietly() -> None:
    """Have a signal that comes after the command's work end it with one line, too."""
    interrupts.leave_at_once(_say_signalled)


def _say_signalled(number: int) -> int:
    message, status = _signalled(number)
    _say(message)
    return status


def _signalled(number: int) -> tuple[str, int]:
    what = "terminated" if number == signal.SIGTERM else "interrupted"
    return f"{what}; the same command goes on where this one stopped", 128 + number


def _is_short_of_memory(error: BaseException) -> bool:
    """Tell whether an error, or one that it came of, is that there is no memory."""
    if isinstance(error, SystemExit | GeneratorExit | typer.Exit):
        return False
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return any(
        isinstance(one, MemoryError) or _SAYS_NO_MEMORY.search(str(one)) is not None
        for one in chain
    )


def _check_address_space() -> None:
    """Refuse what could only end in the abort of a library, or in one that waits for ever.

    Raises:
        IsoglossError: The system allows less addresses than the libraries take up.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    if allowed != resource.RLIM_INFINITY and allowed < _ADDRESSES:
        raise IsoglossError(
            f"the address space is limited to {allowed >> 20} MiB, and the libraries need "
            f"{_ADDRESSES >> 20} (addresses, not memory)",
            remedy=f"Allow more: ulimit -v {_ADDRESSES >> 10}",
        )


def _described(error: OSError) -> str:
    """Return what an error of the operating system says: which file, and what is wrong with it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space and run the same command again"
    if error.errno == errno.ENOMEM or _is_short_of_memory(error):
        return _NO_MEMORY
    if error.strerror is None:  # a library's own
        return str(error) or type(error).__name__
    files = [os.fsdecode(name) for name in (error.filename, error.filename2) if _is_path(name)]
    return ": ".join([" -> ".join(files), error.strerror] if files else [error.strerror])


def _is_path(name: object) -> bool:
    return isinstance(name, str | bytes | os.PathLike)


def _leave(message: str, status: int) -> typer.Exit:
    _say(message)
    return typer.Exit(status)


def _say(message: str) -> None:
    # A library's message may have many lines, and a file's name anything in it.
    print(f"isogloss: error: {printable(' '.join(message.splitlines()))}", file=sys.stderr)
