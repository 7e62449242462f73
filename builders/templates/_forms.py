"""How a template's text is written: characters, spaces, punctuation and quotation marks.

What each language asks of its punctuation is a rule of the table below: a pattern that its text
never holds. Sources: CLDR 48 (delimiters), Unicode 17 chapters 6 and 9 and UAX #9, the Real
Academia's Ortografía (¿ ¡), the Imprimerie nationale's Lexique (spaces in French), and the
national standards for Arabic, Armenian, Ethiopic and Indic marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from unicodedata import is_normalized, name

import regex

from isogloss.identifiers import base
from isogloss.languages import describe

#: Stands for a placeholder in a text: it is no letter, no space and no punctuation.
STAND_IN = "\N{OBJECT REPLACEMENT CHARACTER}"

Fault = tuple[str, str]


@dataclass(frozen=True)
class _Rule:
    """What texts of some languages never hold.

    ``of`` lists languages, scripts or tags for which it is so, all where empty; ``but`` those for
    which it is not.
    """

    wrong: str
    problem: str
    remedy: str
    of: str = ""
    but: str = ""


# A mark at its place: not within an address, a number or a name such as "Node.js".
_MARK = r"(?<![A-Za-z0-9]){0}|{0}(?![A-Za-z0-9])"

_RULES = (
    _Rule(r"\A\s|\s\Z", "begins or ends with white space", "Take it away"),
    _Rule(r"[^\S\n]{2}|\t", "has two spaces in a row, or a tab", "Write one space"),
    _Rule(
        r"[\p{Cc}\p{Cn}\p{Co}\p{Cs}\uFFFD--\n\t]",
        "has a control, private or unassigned character",
        "Take it away",
    ),
    # Joiners shape letters, and direction marks have a check of their own.
    _Rule(
        r"[\p{Cf}--[\u200C\u200D\u200E\u200F\u061C\u202A-\u202E\u2066-\u2069]]",
        "has a format character that nobody sees",
        "Take it away",
        but="Thai Laoo Khmr Mymr",
    ),
    _Rule(r"\s[,.;:?!؟،؛。、，：；？！]", "has a space before punctuation", "Take it away", but="fr br"),
    _Rule(
        r"(?<![\u00A0\u202F;:?!])[;:?!](?!\S)|«(?![\u00A0\u202F])|(?<![\u00A0\u202F])»",
        "lacks a no-break space before : ; ? ! or » or after «",
        "Write U+00A0 before : and », U+202F before ; ? !",
        of="fr br",
        but="fr-CA",
    ),
    _Rule(_MARK.format("[,:;?!()]"), "has ASCII punctuation", "Write ，：；？！（）", of="Hans Hant Jpan"),
    _Rule(r"(?<=[\p{Han}\p{Hiragana}\p{Katakana}\uFFFC])\.", "has an ASCII full stop", "Write 。",
          of="Hans Hant Jpan"),
    _Rule(r"[，：；？！（）。、]", "has fullwidth punctuation of Chinese or Japanese",
          "Write the language's own", but="Hans Hant Jpan"),
    _Rule(r"\?", "has ? where Greek asks with ;", "Write ;", of="Grek"),
    _Rule(_MARK.format("[?,;]"), "has ? , or ; of the Latin script", "Write ؟ ، ؛", of="Arab"),
    _Rule(r"(?<=[\p{Arab}\p{M}])\.", "has the Latin full stop", "Write ۔", of="ur"),
    _Rule(r"[؟،؛۔]", "has punctuation of the Arabic script", "Write the language's own",
          but="Arab Syrc Thaa Nkoo Adlm Rohg"),
    _Rule(_MARK.format("[?!:]") + r"|(?<=\p{Armn})\.", "has ? ! : or . of the Latin script",
          "Write ՞ and ՜ over the stressed vowel, ՝ or ․ for a colon, ։ at the end", of="Armn"),
    _Rule(_MARK.format("[,;:]") + r"|(?<=\p{Ethi})\.", "has , ; : or . of the Latin script",
          "Write ፣ ፤ ፦ ።", of="Ethi"),
    _Rule(r"(?<=[\p{L}\p{M}\uFFFC])\.(?!\w)", "has the Latin full stop", "Write ।",
          of="hi bn pa as or ne mai bho"),
    _Rule("[şŞţŢ]", "has ş or ţ with a cedilla", "Write ș and ț, with a comma below", of="ro"),
    _Rule("[كي]", "has the Arabic letters ك or ي", "Write ک and ی", of="fa ur"),
    _Rule("[ыэёъЫЭЁЪ]", "has a letter that Ukrainian lacks", "Write it in Ukrainian", of="uk"),
    _Rule("[ыэёЫЭЁ]", "has a letter that Bulgarian lacks", "Write it in Bulgarian", of="bg"),
    _Rule("[іїєґўІЇЄҐЎ]", "has a letter that Russian lacks", "Write it in Russian", of="ru"),
)  # fmt: skip

# CLDR's delimiters, outer and inner, and what the language's books print beside them.
_QUOTES = {
    "“ ”": "en cy ha hi id ms ko bn sw ta te th vi yo zh-Hans gu mr lo nl af ur tr",
    "“ ” « »": "ar fa fr es pt gl ca it el eu am",
    "« » „ “": "ru uk be bg ka",
    "« » “ ”": "nb nn hy",
    "„ “ « »": "de hr cs sk sl da sr",
    "„ ” « »": "pl ro hu",
    "” »": "fi sv",
    "” ״": "he",
    "「 」 『 』": "ja zh-Hant",
}
_MARKS_OF = {tag: marks for marks, tags in _QUOTES.items() for tag in tags.split()}
_DOUBLE = regex.compile("[“”„‟«»‹›「」『』〝〞＂]")
_STRAIGHT = regex.compile("[\"'`´]")

# Languages that mark where a question begins.
_OPENED = ("es", "ast")
_BRACKETS = {"(": ")", "[": "]", "（": "）", "［": "］", "【": "】"}
# Isolates, then embeddings and overrides.
_DIRECTIONS = dict.fromkeys("\u2066\u2067\u2068", "\u2069") | dict.fromkeys(
    "\u202a\u202b\u202d\u202e", "\u202c"
)


def faults(text: str, tag: str) -> Iterator[Fault]:
    """Yield what is wrong with how a text is written, and what to do about each.

    Args:
        text: The text, with `STAND_IN` in the place of each placeholder.
        tag: The canonical tag of its language.
    """
    if not is_normalized("NFC", text):
        yield "is not in Unicode's form NFC", "Write composed characters"
    for pattern, problem, remedy in _rules(tag):
        found = pattern.search(text)
        if found:
            yield f"{problem}{_quoted(found.group())}", remedy
    yield from _quotation(text, tag)
    opened = base(tag) in _OPENED
    if opened and any(text.count(close) != text.count(first) for first, close in ("¿?", "¡!")):
        yield "asks or exclaims without a mark where that begins", "Write ¿ and ¡ there"
    if not _paired(text, _BRACKETS):
        yield "has a bracket too many or too few", "Pair them"
    if not _paired(text, _DIRECTIONS):
        yield "has a direction mark that opens or closes nothing (UAX #9)", "Pair them"


@cache
def _rules(tag: str) -> tuple[tuple[Any, str, str], ...]:
    names = {tag, base(tag), describe(tag).script}
    return tuple(
        (regex.compile(rule.wrong, regex.V1), rule.problem, rule.remedy)
        for rule in _RULES
        if (not rule.of or names & set(rule.of.split())) and not names & set(rule.but.split())
    )


def _quoted(found: str) -> str:
    """Name a character that cannot be seen."""
    if len(found) != 1 or found.isprintable():
        return ""
    return f" (U+{ord(found):04X}{f', {name(found)}' if name(found, '') else ''})"


def _quotation(text: str, tag: str) -> Iterator[Fault]:
    marks = _MARKS_OF.get(tag) or _MARKS_OF.get(base(tag))
    remedy = "An apostrophe is ’" + (f"; quotation marks are {marks}" if marks else "")
    straight = _STRAIGHT.search(text)
    if straight:
        yield f"has the typewriter's {straight.group()}", remedy
    others = {} if marks is None else dict.fromkeys(_DOUBLE.findall(text))
    strange = [mark for mark in others if mark not in str(marks)]
    if strange:
        yield f"has quotation marks of other languages ({' '.join(strange)})", remedy


def _paired(text: str, closers: dict[str, str]) -> bool:
    """Tell whether every character that opens something is closed, the last one first."""
    awaited: list[str] = []
    for character in text:
        if character in closers:
            awaited.append(closers[character])
        elif character in closers.values() and (not awaited or awaited.pop() != character):
            return False
    return not awaited
