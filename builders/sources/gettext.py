"""Gettext catalogs (``.po``, ``.mo``): interface strings and their translations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, metadata
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import model_validator

from builders.example import conformed
from builders.readers import catalog
from builders.readers.locales import Located, beside, locate
from builders.readers.po import open_catalog
from builders.sources import _citations, _licence
from builders.sources._base import Context, Reading, SourceOptions
from builders.sources._unread import LESS_NEAR, OTHER_LANGUAGE, Unread
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file
from isogloss.languages import canonical, nearest, same_language
from isogloss.wheels import extract, fetch

DESCRIPTION = "gettext catalogs of a package or a folder: translation, English to and from a locale"
LANGUAGES = "any; the catalogs' locales say them"
LICENCE = "the package's, or as the recipe says"
EXAMPLE = """[[sources]]
name = "django"
kind = "gettext"
pypi = "django==5.2.19"      # or package = "…" (installed), or path = "…" (a folder)
directions = ["from-english", "to-english", "between"]
"""

Direction = Literal["from-english", "to-english", "between"]


class Options(SourceOptions):
    """Where the catalogs are, and which directions to make of them."""

    pypi: str | None = None
    """A pinned package of the index, fetched but not installed."""
    package: str | None = None
    """An installed distribution."""
    path: str | None = None
    """A folder, from the recipe's."""
    directions: tuple[Direction, ...] = ("from-english", "to-english")
    """``between`` pairs the recipe's languages with each other through English."""
    source_locale: str = "en"
    """The language that the message ids are written in."""
    fuzzy: bool = False
    """Take translations that their translator marked as uncertain."""

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
    catalogs, unread = _catalogs(root, context, source)
    digest = hashlib.sha256()
    for path in sorted(file.path for files in catalogs.values() for file in files):
        digest.update(f"{path.relative_to(root).as_posix()}:{sha256_file(path)}\n".encode())
    frames = _frames(options, context, source, catalogs, root)
    found = {tag: len(files) for tag, files in sorted(catalogs.items())}
    details = {"catalogs": found, **({"unread": unread} if unread else {})}
    project = (options.pypi or options.package or "").partition("==")[0]
    citation = _citations.package(project, version) if project else ""
    return Reading(version, licence, digest.hexdigest(), frames, details, citation)


def _place(options: Options, context: Context) -> tuple[Path, str, str]:
    """Return the folder to look in, its version and its licence."""
    if options.pypi is not None:
        wheel = fetch(options.pypi, where=f"{context.where}.pypi")
        root = extract(wheel, "", suffixes=(".po", ".mo", ".gmo", "METADATA"), where=context.where)
        licence = options.licence or _licence.of_unpacked(root)
        return root, wheel.version, _known(licence, context)
    if options.package is not None:
        try:
            found = distribution(options.package)
        except PackageNotFoundError as error:
            raise IsoglossError(
                f"the package {options.package!r} is not installed",
                where=f"{context.where}.package",
                remedy="Install it, or name a pinned one with pypi",
            ) from error
        tops = {
            file.parts[0] for file in found.files or () if file.suffix in (".po", ".mo", ".gmo")
        }
        if len(tops) != 1:
            raise IsoglossError(
                f"the package {options.package!r} has no catalogs of its own",
                where=f"{context.where}.package",
            )
        root = Path(str(found.locate_file(tops.pop())))
        licence = options.licence or _licence.of_metadata(str(metadata(options.package)))
        return root, found.version, _known(licence, context)
    root = context.folder / str(options.path)
    if not root.is_dir():
        raise IsoglossError("there is no such folder", where=f"{context.where}.path: {root}")
    return root, "local", _known(options.licence, context)


def _known(licence: str | None, context: Context) -> str:
    if licence:
        return licence
    raise IsoglossError(
        "the licence of these catalogs is not known",
        where=context.where,
        remedy='Give it: licence = "…" (an SPDX expression)',
    )


def _catalogs(
    root: Path, context: Context, source: str
) -> tuple[dict[str, list[Located]], dict[str, int]]:
    """Return the catalogs of each of the recipe's languages, and how many are not read, by why.

    Of each catalog's locales that is the one whose tag is the language's own; failing that, the
    nearest of the same language and script (``pt_BR`` for ``pt``).
    """
    files = locate(root)
    if not files:
        raise IsoglossError(
            "holds no catalogs (LOCALE/**/*.po or *.mo, or LOCALE.po or .mo)", where=root
        )
    compiled = beside(files)
    by_name: dict[str, dict[str, list[Located]]] = {}
    for file in sorted(set(files) - set(compiled), key=lambda file: (file.locale, file.path)):
        if file.tag is not None:
            by_name.setdefault(file.name, {}).setdefault(file.tag, []).append(file)
    catalogs: dict[str, list[Located]] = {}
    for language in context.languages:
        near = ((tags, nearest(tags, language)) for tags in by_name.values())
        found = [tags[tag][0] for tags, tag in near if tag is not None and language != source]
        if found:
            catalogs[language] = sorted(found, key=lambda file: file.path)
    read = {file for found in catalogs.values() for file in found}
    return catalogs, _unread([file for file in files if file not in read], set(compiled), context)


def _unread(files: list[Located], compiled: set[Located], context: Context) -> dict[str, int]:
    """Count the catalogs that are not read, by why, and say so to the user."""
    unread = Unread("catalogs", context.where)
    for file in files:
        unread.note(_why_unread(file, file in compiled, context), file.locale, strange=not file.tag)
    return unread.say()


def _why_unread(file: Located, is_compiled: bool, context: Context) -> str:
    if not file.locale:
        return "with no locale in their path"
    if file.tag is None:
        return "of a locale whose modifier is not known"
    if is_compiled:
        return "compiled from the .po beside"
    if any(same_language(file.tag, language) for language in context.languages):
        return LESS_NEAR
    return OTHER_LANGUAGE


def _frames(
    options: Options,
    context: Context,
    source: str,
    catalogs: dict[str, list[Located]],
    root: Path,
) -> Iterator[pl.DataFrame]:
    earlier: list[tuple[str, pl.DataFrame]] = []
    for language, files in catalogs.items():
        entries = pl.concat(
            [
                catalog.entries(
                    open_catalog(file.path),
                    file.name,
                    where=file.path.relative_to(root).as_posix(),
                    fuzzy=options.fuzzy,
                )
                for file in files
            ]
        )
        good = entries.filter(pl.col("reason").is_null())
        # What is rejected is shown once, in the first direction that is made.
        shown = entries
        if "from-english" in options.directions:
            yield _examples(shown, "msgid", "msgstr", source, language)
            shown = good
        if "to-english" in options.directions and source in context.languages:
            yield _examples(shown, "msgstr", "msgid", language, source)
            shown = good
        if "between" in options.directions:
            if shown is entries:
                rejected = entries.filter(pl.col("reason").is_not_null())
                yield _examples(rejected, "msgid", "msgstr", source, language)
            # An entry that is there twice in one locale is no two entries of the other.
            single = good.unique("source_id", keep="first", maintain_order=True)
            for other, theirs in earlier:
                pairs = theirs.join(single, on="source_id", suffix="_other", maintain_order="left")
                yield _examples(pairs, "msgstr", "msgstr_other", other, language)
                yield _examples(pairs, "msgstr_other", "msgstr", language, other)
            earlier.append((language, single))


def _examples(
    entries: pl.DataFrame, given: str, answer: str, source: str, target: str
) -> pl.DataFrame:
    """Make examples of entries: ``given`` and ``answer`` name the columns of the two sides."""
    # The forms of a plural are all right answers, where a form is the answer.
    accepted = {"msgstr": "forms", "msgstr_other": "forms_other"}.get(answer)
    references = pl.col(accepted) if accepted else pl.concat_list(answer)
    made = catalog.hanging(entries, given, answer).with_columns(
        pl.lit("translation").alias("task"),
        pl.lit(target).alias("language"),
        pl.lit(source).alias("source_language"),
        pl.col(given).alias("input"),
        pl.col(answer).alias("output"),
        references.alias("references"),
        pl.when(pl.col("reason").is_not_null()).then(pl.lit("source")).alias("rejected_by"),
        *(pl.lit(None, pl.String).alias(name) for name in ("context", "split", "licence")),
    )
    return conformed(made)
