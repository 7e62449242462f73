"""Cutting and comparing text of every script."""

from __future__ import annotations

import unicodedata
from functools import cache

import regex

# Scripts written without spaces between words; each of their characters is a token, with the
# marks that belong to it (Unicode grapheme clusters, UAX 29).
_UNSPACED = (
    r"\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}"
    r"\p{Script=Khmer}\p{Script=Myanmar}"
)
_TOKEN = regex.compile(
    rf"(?:(?=[{_UNSPACED}])\X)|(?:(?![{_UNSPACED}])[\p{{L}}\p{{N}}][\p{{M}}\u200c\u200d]*)+"
)
_PUNCTUATION = regex.compile(r"[\p{P}\p{S}]")

# Words that MLQA's evaluation script (Lewis et al. 2020) takes out of an answer, by language, and
# the same for French, Italian and Portuguese, where articles are words of their own likewise.
_ARTICLES = {
    "en": r"\b(?:a|an|the)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "de": r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "vi": r"\b(?:của|là|cái|chiếc|những)\b",
    "fr": r"\b(?:un|une|des|le|la|les)\b|\bl['’]",
    "it": r"\b(?:un|uno|una|il|lo|la|i|gli|le)\b|\bl['’]",
    "pt": r"\b(?:um|uma|uns|umas|o|a|os|as)\b",
    "ar": r"(?<!\w)ال(?=\w)",
}


def tokens(text: str) -> list[str]:
    """Return words of letters, marks and digits of any script, case-folded after NFKC.

    Text of scripts without spaces comes character by character.
    """
    return [str(token) for token in _TOKEN.findall(folded(text))]


def folded(text: str) -> str:
    """Return text in NFKC, case-folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@cache
def _articles(base: str) -> regex.Pattern[str] | None:
    return regex.compile(_ARTICLES[base]) if base in _ARTICLES else None


def answer(text: str, language: str) -> str:
    """Return a short answer as compared: case, punctuation, articles and spaces do not count.

    After MLQA's evaluation script, with Unicode punctuation for ASCII's.
    """
    text = folded(text)
    articles = _articles(language.split("-")[0])
    if articles is not None:
        text = articles.sub(" ", text)
    return " ".join(_PUNCTUATION.sub(" ", text).split())
