"""Packed files, whatever they are called, and quotation marks in separated text."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sources import read, rows

from isogloss.errors import IsoglossError
from isogloss.separated import separated_rows
from runners.outputs.tables import read_table

QA: dict[str, Any] = {"task": "qa", "columns": {"input": "q", "output": "a"}, "language": "de"}
PAIRS: dict[str, Any] = {
    "task": "translation", "columns": {"input": "en", "output": "de"},
    "source_language": "en", "language": "de",
}  # fmt: skip


PACKERS: dict[str, Any] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}
SQUAD = json.dumps(
    {"data": [{"paragraphs": [{"context": "Rot.", "qas": [
        {"id": "1", "question": "Was?", "answers": [{"text": "Rot"}]}]}]}]}
)  # fmt: skip


@pytest.mark.parametrize("ending", PACKERS)
def test_packed_files_are_read(ending: str, tmp_path: Path) -> None:
    contents = {
        "q.json": SQUAD, "p.jsonl": '{"q": "Was?", "a": "Rot"}', "p.csv": "q,a\nWas?,Rot\n",
        "a.en": "Was?\n", "a.de": "Rot\n", "m.tmx": "<tmx><tu><tuv xml:lang='en'><seg>Was?</seg></tuv>"
        "<tuv xml:lang='de'><seg>Rot</seg></tuv></tu></tmx>",
    }  # fmt: skip
    for name, text in contents.items():
        (tmp_path / f"{name}.{ending}").write_bytes(PACKERS[ending](text.encode()))
    sources: list[tuple[str, dict[str, Any]]] = [
        ("squad", {"path": f"q.json.{ending}", "language": "de"}),
        ("files", {"path": f"p.jsonl.{ending}", **QA}),
        ("files", {"path": f"p.csv.{ending}", **QA}),
        ("tmx", {"path": f"m.tmx.{ending}"}),
        ("moses", {"source": f"a.en.{ending}", "target": f"a.de.{ending}",
                   "source_language": "en", "language": "de"}),
    ]  # fmt: skip
    for kind, options in sources:
        assert rows(read(kind, tmp_path, ("de",), **options)) == [("Was?", "Rot", None)]
    path = tmp_path / f"q.json.{ending}"
    path.rename(tmp_path / "q.json")
    found = read("squad", tmp_path, ("de",), path="q.json", language="de")
    assert rows(found) == [("Was?", "Rot", None)]
    (tmp_path / "q.json").write_bytes((tmp_path / "q.json").read_bytes()[:-12])
    with pytest.raises(IsoglossError, match=r"q\.json.*cannot be read"):
        read("squad", tmp_path, ("de",), path="q.json", language="de")


def tar_of(data: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        file = tarfile.TarInfo("q.json")
        file.size = len(data)
        archive.addfile(file, io.BytesIO(data))
    return made.getvalue()


def test_an_archive_of_lines_is_never_taken_for_lines(tmp_path: Path) -> None:
    for language, text in (("de", b"Eins.\n"), ("en", b"One.\n")):
        (tmp_path / f"{language}.txt.gz").write_bytes(gzip.compress(tar_of(text)))
    with pytest.raises(IsoglossError, match="is a tar archive"):
        read("parallel", tmp_path, ("de", "en"), path="{language}.txt.gz")


def test_archives_and_pointers_are_told_as_such(tmp_path: Path) -> None:
    for data, told in [
        (b"PK\x03\x04\x00\x00", "is a zip archive. Unpack it first"),
        (b"\x1f\x9d\x90\x00\x00\x00", "is compressed with compress"),
        (b"LZIP\x01\x0c\x00", "is compressed with lzip"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a pointer of Git LFS"),
        (tar_of(b'{"q": "Was?", "a": "Rot"}\n'), "is a tar archive. Unpack it first"),
        (gzip.compress(tar_of(b"Rot.\n"), mtime=0), "is a tar archive. Unpack it first"),
        (
            gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0),
            "holds a compressed file. Unpack it first",
        ),
    ]:
        (tmp_path / "q.json").write_bytes(data)
        (tmp_path / "p.jsonl").write_bytes(data)
        for kind, options in [
            ("squad", {"path": "q.json", "language": "de"}), ("files", {"path": "p.jsonl", **QA}),
        ]:  # fmt: skip
            with pytest.raises(IsoglossError, match=told):
                read(kind, tmp_path, ("de",), **options)


def test_quoted_tsv_is_told_unless_the_recipe_says_what_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'en\tde\nHi.\tHallo.\n"She said ""no""."\t"Sie sagte ""nein""."\n'
    (tmp_path / "p.tsv").write_text(text)
    (tmp_path / "q.tsv").write_text("en\tde\nYes.\tJa.\n")

    def told(**options: Any) -> tuple[str, str]:
        found = read("files", tmp_path, ("de",), path="*.tsv", **PAIRS, **options)
        return found["output"].to_list()[1], capsys.readouterr().err

    kept, said = told()
    assert kept == '"Sie sagte ""nein""."'
    assert "1 of 2 files" in said
    assert "(p.tsv: 2)" in said
    assert "quote = '\"'" in said
    assert told(quote='"') == ('Sie sagte "nein".', "")
    assert told(quote="") == ('"Sie sagte ""nein""."', "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('en,de\nx,y\n"a \\"b\\" c","ein"\n', r"p\.csv:3: a quotation mark stands inside a quoted"),
        ('en,de\n"a" b,c\n', r"p\.csv:2: a quotation mark stands inside a quoted field"),
        ('en,de\n"a\nb" c,d\n', r"p\.csv:3: a quotation mark stands inside a quoted field"),
        ('en,de\nx,y\n"a,b\nc,d\n', r"p\.csv:3: is not CSV \(a quoted field does not end\)"),
    ],
)
def test_csv_is_read_as_strictly_as_predictions_are(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(IsoglossError, match=told):
        read("files", tmp_path, ("de",), path="p.csv", **PAIRS)
    (tmp_path / "p.csv").write_text(text.replace("en,de", "id,prediction"))
    with pytest.raises(IsoglossError, match=told):
        read_table(tmp_path / "p.csv")


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8"), max_size=6)] * 2), min_size=1, max_size=5
    )
)
def test_any_text_comes_back_out_of_csv(pairs: list[tuple[str, str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(pairs)
    file.seek(0)
    found = [tuple(row) for _, row in separated_rows(file, Path("p.csv"))]
    assert found == pairs
