"""Finding a recipe's files by path or pattern, and what their names say of their languages."""

from __future__ import annotations

import difflib
import glob
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from builders.sources._base import Context, SourceOptions
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, is_language, same_language
from isogloss.provenance import sha256_file

_PLACEHOLDERS = ("{source_language}", "{language}")


@dataclass(frozen=True)
class Found:
    """A file of a source.

    ``name`` is its path from the recipe's folder, with forward slashes; the languages are what a
    pattern's placeholders matched, as the recipe's own tags, or None where it has none.
    """

    path: Path
    name: str
    language: str | None = None
    source_language: str | None = None


def served(tag: str, languages: Sequence[str]) -> str:
    """Return the recipe's own tag for a language (``zh`` → ``zh-Hans``), or else the canonical one."""
    known = canonical(tag)
    if known in languages:
        return known
    return next((asked for asked in languages if same_language(asked, known)), known)


def find(patterns: Sequence[str], context: Context) -> list[Found]:
    """Return the files that paths or glob patterns name, from the recipe's folder, sorted by name.

    ``{language}`` and ``{source_language}`` in a pattern stand for a tag or a FLORES code; files
    in languages that the recipe does not keep are left out.

    Raises:
        IsoglossError: A pattern matches no file, or none in the recipe's languages.
    """
    found: dict[Path, Found] = {}
    for pattern in patterns:
        for file in _matches(pattern, context):
            found.setdefault(file.path, file)
    return sorted(found.values(), key=lambda file: file.name)


def fingerprint(files: Iterable[Found]) -> str:
    """Return one SHA-256 over the files' names and contents."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}:{sha256_file(file.path)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


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


def _matches(pattern: str, context: Context) -> list[Found]:
    where = f"{context.where}.path"
    literal = context.folder / pattern
    named = any(placeholder in pattern for placeholder in _PLACEHOLDERS)
    if not named and literal.is_file():  # brackets in a name that exists are no pattern
        return [Found(literal, _name(literal, context.folder))]
    wild = pattern
    for placeholder in _PLACEHOLDERS:
        wild = wild.replace(placeholder, "*")
    # Path.glob takes no absolute patterns.
    names = sorted(glob.glob(wild, root_dir=context.folder, recursive=True))  # noqa: PTH207
    paths = [context.folder / name for name in names]
    files = [path for path in paths if path.is_file()]
    if not files:
        near = difflib.get_close_matches(literal.name, _beside(literal), n=1)
        raise IsoglossError(
            "there is no such file",
            where=f"{where}: {literal}",
            remedy=f"Did you mean {near[0]!r}?" if near else "Paths start from the recipe's folder",
        )
    if not named:
        return [Found(path, _name(path, context.folder)) for path in files]
    shape = _shape(pattern)
    made = [_named(path, shape, context) for path in files]
    kept = [file for file in made if file is not None]
    if not kept:
        raise IsoglossError(
            f"none of the {len(files)} files is named for a language of the recipe",
            where=f"{where}: {literal}",
            remedy="Placeholders stand for tags (de, zh-Hans) or FLORES codes (deu_Latn)",
        )
    return kept


def _beside(path: Path) -> list[str]:
    return sorted(item.name for item in path.parent.iterdir()) if path.parent.is_dir() else []


def _name(path: Path, folder: Path) -> str:
    """Return the path from the folder, so that a corpus is the same wherever both are put."""
    relative = os.path.relpath(path.resolve(), folder.resolve())
    return path.name if relative.startswith("..") else Path(relative).as_posix()


def _shape(pattern: str) -> re.Pattern[str]:
    """Turn a pattern into an expression whose groups are the placeholders."""
    parts = re.split(r"(\{source_language\}|\{language\}|\*\*/|\*|\?)", pattern)
    wild = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    text, seen = "", set()
    for part in parts:
        if part in _PLACEHOLDERS:
            name = part.strip("{}")
            text += f"(?P={name})" if name in seen else f"(?P<{name}>[A-Za-z0-9_-]+?)"
            seen.add(name)
        else:
            text += wild.get(part, re.escape(part))
    return re.compile(text)


def _named(path: Path, shape: re.Pattern[str], context: Context) -> Found | None:
    """Return the file with the languages of its name; None where the recipe keeps no such."""
    try:
        relative = path.relative_to(context.folder).as_posix()
    except ValueError:
        relative = path.as_posix()
    match = shape.fullmatch(relative) or shape.fullmatch(path.as_posix())
    if match is None:
        return None
    tags = {}
    for side, tag in match.groupdict().items():
        if not is_language(tag):
            return None
        tags[side] = served(tag, context.languages)
    if "language" in tags and tags["language"] not in context.languages:
        return None
    return Found(path, _name(path, context.folder), **tags)
