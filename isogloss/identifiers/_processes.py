"""Processes for identifiers that hold the interpreter: started once, kept for the next batch."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from isogloss import interrupts
from isogloss.console import warn

T = TypeVar("T")
R = TypeVar("R")

_lock = threading.Lock()
# The pool by the process that started it (a fork must not use its parent's) and its size.
_pools: dict[tuple[int, int], ProcessPoolExecutor] = {}
_broken: set[int] = set()


def worth(seconds: float, start: float) -> bool:
    """Tell whether work of so many seconds is worth starting processes, if none are there yet."""
    running = any(owner == os.getpid() for owner, _ in list(_pools))
    return seconds > (start / 20 if running else start)


def spread(
    function: Callable[[str, Sequence[T]], list[R]],
    name: str,
    pieces: Sequence[Sequence[T]],
    workers: int,
) -> list[list[R]]:
    """Return ``function(name, piece)`` of each piece, in order, worked out by several processes.

    Where processes cannot be started, this one does the work, and says so once.
    """
    if os.getpid() in _broken:
        return [function(name, piece) for piece in pieces]
    pool = _pool(workers)
    try:
        with interrupts.kept_from_children():
            answers = [pool.submit(function, name, piece) for piece in pieces]
        return [answer.result() for answer in answers]
    except BrokenProcessPool:
        if pool not in _pools.values():  # `close` has ended it
            raise
        # Spawned workers import the caller's script, and one without a guard on __main__ fails.
        close()
        _broken.add(os.getpid())
        warn("languages are identified in one process: its helpers did not start, or were killed")
        return [function(name, piece) for piece in pieces]
    except BaseException:
        close()
        raise


def close() -> None:
    """End the processes; the next call of `spread` starts others."""
    with _lock:
        mine = [key for key in _pools if key[0] == os.getpid()]
        pools = [_pools.pop(key) for key in mine]
    # A second Ctrl-C would leave the helpers to the interpreter, which prints where they were.
    with interrupts.held_back():
        for pool in pools:
            # Nobody waits for what they are at. (Python 3.14 has terminate_workers for this.)
            for process in list((pool._processes or {}).values()):
                process.terminate()
            pool.shutdown(cancel_futures=True)


def _pool(workers: int) -> ProcessPoolExecutor:
    with _lock:
        key = (os.getpid(), workers)
        if key not in _pools:
            _pools[key] = ProcessPoolExecutor(
                workers, mp_context=get_context("spawn"), initializer=interrupts.serve_parent
            )
        return _pools[key]
