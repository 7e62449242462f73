"""Short answers as they are compared: four normalizations, and how each cuts up words."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from benchmarks.metrics._base import Array, Segments, counted
from benchmarks.metrics._text import answer, segments
from isogloss.settings import Settings

Normalization = Literal["language", "mkqa", "mlqa", "squad"]


class Options(Settings):
    """How answers are made comparable."""

    normalization: Normalization = "language"
    """``language``: English as SQuAD does it; the others NFKC, case folding, punctuation of every
    script and articles of the language aside, characters as words where there are no spaces.
    ``mlqa``: as MLQA's evaluation does it (Lewis et al. 2020), for its seven languages. ``mkqa``:
    as MKQA's does (Longpre et al. 2021, ``mkqa_eval_util.py`` of apple/ml-mkqa), for its 26.
    ``squad``: as SQuAD's does (Rajpurkar et al. 2016), English articles and ASCII punctuation,
    whatever the language; XTREME scores XQuAD and TyDiQA so.
    """


# MLQA's articles; its Arabic rule takes the letters out wherever they stand.
_MLQA_ARTICLES = {
    "en": r"\b(?:a|an|the)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(?:của|là|cái|chiếc|những)\b",
    "de": r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": "ال",
}
# MKQA's articles and words like them. Its patterns for French and Italian end nowhere, so they take
# letters off the beginnings of other words too (``lettre`` becomes ``ttre``); and of words that begin
# alike the first in its order is taken, so that of ``les`` an s is left.
_MKQA_ARTICLES = {
    "en": r"\b(?:a|an|the)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(?:của|là|cái|chiếc|những)\b",
    "de": r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": "ال",
    "nl": r"\b(?:de|het|een|des|der|den)\b",
    "sv": r"\b(?:en|ett)\b",
    "da": r"\b(?:en|et)\b",
    "nb": r"\b(?:en|et|ei)\b",
    "fr": r"\b(?:le|la|du|de|un)",
    "pt": r"\b(?:o|a|os|as|um|uma|uns|umas)\b",
    "it": r"\b(?:il|lo|la|i|gli|le|del|dei|degli|uno|una|un)",
    "fi": r"\b(?:se|yks|yksi)\b",
    "hu": r"\b(?:a|az|egy)\b",
}
# What MKQA cuts into characters, Latin letters among them.
_MKQA_CHARACTERS = frozenset({"zh", "ja", "th", "km"})
_ASCII = frozenset(string.punctuation)
_HAN = re.compile(r"[\u4e00-\u9fa5]|[^\u4e00-\u9fa5\s]+")


def _rule(language: str, how: Normalization) -> Normalization:
    """Return the normalization of a language: English has an official one."""
    return "squad" if how == "language" and language.split("-")[0] == "en" else how


def normalized(text: str, language: str, how: Normalization) -> str:
    """Return an answer as it is compared."""
    how = _rule(language, how)
    if how == "language":
        return answer(text, language)
    lowered = text.lower()
    base = language.split("-")[0]
    if how == "mkqa":
        return _mkqa("".join(char for char in lowered if char not in _ASCII), base)
    if how == "squad":
        bare = "".join(char for char in lowered if char not in _ASCII)
        return " ".join(re.sub(_MLQA_ARTICLES["en"], " ", bare).split())
    bare = "".join(
        char
        for char in lowered
        if char not in _ASCII and not unicodedata.category(char).startswith("P")
    )
    articles = _MLQA_ARTICLES.get(base)
    return " ".join((re.sub(articles, " ", bare) if articles else bare).split())


def _mkqa(bare: str, base: str) -> str:
    articles = _MKQA_ARTICLES.get("nb" if base == "no" else base)
    found = (re.sub(articles, " ", bare) if articles else bare).split()
    return " ".join("".join(found) if base in _MKQA_CHARACTERS else found)


def words(text: str, language: str, how: Normalization) -> list[str]:
    """Cut a normalized answer into what F1 counts."""
    how = _rule(language, how)
    if how == "language":
        return segments(text)
    if how == "mlqa" and language.split("-")[0] == "zh":
        return _HAN.findall(text)
    return text.split()


def f1(text: str, reference: str, language: str, how: Normalization) -> float:
    """Return the F1 (0 to 1) of the words of two answers.

    Two answers without a word are alike, as in SQuAD 2.0's script; MLQA's counts no word in common
    as nothing in common.
    """
    ours, theirs = (
        Counter(words(normalized(one, language, how), language, how)) for one in (text, reference)
    )
    if not ours or not theirs:
        return float(how != "mlqa" and ours == theirs)
    return 2.0 * (ours & theirs).total() / (ours.total() + theirs.total())


def best(given: Segments, score: Callable[[str, str], float]) -> Array:
    """Return (best score over the references, 1) of each segment."""
    return counted(
        [
            max(score(text, reference) for reference in accepted)
            for text, accepted in zip(given.answers, given.references, strict=True)
        ]
    )


def contains(text: Sequence[str], part: Sequence[str]) -> bool:
    """Tell whether some words stand, in order and together, in others."""
    width = len(part)
    return any(list(text[n : n + width]) == list(part) for n in range(len(text) - width + 1))


def signature_of(name: str, language: str, options: Options) -> str:
    """Return normalization and tokenizer, after the metric's name."""
    base = language.split("-")[0]
    rules = {
        "language": f"NFKC+casefold-punct-articles[{base}]|tok:words+chars-where-unspaced-v2",
        "mkqa": f"mkqa[{base}]|tok:{'chars' if base in _MKQA_CHARACTERS else 'spaces'}",
        "mlqa": f"mlqa[{base}]|tok:{'mixed' if base == 'zh' else 'spaces'}",
        "squad": "squad|tok:spaces",
    }
    return f"{name}|norm:{rules[_rule(language, options.normalization)]}|refs:max|v2"
