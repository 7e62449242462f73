"""Programming problems with tests: HumanEval, MBPP and their translations, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from builders.readers import programs
from builders.readers.jsonmodels import json_lines
from builders.readers.lines import reading
from builders.readers.programs import Flaw, Program
from builders.sources._base import Context, Reading
from builders.sources._citations import cited
from builders.sources._files import Found, PathOptions, find, known_licence, reading_of
from builders.sources._rows import OneWhole, broken, in_batches
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, served
from isogloss.text import one_line

DESCRIPTION = "programming problems with tests, as in HumanEval, mHumanEval or MBPP: code"
LANGUAGES = "any; the files' names, a column or the recipe say it (mHumanEval: 204)"
LICENCE = "as the recipe says (HumanEval: MIT, MBPP: CC-BY-4.0)"
EXAMPLE = """[[sources]]
name = "humaneval"
kind = "problems"
path = "HumanEval.jsonl.gz"     # or "humaneval-{language}.jsonl"
language = "en"                 # of the problems' text, where neither path nor a column nl says it
licence = "MIT"
"""

#: Examples of a batch.
_ROWS = 1024

_REMEDY = "Every line holds one JSON object with a problem; jq -c '.[]' makes such lines of a list"


class Options(PathOptions):
    """Which files, and in which language their problems are told.

    A problem is laid out as HumanEval's (``prompt``, ``canonical_solution``, ``test``,
    ``entry_point``; without the last, it is the last function of the prompt) or as MBPP's (``text``
    or ``prompt``, ``code``, ``test_list``, and it may be ``test_setup_code``, ``test_imports``).
    What is asked is HumanEval's stub, or MBPP's text with its tests; the output is the whole
    program. Text that was encoded as UTF-8 twice is mended and tagged ``mended:double-encoding``, a
    body without its indentation ``mended:indentation``.
    """

    path: str | tuple[str, ...]
    """Paths or glob patterns, from the recipe's folder; ``{language}`` in them stands for a tag
    or a FLORES code.
    """
    language: str | None = None
    """The language of the problems' text, where neither the files' names nor their column ``nl`` (a
    FLORES code) says it.
    """
    split: Literal["train", "validation", "test"] | None = None
    """The split of every problem; by default the pipeline draws it."""


class _Problem(BaseModel):
    """A line of a file; what else it holds is left."""

    id: int | str | None = Field(default=None, alias="task_id")
    nl: str | None = None
    prompt: str | None = None
    text: str | None = None
    solution: str | None = Field(default=None, alias="canonical_solution")
    code: str | None = None
    test: str | None = None
    tests: list[str] | None = Field(default=None, alias="test_list")
    setup: str | None = Field(default=None, alias="test_setup_code")
    imports: list[str] = Field(default_factory=list, alias="test_imports")
    entry: str | None = Field(default=None, alias="entry_point")


def read(options: Options, context: Context) -> Reading:
    """Open the files; their problems are read later, batch by batch.

    Raises:
        IsoglossError: There is no such file, or the licence or language is missing or wrong.
    """
    licence = known_licence(options, context)
    files = find(options.paths, context)
    tag = options.language
    language = canonical(tag, where=f"{context.where}.language") if tag else None
    rows = _rows(files, language, options, context)
    frames = in_batches(([row] for row in rows), _ROWS)
    return reading_of(files, licence, frames, citation=cited(file.name for file in files))


def _rows(
    files: list[Found], language: str | None, options: Options, context: Context
) -> Iterator[dict[str, Any]]:
    # Programs are parsed one by one: polars knows no Python.
    for file in files:
        found = OneWhole()
        for number, problem in _problems(file.path):
            where = f"{file.path}:{number}"
            try:
                if isinstance(problem, IsoglossError):
                    raise problem
                tag = _language(problem, file, language, context, where)
                row = _row(problem, where)
            except IsoglossError as error:
                found.note(error)
                yield broken(error, f"{file.name}:{number}", "code")
                continue
            found.note(None)
            if tag not in context.languages:
                continue
            name = problem.id if problem.id is not None else number
            told = {"language": tag, "source_id": f"{file.name}#{name}", "split": options.split}
            yield row | told
        found.check()


def _language(
    problem: _Problem, file: Found, given: str | None, context: Context, where: str
) -> str:
    """Return the recipe's tag of a problem's language: of its file, its column, or the options."""
    tag = file.language or problem.nl or given
    if tag is None:
        raise IsoglossError(
            "nothing says the language of this problem",
            where=where,
            remedy=f'Say it in {context.where}: language = "en", or {{language}} in the path',
        )
    return _served(canonical(tag, where=where), context.languages)


#: Of the recipe's languages, the one that serves a tag; looked for once a tag, not a problem.
_served = lru_cache(served)


def _row(problem: _Problem, where: str) -> dict[str, Any]:
    """Return a problem as a row: whole, or with why it is rejected."""
    if problem.code is not None and problem.tests is not None:
        asked, answer = problem.text or problem.prompt or "", problem.code
    elif problem.prompt is not None and problem.solution is not None and problem.test is not None:
        asked, answer = problem.prompt, problem.prompt + problem.solution
    else:
        raise IsoglossError(
            "is no problem with a solution and tests",
            where=where,
            remedy="It needs prompt, canonical_solution and test (HumanEval), or text, code and "
            "test_list (MBPP)",
        )
    row: dict[str, Any] = {"task": "code", "input": asked, "output": answer}
    try:
        made = _made(problem)
    except Flaw as flaw:
        group = programs.group_of(answer)
        return row | {"group": group, "rejected_by": "source", "reason": str(flaw)}
    told = {"input": made.asked, "output": made.program, "tests": made.tests, "group": made.group}
    return row | told | {"tags": [f"mended:{what}" for what in made.mended]}


def _made(problem: _Problem) -> Program:
    if problem.code is not None and problem.tests is not None:
        setup = [line for line in (*problem.imports, problem.setup) if line]
        text = problem.text or problem.prompt or ""
        return programs.described(text, problem.code, problem.tests, setup)
    solution, tests = problem.solution or "", problem.test or ""
    return programs.completed(problem.prompt or "", solution, tests, problem.entry)


def _problems(path: Path) -> Iterator[tuple[int, _Problem | IsoglossError]]:
    """Read a file's problems, in order, each with the number of its line, or what is wrong with it.

    Raises:
        IsoglossError: None of its lines is one.
    """
    stored = path.suffix == ".parquet"
    return _stored(path) if stored else json_lines(_Problem, path, _REMEDY)


def _stored(path: Path) -> Iterator[tuple[int, _Problem | IsoglossError]]:
    """Read a Parquet file's problems, each with the number of its row."""
    import pyarrow as pa
    import pyarrow.parquet

    def rows() -> Iterator[dict[str, Any]]:
        try:
            with reading(path):
                for batch in pyarrow.parquet.ParquetFile(path).iter_batches(_ROWS):
                    yield from batch.to_pylist()
        except pa.ArrowException as error:
            told = one_line(error)
            raise IsoglossError(f"is not a whole Parquet file ({told})", where=path) from error

    for number, row in enumerate(rows(), 1):
        try:
            yield number, _Problem.model_validate(row)
        except ValidationError as error:
            told = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in told["loc"])
            yield number, IsoglossError(f"{place}: {told['msg']}", where=f"{path}: row {number}")
