"""Native loops: functions that numba compiles, with Ctrl-C held back meanwhile.

Importing this imports numba, which takes a third of a second: kernels are in modules of their own,
which are imported inside functions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from typing import Any, TypeVar, cast

from isogloss.interrupts import held_back

with held_back():
    import numba
    from numba.core import event
    from numba.core.dispatcher import Dispatcher

F = TypeVar("F", bound=Callable[..., Any])


def native(function: F) -> F:
    """Compile a function at its first call; it lets go of the interpreter while it runs.

    What was compiled is kept beside the function's file (where the folder cannot be written, in the
    user's cache; where there is none either, nowhere), as long as that file stays the same, and those
    of the functions that it imports from other files.

    All of this package's take about 13 seconds of a processor, once after an install; a build pays for
    what its recipe uses. What costs: arrays that are made in a kernel (it is quicker to hand them in),
    tuples of arrays that are given back, numbers written out in the call of another function (each
    is a type of its own to numba), and a long function that several others call.
    """
    return _compiled(function, nogil=True)


def inner(function: F) -> F:
    """Compile a function that only others of `native` call: it takes a fifth less time to compile.

    Without the wrappers by which the interpreter or C would call it, there is nothing to unpack.
    """
    return _compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _compiled(function: F, **options: bool) -> F:
    compiler = cast(Any, numba.njit)  # its types know less than it does
    try:
        compiled = compiler(cache=True, **options)(function)
    except RuntimeError:  # numba finds no folder to write to, as in a container without a home
        return cast(F, compiler(**options)(function))
    # numba looks at the function's own file alone, though what it calls is compiled into it.
    file = compiled._cache._cache_file
    stamps = [file._source_stamp, *sorted(_imported_stamps(function))]
    file._source_stamp = sha256(repr(stamps).encode()).hexdigest()
    return cast(F, compiled)


def _imported_stamps(function: Callable[..., Any]) -> set[str]:
    """Return what tells the sources of the compiled functions that a function's file has imported."""
    values: list[Any] = list(function.__globals__.values())
    found = [one for one in values if isinstance(one, Dispatcher)]
    others = [one for one in found if one.py_func.__globals__ is not function.__globals__]
    caches = [cast(Any, one)._cache for one in others]
    return {cache._cache_file._source_stamp for cache in caches if cache.cache_path}


class _HeldBack(event.Listener):
    """Holds Ctrl-C back while numba compiles or loads: what calls back from C would swallow it."""

    def __init__(self) -> None:
        self._mine = threading.local()

    def on_start(self, event: Any) -> None:
        stretch = ExitStack()
        stretch.enter_context(held_back())
        self._mine.stretches = [*getattr(self._mine, "stretches", ()), stretch]

    def on_end(self, event: Any) -> None:
        self._mine.stretches.pop().close()


# The lock is taken for each compilation, and for those inside it.
event.register("numba:compiler_lock", _HeldBack())  # type: ignore[no-untyped-call]
