"""Judging whether a text is in the language it should be: script first, then langdetect."""

from __future__ import annotations

from functools import cache
from typing import Any

import regex

from isogloss.languages import describe

# Below this many letters an identifier guesses, and only the script is judged.
ENOUGH_LETTERS = 20
ENOUGH_DENSE = 6

_SCRIPTS = {
    "Jpan": ("Han", "Hiragana", "Katakana"),
    "Kore": ("Hangul", "Han"),
    "Hans": ("Han", "Bopomofo"),
    "Hant": ("Han", "Bopomofo"),
}
_NAMES = {"zh-cn": "zh", "zh-tw": "zh", "tl": "fil"}
_LETTER = regex.compile(r"\p{L}")


@cache
def _inside(script: str) -> Any:
    names = _SCRIPTS.get(script, (script,))
    return regex.compile("[" + "".join(rf"\p{{Script={name}}}" for name in names) + "]")


def in_script(text: str, language: str) -> bool:
    """Tell whether at least half of a text's letters are of the language's script.

    Text without letters is in none.
    """
    letters = len(_LETTER.findall(text))
    inside = len(_inside(describe(language).script).findall(text))
    return letters > 0 and 2 * inside >= letters


def in_language(text: str, language: str) -> bool:
    """Tell whether a text is in a language: by its script, and where it is long enough, langdetect.

    A language that langdetect does not know (it knows 55) is judged by its script.
    """
    if not in_script(text, language):
        return False
    letters = len(_LETTER.findall(text))
    dense = describe(language).script in _SCRIPTS
    base = language.split("-")[0]
    if letters < (ENOUGH_DENSE if dense else ENOUGH_LETTERS) or base not in _known():
        return True
    return _identified(text) in (base, "")


@cache
def _known() -> frozenset[str]:
    from langdetect import detector_factory

    detector_factory.init_factory()
    names = detector_factory._factory.get_lang_list()
    return frozenset(_NAMES.get(name, name) for name in names)


@cache
def _identified(text: str) -> str:
    from langdetect import DetectorFactory, detect
    from langdetect.lang_detect_exception import LangDetectException

    # langdetect draws random n-grams; it takes this seed up anew for every text.
    DetectorFactory.seed = 0
    try:
        name = detect(text)
    except LangDetectException:  # nothing in it that it knows: no opinion
        return ""
    return str(_NAMES.get(name, name))
