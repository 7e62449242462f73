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

_CHARACTER = "".join(rf"\p{{Script={name}}}" for name in UNSPACED.values())
# Signs that are read as words, though Unicode files them under punctuation: Burmese, Tai Tham.
_SIGNS = r"\u104C-\u104F\u1AA0-\u1AA2"
# What is read as part of a word: letters, marks and digits of every script; what Unicode takes for a
# letter where it cuts words (UAX 29: tone letters, Armenian accents, the geresh); and signs that a
# script has for itself (Braille, SignWriting, Sindhi's "and").
_LETTER = (
    rf"[[\p{{L}}\p{{M}}\p{{N}}\p{{WB=ALetter}}{_SIGNS}]"
    r"||[\p{So}--[\p{Script=Common}\p{Script=Inherited}]]]"
)
# The joiners are part of Persian and Indic spelling.
_AFTER = r"[\p{M}\u200c\u200d]*+"
# Without spaces each character is a token, with the marks that belong to it. Grapheme clusters (UAX 29)
# leave out vowels and tones of Burmese, Shan, Mon and Karen, which take room of their own.
_TOKEN = regex.compile(
    rf"(?=[{_CHARACTER}])(?={_LETTER})\X{_AFTER}"
    # A mark that no letter is before, as after an emoji, begins no word.
    rf"|(?!\p{{M}})(?:(?![{_CHARACTER}])(?:{_LETTER}|[\u200c\u200d]))++|\p{{M}}++",
    regex.V1,
)
_SEGMENT = regex.compile(rf"(?=[{_CHARACTER}])\X{_AFTER}|(?:(?![{_CHARACTER}])\S)+", regex.V1)
_JOINERS = regex.compile(r"^[\u200c\u200d]+$")

# What MLQA's evaluation takes for punctuation, Unicode's category P and all of ASCII's, but for signs
# that are words.
_PUNCTUATION = regex.compile(rf"[[\p{{P}}$+<=>^`|~]--[{_SIGNS}]]", regex.V1)

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
