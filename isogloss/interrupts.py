"""Ctrl-C and SIGTERM at the wrong moment: held back while they would break something, delivered after."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, NoReturn

# What ends a command: Ctrl-C, and what systems and schedulers send.
_ENDING = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM came: all that is done for Ctrl-C is done for it, too."""


def terminate(_: int, __: FrameType | None) -> NoReturn:
    """Raise `Terminated`: a handler of SIGTERM."""
    raise Terminated


@contextmanager
def termination_raised() -> Iterator[None]:
    """Have SIGTERM raise `Terminated` meanwhile, unless somebody handles or ignores it already."""
    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def leave_at_once(report: Callable[[int], int]) -> None:
    """Have Ctrl-C and SIGTERM end this process at once: for the time after its work is done.

    What is left then is the interpreter's own end, which an exception would only litter.

    Args:
        report: Says what happened, and returns the status to leave with.
    """

    def leave(number: int, _: FrameType | None) -> None:
        status = report(number)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)

    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back, and deliver them at the end as if they came then.

    For the short stretches that an exception out of nowhere would leave half-done. Python tells
    signals to the main thread only; in another one there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before: dict[signal.Signals, Any] = {}
    for number in _ENDING:
        handler = signal.getsignal(number)
        # None: a handler that Python has not set, and could not set again. What raises nothing
        # breaks nothing.
        if handler is not None and (number == signal.SIGINT or callable(handler)):
            before[number] = handler
            signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        with ExitStack() as stack:  # all handlers are back before one of them raises
            for one in dict.fromkeys(came):
                stack.callback(signal.raise_signal, one)
            for number, handler in before.items():
                signal.signal(number, handler)


def end_waits() -> None:
    """Let Ctrl-C and SIGTERM end what the main thread waits for, as Python has it.

    polars, once it is imported, has the system take up again what a signal interrupts
    (https://github.com/pola-rs/polars/issues/21739): Ctrl-C would be noticed when the wait is over.
    """
    if hasattr(signal, "siginterrupt"):  # not on Windows
        for number in _ENDING:
            if callable(signal.getsignal(number)):
                signal.siginterrupt(number, True)


@contextmanager
def kept_from_children() -> Iterator[None]:
    """Let the processes that are started meanwhile never see SIGINT; hold it back here.

    A terminal sends Ctrl-C to all of them at once. It is this process that decides what comes of
    it: a child that is just starting would only print where it was. (SIGTERM ends them without a
    word, and must: pools end by it what is left of them when one has died.)
    """
    from multiprocessing import resource_tracker

    with held_back():
        if not hasattr(signal, "pthread_sigmask"):  # Windows: `serve_parent` does what it can
            yield
            return
        # A new program inherits the mask. The tracker of multiprocessing, started with the first
        # child, would lift it: so it is started before.
        resource_tracker.ensure_running()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def serve_parent() -> None:
    """Prepare a worker process: it ignores SIGINT, and leaves when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        # Its queues never end by themselves, as every worker holds both ends of them.
        os._exit(1)
