"""Placeholders in interface strings: printf, Python, brace and Qt, and whether two sides agree."""

from __future__ import annotations

from collections import Counter

import regex

# printf conversions as GNU gettext's c-format, python-format and objc-format know them; without
# the space flag, which would take the "% s" out of "100 % sicher".
_CONVERSION = (
    r"%(?:\(\w+\)|[0-9]+\$)?[#0+'-]*(?:[0-9]+|\*)?(?:\.(?:[0-9]+|\*)?)?"
    r"(?:hh|h|ll|l|L|q|j|z|t)?[diouxXeEfFgGcrsap@]"
)
# Right after a digit it is a per cent sign where a word goes on: "100%ige"; not "1%(name)s가".
_PRINTF = rf"(?:(?<!\d)|(?=%\(|%[0-9]+\$)){_CONVERSION}|(?<=\d){_CONVERSION}(?!\p{{Script=Latin}})"
_QT_NUMBER = r"(?<!\d)%n(?!\w)"
_QT = r"%L?[0-9]{1,2}(?![0-9])"
_BRACE = r"\{\w*(?:\.\w+|\[\w+\])*(?:![rsa])?(?::[^{}]*)?\}"
_ANY = regex.compile(rf"%%|{_PRINTF}|{_QT_NUMBER}|{_QT}|{_BRACE}")

_IS_QT = regex.compile(_QT)
_NUMBERED = regex.compile(r"%[0-9]+\$.+")
# Takes the next of the arguments: has neither name nor number.
_NEXT = regex.compile(r"%[^%(n].*")


def spans(text: str) -> list[tuple[int, int]]:
    """Return where the placeholders of a text begin and end."""
    return [match.span() for match in _ANY.finditer(text)]


def misplaced(source: str, target: str, *, may_omit: bool) -> str:
    """Return the placeholders that only one side has (see `differing`), or an empty string."""
    return ", ".join(sorted(differing(source, target, may_omit=may_omit)))


def differing(source: str, target: str, *, may_omit: bool) -> set[str]:
    """Return the placeholders that only one side has.

    The n-th of those without a name is compared with whatever names the n-th argument on the other
    side: ``%s of %d`` with ``%2$d von %1$s``. One with a name or number may be said twice. Where
    ``may_omit`` holds, the translation may leave one out: a form for one number ("one day", "two
    days" in Arabic) need not repeat it.
    """
    ours, theirs = _ANY.findall(source), _ANY.findall(target)
    # "%50" is how Turkish and Basque write 50%: a Qt placeholder only where the source has any.
    if not any(_IS_QT.fullmatch(found) for found in ours):
        theirs = [found for found in theirs if not _IS_QT.fullmatch(found)]
    # Where one is left out, those after it are no longer the n-th.
    by_argument = not may_omit or any(_NUMBERED.fullmatch(found) for found in (*ours, *theirs))
    one, two = (_keyed(found, by_argument=by_argument) for found in (ours, theirs))
    told = dict((*two, *one))
    wrong = _difference(Counter(key for key, _ in one), Counter(key for key, _ in two), may_omit)
    return {told[key] for key in wrong}


def _keyed(found: list[str], *, by_argument: bool) -> list[tuple[str, str]]:
    """Return (key, as written): those of the same argument have the same key."""
    keyed, count = [], 0
    for written in found:
        key = written
        takes_next = _NEXT.fullmatch(written) and not _IS_QT.fullmatch(written)
        if by_argument and takes_next and not _NUMBERED.fullmatch(written):
            count += 1
            key = f"%{count}${written[1:]}"
        keyed.append((key, written))
    return keyed


def _difference(ours: Counter[str], theirs: Counter[str], may_omit: bool) -> set[str]:
    added, lost = theirs - ours, ours - theirs
    wrong = {key for key in added if key not in ours or not _repeatable(key)}
    if not may_omit or len(lost) > 1:
        wrong |= {key for key in lost if key not in theirs or not _repeatable(key)}
    return wrong


def _repeatable(key: str) -> bool:
    if key.startswith("{"):
        return key != "{}"
    return "(" in key or "$" in key or _IS_QT.fullmatch(key) is not None
