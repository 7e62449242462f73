"""Reading Python's own grammar: what tests and prompts are taken apart with."""

from __future__ import annotations

import ast
import threading
import warnings

#: What reading a text that nobody has seen may raise.
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_WARNINGS = threading.Lock()


def parsed(text: str) -> ast.Module:
    """Return the tree of a text that can be compiled, and say nothing of what Python warns of.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: It cannot be.
    """
    with _WARNINGS, warnings.catch_warnings():  # which all threads share
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
        compile(tree, "tests.py", "exec", dont_inherit=True)
    return tree


def names_in(tree: ast.AST) -> tuple[set[str], set[str]]:
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


def called_function(node: ast.AST) -> str:
    """Return the last name of the function that an expression calls; nothing where it calls none."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""
