"""Bitext as Moses reads it: two aligned text files a pair, for test sets with several references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import model_validator

from builders.readers.lines import in_step
from builders.sources._base import Context, Reading, SourceOptions
from builders.sources._bitext import is_english, numbered, translations
from builders.sources._citations import cited
from builders.sources._files import (
    Files,
    Found,
    known_licence,
    missing,
    name_of,
    reading_of,
    scan,
    unread_files,
)
from builders.sources._unread import NO_LANGUAGE, OTHER_LANGUAGE
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, served

DESCRIPTION = (
    "pairs of text files aligned line by line (Moses, OPUS, WMT's plain text): translation"
)
LANGUAGES = "any; the files' names or the recipe say it"
LICENCE = "as the recipe says"
EXAMPLE = """[[sources]]
name = "wmt22"
kind = "moses"
source = "wmt22/{source_language}-{language}/*.src.{source_language}"
target = "wmt22/{source_language}-{language}/*.ref.*.{language}"   # several: all are references
split = "test"
licence = "LicenseRef-WMT"
# source_language = "en"     # where the names do not say it; likewise language
# both_directions = true     # for training: each pair also the other way
"""

_SIDES = ("source_language", "language")


class Options(SourceOptions):
    """Which files, and what their names do not say of them."""

    source: str
    """A path or glob pattern, from the recipe's folder, of the files to translate from.
    ``{language}`` and ``{source_language}`` in it stand for a tag or a FLORES code.
    """
    target: str
    """Likewise of their translations. What ``source`` has found for a placeholder is put in; where
    several files match, they are the references, and the lines of the first are the outputs.
    """
    language: str | None = None
    """The language of every output, where the names do not say it."""
    source_language: str | None = None
    """The language of every input, where the names do not say it."""
    order: Literal["rising", "falling"] = "rising"
    """The order of the references by their names. It decides chrF where two references are equally
    like an answer (sacrebleu takes the first).
    """
    both_directions: bool = False
    """Make of each line an example the other way too, from the first reference."""
    split: Literal["train", "validation", "test"] | None = None
    """The split of every line; by default the pipeline draws it."""

    @model_validator(mode="after")
    def _each_said_once(self) -> Options:
        for side in _SIDES:
            named = f"{{{side}}}" in self.source + self.target
            if named == (getattr(self, side) is not None):
                raise ValueError(
                    f'give either {side} = "de" or {{{side}}} in the names of source or target'
                )
        return self


@dataclass(frozen=True)
class _Pair:
    """Aligned files: ``name`` has the languages as written, ``languages`` as the recipe's tags."""

    name: str
    languages: tuple[str, str]
    source: Found
    references: tuple[Found, ...]


def read(options: Options, context: Context) -> Reading:
    """Open the files; their lines are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, or none in the recipe's languages; a file has no
            translation, or several files are the source of one; the licence is missing.
    """
    licence = known_licence(options, context)
    pairs, left = _pairs(options, context)
    files = {
        file.path: file for pair in pairs for file in (pair.source, *pair.references)
    }  # a file may be in several pairs
    unread = unread_files({path: why for path, why in left.items() if path not in files}, context)
    used = Files(sorted(files.values(), key=lambda file: file.name), unread)
    frames = (frame for pair in pairs for frame in _frames(pair, options, context))
    details = {"pairs": [":".join(pair.languages) for pair in pairs]}
    citation = cited(file.name for file in used)
    return reading_of(used, licence, frames, details=details, citation=citation)


def _pairs(options: Options, context: Context) -> tuple[list[_Pair], dict[Path, str]]:
    """Return the pairs of the recipe's languages, in the order of their source files' names.

    Beside them is why other files are not read.
    """
    constant = {
        side: canonical(tag, where=f"{context.where}.{side}")
        for side in _SIDES
        if (tag := getattr(options, side)) is not None
    }
    sources = scan(options.source, context.folder)
    if not sources:
        raise missing(options.source, context.folder, f"{context.where}.source")
    found: dict[str, _Pair] = {}
    left: dict[Path, str] = {}
    for path, codes in sources:
        if codes is None:
            left[path] = NO_LANGUAGE
            continue
        source = Found(path, name_of(path, context.folder))
        for pair in _translations_of(source, constant | codes, options, context, left):
            earlier = found.setdefault(pair.name, pair)
            if earlier is not pair:
                raise IsoglossError(
                    f"{earlier.source.name} and {source.name} are both the source of {pair.name}",
                    where=f"{context.where}.source",
                    remedy="Narrow the pattern so that it matches one file a pair",
                )
    if not found:
        raise IsoglossError(
            f"none of the {len(sources)} files is of a pair that the recipe keeps",
            where=f"{context.where}.source",
            remedy="Placeholders stand for tags (de, zh-Hans) or FLORES codes (deu_Latn)",
        )
    pairs = list(found.values())
    return (_each_once(pairs) if options.both_directions else pairs), left


def _each_once(pairs: list[_Pair]) -> list[_Pair]:
    """Return the pairs without those that are an earlier one the other way, from the same files."""
    kept: dict[frozenset[str], _Pair] = {}
    for pair in pairs:
        kept.setdefault(frozenset(file.name for file in (pair.source, *pair.references)), pair)
    return list(kept.values())


def _translations_of(
    source: Found,
    codes: dict[str, str],
    options: Options,
    context: Context,
    left: dict[Path, str],
) -> list[_Pair]:
    """Return the pairs that a source file is in: one for each language of its translations.

    Why other files are not read is added to ``left``.
    """
    left[source.path] = OTHER_LANGUAGE
    if len(codes) == len(_SIDES) and not _kept(codes, options, context):
        return []
    pattern = options.target
    for side, code in codes.items():
        pattern = pattern.replace(f"{{{side}}}", code)
    targets = scan(pattern, context.folder)
    if not targets:
        raise IsoglossError(
            "there is no translation of it",
            where=source.path,
            remedy=f"Looked for {context.folder / pattern}",
        )
    references: dict[tuple[str, str], list[Found]] = {}
    for path, more in targets:
        left.setdefault(path, NO_LANGUAGE if more is None else OTHER_LANGUAGE)
        if more is None:
            continue
        written = codes | more
        if path != source.path and _kept(written, options, context):
            pair = (written["source_language"], written["language"])
            references.setdefault(pair, []).append(Found(path, name_of(path, context.folder)))
    return [
        _Pair(
            "-".join(pair),
            (served(pair[0], context.languages), served(pair[1], context.languages)),
            source,
            tuple(sorted(files, key=lambda file: file.name, reverse=options.order == "falling")),
        )
        for pair, files in references.items()
    ]


def _kept(codes: dict[str, str], options: Options, context: Context) -> bool:
    """Tell whether two languages are a pair whose outputs the recipe keeps, of one or both."""
    source, target = (served(codes[side], context.languages) for side in _SIDES)
    outputs = (source, target) if options.both_directions else (target,)
    return source != target and any(tag in context.languages for tag in outputs)


def _frames(pair: _Pair, options: Options, context: Context) -> Iterator[pl.DataFrame]:
    source, target = pair.languages
    paths = [pair.source.path, *(file.path for file in pair.references)]
    for first, (given, *references) in in_step(paths):
        ids = numbered(pair.name, first, len(given))
        # The same for both directions, and for one English text in many languages.
        groups = references[0] if is_english(target) else given
        if target in context.languages:
            yield translations(
                given,
                references,
                languages=(source, target),
                ids=ids,
                groups=groups,
                split=options.split,
            )
        if options.both_directions and source in context.languages:
            yield translations(
                references[0],
                [given],
                languages=(target, source),
                ids=ids,
                groups=groups,
                split=options.split,
            )
