"""Ctrl-C at the wrong moment: held back while it would break something, delivered after."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_back() -> Iterator[None]:
    """Hold SIGINT back, and deliver it at the end as if it came then.

    For the short stretches that an exception out of nowhere would leave half-done. Python tells
    signals to the main thread only; in another one there is nothing to hold back.
    """
    before = signal.getsignal(signal.SIGINT)
    # None: a handler that Python has not set, and could not set again.
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


def end_waits() -> None:
    """Let Ctrl-C end what the main thread waits for, as Python has it.

    polars, once it is imported, has the system take up again what a signal interrupts
    (https://github.com/pola-rs/polars/issues/21739): Ctrl-C would be noticed when the wait is over.
    """
    if hasattr(signal, "siginterrupt"):  # not on Windows
        signal.siginterrupt(signal.SIGINT, True)


@contextmanager
def kept_from_children() -> Iterator[None]:
    """Let the processes that are started meanwhile never see SIGINT; hold it back here.

    A terminal sends Ctrl-C to all of them at once. It is this process that decides what comes of
    it: a child that is just starting would only print where it was.
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
