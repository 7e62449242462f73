"""Keeping libraries' own progress bars and notices out of ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers' and the hub's notices while loading or running a model."""
    from importlib import import_module

    # Neither module declares its types.
    notices = import_module("transformers.utils.logging")
    bars = import_module("huggingface_hub.utils")

    before = notices.get_verbosity()
    notices.set_verbosity_error()
    notices.disable_progress_bar()
    bars.disable_progress_bars()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            notices.set_verbosity(before)
