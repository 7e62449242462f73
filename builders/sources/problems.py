"""Programming problems with tests: HumanEval, MBPP and their translations, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from builders.readers import programs
from builders.readers.faults import OneWhole
from builders.readers.jsonmodels import Object, from_values, json_lines
from builders.readers.lines import reading
from builders.readers.programs import Flaw, Program
from builders.sources._base import Context, Reading
from builders.sources._citations import cited
from builders.sources._files import Found, PathOptions, find, known_licence, reading_of
from builders.sources._rows import broken, in_batches
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
    """Which files, and in which language their problems are written.

    A problem is laid out as HumanEval's (``prompt``, ``canonical_solution``, ``test``,
    ``entry_point``; without the last, it is the last function of the prompt) or as MBPP's (``text``
    or ``prompt``, ``code``, ``test_list``, and it may be ``test_setup_code``, ``test_imports``).
    The prompt is HumanEval's stub, or MBPP's text with its tests; the output is the whole
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


# What a record of each layout has, and what it may have; MBPP's comes first.
_MBPP = (("code", "test_list"), ("text", "prompt", "test_setup_code", "test_imports"))
_HUMAN_EVAL = (("prompt", "canonical_solution", "test"), ("entry_point",))


class _Problem(BaseModel):
    """A record of a file: what its layout has, whatever else it holds."""

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
        for number, record in _records(file.path):
            where = f"{file.path}:{number}"
            try:
                if isinstance(record, IsoglossError):
                    raise record
                problem = _problem(record, where, has_language=file.language is not None)
                tag = _language(problem, file, language, context, where)
                row = _row(problem)
            except IsoglossError as error:
                found.note(error)
                yield broken(error, f"{file.name}:{number}", "code")
                continue
            found.note(None)
            if tag not in context.languages:
                continue
            name = problem.id if problem.id is not None else number
            row |= {"language": tag, "split": options.split}
            yield row | {"source_id": f"{file.name}#{name}"}
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


def _row(problem: _Problem) -> dict[str, Any]:
    """Return a problem as a row: whole, or with why it is rejected."""
    if problem.code is not None:
        prompt, answer = problem.text or problem.prompt or "", problem.code
    else:
        prompt = problem.prompt or ""
        answer = prompt + (problem.solution or "")
    row: dict[str, Any] = {"task": "code", "input": prompt, "output": answer}
    try:
        made = _made(problem)
    except Flaw as flaw:
        group = programs.group_of(answer)
        return row | {"group": group, "rejected_by": "source", "reason": str(flaw)}
    row |= {"input": made.prompt, "output": made.program, "tests": made.tests}
    return row | {"group": made.group, "tags": [f"mended:{what}" for what in made.mended]}


def _made(problem: _Problem) -> Program:
    if problem.code is not None and problem.tests is not None:
        setup = [line for line in (*problem.imports, problem.setup) if line]
        text = problem.text or problem.prompt or ""
        return programs.described(text, problem.code, problem.tests, setup)
    solution, tests = problem.solution or "", problem.test or ""
    return programs.completed(problem.prompt or "", solution, tests, problem.entry)


def _problem(record: Mapping[str, Any], where: str, *, has_language: bool) -> _Problem:
    """Return a record as a problem; only what its layout has need be right.

    Args:
        record: The record.
        where: The place to name in an error.
        has_language: Whether its file says its language, so that the record need not.

    Raises:
        IsoglossError: It has neither layout, or a value has a wrong type.
    """
    values = {key: value for key, value in record.items() if value is not None}
    for needed, others in (_MBPP, _HUMAN_EVAL):
        if all(key in values for key in needed):
            wanted = {"task_id", "nl", *needed, *others} - ({"nl"} if has_language else set())
            if "text" in values and "text" in wanted:  # MBPP's own; its later edition says prompt
                wanted -= {"prompt"}
            values = {key: value for key, value in values.items() if key in wanted}
            return from_values(_Problem, values, where, _REMEDY)
    from_values(_Problem, values, where, _REMEDY)
    raise IsoglossError(
        "is no problem with a solution and tests",
        where=where,
        remedy="It needs prompt, canonical_solution and test (HumanEval), or text, code and "
        "test_list (MBPP)",
    )


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any] | IsoglossError]]:
    """Read a file's records, in order, each with the number of its line, or what is wrong with it.

    Raises:
        IsoglossError: None of its lines is one.
    """
    if path.suffix == ".parquet":
        yield from enumerate(_stored(path), 1)
        return
    for number, line in json_lines(Object, path, _REMEDY):
        yield number, line if isinstance(line, IsoglossError) else line.root


def _stored(path: Path) -> Iterator[dict[str, Any]]:
    """Read a Parquet file's rows."""
    import pyarrow as pa
    import pyarrow.parquet

    try:
        with reading(path):
            for batch in pyarrow.parquet.ParquetFile(path).iter_batches(_ROWS):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise IsoglossError(
            f"is not a whole Parquet file ({one_line(error)})", where=path
        ) from error
