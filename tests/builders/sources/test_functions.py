"""Functions with docstrings: taken apart by their trees, put together the same, never run."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sources import open_source, read, texts

from builders.readers.functions import function_of
from builders.readers.programs import Flaw, shallow
from isogloss.errors import IsoglossError

MODULE = '''"""A module."""
import os

raise SystemExit("this must never run")


@decorated(by="x")
def area(
    width: float,  # in metres
    height: float = (lambda: 1.0)(),
) -> dict[str, int]:
    """Return the area.

    Of a rectangle.
    """
    # A comment stays.
    return width * height


async def short(): "Wait."; return """text
with lines"""


def silent(x):
    return x


def empty():
    """Do nothing."""
    ...


class Shape:
    def name(self):
        """Return the name."""
        return "shape"
'''


def module(folder: Path, text: str | bytes, name: str = "m.py") -> None:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)


def functions(folder: Path, path: str = "*.py", **options: Any) -> Any:
    return read("functions", folder, ("en", "de"), path=path, **{"language": "en", **options})


def test_a_docstring_asks_for_its_function(tmp_path: Path) -> None:
    module(tmp_path, MODULE)
    found = functions(tmp_path)
    (area, bare), (short, waited) = texts(found)
    assert area == (
        '@decorated(by="x")\ndef area(\n    width: float,  # in metres\n'
        "    height: float = (lambda: 1.0)(),\n) -> dict[str, int]:\n"
        '    """Return the area.\n\n    Of a rectangle.\n    """\n'
    )
    assert bare.endswith(
        ") -> dict[str, int]:\n    # A comment stays.\n    return width * height\n"
    )
    assert short == 'async def short(): "Wait."\n'
    assert waited == 'async def short(): return """text\nwith lines"""\n'
    assert found["source_id"].to_list() == ["m.py#7", "m.py#20", "m.py#24", "m.py#28"]
    assert found["reason"].to_list()[2:] == [
        "it has no docstring", "it has nothing but its docstring",
    ]  # fmt: skip
    assert set(found["task"]) == {"code"}
    assert set(found["language"]) == {"en"}


def test_the_docstring_alone_and_methods_where_asked(tmp_path: Path) -> None:
    module(tmp_path, MODULE)
    found = functions(tmp_path, asked="docstring", methods=True)
    assert texts(found)[0][0] == "Return the area.\n\nOf a rectangle."
    assert texts(found)[-1] == ("Return the name.", 'def name(self):\n    return "shape"\n')


def test_copies_of_a_function_are_one_group_whatever_they_say_of_it(tmp_path: Path) -> None:
    module(tmp_path, 'def f(x):\n    """One."""\n    return x+1\n', "a.py")
    module(tmp_path, 'def f(x):\n    """Two."""\n    return (x + 1)  # same\n', "b.py")
    module(tmp_path, 'def f(x):\n    """One."""\n    return x+2\n', "c.py")
    one, two, three = functions(tmp_path)["group"]
    assert one == two != three


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("print 'two'\n", "it is not Python 3"),
        ("x = 1\0\n", "it is not Python 3"),
        ("# coding: utf-8\nx = '\xff'".encode("latin-1"), "not in the encoding that it declares"),
        ("# coding: klingon\n", "not in the encoding that it declares"),
        ("x = " + "(" * 3000, "it is not Python 3"),
        ("#" * (1 << 20) + "\n", "its file is over 1 MiB long"),
    ],
)
def test_a_module_that_is_none_is_a_rejected_row(
    text: str | bytes, told: str, tmp_path: Path
) -> None:
    module(tmp_path, text)
    module(tmp_path, 'def f():\n    """One."""\n    return 1\n', "z.py")
    found = functions(tmp_path)
    assert told in found["reason"][0]
    assert len(texts(found)) == 1, "the others are read all the same"


def test_encodings_and_line_ends_of_modules(tmp_path: Path) -> None:
    text = '# coding: latin-1\r\ndef f():\r\n    """Größe."""\r\n    return "ß"\r\n'
    module(tmp_path, text.encode("latin-1"))
    assert texts(functions(tmp_path, asked="docstring")) == [
        ("Größe.", 'def f():\n    return "ß"\n')
    ]


METHODS = [
    # Strings that stand flush left, or not.
    ('return """a\nb"""', 'return """a\nb"""'),
    ('return """\n        x\n   \n"""', 'return """\n        x\n   \n"""'),
    ('return f"""a\n  {self}\n"""', 'return f"""a\n  {self}\n"""'),
    # What may stand further left than its function, and blank lines with white space.
    ("x = (\n1)\n        return x", "x = (\n1)\n    return x"),
    ("x = 1\n# note\n        return x", "x = 1\n# note\n    return x"),
    ("x = 1\n   \n        return x", "x = 1\n\n    return x"),
]


@pytest.mark.parametrize(("body", "bare"), METHODS)
def test_a_method_loses_its_indentation_and_keeps_its_strings(
    body: str, bare: str, tmp_path: Path
) -> None:
    docstring = '"""Say it.\n\n        More.\n        """'
    module(tmp_path, f"class A:\n    def f(self):\n        {docstring}\n        {body}\n")
    found = functions(tmp_path, methods=True)
    ((asked, code),) = texts(found)
    assert asked == 'def f(self):\n    """Say it.\n\n    More.\n    """\n'
    assert code == f"def f(self):\n    {bare}\n"
    whole = ast.parse((tmp_path / "m.py").read_text()).body[0].body[0]  # type: ignore[attr-defined]
    made = ast.parse(code).body[0]
    assert isinstance(made, ast.FunctionDef)
    assert [ast.dump(one) for one in made.body] == [ast.dump(one) for one in whole.body[1:]]


def test_a_method_of_python_2_is_none_of_python_3(tmp_path: Path) -> None:
    source = '    def f(self):\n        """Say it."""\n        print "it"\n'
    (tmp_path / "r.jsonl").write_text(json.dumps({"code": source}) + "\n")
    assert functions(tmp_path, "r.jsonl")["reason"].to_list() == ["it is not Python 3"]


RECORDS = [
    {"code": 'def f(a):\n  """Own."""\n  return a\n', "docstring": "Add one.\n\nTo a.", "license": "MIT"},
    {"code": "def g(a: 'dict[str, int]') -> int: return a", "docstring": 'Say "it" \\n', "license": "ISC"},
    {"code": "int f(int a) { return a; }", "docstring": "In C.", "license": "MIT"},
    {"code": "x = 1", "docstring": "No function.", "license": "MIT"},
    {"code": "def f(): return 1", "docstring": None, "license": "MIT"},
]  # fmt: skip


def test_records_as_codesearchnet_has_them(tmp_path: Path) -> None:
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    (tmp_path / "csn.jsonl").write_text(lines)
    columns = {"code": "code", "docstring": "docstring", "licence": "license"}
    found = functions(tmp_path, "csn.jsonl", columns=columns)
    (one, own), (two, bare) = texts(found)
    assert one == 'def f(a):\n    """Add one.\n\n    To a.\n    """\n'
    assert own == "def f(a):\n  return a\n"
    assert ast.get_docstring(ast.parse(two).body[0]) == 'Say "it" \\n'  # type: ignore[arg-type]
    assert bare == "def g(a: 'dict[str, int]') -> int: return a\n"
    assert found["reason"].to_list()[2:] == [
        "it is not Python 3", "it is not one function", "it has no input",
    ]  # fmt: skip
    assert found["licence"].to_list()[:2] == ["MIT", "ISC"]
    assert found["references"].to_list()[0] == [own]


def test_modules_and_records_side_by_side_in_the_languages_of_their_names(tmp_path: Path) -> None:
    for tag, told in (("en", "One."), ("de", "Eins.")):
        (tmp_path / tag).mkdir()
        module(tmp_path / tag, f'def f():\n    """{told}"""\n    return 1\n')
    (tmp_path / "de" / "r.jsonl").write_text(
        json.dumps({"code": 'def h():\n    """Zwei."""\n    return 2\n'}) + "\n"
    )
    found = read("functions", tmp_path, ("en", "de"), path="{language}/*", asked="docstring")
    assert [given for given, _ in texts(found, language="de")] == ["Eins.", "Zwei."]
    assert [given for given, _ in texts(found, language="en")] == ["One."]


def test_what_no_source_is_is_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "m.rs").write_text("fn f() {}")
    with pytest.raises(IsoglossError, match="its name does not tell what kind of file it is"):
        open_source("functions", tmp_path, ("en",), path="m.rs", language="en")
    with pytest.raises(ValueError, match="say the language once"):
        open_source("functions", tmp_path, ("en",), path="*.py")


DOCSTRING = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\f\x0c"), max_size=60)


@given(
    DOCSTRING,
    st.sampled_from(["return 1", "x = 'ä'; return x", "# c\n    return 2"]),
    st.booleans(),
)
def test_taking_apart_loses_nothing(docstring: str, body: str, ascii_only: bool) -> None:
    quoted = ascii(docstring) if ascii_only else repr(docstring)
    source = f"def f(a, *, b={{1: 2}}):\n    {quoted}\n    {body}\n"
    if not docstring.strip():
        return
    made = function_of(source)
    whole, bare = ast.parse(source).body[0], ast.parse(made.code).body[0]
    assert isinstance(whole, ast.FunctionDef)
    assert isinstance(bare, ast.FunctionDef)
    assert [ast.dump(one) for one in bare.body] == [ast.dump(one) for one in whole.body[1:]]
    stub = ast.parse(made.stub).body[0]
    assert isinstance(stub, ast.FunctionDef)
    assert ast.get_docstring(stub, clean=False) == docstring
    told = ast.parse(function_of(f"def f(a):\n    {body}\n", docstring).stub).body[0]
    assert isinstance(told, ast.FunctionDef)
    assert (ast.get_docstring(told) or "").strip() == made.docstring.strip()


def test_a_function_that_is_nested_too_deep_is_a_rejected_row(tmp_path: Path) -> None:
    # How deep is too deep hangs on what has called: near that, Python parses what it cannot walk.
    for terms in range(600, 1200, 20):
        total = " + ".join(["x"] * terms)
        module(tmp_path, f'def f(x):\n    """Add."""\n    return {total}\n', f"m{terms:04}.py")
    found = functions(tmp_path)
    reasons = {"it is nested too deep", "it is not Python 3", None}
    assert found.height == 30
    assert set(found["reason"]) <= reasons
    assert found["reason"][-1] is not None


def test_what_python_cannot_walk_is_a_flaw() -> None:
    with pytest.raises(Flaw, match="it is nested too deep"), shallow():
        _climb(sys.getrecursionlimit())


def _climb(left: int) -> int:
    return left and _climb(left - 1)
