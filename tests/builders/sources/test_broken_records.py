"""Only what is asked must be right; a broken record is a rejected one, and no row is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.command import command, wrong
from support.sources import data_set, read, rows

from isogloss.errors import IsoglossError

QA: dict[str, Any] = {"task": "qa", "columns": {"input": "q", "output": "a"}, "language": "de"}


def test_what_nobody_asks_for_may_be_anything(tmp_path: Path) -> None:
    lines = ['{"q": "a", "a": "b", "u": {"x": [1]}}', '{"q": "c", "a": "d", "u": [NaN, "x"]}']
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    both = [("a", "b", None), ("c", "d", None)]
    assert rows(read("files", tmp_path, ("de",), path="p.jsonl", **QA)) == both
    (tmp_path / "p.csv").write_text("q,a,,,u,u\na,b,,,1,2\nc,d,,,,,,\n")
    assert rows(read("files", tmp_path, ("de",), path="p.csv", **QA)) == both
    (tmp_path / "p.csv").write_text("q,a,a\na,b,c\n")
    with pytest.raises(IsoglossError, match=r"p\.csv:1: two columns are named 'a'"):
        read("files", tmp_path, ("de",), path="p.csv", **QA)


def test_a_broken_record_of_a_table_is_rejected_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = ["{broken", '{"q": "a", "a": {"x": 1}}', "[]", "[" * 100_000, '{"q": ["x"], "a": "y"}']
    (tmp_path / "p.jsonl").write_text("\n".join(['{"q": "a", "a": "b"}', *bad]))
    found = read("files", tmp_path, ("de",), path="p.jsonl", **QA)
    first, *reasons = found["reason"].to_list()
    assert first is None
    told = [
        r"is not JSON (Expecting property name enclosed in double quotes at character 2)",
        "the column 'a' holds the fields x", "is JSON, but not an object ([])",
        "is not JSON (it is nested too deep)", "the column 'q' holds lists, not texts",
    ]  # fmt: skip
    assert reasons == [f"p.jsonl:{n}: {text}" for n, text in enumerate(told, 2)]
    assert "5 broken records are left out, the first: p.jsonl:2" in capsys.readouterr().err
    (tmp_path / "p.csv").write_text("q,a\na,b\nc\nd,e,f\n")
    hint = "a field with the separator or a line break in it stands in quotes"
    assert rows(read("files", tmp_path, ("de",), path="p.csv", **QA)) == [
        ("a", "b", None),
        ("", "", f"p.csv:3: has 1 fields where the first row has 2 ({hint})"),
        ("", "", f"p.csv:4: has 3 fields where the first row has 2 ({hint})"),
    ]


def test_a_line_that_is_not_utf_8_is_a_broken_record(tmp_path: Path) -> None:
    """Only where it is in a column that is read, and not where the file is in another encoding."""
    lines = ['{"q": "wo", "a": "da"}', '{"q": "für", "a": "b"}', '{"q": "x", "a": "y", "u": "ü"}']

    def write(name: str, texts: list[str], broken: int) -> None:
        data = [
            text.encode("latin-1" if number == broken else "utf-8")
            for number, text in enumerate(texts, 1)
        ]
        (tmp_path / name).write_bytes(b"\n".join(data) + b"\n")

    def reasons(name: str) -> list[str | None]:
        return list(read("files", tmp_path, ("de",), path=name, **QA)["reason"])

    write("p.jsonl", lines, broken=2)
    assert reasons("p.jsonl") == [None, "p.jsonl:2: is not UTF-8 (byte 0xfc)", None]
    write("p.jsonl", lines, broken=3)
    assert reasons("p.jsonl") == [None] * 3, "nobody reads its column"
    write("p.csv", ["q,a,u", "wo,da,", '"a\nb",für,', "x,y,ü"], broken=3)
    assert reasons("p.csv") == [None, "p.csv:3: is not UTF-8 (byte 0xfc)", None]
    write("p.csv", ["q,a,u", "wo,da,", "x,y,ü", "ö,y,"], broken=3)
    assert reasons("p.csv") == [None] * 3
    (tmp_path / "p.csv").write_text("q,a\nfür,das\nwo,da\nüber,das\n", encoding="latin-1")
    with pytest.raises(IsoglossError, match=r"p\.csv:2: is not UTF-8 .*iconv -t UTF-8"):
        reasons("p.csv")
    (tmp_path / "p.csv").write_text("größe,a\nfür,das\n", encoding="latin-1")
    with pytest.raises(IsoglossError, match=r"p\.csv:1: is not UTF-8"):
        read(
            "files",
            tmp_path,
            ("de",),
            path="p.csv",
            **QA | {"columns": {"input": "größe", "output": "a"}},
        )


def test_json_that_is_nested_deep_does_not_end_the_process(tmp_path: Path) -> None:
    deep = '{"q": "a", "a": "b"}\n{"q": "a", "a": "c", "n": ' + "[" * 100_000 + "]" * 100_000 + "}"
    found = read("huggingface", tmp_path, ("de",), **QA, **data_set(tmp_path, "train.jsonl", deep))
    assert found["reason"].to_list() == [
        None, "train.jsonl:2: is not JSON (it is nested too deep)",
    ]  # fmt: skip


def test_a_broken_part_of_squad_is_rejected_with_its_place(tmp_path: Path) -> None:
    good = {"id": "1", "question": "Wo?", "answers": [{"text": "da"}]}
    qas = [good, {"id": "2", "answers": []}, {"id": "3", "question": "Was?", "answers": [3]}]
    data = [{"paragraphs": [{"context": "Da, da.", "qas": qas}, {"context": 3}]}, {"x": []}]
    (tmp_path / "q.json").write_text(json.dumps({"data": data}))
    found = read("squad", tmp_path, ("de",), path="q.json", language="de")
    assert found["reason"].to_list() == [
        None,
        "q.json: $.data[0].paragraphs[0].qas[1]: has no 'question'",
        "q.json: $.data[0].paragraphs[0].qas[2]: is int, not an object",
        "q.json: $.data[0].paragraphs[1]: is int, not a text",
        "q.json: $.data[1]: has no 'paragraphs'",
    ]


def test_a_broken_conversation_is_rejected_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "german").mkdir()
    (tmp_path / "german" / "a.yml").write_text("conversations:\n- - Wo?\n  - Da.\n- - [x]\n- {}\n")
    found = read("dialogue", tmp_path, ("de",), path=".")
    assert found["reason"].to_list() == [
        None,
        "german/a.yml: conversations[1]: a turn is not text",
        "german/a.yml: conversations[2]: is dict, not a list of turns",
    ]


def test_no_row_left_says_why_and_keeps_the_rows(tmp_path: Path) -> None:
    unit = "<tu><tuv xml:lang='en-US'>Text</tuv><tuv xml:lang='de-DE'>Text</tuv></tu>"
    (tmp_path / "a.tmx").write_text(f"<tmx>\n{unit}\n{unit}</tmx>")
    (tmp_path / "p.csv").write_text("en,de\nA cat,Eine Katze\n")
    recipe = tmp_path / "r.toml"
    head = 'name = "t"\nlanguages = ["de"]\n'
    memory = '[[sources]]\nname = "m"\nkind = "tmx"\npath = "a.tmx"\nlicence = "CC0-1.0"\n'
    pairs = (
        '[[sources]]\nname = "p"\nkind = "files"\npath = "p.csv"\nlicence = "CC0-1.0"\n'
        'task = "translation"\nlanguage = "de"\nsource_language = "en"\n'
        'columns = { input = "en", output = "de" }\n'
    )
    recipe.write_text(head + memory)
    reason = r"2 of 2: a\.tmx:2: a <tuv> has text but no <seg>"
    run = command("build", recipe, "--out", tmp_path / "out")
    wrong(run, rf"no row is left \(source dropped 2; {reason}\)")
    assert "Loosen the filters" not in run.stderr
    kept = pl.read_parquet(tmp_path / "out" / "rejected" / "*.parquet")
    assert kept["reason"].to_list() == [
        f"a.tmx:{line}: a <tuv> has text but no <seg>" for line in (2, 3)
    ]
    # The next build of that folder is as good as any, and tells of the source that gives nothing.
    recipe.write_text(head + memory + pairs)
    run = command("build", recipe, "--out", tmp_path / "out")
    assert run.exit_code == 0, run.stderr
    assert "source m: no row is left (2 of 2: a.tmx:2: a <tuv> has text but no <seg>)" in run.stderr
    # So does one that held nothing from the start.
    (tmp_path / "none.csv").write_text("en,de\n")
    recipe.write_text(head + pairs + pairs.replace('"p', '"none'))
    run = command("build", recipe, "--out", tmp_path / "out")
    assert "source none: no row is left (it has none)" in run.stderr, run.stderr
    manifest = (tmp_path / "out" / "manifest.json").read_bytes()
    # What is finished stays so.
    recipe.write_text(head + memory)
    wrong(command("build", recipe, "--out", tmp_path / "out"), reason)
    assert (tmp_path / "out" / "manifest.json").read_bytes() == manifest
    assert list((tmp_path / "out" / ".work" / "rejected").iterdir())
