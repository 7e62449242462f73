"""Contexts that catalogs hold inside a msgid, and entries without them.

Before gettext had ``msgctxt``, and here and there still, programs put what a text is about into the
text: KDE 3 as ``_: keyboard label\\nThe return key``, GLib's ``Q_()`` as ``Playlist|Remove``, Wesnoth
with a caret, LyX as ``Text[[Menu]]``.
"""

from __future__ import annotations

from dataclasses import replace

import regex

from builders.readers.po import Entry

#: How KDE 3 began a plural, whose forms are lines of one string.
IN_ONE_STRING = "_n:"

_KDE = regex.compile(r"_: ?(?P<context>[^\n]*+)\n(?=.)", regex.DOTALL)
_EOT = regex.compile(r"(?P<context>[^\x04]*+)\x04(?=.)", regex.DOTALL)
# Words, not the parts of a pattern or a menu of shell ("a | b", "%s|%d", "<a|b>").
_PARTED = regex.compile(
    r"(?P<context>(?=[^|^]*\p{L})[^\s|^%{}<>\[\]()*.][^\n|^%{}<>\[\]()*]{0,58}(?<!\s))(?P<mark>[|^])(?=[^\s|^])"
)
_BEHIND = regex.compile(r"(?<=\S)\[\[(?P<context>[^\[\]\n]+)\]\]$")
# What a translation may have for a bar that is text: "yes|no", "ja/nein".
_BARS = {"|": "|/｜¦│", "^": "^"}


def parted(entry: Entry) -> Entry:
    """Return an entry whose contexts are all in ``msgctxt``, and not in its texts.

    A bar or caret parts a context from a text only where the translation has one less: there the
    translators knew it for one.
    """
    for pattern in (_EOT, _KDE):
        if match := pattern.match(entry.msgid):
            return _without(entry, match["context"], pattern)
    if match := _BEHIND.search(entry.msgid):
        return _without(entry, match["context"], _BEHIND)
    match = _PARTED.match(entry.msgid)
    if match is None or not _are_parted(entry, match):
        return entry
    prefix = match[0]
    plural = entry.msgid_plural
    return replace(
        entry,
        msgctxt=_joined(entry.msgctxt, match["context"]),
        msgid=entry.msgid.removeprefix(prefix),
        msgid_plural=plural.removeprefix(prefix) if plural else plural,
    )


def without_context(msgid: str) -> str:
    """Return a msgid without what may be a context of it, whatever its translations are."""
    for pattern in (_EOT, _KDE, _PARTED):
        if match := pattern.match(msgid):
            return msgid[match.end() :]
    return _BEHIND.sub("", msgid)


def _are_parted(entry: Entry, match: regex.Match[str]) -> bool:
    """Tell whether translations have a bar less than their source, in all their forms."""
    texts = [entry.msgid, *([entry.msgid_plural] if entry.msgid_plural else [])]
    if not all(text.startswith(match[0]) for text in texts):
        return False
    mark, left = match["mark"], entry.msgid[match.end() :]
    return all(
        form.count(mark) == left.count(mark)
        and all(form.count(bar) <= left.count(bar) for bar in _BARS[mark])
        for form in entry.forms
    )


def _without(entry: Entry, context: str, pattern: regex.Pattern[str]) -> Entry:
    plural = entry.msgid_plural
    return replace(
        entry,
        msgctxt=_joined(entry.msgctxt, context),
        msgid=pattern.sub("", entry.msgid, count=1),
        msgid_plural=pattern.sub("", plural, count=1) if plural else plural,
        forms=[pattern.sub("", form, count=1) for form in entry.forms],
    )


def _joined(outer: str | None, inner: str) -> str:
    return f"{outer}|{inner}" if outer else inner
