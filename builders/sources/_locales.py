"""Finding gettext catalogs, and the locale that each one's path names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from isogloss.languages import from_locale

_CATEGORY = "LC_MESSAGES"
_LONGEST = 16


class Located(NamedTuple):
    """A catalog: its file, its locale as written, and its path without suffix and locale.

    Locales of one application lay their catalogs out alike: without the locale a catalog has the
    same name in all of them, by which locale meets locale.
    """

    path: Path
    locale: str
    name: str


def locate(root: Path) -> Iterator[Located]:
    """Yield the catalogs below a folder whose path names a locale, sorted by path.

    Known are ``LOCALE/LC_MESSAGES/*.po``, ``LOCALE.po`` and ``LOCALE/**/*.po``, each anywhere.
    A ``.mo`` beside its ``.po`` says the same with less, and is left out.
    """
    files = sorted(path for path in root.rglob("*") if path.suffix in (".po", ".mo"))
    files = [path for path in files if path.is_file()]
    known = set(files)
    by_name = {path.parent for path in files if _is_plain_locale(path.stem)}
    for path in files:
        if path.suffix == ".mo" and path.with_suffix(".po") in known:
            continue
        parts = path.relative_to(root).with_suffix("").parts
        place = _place(parts, by_name=path.parent in by_name)
        if place is not None:
            name = PurePosixPath(*parts[:place], *parts[place + 1 :]).as_posix()
            yield Located(path, parts[place], name)


def _place(parts: tuple[str, ...], *, by_name: bool) -> int | None:
    """Return which part of a path is its locale.

    Three letters alone are of a language (ISO 639-3) as often as not when they stand for something
    else (``app``, ``gis``, ``gui``), so a part that can be nothing else goes before them.

    Args:
        parts: Folders from the root, and the name without its suffix.
        by_name: Whether catalogs of its folder are plainly named for their locales.
    """
    name = len(parts) - 1
    folders = range(name - 1, -1, -1)
    for folder in folders:
        if parts[folder] == _CATEGORY and folder and _is_locale(parts[folder - 1]):
            return folder - 1
    if by_name and _is_locale(parts[name]):
        return name
    for folder in folders:
        if _is_plain_locale(parts[folder]):
            return folder
    return next((place for place in (name, *folders) if _is_locale(parts[place])), None)


def _is_plain_locale(part: str) -> bool:
    return _is_locale(part) and not (len(part) == 3 and part.isalpha())


def _is_locale(part: str) -> bool:
    return len(part) <= _LONGEST and from_locale(part) is not None
