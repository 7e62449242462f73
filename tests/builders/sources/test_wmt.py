"""WMT's XML: segments, references, documents; and XML that is not to be trusted."""

from __future__ import annotations

import gzip
import io
import re
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sources import open_source, read, texts

from builders.example import blank
from isogloss.errors import IsoglossError

SET = """<?xml version='1.0' encoding='utf-8'?>
<dataset id="newstest">
  <collection id="general">
    <doc id="bbc.1" origlang="en" domain="news">
      <src lang="en"><p><seg id="1">One &amp; one.</seg><seg id="2">Two.</seg></p>
        <p><seg id="3">Three.</seg></p></src>
      <ref lang="de" translator="B"><p><seg id="1">EINS</seg><seg id="2"/></p></ref>
      <ref lang="de" translator="A">
        <p><seg id="1"> Eins &lt;und&gt; eins.
        </seg><seg id="2">Zwei.</seg></p></ref>
      <hyp lang="de" system="S"><p><seg id="1">Ein</seg><seg id="3">Drei</seg></p></hyp>
    </doc>
    <doc id="cnn.7" origlang="de">
      <src lang="en" translator="X"><p><seg id="1">Four.</seg></p></src>
      <ref lang="de"><p><seg id="1">Vier.</seg><seg id="9">Neun.</seg></p></ref>
    </doc>
    <doc id="suite.1" origlang="en" testsuite="idioms">
      <src lang="en"><p><seg id="1">Five.</seg></p></src>
    </doc>
  </collection>
</dataset>
"""


def test_segments_with_their_references_and_documents(tmp_path: Path) -> None:
    (tmp_path / "set.xml").write_text(SET, encoding="utf-8")
    found = read("wmt", tmp_path, ("de",), path="*.xml", split="test")
    assert texts(found) == [
        ("One & one.", "Eins <und> eins."), ("Two.", "Zwei."), ("Four.", "Vier."),
    ]  # fmt: skip
    kept = found.filter(pl.col("reason").is_null())
    assert kept["references"].to_list() == [["Eins <und> eins.", "EINS"], ["Zwei."], ["Vier."]]
    assert kept["source_id"].to_list() == ["bbc.1#1", "bbc.1#2", "cnn.7#1"]
    assert kept["group"].to_list() == ["bbc.1", "bbc.1", "cnn.7"]
    assert kept["tags"].to_list()[0] == ["origlang:en", "domain:news"]
    assert kept["tags"].to_list()[2] == ["origlang:de"]
    reasons = found.filter(pl.col("reason").is_not_null()).select("source_id", "reason").rows()
    assert reasons == [
        ("bbc.1#3", "it has no reference"),
        ("cnn.7#9", "the source has no such segment"),
        ("suite.1#1", "its document belongs to a test suite, not to the test set"),
    ]


def test_chosen_translators_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "set.xml").write_text(SET, encoding="utf-8")
    first = read("wmt", tmp_path, ("de",), path="set.xml", translators=["B", "A"])
    assert texts(first)[:2] == [("One & one.", "EINS"), ("Two.", "Zwei.")]
    only = read("wmt", tmp_path, ("de",), path="set.xml", translators=["B"])
    assert texts(only) == [("One & one.", "EINS")]
    assert texts(read("wmt", tmp_path, ("de",), path="set.xml", translators=[""])) == [
        ("Four.", "Vier.")
    ]


def test_what_is_kept_is_what_sacrebleu_keeps(tmp_path: Path) -> None:
    from sacrebleu.dataset.wmt_xml import WMTXMLDataset

    (tmp_path / "set.xml").write_text(SET, encoding="utf-8")
    # It wants every system to have every segment.
    plain = re.sub("<hyp.*?</hyp>", "", SET, flags=re.DOTALL)
    theirs = WMTXMLDataset._unwrap_wmt21_or_later(io.BytesIO(plain.encode()))
    found = read("wmt", tmp_path, ("de",), path="set.xml").filter(pl.col("reason").is_null())
    assert found["input"].to_list() == theirs["src"]
    assert found["group"].to_list() == theirs["docid"]
    fields = [theirs["ref:A"], theirs["ref:B"], theirs["ref"]]
    expected = [[text.strip() for text in row if text] for row in zip(*fields, strict=True)]
    assert found["references"].to_list() == expected


def test_compressed_and_several_files(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(SET, encoding="utf-8")
    plain = open_source("wmt", tmp_path, ("de",), path="a.xml")
    (tmp_path / "a.xml.gz").write_bytes(gzip.compress(SET.encode()))
    packed = read("wmt", tmp_path, ("de",), path="a.xml.gz")
    assert packed.equals(pl.concat(list(plain.frames)))
    (tmp_path / "b.xml").write_text(SET.replace('"de"', '"cs"'), encoding="utf-8")
    both = read("wmt", tmp_path, ("cs", "de"), path=["a.xml", "b.xml"])
    assert set(both.filter(source_id="bbc.1#1")["language"]) == {"de", "cs"}
    assert both.filter(source_id="bbc.1#1")["group"].n_unique() == 1
    (tmp_path / "cut.xml.gz").write_bytes(gzip.compress(SET.encode())[:200])
    with pytest.raises(IsoglossError, match=r"cut\.xml\.gz"):
        read("wmt", tmp_path, ("de",), path="cut.xml.gz")


def test_ids_are_unique_where_a_document_is_there_twice(tmp_path: Path) -> None:
    (tmp_path / "set.xml").write_text(SET.replace("cnn.7", "bbc.1"), encoding="utf-8")
    found = read("wmt", tmp_path, ("de",), path="set.xml").filter(pl.col("reason").is_null())
    assert found["source_id"].to_list() == ["bbc.1#1", "bbc.1#2", "bbc.1~2#1"]
    assert set(found["group"]) == {"bbc.1"}


def test_languages_that_the_recipe_does_not_keep(tmp_path: Path) -> None:
    (tmp_path / "set.xml").write_text(SET.replace('lang="de"', 'lang="zh"'), encoding="utf-8")
    assert set(read("wmt", tmp_path, ("zh-Hans",), path="set.xml")["language"]) >= {"zh-Hans"}
    plain = re.sub(r"<doc id=.suite.*?</doc>", "", SET, flags=re.DOTALL)
    (tmp_path / "set.xml").write_text(plain, encoding="utf-8")
    with pytest.raises(IsoglossError, match="holds no segment in a language of the recipe"):
        read("wmt", tmp_path, ("fr",), path="set.xml")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DOC = '<dataset id="x"><doc id="d" origlang="en">{}</doc></dataset>'
SOURCE = '<src lang="en"><p><seg id="1">a</seg></p></src>'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>\n{DOC.format("&l9;")}', r"x\.xml:1: declares or uses an entity"),
        ('\n<!DOCTYPE x [\n<!ENTITY e SYSTEM "file:///etc/passwd">]>' + DOC.format("&e;"), r"x\.xml:3: declares or uses an entity"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>' + DOC.format(""), "declares or uses an entity"),
        (DOC.format("&undeclared;"), r"x\.xml:1: is not XML \(undefined entity"),
        ("<dataset id='x'>\n<doc id='d'>\n</dataset>", r"x\.xml:3: is not XML \(mismatched tag"),
        ("<dataset id='x'>\n", r"x\.xml:2: is not XML \(no element found|unclosed"),
        ("", r"x\.xml:1: is not XML \(no element found"),
        (b"<dataset id='x'>\n\xff</dataset>", r"x\.xml:2: is not XML"),
        (b"<?xml version='1.0' encoding='klingon'?><dataset/>", r"x\.xml:1: is .*encoding"),
        ("<tmx/>", r"x\.xml:1: the outermost element is <tmx>"),
        (DOC.format('<seg id="1">a</seg>'), "a <seg> is not inside"),
        (DOC.format(SOURCE + '<doc id="e"/>'), "a <doc> is inside another"),
        ('<dataset id="x"><src lang="en"/></dataset>', "a <src> is not directly inside a <doc>"),
    ],
)  # fmt: skip
def test_what_is_broken_or_hostile_is_told_with_its_line(
    content: str | bytes, told: str, tmp_path: Path
) -> None:
    (tmp_path / "x.xml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(IsoglossError, match=told):
        read("wmt", tmp_path, ("de",), path="x.xml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (DOC.format(""), "the document 'd' has 0 <src>, not one"),
        (DOC.format(SOURCE * 2), "the document 'd' has 2 <src>, not one"),
        (DOC.format("\n<src><p/></src>"), r"x\.xml:2: a <src> has no lang"),
        (DOC.format('\n<src lang="a b"><p/></src>'), r"x\.xml:2: the lang 'a b' of a <src>"),
        (DOC.format('<src lang="en"><seg>a</seg></src>'), "a <seg> has no id"),
        (DOC.format('<src lang="en">\n<seg id="1"/>\n<seg id="1"/></src>'), r"x\.xml:3: the <seg> '1' is there twice"),
        ("<dataset><doc origlang='en'/></dataset>", "a <doc> has no id"),
    ],
)  # fmt: skip
def test_a_broken_document_is_rejected_with_its_line(
    content: str, told: str, tmp_path: Path
) -> None:
    whole = DOC.format(SOURCE + SOURCE.replace("src", "ref").replace("en", "de")).partition("<doc")
    document = "<doc" + whole[2].removesuffix("</dataset>")
    both = content.replace("</dataset>", document + "</dataset>")
    (tmp_path / "x.xml").write_text(both)
    broken, good = read("wmt", tmp_path, ("de",), path="x.xml").to_dicts()
    assert re.search(told, broken["reason"])
    assert re.fullmatch(r"x\.xml:\d", broken["source_id"])
    assert (good["output"], good["reason"]) == ("a", None)


def test_a_source_without_references_is_all_rejected(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<!DOCTYPE dataset>" + DOC.format(SOURCE), encoding="utf-8")
    found = read("wmt", tmp_path, ("de",), path="x.xml")
    assert found.select("language", "input", "reason").rows() == [
        ("und", "a", "it has no reference")
    ]


XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",), exclude_characters="\ufffe\uffff")
)


@given(st.lists(st.tuples(XML_TEXT, XML_TEXT), min_size=1, max_size=8), st.integers(1, 40))
def test_what_is_written_as_segments_comes_back(rows: list[tuple[str, str]], chunk: int) -> None:
    def side(place: int) -> str:
        return "".join(
            f'<seg id="{number}">{escape(row[place])}</seg>' for number, row in enumerate(rows)
        )

    made: Any = f'<src lang="en"><p>{side(0)}</p></src><ref lang="de"><p>{side(1)}</p></ref>'
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("builders.readers.xml._CHUNK", chunk)
        (Path(folder) / "x.xml").write_text(DOC.format(made), encoding="utf-8")
        found = read("wmt", Path(folder), ("de",), path="x.xml")
    written = [["" if blank(text) else text.strip() for text in row] for row in rows]
    assert found["input"].to_list() == [given for given, _ in written]
    assert found["output"].to_list() == [asked for _, asked in written]
    for (given_text, asked), reason in zip(written, found["reason"], strict=True):
        assert (reason is None) == bool(given_text and asked)
