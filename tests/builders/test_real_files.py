"""Files of the kinds that people have: blank for missing, mixed types, broken records, packed files."""

from __future__ import annotations

import bz2
import datetime
import decimal
import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commanding import command, wrong
from hypothesis import example, given
from hypothesis import strategies as st
from source_reading import read

from builders.sources._base import blank, is_blank
from builders.sources._json import record
from isogloss.errors import IsoglossError

QA: dict[str, Any] = {"task": "qa", "columns": {"input": "q", "output": "a"}, "language": "de"}
PAIRS: dict[str, Any] = {
    "task": "translation", "columns": {"input": "en", "output": "de"},
    "source_language": "en", "language": "de",
}  # fmt: skip
#: A zero-width space, a Hangul filler, Braille's empty cell, a variation selector.
NOTHING = ("", " ", "\n\t", "\u200b", "\u3164", "\u2800", "\ufe0f \u00a0")


def rows(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return frame.select("input", "output", "reason").rows()


def table(folder: Path, **columns: pa.Array) -> str:
    pq.write_table(pa.table(columns), folder / "p.parquet")
    return "p.parquet"


def data_set(folder: Path, name: str, text: str) -> dict[str, Any]:
    """Write a data set of one file; return the options of a source that reads it."""
    (folder / "set").mkdir()
    (folder / "set" / name).write_text(text, encoding="utf-8")
    return {"dataset": "set", **QA}


# Blank is missing.


@given(st.text(st.characters(codec="utf-8"), max_size=6))
@example("\u3164\u200b")
@example("\u2800")
def test_both_ways_to_tell_what_is_blank_agree(text: str) -> None:
    assert blank(text) is pl.select(is_blank(pl.lit(text))).item()
    assert not blank(text + "က")


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("kind", ["jsonl", "parquet", "csv", "huggingface"])
def test_blank_texts_are_missing_in_every_table(kind: str, nothing: str, tmp_path: Path) -> None:
    records = [{"q": "Wo?", "a": nothing}, {"q": nothing, "a": "da"}, {"q": "Was?", "a": "das"}]
    lines = "\n".join(json.dumps(one) for one in records)
    name, options = f"p.{kind}", QA
    if kind == "jsonl":
        (tmp_path / name).write_text(lines)
    elif kind == "huggingface":
        options = data_set(tmp_path, "train.jsonl", lines)
    else:
        frame = pl.DataFrame(records)
        (frame.write_csv if kind == "csv" else frame.write_parquet)(tmp_path / name)
    if kind == "huggingface":
        found = read(kind, tmp_path, ("de",), **options)
    else:
        found = read("files", tmp_path, ("de",), path=name, **options)
    assert found["reason"].to_list() == ["it has no output", "it has no input", None]


@pytest.mark.parametrize("nothing", NOTHING)
def test_a_blank_reference_beside_a_good_one_is_none(nothing: str, tmp_path: Path) -> None:
    answers = {"text": [nothing, "rot", nothing, "ein Rot"]}
    (tmp_path / "p.jsonl").write_text(json.dumps({"q": "Was?", "c": nothing, "a": answers}))
    columns = {"input": "q", "output": "a.text", "references": "a.text", "context": "c"}
    (row,) = read(
        "files", tmp_path, ("de",), path="p.jsonl", **{**QA, "columns": columns}
    ).to_dicts()
    assert (row["output"], row["references"]) == ("rot", ["rot", "ein Rot"])
    assert (row["context"], row["reason"], row["group"]) == (None, None, "Was?")


@pytest.mark.parametrize("nothing", [*NOTHING, None])
def test_blank_answers_of_squad(nothing: str | None, tmp_path: Path) -> None:
    asked = [("Farbe?", [nothing, "rot"]), ("Was?", [nothing]), ("", ["rot"]), ("Wer?", [])]
    qas = [
        {"id": str(number), "question": question, "answers": [{"text": text} for text in texts]}
        for number, (question, texts) in enumerate(asked)
    ]
    paragraph = {"context": "Der Ball ist rot.", "qas": qas}
    (tmp_path / "q.json").write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}))
    options = {"path": "q.json", "language": "de"}
    none = "the passage does not answer the question"
    assert rows(read("squad", tmp_path, ("de",), **options)) == [
        ("Farbe?", "rot", None), ("Was?", "", none), ("", "rot", "it has no question"),
        ("Wer?", "", none),
    ]  # fmt: skip
    kept = read("squad", tmp_path, ("de",), **options, unanswerable="keep")
    assert kept["reason"].to_list() == [None, None, "it has no question", None]
    assert kept["references"].to_list() == [["rot"], [""], ["rot"], [""]]


@pytest.mark.parametrize("nothing", NOTHING)
def test_blank_summaries_texts_and_translations(nothing: str, tmp_path: Path) -> None:
    record = {"text": "Ein Text.", "summary": nothing, "title": "Titel"}
    (tmp_path / "s.jsonl").write_text(json.dumps(record))
    found = read("summaries", tmp_path, ("de",), path="s.jsonl", language="de")
    assert found["reason"].to_list() == ["it has no output", None]
    unit = "<tuv xml:lang='{}'><seg>{}</seg></tuv>"
    (tmp_path / "m.tmx").write_text(
        f"<tmx><tu>{unit.format('en', nothing)}{unit.format('de', 'Eins')}</tu></tmx>"
    )
    found = read("tmx", tmp_path, ("de",), path="m.tmx")
    assert found["reason"].to_list() == ["its segment is empty"]
    for name, text in {"a.en": "One", "a.de": nothing.replace("\n", ""), "b.de": "Eins"}.items():
        (tmp_path / name).write_text(f"{text}\n")
    found = read(
        "moses",
        tmp_path,
        ("de",),
        source="a.en",
        target="?.de",
        source_language="en",
        language="de",
    )
    assert found["references"].to_list() == [["Eins"]]


# A record's texts are as they are written.

MIXED = '{"q": "a", "a": 5}\n{"q": "b", "a": 2.50}\n{"q": "c", "a": 9007199254740993}\n' + (
    '{"q": "d", "a": true}\n{"q": "e", "a": NaN}\n{"q": "f", "a": "1911-02-12"}\n'
    f'{{"q": "g", "a": {"9" * 5000}}}\n'
)
AS_WRITTEN = [
    ("a", "5", None), ("b", "2.50", None), ("c", "9007199254740993", None), ("d", "true", None),
    ("e", "", "it has no output"), ("f", "1911-02-12", None), ("g", "9" * 5000, None),
]  # fmt: skip


def test_values_of_json_are_text_as_written(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(MIXED)
    assert rows(read("files", tmp_path, ("de",), path="p.jsonl", **QA)) == AS_WRITTEN
    (tmp_path / "p.csv").write_text("q,a\na,5\nb,2.50\nc,9007199254740993\nd,NA\n")
    texts = read("files", tmp_path, ("de",), path="p.csv", **QA)["output"].to_list()
    assert texts == ["5", "2.50", "9007199254740993", "NA"]


def test_data_sets_of_json_and_csv_are_text_as_written(tmp_path: Path) -> None:
    found = read("huggingface", tmp_path, ("de",), **data_set(tmp_path, "train.jsonl", MIXED))
    assert rows(found) == AS_WRITTEN
    assert found["source_id"].to_list()[1] == "default/train#1"
    (tmp_path / "set" / "train.jsonl").unlink()
    (tmp_path / "set" / "train.csv").write_text("q,a,,\na,5,,\nb,2.5,,\nc,NA,,\nd,,,\n")
    found = read("huggingface", tmp_path, ("de",), dataset="set", **QA, rows=3)
    assert found["output"].to_list() == ["5", "2.5", "NA"]
    (tmp_path / "set" / "train.csv").unlink()
    listed = json.dumps([{"q": "a", "a": "1911-02-12"}, {"q": "b", "a": 7}], indent=1)
    (tmp_path / "set" / "train.json").write_text(listed)
    found = read("huggingface", tmp_path, ("de",), dataset="set", **QA)
    assert found["output"].to_list() == ["1911-02-12", "7"]
    with pytest.raises(IsoglossError, match="unknown split 'test'"):
        read("huggingface", tmp_path, ("de",), dataset="set", **QA, data_split="test")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
))  # fmt: skip
def test_any_value_of_json_is_text_or_a_reason(value: Any) -> None:
    from builders.sources._columns import Columns
    from builders.sources._json import Picker

    picker = Picker([Columns(input="q", output="a.b", references="a.b")], "f")
    found = record(json.dumps({"q": value, "a": value}), "f:1")
    try:
        frame = picker.frame([picker.pick(found)])
    except IsoglossError as error:
        assert "\n" not in error.problem
    else:
        assert frame.height == 1
        if isinstance(value, int) and not isinstance(value, bool):
            assert frame["q"].item() == str(value)


def test_types_of_parquet_are_text_or_told_with_their_name(tmp_path: Path) -> None:
    def text(values: pa.Array) -> str | None:
        path = table(tmp_path, q=pa.array(["w"]), a=values)
        return read("files", tmp_path, ("de",), path=path, **QA)["output"].item() or None

    day, amount = datetime.date(1911, 2, 12), decimal.Decimal("1.50")
    assert text(pa.array([day])) == text(pa.array([day], pa.date64())) == "1911-02-12"
    assert text(pa.array([amount])) == text(pa.array([amount], pa.decimal256(60, 2))) == "1.50"
    assert text(pa.array([2**64 - 1], pa.uint64())) == str(2**64 - 1)
    assert text(pa.array([True])) == "true"
    assert text(pa.array(["x"]).dictionary_encode()) == "x"
    assert text(pa.array(['{"a": 1}'], pa.json_())) == '{"a": 1}'
    assert text(pa.array([float("nan")])) is None
    assert text(pa.array([["x", "y"]], pa.list_(pa.string(), 2))) == "x"
    assert text(pa.array([[None, " ", "y"]])) == "y"
    for values, told in [
        (pa.array([[("x", "y")]], pa.map_(pa.string(), pa.string())), "a map, not texts"),
        (pa.array([b"x"]), "bytes, not text"),
        (pa.array([datetime.timedelta(1)]), "Duration"),
        (pa.array([{"x": 1}]), "the fields x"),
        (pa.array([b"0" * 16], pa.uuid()), "bytes, not text"),
    ]:
        with pytest.raises(IsoglossError, match=rf"p\.parquet: the column 'a' holds .*{told}"):
            text(values)


def test_labels_are_given_by_their_names(tmp_path: Path) -> None:
    label = datasets.ClassLabel(names=["schlecht", "gut"])
    features = datasets.Features({"q": datasets.Value("string"), "a": label})
    (tmp_path / "set").mkdir()
    noted = {"info": {"features": features.to_dict()}}
    values = pa.table({"q": ["x", "y", "z"], "a": [0, 1, -1]})
    path = tmp_path / "set" / "train.parquet"
    pq.write_table(values.replace_schema_metadata({"huggingface": json.dumps(noted)}), path)
    expected = [("x", "schlecht", None), ("y", "gut", None), ("z", "", "it has no output")]
    assert rows(read("files", tmp_path, ("de",), path="set/train.parquet", **QA)) == expected
    assert rows(read("huggingface", tmp_path, ("de",), dataset="set", **QA)) == expected
    path.rename(tmp_path / "p.parquet")
    (tmp_path / "set" / "train.jsonl").write_text('{"q": "x", "a": 0}\n{"q": "y", "a": "gut"}\n')
    card = "dataset_info:\n  features:\n  - {name: q, dtype: string}\n  - name: a\n    dtype:\n"
    card += "      class_label: {names: {'0': schlecht, '1': gut}}\n"
    (tmp_path / "set" / "README.md").write_text(f"---\n{card}---\n")
    found = read("huggingface", tmp_path, ("de",), dataset="set", **QA)
    assert found["output"].to_list() == ["schlecht", "gut"]
    path = tmp_path / "set" / "train.parquet"
    pq.write_table(
        values.set_column(1, "a", pa.array([0, 1, 7])).replace_schema_metadata(
            {"huggingface": json.dumps(noted)}
        ),
        path,
    )
    with pytest.raises(IsoglossError, match="the label 7, and there are names of 2"):
        read("files", tmp_path, ("de",), path="set/train.parquet", **QA)


# Only what is asked must be right.


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


def test_json_that_is_nested_deep_does_not_end_the_process(tmp_path: Path) -> None:
    deep = '{"q": "a", "a": "b"}\n{"q": "a", "a": "c", "n": ' + "[" * 100_000 + "]" * 100_000 + "}"
    found = read("huggingface", tmp_path, ("de",), **data_set(tmp_path, "train.jsonl", deep))
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


# Packed files, whatever they are called.

PACKERS: dict[str, Any] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
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


def test_archives_and_pointers_are_told_as_such(tmp_path: Path) -> None:
    for data, told in [
        (b"PK\x03\x04\x00\x00", "is a zip archive. Unpack it first"),
        (b"\x1f\x9d\x90\x00\x00\x00", "is compressed with compress"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a pointer of Git LFS"),
    ]:
        (tmp_path / "q.json").write_bytes(data)
        (tmp_path / "p.jsonl").write_bytes(data)
        for kind, options in [
            ("squad", {"path": "q.json", "language": "de"}), ("files", {"path": "p.jsonl", **QA}),
        ]:  # fmt: skip
            with pytest.raises(IsoglossError, match=told):
                read(kind, tmp_path, ("de",), **options)


# Quotation marks.


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
    from runners.outputs.tables import read_table

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
    import csv
    import io

    from isogloss.separated import separated_rows

    file = io.StringIO(newline="")
    csv.writer(file).writerows(pairs)
    file.seek(0)
    found = [tuple(row) for _, row in separated_rows(file, Path("p.csv"))]
    assert found == pairs


# Nothing is left.


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
    manifest = (tmp_path / "out" / "manifest.json").read_bytes()
    # What is finished stays so.
    recipe.write_text(head + memory)
    wrong(command("build", recipe, "--out", tmp_path / "out"), reason)
    assert (tmp_path / "out" / "manifest.json").read_bytes() == manifest
    assert list((tmp_path / "out" / ".work" / "rejected").iterdir())
