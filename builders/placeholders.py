"""Placeholders in interface strings, and whether those of two sides agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import cache

import regex

# Which kind of placeholder a format of GNU gettext has ("c-format"; its manual, "Format Flags").
_FORMATS = {
    "printf": "c objc gcc-internal gfc-internal python perl php awk lua ruby go tcl elisp librep "
    "object-pascal javascript java-printf sh-printf",
    "brace": "python-brace perl-brace java csharp rust",
    "qt": "qt qt-plural kde kde-kuit ycp smalltalk boost",
    "shell": "sh",
    "tilde": "lisp scheme",
}
_KINDS = {f"{name}-format": kind for kind, names in _FORMATS.items() for name in names.split()}

# C's and Python's conversions, with the macros of <inttypes.h> as catalogs have them and glibc's
# flag I (the language's own digits).
_WHICH = r"(?:\((?P<name>\w+)\)|(?P<number>[0-9]+)\$)?"
_STAR = r"\*(?:[0-9]+\$)?"
_SIZES = rf"(?P<sizes>(?:[0-9]+|{_STAR})?(?:\.(?:[0-9]+|{_STAR})?)?)"
_LENGTH = r"(?P<length>hh|h|ll|l|L|q|j|z|Z|t)?"
_TYPE = r"(?P<type>[diouxXeEfFgGcCrsSaAp@]|<PRI\w+>)"
_FLAGS = "[#0+'I-]*"
_EXACT = rf"%{_WHICH}[#0+' I-]*{_SIZES}{_LENGTH}(?P<type>[diouxXeEfFgGcCrsSaApmnv@]|<PRI\w+>)"
# Where nothing says that there are any, "% s" may be of "100 % sicher"; right after a digit it is a
# per cent sign where a word goes on: "100%ige", not "1%(name)s가"; "%-encoding" is a word, "~%" a new line of Lisp.
_LIKELY = rf"(?<!~)%(?!-\p{{L}}{{2}}){_WHICH}{_FLAGS}{_SIZES}{_LENGTH}{_TYPE}"
_PRINTF = rf"(?:(?<!\d)|(?=%\(|%[0-9]+\$)){_LIKELY}|(?<=\d){_LIKELY}(?!\p{{Script=Latin}})"
_QT = r"(?P<qt>%L?[0-9]{1,2}(?![0-9]))|(?<!\d)(?P<n>%n)(?!\w)"
# Not an argument of TeX or Texinfo: "\emph{so}", "@code{so}".
_BRACE = r"(?<![\\@][A-Za-z]{1,20})\{(?P<field>\w*(?:\.\w+|\[\w+\])*)(?:![rsa])?(?::[^{}]*)?\}"
_SHELL = r"(?P<variable>\$\w+|\$\{\w+\})"
_TILDE = r"~(?:[-+]?[0-9]+|'.|[vV#])?(?:,(?:[-+]?[0-9]+|'.|[vV#])?)*[:@]*(?P<tilde>[A-Za-z$])"
# An address has bytes in hexadecimal: "%E3%83%87".
_ADDRESS = r"(?<=://\S{0,300})%[0-9A-Fa-f]{2}|(?:%[89A-F][0-9A-F]){2,}"
# What only dates have ("%Y-%m-%d"): each language has its own.
_DATE = regex.compile(r"(?<![%\d])%[-_^]?[YyBbmHMIkljUVwWZhRTDP](?!\p{L})")

_PATTERNS = {
    "printf": rf"%%|{_EXACT}",
    "brace": rf"\{{\{{|\}}\}}|{_BRACE}",
    "qt": rf"%%|{_QT}",
    "shell": _SHELL,
    "tilde": rf"~~|{_TILDE}",
}
_ANY = regex.compile(rf"%%|{_ADDRESS}|{_PRINTF}|{_QT}|(?<!\$){_BRACE}")

_LIKE = {"i": "d", "o": "u", "x": "u", "X": "u", "r": "s"} | dict.fromkeys("eEFgGaA", "f")


def spans(text: str) -> list[tuple[int, int]]:
    """Return where the placeholders of a text begin and end."""
    return [match.span() for match in _ANY.finditer(text)]


def misplaced(source: str, target: str, *, may_omit: bool, flags: Collection[str] = ()) -> str:
    """Return the placeholders that only one side has (see `differing`), or an empty string."""
    return ", ".join(sorted(differing(source, target, may_omit=may_omit, flags=flags)))


def differing(source: str, target: str, *, may_omit: bool, flags: Collection[str] = ()) -> set[str]:
    """Return the placeholders that only one side has.

    The n-th of those without a name is compared with whatever names the n-th argument on the other
    side: ``%s of %d`` with ``%2$d von %1$s``. How wide or precise a number is shown may differ. One
    with a name or number may be said twice. Where ``may_omit`` holds, the translation may leave one
    out: a form for one number ("one day", "two days" in Arabic) need not repeat it.

    Args:
        source: The source text.
        target: Its translation.
        may_omit: Whether the translation may leave one out.
        flags: Those of the entry: ``c-format`` says that there are such placeholders and no others;
            where there are none, all that look like one are.
    """
    kinds = {_KINDS[flag] for flag in flags if flag in _KINDS}
    ours, theirs = (_found(text, frozenset(kinds)) for text in (source, target))
    if not kinds:
        without = {_KINDS.get(flag.removeprefix("no-")) for flag in flags if flag[:3] == "no-"}
        if _DATE.search(source):
            without.add("printf")
        # "%50" is how Turkish and Basque write 50%: of Qt only where the source has any.
        if not any(kind == "qt" for kind, _ in ours):
            without.add("qt")
        ours, theirs = ([one for one in side if one[0] not in without] for side in (ours, theirs))
    # Where one is left out, those after it are no longer the n-th.
    numbered = any(match["number"] for kind, match in (*ours, *theirs) if kind == "printf")
    one, two = (_keyed(side, by_argument=not may_omit or numbered) for side in (ours, theirs))
    written = dict((*two, *one))
    wrong = _difference(Counter(key for key, _ in one), Counter(key for key, _ in two), may_omit)
    return {written[key] for key in wrong}


_Found = list[tuple[str, "regex.Match[str]"]]


def _found(text: str, kinds: frozenset[str]) -> _Found:
    """Return the placeholders of a text, each with its kind."""
    found: _Found = []
    for match in _pattern(kinds).finditer(text):
        groups = match.groupdict()
        if groups.get("type"):
            if match["type"] != "m":  # the last error, of no argument
                found.append(("printf", match))
        elif groups.get("qt") or groups.get("n"):
            found.append(("qt", match))
        elif groups.get("field") is not None:
            found.append(("brace", match))
        elif groups.get("variable"):
            found.append(("shell", match))
        elif groups.get("tilde"):
            found.append(("tilde", match))
    return found


@cache
def _pattern(kinds: frozenset[str]) -> regex.Pattern[str]:
    return regex.compile("|".join(_PATTERNS[kind] for kind in sorted(kinds))) if kinds else _ANY


def _keyed(found: _Found, *, by_argument: bool) -> list[tuple[str, str]]:
    """Return (key, as written): those of the same argument and type have the same key."""
    keyed: list[tuple[str, str]] = []
    counts = {"printf": 0, "brace": -1}
    for kind, match in found:
        written = match[0]
        if kind == "printf":
            for which, what in _arguments(match):
                if not which and by_argument:
                    counts[kind] += 1
                    which = f"{counts[kind]}$"
                keyed.append((f"%{which}{what}", written))
        elif kind == "brace":
            field = match["field"]
            # As Python counts them: the first is 0.
            counts[kind] += field == ""
            keyed.append((f"{{{field or counts[kind]}}}", written))
        elif kind == "tilde":
            keyed.append((f"~{match['tilde'].upper()}", written))
        else:
            keyed.append((written.replace("{", "").replace("}", ""), written))
    return keyed


def _arguments(match: regex.Match[str]) -> list[tuple[str, str]]:
    """Return the arguments that a conversion takes: which (``1$``, ``(name)``), and of what type."""
    arguments = [(found.removeprefix("*"), "*") for found in regex.findall(_STAR, match["sizes"])]
    written = str(match["type"])
    what = (match["length"] or "").replace("Z", "z") + _LIKE.get(written, written)
    if match["name"]:
        return [*arguments, (f"({match['name']})", what)]
    return [*arguments, (f"{match['number']}$" if match["number"] else "", what)]


def _difference(ours: Counter[str], theirs: Counter[str], may_omit: bool) -> set[str]:
    added, lost = theirs - ours, ours - theirs
    wrong = {key for key in added if key not in ours or not _repeatable(key)}
    if not may_omit or len(lost) > 1:
        wrong |= {key for key in lost if key not in theirs or not _repeatable(key)}
    return wrong


def _repeatable(key: str) -> bool:
    return key[0] in "{$" or "(" in key or "$" in key or regex.fullmatch(_QT, key) is not None
