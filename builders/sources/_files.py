"""Finding a recipe's files by path or pattern, and what their names say of their languages."""

from __future__ import annotations

import difflib
import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from builders.sources._base import Context, Reading, SourceOptions
from builders.sources._unread import NO_LANGUAGE, OTHER_LANGUAGE, Unread
from isogloss import hub
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file
from isogloss.languages import canonical, is_language, served

_PLACEHOLDERS = ("{source_language}", "{language}")


@dataclass(frozen=True)
class Found:
    """A file of a source.

    ``name`` is its path from the recipe's folder, with forward slashes; the languages are what a
    pattern's placeholders matched, as the recipe's own tags, or None where it has none;
    ``written`` is the output's language as its name has it, canonical (``zh-TW`` for ``zh-Hant``);
    ``commit`` is that of a file of the hub.
    """

    path: Path
    name: str
    language: str | None = None
    source_language: str | None = None
    written: str | None = None
    commit: str | None = None


class Files(list[Found]):
    """The files of a source, and which of those that it found it does not read."""

    def __init__(self, files: Iterable[Found], unread: Unread) -> None:
        super().__init__(files)
        self.unread = unread


class PathOptions(SourceOptions):
    """Options of a source that is read from files."""

    path: str | tuple[str, ...]
    """Paths or glob patterns, from the recipe's folder."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The patterns, however many there are."""
        return (self.path,) if isinstance(self.path, str) else self.path


class TaggedPathOptions(SourceOptions):
    """Options of a source that is read from files, of which the recipe may say the languages."""

    path: str | tuple[str, ...] | dict[str, str]
    """Paths or glob patterns, from the recipe's folder; or a table of them that says the language
    of each.
    """

    @property
    def paths(self) -> tuple[str, ...] | dict[str, str]:
        """The patterns, however many there are, where it is said with their languages."""
        return (self.path,) if isinstance(self.path, str) else self.path

    def path_says_language(self) -> bool:
        """Tell whether the path says the language of every file."""
        return isinstance(self.path, dict) or all("{language}" in path for path in self.paths)


def find(patterns: Sequence[str] | Mapping[str, str], context: Context) -> Files:
    """Return the files that paths or glob patterns name, from the recipe's folder, sorted by name.

    Args:
        patterns: ``{language}`` and ``{source_language}`` in them stand for a tag or a FLORES code;
            ``hub:ORG/NAME@COMMIT/path`` is a file of a data set of the hub. A mapping says each
            one's language.
        context: The recipe; files in languages that it does not keep are not read.

    Raises:
        IsoglossError: A pattern matches no file, or none in the recipe's languages; a tag is
            wrong, or a file is given two languages.
    """
    if isinstance(patterns, Mapping):
        return _given(patterns, context)
    found: dict[Path, Found] = {}
    left: dict[Path, str] = {}
    for pattern in patterns:
        for file in _matches(pattern, context, left):
            found.setdefault(file.path, file)
    return _files(found, left, context)


def _files(found: Mapping[Path, Found], left: Mapping[Path, str], context: Context) -> Files:
    """Return files by name, with what they leave of others, by why."""
    unread = unread_files({path: why for path, why in left.items() if path not in found}, context)
    return Files(sorted(found.values(), key=lambda file: file.name), unread)


def unread_files(files: Mapping[Path, str], context: Context) -> Unread:
    """Return files that are not read, with why each is not."""
    unread = Unread("files", context.where)
    for path, why in sorted(files.items()):
        unread.note(why, name_of(path, context.folder), strange=why == NO_LANGUAGE)
    return unread


def _given(languages: Mapping[str, str], context: Context) -> Files:
    """Find the files of a table that says each one's language."""
    found: dict[Path, Found] = {}
    left: dict[Path, str] = {}
    for pattern, tag in languages.items():
        where = f"{context.where}.path: {pattern}"
        language = served(canonical(tag, where=where), context.languages)
        if language not in context.languages:
            if not pattern.startswith(hub.PREFIX):
                left |= dict.fromkeys(_globbed(pattern, context.folder), OTHER_LANGUAGE)
            continue
        for file in _matches(pattern, context, left):
            earlier = found.setdefault(file.path, replace(file, language=language))
            if earlier.language != language:
                raise IsoglossError(
                    f"the file {file.name} is given two languages: {earlier.language}, {language}",
                    where=where,
                )
    if not found:
        raise IsoglossError("no file is in a language of the recipe", where=f"{context.where}.path")
    return _files(found, left, context)


def scan(pattern: str, folder: Path) -> list[tuple[Path, dict[str, str] | None]]:
    """Return the files of a path or glob pattern, sorted by name, from a folder.

    Beside each is the tag or code, as written, that each placeholder of the pattern stands for;
    None where it stands for no language.
    """
    if not _is_named(pattern):
        return [(path, {}) for path in _globbed(pattern, folder)]
    shape = _shape(pattern)
    return [(path, _codes(path, shape, folder)) for path in _globbed(pattern, folder)]


def missing(pattern: str, folder: Path, where: str) -> IsoglossError:
    """Return the error for a pattern that matches no file, with the nearest name there is."""
    literal = folder / pattern
    beside = literal.parent.iterdir() if literal.parent.is_dir() else ()
    near = difflib.get_close_matches(literal.name, sorted(path.name for path in beside), n=1)
    return IsoglossError(
        "there is no such file",
        where=f"{where}: {literal}",
        remedy=f"Did you mean {near[0]!r}?" if near else "Paths start from the recipe's folder",
    )


def fingerprint(files: Iterable[Found]) -> str:
    """Return one SHA-256 over the files' names and contents."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}:{sha256_file(file.path)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def reading_of(
    files: Sequence[Found],
    licence: str,
    frames: Iterator[pl.DataFrame],
    *,
    details: dict[str, Any] | None = None,
    citation: str = "",
) -> Reading:
    """Return a source that is read from files.

    Its hash is of all of them, and its version the commits of those of the hub, else ``local``. The
    user sees which files are not read.

    Args:
        files: The files.
        licence: An SPDX expression or a name.
        frames: Batches of examples.
        details: For the manifest; how many files there are where None.
        citation: What to cite.
    """
    version = "+".join(sorted({file.commit or "local" for file in files}))
    facts = {"files": len(files)} if details is None else details
    unread = files.unread.say() if isinstance(files, Files) else {}
    facts |= {"unread": unread} if unread else {}
    return Reading(version, licence, fingerprint(files), frames, facts, citation)


def some_of(
    frames: Iterable[pl.DataFrame], files: Sequence[Found], what: str, context: Context
) -> Iterator[pl.DataFrame]:
    """Yield batches of examples of files, of which there is at least one.

    Raises:
        IsoglossError: There is none: the files hold nothing in a language of the recipe.
    """
    made = False
    for frame in frames:
        made = True
        yield frame
    if not made:
        raise IsoglossError(
            f"holds no {what} in a language of the recipe",
            where=files[0].path if len(files) == 1 else f"{context.where}.path",
        )


def known_licence(options: SourceOptions, context: Context, *, per_row: bool = False) -> str:
    """Return the licence that the recipe gives; empty where every row brings its own.

    Raises:
        IsoglossError: There is none.
    """
    if options.licence or per_row:
        return options.licence or ""
    raise IsoglossError(
        "the licence of these files is not known",
        where=context.where,
        remedy='Give it: licence = "…" (an SPDX expression)',
    )


def name_of(path: Path, folder: Path) -> str:
    """Return the path from the folder, so that a corpus is the same wherever both are put."""
    relative = os.path.relpath(path.resolve(), folder.resolve())
    return path.name if relative.startswith("..") else Path(relative).as_posix()


def _matches(pattern: str, context: Context, left: dict[Path, str]) -> list[Found]:
    """Return the files of a pattern; add to ``left`` why others of its files are not read."""
    where = f"{context.where}.path"
    if pattern.startswith(hub.PREFIX):
        path, name, commit = hub.fetch(pattern, where)
        return [Found(path, name, commit=commit)]
    files = _globbed(pattern, context.folder)
    if not files:
        raise missing(pattern, context.folder, where)
    if not _is_named(pattern):
        return [Found(path, name_of(path, context.folder)) for path in files]
    shape = _shape(pattern)
    kept = []
    for path in files:
        file = _named(path, shape, context)
        if isinstance(file, Found):
            kept.append(file)
        else:
            left[path] = file
    if not kept:
        raise IsoglossError(
            f"none of the {len(files)} files is named for a language of the recipe",
            where=f"{where}: {context.folder / pattern}",
            remedy="Placeholders stand for tags (de, zh-Hans) or FLORES codes (deu_Latn)",
        )
    return kept


def _is_named(pattern: str) -> bool:
    return any(placeholder in pattern for placeholder in _PLACEHOLDERS)


def _globbed(pattern: str, folder: Path) -> list[Path]:
    literal = folder / pattern
    if not _is_named(pattern) and literal.is_file():  # brackets in a name that exists: no pattern
        return [literal]
    for placeholder in _PLACEHOLDERS:
        pattern = pattern.replace(placeholder, "*")
    # Path.glob takes no absolute patterns.
    names = sorted(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207
    return [path for path in (folder / name for name in names) if path.is_file()]


def _shape(pattern: str) -> re.Pattern[str]:
    """Turn a pattern into an expression whose groups are the placeholders."""
    parts = re.split(r"(\{source_language\}|\{language\}|\*\*/|\*|\?)", pattern)
    wild = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    text, seen = "", set()
    for part in parts:
        if part in _PLACEHOLDERS:
            name = part.strip("{}")
            text += f"(?P={name})" if name in seen else f"(?P<{name}>[A-Za-z0-9_@-]+?)"
            seen.add(name)
        else:
            text += wild.get(part, re.escape(part))
    return re.compile(text)


def _codes(path: Path, shape: re.Pattern[str], folder: Path) -> dict[str, str] | None:
    """Return what the placeholders of a pattern stand for in a path, None where it has another."""
    try:
        relative = path.relative_to(folder).as_posix()
    except ValueError:
        relative = path.as_posix()
    match = shape.fullmatch(relative) or shape.fullmatch(path.as_posix())
    if match is None or not all(is_language(tag) for tag in match.groupdict().values()):
        return None
    return match.groupdict()


def _named(path: Path, shape: re.Pattern[str], context: Context) -> Found | str:
    """Return the file with the languages of its name, or why it is not read."""
    codes = _codes(path, shape, context.folder)
    if codes is None:
        return NO_LANGUAGE
    tags = {side: served(code, context.languages) for side, code in codes.items()}
    if "language" in tags and tags["language"] not in context.languages:
        return OTHER_LANGUAGE
    written = canonical(codes["language"]) if "language" in codes else None
    return Found(path, name_of(path, context.folder), **tags, written=written)
