"""What the command does with an error: one line on standard error, and a status."""

from __future__ import annotations

import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import typer

from isogloss.errors import IsoglossError
from isogloss.showing import printable

F = TypeVar("F", bound=Callable[..., Any])


def guarded(command: F) -> F:
    """Tell an error as one line and leave with its status: 2, or 130 for an interruption."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except IsoglossError as error:
            raise _leave(str(error), error.exit_code) from error
        except KeyboardInterrupt as error:
            text = "interrupted; the same command goes on where this one stopped"
            raise _leave(text, 130) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # nobody reads on (| head): the command line knows
                raise
            raise _leave(_told(error), 2) from error

    return cast(F, run)


def _told(error: OSError) -> str:
    """Return what an error of the operating system says: which file, and what is wrong with it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Free some space and run the same command again"
    if error.strerror is None:  # a library's own
        return str(error) or type(error).__name__
    files = [os.fsdecode(name) for name in (error.filename, error.filename2) if _is_path(name)]
    return ": ".join([" -> ".join(files), error.strerror] if files else [error.strerror])


def _is_path(name: object) -> bool:
    return isinstance(name, str | bytes | os.PathLike)


def _leave(message: str, status: int) -> typer.Exit:
    # A library's message may have many lines, and a file's name anything in it.
    print(f"isogloss: error: {printable(' '.join(message.splitlines()))}", file=sys.stderr)
    return typer.Exit(status)
