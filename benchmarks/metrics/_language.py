"""Judging whether a text is in the language it should be: script first, then a calibrated identifier.

The script settles most: an answer whose letters are mostly of another script is in the wrong
language, and a language that has its script to itself needs nothing more. For the rest fastText's
lid.176 is asked, and is trusted with no more than it can do: what it says of the references, which
people wrote in that language, is how far it errs. An answer counts as wrong only where it is surer
of another language than it is of the references; so a language that it takes for its neighbour
(Silesian for Polish), or does not know at all (Hausa), is not judged by its errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, Literal

import numpy as np
import regex

from benchmarks.metrics._base import Array, Segments, counted
from isogloss import lid176
from isogloss.languages import describe

#: Below this many letters an identifier guesses, and only the script is judged.
ENOUGH_LETTERS = 20
#: From this many letters on, Japanese has kana among its characters.
ENOUGH_HAN = 10
#: An answer is not held to be in its language below this probability of it …
UNLIKELY = 0.1
#: … and held to be in another from this probability of the two likeliest on.
SURE = 0.7
#: The share of references that may be taken for another language.
ERRORS = 0.01
# A script in which so great a part of a language's writers write it is as good as its first.
_SHARE_OF_WRITERS = 0.1

# Script codes that stand for other than the one Unicode script of that code.
_UNICODE = {
    "Jpan": ("Hira", "Kana", "Hani"),
    "Kore": ("Hang",),
    "Hans": ("Hani", "Bopo"),
    "Hant": ("Hani", "Bopo"),
}
# Names that lid.176 gives to one language, or to what nobody tells apart from a sentence.
_ALIKE = (("no", "nb", "nn"), ("sr", "hr", "bs", "sh", "cnr"), ("zh", "wuu", "yue"), ("ar", "arz"))

_LETTER = regex.compile(r"(?![\p{Script=Common}\p{Script=Inherited}])\p{L}")
_KANA = regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}]")

Judge = Literal["script", "kana", "lid.176"]


def in_script(text: str, language: str) -> bool:
    """Tell whether at least half of a text's letters are of a script of the language.

    Text without letters, such as a number, is at home in every script; an empty one in none.
    """
    return any(_mostly(text, script) for script in scripts(language))


def judge(language: str) -> Judge:
    """Return who tells this language from others."""
    script = _unicode(describe(language).script)[0]
    if script in ("Hira", "Hani"):
        return "kana"
    rivals = _known().get(script, frozenset()) - {_base(language)}
    return "lid.176" if rivals else "script"


def wrong_answers(segments: Segments) -> Array:
    """Return (1 if in the wrong language else 0, 1) of each answer; an empty one is."""
    return _wrong(segments.answers, segments)


def wrong_references(segments: Segments) -> Array:
    """Return the same of each segment's first reference: how often the judge errs."""
    return _wrong([accepted[0] for accepted in segments.references], segments)


def _wrong(texts: Sequence[str], segments: Segments) -> Array:
    limits = _limits(segments.language, tuple(accepted[0] for accepted in segments.references))
    return counted([not _in_language(text, segments.language, limits) for text in texts])


def _in_language(text: str, language: str, limits: dict[str, float]) -> bool:
    if not in_script(text, language):
        return False
    first = describe(language).script
    letters = len(_LETTER.findall(text))
    if letters == 0 or not _mostly(text, first):
        return True
    how = judge(language)
    if how == "kana":
        # Sentences of Chinese have no kana, and those of Japanese do.
        kana = len(_KANA.findall(text))
        return letters < ENOUGH_HAN or (kana > 0 if first == "Jpan" else 2 * kana < letters)
    if how == "script":
        return True
    other, evidence = _elsewhere(text, language, letters)
    return evidence < limits.get(other, SURE)


def _elsewhere(text: str, language: str, letters: int) -> tuple[str, float]:
    """Return the language that a text seems to be in instead, and how sure that is; 0 for not."""
    if letters < ENOUGH_LETTERS:
        return "", 0.0
    found = lid176.probabilities(text)
    if sum(found.get(name, 0.0) for name in _names(_base(language))) >= UNLIKELY:
        return "", 0.0
    if not found:
        return "", 0.0
    best, *others = found
    # Close languages share what is one's alone elsewhere: Indonesian and Malay, half each.
    return best, found[best] + (found[others[0]] if others else 0.0)


@lru_cache(maxsize=8)
def _limits(language: str, references: tuple[str, ...]) -> dict[str, float]:
    """Return for each other language how sure of it one must be: surer than of the references."""
    if judge(language) != "lid.176":
        return {}
    taken: dict[str, list[float]] = {}
    for text in references:
        other, evidence = _elsewhere(text, language, len(_LETTER.findall(text)))
        if evidence >= SURE:
            taken.setdefault(other, []).append(evidence)
    allowed = int(ERRORS * len(references))
    return {
        other: float(np.nextafter(sorted(found, reverse=True)[allowed], 2.0))
        for other, found in taken.items()
        if len(found) > allowed
    }


def judge_signature(name: str, language: str) -> str:
    """Return the signature of a share of texts in the wrong language."""
    how = judge(language)
    parts = [name, "script>=50%", f"judge:{how}"]
    if how == "lid.176":
        parts += [lid176.told(), f"sure>={SURE}", f"letters>={ENOUGH_LETTERS}"]
        parts += [f"calibrated:references<={ERRORS:.0%}-a-language"]
    elif how == "kana":
        parts += [f"letters>={ENOUGH_HAN}"]
    return "|".join([*parts, "v2"])


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
    names = "".join(rf"\p{{Script={one}}}" for one in _unicode(script))
    return regex.compile(rf"[\p{{L}}&&[{names}]]", regex.V1)


def _mostly(text: str, script: str) -> bool:
    inside = len(_inside(script).findall(text))
    return bool(text.strip()) and 2 * inside >= len(_LETTER.findall(text))


def _base(language: str) -> str:
    return language.split("-")[0]


@cache
def _names(base: str) -> tuple[str, ...]:
    return next((group for group in _ALIKE if base in group), (base,))


@cache
def _known() -> dict[str, frozenset[str]]:
    """Return lid.176's languages by the script they are written in."""
    from isogloss.languages import is_language

    found: dict[str, set[str]] = {}
    for name in lid176.languages():
        if is_language(name):
            found.setdefault(_unicode(describe(name).script)[0], set()).add(name)
    return {script: frozenset(names) for script, names in found.items()}
