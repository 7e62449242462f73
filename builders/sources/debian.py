"""Debian's translated package descriptions: summaries in many languages, aligned with English."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import langcodes
import polars as pl

from builders.example import SHORT, conformed
from builders.readers import apt
from builders.readers.descriptions import read_descriptions
from builders.readers.locales import tag_of
from builders.sources import _citations
from builders.sources._base import Context, Reading, SourceOptions
from builders.sources._unread import OTHER_LANGUAGE, Unread
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file
from isogloss.languages import nearest, same_language

NAME = "package-descriptions"
DESCRIPTION = "Debian package descriptions: long text to one line (summarization), and translation"
LANGUAGES = "about 60, those of Debian's translators, aligned with English"
LICENCE = "the packages' own, named LicenseRef-Debian-package-descriptions"
EXAMPLE = """[[sources]]
name = "debian"
kind = "package-descriptions"
optional = true      # go on without it where there is no apt
limit = 400          # packages a language
# path = "i18n"      # Translation-xx files (plain or compressed) instead of apt
"""

# Descriptions are part of each package, under that package's terms; translations are the
# translation project's.
_TERMS = "LicenseRef-Debian-package-descriptions"

# The codes apt asks for that are not the language tag itself.
_LOCALES = {"zh-Hans": "zh_CN", "zh-Hant": "zh_TW", "pt": "pt,pt_BR", "pt-BR": "pt_BR"}
_TAGS = {"zh_CN": "zh-Hans", "zh_TW": "zh-Hant", "zh": "zh-Hans"}


class Options(SourceOptions):
    """Where the descriptions are, and how much of them is taken."""

    path: str | None = None
    """A file or folder of ``Translation-xx`` files; fetched with apt where None."""
    directions: tuple[Literal["from-english", "to-english"], ...] = ("from-english", "to-english")
    """Translation of the one-line synopses, from and to English."""
    first_paragraph: bool = True
    """Summarize the first paragraph of the long text only: later ones list files and options more
    than they say what the package is.
    """


def read(options: Options, context: Context) -> Reading:
    """Open the descriptions of the recipe's languages.

    Raises:
        IsoglossError: The path holds no such files, or one is broken.
        Unavailable: There is no path, and apt is missing or cannot fetch.
    """
    if options.path is None:
        codes = [code for tag in ("en", *context.languages) for code in locales(tag)]
        files, version = apt.fetch(sorted(set(codes)), where=context.where)
    else:
        files, version = _local(context.folder / options.path, context), "local"
    near_files, unread = _by_language(files, context)
    digest = hashlib.sha256()
    for tag, paths in sorted(near_files.items()):
        for path in paths:
            digest.update(f"{tag}:{sha256_file(path)}\n".encode())
    return Reading(
        version,
        options.licence or _TERMS,
        digest.hexdigest(),
        _frames(options, context, near_files),
        {"languages": sorted(near_files), **({"unread": unread} if unread else {})},
        _citations.DDTP,
    )


def locales(tag: str) -> list[str]:
    """Return the codes by which Debian may name a language's descriptions."""
    return _LOCALES.get(tag, tag.replace("-", "_")).split(",")


def _local(path: Path, context: Context) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(path.glob("*Translation-*")) if path.is_dir() else []
    if not files:
        raise IsoglossError(
            "there are no Translation-xx files", where=f"{context.where}.path: {path}"
        )
    return files


def _by_language(
    files: list[Path], context: Context
) -> tuple[dict[str, list[Path]], dict[str, int]]:
    """Return each language's files, the nearest locale's first, and how many are not read, by why.

    Where a language says no territory, what its own locale lacks is taken from others: Debian's
    Portuguese is the Brazilians' for the most part.
    """
    named: dict[str, list[Path]] = {}
    unread = Unread("Translation files", context.where)
    for path in files:
        # apt writes the address of a file with its "_" as "%5f".
        code = unquote(path.name).rpartition("Translation-")[2].split(".")[0]
        tag = _TAGS.get(code) or tag_of(code)
        if tag:
            named.setdefault(tag, []).append(path)
        else:
            unread.note("of a locale that is not known", code, strange=True)
    near_files: dict[str, list[Path]] = {}
    for language in ("en", *context.languages):
        best = nearest(named, language)
        others = (tag for tag in sorted(named) if same_language(tag, language) and tag != best)
        near = [best, *others] if best is not None else []
        if langcodes.Language.get(language).territory or language == "en":
            near = near[:1]
        if near:
            near_files[language] = [path for tag in near for path in named[tag]]
    if "en" not in near_files:
        raise IsoglossError("there is no Translation-en to align with", where=context.where)
    read = {path for paths in near_files.values() for path in paths}
    for tag, paths in named.items():
        for path in paths:
            if path not in read:
                unread.note(OTHER_LANGUAGE, tag)
    return near_files, unread.say()


def _frames(
    options: Options, context: Context, files: dict[str, list[Path]]
) -> Iterator[pl.DataFrame]:
    """Yield every stanza as examples, whatever the limit.

    The limit is the pipeline's to keep, which counts and stores what it drops. All of Debian in a
    dozen languages is a third of a million rows: to make, rank and store them takes some seconds.
    """
    english = _table(files["en"], options).rename({"synopsis": "english", "description": "long"})
    first = english.filter(~pl.col("repeated") & pl.col("fault").is_null())
    groups = first.select("md5", "english", "long", _group(pl.col("english")).alias("group"))
    for language in context.languages:
        if language not in files:
            continue
        if language == "en":
            own = english.rename({"english": "synopsis", "long": "description"})
        else:
            own = _table(files[language], options)
        own = own.join(groups, on="md5", how="left", maintain_order="left")
        own = own.with_columns(
            pl.coalesce("group", _group(pl.col("synopsis")), "md5").alias("group"),
            (pl.lit(language != "en") & (pl.col("long") == pl.col("description"))).alias("same"),
        )
        rejected = False
        if "summarization" in context.tasks:
            yield _examples(own, "summarization", language, None, "description", "synopsis")
            rejected = True
        if "translation" in context.tasks and language != "en":
            # A broken stanza is rejected once.
            own = own.filter(pl.col("fault").is_null()) if rejected else own
            if "from-english" in options.directions:
                yield _examples(own, "translation", language, "en", "english", "synopsis")
                own = own.filter(pl.col("fault").is_null())
            if "to-english" in options.directions and "en" in context.languages:
                yield _examples(own, "translation", "en", language, "synopsis", "english")


def _group(synopsis: pl.Expr) -> pl.Expr:
    """Return the English synopsis as compared: packages of one program share theirs."""
    kept = synopsis.str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ")
    return kept.str.strip_chars()


def _table(paths: list[Path], options: Options) -> pl.DataFrame:
    """Read a language's files.

    ``repeated`` says where a description was met before, ``again`` where it was this package's.
    """
    frames = [read_descriptions(path, first_paragraph=options.first_paragraph) for path in paths]
    return pl.concat(frames).with_columns(
        pl.col("md5").is_first_distinct().not_().alias("repeated"),
        pl.struct("package", "md5").is_first_distinct().not_().alias("again"),
    )


def _tags(task: str) -> pl.Expr:
    """Return the package's name and, for synopses, that the output is a line."""
    package = pl.format("package:{}", "package")
    return pl.concat_list([package, pl.lit(SHORT)] if task == "summarization" else [package])


def _examples(
    frame: pl.DataFrame, task: str, language: str, source: str | None, given: str, answer: str
) -> pl.DataFrame:
    is_english = source is None and language == "en"
    untranslated = (pl.col("english") == pl.col("synopsis")) & (not is_english)
    # A text and its summary are both to be translated.
    both = untranslated | pl.col("same") if source is None else untranslated
    reason = (
        pl.when(pl.col("fault").is_not_null())
        .then("fault")
        .when("again")
        .then(pl.lit("another file has the same description"))
        .when("repeated")
        .then(pl.lit("another package has the same description"))
        .when(pl.col("english").is_null() & (source is not None))
        .then(pl.lit("no English description has its checksum"))
        .when(pl.col(given).str.strip_chars() == "")
        .then(pl.lit("it has no text"))
        .when(both)
        .then(pl.lit("untranslated"))
    )
    made = frame.with_columns(
        pl.lit(task).alias("task"),
        pl.lit(language).alias("language"),
        pl.lit(source, pl.String).alias("source_language"),
        pl.col(given).alias("input"),
        pl.col(answer).alias("output"),
        pl.concat_list(answer).list.drop_nulls().alias("references"),
        pl.format("{}:{}", "package", "md5").alias("source_id"),
        _tags(task).alias("tags"),
        reason.alias("reason"),
        *(pl.lit(None, pl.String).alias(name) for name in ("context", "split", "licence")),
    )
    rejected = pl.when(pl.col("reason").is_not_null()).then(pl.lit("source"))
    return conformed(made.with_columns(rejected.alias("rejected_by")))
