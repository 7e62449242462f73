"""Language identification by langdetect, seeded, with its languages named as tags."""

from __future__ import annotations

from functools import cache
from typing import Any

from isogloss.interrupts import held_back

# langdetect's own names where they differ from the base language of a tag.
_NAMES = {"zh-cn": "zh", "zh-tw": "zh", "tl": "fil"}


@cache
def identified_languages() -> frozenset[str]:
    """Return the base languages that langdetect knows: 55 of its names, Chinese once."""
    return frozenset(_NAMES.get(name, name) for name in _loaded()._factory.get_lang_list())


def identify(text: str) -> tuple[str, float]:
    """Return the likeliest base language of a text and its probability; ``("", 0.0)`` for none.

    langdetect is a port of Shuyo 2010, "Language Detection Library for Java"; it draws random
    n-grams, and takes the seed up anew for every text, so that the same text has one answer.
    """
    from langdetect.lang_detect_exception import LangDetectException

    try:
        best = _loaded().detect_langs(text)[0]
    except (LangDetectException, IndexError):  # nothing in it that it knows: no opinion
        return "", 0.0
    return _NAMES.get(best.lang, str(best.lang)), float(best.prob)


@cache
def _loaded() -> Any:
    """Return langdetect's module with its profiles loaded and its seed set."""
    from langdetect import detector_factory

    # Its bare ``except`` makes a broken profile of a Ctrl-C, and leaves the languages so far.
    with held_back():
        detector_factory.init_factory()
    detector_factory.DetectorFactory.seed = 0
    return detector_factory
