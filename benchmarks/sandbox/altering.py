"""Tests whose assertions expect something else: what a program that earns its pass must fail."""

from __future__ import annotations

import ast
from collections.abc import Container
from typing import Any

from benchmarks.sandbox.inside import others
from benchmarks.sandbox.syntax import called_function, names_in, parsed

#: Calls that say of themselves nothing about the program.
_PLAIN = frozenset({"abs", "fabs", "round", "float", "int", "max", "min", "sum", "len"})
_CLOSE = frozenset({"isclose", "allclose", "assertAlmostEqual", "assertAlmostEquals"})
_EQUAL = frozenset({
    "assertEqual", "assertEquals", "assertListEqual", "assertTupleEqual", "assertSetEqual",
    "assertDictEqual", "assertSequenceEqual", "assertMultiLineEqual", "assertCountEqual", "assertIs",
})  # fmt: skip
#: What may be passed by, or left halfway.
_UNSURE = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.With, ast.AsyncWith, ast.Match, ast.Lambda,
)  # fmt: skip


def altered(text: str, altering: Container[int]) -> tuple[str, int, tuple[int, ...]]:
    """Write tests that note which of their assertions hold, while some expect something else.

    Args:
        text: Tests, as Python.
        altering: Which of their assertions, by number.

    Returns:
        The tests, which need the names of `inside.running.Notes`; how many assertions there are that
        can be altered; those that are reached whenever the tests come to their end.
    """
    tree = parsed(text)
    called = {
        name
        for statement in tree.body
        if not isinstance(statement, (*_UNSURE, ast.FunctionDef, ast.ClassDef))
        for name in names_in(statement)[0]
    }
    alter = _Alter(altering, called)
    found = ast.unparse(ast.fix_missing_locations(alter.visit(tree)))
    parsed(found)
    return found, alter.sites, tuple(alter.required)


class _Alter(ast.NodeTransformer):
    """Write assertions so that whether they hold is noted, and alter what some of them expect.

    ``assert f(1) == 2`` becomes::

        try:
            assert f(1) == 3
        except Exception:
            __noted__(0, False)
        else:
            __noted__(0, True)

    What is written out is altered in the text, so that nothing shows it; anything else is altered
    when it is known, by ``__alter__``. An assertion of which nothing can be altered is turned round.
    """

    def __init__(self, altering: Container[int], running: Container[str]) -> None:
        self.sites = 0
        self.required: list[int] = []
        self._altering, self._running = altering, running
        self._unsure = 0

    def visit(self, node: ast.AST) -> Any:
        unsure = isinstance(node, _UNSURE)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            unsure = node.name not in self._running and not node.name.startswith("test")
        self._unsure += unsure
        found = super().visit(node)
        self._unsure -= unsure
        return found

    def visit_Assert(self, node: ast.Assert) -> ast.AST | list[ast.AST]:
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And):
            parts = [ast.Assert(part, node.msg) for part in node.test.values]
            return [one for part in parts for one in _listed(self.visit_Assert(part))]
        if isinstance(node.test, ast.Constant):
            return node
        if self.sites in self._altering:
            node.test = self._expression(node.test)
        return self._noting(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        name = called_function(call)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return node
        turned = {"assertTrue": "assertFalse", "assertFalse": "assertTrue"}
        alters = (name in _EQUAL or name in _CLOSE) and len(call.args) > 1
        if not (alters or name in turned):
            return node
        if self.sites in self._altering:
            if alters:
                at = 1 if _calls(call.args[0]) or not _calls(call.args[1]) else 0
                call.args[at] = _other(call.args[at], far=_is_lax(call))
            else:
                call.func.attr = turned[name]
        return self._noting(node)

    def _noting(self, statement: ast.stmt) -> ast.Try:
        at = self.sites
        self.sites += 1
        if not self._unsure:
            self.required.append(at)
        noted = [
            ast.Expr(_called("__noted__", ast.Constant(at), ast.Constant(held)))
            for held in (False, True)
        ]
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [noted[0]])
        return ast.Try([statement], [handler], [noted[1]], [])

    def _expression(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Compare(ops=[ast.Eq() | ast.Is()]):
                taken = _Taken(far=False, numbers=True)
                node.left = taken.visit(node.left)
                if taken.found:
                    return node
                if _calls(node.left) or not _calls(node.comparators[0]):
                    node.comparators[0] = _other(node.comparators[0])
                else:
                    node.left = _other(node.left)
                return node
            case ast.Compare(left=ast.Call(), ops=[ast.Lt() | ast.LtE()]) if called_function(
                node.left
            ) in ("abs", "fabs"):
                taken = _Taken(far=not _is_small(node.comparators[0]))
                node.left = taken.visit(node.left)
                if taken.found:
                    return node
            case ast.Call(args=[_, _, *_]) if called_function(node) in _CLOSE:
                node.args[1] = _other(node.args[1], far=_is_lax(node))
                return node
            case ast.Call(args=[ast.GeneratorExp() | ast.ListComp() as each]) if called_function(
                node
            ) == "all" and isinstance(each.elt, ast.Compare):
                each.elt = self._expression(each.elt)
                return node
            case ast.Call(
                args=[ast.Call(args=[ast.Lambda(body=ast.Compare()) as each, *_]) as inner]
            ):
                if called_function(node) == "all" and called_function(inner) == "map":
                    each.body = self._expression(each.body)
                    return node
        return ast.UnaryOp(ast.Not(), node)


class _Taken(ast.NodeTransformer):
    """Alter what is taken from the program's result: ``abs(f(1) - 2.5)`` in ``… < 1e-6``."""

    def __init__(self, *, far: bool, numbers: bool = False) -> None:
        self.found = False
        self._far, self._numbers = far, numbers

    def generic_visit(self, node: ast.AST) -> ast.AST:
        return super().generic_visit(node) if called_function(node) in _PLAIN else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        taken = "right" if _calls(node.left) or not _calls(node.right) else "left"
        side = getattr(node, taken)
        if isinstance(node.op, ast.Sub) and (not self._numbers or _number(side) is not None):
            self.found = True
            setattr(node, taken, _other(side, far=self._far))
        return node


def _number(node: ast.expr) -> float | None:
    """Return the number that is written out in an expression, if it is one."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return None
    return float(value) if type(value) in (int, float) and abs(value) < 1e300 else None


def _is_small(tolerance: ast.expr) -> bool:
    """Tell whether a tolerance is surely less than what numbers are altered by."""
    number = _number(tolerance)
    return number is not None and number < 0.5


def _is_lax(call: ast.Call) -> bool:
    """Tell whether a comparison may have a tolerance that is not small."""
    given = [one.value for one in call.keywords if one.arg in ("rel_tol", "abs_tol", "delta", None)]
    return not all(map(_is_small, given))


def _other(node: ast.expr, *, far: bool = False) -> ast.expr:
    """Return an expression of another value than an expression has."""
    try:
        text = repr(others.altered(ast.literal_eval(node), far=far))
        if ast.literal_eval(text) != ast.literal_eval(node):
            return ast.parse(text, mode="eval").body
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass  # no literal, or none that can be written
    return _called("__alter__", node, ast.Constant(far))


def _called(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])


def _calls(node: ast.AST) -> bool:
    """Tell whether an expression calls anything but the plainest of Python's functions."""
    return any(
        isinstance(one, ast.Call) and called_function(one) not in _PLAIN for one in ast.walk(node)
    )


def _listed(found: ast.AST | list[ast.AST]) -> list[ast.AST]:
    return found if isinstance(found, list) else [found]
