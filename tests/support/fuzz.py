"""Fuzzing: damaged variants of sound files, and what a reader may do with them.

A reader may read what it is given or refuse it in one line, within `SECONDS`, and in no more than
`GROWTH` of memory over what it took at first. Every reader is tried twice: with few inputs that are
always the same, and by name (``pytest -m slow``) with many that are not: ``ISOGLOSS_FUZZ`` is how
many, 20,000 unless it is set, and after ``ISOGLOSS_FUZZ_SECONDS`` no more are begun, if that is set.
What was tried is printed (``-s``), with the longest time. Time is that of the processors, so that a
busy machine is no finding; what waits without working is found by the clock.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from isogloss.errors import IsoglossError

SECONDS = 5.0
WAIT = 12 * SECONDS
GROWTH = 512 << 20
QUICK = 10
MANY = int(os.environ.get("ISOGLOSS_FUZZ", "20000"))
_UNTIL = float(os.environ.get("ISOGLOSS_FUZZ_SECONDS", "inf"))
_ROUND = 500

each_quick_and_many = pytest.mark.parametrize(
    "examples", [QUICK, pytest.param(MANY, marks=pytest.mark.slow)], ids=["quick", "many"]
)

#: What stands in for a value of JSON, written as JSON; some of it only nearly is.
VALUES = [
    "null", "true", "false", "0", "-1", "1", "1.5", "-0.0", "1e999", "NaN", "-Infinity", "9" * 30,
    "9" * 5000, "9223372036854775808", '""', '" "', '"a"', '"\\u0000"', '"\\ud800"', '"../x"',
    '"/etc/passwd"', '"\\u202e\\u001b[2J"', '"de"', '"zh_CN@x"', "[]", "[[]]", "[null]", "{}",
    '{"a": {}}', '["a", 1, {}]', "[" * 3000, '{"a":' * 3000, '"' + "x" * 3000 + '"',
]  # fmt: skip

#: Pieces that mean something in a format.
PIECES: dict[str, list[bytes]] = {
    "bytes": [],
    "text": ["\n", "\r", "\r\n", "\t", " ", "\ufeff", "\u2028", "\x85", "\u202e", "\x1b[2J", "é"],
    "json": ["{", "}", "[", "]", ":", ",", '"', "\\", "\\u", "\n", *VALUES],
    "toml": ["=", "[", "[[", "]", "]]", ".", '"""', "'", "#", "{", "}", "inf", "-nan", "0x", "1979-05-27",
             "1979-05-27T07:32:00Z", "9" * 5000, "[" * 3000, "\\ud800", "a.b.c = 1\n", "\n", "{input}", "{"],
    "xml": ["<", ">", "</", "/>", "&", "&amp;", "&x;", "&#0;", "&#xD800;", "]]>", "<![CDATA[", "<!--", "-->",
            "<?x?>", '<!DOCTYPE a [<!ENTITY x "y">]>', "<seg>", "</seg>", "<tuv>", "<doc>", 'lang="',
            "<a>" * 3000, '<?xml version="1.0" encoding="UTF-16"?>', "\ufffe"],
    "po": ["msgid ", "msgstr ", "msgctxt ", "msgid_plural ", "msgstr[0] ", "msgstr[99999999999]", '"', "\\",
           "\\x", "\\777", "#, fuzzy", "#~ ", "#| ", "#,", "\n", "charset=", "charset=UTF-7\\n", "%s", "%1$<PRIuMAX>",
           "nplurals=99999999999;", "plural=n**n**n;", "domain "],
    "stanza": ["\n\n", "\n .", "\n ", ": ", "Package:", "Description-md5:", "Description-de:", "\0"],
    "table": [",", "\t", '"', '""', "'", "\n", "\r", ";", "9" * 5000, "id", "\0", '"' + "x" * 3000],
    "yaml": ["- ", ": ", "&a ", "*a", "!!python/object:os.system", "<<: ", "|", ">", "---", "[", "{", "%", "!!binary",
             "?", "\t", "9" * 5000, "[" * 3000, "2001-01-01", "\n", "  "],
    "python": ["def ", "async ", "(", ")", ":", "\n", "    ", "\t", '"""', "'''", "\\", "return ", "lambda", "f'{",
               "\f", "\0", "#", "(" * 300, "-" * 3000, "1" + "0" * 5000, "0777", "class A:", "@", "*"],
    "answer": ["```", "~~~", "```python\n", "\n", "def f():\n", "<think>", "</think>", "<|channel|>", "<|message|>",
               "<|end|>", "final", "<|im_end|>", "<seed:think>", "[/THINK]", "    ", "`", "Answer:", "<answer>"],
    "tag": ["-", "_", "@", ".", "x-", "u-", "t-", "zh", "Hant", "TW", "419", "sr", "latin", "UTF-8", "i-", "aaa", "1996"],
    "jinja": ["{{", "}}", "{%", "%}", "{% for m in messages %}", "{% endfor %}", "{% if ", "range(10**9)", "'a' * 10**9",
              "messages", "['content']", "raise_exception('x')", "{#", "|tojson", "**", "loop", "recursive", ".__class__"],
}  # fmt: skip
PIECES = {
    kind: [one if isinstance(one, bytes) else one.encode("utf-8", "surrogatepass") for one in some]
    for kind, some in PIECES.items()
}

_Change = tuple[str, int, int, int]
_PLACES = st.integers(0, 1 << 20), st.integers(0, 40), st.integers(0, 1 << 16)
_ANY = st.sampled_from(("flip", "cut", "drop", "again", "move", "noise", "piece", "value"))
# Changes of bytes alone seldom leave a file that is read any further than its grammar.
_CHANGES = st.lists(st.tuples(_ANY, *_PLACES), min_size=1, max_size=4) | st.lists(
    st.tuples(st.just("value"), *_PLACES), min_size=1, max_size=2
)


def damaged(sound: bytes, kind: str, changes: list[_Change]) -> bytes:
    """Return a sound file with changes: of bytes, and of what its format is made of."""
    for name, place, length, seed in changes:
        start = place % (len(sound) + 1)
        end = min(start + length, len(sound))
        before, within, after = sound[:start], sound[start:end], sound[end:]
        if name == "flip" and start < len(sound):
            sound = before + bytes([sound[start] ^ 1 << seed % 8]) + sound[start + 1 :]
        elif name == "cut":
            sound = before
        elif name == "drop":
            sound = before + after
        elif name == "again":
            sound = before + within * (2 + seed % 3) + after
        elif name == "move":
            there = seed % (len(before + after) + 1)
            sound = (before + after)[:there] + within + (before + after)[there:]
        elif name == "noise":
            sound = before + random.Random(seed).randbytes(length) + after
        elif name == "piece" and PIECES[kind]:
            piece = PIECES[kind][seed % len(PIECES[kind])]
            sound = before + piece + (after if length % 2 else within + after)
        elif name == "value":
            sound = _revalued(sound, kind, place, seed)
    return sound


_TOML_VALUE = re.compile(rb"(?m)(?<== ).+$")
_XML_NAMES = re.compile(rb"(?<=<)/?[\w.]+|[\w:]+(?==)")
_PO_STRING = re.compile(rb'"(?:[^"\\\n]|\\.)*"')
_WORD = re.compile(rb"[^\s,;:|<>\"'=\[\]{}()]+")


def _revalued(sound: bytes, kind: str, place: int, seed: int) -> bytes:
    """Change one value of a file: another one, none, or one that stands elsewhere."""
    if kind == "json":
        with suppress(ValueError, RecursionError):
            return _json_revalued(sound, place, seed)
    pattern = {"toml": _TOML_VALUE, "xml": _XML_NAMES, "po": _PO_STRING}.get(kind, _WORD)
    found = list(pattern.finditer(sound))
    if not found:
        return sound
    one, other = found[place % len(found)], found[seed % len(found)]
    news = [other.group(), b"", VALUES[seed % len(VALUES)].encode()]
    return sound[: one.start()] + news[seed % 3] + sound[one.end() :]


def _json_revalued(sound: bytes, place: int, seed: int) -> bytes:
    """Change a value anywhere in a JSON text; in lines of it, in one line."""
    lines = sound.split(b"\n")
    many = len(lines) > 1 and lines[0].startswith(b"{") and lines[0].endswith(b"}")
    number = seed % len(lines)
    text = lines[number] if many else sound
    tree = json.loads(text)
    slots: list[tuple[Any, Any]] = []
    stack = [tree]
    while stack:
        inner = stack.pop()
        keys: Any = range(len(inner)) if isinstance(inner, list) else list(inner)
        for key in keys:
            slots.append((inner, key))
            if isinstance(inner[key], (list, dict)):
                stack.append(inner[key])
    if not slots:
        return sound
    holder, key = slots[place % len(slots)]
    value = VALUES[seed % len(VALUES)]
    if seed % 7 == 0:
        del holder[key]
        value = ""
    else:
        holder[key] = "@@here@@"
    changed = json.dumps(tree, ensure_ascii=False).replace('"@@here@@"', value).encode()
    if seed % 11 == 0 and changed.startswith(b"{"):  # the first key twice
        changed = b'{"name": 1, "name": 2, ' + changed[1:]
    if many:
        lines[number] = changed
        return b"\n".join(lines)
    return changed


@dataclass
class Reader:
    """A reader under test.

    Attributes:
        name: What it is called in the table of ``docs/reliability.md``.
        kind: The format, a key of `PIECES`.
        sound: A sound input.
        read: Reads an input: where it writes it, if it does, is its own matter.
    """

    name: str
    kind: str
    sound: bytes
    read: Callable[[bytes], object]
    inputs: int = field(default=0, init=False)
    refused: int = field(default=0, init=False)
    longest: float = field(default=0.0, init=False)

    def __str__(self) -> str:
        return self.name

    def fuzz(self, examples: int) -> None:
        """Give it damaged inputs, and check what it does with each."""
        self.read(self.sound)  # what is sound is read
        at_first, began = _peak(reset=True), time.monotonic()
        while self.inputs < examples and time.monotonic() - began < _UNTIL:
            self._round(min(_ROUND, examples - self.inputs), derandomize=examples <= QUICK)
        grown = _peak() - at_first
        assert grown < GROWTH, f"memory grew by {grown >> 20} MiB"
        print(
            f"\nFUZZ | {self.name} | {self.inputs} | {self.refused} refused "
            f"| {self.longest:.2f} s | {grown >> 20} MiB"
        )

    def _round(self, examples: int, *, derandomize: bool) -> None:
        @settings(
            max_examples=examples, deadline=None, database=None, derandomize=derandomize,
            suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink),
        )  # fmt: skip
        @given(_CHANGES)
        def check(changes: list[_Change]) -> None:
            self._try(damaged(self.sound, self.kind, changes))

        check()

    def _try(self, content: bytes) -> None:
        began, worked = time.monotonic(), time.process_time()
        try:
            self.read(content)
        except IsoglossError as error:
            self.refused += 1
            line = str(error)
            assert "\n" not in line and "\r" not in line, repr(line)
        took, waited = time.process_time() - worked, time.monotonic() - began
        self.inputs += 1
        self.longest = max(self.longest, took)
        assert took < SECONDS and waited < WAIT, f"{took:.1f} s of work, {waited:.1f} s in all"


def _peak(*, reset: bool = False) -> int:
    """Return the most bytes that this process has held since its peak was set back."""
    if reset:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert told is not None
    return int(told[1]) << 10


def at(path: Path, read: Callable[[], object]) -> Callable[[bytes], object]:
    """Return a reader of inputs that are written to a path first."""

    def written(content: bytes) -> object:
        path.write_bytes(content)
        return read()

    return written
