"""Translation memories: every layout of TMX that tools write, as a stream, and nothing that harms."""

from __future__ import annotations

import bz2
import gzip
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sources import open_source, pairs, read, texts

from builders.example import blank
from isogloss.errors import IsoglossError

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'
TMX = HEAD + '<tmx version="1.4"><header srclang="en" datatype="x"><note>n</note></header>'


def unit(**segments: str | list[str]) -> str:
    """Return a <tu>; of a language, one segment or several."""
    variants = ""
    for language, given_ in segments.items():
        for text in [given_] if isinstance(given_, str) else given_:
            tag = language.replace("_", "-")
            variants += f'<tuv xml:lang="{tag}"><prop type="x">p</prop><seg>{text}</seg></tuv>\n'
    return f'<tu tuid="1"><note>of a translator</note>\n{variants}</tu>\n'


def memory(folder: Path, *units: str, name: str = "m.tmx") -> Path:
    path = folder / name
    path.write_text(f"{TMX}<body>{''.join(units)}</body></tmx>", encoding="utf-8")
    return path


def test_units_become_examples_both_ways_in_one_group(tmp_path: Path) -> None:
    memory(tmp_path, unit(en="Save &amp; close", de="Speichern"), unit(en="Open", de="Öffnen"))
    found = read("tmx", tmp_path, ("en", "de"), path="*.tmx")
    assert texts(found, language="de") == [("Save & close", "Speichern"), ("Open", "Öffnen")]
    assert texts(found, language="en") == [("Speichern", "Save & close"), ("Öffnen", "Open")]
    assert found["group"].to_list() == ["Save & close", "Save & close", "Open", "Open"]
    assert found["source_id"].to_list() == ["m.tmx#1", "m.tmx#1", "m.tmx#2", "m.tmx#2"]


def test_any_pair_of_a_memory_in_many_languages(tmp_path: Path) -> None:
    memory(tmp_path, unit(en_US="One", de_DE="Eins", fr="Un"), unit(de_DE="Zwei", fr="Deux"))
    every = read("tmx", tmp_path, ("en", "de", "fr"), path="m.tmx", directions=["all"])
    assert set(pairs(every)) == {
        ("en", "de"), ("en", "fr"), ("de", "en"), ("de", "fr"), ("fr", "en"), ("fr", "de"),
    }  # fmt: skip
    assert every.filter(source_id="m.tmx#1")["group"].unique().to_list() == ["One"]
    one = read("tmx", tmp_path, ("en", "de", "fr"), path="m.tmx", pairs=["de:fr"])
    assert texts(one) == [("Eins", "Un"), ("Zwei", "Deux")]
    # English is translated from though the recipe does not keep it.
    assert pairs(read("tmx", tmp_path, ("fr",), path="m.tmx"))[0] == ("en", "fr")


def test_a_unit_without_the_languages_is_rejected_with_those_that_it_has(tmp_path: Path) -> None:
    memory(
        tmp_path, unit(en="One", de="Eins"), unit(en="Two", pl="Dwa"), unit(), unit(en=" ", de="x")
    )
    found = read("tmx", tmp_path, ("de",), path="m.tmx")
    assert found["rejected_by"].to_list() == [None, "source", "source", "source"]
    assert found["reason"].to_list()[1:] == [
        "it has no pair of languages that is asked for (it has en, pl)",
        "it has no pair of languages that is asked for (it has none)",
        "its segment is empty",
    ]


def test_several_translations_are_references_and_the_first_is_translated_from(
    tmp_path: Path,
) -> None:
    memory(tmp_path, unit(en=["Hi", "Hello"], de=["", "Hallo", "Grüß dich", "Hallo"]))
    found = read("tmx", tmp_path, ("en", "de"), path="m.tmx")
    to_german, to_english = found.to_dicts()
    assert (to_german["input"], to_german["references"]) == ("Hi", ["Hallo", "Grüß dich"])
    assert (to_english["input"], to_english["references"]) == ("Hallo", ["Hi", "Hello"])


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ('<tu><tuv xml:lang="en">x</tuv><tuv xml:lang="de">y</tuv></tu>', "a <tuv> has text but no <seg>"),
        ("<tu><tuv><seg>x</seg></tuv></tu>", "a <tuv> has no xml:lang"),
    ],
)  # fmt: skip
def test_a_broken_unit_is_rejected_with_its_line(broken: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "m.tmx").write_text(f"<tmx>{unit(en='One', de='Eins')}\n{broken}</tmx>")
    good, rejected = read("tmx", tmp_path, ("de",), path="m.tmx").to_dicts()
    assert (good["input"], good["output"]) == ("One", "Eins")
    line = (tmp_path / "m.tmx").read_text().partition(broken)[0].count("\n") + 1
    assert rejected["reason"] == f"m.tmx:{line}: {told}"


def test_a_broken_language_that_nobody_asks_for_is_nothing(tmp_path: Path) -> None:
    more = '<tuv xml:lang="fr">Un</tuv></tu>'
    (tmp_path / "m.tmx").write_text(
        f"<tmx>{unit(en='One', de='Eins')}</tmx>".replace("</tu>", more)
    )
    found = read("tmx", tmp_path, ("de",), path="m.tmx")
    assert found.select("input", "output", "reason").rows() == [("One", "Eins", None)]


def test_every_part_of_a_segments_tag_counts(tmp_path: Path) -> None:
    memory(
        tmp_path,
        unit(EN_US="Close", ZH_CHS="关闭", ZH_CHT="關閉"),
        unit(EN_US="Open", ZH_TWN="開啟"),
        unit(EN_GB="Save", zh_HK="儲存", zh_Hans_CN="保存"),
    )
    found = read("tmx", tmp_path, ("zh-Hans", "zh-Hant"), path="m.tmx", directions=["from-english"])
    assert texts(found, language="zh-Hans") == [("Close", "关闭"), ("Save", "保存")]
    hant = [("Close", "關閉"), ("Open", "開啟"), ("Save", "儲存")]
    assert texts(found, language="zh-Hant") == hant
    assert all(len(row) == 1 for row in found["references"].to_list())


def test_segments_of_what_is_no_language_or_another_are_left_out_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    memory(
        tmp_path,
        unit(en="One", de="Eins", de_x_leicht="Das ist eins"),
        unit(en="Two", ar_arz="اتنين", ZH_CHQ="二"),
        unit(en="Three", ZH_CHQ=["三", "叁"], sr_Latn_klingon="Tri"),
    )
    found = read("tmx", tmp_path, ("de", "zh-Hans", "ar", "arz", "sr-Latn"), path="m.tmx")
    assert texts(found, source_language="en") == [("One", "Eins"), ("Two", "اتنين")]
    assert found.filter(input="Two")["language"].to_list() == ["arz"]
    assert found.filter(input="Three")["reason"].to_list() == [
        "it has no pair of languages that is asked for (it has en, ZH-CHQ, sr-Latn-klingon)"
    ]
    told = capsys.readouterr().err
    assert "m.tmx: 4 segments are left out: no language tag is 'ZH-CHQ', 'sr-Latn-klingon'" in told


CODED = (
    'Click <bpt i="1" type="bold">&lt;b&gt;</bpt>Save<ept i="1">&lt;/b&gt;</ept> now'
    '<ph x="1">%s<sub>alternative</sub></ph> <hi>or <hi>never</hi></hi> <it pos="begin">x</it> '
    '<ut>old</ut>in line<ph type="lb"/>two.'
)


def test_codes_in_segments_are_no_text(tmp_path: Path) -> None:
    memory(tmp_path, unit(en=CODED, de="kurz"))
    found = read("tmx", tmp_path, ("de",), path="m.tmx")
    assert found["input"].item() == "Click Save now or never in line two."
    kept = read("tmx", tmp_path, ("de",), path="m.tmx", codes="keep")
    assert kept["input"].item().startswith("Click <b>Save</b> now%salternative or never x old")


def test_a_segment_without_codes_stays_as_it_is(tmp_path: Path) -> None:
    memory(tmp_path, unit(en="\n  two  spaces\n", de="中文 文字"))
    assert texts(read("tmx", tmp_path, ("de",), path="m.tmx")) == [("two  spaces", "中文 文字")]


def test_namespaces_and_the_attribute_of_older_versions(tmp_path: Path) -> None:
    body = (
        '<t:tmx xmlns:t="http://www.lisa.org/tmx14"><t:body><t:tu>'
        '<t:tuv xml:lang="en"><t:seg>One</t:seg></t:tuv><t:tuv lang="DE-de"><t:seg>Eins</t:seg>'
        "</t:tuv></t:tu></t:body></t:tmx>"
    )
    (tmp_path / "m.tmx").write_bytes(
        f'<?xml version="1.0" encoding="UTF-16"?>{body}'.encode("utf-16")
    )
    assert texts(read("tmx", tmp_path, ("de",), path="m.tmx")) == [("One", "Eins")]


@pytest.mark.parametrize(("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress)])
def test_compressed_memories(ending: str, pack: Any, tmp_path: Path) -> None:
    plain = memory(tmp_path, unit(en="One", de="Eins"))
    (tmp_path / f"m.tmx.{ending}").write_bytes(pack(plain.read_bytes()))
    assert texts(read("tmx", tmp_path, ("de",), path=f"m.tmx.{ending}")) == [("One", "Eins")]


LAUGHS = '<!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BAD = [
    (f"<tmx>{unit(en='x')}", r"m\.tmx:\d+: is not XML \(no element found\)"),
    ("<tmx><body><tu></body></tmx>", r"m\.tmx:1: is not XML \(mismatched tag\)"),
    ("<xliff/>", r"m\.tmx:1: the outermost element is <xliff>, not <tmx>.*tmx/body/tu/tuv/seg"),
    ("<tmx><tu><tu/></tu></tmx>", "a <tu> is inside another"),
    ('<tmx><tuv xml:lang="en"/></tmx>', "a <tuv> is not directly inside a <tu>"),
    ("<tmx><tu><seg>x</seg></tu></tmx>", "a <seg> is not inside a <tuv>"),
    ('<tmx><tu><tuv xml:lang="en"><seg><seg/></seg></tuv></tu></tmx>', "a <seg> is inside a <seg>"),
    (f"{LAUGHS}<tmx>{unit(en='&b;', de='x')}</tmx>", r"m\.tmx:1: declares or uses an entity"),
    (f"{OUTSIDE}<tmx>{unit(en='&x;', de='x')}</tmx>", r"m\.tmx:1: declares or uses an entity"),
    ('<?xml version="1.0" encoding="klingon"?><tmx/>', "unknown encoding"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "told"), BAD)
def test_what_is_broken_or_harmful_is_told_in_one_line(
    content: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "m.tmx").write_text(content, encoding="utf-8")
    with pytest.raises(IsoglossError, match=told) as caught:
        read("tmx", tmp_path, ("en", "de"), path="m.tmx")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pairs": ["en-de"]}, "not source:target"),
        ({"pairs": ["de:de"]}, "a language and itself"),
        ({"pairs": ["de:sw"]}, "no pair is into a language of the recipe"),
        ({"path": "n.tmx"}, "no such file.*Did you mean 'm.tmx'"),
        ({"licence": None}, "the licence of these files is not known"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], told: str, tmp_path: Path) -> None:
    memory(tmp_path, unit(en="One", de="Eins"))
    with pytest.raises((IsoglossError, ValueError), match=told):
        open_source("tmx", tmp_path, ("en", "de"), **{"path": "m.tmx", **options})


def test_memory_is_bounded_by_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory of 20 MB, packed small, is never in memory as a whole."""
    monkeypatch.setattr("builders.sources.tmx._ROWS", 256)
    with gzip.open(tmp_path / "m.tmx.gz", "wt", encoding="utf-8", compresslevel=1) as file:
        file.write(f"{TMX}<body>")
        for _ in range(20):
            file.write(unit(en="word " * 1000, de="Wort " * 1000) * 100)
        file.write("</body></tmx>")
    reading = open_source("tmx", tmp_path, ("de",), path="m.tmx.gz")
    tracemalloc.start()
    rows = sum(frame.height for frame in reading.frames)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 2000
    assert peak < 10 << 20


def test_one_endless_segment_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "m.tmx.gz", "wt", compresslevel=1) as file:
        file.write(f'{TMX}<body><tu><tuv xml:lang="en"><seg>')
        for _ in range(50):
            file.write("a" * (1 << 20))
    with pytest.raises(IsoglossError, match=r"the text of a <seg> is over 32 MiB long"):
        read("tmx", tmp_path, ("de",), path="m.tmx.gz")


WRITTEN = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc",), exclude_characters="\ufffe\uffff")
)


@given(st.lists(st.tuples(WRITTEN, WRITTEN), max_size=6), st.integers(1, 60))
def test_what_is_written_as_segments_comes_back(rows: list[tuple[str, str]], chunk: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("builders.readers.xml._CHUNK", chunk)
        memory(Path(folder), *(unit(en=escape(one), de=escape(two)) for one, two in rows))
        found = read("tmx", Path(folder), ("de",), path="m.tmx")
    written = [["" if blank(text) else text.strip() for text in row] for row in rows]
    assert found["input"].to_list() == [one for one, _ in written]
    assert found["output"].to_list() == [two for _, two in written]
    for (one, two), reason in zip(written, found["reason"], strict=True):
        assert (reason is None) == bool(one and two)
