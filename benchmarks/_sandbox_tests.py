"""What the sandbox has to know of tests before it runs them, read from their text alone.

A program has no say in any of this: tests that must share its process do so because of what they
say themselves.
"""

from __future__ import annotations

import ast
import builtins
import sys
import warnings
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from benchmarks import _sandbox_wire

#: What tests cannot mean from another process: the state of a process, or Python's own insides.
_SHARED = frozenset({
    "asyncio", "breakpoint", "builtins", "compile", "concurrent", "ctypes", "dataclasses", "doctest",
    "eval", "exec", "gc", "get_type_hints", "globals", "importlib", "input", "inspect", "locale",
    "locals", "logging", "mock", "multiprocessing", "os", "patch", "pickle", "program", "signal", "subprocess", "sys", "threading",
    "tracemalloc", "vars", "warnings", "weakref", "__import__",
})  # fmt: skip
#: Attributes of the same kind, of whatever they are.
_SHARED_ATTRIBUTES = frozenset({
    "__class__", "__code__", "__dict__", "__globals__", "__mro__", "getcontext", "localcontext",
    "mock", "redirect_stderr", "redirect_stdout", "seed", "setcontext", "setstate",
})  # fmt: skip
_HARMLESS = frozenset({"maxsize", "float_info", "maxunicode", "version_info"})
_BUILTINS = frozenset(dir(builtins))
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


@dataclass(frozen=True)
class Tests:
    """Tests, and how they have to be run.

    Attributes:
        text: Python source.
        together: Whether they have to run in the program's own process.
        names: What they read of the program's namespace.
        modules: Modules of the standard library that they use by name without importing them.
        imports: What they import, as (name, module, attribute or None): the program may use it.
        sites: How many assertions there are whose expectations can be altered.
        required: Those of them that are reached whenever the tests come to their end.
    """

    text: str
    together: bool = False
    names: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    imports: tuple[tuple[str, str, str | None], ...] = ()
    sites: int = 0
    required: tuple[int, ...] = ()


@lru_cache(maxsize=1024)
def read(text: str) -> Tests:
    """Read tests. Those that are not Python are taken as they are: they will fail."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            compile(tree, "tests.py", "exec", dont_inherit=True)
        if "unittest" in text:
            tree = ast.fix_missing_locations(_Returning().visit(tree))
            text = ast.unparse(tree)
        loaded, bound = _names(tree)
        text += "".join(f"\n{name}()" for name in _uncalled(tree, loaded))
        free = loaded - bound - _BUILTINS
        modules = _modules(tree, free)
        imports = tuple(_imports(tree))
        together = _must_share(tree, free, bound)
        names = (free - modules) or _subjects(tree, (loaded - bound) & _BUILTINS)
        _, alter = _altered(text, ())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Tests(text)
    return Tests(
        text, together, tuple(sorted(names)), tuple(sorted(modules)), imports,
        alter.sites, tuple(alter.required),
    )  # fmt: skip


def altered(tests: Tests, altering: Container[int]) -> str:
    """Return tests that note which of their assertions hold, while some expect something else.

    They need ``__noted__`` and ``__alter__`` of `_sandbox_wire.Notes`.
    """
    return _altered(tests.text, altering)[0]


def _altered(text: str, altering: Container[int]) -> tuple[str, _Alter]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
        called = {
            name
            for statement in tree.body
            if not isinstance(statement, (*_UNSURE, ast.FunctionDef, ast.ClassDef))
            for name in _names(statement)[0]
        }
        alter = _Alter(altering, called)
        found = ast.unparse(ast.fix_missing_locations(alter.visit(tree)))
        compile(found, "tests.py", "exec", dont_inherit=True)
    return found, alter


def with_helpers(prompt: str, tests: str) -> str:
    """Give tests what they take from a prompt (functions, imports), so that no answer can change it.

    HumanEval/32 checks a root with the ``poly`` that stands in the prompt before the function that
    is asked for. The prompt's last function is the one that is asked for.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(prompt)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tests
    functions = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    whole = [one for one in functions[:-1] if not _is_stub(one)]
    given = {name for name, _, _ in _imports(tree)} | {one.name for one in whole}
    if not given & set(read(tests).names):
        return tests
    imports = [one for one in tree.body if isinstance(one, ast.Import | ast.ImportFrom)]
    return "\n".join([*map(ast.unparse, [*imports, *whole]), tests])


def _is_stub(function: ast.FunctionDef) -> bool:
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in function.body
    )


def _names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Return the names that tests use and those that they give a meaning to, anywhere."""
    loaded: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                loaded.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.AsyncFunctionDef(name=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                bound.add(other or name.partition(".")[0])
    return loaded, bound


def _subjects(tree: ast.Module, usual: set[str]) -> set[str]:
    """Return what tests are about that name nothing but Python's own functions.

    It is called like one of them then: what is handed over to be tested (``check(sum)``), or what
    an assertion begins with (``assert sum(1, 2) == 3``).
    """
    handed, first = set(), set()
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            handed |= {one.id for one in node.value.args if isinstance(one, ast.Name)}
    for one in ast.walk(tree):
        if isinstance(one, ast.Assert) and isinstance(one.test, ast.Compare):
            first.add(_function(one.test.left))
    return (handed & usual) or (first & usual)


def _uncalled(tree: ast.Module, loaded: set[str]) -> list[str]:
    """Return the test functions that a test runner would call, and nothing here does."""
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
        and node.name not in loaded and not node.args.args and not node.decorator_list
    ]  # fmt: skip


def _modules(tree: ast.AST, free: set[str]) -> set[str]:
    """Return names of the standard library's modules that are used as modules only."""
    dotted, all_uses = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            dotted.add(node.value)
        if isinstance(node, ast.Name):
            all_uses.append(node)
    alone = {node.id for node in all_uses if node not in dotted}
    return {name for name in free - alone if name in sys.stdlib_module_names}


def _imports(tree: ast.Module) -> Iterator[tuple[str, str, str | None]]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            for one in node.names:
                root = one.name.partition(".")[0]
                yield (one.asname or root, one.name if one.asname else root, None)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                yield (one.asname or one.name, node.module, one.name)


def _must_share(tree: ast.AST, free: set[str], bound: set[str]) -> bool:
    """Tell whether tests look at the process, the module or the classes of the program itself."""
    for node in ast.walk(tree):
        match node:
            case ast.AsyncFunctionDef() | ast.Await():
                return True
            case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name in _HARMLESS:
                pass
            case ast.Attribute(attr=name) if name in _SHARED_ATTRIBUTES:
                return True
            case ast.ImportFrom(module=str(module), names=names):
                roots = set(module.split(".")) | {one.name for one in names}
                if roots & (_SHARED | _SHARED_ATTRIBUTES) or any(n == "*" for n in roots):
                    return True
            case ast.ClassDef(bases=bases) if any(_names(base)[0] & free for base in bases):
                return True
            case ast.Compare(left=left, comparators=others) if _compares_types(
                [left, *others], free
            ):
                return True
    return any(
        isinstance(node, ast.Name) and node.id in _SHARED and not _is_harmless(node, tree)
        for node in ast.walk(tree)
    )


def _is_harmless(name: ast.Name, tree: ast.AST) -> bool:
    """Tell whether a name stands where only a constant of a module is read."""
    return name.id == "sys" and any(
        isinstance(node, ast.Attribute) and node.value is name and node.attr in _HARMLESS
        for node in ast.walk(tree)
    )


def _compares_types(sides: list[ast.expr], free: set[str]) -> bool:
    calls = [side for side in sides if _function(side) == "type"]
    return bool(calls) and any(isinstance(one, ast.Name) and one.id in free for one in sides)


def _function(node: ast.AST) -> str:
    """Return the last name of the function that an expression calls; nothing where it calls none."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


class _Returning(ast.NodeTransformer):
    """Let ``unittest.main`` return, so that leaving Python is never what tests do."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=ast.Name(id="unittest"), attr="main"):
                keywords = [one for one in node.keywords if one.arg != "exit"]
                node.keywords = [*keywords, ast.keyword("exit", ast.Constant(False))]
        return node


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
        name = _function(call)
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
            case ast.Compare(left=ast.Call(), ops=[ast.Lt() | ast.LtE()]) if _function(
                node.left
            ) in ("abs", "fabs"):
                taken = _Taken(far=not _is_small(node.comparators[0]))
                node.left = taken.visit(node.left)
                if taken.found:
                    return node
            case ast.Call(args=[_, _, *_]) if _function(node) in _CLOSE:
                node.args[1] = _other(node.args[1], far=_is_lax(node))
                return node
            case ast.Call(args=[ast.GeneratorExp() | ast.ListComp() as each]) if _function(
                node
            ) == "all" and isinstance(each.elt, ast.Compare):
                each.elt = self._expression(each.elt)
                return node
            case ast.Call(
                args=[ast.Call(args=[ast.Lambda(body=ast.Compare()) as each, *_]) as inner]
            ):
                if _function(node) == "all" and _function(inner) == "map":
                    each.body = self._expression(each.body)
                    return node
        return ast.UnaryOp(ast.Not(), node)


class _Taken(ast.NodeTransformer):
    """Alter what is taken from the program's result: ``abs(f(1) - 2.5)`` in ``… < 1e-6``."""

    def __init__(self, *, far: bool, numbers: bool = False) -> None:
        self.found = False
        self._far, self._numbers = far, numbers

    def generic_visit(self, node: ast.AST) -> ast.AST:
        return super().generic_visit(node) if _function(node) in _PLAIN else node

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
        text = repr(_sandbox_wire.altered(ast.literal_eval(node), far=far))
        if ast.literal_eval(text) != ast.literal_eval(node):
            return ast.parse(text, mode="eval").body
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass  # no literal, or none that can be written
    return _called("__alter__", node, ast.Constant(far))


def _called(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])


def _calls(node: ast.AST) -> bool:
    """Tell whether an expression calls anything but the plainest of Python's functions."""
    return any(isinstance(one, ast.Call) and _function(one) not in _PLAIN for one in ast.walk(node))


def _listed(found: ast.AST | list[ast.AST]) -> list[ast.AST]:
    return found if isinstance(found, list) else [found]
