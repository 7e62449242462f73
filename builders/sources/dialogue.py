"""Dialogues in YAML, as the ChatterBot corpus ships them: a turn and its answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import langcodes
import polars as pl
import yaml
from pydantic import model_validator

from builders.example import examples
from builders.readers.faults import OneWhole
from builders.readers.lines import reading
from builders.sources import _citations, _licence
from builders.sources._base import Context, Reading, SourceOptions
from builders.sources._rows import broken
from isogloss.console import warn
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file
from isogloss.languages import canonical, is_language, served
from isogloss.text import one_line
from isogloss.wheels import extract, fetch

DESCRIPTION = "YAML conversations (one folder a language): open question answering, small talk"
LANGUAGES = "any; folders are named for them (the ChatterBot corpus has about 20)"
LICENCE = "the package's, or as the recipe says"
EXAMPLE = """[[sources]]
name = "chatterbot"
kind = "dialogue"
pypi = "chatterbot-corpus==1.3.3"   # or path = "…": a folder with one folder a language
turns = "first"                     # or "all": every turn that another one answers
"""

# Folder names that are not the English name of one language.
_FOLDERS = {"traditionalchinese": "zh-Hant", "chinese": "zh-Hans", "hinglish": "hi-Latn"}

# The tags YAML writers leave unquoted: without them "yes" is a boolean and "1984" a number.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
# A file is a table of lists of lists of turns, some of which look like tables.
_DEEPEST = 16


class Options(SourceOptions):
    """Where the conversations are, and which of their turns are questions."""

    pypi: str | None = None
    """A pinned package of the index, fetched but not installed."""
    member: str = "chatterbot_corpus/data"
    """The folder inside it."""
    path: str | None = None
    """A folder, from the recipe's."""
    turns: Literal["first", "all"] = "first"
    """``first``: the opening of each conversation; ``all``: every turn but the last."""
    folders: dict[str, str] = {}  # noqa: RUF012 (pydantic copies defaults)
    """Language tags of folders that are not named for their language in English."""

    @model_validator(mode="after")
    def _one_place(self) -> Options:
        if (self.pypi is None) == (self.path is None):
            raise ValueError("give exactly one of pypi and path")
        return self


def read(options: Options, context: Context) -> Reading:
    """Open the conversations of the recipe's languages.

    Raises:
        IsoglossError: There is no such folder, or a file is broken.
        Unavailable: The package cannot be fetched.
    """
    if options.pypi is not None:
        wheel = fetch(options.pypi, where=f"{context.where}.pypi")
        root = extract(wheel, options.member, where=f"{context.where}.member")
        version, citation = wheel.version, _citations.package(wheel.project, wheel.version)
        licence = options.licence or _licence.of_wheel(wheel, where=context.where)
    else:
        root, version, citation = context.folder / str(options.path), "local", ""
        licence = options.licence
        if not root.is_dir():
            raise IsoglossError("there is no such folder", where=f"{context.where}.path: {root}")
    if not licence:
        raise IsoglossError(
            "the licence of these dialogues is not known",
            where=context.where,
            remedy='Give it: licence = "…" (an SPDX expression)',
        )
    tags = _folders(root, options, context)
    files = _files(root, tags, context)
    digest = hashlib.sha256()
    for tag, path in files:
        name = path.relative_to(root).as_posix()
        digest.update(f"{tag}:{name}:{sha256_file(path)}\n".encode())
    frames = (_examples(tag, path, root, options) for tag, path in files)
    details = {
        "folders": {name: tag for name, tag in tags.items() if tag in context.languages},
        "left_out": {
            name: tag or "not named for a language"
            for name, tag in tags.items()
            if tag not in context.languages
        },
    }
    return Reading(version, licence, digest.hexdigest(), _joined(frames), details, citation)


def _joined(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield from (frame for frame in frames if not frame.is_empty())


def _folders(root: Path, options: Options, context: Context) -> dict[str, str | None]:
    """Return the language of each folder: the recipe's own tag where it keeps the language."""
    tags = {}
    names = [path.name for path in root.iterdir() if path.is_dir()]
    for name in sorted(name for name in names if not name.startswith(".")):
        tag = _tag(name, options, context)
        tags[name] = served(tag, context.languages) if tag else None
    return tags


def _files(root: Path, tags: dict[str, str | None], context: Context) -> list[tuple[str, Path]]:
    found = []
    for name, tag in tags.items():
        if tag is not None and tag in context.languages:
            folder = root / name
            found += [
                (tag, path) for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])
            ]
    if not found:
        raise IsoglossError(
            "holds no conversations in the recipe's languages",
            where=root,
            remedy="It needs one folder a language, with YAML files in it",
        )
    return found


def _tag(folder: str, options: Options, context: Context) -> str | None:
    if folder in options.folders:
        return canonical(options.folders[folder], where=f"{context.where}.folders.{folder}")
    if folder in _FOLDERS:
        return _FOLDERS[folder]
    # Tags first: "en", "id" and "ko" are English names too, of languages called En, Id and Ko.
    if is_language(folder):
        return canonical(folder)
    try:
        return canonical(str(langcodes.find(folder)))
    except LookupError:
        warn(
            f"{context.where}: the folder {folder!r} is not named for a language; left out "
            '(name its language: folders = { FOLDER = "TAG" })'
        )
        return None


def _examples(tag: str, path: Path, root: Path, options: Options) -> pl.DataFrame:
    name = path.relative_to(root).as_posix()
    rows: list[dict[str, Any]] = []
    found = OneWhole()
    for number, turns in enumerate(_conversations(path)):
        found.note(turns if isinstance(turns, IsoglossError) else None)
        if isinstance(turns, IsoglossError):
            rows.append(broken(turns, f"{name}: conversations[{number}]", "qa") | {"language": tag})
            continue
        common = {
            "task": "qa",
            "language": tag,
            "source_id": f"{name}#{number}",
            "tags": [f"topic:{path.stem}"],
        }
        if len(turns) < 2:
            text = turns[0] if turns else ""
            faulty = {"input": text, "output": "", "group": f"{tag}:{text}"}
            rows.append(
                {**common, **faulty, "rejected_by": "source", "reason": "a turn without an answer"}
            )
        last = len(turns) - 1 if options.turns == "all" else 1
        for turn in range(min(last, len(turns) - 1)):
            question = turns[turn].strip()
            made = {
                "input": question,
                "output": turns[turn + 1].strip(),
                "group": f"{tag}:{' '.join(question.casefold().split())}",
                "source_id": f"{name}#{number}.{turn}",
            }
            rows.append({**common, **made})
    found.check()
    return examples(rows)


def _conversations(path: Path) -> list[list[str] | IsoglossError]:
    """Return a file's conversations: the turns of each, or what is wrong with it.

    Raises:
        IsoglossError: It is not YAML, or has no conversations.
    """
    try:
        with reading(path):
            data = path.read_bytes()
        _check_shape(data, path)
        document = yaml.load(data, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or one_line(error)
        raise IsoglossError(f"is not YAML ({problem})", where=where, remedy="Mend it") from error
    except UnicodeDecodeError as error:
        raise IsoglossError(f"is not UTF-8 ({error})", where=path) from error
    talks = document.get("conversations") if isinstance(document, dict) else None
    if not isinstance(talks, list):
        raise IsoglossError("has no list of 'conversations'", where=path)
    return [_turns(talk, f"{path}: conversations[{number}]") for number, talk in enumerate(talks)]


def _turns(talk: Any, where: str) -> list[str] | IsoglossError:
    # A lone turn, not in a list, is in the ChatterBot corpus too: one turn without an answer.
    if isinstance(talk, str):
        return [talk] if talk else []
    if not isinstance(talk, list):
        return IsoglossError(f"is {type(talk).__name__}, not a list of turns", where=where)
    try:
        return [_text(turn, where) for turn in talk]
    except IsoglossError as error:
        return error


def _check_shape(data: bytes, path: Path) -> None:
    """Refuse what would end the process or fill its memory once it is loaded.

    Raises:
        IsoglossError: It is nested deeper than any conversation, or says something twice by alias.
        yaml.YAMLError: It is not YAML.
    """
    depth = 0
    for event in yaml.parse(data, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        alias = isinstance(event, yaml.AliasEvent)
        if alias or depth > _DEEPEST:
            mark = event.start_mark
            raise IsoglossError(
                "has an alias" if alias else f"is nested over {_DEEPEST} deep",
                where=f"{path}:{mark.line + 1}" if mark else path,
                remedy="Conversations need none of it; quote a turn that begins with *",
            )


def _text(turn: Any, where: str) -> str:
    """Return a turn's text; an unquoted "Title: words" is a mapping to YAML, and meant as text."""
    if isinstance(turn, str):
        return turn
    if isinstance(turn, dict) and all(isinstance(value, str) for value in turn.values()):
        return "\n".join(f"{key}: {value}" for key, value in turn.items())
    raise IsoglossError("a turn is not text", where=where)
