"""Which part of what a model writes is the program."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.tasks.code import read_answer

STUB = (
    "from typing import List\n\n\ndef add_up(xs: List[int]) -> int:\n"
    '    """Return the sum.\n    >>> add_up([1, 2])\n    3\n    """\n'
)
ALONE = "def add_up(xs):\n    return sum(xs)\n"
BODY = "    return sum(xs)\n"
WRONG = "def add_up(xs):\n    return 0\n"
HEAD = 'def add_up(xs):\n    """Return the sum."""\n'
USE = "print(add_up([2]))\n"
FENCE = "```"


def block(text: str, language: str = "python", fence: str = FENCE) -> str:
    return f"{fence}{language}\n{text}{fence}\n"


def indented(text: str, by: int) -> str:
    return "".join(" " * by + line for line in text.splitlines(keepends=True))


def works(program: str) -> bool:
    names: dict[str, Any] = {}
    exec(program, names)
    return bool(names["add_up"]([1, 2, 3]) == 6)


REDUCED = "def add_up(xs):\n    return functools.reduce(op.add, xs, 0)\n"
ADDED = "def add_up(xs):\n    t = 0\n    for x in xs:\n        t = plus(t, x)\n    return t\n"
PLUS = "def plus(a, b):\n    return operator.add(a, b)\n"
IMPORTS = "import functools\nimport operator as op\n"
SHELL = "pip install x\n"
MORE = f"import operator\n{PLUS}print(1 / 0)\n"

# Answers that define the function; they are read alike where a text asks for it in words.
DEFINING = {
    "another language first": f"{block(SHELL, 'bash')}Then\n{block(ALONE)}",
    "text first": block(WRONG, "text") + block(ALONE),
    "JSON first": block('{"a": 1}\n', "json") + block(ALONE, "py"),
    "its use first": f"Usage:\n{block(USE)}Solution:\n{block(ALONE)}",
    "tests first": block("assert add_up([1]) == 1\n") + block(ALONE),
    "its head first": f"The head:\n{block(HEAD)}All of it:\n{block(ALONE)}",
    "two": f"{block(ALONE)}or\n{block(WRONG)}",
    "closed only": f"{ALONE}{FENCE}\nThis function returns the sum.",
    "closed only, then a block": f"{ALONE}{FENCE}\n\nExample:\n{block(USE)}",
    "unclosed": f"Here:\n{FENCE}python\n{ALONE}",
    "unclosed, no language": f"Here:\n{FENCE}\n{ALONE}",
    "unclosed, after a word that is Python": f"Solution\n{FENCE}\n{ALONE}",
    "closed at a line's end": f"{FENCE}python\n{ALONE.rstrip()}{FENCE}",
    "tildes": f"So:\n{block(ALONE, fence='~~~')}Bye.",
    "four backticks": f"So:\n{block(ALONE, fence='````')}Bye.",
    "a fence within a longer one": block(block(SHELL), "markdown", "````") + block(ALONE),
    "in a list": f"1. Do:\n\n{indented(block(ALONE), 3)}2. Done.",
    "deeper in a list": f"- Do:\n{indented(block(ALONE), 4)}",
    "in a list in a list": f"1. a\n   - b\n{indented(block(ALONE), 5)}",
    "behind a list's bullet": f"- {indented(block(ALONE), 2)[2:]}",
    "imports before": f"First:\n{block(IMPORTS)}then\n{block(REDUCED)}",
    "a helper before": block(f"import operator\n\n{PLUS}") + block(ADDED),
    "a helper behind": f"{block(ADDED)}with\n{block(MORE)}",
    "a star": block("from math import *\n")
    + block("def add_up(xs):\n    return int(fsum(xs))\n"),
    "the future": block(IMPORTS)
    + block(f"from __future__ import annotations\n{REDUCED}"),
    "a cut example": f"{block(ALONE)}Use:\n{FENCE}python\nadd_up([1,",
    "Windows' lines": f"So:\n{block(ALONE)}".replace("\n", "\r\n"),
    "Python3": block(ALONE, "Python3"),
    "braces": block(ALONE, "{.python .numberLines}"),
    "a file's name": block(ALONE, "python:main.py"),
    "a title": block(ALONE, 'python title="a.py"'),
    "a label that says nothing": block(ALONE, "solution"),
    "fences in its docstring": block(
        f'def add_up(xs):\n    """\n    {FENCE}\n    x\n    {FENCE}\n    """\n{BODY}'
    ),
}  # fmt: skip

# Answers that only make sense where the head of the function was given.
GOING_ON = {
    "body": BODY,
    "body, stripped": BODY.strip(),
    "body in a block": block(BODY),
    "body in a list": f"1. Do:\n\n{indented(block(BODY), 3)}",
    "body, closed only": f"{BODY}{FENCE}\nThis function returns the sum.",
    "body, stripped, closed only": f"{BODY.strip()}\n{FENCE}\nDone.",
    "body, closed only, then a block": f"{BODY}{FENCE}\n\nExample:\n{block(USE)}",
    "body, unclosed": f"Solution\n{FENCE}\n{BODY}",
    "body, then prose": f"{BODY}\nThis works because sum adds.",
    "body, then an example": f"{BODY}\nExample:\n{block(USE)}",
    "the use, then the body": f"{block(USE)}The body:\n{block(BODY)}",
    "the head, then the body": f"{block(HEAD)}The body:\n{block(BODY)}",
    "all of it": STUB + BODY,
    "all of it in prose": f"Here it is:\n\n{ALONE}\nThis works because sum adds.\nIt's simple.",
    "imports in prose": f"Sure!\nimport functools\n\n{ALONE}\n\nThis works.",
    "prose, then an example": f"{ALONE}\nExample:\n{block(USE)}",
    "a command, then no fence": block(SHELL, "bash") + ALONE,
    "lambda": block("add_up = lambda xs: sum(xs)\n"),
}


@pytest.mark.parametrize("name", [*DEFINING, *GOING_ON])
def test_the_program_is_what_defines_the_function_asked_for(name: str) -> None:
    assert works(read_answer((DEFINING | GOING_ON)[name], given=STUB))


@pytest.mark.parametrize("name", DEFINING)
def test_it_is_so_where_words_ask_for_it(name: str) -> None:
    assert works(read_answer(DEFINING[name], given="Write a function add_up that sums a list."))


@pytest.mark.parametrize(
    "text",
    ["", "I cannot.", "Hm", block(SHELL, "bash"), block(ALONE, "text"), block(USE), "\0", FENCE,
     block(HEAD), f"{FENCE}\n{FENCE}", "class Solution:\n    def add_up(self, xs):\n        return 6",
     f"return\n{FENCE}"],
)  # fmt: skip
def test_what_holds_no_program_fails(text: str) -> None:
    program = read_answer(text, given=STUB)
    try:
        right = works(program)
    except Exception:
        right = False
    assert not right


def test_no_call_of_another_block_is_made() -> None:
    program = read_answer(
        block("import functools\nprint(1 / 0)\n") + block(REDUCED.replace("op.add", "max")),
        given=STUB,
    )
    assert "import functools" in program
    assert "1 / 0" not in program


def test_blocks_of_another_language_are_read_where_nothing_says_it_is_python() -> None:
    assert read_answer(block("let a = 1;\n", "js"), given="Say it in JavaScript.") == "let a = 1;"


@given(
    st.lists(
        st.sampled_from(
            [ALONE, BODY, USE, HEAD, STUB, PLUS, "prose", FENCE, "~~~", f"{FENCE}python", "- ", "    ",
             f"{FENCE}bash", '"""', "\r", "((((", "return", "\x0c", "é"]
        )
    ),
    st.sampled_from([STUB, "", "Write add_up.", "def f(x):\n"]),
)  # fmt: skip
def test_anything_is_read_without_an_exception(parts: list[str], asked: str) -> None:
    for between in ("", "\n", " "):
        assert isinstance(read_answer(between.join(parts), given=asked), str)


@pytest.mark.parametrize(
    "text",
    [f"{FENCE}\nx\n{FENCE}\n" * 9000, f"{FENCE}x\n" * 16_000, "import a\n" * 11_000 + ALONE + "no prose",
     "def add_up(\n" * 8000, f"- {FENCE}\n" * 14_000, "x = 1\nit's\n" * 8000 + ALONE],
)  # fmt: skip
def test_hostile_text_is_read_at_once(text: str) -> None:
    for asked in (STUB, "Write add_up."):
        began = time.process_time()
        read_answer(text, given=asked)
        assert time.process_time() - began < 5
