"""Programs that forge a pass instead of earning one, and honest ones of every kind, which must pass."""

from __future__ import annotations

import ast
import contextlib
import math
import re
import socket
import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sandbox import Limits, Outcome, cgroups, run, run_all
from benchmarks.sandbox.altering import altered
from benchmarks.sandbox.inside import others
from benchmarks.sandbox.inside.channel import Broken, Channel
from benchmarks.sandbox.inside.peer import Peer
from benchmarks.sandbox.inside.running import Notes
from benchmarks.sandbox.reading import read, with_helpers

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")

LIMITS = Limits(seconds=60, cpu_seconds=30, memory_mib=256)
PROGRAMS = Path(__file__).parent / "programs"

#: Tests of a function that sums, as HumanEval writes them: they run apart from the program.
PLAIN = """
def check(candidate):
    assert candidate([1, 2]) == 3
    assert candidate([]) == 0
    assert abs(candidate([0.5]) - 0.5) < 1e-6
    assert candidate([4, 5, 6]) == 15
check(f)
"""
#: All is done by functions of Python's that a program may have put others in the place of.
BY_FUNCTIONS = """
import math
assert all(f(x) == y for x, y in [([1, 2], 3), ([4], 4)])
assert sorted([f([3, 1]), f([1])]) == [1, 4]
assert math.isclose(f([.5, .25]), .75)
"""
BY_MAP = "assert all(map(lambda case: f(case[0]) == case[1], [([1, 2], 3), ([4], 4)]))"
BY_UNITTEST = """
import unittest
class Tests(unittest.TestCase):
    def test_sums(self):
        self.assertEqual(f([1, 2]), 3)
        self.assertAlmostEqual(f([.5]), .5)
        self.assertTrue(f([3]) == 3)
        self.assertListEqual([f([1])], [1])
result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(Tests))
assert result.wasSuccessful()
"""
#: Tests that look at their process share it with the program.
SHARING = "import os\nassert os.getpid() > 1\n"
RIGHT = "def f(numbers):\n    return sum(numbers)\n"


def sections(name: str) -> dict[str, str]:
    parts = re.split(r"^### (.+)\n", (PROGRAMS / name).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


FORGED = sections("forged.txt")
CHEATS = sections("cheats.txt")
HONEST = sections("honest.txt")
#: Which tests a forged program meets: all of them PLAIN, and these those that they are made for.
AIMED = {
    "patched isclose": (BY_FUNCTIONS, BY_MAP),
    "fake math": (BY_FUNCTIONS,),
    "patched unittest": (BY_UNITTEST, BY_FUNCTIONS),
    "unittest code": (BY_UNITTEST,),
    "skip": (BY_UNITTEST,),
    "stopiteration": (BY_MAP, BY_FUNCTIONS),
    "stop subclass": (BY_MAP,),
    "equal to all": (BY_FUNCTIONS, BY_MAP, BY_UNITTEST),
    "sys.exit is f": (BY_UNITTEST,),
}
#: Programs that are like others in the same file: these are tried by ``-m slow``.
WIDER = frozenset({
    "views", "seeded", "type check", "rational", "iterators", "context", "thread", "os tests", "input",
    "class", "big", "unittest main", "mbpp imports", "send kw", "keyerror", "subclasses", "vector", "send",
    "inspect", "raises stop", "deep copy", "sys import unused", "cache attr", "files", "namedtuple", "mbpp sum",
    "tuple", "set", "dict eq", "decimal", "enum eq", "exc str", "fake server all true", "error as result",
    "names reply", "callback globals", "callback learns", "metaclass eq", "defaultdict",
})  # fmt: skip
#: One of each kind of forgery: these are always tried, the others by ``-m slow``.
KINDS = (
    "equal to all", "int subclass", "patched builtins", "patched isclose", "patched unittest",
    "unittest code", "json", "frames deeper", "jump", "gc", "gc sites", "nonce hunt", "nonce hunt, other notes", "patch wire", "skip", "mock ANY",
)  # fmt: skip


def usually(examples: dict[str, str]) -> list[Any]:
    """Return the names of examples; of some it is said that they are slow."""
    slow = pytest.mark.slow
    return [pytest.param(one, marks=slow) if one in WIDER else one for one in examples]


@pytest.mark.parametrize("before", ["", SHARING], ids=["apart", "together"])
@pytest.mark.parametrize("name", KINDS)
def test_forged_passes_are_failures(name: str, before: str) -> None:
    tests, *_ = AIMED.get(name, (PLAIN,))
    assert not run(FORGED[name], before + tests, LIMITS).passed


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FORGED))
def test_forged_passes_are_failures_whatever_the_tests(name: str) -> None:
    tests = [before + one for one in (PLAIN, *AIMED.get(name, ())) for before in ("", SHARING)]
    outcomes = run_all([(FORGED[name], one) for one in tests], LIMITS)
    assert [outcome for outcome in outcomes if outcome.passed] == []


def test_all_that_these_tests_ask_is_a_sum() -> None:
    tests = [PLAIN, BY_FUNCTIONS, BY_MAP, BY_UNITTEST, SHARING + PLAIN, SHARING + BY_UNITTEST]
    for one in tests:
        assert run(RIGHT, one, LIMITS).reason == "passed"
    assert [read(one).together for one in tests] == [False] * 4 + [True] * 2


def test_what_is_forged_is_said_to_be() -> None:
    equal = FORGED["equal to all"]
    assert (
        run(equal, "assert f(1) == 2", LIMITS).reason
        == "forged: its objects agree with whatever they are compared with"
    )
    told = run(equal, f"{SHARING}assert f(1) == 2", LIMITS).reason
    assert told == "forged: it passes whatever its tests expect"
    equal = "forged: its objects agree with whatever they are compared with"
    for tests in (
        "assert abs(f(1) - 2) < 1e-6",
        "assert f(1) > 3",
        "assert 3 in f(1)",
        "assert [f(1)] == [2]",
        "assert f(1) - 2 == 0",
    ):
        assert run(FORGED["equal to all"], tests, LIMITS).reason == equal
    adapted = (
        "class A:\n    def __sub__(s, o): return 0 if abs(o) < 10**6 else 9\n"
        "    def __contains__(s, o): return o < 10**6\ndef f(x): return A()"
    )
    told = run(adapted, "assert abs(f(1) - 2) < 1e-6", LIMITS).reason
    assert told == "forged: it passes whatever its tests expect"


@pytest.mark.parametrize("name", usually(CHEATS))
def test_other_cheats_are_failures(name: str) -> None:
    program, tests = CHEATS[name].split("--- tests\n")
    assert not run(program, tests, LIMITS).passed


@pytest.mark.parametrize("name", usually(HONEST))
def test_honest_programs_pass(name: str) -> None:
    program, tests = HONEST[name].split("--- tests\n")
    assert run(program, tests, LIMITS) == Outcome(True, "passed")


def test_reasons_are_one_line_that_can_be_printed() -> None:
    program = "def f(x): raise ValueError('a\\n\\x1b[31mb\\ud800')"
    assert run(program, "f(1)", LIMITS).reason == "ValueError: a  [31mb?"


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("def f(x): return x", "def test_it():\n    assert f(1) == 2"),
        (
            "def f(x): return x",
            "import unittest\nclass T(unittest.TestCase):\n"
            "    def test(self): self.assertEqual(f(1), 2)",
        ),
        (
            "def f(x): return x",
            "import unittest\nclass T(unittest.TestCase):\n"
            "    def test(self): self.assertEqual(f(1), 2)\n"
            "unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T))",
        ),
        ("def f(x): return expected", "expected = 2\nassert f(1) == expected"),
        ("def f(x): return ref(x)", "def ref(x): return 2\nassert f(1) == ref(1)"),
        ("def f(x):\n    import tests\n    return 2", "assert f(1) == 2"),
        ("class P:\n    def __init__(s, x): s.x = x\ndef f(x): return P(1)", "assert f(1) == P(1)"),
    ],
)
def test_what_was_never_run_or_belongs_to_the_tests_passes_nothing(
    program: str, tests: str
) -> None:
    assert not run(program, tests, LIMITS).passed


def test_a_pass_that_cannot_be_verified_is_none() -> None:
    program = "class A:\n    def __lt__(s, o): return o > 0\ndef f(x): return A()"
    outcome = run(program, "if not f(1) < 3: raise ValueError", LIMITS)
    assert outcome.reason.startswith("not verified: ")


def test_the_memory_of_all_together_is_held() -> None:
    limits = Limits(seconds=30, cpu_seconds=10, memory_mib=192)
    greedy = (
        "import os, time\nfor _ in range(9):\n    if not os.fork():\n"
        "        x = b'x' * (100 << 20); time.sleep(60)\ntime.sleep(60)"
    )
    outcome = run(greedy, "", limits)
    assert outcome.reason == "used more memory than it may"
    if outcome.peak_mib is None:
        with cgroups.limited(1 << 28) as group:
            assert group is None, "there is a cgroup, and nobody counts in it"
        pytest.skip(
            "no memory cgroup may be made here: the sum is watched, and may be passed briefly"
        )
    assert outcome.peak_mib <= 192
    modest = run("x = b'x' * (50 << 20)", "assert x[0] == 120", limits)
    assert modest.passed
    assert modest.peak_mib is not None
    assert 50 < modest.peak_mib < 190


def test_no_cgroup_is_left() -> None:
    with cgroups.limited(1 << 28) as group:
        if group is None:
            pytest.skip("no memory cgroup may be made here")
        assert Path(group.folder).is_dir()
    assert not Path(group.folder).exists()


# Reading and altering tests


@pytest.mark.parametrize(
    ("tests", "names", "modules", "together"),
    [
        ("def check(c):\n    assert c(1) == math.pi\ncheck(area)", ("area",), ("math",), False),
        ("assert sum(1, 2) == 3", ("sum",), (), False),
        ("assert all(f(x) == 1 for x in [1])", ("f",), (), False),
        ("def check(c):\n    assert abs(c(1, 2)) == 3\ncheck(sum)", ("sum",), (), False),
        ("import sys\nassert f(sys.maxsize)", ("f",), (), False),
        ("import sys\nassert f(sys.path)", ("f",), (), True),
        ("import os\nassert f(1) == 1", ("f",), (), False),
        ("from os import path\nassert f(path)", ("f",), (), True),
        ("class A(B):\n    pass\nassert A()", ("B",), (), True),
        ("assert type(f()) is A", ("A", "f"), (), True),
        ("assert type(f()) is int", ("f",), (), False),
        ("async def t():\n    assert await f()", ("f",), (), True),
        ("this is no Python", (), (), False),
    ],
)
def test_how_tests_are_read(
    tests: str, names: tuple[str, ...], modules: tuple[str, ...], together: bool
) -> None:
    found = read(tests)
    assert (found.names, found.modules, found.together) == (names, modules, together)


def outcome_of(tests: str, altering: set[int], **names: Any) -> tuple[set[int], set[int]]:
    notes = Notes()
    exec(altered(tests, altering)[0], notes.names() | names)
    return notes.held, notes.failed


@pytest.mark.parametrize(
    "assertion",
    [
        "f(2) == 3", "3 == f(2)", "f('a') == 'b'", "f(None) is None", "f(True) is True", "f([1]) == [1]",
        "f({'a': 1}) == {'a': 1}", "f((1, (2,))) == (1, (2,))", "f(2) == len('abc')", "f(x) == x",
        "abs(f(2.5) - 2.5) < 1e-6", "math.fabs(2.5 - f(2.5)) <= 100", "math.isclose(f(1), 1)",
        "not f(0)", "f(1)", "f(1) != 2", "f(1) in [1]", "1 < f(2) < 3", "all(f(x) == x for x in [1, 2])",
        "all(map(lambda x: f(x) == x, [1, 2]))", "any(f(x) == 1 for x in [1, 2])", "f(1) - 3 < 7",
        "f(1e300) == 1e300", "f(float('inf')) == float('inf')", "f({1}) == {1}", "f(b'x') == b'x'",
        "f('') == ''", "f([]) == []", "f(3) - 3 == 0", "set(f({1, 2})) - {1} == {2}", "abs(f(5) - 5) < 40",
        "math.isclose(f(10), 10, rel_tol=0.9)", "round(f(3) - 3, 2) == 0", "f(1) == 1 and f(2)", "f(1) == 1 or f(2) == 3",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*is. with a literal")
def test_an_altered_assertion_fails_where_the_true_one_holds(assertion: str) -> None:
    given_ = {"f(2) == 3": 3, "3 == f(2)": 3, "f('a') == 'b'": "b", "f(2) == len('abc')": 3}
    names = {
        "math": math, "x": "some",
        "f": lambda value: given_.get(assertion, value),
    }  # fmt: skip
    sites = set(range(read(f"assert {assertion}").sites))
    assert sites
    for _ in range(5):
        assert outcome_of(f"assert {assertion}", set(), **names) == (sites, set())
        assert outcome_of(f"assert {assertion}", sites, **names) == (set(), sites)


def test_tests_have_from_the_prompt_what_it_gives() -> None:
    prompt = (
        "from math import isclose\ndef half(x):\n    return x / 2\ndef other(x):\n    pass\n"
        'def double(x):\n    """Twice."""\n'
    )
    tests = "assert isclose(half(double(3)), 3)"
    given_ = with_helpers(prompt, tests)
    assert given_.startswith("from math import isclose\ndef half")
    assert "other" not in given_
    assert read(given_).names == ("double",)
    assert with_helpers(prompt, "assert double(3) == 6") == "assert double(3) == 6"
    assert with_helpers("Write a function.", tests) == tests
    assert with_helpers("", tests) == tests


def test_what_must_be_reached_is_known() -> None:
    tests = (
        "def check(c):\n    assert c(1)\n    for x in []:\n        assert x\n"
        "def never():\n    assert 0\nif f(2):\n    assert f(3)\nassert f(4) and f(5)\ncheck(f)"
    )
    assert read(tests).required == (0, 3, 4)


PLAIN_DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.frozensets(st.integers() | st.text())
    ),
    max_leaves=20,
)


@given(PLAIN_DATA)
def test_another_value_is_another(value: Any) -> None:
    for far in (False, True):
        other = others.altered(value, far=far)
        assert other != value or type(other) is not type(value)
    found = others.decoys(value)
    assert found
    assert not any(type(one) is type(value) and one == value for one in found)


# What goes between the processes


def peers() -> tuple[Peer, socket.socket]:
    """Return the tests' side, and the socket on which the program's side is being served."""
    ours, theirs = socket.socketpair()
    host = Peer(Channel(theirs), hosts=True)
    host.namespace = {"same": lambda value: value, "grow": lambda value: value.append(value)}
    threading.Thread(target=served, args=(host,), daemon=True).start()
    return Peer(Channel(ours), hosts=False), ours


def served(host: Peer) -> None:
    try:
        host.serve()
    except Broken:
        return


@settings(max_examples=30, deadline=None)
@given(st.lists(PLAIN_DATA, max_size=5))
def test_plain_data_comes_back_as_it_was(values: list[Any]) -> None:
    peer, ours = peers()
    with ours:
        same = peer.read(["same", "other"])["same"]
        for value in [*values, values]:
            back = same(value)
            assert back == value
            assert type(back) is type(value)


def test_values_of_the_standard_library_come_back_too() -> None:
    peer, ours = peers()
    with ours:
        names = peer.read(["same", "grow"])
        for value in (
            Counter("aab"), OrderedDict(a=1), defaultdict(list, {1: [2]}), deque([1], maxlen=3), Decimal("1.10"),
            Fraction(1, 3), 1 + 2j, range(3), slice(1, 2), bytearray(b"x"), ..., int, ValueError, 10**9999,
        ):  # fmt: skip
            back = names["same"](value)
            assert back == value
            assert type(back) is type(value)
        grown: list[Any] = [1]
        names["grow"](grown)
        assert grown[1] is grown


NODES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 5) | st.floats()
    | st.sampled_from(["list", "dict", "set", "tuple", "give", "back", "value", "type", "module", "error",
                       "object", "content", "exception", "builtins", "range", "int", "os", "deque", ""]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(NODES)
def test_what_is_no_answer_is_found_out(message: Any) -> None:
    """Whatever a program says, it is data, something of its own, or the end of it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        peer = Peer(Channel(ours), hosts=False)
        out = Channel(theirs)
        out.send(["done", message if isinstance(message, list) else [message], [0], {}])
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(Broken):
            peer.request("names", [])


def test_the_examples_are_python() -> None:
    for text in (*FORGED.values(), *CHEATS.values(), *HONEST.values()):
        for part in text.split("--- tests\n"):
            ast.parse(part)
