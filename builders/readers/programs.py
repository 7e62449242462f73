"""Programming problems as programs: whole, known from broken ones, and known again."""

from __future__ import annotations

import ast
import hashlib
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

#: Words of a text without some of their letters, from which on all of it counts as masked.
_MASKED_WORDS = 2

_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_WORD = re.compile(r"\w+")

# What no text has but one whose UTF-8 was read as Latin-1: C1 controls, or the first byte of a
# two-byte letter before one that no letter is.
_MISREAD = re.compile("[\x80-\x9f]|[\xc2\xc3][\xa0-\xbf]")


@dataclass(frozen=True)
class Program:
    """A problem that is whole.

    Attributes:
        prompt: A stub to complete, or a text.
        program: The whole program that answers it.
        tests: The program that checks it.
        group: A name of the problem, the same in every language it is written in.
        mended: What was broken and has been mended: ``double-encoding``, ``indentation``.
    """

    prompt: str
    program: str
    tests: str
    group: str
    mended: tuple[str, ...]


class Flaw(Exception):
    """Why a problem will not do, in words."""


@contextmanager
def shallow() -> Iterator[None]:
    """Refuse what Python can parse but not walk: a sum of a thousand terms is nested as deep.

    Raises:
        Flaw: The program is nested too deep.
    """
    try:
        yield
    except RecursionError as error:
        raise Flaw("it is nested too deep") from error


@shallow()
def completed(stub: str, solution: str, tests: str, entry: str | None) -> Program:
    """Make a problem of HumanEval's kind whole.

    Args:
        stub: Imports, helpers, and last a function with its docstring.
        solution: The function's body, as it comes behind the stub.
        tests: Python that defines ``check(candidate)``.
        entry: The function's name; the last at the stub's top level where None.

    Raises:
        Flaw: It is broken, and cannot be mended.
    """
    text = _undoubled(stub)
    prompt = text.lstrip("\n").rstrip() + "\n"
    tree = parsed(prompt) or parsed(f"{prompt}    pass\n")
    if tree is None:
        raise Flaw("its prompt is not Python")
    function = _function(tree, entry)
    if function is None:
        raise Flaw(f"its prompt defines no function {entry}" if entry else "it has no entry point")
    _check_unmasked(ast.get_docstring(function) or "", tree)
    checks = parsed(tests)
    if checks is None or _function(checks, "check") is None:
        raise Flaw("its tests define no function check")
    checked = f"{tests.rstrip()}\n\ncheck({function.name})\n"
    twice = ("double-encoding",) if text != stub else ()
    body = solution.lstrip("\n").rstrip() + "\n"
    # A solution without the indentation of a body can only have been meant to have it.
    for one, flush in ((body, ()), (textwrap.indent(body, "    "), ("indentation",))):
        does = _done(prompt + one, function.name)
        if does:
            group = group_of_program(function.name, does)
            return Program(prompt, prompt + one, checked, group, (*twice, *flush))
    raise Flaw("its solution does not complete its prompt")


@shallow()
def described(text: str, code: str, tests: Sequence[str], setup: Sequence[str]) -> Program:
    """Make a problem of MBPP's kind whole.

    Args:
        text: What the program does, in words.
        code: The program.
        tests: Its assertions, which say what its function is called: they are shown, too.
        setup: What is run before the tests.

    Raises:
        Flaw: It is broken, and cannot be mended.
    """
    meant = _undoubled(text)
    if not meant.strip():
        raise Flaw("it has no text")
    tree = parsed(code)
    if tree is None or not tree.body:
        raise Flaw("its solution is not Python")
    checked = "\n".join([*setup, *tests])
    if not tests or parsed(checked) is None:
        raise Flaw("its tests are not Python")
    _check_unmasked(meant, tree)
    prompt = "\n".join([meant.strip(), "", *tests])
    program = code.replace("\r\n", "\n").strip("\n") + "\n"
    twice = ("double-encoding",) if meant != text else ()
    return Program(prompt, program, f"{checked}\n", group_of_program("", tree.body), twice)


def _undoubled(text: str) -> str:
    meant = undoubled(text)
    if meant is None:
        raise Flaw("its text was encoded twice, and parts of it are lost")
    return meant


def _check_unmasked(text: str, tree: ast.Module) -> None:
    if is_masked(text, _names(tree)):
        raise Flaw("letters of its text are masked with underscores")


def _done(program: str, name: str) -> list[ast.stmt]:
    """Return what a function of a program does; nothing where it is none, or does nothing."""
    tree = parsed(program)
    function = _function(tree, name) if tree else None
    return statements(function) if function else []


def undoubled(text: str) -> str | None:
    """Return a text as it was meant, where its UTF-8 was read as Latin-1 and encoded again.

    That is certain where all of it, read the other way, is UTF-8: hardly a word with an accent is.
    None where it was so read, but is no longer whole.
    """
    try:
        return text if text.isascii() else text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None if _MISREAD.search(text) else text


def is_masked(text: str, names: set[str]) -> bool:
    """Tell whether letters of a text were replaced with underscores.

    Args:
        text: The text.
        names: What is called so in the program, and so may have underscores anywhere.

    Underscores are at home between the parts of a name, and in quoted values.
    """
    words: set[str] = set(_WORD.findall(_QUOTED.sub(" ", text))) - names
    return sum(word.strip("_") != word or "__" in word for word in words) >= _MASKED_WORDS


def group_of(text: str) -> str:
    """Return a name of a broken problem: the hash of its text."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
    return f"text:{digest.hexdigest()}"


def group_of_program(name: str, body: Sequence[ast.stmt]) -> str:
    """Return a name of a problem: of what its solution does, however it is spaced and worded."""
    dumped = "\n".join(ast.dump(statement) for statement in body)
    digest = hashlib.blake2b(f"{name}\n{dumped}".encode("utf-8", "surrogatepass"), digest_size=16)
    return f"problem:{digest.hexdigest()}"


def parsed(text: str) -> ast.Module | None:
    """Return the tree of a program, which is compiled but never run; None where it is not Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
            compile(tree, "problem", "exec", dont_inherit=True)
            return tree
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _function(tree: ast.Module, name: str | None) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the last function at the top level, of that name where one is given."""
    for one in reversed(tree.body):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and name in (None, one.name):
            return one
    return None


def statements(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """Return what a function does: its body without docstring and placeholders."""
    return [one for one in function.body if not _says_nothing(one)]


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)


def _names(tree: ast.Module) -> set[str]:
    """Return every name that a program uses."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return names | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
