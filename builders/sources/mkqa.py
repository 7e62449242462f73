"""MKQA: questions in 26 languages with short answers and no passage (Longpre et al. 2020, TACL)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Literal

import polars as pl
from pydantic import BaseModel, Field

from builders.example import blank
from builders.readers.faults import OneWhole
from builders.readers.jsonmodels import from_values, json_lines
from builders.sources import _citations
from builders.sources._base import Context, Reading
from builders.sources._files import Found, PathOptions, find, reading_of, some_of
from builders.sources._rows import answered, broken, in_batches, shown
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, is_language, nearest

DESCRIPTION = "MKQA's JSON Lines: open question answering, the same questions in many languages"
LANGUAGES = "26: ar da de en es fi fr he hu it ja km ko ms nl no pl pt ru sv th tr vi zh (three)"
LICENCE = "CC-BY-SA-3.0"
EXAMPLE = """[[sources]]
name = "mkqa"
kind = "mkqa"
path = "mkqa.jsonl.gz"
unanswerable = "drop"    # or "keep": the answer is then empty
split = "test"
"""

#: Types of an answer that is not one: the text of both is null.
NO_ANSWER = ("unanswerable", "long_answer")

#: Examples of a batch.
_ROWS = 4096

_REMEDY = 'A line is {"example_id", "queries": {"de": "…"}, "answers": {"de": [{"type", "text"}]}}'

# Its Norwegian is Bokmål, as where nothing more is said.
_WITHIN = {"nb": "no"}


class Options(PathOptions):
    """Which files, and what to do with questions that have no short answer.

    The tag ``answer:TYPE`` says each answer's type. The answers of the type ``binary`` are the
    English words yes and no in every language.
    """

    unanswerable: Literal["drop", "keep"] = "drop"
    """``keep`` gives questions without a short answer (the types ``unanswerable`` and
    ``long_answer``) an empty output, as the paper's own evaluation does.
    """
    split: Literal["train", "validation", "test"] | None = None
    """The split of every question; by default the pipeline draws it."""


class _Answer(BaseModel):
    type: str
    text: str | None = None
    aliases: list[str] | None = None


class _Question(BaseModel):
    """A line of the file; what else it holds is left, and so are languages that nobody wants."""

    id: int | str = Field(alias="example_id")
    queries: dict[str, Any]
    answers: dict[str, Any]


class _Texts(BaseModel):
    """What a line holds in a language."""

    queries: dict[str, str | None]
    answers: dict[str, list[_Answer]]


def read(options: Options, context: Context) -> Reading:
    """Open the files; their questions are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file.
    """
    files = find(options.paths, context)
    frames = _frames(files, options, context)
    return reading_of(files, options.licence or LICENCE, frames, citation=_citations.MKQA)


def _frames(files: list[Found], options: Options, context: Context) -> Iterator[pl.DataFrame]:
    # Lists of answers within languages are checked as objects; ten thousand lines are few.
    groups = (rows for file in files for rows in _groups(file, options, context))
    return some_of(in_batches(groups, _ROWS), files, "question", context)


def _groups(file: Found, options: Options, context: Context) -> Iterator[Iterable[dict[str, Any]]]:
    """Make examples of the questions of a file: of each, one in each language of the recipe.

    Raises:
        IsoglossError: Each of them is broken.
    """
    found = OneWhole()
    for number, question in json_lines(_Question, file.path, _REMEDY):
        place = f"{file.name}:{number}"
        if isinstance(question, IsoglossError):
            found.note(question)
            yield [broken(question, place, "qa")]
            continue
        rows = []
        for language, code in _codes(tuple(question.queries), context.languages).items():
            values = {
                key: {code: texts[code]} if code in texts else {}
                for key, texts in (("queries", question.queries), ("answers", question.answers))
            }
            try:
                own = from_values(_Texts, values, f"{file.path}:{number}", _REMEDY)
            except IsoglossError as error:
                found.note(error)
                rows.append(broken(error, place, "qa") | {"language": language})
                continue
            found.note(None)
            row = _row(own.queries[code], own.answers.get(code, []), options)
            row |= {"group": str(question.id), "source_id": f"{file.name}#{question.id}"}
            rows.append(row | {"language": language})
        yield rows
    found.check()


@lru_cache
def _codes(codes: tuple[str, ...], languages: tuple[str, ...]) -> dict[str, str]:
    """Return which of a question's codes serves each of the recipe's languages.

    One at most: of zh_hk and zh_tw, the latter is what zh-Hant means.
    """
    tags = {canonical(code): code for code in codes if is_language(code)}
    found = {
        language: nearest(tags, language) or _WITHIN.get(language, "") for language in languages
    }
    return {language: tags[tag] for language, tag in found.items() if tag in tags}


def _row(query: str | None, answers: list[_Answer], options: Options) -> dict[str, Any]:
    query = (query or "").strip()
    texts = shown(
        text.strip()
        for answer in answers
        if answer.type not in NO_ANSWER
        for text in (answer.text or "", *(answer.aliases or ()))
    )
    types = dict.fromkeys(answer.type for answer in answers)
    unanswered = bool(types) and all(name in NO_ANSWER for name in types)
    reason = None
    if blank(query):
        reason = "it has no question in this language"
    elif unanswered and options.unanswerable == "drop":
        reason = f"it has no short answer ({', '.join(types)})"
    elif not texts and not unanswered:
        reason = "it has no answer in this language"
    return {
        "task": "qa",
        "input": query,
        "split": options.split,
        "tags": [f"answer:{name}" for name in types],
        **answered(texts, reason),
    }
