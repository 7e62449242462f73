"""Questions about passages in SQuAD's JSON (versions 1 and 2, XQuAD, MLQA, TyDiQA-GoldP …)."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import langcodes
import polars as pl
from pydantic import model_validator

from builders.example import blank
from builders.readers.faults import OneWhole
from builders.readers.lines import check_beginning, unpacked
from builders.sources._base import Context, Reading
from builders.sources._citations import cited
from builders.sources._files import Found, TaggedPathOptions, find, known_licence, reading_of
from builders.sources._rows import answered, broken, in_batches, shown
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, is_language, served

DESCRIPTION = "SQuAD-format JSON (XQuAD, MLQA, TyDiQA …): questions about passages"
LANGUAGES = "any; the files' names, the questions' ids or the recipe say it"
LICENCE = "as the recipe says (XQuAD: CC-BY-SA-4.0, MLQA: CC-BY-SA-3.0, TyDiQA: Apache-2.0)"
EXAMPLE = """[[sources]]
name = "xquad"
kind = "squad"
path = "xquad/xquad.{language}.json"   # or .json.gz; or one file, with language = "de"
# path = "mlqa/test-context-{language}-question-{source_language}.json"
# path = "tydiqa-goldp-v1.1-train.json" with language_in_id = true
licence = "CC-BY-SA-4.0"
unanswerable = "drop"                  # or "keep": the answer is then empty
"""

#: Questions of a batch.
_ROWS = 4096
# A file is read whole.
_LARGEST = 2 << 30


class Options(TaggedPathOptions):
    """Which files, and what to do with questions that have no answer.

    ``language`` is that of the answer, and so of the passage; ``source_language`` that of the
    question, where it is another.
    """

    path: str | tuple[str, ...] | dict[str, str]
    """Paths or glob patterns, from the recipe's folder; ``{language}`` in them stands for a tag
    or a FLORES code, ``{source_language}`` for that of the questions where it is another
    (MLQA's). A table of several says the language of each.
    """
    language: str | None = None
    """The language of the files, where their names do not say it."""
    language_in_id: bool = False
    """Each question's id says its language: it begins with its English name or tag and a hyphen, as
    TyDiQA's do (``arabic-2387335860751143628-1``).
    """
    unanswerable: Literal["drop", "keep"] = "drop"
    """``keep`` gives questions without an answer an empty output."""
    parallel: bool = True
    """Questions of the same id are translations of each other, and their passages stay in one
    split. Where files number their questions each from the start, say false.
    """
    split: Literal["train", "validation", "test"] | None = None
    """The split of every question; by default the pipeline draws it."""

    @model_validator(mode="after")
    def _one_language(self) -> Options:
        named = self.path_says_language()
        if sum((self.language is not None, self.language_in_id, named)) != 1:
            raise ValueError(
                'say the language once: language = "de", {language} in every path, or '
                "language_in_id = true"
            )
        return self


@dataclass(frozen=True)
class _Broken:
    """What is wrong with a part of a file, and where it stands in it."""

    place: str
    error: IsoglossError


@dataclass(frozen=True)
class _Question:
    """A question as read, and where it stands in its file."""

    place: str
    id: str | None
    passage: str
    question: str
    answers: list[str]
    impossible: bool


def read(options: Options, context: Context) -> Reading:
    """Open the files; one at a time is in memory.

    Raises:
        IsoglossError: There is no such file, or the licence or language is missing or wrong.
    """
    licence = known_licence(options, context)
    tag = options.language
    language = canonical(tag, where=f"{context.where}.language") if tag else None
    files = find(options.paths, context)
    frames = _frames(files, language, options, context)
    return reading_of(files, licence, frames, citation=cited(file.name for file in files))


def _frames(
    files: list[Found], language: str | None, options: Options, context: Context
) -> Iterator[pl.DataFrame]:
    groups = _Groups(parallel=options.parallel)
    for file in files:
        found = OneWhole()
        questions = []
        for question in _questions(file):
            found.note(question.error if isinstance(question, _Broken) else None)
            if isinstance(question, _Question):
                questions.append(question)
        found.check()
        groups.add(questions)
    for file in files:
        rows = _rows(file, groups, language, options, context)
        yield from in_batches(([row] for row in rows), _ROWS)


def _rows(
    file: Found, groups: _Groups, language: str | None, options: Options, context: Context
) -> Iterator[dict[str, Any]]:
    common = {"language": file.language or language}
    if file.source_language != file.language:
        common["source_language"] = file.source_language
    for question in _questions(file):
        if isinstance(question, _Broken):
            yield broken(question.error, f"{file.name}: {question.place}", "qa")
            continue
        row = common | _row(question, file, options) | {"group": groups.of(question)}
        yield row | _language_in_id(question, context) if options.language_in_id else row


def _language_in_id(question: _Question, context: Context) -> dict[str, str]:
    """Return the language that a question's id begins with, or that it begins with none."""
    tag = _named((question.id or "").partition("-")[0], context.languages)
    if tag is not None:
        return {"language": tag}
    reason = f"its id {question.id!r} does not begin with a language"
    return {"language": "und", "rejected_by": "source", "reason": reason}


@lru_cache
def _named(name: str, languages: tuple[str, ...]) -> str | None:
    """Return the recipe's tag of a language called by its English name, or by its tag."""
    try:
        tag = name if is_language(name) else str(langcodes.find(name))
    except LookupError:
        return None
    return served(tag, languages)


def _row(question: _Question, file: Found, options: Options) -> dict[str, Any]:
    given = [] if question.impossible else shown(question.answers)
    texts = [text for text in given if _holds(question.passage, text)]
    reason = None
    if blank(question.question):
        reason = "it has no question"
    elif blank(question.passage):
        reason = "it has no passage"
    elif given and not texts:
        reason = "the answer is not in the passage"
    elif not given and options.unanswerable == "drop":
        reason = "the passage does not answer the question"
    return {
        "task": "qa",
        "context": question.passage,
        "input": question.question,
        "source_id": f"{file.name}#{question.id or question.place}",
        "split": options.split,
        **answered(texts, reason),
    }


def _holds(passage: str, answer: str) -> bool:
    """Tell whether a passage has an answer somewhere.

    Not only at its offset: files count in code points, UTF-16 units or bytes, and many are off.
    """
    if answer in passage:
        return True
    return unicodedata.normalize("NFC", answer) in unicodedata.normalize("NFC", passage)


class _Groups:
    """Which passages belong together: the same text, or translations with the same questions.

    Passages are joined by union and find. A group is named for the smallest id of its questions,
    so that it has the same name in every source of the same set; for its text where there is none.
    """

    def __init__(self, *, parallel: bool) -> None:
        self._parallel = parallel
        self._parents: dict[str, str] = {}

    def add(self, questions: list[_Question]) -> None:
        """Take in the questions of a file."""
        # What names two questions of one file identifies neither.
        passages = {(question.id, question.passage) for question in questions}
        counts = Counter(name for name, _ in passages)
        for question in questions:
            passage = self._root(_passage_key(question))
            if self._parallel and question.id is not None and counts[question.id] == 1:
                self._join(passage, self._root(f"id:{question.id}"))

    def of(self, question: _Question) -> str:
        """Return the name of a question's group."""
        return self._root(_passage_key(question))

    def _root(self, key: str) -> str:
        self._parents.setdefault(key, key)
        while self._parents[key] != key:
            self._parents[key] = self._parents[self._parents[key]]
            key = self._parents[key]
        return key

    def _join(self, one: str, other: str) -> None:
        # Ids sort before texts ("id:" < "text:"), so the smaller root is the name promised above.
        low, high = sorted((one, other))
        self._parents[high] = low


def _passage_key(question: _Question) -> str:
    digest = hashlib.blake2b(question.passage.encode("utf-8", "surrogatepass"), digest_size=16)
    return f"text:{digest.hexdigest()}"


def _questions(file: Found) -> Iterator[_Question | _Broken]:
    """Read a file's questions, in order, and what is broken instead of them (with the JSON path).

    Raises:
        IsoglossError: It is not UTF-8, not JSON, or has no list of articles.
    """
    where = str(file.path)
    for a, article in enumerate(_list(_document(file), "data", where, "$")):
        at = f"$.data[{a}]"
        try:
            paragraphs = _list(article, "paragraphs", where, at)
        except IsoglossError as error:
            yield _Broken(at, error)
            continue
        for p, paragraph in enumerate(paragraphs):
            here = f"{at}.paragraphs[{p}]"
            try:
                passage = _text(paragraph, "context", where, here)
                questions = _list(paragraph, "qas", where, here)
            except IsoglossError as error:
                yield _Broken(here, error)
                continue
            for q, entry in enumerate(questions):
                yield _question(entry, passage, where, f"{here}.qas[{q}]")


def _question(entry: Any, passage: str, where: str, place: str) -> _Question | _Broken:
    given = entry.get("id") if isinstance(entry, dict) else None
    try:
        return _Question(
            place=place,
            question=_text(entry, "question", where, place),
            id=None if given is None else str(given),
            passage=passage,
            answers=_answers(entry, where, place),
            impossible=entry.get("is_impossible") is True,
        )
    except IsoglossError as error:
        return _Broken(place, error)


def _answers(entry: dict[str, Any], where: str, place: str) -> list[str]:
    if entry.get("answers") is None:  # as some version 2 files write "none"
        return []
    answers = enumerate(_list(entry, "answers", where, place))
    return [
        _text(answer, "text", where, f"{place}.answers[{n}]")
        for n, answer in answers
        # Null is as blank as an empty text.
        if not (isinstance(answer, dict) and answer.get("text", answer) is None)
    ]


def _document(file: Found) -> Any:
    try:
        with unpacked(file.path) as stream:
            data = stream.read(_LARGEST + 1)
        check_beginning(data, file.path)
        if len(data) > _LARGEST:
            raise IsoglossError(
                f"is one JSON text of over {_LARGEST >> 30} GiB", where=file.path, remedy="Cut it"
            )
        return json.loads(data.decode("utf-8-sig"), parse_int=_number)
    except UnicodeDecodeError as error:
        raise IsoglossError(
            f"is not UTF-8 (at offset {error.start})",
            where=file.path,
            remedy="Convert it first, for instance with iconv -t UTF-8",
        ) from error
    except json.JSONDecodeError as error:
        raise IsoglossError(
            f"is not JSON ({error.msg} at character {error.colno})",
            where=f"{file.path}:{error.lineno}",
            remedy="Mend it or fetch it anew",
        ) from error
    except RecursionError as error:
        raise IsoglossError("cannot be read (it is nested too deep)", where=file.path) from error


def _number(text: str) -> int | str:
    """Return a whole number; one of so many digits that Python refuses it, as it is written."""
    return int(text) if len(text) < 20 else text


def _list(value: Any, key: str, where: str, place: str) -> list[Any]:
    found = _get(value, key, where, place)
    if not isinstance(found, list):
        raise _wrong(found, "a list", where, f"{place}.{key}")
    return found


def _text(value: Any, key: str, where: str, place: str) -> str:
    found = _get(value, key, where, place)
    if not isinstance(found, str):
        raise _wrong(found, "a text", where, f"{place}.{key}")
    return found


def _get(value: Any, key: str, where: str, place: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(value, "an object", where, place)
    if key not in value:
        raise IsoglossError(
            f"has no {key!r}",
            where=f"{where}: {place}",
            remedy="SQuAD files are laid out as data[].paragraphs[].qas[].answers[]",
        )
    return value[key]


def _wrong(value: Any, expected: str, where: str, place: str) -> IsoglossError:
    kinds = {dict: "an object", list: "a list", str: "a text", type(None): "null"}
    found = kinds.get(type(value), type(value).__name__)
    return IsoglossError(f"is {found}, not {expected}", where=f"{where}: {place}")
