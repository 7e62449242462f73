"""What the sandbox has to know of tests before it runs them, read from their text alone.

Tests that must share the program's process do so because of what they say themselves, or because
what they hand over at last cannot leave theirs (`inside.channel.Beyond`).
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.sandbox.altering import altered
from benchmarks.sandbox.syntax import UNREADABLE, called_function, names_in, parsed

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
        tree = parsed(text)
        if "unittest" in text:
            tree = ast.fix_missing_locations(_Returning().visit(tree))
            text = ast.unparse(tree)
        loaded, bound = names_in(tree)
        text += "".join(f"\n{name}()" for name in _uncalled(tree, loaded))
        free = loaded - bound - _BUILTINS
        modules = _modules(tree, free)
        imports = tuple(_imports(tree))
        together = _must_share(tree, free)
        wanted = (free - modules) or _subjects(tree, (loaded - bound) & _BUILTINS)
        _, sites, required = altered(text, ())
    except UNREADABLE:
        return Tests(text)
    return Tests(
        text, together, tuple(sorted(wanted)), tuple(sorted(modules)), imports,
        sites, required,
    )  # fmt: skip


def with_helpers(prompt: str, tests: str) -> str:
    """Give tests what they take from a prompt (functions, imports), so that no answer can change it.

    HumanEval/32 checks a root with the ``poly`` that stands in the prompt before the function that
    is asked for. The prompt's last function is the one that is asked for.
    """
    try:
        tree = parsed(prompt)
    except UNREADABLE:
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
            first.add(called_function(one.test.left))
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


def _must_share(tree: ast.AST, free: set[str]) -> bool:
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
            case ast.ClassDef(bases=bases) if any(names_in(base)[0] & free for base in bases):
                return True
            case ast.Compare(left=left, comparators=others) if _compares_types(
                [left, *others], free
            ):
                return True
    harmless = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in _HARMLESS
    }
    return any(
        isinstance(node, ast.Name) and node.id in _SHARED
        and not (node.id == "sys" and node in harmless)
        for node in ast.walk(tree)
    )  # fmt: skip


def _compares_types(sides: list[ast.expr], free: set[str]) -> bool:
    calls = [side for side in sides if called_function(side) == "type"]
    return bool(calls) and any(isinstance(one, ast.Name) and one.id in free for one in sides)


class _Returning(ast.NodeTransformer):
    """Let ``unittest.main`` return, so that leaving Python is never what tests do."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(value=ast.Name(id="unittest"), attr="main"):
                keywords = [one for one in node.keywords if one.arg != "exit"]
                node.keywords = [*keywords, ast.keyword("exit", ast.Constant(False))]
        return node
