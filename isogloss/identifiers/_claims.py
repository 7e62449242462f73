"""Holding a text to the language that it claims: by whom, and against which other languages.

What identifiers get wrong was measured on text that people wrote and is data, ``measured.toml``
beside this; see there.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from functools import cache
from pathlib import Path

from isogloss.errors import Unavailable
from isogloss.files import sha256_file
from isogloss.languages import is_language
from isogloss.scripts import versions as written_by
from isogloss.scripts import written_in

#: Names that identifiers give to one language, or to what nobody tells apart from a sentence.
_ALIKE = (("no", "nb", "nn"), ("sr", "hr", "bs", "sh", "cnr"), ("zh", "wuu", "yue"), ("ar", "arz"))

_MEASURED = Path(__file__).with_name("measured.toml")


def base(tag: str) -> str:
    """Return the language of a tag, without its script or territory."""
    return tag.split("-")[0]


def versions() -> str:
    """Return the names and versions of all that is said of texts hangs on besides them and options."""
    from isogloss.identifiers import identifier, names

    found = [written_by(), f"measured.toml/{sha256_file(_MEASURED)[:12]}"]
    for name in names():
        with suppress(Unavailable):
            found.append(identifier(name).signature())
    return "|".join(found)


@cache
def alike(language: str) -> frozenset[str]:
    """Return the base languages that no identifier tells from one, which is among them."""
    found = next((group for group in _ALIKE if language in group), (language,))
    return frozenset(found)


@cache
def best(tag: str) -> str | None:
    """Return the identifier that says best whether a text is in a language.

    It is lid.176, held to their alphabets where Slavic languages in Cyrillic are wanted; None where it
    does not know the language, or not in the script of its tag.
    """
    from isogloss.identifiers.alphabets import WRITTEN

    name = "alphabets" if base(tag) in WRITTEN else "fasttext"
    return name if knows(name, tag) else None


@cache
def knows(name: str, tag: str) -> bool:
    """Tell whether an identifier knows a language, in the script that its tag says if any.

    It was shown a language in the scripts that people write it in: not Bosnian in Cyrillic.
    """
    from isogloss.identifiers import identifier

    language = base(tag)
    return bool(alike(language) & identifier(name).languages()) and bool(
        written_in(tag) & written_in(language)
    )


@cache
def rivals(name: str, tag: str, script: str) -> frozenset[str]:
    """Return what speaks against a text's being in a language, where an identifier names it.

    These are the languages that it knows in the same script, without those that it is known to
    take the language for. Where there are none, the script has settled it.

    Args:
        name: The identifier's.
        tag: The language that the text claims.
        script: The Unicode script of its letters.
    """
    mine = alike(base(tag))
    taken_for = _measured().get(name, {})
    mistaken = [alike(other) for one in mine for other in taken_for.get(one, ())]
    return (_known_in(name, script) - mine).difference(*mistaken)


@cache
def _known_in(name: str, script: str) -> frozenset[str]:
    from isogloss.identifiers import identifier

    known = identifier(name).languages()
    return frozenset(one for one in known if is_language(one) and script in written_in(one))


@cache
def _measured() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(_MEASURED.read_text(encoding="utf-8"))


def weigh(
    ranking: tuple[tuple[str, float], ...], tag: str, against: frozenset[str]
) -> tuple[float, str, float]:
    """Return how likely a text is in its language, the likeliest other one, and how likely that is.

    Args:
        ranking: What an identifier says of the text.
        tag: The language that the text claims; what is alike counts as it.
        against: Languages that count as other ones (see `rivals`); alike ones are taken together.

    Returns:
        Its probability; the other language ("" where there is none); that one's probability.
    """
    mine = alike(base(tag))
    own, other, evidence = 0.0, "", 0.0
    for name, probability in ranking:
        if name in mine:
            own += probability
        elif name in against:
            if not other:
                other, evidence = name, probability
            elif name in alike(other):
                evidence += probability
    return own, other, evidence
