"""Language identification by langdetect (Shuyo 2010), seeded: 54 languages.

langdetect is a port of Nakatani Shuyo's "Language Detection Library for Java"; it draws random
n-grams, and takes the seed up anew for every text, so that the same text has one answer.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from isogloss.interrupts import held_back

DESCRIPTION = "langdetect, seeded: 54 languages"
A_SECOND = 450

# To a second thread, langdetect is loaded as soon as the first has begun to load it.
_loading = threading.Lock()

# langdetect's own names where they differ from the base language of a tag.
_NAMES = {"zh-cn": "zh", "zh-tw": "zh", "tl": "fil"}


@cache
def languages() -> frozenset[str]:
    """Return the base languages that langdetect knows: 55 of its names, Chinese once."""
    return frozenset(_NAMES.get(name, name) for name in _loaded()._factory.get_lang_list())


def rankings(texts: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    """Return the base languages of more than 10 % for each text, the likeliest first."""
    return [_ranked(text) for text in texts]


def signature() -> str:
    """Return its name and version."""
    return f"langdetect/{version('langdetect')}"


def _ranked(text: str) -> tuple[tuple[str, float], ...]:
    from langdetect.lang_detect_exception import LangDetectException

    try:
        found = _loaded().detect_langs(text)
    except LangDetectException:  # nothing in it that it knows: no opinion
        return ()
    both: dict[str, float] = {}  # the two Chinese, taken together
    for one in found:
        name = _NAMES.get(one.lang, str(one.lang))
        both[name] = both.get(name, 0.0) + float(one.prob)
    return tuple(sorted(both.items(), key=lambda item: -item[1]))


def _loaded() -> Any:
    """Return langdetect's module with its profiles loaded and its seed set."""
    with _loading:
        return _load()


@cache
def _load() -> Any:
    from langdetect import detector_factory

    # Its bare ``except`` makes a broken profile of a Ctrl-C, and leaves the languages so far.
    with held_back():
        detector_factory.init_factory()
    detector_factory.DetectorFactory.seed = 0
    return detector_factory
