"""Cutting and comparing text of every script."""

from __future__ import annotations

import unicodedata
from functools import cache

import regex

#: Scripts written without spaces between words, by ISO 15924 code and by Unicode name.
UNSPACED = {
    "Hani": "Han",
    "Hira": "Hiragana",
    "Kana": "Katakana",
    "Bopo": "Bopomofo",
    "Thai": "Thai",
    "Laoo": "Lao",
    "Khmr": "Khmer",
    "Mymr": "Myanmar",
    "Tibt": "Tibetan",
    "Lana": "Tai_Tham",
    "Tavt": "Tai_Viet",
    "Talu": "New_Tai_Lue",
    "Java": "Javanese",
    "Bali": "Balinese",
}

# Each character of those is a token, with the marks that belong to it (grapheme clusters, UAX 29).
_CHARACTER = "".join(rf"\p{{Script={name}}}" for name in UNSPACED.values())
# A word is letters, marks and digits; the joiners are part of Persian and Indic spelling.
_TOKEN = regex.compile(
    rf"(?:(?=[{_CHARACTER}])(?=[\p{{L}}\p{{N}}])\X)"
    rf"|(?:(?![{_CHARACTER}])[\p{{L}}\p{{M}}\p{{N}}\u200c\u200d])+"
)
_SEGMENT = regex.compile(rf"(?:(?=[{_CHARACTER}])\X)|(?:(?![{_CHARACTER}])\S)+")
_JOINERS = regex.compile(r"^[\u200c\u200d]+$")

# What MLQA's evaluation takes for punctuation: Unicode's category P and all of ASCII's.
_PUNCTUATION = regex.compile(r"[\p{P}$+<=>^`|~]")

# Words that MLQA's evaluation script (Lewis et al. 2020) takes out of an answer, by language, and
# the same for French, Italian and Portuguese, where articles are words of their own likewise.
_ARTICLES = {
    "en": r"\b(?:a|an|the)\b",
    "es": r"\b(?:un|una|unos|unas|el|la|los|las)\b",
    "de": r"\b(?:ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "vi": r"\b(?:của|là|cái|chiếc|những)\b",
    "fr": r"\b(?:un|une|des|le|la|les)\b",
    "it": r"\b(?:un|uno|una|il|lo|la|i|gli|le)\b",
    "pt": r"\b(?:um|uma|uns|umas|o|a|os|as)\b",
    "ar": r"(?<!\w)ال(?=\w)",
}
# Elided, the article hangs on the noun, and would be part of it once punctuation is gone.
_ELIDED = {"fr": r"\bl['’]", "it": r"\b(?:un|gl|l)['’]"}


def tokens(text: str) -> list[str]:
    """Return words of letters, marks and digits of any script, case-folded after NFKC.

    Text of scripts without spaces comes character by character.
    """
    found = (str(token) for token in _TOKEN.findall(folded(text)))
    return [token for token in found if not _JOINERS.match(token)]


def segments(text: str) -> list[str]:
    """Cut an answer at spaces, and where a script has none, between characters."""
    return [str(segment) for segment in _SEGMENT.findall(text)]


def folded(text: str) -> str:
    """Return text in NFKC, case-folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern)


def answer(text: str, language: str) -> str:
    """Return a short answer as compared: case, punctuation, articles and spaces do not count.

    After MLQA's evaluation script (Lewis et al. 2020, "MLQA: Evaluating Cross-lingual Extractive
    Question Answering"), with NFKC and case folding for lower case. An answer of nothing but
    punctuation or articles stays as it is, so that no answer at all is not equal to it.
    """
    base = language.split("-")[0]
    text = plain = folded(text)
    if base in _ELIDED:
        text = _compiled(_ELIDED[base]).sub(" ", text)
    text = _PUNCTUATION.sub("", text)
    if base in _ARTICLES:
        text = _compiled(_ARTICLES[base]).sub(" ", text)
    return " ".join(text.split()) or " ".join(plain.split())
