"""Text files aligned line by line, one a language: FLORES-200, NLLB-Seed, NTREX-128 …"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import polars as pl
from pydantic import field_validator

from builders.example import is_blank
from builders.readers.lines import in_step
from builders.sources._base import Context, Reading
from builders.sources._bitext import numbered, translations
from builders.sources._citations import cited
from builders.sources._directions import Pair, PairedOptions, directed, named_pairs
from builders.sources._files import Files, Found, find, known_licence, name_of, reading_of
from builders.sources._unread import LESS_NEAR, OTHER_LANGUAGE, Unread
from isogloss.errors import IsoglossError
from isogloss.languages import nearest, served

DESCRIPTION = "text files aligned line by line, one a language: translation between any two of them"
LANGUAGES = "any; the files' names say it (FLORES-200: 204 languages)"
LICENCE = "as the recipe says (FLORES-200, NLLB-Seed: CC-BY-SA-4.0)"
EXAMPLE = """[[sources]]
name = "flores"
kind = "parallel"
path = "flores200/devtest/{language}.devtest"
directions = ["from-english", "to-english"]   # or "all": every language into every other
# pairs = ["en:zh-Hans", "de:fr"]             # instead: from the first language to the second
split = "test"
licence = "CC-BY-SA-4.0"
"""


class Options(PairedOptions):
    """Which files, and which pairs of languages to make of them."""

    path: str
    """A path or glob pattern, from the recipe's folder, with ``{language}``, which stands for a tag
    or a FLORES code. Where several files serve a language, the nearest does.
    """
    split: Literal["train", "validation", "test"] | None = None
    """The split of every line; by default the pipeline draws it."""

    @field_validator("path")
    @classmethod
    def _one_a_language(cls, value: str) -> str:
        if "{language}" not in value or "{source_language}" in value:
            raise ValueError("names the file of each language with {language}, and nothing else")
        return value


def read(options: Options, context: Context) -> Reading:
    """Open the files; their lines are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, none makes a pair, or the licence is missing.
    """
    licence = known_licence(options, context)
    english = served("en", context.languages)
    named = named_pairs(options.pairs, context)
    sides = [side for pair in named for side in pair]
    files, unread = _files(
        options, context, tuple(dict.fromkeys([*context.languages, english, *sides]))
    )
    known = [language for language in context.languages if language in files]
    pairs = _checked(named, files, context) or directed(
        options.directions, known, english, has_english=english in files
    )
    if not pairs:
        raise IsoglossError(
            f"no pair can be made: there are files in {', '.join(files)}",
            where=f"{context.where}.path",
            remedy="Translating from or into English needs an English file; see directions",
        )
    # The English lines group all others, so that one text's translations share their split.
    needed = {side for pair in pairs for side in pair} | ({english} & files.keys())
    used = {language: files[language] for language in sorted(needed)}
    for file in files.values():
        if file not in used.values():
            unread.note(OTHER_LANGUAGE, file.name)
    frames = _frames(used, pairs, english, _set_name(options, context), options.split)
    details = {"languages": list(used), "pairs": [":".join(pair) for pair in pairs]}
    citation = cited(file.name for file in used.values())
    read_ones = Files(used.values(), unread)
    return reading_of(read_ones, licence, frames, details=details, citation=citation)


def _files(
    options: Options, context: Context, languages: tuple[str, ...]
) -> tuple[dict[str, Found], Unread]:
    """Return the file of each language that there is one for, and which others are not read."""
    candidates: dict[str, dict[str, Found]] = {}
    found = find((options.path,), replace(context, languages=languages))
    for file in found:
        earlier = candidates.setdefault(str(file.language), {})
        written = str(file.written)
        if written in earlier:
            raise IsoglossError(
                f"two files are in {written}: {earlier[written].name} and {file.name}",
                where=f"{context.where}.path",
                remedy="Narrow the pattern so that it matches one file a language",
            )
        earlier[written] = file
    nearest_to = {language: nearest(files, language) for language, files in candidates.items()}
    files = {
        language: candidates[language][written]
        for language, written in sorted(nearest_to.items())
        if written is not None
    }
    for file in found:
        if file not in files.values():
            found.unread.note(LESS_NEAR, file.name)
    return files, found.unread


def _checked(named: list[Pair], files: dict[str, Found], context: Context) -> list[Pair]:
    """Return the named pairs, or say which of their languages has no file."""
    for pair in named:
        for side in pair:
            if side not in files:
                raise IsoglossError(
                    f"{':'.join(pair)} needs a file in {side}, and there is none",
                    where=f"{context.where}.pairs",
                    remedy=f"There are files in {', '.join(files)}",
                )
    return named


def _set_name(options: Options, context: Context) -> str:
    """Return the set's name, which is the same in every language: the pattern, from the folder."""
    return name_of(context.folder / options.path.replace("{language}", "*"), context.folder)


def _frames(
    files: dict[str, Found], pairs: list[Pair], english: str, name: str, split: str | None
) -> Iterator[pl.DataFrame]:
    for first, batch in in_step([file.path for file in files.values()]):
        lines = dict(zip(files, batch, strict=True))
        ids = numbered(name, first, len(batch[0]))
        groups = _groups(lines.get(english), ids)
        for pair in pairs:
            source, target = pair
            yield translations(
                lines[source],
                [lines[target]],
                languages=pair,
                ids=ids,
                groups=groups,
                split=split,
            )


def _groups(english: pl.Series | None, ids: pl.Series) -> pl.Series:
    """Return what keeps a line's translations together: the English line, or else its number."""
    if english is None:
        return ids
    frame = pl.DataFrame([english.alias("english"), ids.alias("id")])
    text = pl.col("english")
    return frame.select(pl.when(is_blank(text)).then(pl.col("id")).otherwise(text)).to_series()
