"""What the sandbox has to know of tests before it runs them, read from their text alone.

A program has no say in any of this: tests that must share its process do so because of what they
say themselves.
"""

from __future__ import annotations

import ast
import builtins
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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


@dataclass(frozen=True)
class Tests:
    """Tests, and how they have to be run.

    Attributes:
        text: Python source.
        together: Whether they have to run in the program's own process.
        names: What they read of the program's namespace.
        modules: Modules of the standard library that they use by name without importing them.
        imports: What they import, as (name, module, attribute or None): the program may use it.
        altering: The same tests, with what they expect in calls of `_sandbox_wire.Alterations`.
        sites: How many expectations that are.
    """

    text: str
    together: bool = False
    names: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    imports: tuple[tuple[str, str, str | None], ...] = ()
    altering: str = ""
    sites: int = 0


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
        free = loaded - bound - _BUILTINS
        modules = _modules(tree, free)
        imports = tuple(_imports(tree))
        together = _must_share(tree, free, bound)
        # Where tests name nothing else that could be the program's, a function that is called like
        # one of Python's own is what they are about.
        names = (free - modules) or {one for one in loaded - bound if one in _BUILTINS}
        alter = _Alter()
        altering = ast.unparse(ast.fix_missing_locations(alter.visit(ast.parse(text))))
        compile(altering, "tests.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Tests(text)
    return Tests(
        text, together, tuple(sorted(names)), tuple(sorted(modules)), imports, altering, alter.sites
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
            case ast.Compare(left=left, comparators=others) if _compares_types([left, *others], free):
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
    """Write assertions so that what they expect can be altered, and whether they hold be noted.

    ``assert f(1) == 2`` becomes::

        try:
            assert f(1) == __alter__(0, 2)
        except Exception:
            if not __failed__(0):
                raise
        else:
            __passed__(0)
    """

    def __init__(self) -> None:
        self.sites = 0

    def visit_Assert(self, node: ast.Assert) -> ast.AST | list[ast.stmt]:
        if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And):
            parts = [ast.Assert(part, node.msg) for part in node.test.values]
            return [one for part in parts for one in _listed(self.visit_Assert(part))]
        if isinstance(node.test, ast.Constant):
            return node
        return self._noting(ast.Assert(self._expression(node.test), node.msg))

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        name = _function(call)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            return node
        if name in ("assertTrue", "assertFalse") and call.args:
            call.args[0] = self._wrapped("__flip__", call.args[0])
        elif (name in _EQUAL or name in _CLOSE) and len(call.args) > 1:
            at = 1 if _calls(call.args[0]) or not _calls(call.args[1]) else 0
            call.args[at] = self._wrapped("__alter__", call.args[at], far=name in _CLOSE)
        else:
            return node
        return self._noting(node)

    def _noting(self, statement: ast.stmt) -> ast.Try:
        at = self.sites
        self.sites += 1
        failed = ast.If(
            ast.UnaryOp(ast.Not(), _called("__failed__", ast.Constant(at))), [ast.Raise()], []
        )
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [failed])
        passed = ast.Expr(_called("__passed__", ast.Constant(at)))
        return ast.Try([statement], [handler], [passed], [])

    def _wrapped(self, function: str, node: ast.expr, *, far: bool = False) -> ast.Call:
        more = [ast.Constant(True)] if far else []
        return _called(function, ast.Constant(self.sites), node, *more)

    def _expression(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Compare(ops=[ast.Eq() | ast.Is()]):
                if _calls(node.left) or not _calls(node.comparators[0]):
                    node.comparators[0] = self._wrapped("__alter__", node.comparators[0])
                else:
                    node.left = self._wrapped("__alter__", node.left)
                return node
            case ast.Compare(ops=[ast.Lt() | ast.LtE()]):
                far = _Far(self)
                node.left = far.visit(node.left)
                if far.found:
                    return node
            case ast.Call(args=[_, _, *_]) if _function(node) in _CLOSE:
                node.args[1] = self._wrapped("__alter__", node.args[1], far=True)
                return node
            case ast.Call(args=[ast.GeneratorExp() | ast.ListComp() as each]) if (
                _function(node) == "all" and isinstance(each.elt, ast.Compare)
            ):
                each.elt = self._expression(each.elt)
                return node
        return self._wrapped("__flip__", node)


class _Far(ast.NodeTransformer):
    """Alter what is taken from the program's result: ``abs(f(1) - 2.5)`` in ``… < 1e-6``."""

    def __init__(self, alter: _Alter) -> None:
        self.found = False
        self._alter = alter

    def visit_Call(self, node: ast.Call) -> ast.AST:
        return self.generic_visit(node) if _function(node) in _PLAIN else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if not isinstance(node.op, ast.Sub):
            return node
        self.found = True
        wrapped = self._alter._wrapped
        if _calls(node.left) or not _calls(node.right):
            node.right = wrapped("__alter__", node.right, far=True)
        else:
            node.left = wrapped("__alter__", node.left, far=True)
        return node


def _called(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])


def _calls(node: ast.AST) -> bool:
    """Tell whether an expression calls anything but the plainest of Python's functions."""
    return any(
        isinstance(one, ast.Call) and _function(one) not in _PLAIN for one in ast.walk(node)
    )


def _listed(found: ast.AST | list[ast.stmt]) -> list[ast.AST]:
    return list(found) if isinstance(found, list) else [found]
