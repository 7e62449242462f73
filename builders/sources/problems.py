"""Programming problems with tests: HumanEval, MBPP and their translations, in JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from builders.sources import _programs
from builders.sources._base import Context, Reading
from builders.sources._citations import cited
from builders.sources._files import (
    Found,
    PathOptions,
    find,
    known_licence,
    reading_of,
    served,
)
from builders.sources._lines import blocks, one_line, reading
from builders.sources._models import from_json
from builders.sources._programs import Flaw, Program
from builders.sources._rows import in_batches
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, is_language

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

    Attributes:
        path: Paths or glob patterns, from the recipe's folder; ``{language}`` in them stands for
            a tag or a FLORES code.
        language: The language of the problems' text, where neither the files' names nor their
            column ``nl`` (a FLORES code) says it.
        split: The split of every problem; by default the pipeline draws it.

    A problem is laid out as HumanEval's (``prompt``, ``canonical_solution``, ``test``,
    ``entry_point``; without the last, it is the last function of the prompt) or as MBPP's (``text``
    or ``prompt``, ``code``, ``test_list``, and it may be ``test_setup_code``, ``test_imports``).
    What is asked is HumanEval's stub, or MBPP's text with its tests; the output is the whole
    program. Text that was encoded as UTF-8 twice is mended and tagged ``mended:double-encoding``, a
    body without its indentation ``mended:indentation``.
    """

    language: str | None = None
    split: Literal["train", "validation", "test"] | None = None


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
        first: Flaw | None = None
        whole = 0
        for number, problem in _problems(file.path):
            where = f"{file.path}:{number}"
            # Where the recipe says nothing of the language, and no problem does, it is at fault.
            tag = (
                file.language or (problem.nl if isinstance(problem, _Problem) else None) or language
            )
            told: dict[str, Any] = {"task": "code", "split": options.split}
            try:
                if isinstance(problem, Flaw):
                    raise problem
                tag = _language(tag, context, where)
                if tag not in context.languages:
                    whole += 1
                    continue
                name = problem.id if problem.id is not None else number
                row = _row(problem) | {"source_id": f"{file.name}#{name}"}
                whole += 1
            except Flaw as flaw:
                first = first or Flaw(f"{flaw}", number)
                name = f"{file.name}#{number}"
                tag = tag if tag is not None and is_language(tag) else None
                row = {"source_id": name, "group": name, "input": "", "output": ""}
                row |= {
                    "rejected_by": "source",
                    "reason": f"broken: {flaw}, at {file.name}:{number}",
                }
            yield told | row | {"language": tag}
        if first is not None and not whole:
            problem_of_file, number = first.args
            raise IsoglossError(problem_of_file, where=f"{file.path}:{number}", remedy=_REMEDY)


def _language(tag: str | None, context: Context, where: str) -> str:
    """Return the recipe's tag of a problem's language: of its file, its column, or the options.

    Raises:
        IsoglossError: Nothing says it.
        Flaw: It is none.
    """
    if tag is None:
        raise IsoglossError(
            "nothing says the language of this problem",
            where=where,
            remedy=f'Say it in {context.where}: language = "en", or {{language}} in the path',
        )
    if not is_language(tag):
        raise Flaw(f"{tag!r} is not a language tag")
    return _served(canonical(tag), context.languages)


#: Of the recipe's languages, the one that serves a tag; looked for once a tag, not a problem.
_served = lru_cache(served)


def _row(problem: _Problem) -> dict[str, Any]:
    """Return a problem as a row: whole, or with why it is rejected.

    Raises:
        Flaw: It is no problem.
    """
    if problem.code is not None and problem.tests is not None:
        asked, answer = problem.text or problem.prompt or "", problem.code
    elif problem.prompt is not None and problem.solution is not None and problem.test is not None:
        asked, answer = problem.prompt, problem.prompt + problem.solution
    else:
        raise Flaw(
            "is no problem with a solution and tests: it needs prompt, canonical_solution and test "
            "(HumanEval), or text, code and test_list (MBPP)"
        )
    row: dict[str, Any] = {"task": "code", "input": asked, "output": answer}
    try:
        made = _made(problem)
    except Flaw as flaw:
        group = _programs.group_of(answer)
        return row | {"group": group, "rejected_by": "source", "reason": str(flaw)}
    told = {"input": made.asked, "output": made.program, "tests": made.tests, "group": made.group}
    return row | told | {"tags": [f"mended:{what}" for what in made.mended]}


def _made(problem: _Problem) -> Program:
    if problem.code is not None and problem.tests is not None:
        setup = [line for line in (*problem.imports, problem.setup) if line]
        text = problem.text or problem.prompt or ""
        return _programs.described(text, problem.code, problem.tests, setup)
    solution, tests = problem.solution or "", problem.test or ""
    return _programs.completed(problem.prompt or "", solution, tests, problem.entry)


def _problems(path: Path) -> Iterator[tuple[int, _Problem | Flaw]]:
    """Read a file's problems, in order, each with the number of its line or row, from 1.

    A line that is not JSON, or in which a value has a wrong type, is a flaw.

    Raises:
        IsoglossError: The file cannot be read, or holds a list.
    """
    if path.suffix == ".parquet":
        yield from _stored(path)
        return
    for block in blocks(path):
        for number, line in enumerate(block.text.split(b"\n"), block.line):
            if number == 1 and line.strip() in (b"[", b"[{"):
                raise IsoglossError("is a list of JSON", where=f"{path}:1", remedy=_REMEDY)
            if line.strip():
                try:
                    yield number, from_json(_Problem, line, f"{path}:{number}", _REMEDY)
                except IsoglossError as error:
                    yield number, Flaw(error.problem)


def _stored(path: Path) -> Iterator[tuple[int, _Problem | Flaw]]:
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
            yield number, Flaw(f"{place}: {told['msg']}")
