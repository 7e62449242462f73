"""What the command does with an error: one line on standard error, and a status."""

from __future__ import annotations

import errno
import functools
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
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            text = "the disk is full. Free some space and run the same command again"
            raise _leave(text, 2) from error

    return cast(F, run)


def _leave(message: str, status: int) -> typer.Exit:
    # A library's message may have many lines, and a file's name anything in it.
    print(f"isogloss: error: {printable(' '.join(message.splitlines()))}", file=sys.stderr)
    return typer.Exit(status)
