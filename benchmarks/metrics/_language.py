"""Judging whether a text is in the language it should be: script first, then an identifier.

The script settles most: an answer whose letters are mostly of another script is in the wrong
language, and a language that has a script to itself needs nothing more. For the rest fastText's
lid.176 is asked. What it says of languages of one macrolanguage (ISO 639-3) is added up before it
is believed: Serbo-Croatian is three names in one to it, and none of them likely. It takes some
languages for their neighbours (Silesian for Polish) and guesses at those that it does not know
(Hausa), so answers are held to what it says of the references, which people wrote: an answer counts
as wrong only where it is surer of another language than it is of the references. Four things keep
that from blessing what it should find:

- The references' own share is what the identifier says without that allowance. Where it is high,
  the references are in another language, or the identifier does not tell this one from another.
- Fewer than 100 different references allow nothing.
- English is never allowed for: a model that fails to follow a language falls back to it. So Scots
  and the creoles that lid.176 takes for English count as wrong, among the references too.
- An allowance is for the one language that the references were taken for.

What the references say is also how text in a language that lid.176 does not know is found, of
which it is sure of nothing: where 99 of 100 long references have the language itself for likely, a
long answer that has it not is wrong. Where it does not know the language well enough for that
(Swahili, Yoruba), Hausa, Zulu, Xhosa and Somali are seldom or never found in its place.

Three things are not judged: simplified and traditional Chinese are one script here, a text too
short for the identifier is held to its script alone, and a language of which no script is known is
held to nothing: its score is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import regex

from benchmarks.metrics._base import Array, Segments, counted
from isogloss.identifiers import Ranking, alike
from isogloss.identifiers import base as _base
from isogloss.identifiers import fasttext as lid176
from isogloss.languages import describe, macrolanguage
from isogloss.scripts import scripts
from isogloss.scripts import unicode_scripts as _unicode

#: Below this many letters an identifier guesses, and only the script is judged: it counts as right.
ENOUGH_LETTERS = 20
#: From this many letters on, Japanese has kana among its characters.
ENOUGH_HAN = 10
#: An answer is not held to be in its language below this probability of it …
UNLIKELY = 0.1
#: … and held to be in another from this probability of the two likeliest on.
SURE = 0.7
#: From this many letters on an answer is held to how likely the references are in the language.
#: Measured on FLORES cut short: 40 letters of Welsh have it for unlikely in 7 of 100, 80 in 2.
LONG = 80
#: The share of references that may be taken for another language.
ERRORS = 0.01
#: From this many different references on, that share says how far the identifier errs.
ENOUGH_REFERENCES = 100
#: lid.176 is shown so many characters: what a text is in shows early.
LONGEST = 1000
#: What the identifier takes a text for is never put down to its errors if it is this.
NEVER_AN_ERROR = "en"

# Runs, not single letters: a third of the time.
_LETTERS = regex.compile(r"[\p{L}--[\p{Script=Common}\p{Script=Inherited}]]++", regex.V1)
_KANA = regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}]")

Identifier = Literal["script", "kana", "lid.176"]


class _Limits(NamedTuple):
    """What answers are held to: how sure of another language one must be, and of their own."""

    sure: Mapping[str, float]
    least: float


class _Said(NamedTuple):
    """What lid.176 takes a text for instead of its language, how surely; how likely that is."""

    other: str
    evidence: float
    own: float


_UNCALIBRATED = _Limits({}, 0.0)


def in_script(text: str, language: str) -> bool:
    """Tell whether at least half of a text's letters are of a script of the language.

    Text without letters, such as a number, is at home in every script; an empty one in none.
    """
    return _script_of(text, language) is not None


def identifier_of(language: str, script: str | None = None) -> Identifier:
    """Return what tells this language from others in a script (its first where none is given)."""
    first = script or next(iter(scripts(language)), None)
    if first is None:
        return "script"
    written = _unicode(first)[0]
    if written in ("Hira", "Hani"):
        return "kana"
    rivals = _known().get(written, frozenset()) - {_base(language)}
    return "lid.176" if rivals else "script"


def wrong_answers(segments: Segments) -> Array:
    """Return (1 if in the wrong language else 0, 1) of each answer, shape (n, 2); empty ones are.

    The identifier is held to what it says of the references. Where nothing is known that answers
    could be held to, the rows are 0.
    """
    limits = _limits(segments.language, tuple(_first_references(segments)))
    return _wrong(segments.answers, segments.language, limits)


def wrong_references(segments: Segments) -> Array:
    """Return the same of each segment's first reference, as the identifier alone sees them."""
    return _wrong(_first_references(segments), segments.language, _UNCALIBRATED)


def wrong_scripts(segments: Segments) -> Array:
    """Return (1 if in the wrong script else 0, 1) of each answer; 0 where no script is known."""
    if not scripts(segments.language):
        return np.zeros((len(segments), 2))
    return counted([not in_script(text, segments.language) for text in segments.answers])


def _first_references(segments: Segments) -> list[str]:
    return [accepted[0] for accepted in segments.references]


def _wrong(texts: Sequence[str], language: str, limits: _Limits) -> Array:
    if not scripts(language):
        return np.zeros((len(texts), 2))
    inside = [_is_inside(text, language) for text in texts]
    left = [number for number, known in enumerate(inside) if known is None]
    said = _elsewhere([texts[number] for number in left], language)
    for number, (other, evidence, own) in zip(left, said, strict=True):
        unlike = own < limits.least and _letters(texts[number]) >= LONG
        inside[number] = evidence < limits.sure.get(other, SURE) and not unlike
    return counted([not known for known in inside])


def _is_inside(text: str, language: str) -> bool | None:
    """Return whether a text is in a language; None where that is for lid.176 to say."""
    script = _script_of(text, language)
    if script is None:
        return False
    letters = _letters(text)
    how = identifier_of(language, script)
    if how == "kana":
        # Sentences of Chinese have no kana, and those of Japanese do.
        kana = len(_KANA.findall(text))
        return letters < ENOUGH_HAN or (kana > 0 if script == "Jpan" else 2 * kana < letters)
    return True if how == "script" or letters < ENOUGH_LETTERS else None


def _elsewhere(texts: Sequence[str], language: str) -> list[_Said]:
    """Return for each text what it seems to be in instead, and how sure that is; 0 for not."""
    shown = [text if len(text) <= LONGEST else " ".join(text.split())[:LONGEST] for text in texts]
    mine = alike(_base(language))
    return [_other(ranking, mine) for ranking in lid176.rankings(shown)]


def _other(ranking: Ranking, mine: frozenset[str]) -> _Said:
    own = sum(probability for name, probability in ranking if name in mine)
    if own >= UNLIKELY or not ranking:
        return _Said("", 0.0, own)
    together: dict[str, float] = {}
    for name, probability in ranking:
        whole = macrolanguage(name)
        together[whole] = together.get(whole, 0.0) + probability
    likeliest = sorted(together.items(), key=lambda item: -item[1])
    # Close languages share what is one's alone elsewhere: Czech and Slovak, half each.
    return _Said(likeliest[0][0], sum(probability for _, probability in likeliest[:2]), own)


@lru_cache(maxsize=8)
def _limits(language: str, references: tuple[str, ...]) -> _Limits:
    """Return for each other language how sure of it one must be: surer than of the references.

    Languages that few references are taken for are not in it, nor is English; it is empty where
    the references are too few to tell. Beside it is how likely 99 of 100 long ones are in the
    language itself, at most `UNLIKELY`; 0 where there are too few long ones.
    """
    different = dict.fromkeys(references)
    if "lid.176" not in _identifiers(language) or len(different) < ENOUGH_REFERENCES:
        return _UNCALIBRATED
    taken: dict[str, list[float]] = {}
    unsure = [text for text in different if _is_inside(text, language) is None]
    said = _elsewhere(unsure, language)
    for other, evidence, _ in said:
        if evidence >= SURE and other != NEVER_AN_ERROR:
            taken.setdefault(other, []).append(evidence)
    allowed = int(ERRORS * len(different))
    sure = {
        other: float(np.nextafter(sorted(found, reverse=True)[allowed], 2.0))
        for other, found in taken.items()
        if len(found) > allowed
    }
    long = sorted(one.own for text, one in zip(unsure, said, strict=True) if _letters(text) >= LONG)
    enough = len(long) >= ENOUGH_REFERENCES
    return _Limits(sure, min(UNLIKELY, long[int(ERRORS * len(long))]) if enough else 0.0)


def language_signature(name: str, language: str, *, calibrated: bool) -> str:
    """Return the signature of a share of texts in the wrong language.

    Args:
        name: The metric's.
        language: The tag of the texts' language.
        calibrated: Whether the identifier is held to what it says of the references.
    """
    identifiers = _identifiers(language)
    parts = [name, "script>=50%", f"judge:{'+'.join(identifiers) or 'none'}"]
    if "kana" in identifiers:
        parts += [f"letters>={ENOUGH_HAN}-else-script"]
    if any(script in ("Hans", "Hant") for script in scripts(language)):
        parts += ["Hans=Hant"]
    if "lid.176" in identifiers:
        rule = f"references>={ENOUGH_REFERENCES}<={ERRORS:.0%}-a-language-but-{NEVER_AN_ERROR}"
        parts += [lid176.signature(), f"sure>={SURE}", f"letters>={ENOUGH_LETTERS}-else-script"]
        parts += ["macrolanguages-as-one", f"calibrated:{rule}" if calibrated else "calibrated:no"]
        if calibrated:
            parts += [f"letters>={LONG}:as-likely-as-{1 - ERRORS:.0%}-of-references<={UNLIKELY}"]
    return "|".join([*parts, "v4"])


def _identifiers(language: str) -> tuple[Identifier, ...]:
    """Return what identifies the language in each of its scripts, that of the first script first."""
    return tuple(dict.fromkeys(identifier_of(language, script) for script in scripts(language)))


@cache
def _inside(script: str) -> Any:
    names = "".join(rf"\p{{Script={one}}}" for one in _unicode(script))
    return regex.compile(rf"[\p{{L}}&&[{names}]]++", regex.V1)


def _script_of(text: str, language: str) -> str | None:
    """Return the first script of the language that at least half of a text's letters are of."""
    if not text or text.isspace():
        return None
    half = _letters(text) / 2
    return next((one for one in scripts(language) if _letters(text, one) >= half), None)


# Three metrics ask for the same counts of the same texts.
@lru_cache(maxsize=1 << 16)
def _letters(text: str, script: str | None = None) -> int:
    """Return how many letters of a script (of any, where none is given) a text has."""
    runs = _inside(script) if script else _LETTERS
    return sum(map(len, runs.findall(text)))


@cache
def _known() -> dict[str, frozenset[str]]:
    """Return lid.176's languages by the script they are written in."""
    from isogloss.languages import is_language

    found: dict[str, set[str]] = {}
    for name in lid176.languages():
        if is_language(name):
            for script in _unicode(describe(name).script)[:1]:
                found.setdefault(script, set()).add(name)
    return {script: frozenset(names) for script, names in found.items()}
