"""Keyboard mnemonics in interface strings (``&File``, ``_Datei``, ``打开(&O)``), and without them."""

from __future__ import annotations

from typing import NamedTuple

import regex

from builders import placeholders

# The mark is before the letter it underlines; in CJK, "(&O)" after the text. No "&amp;".
_MARK = regex.compile(r"(?<![&_])[&_](?=[\p{L}\p{N}])(?!\w+;)")
_TRAILING = regex.compile(r"\s*[(（][&_]\w[)）]")
_WORD = regex.compile(r"[\w&]+")
_AT_START = regex.compile(r"(?<![^\s|\"'(\[«“„])[&_]")
_INITIALS = regex.compile(r"(?<!\w)\w&\w(?!\w)")


class _Marks(NamedTuple):
    """Where a text may have a mark: at the start of a word, and inside of one."""

    plain: list[tuple[int, int]]
    inner: list[tuple[int, int]]


def without_mnemonic(source: str, target: str) -> tuple[str, str, bool]:
    """Return both sides without their keyboard mnemonics, and whether there were any.

    Each side has at most one, outside placeholders and not of a name: of a word that both share
    (``AT&T``, ``_id``), between capitals (``Q&A``) or in an identifier (``file_name``). Where only
    one side has a mark, it is at the start of a word.
    """
    ours, theirs = _marks(source), _marks(target)
    if len(ours.plain) > 1 or len(theirs.plain) > 1:
        return source, target, False
    one, two = ours.plain, theirs.plain
    # Inside a word of one side ("Ordner a_nlegen"), where the other says that there is one.
    if not one and len(ours.inner) == 1 and two and not theirs.inner:
        one = ours.inner
    elif not two and len(theirs.inner) == 1 and one and not ours.inner:
        two = theirs.inner
    elif not one and not two and len(ours.inner) == len(theirs.inner) == 1:
        one, two = ours.inner, theirs.inner
        if _in_identifier(source, one[0]):
            return source, target, False
    if one and two and _is_shared(_word_at(source, one[0]), _word_at(target, two[0])):
        return source, target, False
    return _cut(source, one), _cut(target, two), bool(one or two)


def folded(text: str) -> str:
    """Return a text without anything that may be a mark, to compare it with others by."""
    return _MARK.sub("", _TRAILING.sub("", text))


def _marks(text: str) -> _Marks:
    trailing = _TRAILING.search(text)
    if trailing:
        return _Marks([trailing.span()], [])
    taken = placeholders.spans(text)
    found = _Marks([], [])
    for match in _MARK.finditer(text):
        if any(start <= match.start() < end for start, end in taken):
            continue
        if _AT_START.match(text, match.start()):
            if text[match.end()].isalpha() and _word_at(text, match.span()).count("_") <= 1:
                found.plain.append(match.span())
        elif not _in_name(text, match.span()):
            found.inner.append(match.span())
    return found


def _in_name(text: str, span: tuple[int, int]) -> bool:
    """Tell whether a mark inside a word is plainly a part of it: ``Q&A``, ``MAX_SIZE``, ``a_b_c``."""
    before, after = text[span[0] - 1], text[span[1]]
    initials = text[span[0]] == "&" and _INITIALS.match(text, span[0] - 1) is not None
    capitals = before.isupper() and after.isupper()
    return initials or capitals or not after.isalpha() or _word_at(text, span).count("_") > 1


def _in_identifier(text: str, span: tuple[int, int]) -> bool:
    """Tell whether a mark may be of an identifier: ``file_name``, ``File_Name``, not ``Sa_ve``."""
    return text[span[0]] == "_" and (_word_at(text, span).islower() or text[span[1]].isupper())


def _is_shared(ours: str, theirs: str) -> bool:
    """Tell whether the marked words are one name, such as ``AT&T`` or ``_id``, not ``_OK``."""
    return ours == theirs and not regex.match(r"&|_\p{Lu}|$", ours)


def _cut(text: str, marks: list[tuple[int, int]]) -> str:
    return text[: marks[0][0]] + text[marks[0][1] :] if marks else text


def _word_at(text: str, span: tuple[int, int]) -> str:
    """Return the word that a place is in, empty where it is in none."""
    matches = _WORD.finditer(text)
    return next((word[0] for word in matches if word.start() <= span[0] < word.end()), "")
