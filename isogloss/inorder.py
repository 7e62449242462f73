"""Several at once, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(function: Callable[[T], R], items: Iterable[T], workers: int) -> Iterator[R]:
    """Yield what a function makes of each item, in the items' order, some made ahead in threads.

    Args:
        function: Does most of its work outside Python: in polars, or reading and writing.
        items: Taken one by one, by the caller's thread.
        workers: How many are made at once; one more waits, and no more are held.
    """
    if workers < 2:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > workers:
                yield _first(waiting)
        while waiting:
            yield _first(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def _first(waiting: deque[Future[R]]) -> R:
    result = waiting[0].result()
    waiting.popleft()  # only now: where Ctrl-C comes first, it is still being made
    return result
