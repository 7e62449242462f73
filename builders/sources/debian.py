"""Debian's translated package descriptions: summaries in many languages, aligned with English."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from builders.sources import _apt
from builders.sources._base import Context, Reading, SourceOptions, conformed, group_rank
from builders.sources._descriptions import read_descriptions
from isogloss.errors import IsoglossError
from isogloss.languages import from_locale, same_language
from isogloss.provenance import sha256_file

NAME = "package-descriptions"
DESCRIPTION = "Debian package descriptions: long text to one line (summarization), and translation"
EXAMPLE = """[[sources]]
name = "debian"
kind = "package-descriptions"
optional = true      # go on without it where there is no apt
limit = 400          # packages a language
# path = "i18n"      # Translation-xx files (plain, .lz4, .xz, .bz2, .gz) instead of apt
"""

# Descriptions are part of each package, under that package's terms; translations are the
# translation project's.
LICENCE = "LicenseRef-Debian-package-descriptions"

# The codes apt asks for that are not the language tag itself.
_LOCALES = {"zh-Hans": "zh_CN", "zh-Hant": "zh_TW", "pt": "pt,pt_BR", "pt-BR": "pt_BR"}
_TAGS = {"zh_CN": "zh-Hans", "zh_TW": "zh-Hant", "zh": "zh-Hans"}


class Options(SourceOptions):
    """Where the descriptions are, and how much of them is taken.

    Attributes:
        path: A file or folder of ``Translation-xx`` files; fetched with apt where None.
        directions: Translation of the one-line synopses, from and to English.
        first_paragraph: Summarize the first paragraph of the long text only: later ones list
            files and options more than they say what the package is.
    """

    path: str | None = None
    directions: tuple[str, ...] = ("from-english", "to-english")
    first_paragraph: bool = True


def read(options: Options, context: Context) -> Reading:
    """Open the descriptions of the recipe's languages.

    Raises:
        IsoglossError: The path holds no such files, or one is broken.
        Unavailable: There is no path, and apt is missing or cannot fetch.
    """
    if options.path is None:
        codes = [code for tag in ("en", *context.languages) for code in locales(tag)]
        files, version = _apt.fetch(sorted(set(codes)), where=context.where)
    else:
        files, version = _local(context.folder / options.path, context), "local"
    chosen = _by_language(files, context)
    digest = hashlib.sha256()
    for tag, paths in sorted(chosen.items()):
        for path in paths:
            digest.update(f"{tag}:{sha256_file(path)}\n".encode())
    return Reading(
        version,
        options.licence or LICENCE,
        digest.hexdigest(),
        _frames(options, context, chosen),
        {"languages": sorted(chosen)},
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


def _by_language(files: list[Path], context: Context) -> dict[str, list[Path]]:
    """Return each language's files: the exact locale's, else those of its nearest relative."""
    named: dict[str, list[Path]] = {}
    for path in files:
        code = path.name.rpartition("Translation-")[2].split(".")[0]
        tag = _TAGS.get(code) or from_locale(code)
        if tag:
            named.setdefault(tag, []).append(path)
    chosen = {}
    for language in ("en", *context.languages):
        near = [tag for tag in sorted(named) if same_language(tag, language)]
        exact = [tag for tag in near if tag == language]
        # Debian's Portuguese is the Brazilians' for the most part: the larger file serves.
        near.sort(key=lambda tag: -sum(path.stat().st_size for path in named[tag]))
        for tag in (exact if language != "pt" else near)[:1] or near[:1]:
            chosen[language] = named[tag]
    if "en" not in chosen:
        raise IsoglossError("there is no Translation-en to align with", where=context.where)
    return chosen


def _frames(
    options: Options, context: Context, files: dict[str, list[Path]]
) -> Iterator[pl.DataFrame]:
    english = _table(files["en"], options).rename({"synopsis": "english"})
    groups = english.select("md5", "english", _group(pl.col("english")).alias("group"))
    for language in context.languages:
        if language not in files:
            continue
        if language == "en":
            own = english.rename({"english": "synopsis"}).join(groups, on="md5", how="left")
        else:
            own = _table(files[language], options).join(groups, on="md5", how="left")
        own = own.with_columns(pl.coalesce("group", _group(pl.col("synopsis"))).alias("group"))
        own = _sampled(own, options, context.seed)
        if "summarization" in context.tasks:
            yield _examples(own, "summarization", language, None, "description", "synopsis")
        if "translation" in context.tasks and language != "en":
            paired = own.filter(pl.col("english").is_not_null())
            if "from-english" in options.directions:
                yield _examples(paired, "translation", language, "en", "english", "synopsis")
            if "to-english" in options.directions and "en" in context.languages:
                yield _examples(paired, "translation", "en", language, "synopsis", "english")


def _group(synopsis: pl.Expr) -> pl.Expr:
    """Return the English synopsis as compared: packages of one program share theirs."""
    kept = synopsis.str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ")
    return kept.str.strip_chars()


def _table(paths: list[Path], options: Options) -> pl.DataFrame:
    frames = [read_descriptions(path, first_paragraph=options.first_paragraph) for path in paths]
    return pl.concat(frames).unique("md5", keep="first", maintain_order=True)


def _sampled(frame: pl.DataFrame, options: Options, seed: int) -> pl.DataFrame:
    """Keep the groups the pipeline's limit would: tens of thousands need not be made first."""
    if options.limit is None:
        return frame
    groups = frame["group"].unique()
    ranks = sorted((group_rank(seed, group), group) for group in groups)[: options.limit]
    chosen = pl.Series([group for _, group in ranks], dtype=pl.String)
    return frame.filter(pl.col("group").is_in(chosen.implode()))


def _examples(
    frame: pl.DataFrame, task: str, language: str, source: str | None, given: str, asked: str
) -> pl.DataFrame:
    untranslated = pl.lit(False)
    if source is not None:
        untranslated = pl.col("synopsis") == pl.col("english")
    made = frame.with_columns(
        pl.lit(task).alias("task"),
        pl.lit(language).alias("language"),
        pl.lit(source, pl.String).alias("source_language"),
        pl.col(given).alias("input"),
        pl.col(asked).alias("output"),
        pl.concat_list(asked).alias("references"),
        pl.format("{}:{}", "package", "md5").alias("source_id"),
        pl.concat_list(pl.format("package:{}", "package")).alias("tags"),
        pl.when(untranslated).then(pl.lit("untranslated")).alias("reason"),
        pl.when(untranslated).then(pl.lit("source")).alias("rejected_by"),
        *(pl.lit(None, pl.String).alias(name) for name in ("context", "split", "licence")),
    )
    return conformed(made)
