"""Whether templates are in the script and the language that they claim.

A text's letters must be in its language's script; names in Latin letters (Python) are let through.
Simplified and traditional Chinese are one script to Unicode, and are known by what the two
old national character sets hold: of FLORES-200's 2,024 Chinese sentences, 1 in 1,000 has a
character that only the other set has, and every sentence of the other kind has one.

For the language two identifiers are used, fastText's lid.176 and langdetect; names of languages
that nobody can part count as one. A text is in another language where lid.176 gives the claimed
one less than a tenth, langdetect does not name it, and lid.176 is sure of another, or both agree on
it. A template is short, so those of a file and language are identified together first; each alone only
where it is long enough, and where lid.176 is surer still.

Measured on the 750 templates of 50 languages, and on FLORES-200's devtest (40 languages, 150
sentences each, cut to 90 characters, about as long as a task's three templates, to 45 in Chinese,
Japanese and Korean): none of the 200 groups of templates is refused and 1 of 6,000 texts, though
neither identifier knows Hausa, and lid.176 hardly Yoruba; of groups that claim another language of
the same script, 81 % are found. One by one, none of the 296 templates that are long enough is
refused and, cut to 40 characters, 5 of 6,000 texts; 69 % of the wrong claims are found. Missed are
close relatives, and languages that resemble nothing the identifiers know.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import regex

from isogloss.identifiers import alike, base, identifier, identify, knows, weigh
from isogloss.languages import describe, is_language
from isogloss.scripts import DENSITY, unicode_scripts, written_in

#: Of the letters that are not names, so many must be in the language's script.
SCRIPT_SHARE = 0.9
#: lid.176 must give the claimed language less than this …
UNLIKELY = 0.1
#: … and another one at least this: for templates together, and for one alone …
SURE, SURE_ALONE = 0.7, 0.9
#: … or this, where langdetect names that one too, all but certain …
AGREED, AGREED_ALONE = 0.4, 0.6
CERTAIN = 0.99
#: … from so many letters on; an ideograph or a syllable counts for three.
ENOUGH, ENOUGH_ALONE = 45, 30

_FIRST, _SECOND = "fasttext", "langdetect"

# The character set of each standard of Chinese, its own first.
_CHARACTER_SETS = {"Hans": ("gb2312", "big5"), "Hant": ("big5", "gb2312")}

_LETTER = regex.compile(r"(?![\p{Script=Common}\p{Script=Inherited}])\p{L}")
_DENSE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_NAME = regex.compile(r"(?<!\p{Latin})[\p{Lu}&&\p{Latin}]\p{Latin}*+", regex.V1)
_ALPHABETS = ("Latin", "Greek", "Cyrillic")
# One word in two alphabets whose letters look alike: one of them was typed for another.
_MIXED = regex.compile("|".join(
    rf"\p{{{one}}}\p{{{two}}}" for one in _ALPHABETS for two in _ALPHABETS if one != two
))  # fmt: skip


def script_fault(text: str, tag: str) -> str | None:
    """Return what is wrong with the script of a text, or None.

    Args:
        text: The text without its placeholders.
        tag: The canonical tag of its language.
    """
    mixed = _MIXED.search(text)
    if mixed:
        return f"mixes alphabets within a word (at {mixed.group()!r})"
    script = describe(tag).script
    if not unicode_scripts(script):
        return None
    total = len(_LETTER.findall(text))
    if script != "Latn":
        total -= sum(map(len, _NAME.findall(text)))
    own = len(_inside(tag).findall(text))
    if own == 0:
        return f"has no word in the script {script}"
    if own < SCRIPT_SHARE * total:
        return f"is not in the script {script}: {own} of {total} letters are"
    foreign = _of_other_standard(text, script)
    return f"is not in the script {script}: {' '.join(foreign)}" if foreign else None


def language_fault(text: str, tag: str, *, alone: bool) -> str | None:
    """Return which other language a text is surely in, or None.

    Args:
        text: The text without its placeholders: all of a task's, or one.
        tag: The canonical tag of the language that it claims.
        alone: Whether it is one.
    """
    letters = len(_LETTER.findall(text)) + (DENSITY - 1) * len(_DENSE.findall(text))
    if letters < (ENOUGH_ALONE if alone else ENOUGH):
        return None
    own, other, probability = weigh(identify([text], _FIRST)[0], tag, _others(tag))
    if own >= UNLIKELY or not other:
        return None
    said, certainty = next(iter(identify([text], _SECOND)[0]), ("", 0.0))
    if said in alike(base(tag)):
        return None
    agreed = said in alike(other) and certainty >= CERTAIN
    sure, enough = (SURE_ALONE, AGREED_ALONE) if alone else (SURE, AGREED)
    if probability < (enough if agreed else sure):
        return None
    return f"looks like {other}, not {tag} (fastText: {probability:.2f})"


def is_known(tag: str) -> bool:
    """Tell whether an identifier knows the language in its script."""
    return knows(_FIRST, tag) or knows(_SECOND, tag)


def may_be_both(text: str, left: str, right: str) -> bool:
    """Tell whether a text can be in both languages: fastText does not hold them apart there."""
    found = identify([text], _FIRST)[0]
    names = alike(base(left)), alike(base(right))
    return names[0] == names[1] or all(
        sum(probability for name, probability in found if name in ours) >= UNLIKELY
        for ours in names
    )


@cache
def _others(tag: str) -> frozenset[str]:
    """Return the languages that a text might be in instead: those of the tag's script.

    The script was checked before: a Latin name in a Thai text makes no English of it.
    """
    scripts = set(unicode_scripts(describe(tag).script))
    known = frozenset(name for name in identifier(_FIRST).languages() if is_language(name))
    return frozenset(name for name in known if scripts & written_in(name)) - alike(base(tag))


@cache
def _inside(tag: str) -> Any:
    names = "".join(rf"\p{{Script={name}}}" for name in unicode_scripts(describe(tag).script))
    return regex.compile(rf"[\p{{L}}&&[{names}]]", regex.V1)


def _of_other_standard(text: str, script: str) -> list[str]:
    """Return the characters of a Chinese text that only the other standard has."""
    if script not in _CHARACTER_SETS:
        return []
    own, other = _CHARACTER_SETS[script]
    characters = dict.fromkeys(regex.findall(r"\p{Han}", text))
    return [one for one in characters if not _encodes(one, own) and _encodes(one, other)]


def _encodes(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
