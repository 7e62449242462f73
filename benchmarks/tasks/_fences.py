"""Fenced blocks of code in what a model wrote, after CommonMark (0.31, section 4.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ITEM = r"(?:[-*+]|\d{1,9}[.)])[ \t]+"
_FENCE = re.compile(rf"(?P<lead>[ \t]*(?:{_ITEM})*)(?P<fence>`{{3,}}|~{{3,}})(?P<info>.*)")
_LIST = re.compile(rf"[ \t]*(?:{_ITEM})+")
_LABEL = re.compile(r"[\s{.]*([\w+#.-]*)")
# A fence may be indented so far; what is indented further is part of the text.
_INDENT = 3

_PYTHON = frozenset({"", "python", "python2", "python3", "py", "py2", "py3", "ipython", "ipython3"})
# Labels of what is no Python program; others, such as "code" or "solution", say nothing.
_OTHERS = frozenset(
    "bash sh shell zsh fish console terminal cmd bat powershell ps1 shell-session pycon doctest "
    "text txt plaintext plain output stdout log none json jsonc json5 jsonl yaml yml toml ini cfg "
    "xml html css svg sql csv tsv diff patch md markdown rst mermaid latex tex makefile dockerfile "
    "java javascript js jsx typescript ts tsx c h cpp c++ hpp cs csharp c# go golang rust rs ruby rb "
    "php swift kotlin kt scala r julia jl perl pl lua haskell hs dart elixir erlang clojure lisp "
    "scheme ocaml fsharp matlab fortran pascal groovy zig nim assembly asm vb objective-c".split()
)


@dataclass(frozen=True)
class Block:
    """A block: what its fence says of its language, and its text.

    ``closed`` tells whether it has an end, ``start`` and ``end`` the numbers of its first line and of
    the one after its last, fences included.
    """

    language: str
    text: str
    closed: bool
    start: int
    end: int

    @property
    def may_be_python(self) -> bool:
        """Whether nothing says that it is something else than Python."""
        return self.language in _PYTHON or self.language not in _OTHERS


@dataclass(frozen=True)
class Fenced:
    """A text taken apart.

    Attributes:
        head: What stands before a first fence that only closes, since the prompt opened it, or may
            do so; None where there is no such fence.
        blocks: The blocks.
        outside: What stands in none of them.
    """

    head: str | None
    blocks: list[Block]
    outside: str


def fenced(text: str) -> Fenced:
    """Take a text apart at its fences."""
    lines = text.split("\n")
    blocks = _blocks(lines, 0)
    head = None
    if blocks and _only_closes(blocks, lines):
        head = "\n".join(lines[: blocks[0].start])
        # Where a block begins within the first one, the first fence can only have closed.
        if blocks[0].closed:
            blocks = _blocks(lines, blocks[0].start + 1)
    inside = {number for block in blocks for number in range(block.start, block.end)}
    outside = "\n".join("" if n in inside else line for n, line in enumerate(lines))
    return Fenced(head, blocks, outside)


def _only_closes(blocks: Sequence[Block], lines: Sequence[str]) -> bool:
    """Tell whether a text's first fence may close what its prompt opened."""
    first = blocks[0]
    if first.language or not "".join(lines[: first.start]).strip():
        return False
    within = (_FENCE.match(line) for line in lines[first.start + 1 : first.end])
    labelled = any(
        found and found["info"].strip() and not found["lead"].strip() for found in within
    )
    return labelled or not blocks[-1].closed


def _blocks(lines: Sequence[str], start: int) -> list[Block]:
    found: list[Block] = []
    number, item = start, 0
    while number < len(lines):
        line = lines[number].rstrip("\r")
        fence = _opening(line, item)
        if fence is not None:
            block = _block(lines, number, fence)
            found.append(block)
            number = block.end
            continue
        bullet = _LIST.match(line)
        if bullet:
            item = len(bullet.group())
        elif line.strip() and len(line) - len(line.lstrip()) < item:
            item = 0  # what is indented less than a list's item ends the list
        number += 1
    return found


def _opening(line: str, item: int) -> re.Match[str] | None:
    fence = _FENCE.match(line)
    if fence is None or ("`" in fence["fence"] and "`" in fence["info"]):
        return None
    indent = len(fence["lead"]) - len(fence["lead"].lstrip())
    return fence if indent <= item + _INDENT else None


def _block(lines: Sequence[str], start: int, fence: re.Match[str]) -> Block:
    indent, mark = len(fence["lead"]), fence["fence"]
    closing = re.compile(
        rf"[ \t]{{0,{indent + _INDENT}}}{re.escape(mark[0])}{{{len(mark)},}}[`~]*[ \t\r]*"
    )
    label = _LABEL.match(fence["info"])
    language = label.group(1).lower() if label else ""
    language = "python" if language.endswith(".py") else language
    rest = range(start + 1, len(lines))
    end = next((number for number in rest if closing.fullmatch(lines[number])), None)
    inside = lines[start + 1 : len(lines) if end is None else end]
    text = "\n".join(_shifted(line, indent) for line in inside)
    if end is None and text.rstrip().endswith(mark):
        text = text.rstrip().removesuffix(mark)  # no fence to CommonMark, but to who wrote it
    return Block(language, text, end is not None, start, len(lines) if end is None else end + 1)


def _shifted(line: str, indent: int) -> str:
    """Take as many spaces off a line as its fence is indented by."""
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(indent, spaces) :]
