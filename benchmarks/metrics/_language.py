"""Judging whether a text is in the language it should be: script first, then langdetect.

langdetect (a Python port of Shuyo 2010) knows 55 languages, and is trusted with no more than it
can do: it is asked only where several of its languages share a script. Where one of them has its
script to itself, or a language it does not know does, the script decides. A language that it does
not know, in a script of those it knows (Galician, Serbian), is not judged at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
import regex

from benchmarks.metrics._base import Array
from isogloss.identification import identified_languages, identify
from isogloss.languages import describe

#: Below this many letters an identifier guesses, and only the script is judged.
ENOUGH_LETTERS = 20
#: From this many letters on, Japanese has kana among its characters.
ENOUGH_HAN = 10
# A script in which so great a part of a language's writers write it is as good as its first.
_SHARE_OF_WRITERS = 0.1

# Script codes that stand for other than the one Unicode script of that code.
_UNICODE = {
    "Jpan": ("Hira", "Kana", "Hani"),
    "Kore": ("Hang",),
    "Hans": ("Hani", "Bopo"),
    "Hant": ("Hani", "Bopo"),
}
_NORWEGIAN = ("nb", "nn")

_LETTER = regex.compile(r"(?![\p{Script=Common}\p{Script=Inherited}])\p{L}")
_KANA = regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}]")


def in_script(text: str, language: str) -> bool:
    """Tell whether at least half of a text's letters are of a script of the language.

    Text without letters, such as a number, is at home in every script; an empty one in none.
    """
    return any(_mostly(text, script) for script in scripts(language))


def in_language(text: str, language: str) -> bool:
    """Tell whether a text is in a language, as far as `judge` can; an empty one never is."""
    if not in_script(text, language):
        return False
    first = describe(language).script
    letters = len(_LETTER.findall(text))
    if letters == 0 or not _mostly(text, first):
        return True
    if _unicode(first)[0] in ("Hira", "Hani"):
        # Sentences of Chinese have no kana, and those of Japanese do; langdetect takes one in ten
        # sentences of Chinese for another language.
        kana = len(_KANA.findall(text))
        return letters < ENOUGH_HAN or (kana > 0 if first == "Jpan" else 2 * kana < letters)
    if judge(language) != "langdetect" or letters < ENOUGH_LETTERS:
        return True
    return _identified(text) in (_base(language), "")


def judge(language: str) -> Literal["script", "langdetect", "none"]:
    """Return who tells this language from others: its script, langdetect, or nobody."""
    rivals = _known().get(_unicode(describe(language).script)[0], frozenset())
    if _base(language) in rivals:
        return "langdetect" if len(rivals) > 1 else "script"
    return "none" if rivals else "script"


def shares(texts: Sequence[str], language: str) -> Array:
    """Return (1 if in the wrong language else 0, 1) of each text, (0, 0) where nobody can tell."""
    if judge(language) == "none":
        return np.zeros((len(texts), 2))
    wrong = [not in_language(text, language) for text in texts]
    return np.stack([np.asarray(wrong, dtype=np.float64), np.ones(len(wrong))], axis=-1)


def judge_signature(name: str, language: str) -> str:
    """Return the signature of a share that `shares` gives."""
    how = judge(language)
    parts = [name, "script>=50%", f"judge:{how}"]
    if how == "langdetect":
        parts += [f"langdetect:{version('langdetect')}", "seed:0", f"letters>={ENOUGH_LETTERS}"]
    elif _unicode(describe(language).script)[0] in ("Hira", "Hani"):
        parts += ["kana", f"letters>={ENOUGH_HAN}"]
    return "|".join([*parts, "v1"])


@cache
def scripts(language: str) -> tuple[str, ...]:
    """Return the script codes that text of a language may be in, the most likely first.

    A tag without a script allows every script that a tenth of the language's writers use (CLDR's
    territory data, as packaged in language_data): Serbian in Latin is Serbian.
    """
    from language_data.population_data import LANGUAGE_WRITING_POPULATION as WRITERS

    first = describe(language).script
    parts = language.split("-")
    if first in parts:
        return (first,)
    everyone = max(WRITERS.get(parts[0], 0), 1)
    others = (
        code
        for key, writers in sorted(WRITERS.items())
        if key.startswith(f"{parts[0]}-") and writers >= _SHARE_OF_WRITERS * everyone
        for code in key.split("-")[1:2]
        if len(code) == 4 and code != first and code.isalpha()
    )
    return (first, *dict.fromkeys(others))


def _unicode(script: str) -> tuple[str, ...]:
    return _UNICODE.get(script, (script,))


@cache
def _inside(script: str) -> Any:
    return regex.compile("[" + "".join(rf"\p{{Script={one}}}" for one in _unicode(script)) + "]")


def _mostly(text: str, script: str) -> bool:
    letters = _LETTER.findall(text)
    inside = sum(1 for letter in letters if _inside(script).match(letter))
    return bool(text.strip()) and 2 * inside >= len(letters)


def _base(language: str) -> str:
    base = language.split("-")[0]
    return "no" if base in _NORWEGIAN else base


@cache
def _known() -> dict[str, frozenset[str]]:
    """Return langdetect's languages by the script they are written in."""
    found: dict[str, set[str]] = {}
    for tag in identified_languages():
        found.setdefault(_unicode(describe(tag).script)[0], set()).add(tag)
    return {script: frozenset(tags) for script, tags in found.items()}


@lru_cache(maxsize=1 << 16)
def _identified(text: str) -> str:
    """Return the base language that langdetect finds, or an empty string where it finds none."""
    return identify(text)[0]
