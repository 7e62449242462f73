"""Python functions as examples: what a docstring says, and the function that does it.

Programs are parsed, never run.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from builders.readers import programs
from builders.readers.programs import Flaw

Definition = ast.FunctionDef | ast.AsyncFunctionDef

_BLANK = re.compile(r"^[ \t]+$", re.MULTILINE)


@dataclass(frozen=True)
class Function:
    """A function with a docstring.

    Attributes:
        stub: Its decorators, its signature and its docstring.
        docstring: The docstring alone, as `inspect.cleandoc` shows it.
        code: All of it without the docstring.
        group: A name of what it does, the same for copies with other docstrings.
    """

    stub: str
    docstring: str
    code: str
    group: str


def definitions(text: str, *, methods: bool) -> Iterator[tuple[int, str]]:
    """Find the functions of a module, those of its classes too where wanted.

    Yields:
        The line that each begins at, and its source text, with its decorators.

    Raises:
        Flaw: It is not Python.
    """
    text = _plain(text)
    tree = programs.parsed(text)
    if tree is None:
        raise Flaw("it is not Python 3")
    lines = text.split("\n")
    for node in _nodes(tree.body, methods=methods):
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        yield first, "\n".join(lines[first - 1 : node.end_lineno])


def _nodes(body: list[ast.stmt], *, methods: bool) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, Definition):
            yield node
        elif isinstance(node, ast.ClassDef) and methods:
            yield from _nodes(node.body, methods=True)


@programs.shallow()
def function_of(source: str, docstring: str | None = None) -> Function:
    """Take a function apart.

    Args:
        source: Its source text, indented as it was.
        docstring: What it does, where that stands beside it and not in it.

    Raises:
        Flaw: It is not a function with a docstring that does something, or what is left without
            the docstring is not the same function.
    """
    code = _dedented(_plain(source).strip("\n") + "\n")
    node = _only(code)
    own = ast.get_docstring(node, clean=False)
    says = inspect.cleandoc(docstring if docstring is not None else own or "").strip()
    if not says:
        raise Flaw("it has no docstring")
    does = programs.statements(node)
    if not does:
        raise Flaw("it has nothing but its docstring")
    bare = code if own is None else _without(code, node)
    if own is None or docstring is not None:
        stub = f"{_signature(code)}\n{_quoted(says)}\n"
    else:
        stub = _head(code, node)
    return Function(stub, says, bare, programs.group_of_program(node.name, does))


def _dedented(code: str) -> str:
    """Return a function without its indentation, and blank lines without white space.

    Strings stay as they are. A docstring, whose indentation is no part of what it says, goes along
    with the code.
    """
    indent = code[: len(code) - len(code.lstrip(" \t"))]
    if not (indent or _BLANK.search(code)):
        return code
    block = f"if 1:\n{code}" if indent else code
    tree = programs.parsed(block)
    if tree is None:
        raise Flaw("it is not Python 3")
    body = tree.body[0].body if indent and isinstance(tree.body[0], ast.If) else tree.body
    if len(body) != 1 or not isinstance(body[0], Definition):
        raise Flaw("it is not one function")
    within = _within_strings(block) - _within_docstring(body[0], block, indent)
    lines = block.split("\n")
    for number, line in enumerate(lines, start=1):
        if number not in within:
            # A comment may stand further left, and so may what is in brackets.
            margin = min(len(line) - len(line.lstrip(" \t")), len(indent))
            lines[number - 1] = line[margin:] if line.strip(" \t") else ""
    dedented = "\n".join(lines[1:] if indent else lines)
    if _dumped(_only(dedented)) != _dumped(body[0]):
        raise Flaw("it is not the same without its indentation")
    return dedented


def _within_docstring(node: Definition, block: str, indent: str) -> set[int]:
    """Return the lines of a docstring behind its first, where all but blank ones are indented."""
    if ast.get_docstring(node, clean=False) is None:
        return set()
    docstring = node.body[0]
    numbers = range(docstring.lineno + 1, (docstring.end_lineno or 0) + 1)
    texts = block.split("\n")
    filled = [texts[number - 1] for number in numbers if texts[number - 1].strip(" \t")]
    return set(numbers) if all(text.startswith(indent) for text in filled) else set()


def _within_strings(code: str) -> set[int]:
    """Return the numbers of the lines that begin inside of a string."""
    within: set[int] = set()
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            within.update(range(token.start[0] + 1, token.end[0] + 1))
        elif kind == "FSTRING_START":  # from Python 3.12 on, f-strings are many tokens
            opened.append(token.start[0])
        elif kind == "FSTRING_END":
            within.update(range(opened.pop() + 1, token.end[0] + 1))
    return within


def _dumped(node: Definition) -> str:
    """Return what a function's tree says, its docstring without white space at lines' edges."""
    docstring = ast.get_docstring(node)
    if docstring is None:
        return ast.dump(node)
    lines = [line.rstrip(" \t") for line in docstring.split("\n")]
    return f"{lines}{ast.dump(_bodied(node))}"


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "")


def _only(code: str) -> Definition:
    tree = programs.parsed(code)
    if tree is None:
        raise Flaw("it is not Python 3")
    if len(tree.body) != 1 or not isinstance(tree.body[0], Definition):
        raise Flaw("it is not one function")
    return tree.body[0]


def _head(code: str, node: Definition) -> str:
    """Return a function up to the end of its docstring."""
    return (
        code.encode()[
            : _offset(code, node.body[0].end_lineno, node.body[0].end_col_offset)
        ].decode()
        + "\n"
    )


def _without(code: str, node: Definition) -> str:
    """Return a function without its docstring, with everything else as it was.

    Raises:
        Flaw: That is another function: where the text was dedented, a string of it was changed.
    """
    docstring, data = node.body[0], code.encode()
    start = _offset(code, docstring.lineno, docstring.col_offset)
    end = _offset(code, docstring.end_lineno, docstring.end_col_offset)
    before, after = data[:start].decode().rstrip(" \t"), data[end:].decode().lstrip(" \t")
    if after.startswith(";"):
        bare = f"{before} {after[1:].lstrip()}" if not before.endswith("\n") else after
    else:
        while after.partition("\n")[0].strip() == "" and "\n" in after:
            after = after.partition("\n")[2]
        bare = before + after
    wanted = ast.dump(ast.Module([_bodied(node)], []))
    tree = programs.parsed(bare)
    if tree is None or ast.dump(tree) != wanted:
        raise Flaw("it is not the same without its docstring")
    return bare


def _bodied(node: Definition) -> Definition:
    """Return a function's tree without its docstring."""
    fields = {name: value for name, value in ast.iter_fields(node) if name != "body"}
    return type(node)(**fields, body=node.body[1:])


def _offset(code: str, line: int | None, column: int | None) -> int:
    """Return a place of the tree, which counts lines and the bytes within them, in bytes."""
    before = code.encode().split(b"\n")[: (line or 1) - 1]
    return sum(len(one) + 1 for one in before) + (column or 0)


def _signature(code: str) -> str:
    """Return a function up to the colon that ends its signature, which no tree shows."""
    depth, begun = 0, False
    lines = code.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.NAME and token.string == "def":
            begun = True
        elif token.type == tokenize.OP and token.string in "([{":
            depth += 1
        elif token.type == tokenize.OP and token.string in ")]}":
            depth -= 1
        elif begun and not depth and token.string == ":":
            row, column = token.end
            return "\n".join([*lines[: row - 1], lines[row - 1][:column]])
    raise Flaw("its signature has no end")


def _quoted(docstring: str) -> str:
    safe = docstring.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    end = "\n" if "\n" in safe or safe.endswith('"') else ""
    lines = f'"""{safe}{end}"""'.split("\n")  # textwrap.indent takes U+001E for a line's end
    return "\n".join(f"    {line}" if line.strip() else line for line in lines)
