"""Every format of a source, damaged: what is read, or refused in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.fuzz import Reader, at, each_quick_and_many
from support.sources import read

from builders.readers.functions import function_of
from builders.readers.programs import Flaw

TMX = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en" datatype="x"><note>n</note></header><body>
<tu tuid="1"><note>of one</note><tuv xml:lang="en"><seg>One &amp; <bpt i="1">two</bpt></seg></tuv>
<tuv xml:lang="de"><prop type="x">p</prop><seg>Eins</seg></tuv><tuv xml:lang="ZH_CHT"><seg/></tuv></tu>
<tu><tuv lang="en"><seg>Three</seg></tuv><tuv lang="DE-de"><seg>Drei</seg></tuv></tu></body></tmx>
"""
WMT = b"""<?xml version='1.0' encoding='utf-8'?>
<dataset id="newstest"><collection id="general">
<doc id="bbc.1" origlang="en" domain="news"><src lang="en"><p><seg id="1">One.</seg><seg id="2">Two.</seg></p></src>
<ref lang="de" translator="B"><p><seg id="1">EINS</seg><seg id="2"/></p></ref>
<ref lang="de" translator="A"><p><seg id="1">Eins &lt;</seg></p></ref>
<hyp lang="de" system="S"><p><seg id="1">Ein</seg></p></hyp></doc></collection></dataset>
"""
PO = rb"""# A catalog.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=n != 1;\n"

#: a.c:3
#, c-format
msgctxt "menu"
msgid "Open %s"
msgstr "\303\226ffne %s"

#, fuzzy
#| msgid "Old"
msgid "Save"
msgstr "Speichern"

msgid "%d file"
msgid_plural "%d files"
msgstr[0] "%d Datei"
msgstr[1] "%d Dateien"

#~ msgid "Gone"
#~ msgstr "Weg"
"""
STANZAS = b"""Package: vim
Description-md5: 00000000000000000000000000000vim
Description-en: text editor
 Vim edits
 text.
 .
 Later paragraph.

Package: gcc
Description-md5: 00000000000000000000000000000gcc
Description-en: compiler
 C.

"""
CSV = b'en,text,lang,note\none,eins,de,\n"two, or\nmore","zwei ""2""",de,x\nthree,trois,fr,9\n'
JSONL = b"".join(
    json.dumps({"en": f"word {n}", "text": f"Wort {n}", "lang": "de", "more": {"a": [n, None]}}).encode() + b"\n"
    for n in range(4)
)  # fmt: skip
SQUAD = json.dumps(
    {"version": "1.1", "data": [{"title": "T", "paragraphs": [{
        "context": "Rom ist die Hauptstadt.", "qas": [
            {"id": "1", "question": "Was ist Rom?", "answers": [{"text": "Hauptstadt", "answer_start": 12}]},
            {"id": "2", "question": "Wer?", "is_impossible": True, "answers": []}]}]}]}
).encode()  # fmt: skip
MKQA = b"".join(
    json.dumps({
        "query": "who", "example_id": n, "queries": {"en": "who sings", "de": "wer singt"},
        "answers": {"en": [{"type": "entity", "entity": "Q1", "text": "Dave", "aliases": ["D"]}],
                    "de": [{"type": "unanswerable", "text": None}]}}).encode() + b"\n"
    for n in range(2)
)  # fmt: skip
STUB = 'from typing import List\n\n\ndef add_all(xs: List[int]) -> int:\n    """Add."""\n'
PROBLEMS = b"".join(
    json.dumps(one).encode() + b"\n"
    for one in (
        {"task_id": "T/0", "prompt": STUB, "canonical_solution": "    return sum(xs)\n",
         "entry_point": "add_all", "test": "def check(candidate):\n    assert candidate([1, 2]) == 3\n"},
        {"task_id": 2, "text": "Write a function to double.", "code": "def double(x):\n    return 2 * x\n",
         "test_list": ["assert double(1) == 2"], "test_setup_code": "", "challenge_test_list": []},
    )
)  # fmt: skip
SUMMARIES = b"".join(
    json.dumps({"id": f"n{n}", "text": f"Long text {n}. And more.", "summary": "Short.", "title": "T"}).encode() + b"\n"
    for n in range(3)
)  # fmt: skip
TALK = b"""categories:
- AI
conversations:
- - Was ist KI?
  - Ein Fach.
  - "Mehr: ja"
- - Hallo
  - {text: Tag, meaning: 1}
"""
PYTHON = b'''"""A module."""
import os


@decorated(by="x")
def area(width: float, height: float = (lambda: 1.0)()) -> dict[str, int]:
    """Return the area.

    Of a rectangle.
    """
    # A comment.
    return width * height


class A:
    async def short(self): "Wait."; return """text
with lines"""
'''
BITEXT = "Ein Haus.\nZwei Häuser.\n\nDrei\tHäuser.\n".encode()
COLUMNS: dict[str, Any] = {
    "task": "translation", "columns": {"input": "en", "output": "text", "language": "lang"},
    "source_language": "en",
}  # fmt: skip


def mo() -> bytes:
    pairs = [(b"", b"Content-Type: text/plain; charset=UTF-8\n"), (b"Save", b"Speichern"),
             (b"file\0files", b"Datei\0Dateien"), (b"menu\x04Open", b"Auf")]  # fmt: skip
    strings = [one for one, _ in pairs] + [two for _, two in pairs]
    place, table, content = 28 + 16 * len(pairs), b"", b""
    for one in strings:
        table += struct.pack("<II", len(one), place + len(content))
        content += one + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, place)
    return head + table + content


def parquet() -> bytes:
    file = io.BytesIO()
    pl.read_csv(CSV).write_parquet(file, compression="uncompressed")
    return file.getvalue()


# The file's name, its kind, its content, the kind of source and its options.
FILES: dict[str, tuple[str, str, Callable[[], bytes], str, dict[str, Any]]] = {
    "TMX": ("m.tmx", "xml", lambda: TMX, "tmx", {"path": "m.tmx"}),
    "WMT XML": ("s.xml", "xml", lambda: WMT, "wmt", {"path": "s.xml", "split": "test"}),
    "gettext .po": ("de.po", "po", lambda: PO, "gettext", {"path": "."}),
    "gettext .mo": ("de/LC_MESSAGES/x.mo", "bytes", mo, "gettext", {"path": "."}),
    "Debian descriptions": ("Translation-en", "stanza", lambda: STANZAS, "package-descriptions", {"path": "."}),
    "Debian Translation file": ("Translation-de", "stanza", lambda: STANZAS.replace(b"-en", b"-de"),
                                "package-descriptions", {"path": "."}),
    "Debian, packed": ("Translation-de.xz", "bytes", lambda: lzma.compress(STANZAS), "package-descriptions", {"path": "."}),
    "CSV": ("t.csv", "table", lambda: CSV, "files", {"path": "t.csv", **COLUMNS}),
    "TSV": ("t.tsv", "table", lambda: b"en\ttext\tlang\none\teins\tde\ntwo\tzwei\tde\n", "files",
            {"path": "t.tsv", **COLUMNS}),
    "JSON Lines": ("t.jsonl", "json", lambda: JSONL, "files", {"path": "t.jsonl", **COLUMNS}),
    "JSON Lines, packed": ("t.jsonl.gz", "bytes", lambda: gzip.compress(JSONL, mtime=0), "files",
                           {"path": "t.jsonl.gz", **COLUMNS}),
    "Parquet mapping": ("t.parquet", "bytes", parquet, "files", {"path": "t.parquet", **COLUMNS}),
    "SQuAD": ("s.json", "json", lambda: SQUAD, "squad", {"path": "s.json", "language": "de"}),
    "MKQA": ("m.jsonl", "json", lambda: MKQA, "mkqa", {"path": "m.jsonl"}),
    "problems": ("p.jsonl", "json", lambda: PROBLEMS, "problems", {"path": "p.jsonl", "language": "en"}),
    "summaries": ("t.jsonl", "json", lambda: SUMMARIES, "summaries", {"path": "t.jsonl", "language": "de"}),
    "dialogue YAML": ("german/a.yml", "yaml", lambda: TALK, "dialogue", {"path": "."}),
    "functions (Python)": ("f.py", "python", lambda: PYTHON, "functions", {"path": "f.py", "language": "en"}),
    "bitext": ("t.de", "text", lambda: BITEXT, "moses", {"source": "t.en", "target": "t.de", "language": "de",
               "source_language": "en"}),
    **{
        f"bitext .{ending}": (f"t.de.{ending}", "bytes", pack, "moses", {
            "source": "t.en", "target": f"t.de.{ending}", "language": "de", "source_language": "en"})
        for ending, pack in (
            ("gz", lambda: gzip.compress(BITEXT, mtime=0)), ("bz2", lambda: bz2.compress(BITEXT)),
            ("xz", lambda: lzma.compress(BITEXT)))
    },
    "parallel files": ("de.devtest", "text", lambda: BITEXT, "parallel", {"path": "{language}.devtest"}),
}  # fmt: skip


@each_quick_and_many
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_of_a_source(name: str, examples: int, tmp_path: Path) -> None:
    file, kind, sound, source, options = FILES[name]
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    if "Translation-de" in file:
        (tmp_path / "Translation-en").write_bytes(STANZAS)
    if source in ("moses", "parallel"):
        (tmp_path / "t.en").write_text("A house.\nTwo houses.\n\nThree\thouses.\n")
        (tmp_path / "en.devtest").write_text("A house.\nTwo houses.\n\nThree\thouses.\n")

    def reading() -> pl.DataFrame:
        return read(source, tmp_path, ("en", "de", "fr", "zh-Hant"), **options)

    Reader(name, kind, sound(), at(tmp_path / file, reading)).fuzz(examples)


@each_quick_and_many
def test_a_damaged_function(examples: int) -> None:
    def taken(content: bytes) -> None:
        try:
            function_of(content.decode("utf-8", "replace"))
        except Flaw as flaw:
            assert "\n" not in str(flaw)

    sound = b'def f(x):\n    """Return x.\n\n    As it is.\n    """\n    return x\n'
    Reader("function in a column", "python", sound, taken).fuzz(examples)
