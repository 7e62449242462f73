"""Multilingual instruction corpora, tuned and scored language by language, published as a leaderboard.

This package is the spine that the four rooms share. It offers what a notebook needs of the rooms, each
imported on first use; their types stand in ``__init__.pyi``.
"""

from isogloss.lazy import lazily

__version__ = "0.1.0"

_HOMES = {
    "build": "isogloss.command.corpus",
    "clean": "isogloss.command.corpus",
    "compare": "runners:compare_runs",
    "load_suite": "benchmarks",
    "publish": "leaderboard",
    "score": "runners",
    "tune": "runners",
}

__all__ = sorted(["__version__", *_HOMES])

__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
