"""Finding gettext catalogs, and the locale that each one's path names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from babel import Locale, localedata

from isogloss.languages import from_locale

_SUFFIXES = (".po", ".mo", ".gmo")
_CATEGORY = re.compile(r"LC_[A-Z]+")
# A language, and it may be a script, a territory, variants; an encoding; a modifier.
_VARIANT = r"[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}"
_LOCALE = re.compile(
    r"([A-Za-z]{2,3}(?:[_-][A-Za-z]{4})?(?:[_-](?:[A-Za-z]{2}|[0-9]{3}))?"
    rf"(?:[_-](?:{_VARIANT}))*)(?:\.[\w-]+)?(?:@([^@]+))?"
)
_LANGUAGE = re.compile(rb"Language: *([A-Za-z]{2,3})(?![A-Za-z0-9])")

#: Names of folders that hold a file or a folder for each locale.
_CONTAINERS = frozenset(
    "po mo nls intl i18n l10n lang langs language languages locale locales messages translation "
    "translations catalogs".split()
)

# Modifiers of POSIX locales are no subtags, but for the codes and names of scripts and registered
# variants, which go without a table. glibc's locales, and those of free software's catalogs.
_MODIFIERS = {
    "bengali": ("Beng",),
    "cyr": ("Cyrl",),
    "ekavian": ("ekavsk",),
    "ekavianlatin": ("Latn", "ekavsk"),
    "ije": ("ijekavsk",),
    "ijekavian": ("ijekavsk",),
    "ijekavianlatin": ("Latn", "ijekavsk"),
    "iqtelif": ("Latn",),
    "lat": ("Latn",),
    "alternative": ("tarask",),
    "valencian": ("valencia",),
    # Of these, text is as without them: how it is sorted, and the euro.
    "abegede": (),
    "euro": (),
}


class Located(NamedTuple):
    """A catalog and what its path says.

    Locales of one application lay their catalogs out alike: without the locale a catalog has the
    same name in all of them, by which locale meets locale.

    Attributes:
        path: Its file.
        locale: Its locale as written, empty where the path names none.
        name: Its path without suffix and locale.
        tag: The canonical tag of the locale, None where it has a modifier that is not known.
    """

    path: Path
    locale: str
    name: str
    tag: str | None


def locate(root: Path) -> list[Located]:
    """Return the catalogs below a folder, sorted by path.

    Known are ``LOCALE/LC_MESSAGES/*.po``, ``LOCALE.po`` and ``LOCALE/**/*.po``, each anywhere.
    Where more than one part of a path may be a locale (``es/library/os.po``), it is the one that the
    catalog's header names; else the one in a folder for locales (``po``), or among locales alone.
    """
    files = sorted(path for path in root.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
    all_parts = [path.relative_to(root).with_suffix("").parts for path in files]
    tree = _Tree(all_parts)
    found = []
    for path, parts in zip(files, all_parts, strict=True):
        place = tree.place(parts, path)
        rest = parts if place is None else (*parts[:place], *parts[place + 1 :])
        locale = "" if place is None else parts[place]
        found.append(Located(path, locale, PurePosixPath(*rest).as_posix(), tag_of(locale)))
    return found


def beside(files: Sequence[Located]) -> list[Located]:
    """Return those of the files that are compiled from a ``.po`` beside: they say the same with less."""
    known = {file.path for file in files}
    return [
        file
        for file in files
        if file.path.suffix != ".po" and file.path.with_suffix(".po") in known
    ]


@cache
def tag_of(locale: str) -> str | None:
    """Return the tag of a POSIX locale (``pt_BR``, ``sr@latin`` → ``sr-Latn``), or None.

    None is returned too where its modifier is not known: what it is must not pass for the bare
    language.
    """
    match = _LOCALE.fullmatch(locale)
    if match is None or from_locale(match[1]) is None:
        return None
    extra = _subtags(match[2] or "")
    if extra is None:
        return None
    language, *rest = re.split("[_-]", match[1])
    scripts = [part for part in extra if len(part) == 4]
    variants = [part for part in extra if len(part) != 4]
    return from_locale("-".join([language, *scripts, *rest, *variants]))


def _subtags(modifier: str) -> tuple[str, ...] | None:
    """Return the script and variants that a modifier stands for, None where it is not known."""
    name = modifier.partition(".")[0].lower()
    if not name or "=" in name or name in _currencies():
        return ()
    if name in _MODIFIERS:
        return _MODIFIERS[name]
    script = _scripts().get(name)
    if script:
        return (script,)
    # Whether a variant is in the IANA registry hangs on no language.
    is_variant = re.fullmatch(_VARIANT, name) and from_locale(f"en-{name}") is not None
    return (name,) if is_variant else None


@cache
def _scripts() -> dict[str, str]:
    """Return the codes of scripts by what they are called, in lower case."""
    named = {str(code): str(name) for code, name in Locale("en").scripts.items()}
    return {name.lower(): code for code, name in named.items()} | {c.lower(): c for c in named}


@cache
def _currencies() -> frozenset[str]:
    return frozenset(str(code).lower() for code in Locale("en").currencies)


class _Tree:
    """The catalogs of a folder, by what lies beside what."""

    def __init__(self, files: Sequence[tuple[str, ...]]) -> None:
        self._beside: dict[tuple[bool, tuple[str, ...]], set[str]] = {}
        for parts in files:
            for place, part in enumerate(parts):
                self._beside.setdefault(self._key(parts, place), set()).add(part)

    def place(self, parts: tuple[str, ...], path: Path) -> int | None:
        """Return which part of a path is its locale, None where none is."""
        places = [place for place, part in enumerate(parts) if is_locale(part)]
        for place in reversed(places):
            if place + 1 < len(parts) - 1 and _CATEGORY.fullmatch(parts[place + 1]):
                return place
        if len(places) < 2:
            return places[0] if places else None
        found = _LANGUAGE.search(path.read_bytes())
        language = found[1].decode() if found else None
        return max(places, key=lambda place: self._weight(parts, place, language))

    def _weight(
        self, parts: tuple[str, ...], place: int, language: str | None
    ) -> tuple[bool, bool, bool, int, int, int]:
        """Return what speaks for a part's being the locale, the weightiest first."""
        container = parts[place - 1] if place else ""
        beside = [_plainness(part) for part in self._beside[self._key(parts, place)]]
        return (
            re.split(r"[_.@-]", parts[place])[0] == language,
            container.lower() in _CONTAINERS,
            min(beside) > 0,
            max(beside),
            sum(plainness > 0 for plainness in beside),
            -place if max(beside) else place,
        )

    @staticmethod
    def _key(parts: tuple[str, ...], place: int) -> tuple[bool, tuple[str, ...]]:
        return place == len(parts) - 1, parts[:place]


@cache
def is_locale(part: str) -> bool:
    """Tell whether a part of a path may be a locale, of whatever modifier."""
    match = _LOCALE.fullmatch(part)
    return match is not None and from_locale(match[1]) is not None


@cache
def _plainness(part: str) -> int:
    """Tell how plainly a part of a path is a locale: 0, 1 or 2.

    Three letters alone are of a language (ISO 639-3) as often as not where they stand for something
    else (``app``, ``gis``, ``gui``); less so where CLDR has a locale of it.
    """
    if not is_locale(part):
        return 0
    if len(part) == 3 and part.isalpha():
        return int(part.lower() in localedata.locale_identifiers())
    return 2
