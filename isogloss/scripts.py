"""Which scripts text is written in, and which ones a language is: Unicode's and CLDR's data.

Scripts go by their codes of ISO 15924. A letter is a character of general category L and of a
script of its own (Unicode Standard Annex 24): not one that scripts share, as the long vowels of
Japanese and the tone letters of phonetics are.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

import numpy as np
import polars as pl
import regex
from numpy.typing import NDArray

from isogloss.languages import UNKNOWN_SCRIPT, describe, says_script
from isogloss.text import utf8

# A script in which so great a part of a language's writers write it is as good as its first.
_SHARE_OF_WRITERS = 0.1

# Codes that stand for other than the one Unicode script of that code. Korean is written with Han
# characters too, but seldom, and never without Hangul.
_EAST_ASIAN = {
    "Jpan": ("Hira", "Kana", "Hani"),
    "Kore": ("Hang",),
    "Hans": ("Hani", "Bopo"),
    "Hant": ("Hani", "Bopo"),
    "Hanb": ("Hani", "Bopo"),
    "Hrkt": ("Hira", "Kana"),
}
# Styles of a script, which have codes of their own in ISO 15924, and parts of one.
_STYLES = {
    "Aran": ("Arab",), "Cyrs": ("Cyrl",), "Geok": ("Geor",), "Hntl": ("Hani", "Latn"),
    "Jamo": ("Hang",), "Latf": ("Latn",), "Latg": ("Latn",), "Syre": ("Syrc",),
    "Syrj": ("Syrc",), "Syrn": ("Syrc",),
}  # fmt: skip
_UNICODE = _EAST_ASIAN | _STYLES
# Common, inherited and unassigned characters: no letters of a script.
_NO_SCRIPT = frozenset({"Zyyy", "Zinh", UNKNOWN_SCRIPT})

#: An ideograph or a syllable says about as much as so many letters of an alphabet.
DENSITY = 3
# Scripts, by their codes in tags, of which that holds.
_DENSE = frozenset(_EAST_ASIAN)

_EVERY_LETTER = r"[\p{L}--[\p{Script=Common}\p{Script=Inherited}]]++"
# The scripts of most letters come first: among equals, too.
_LARGE = ("Hani", "Hang")
_NONE, _UNNAMED = "", "Zzzz"


@cache
def scripts(language: str) -> tuple[str, ...]:
    """Return the script codes that text of a language may be in, the most likely first.

    A tag without a script allows every script that a tenth of the language's writers use (CLDR's
    territory data, as packaged in language_data): Serbian in Latin is Serbian. There are none where
    CLDR knows none, nor where Unicode has no letters of the script (``Qaaa``, Tengwar): such text can
    be held to no script.
    """
    first = describe(language).script
    if not unicode_scripts(first):
        return ()
    if says_script(language):
        return (first,)
    writers = _writers().get(language.split("-")[0], {})
    everyone = max(writers.get("", 0), 1)
    others = (
        script
        for script, some in writers.items()
        if script not in ("", first) and some >= _SHARE_OF_WRITERS * everyone
    )
    return (first, *others)


@cache
def _writers() -> dict[str, dict[str, int]]:
    """Return how many people write each base language in each script at most; "" is in any."""
    from language_data.population_data import LANGUAGE_WRITING_POPULATION

    found: dict[str, dict[str, int]] = {}
    for tag, writers in sorted(LANGUAGE_WRITING_POPULATION.items()):
        base, *more = tag.split("-")
        script = more[0] if more else ""
        if not more or (len(script) == 4 and script.isalpha()):
            some = found.setdefault(base, {})
            some[script] = max(writers, some.get(script, 0))
    return found


def versions() -> str:
    """Return the versions of what the script of a letter and those of a language hang on."""
    return "|".join(f"{name}/{version(name)}" for name in ("regex", "babel", "language_data"))


def unicode_scripts(script: str) -> tuple[str, ...]:
    """Return the Unicode scripts that a script code stands for: of ``Jpan``, the three.

    There are none where Unicode has no letters of it.
    """
    return _UNICODE.get(script) or ((script,) if _is_script(script) else ())


@cache
def written_in(language: str) -> frozenset[str]:
    """Return the Unicode scripts that letters of a language may be of; none where none is known."""
    return frozenset(one for script in scripts(language) for one in unicode_scripts(script))


def density(language: str) -> int:
    """Return about how many letters of an alphabet say what one of the language's does."""
    return DENSITY if describe(language).script in _DENSE else 1


def count(texts: pl.Series, languages: pl.Series) -> pl.DataFrame:
    """Count letters by script, for a whole column in one native call (about 1 µs a sentence).

    Args:
        texts: Strings without nulls.
        languages: The language tag that each text claims.

    Returns:
        A row for each text: ``letters`` of any script; ``inside``, those of a script of the
        language, and all where no script of it is known; ``script``, the Unicode script of most
        letters; ``own``, that of most letters inside. The scripts are empty where there are no such
        letters; of two with as many, the first by code counts.
    """
    from isogloss import _letters

    names, table = _table()
    tags = languages.unique().sort()
    wanted = np.zeros((len(tags), len(names)), dtype=np.bool_)
    for row, tag in enumerate(tags):
        own = written_in(tag)
        wanted[row] = [name in own or (not own and name != _NONE) for name in names]
    which = languages.cast(pl.Enum(tags)).to_physical().cast(pl.Int32).to_numpy()
    found = _letters.count(*utf8(texts), table, wanted, which)
    codes = pl.Series(names)
    return pl.DataFrame(
        {
            "letters": found[:, 0],
            "inside": found[:, 1],
            "script": codes.gather(found[:, 2]),
            "own": codes.gather(found[:, 3]),
        }
    )


@cache
def _table() -> tuple[list[str], NDArray[np.uint8]]:
    """Return script codes, and the number among them of each code point's script.

    The first code is empty and stands for what is no letter; the second, ``Zzzz``, for letters of
    scripts that CLDR has no code for yet.
    """
    from babel import Locale

    others = (code for code in sorted(Locale("en").scripts) if code not in _LARGE)
    codes = [*_LARGE, *(code for code in others if _is_script(code))]
    # All characters but surrogates; of the letters then, runs of one script.
    points = np.concatenate([np.arange(0xD800), np.arange(0xE000, 0x110000)])
    characters = points.astype("<u4").tobytes().decode("utf-32-le")
    letters = "".join(regex.findall(_EVERY_LETTER, characters, regex.V1))
    runs = "|".join(rf"(?P<{code}>\p{{Script={code}}}++)" for code in codes)
    names = [_NONE, _UNNAMED, *codes]
    table = np.zeros(0x110000, dtype=np.uint8)
    table[_points(letters)] = 1
    for run in regex.finditer(runs, letters):
        table[_points(run.group())] = names.index(str(run.lastgroup))
    return names, table


@cache
def _is_script(code: str) -> bool:
    """Tell whether a code is of one Unicode script."""
    if code in _NO_SCRIPT:
        return False
    try:
        regex.compile(rf"\p{{Script={code}}}")
    except regex.error:
        return False
    return True


def _points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
