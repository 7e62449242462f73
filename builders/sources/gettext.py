"""Gettext catalogs (``.po``, ``.mo``): interface strings and their translations."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, metadata
from pathlib import Path
from typing import Literal

import polars as pl
import polib
from pydantic import model_validator

from builders.sources import _catalog
from builders.sources._base import Context, Reading, SourceOptions, conformed
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, from_locale, same_language
from isogloss.provenance import sha256_file
from isogloss.wheels import extract, fetch

DESCRIPTION = "gettext catalogs of a package or a folder: translation, English to and from a locale"
EXAMPLE = """[[sources]]
name = "django"
kind = "gettext"
pypi = "django==5.2.19"      # or package = "…" (installed), or path = "…" (a folder)
directions = ["from-english", "to-english", "between"]
"""

Direction = Literal["from-english", "to-english", "between"]


class Options(SourceOptions):
    """Where the catalogs are, and which directions to make of them.

    Attributes:
        pypi: A pinned package of the index, fetched but not installed.
        package: An installed distribution.
        path: A folder, from the recipe's.
        directions: ``between`` pairs the recipe's languages with each other through English.
        source_locale: The language that the message ids are written in.
        fuzzy: Take translations that their translator marked as uncertain.
    """

    pypi: str | None = None
    package: str | None = None
    path: str | None = None
    directions: tuple[Direction, ...] = ("from-english", "to-english")
    source_locale: str = "en"
    fuzzy: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Options:
        if sum(place is not None for place in (self.pypi, self.package, self.path)) != 1:
            raise ValueError("give exactly one of pypi, package and path")
        return self


def read(options: Options, context: Context) -> Reading:
    """Open the catalogs of the recipe's languages.

    Raises:
        IsoglossError: There is no such folder or package, or no catalog in it.
        Unavailable: The package cannot be fetched.
    """
    root, version, licence = _place(options, context)
    source = canonical(options.source_locale, where=f"{context.where}.source_locale")
    catalogs = _catalogs(root, context, source)
    digest = hashlib.sha256()
    for path in sorted(path for paths in catalogs.values() for path in paths):
        digest.update(f"{path.relative_to(root).as_posix()}:{sha256_file(path)}\n".encode())
    frames = _frames(options, context, root, source, catalogs)
    found = {tag: len(paths) for tag, paths in sorted(catalogs.items())}
    return Reading(version, licence, digest.hexdigest(), frames, {"catalogs": found})


def _place(options: Options, context: Context) -> tuple[Path, str, str]:
    """Return the folder to look in, its version and its licence."""
    if options.pypi is not None:
        wheel = fetch(options.pypi, where=f"{context.where}.pypi")
        root = extract(wheel, "", suffixes=(".po", ".mo", "METADATA"), where=context.where)
        info = next(iter(sorted(root.glob("*.dist-info/METADATA"))), None)
        text = info.read_text(encoding="utf-8") if info else ""
        return root, wheel.version, _licence(options, text, context)
    if options.package is not None:
        try:
            found = distribution(options.package)
        except PackageNotFoundError as error:
            raise IsoglossError(
                f"the package {options.package!r} is not installed",
                where=f"{context.where}.package",
                remedy="Install it, or name a pinned one with pypi",
            ) from error
        tops = {file.parts[0] for file in found.files or () if file.suffix in (".po", ".mo")}
        if len(tops) != 1:
            raise IsoglossError(
                f"the package {options.package!r} has no catalogs of its own",
                where=f"{context.where}.package",
            )
        root = Path(str(found.locate_file(tops.pop())))
        text = str(metadata(options.package))
        return root, found.version, _licence(options, text, context)
    root = context.folder / str(options.path)
    if not root.is_dir():
        raise IsoglossError("there is no such folder", where=f"{context.where}.path: {root}")
    return root, "local", _licence(options, "", context)


def _licence(options: Options, text: str, context: Context) -> str:
    if options.licence:
        return options.licence
    for line in text.splitlines():
        key, _, value = line.partition(": ")
        if key in ("License-Expression", "License") and value.strip():
            return value.strip()
    raise IsoglossError(
        "the licence of these catalogs is not known",
        where=context.where,
        remedy='Give it: licence = "…" (an SPDX expression)',
    )


def _catalogs(root: Path, context: Context, source: str) -> dict[str, list[Path]]:
    """Return the catalogs of each of the recipe's languages, one locale a language.

    The locale whose tag is the language's own goes first; failing that, one of the same language
    and script (``pt_BR`` for ``pt``), the alphabetically first of those there are.
    """
    locales: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix in (".po", ".mo") and path.is_file():
            locale = _locale_of(path, root)
            # A .mo beside its .po says the same with less.
            if locale and not (path.suffix == ".mo" and path.with_suffix(".po").exists()):
                locales.setdefault(locale, []).append(path)
    if not locales:
        raise IsoglossError("holds no catalogs (LOCALE/**/*.po or *.mo)", where=root)
    tags = {locale: from_locale(locale) for locale in sorted(locales)}
    chosen = {}
    for language in context.languages:
        exact = [locale for locale, tag in tags.items() if tag == language]
        near = [locale for locale, tag in tags.items() if tag and same_language(tag, language)]
        for locale in (exact or near)[:1]:
            if language != source:
                chosen[language] = locales[locale]
    return chosen


def _locale_of(path: Path, root: Path) -> str | None:
    """Return the locale a catalog is for: its nearest folder, or its name, that is a locale."""
    for part in (*reversed(path.relative_to(root).parts[:-1]), path.stem):
        if part != "LC_MESSAGES" and len(part) <= 16 and from_locale(part):
            return part
    return None


def _frames(
    options: Options,
    context: Context,
    root: Path,
    source: str,
    catalogs: dict[str, list[Path]],
) -> Iterator[pl.DataFrame]:
    earlier: list[tuple[str, pl.DataFrame]] = []
    for language, paths in catalogs.items():
        entries = pl.concat([_entries(path, root, options) for path in paths])
        good = entries.filter(pl.col("reason").is_null())
        if "from-english" in options.directions:
            yield _examples(entries, "msgid", "msgstr", source, language)
        if "to-english" in options.directions and source in context.languages:
            yield _examples(good, "msgstr", "msgid", language, source)
        if "between" in options.directions:
            for other, theirs in earlier:
                pairs = theirs.join(good, on="source_id", suffix="_other", maintain_order="left")
                yield _examples(pairs, "msgstr", "msgstr_other", other, language)
                yield _examples(pairs, "msgstr_other", "msgstr", language, other)
            earlier.append((language, good))


def _entries(path: Path, root: Path, options: Options) -> pl.DataFrame:
    try:
        catalog = polib.pofile(str(path)) if path.suffix == ".po" else polib.mofile(str(path))
    except (OSError, UnicodeDecodeError, ValueError, IndexError, struct.error) as error:
        line = re.search(r"line (\d+)", str(error))
        raise IsoglossError(
            f"is not a gettext catalog ({str(error).replace(str(path), path.name)})",
            where=f"{path}:{line[1]}" if line else path,
            remedy="Mend it (msgfmt --check FILE tells more) or take it out of the folder",
        ) from error
    # Locales of one application lay their catalogs out alike: without the locale, an entry has
    # the same id in all, by which locale meets locale.
    parts = path.relative_to(root).parts
    name = "/".join(part for part in parts[:-1] if not from_locale(part)) + f"/{path.stem}"
    return _catalog.entries(catalog, name, fuzzy=options.fuzzy)


def _examples(
    entries: pl.DataFrame, given: str, asked: str, source: str, target: str
) -> pl.DataFrame:
    """Make examples of entries: ``given`` and ``asked`` name the columns of the two sides."""
    # The forms of a plural are all right answers, where a form is the answer.
    accepted = {"msgstr": "forms", "msgstr_other": "forms_other"}.get(asked)
    references = pl.col(accepted) if accepted else pl.concat_list(asked)
    made = entries.with_columns(
        pl.lit("translation").alias("task"),
        pl.lit(target).alias("language"),
        pl.lit(source).alias("source_language"),
        pl.col(given).alias("input"),
        pl.col(asked).alias("output"),
        references.alias("references"),
        pl.when(pl.col("reason").is_not_null()).then(pl.lit("source")).alias("rejected_by"),
        *(pl.lit(None, pl.String).alias(name) for name in ("context", "split", "licence")),
    )
    return conformed(made)
