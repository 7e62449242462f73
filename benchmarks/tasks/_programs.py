"""Python programs as text: whether they are whole, what they define, what they lack."""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Iterator, Sequence

_KNOWN = frozenset({*dir(builtins), "__file__", "__name__", "__doc__"})
# A line that can begin a program.
_BEGINS = re.compile(
    r"(?:import|from|def|class|async[ \t]+def)[ \t]|@|[A-Za-z_]\w*[ \t]*(?::[^=]+)?=[^=]"
)
_FUTURE = re.compile(r"^from[ \t]+__future__[ \t]+import[ \t][^\n]*\n?", re.MULTILINE)
# So often it is tried to find where prose ends and a program begins, and the other way round.
_TRIES = 5

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def parsed(text: str) -> ast.Module | None:
    """Return a program's syntax tree; None where it is not Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what models write, not of us
        try:
            tree = ast.parse(text)
            compile(tree, "answer", "exec", dont_inherit=True)  # which finds a return outside
            return tree
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement at the top level gives a meaning to; ``*`` for all."""
    if isinstance(statement, (*_Function, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(one.asname or one.name).split(".")[0] for one in statement.names]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets = [statement.target]
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def defines(text: str, name: str) -> bool:
    """Tell whether a text defines a function at its top level, even one that is cut off."""
    tree = parsed(text)
    if tree is None:
        return (
            re.search(rf"^(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b", text, re.MULTILINE)
            is not None
        )
    return any(name in bound(statement) for statement in tree.body)


def says_nothing(statement: ast.stmt) -> bool:
    """Tell a docstring, an ellipsis, ``pass``, or an import, which a stub of HumanEval has inside."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Import | ast.ImportFrom)


def has_body(tree: ast.Module, name: str) -> bool:
    """Tell whether a program defines a name, and by more than the head of a function."""
    return any(
        name in bound(statement)
        and not (isinstance(statement, _Function) and all(map(says_nothing, statement.body)))
        for statement in tree.body
    )


def returns(tree: ast.Module, name: str) -> bool:
    """Tell whether a function of a program gives something back."""
    kinds = (ast.Return, ast.Yield, ast.YieldFrom)
    return any(
        isinstance(one, kinds)
        for statement in tree.body
        if isinstance(statement, _Function) and statement.name == name
        for one in ast.walk(statement)
    )


def trimmed(text: str, name: str) -> str | None:
    """Return the program around the definition of a function, without the prose around it.

    None where there is none that is whole.
    """
    lines = text.split("\n")
    head = re.compile(rf"(?:async[ \t]+)?def[ \t]+{re.escape(name)}\b")
    place = next((n for n, line in enumerate(lines) if head.match(line)), None)
    if place is None:
        return None
    starts = [n for n in range(place) if _BEGINS.match(lines[n])][:_TRIES]
    found = (_whole(lines[start:], place - start) for start in (*starts, place))
    return next((one for one in found if one is not None), None)


def _whole(lines: Sequence[str], least: int) -> str | None:
    """Return the lines up to the prose behind a program; None where too few are a program."""
    end = len(lines)
    for _ in range(_TRIES):
        wrong = _error("\n".join(lines[:end]))
        if wrong is None:
            return "\n".join(lines[:end])
        flush = (n for n in range(min(wrong, end - 1), least, -1) if lines[n][:1].strip())
        end = next(flush, 0)
        if not end:
            return None
    return None


def _error(text: str) -> int | None:
    """Return the number of the line, from 0, at which a text is no Python; None where it is."""
    if parsed(text) is not None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "answer", "exec", dont_inherit=True)
    except SyntaxError as error:
        return max((error.lineno or 1) - 1, 0)
    except (ValueError, RecursionError, MemoryError):
        pass
    return 0


def put_before(before: str, program: str) -> str:
    """Put what a program may need before it; imports from the future stay first."""
    if not before.strip() or program.lstrip().startswith(before.strip()):
        return program
    future = "".join(f"{line.rstrip()}\n" for line in _FUTURE.findall(program))
    return f"{future}{before}{_FUTURE.sub('', program)}"


def with_helpers(program: str, others: Sequence[str]) -> str:
    """Put before a program what it uses and lacks, where other texts define it at their top level.

    Only imports, functions, classes and assignments are taken over, and only those that are needed:
    no call that shows how the program is used is made.
    """
    tree = parsed(program)
    missing = _missing(tree) if tree is not None else set()
    if not missing:
        return program
    there = [found for text in others for found in _pieces(text)]
    taken: set[int] = set()
    while missing:
        new = {n for n, (names, _, _) in enumerate(there) if n not in taken and missing & names}
        if not new:
            break
        taken |= new
        missing = missing.union(*(needs for n in new for _, needs, _ in [there[n]]))
        missing -= {name for n in taken for name in there[n][0]}
    if missing:
        taken |= {n for n, (names, _, _) in enumerate(there) if "*" in names}
    pieces = list(dict.fromkeys(source for n, (_, _, source) in enumerate(there) if n in taken))
    return put_before("".join(f"{piece}\n" for piece in pieces), program)


def _pieces(text: str) -> Iterator[tuple[set[str], set[str], str]]:
    """Yield what each statement of a text binds and lacks, and its lines."""
    tree = parsed(text)
    lines = text.split("\n")
    for statement in tree.body if tree is not None else ():
        names = set(bound(statement))
        if names:
            decorators = getattr(statement, "decorator_list", [])
            first = min(one.lineno for one in (statement, *decorators))
            source = "\n".join(lines[first - 1 : statement.end_lineno])
            yield names, _missing(ast.Module([statement], [])), source


def _missing(tree: ast.Module) -> set[str]:
    """Return the names that a program uses and never gives a meaning to."""
    used: set[str] = set()
    given: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else given).add(node.id)
        elif isinstance(node, (*_Function, ast.ClassDef, ast.Import, ast.ImportFrom)):
            given.update(bound(node))
        elif isinstance(node, ast.arg):
            given.add(node.arg)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            given.add(node.name or "")
        elif isinstance(node, ast.MatchMapping):
            given.add(node.rest or "")
    return used - given - _KNOWN
