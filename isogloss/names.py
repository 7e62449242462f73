"""File names for text from outside: systems, languages and tasks may be called anything."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_LONGEST = 60


def slug(text: str) -> str:
    """Return a name of ``a-z``, ``0-9`` and ``-`` for a text: safe in a path, an address, an HTML id.

    A text that its slug does not plainly give gets a hash behind it, so that two texts do not share
    one: ``GPT 2`` → ``gpt-2``, ``日本`` → ``x-`` and eight digits.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    short = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-")
    plain_slug = re.sub(r"[\s_.,()/:-]+", "-", text.lower()).strip("-")
    if short and short == plain_slug:
        return short
    return f"{short or 'x'}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
