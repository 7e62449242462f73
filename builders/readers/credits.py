"""Entries of catalogs in which translators put their own names: personal data, and no translations."""

from __future__ import annotations

import re
from collections.abc import Sequence

from builders.readers.po import Entry

# A msgid that nobody reads as it stands: a name in place of a text ("translator-credits",
# "TRANSLATOR_CREDITS"), KDE's for its documents and its dialogues.
_PLACE = re.compile(
    r"[_$]?(?:translat(?:or|ors|ion|ions|ed)[-_: ]?(?:credits?|by|info|authors?|names?|e-?mails?)"
    r"(?:[-_](?:names?|e-?mails?))?"
    r"|(?:roles?|credits?|names?|e-?mails?)[_-](?:of|for)[_-](?:the[_-])?translators?"
    r"|translators)_?"
)
_CONTEXT = re.compile(
    r"\b(?:names?|e-?mails?|roles?) (?:of|for) (?:the )?translators?\b|^translators?[-_ ]credits?$",
    re.IGNORECASE,
)
# KDE's, and as others copied it: "Your name" is what a form asks for.
_YOURS = re.compile(r"Your (?:names|e-?mails)|YOUR (?:NAMES?|E-?MAILS?(?: ADDRESS(?:ES)?)?)")
# What Launchpad puts into a catalog that it writes: a heading, and its users with their pages.
_LAUNCHPAD = re.compile(r"Launchpad Contributions\b|\blaunchpad\.net/~")
# What programmers say to translators of such an entry.
_COMMENT = re.compile(
    r"translators?['’]?s?[-_ ]credits?|one translator per line|credits? (?:for|of) (?:the )?translat"
    r"|(?:put|add|enter|insert|write|replace)\b.{0,40}\byour(?: own)? (?:full )?names?\b",
    re.IGNORECASE | re.DOTALL,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def names_translators(entry: Entry, forms: Sequence[str]) -> bool:
    """Tell whether the forms of an entry name those who wrote them.

    That is so where the msgid, its context or its comment says it, where Launchpad lists them in
    the forms, and where these have more addresses of electronic mail than the source text.
    """
    msgid = entry.msgid.strip()
    # "Translator Credits" is what a dialogue may be called: a text.
    is_place = _PLACE.fullmatch(msgid.lower()) and (msgid.islower() or msgid.isupper())
    if is_place or _YOURS.fullmatch(msgid) or _CONTEXT.search(entry.msgctxt or ""):
        return True
    if _COMMENT.search(entry.comments):
        return True
    if any(map(_LAUNCHPAD.search, forms)) and not _LAUNCHPAD.search(msgid):
        return True
    known = len(set(_ADDRESS.findall(f"{msgid} {entry.msgid_plural or ''}")))
    return any(len(set(_ADDRESS.findall(form))) > known for form in forms)
