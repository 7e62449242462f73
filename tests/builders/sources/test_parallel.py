"""Aligned files, one a language: any pair, any text, and nothing silently shifted."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support.sources import open_source, pairs, read, texts

from builders.pipeline.build import build
from builders.readers.lines import ROWS, in_step, lines
from isogloss.errors import IsoglossError
from isogloss.languages import canonical

PATH = "set/{language}.txt"


def write(folder: Path, **files: str | bytes) -> Path:
    (folder / "set").mkdir(exist_ok=True)
    for code, text in files.items():
        content = text if isinstance(text, bytes) else text.encode()
        (folder / "set" / f"{code}.txt").write_bytes(content)
    return folder


@pytest.fixture
def three(tmp_path: Path) -> Path:
    return write(
        tmp_path, eng_Latn="One.\nTwo.\n", deu_Latn="Eins.\nZwei.\n", fra_Latn="Un.\nDeux.\n"
    )


def test_english_from_and_to_by_default(three: Path) -> None:
    found = read("parallel", three, ("en", "de", "fr"), path=PATH)
    assert pairs(found) == [("en", "de"), ("en", "fr"), ("de", "en"), ("fr", "en")]
    assert texts(found, language="de") == [("One.", "Eins."), ("Two.", "Zwei.")]
    assert texts(found, source_language="fr") == [("Un.", "One."), ("Deux.", "Two.")]
    assert set(found["group"]) == {"One.", "Two."}
    assert set(found["source_id"]) == {"set/*.txt#1", "set/*.txt#2"}
    assert found["tests"].null_count() == found.height
    assert set(found["split"]) == {None}


def test_english_that_the_recipe_does_not_keep_is_still_translated_from(three: Path) -> None:
    found = read("parallel", three, ("de",), path=PATH)
    assert pairs(found) == [("en", "de")]


def test_all_pairs_share_their_groups_and_ids(three: Path) -> None:
    found = read("parallel", three, ("fr", "de"), path=PATH, directions=["all"], split="test")
    assert pairs(found) == [("fr", "de"), ("de", "fr")]
    assert texts(found, language="fr") == [("Eins.", "Un."), ("Zwei.", "Deux.")]
    assert found["group"].to_list() == ["One.", "Two."] * 2
    assert set(found["split"]) == {"test"}
    every = read("parallel", three, ("en", "fr", "de"), path=PATH, directions=["all"])
    assert len(pairs(every)) == 6
    assert every.height == 12


def test_named_pairs_are_made_whatever_the_directions(three: Path) -> None:
    found = read(
        "parallel", three, ("en", "fr"), path=PATH, pairs=["de:fr", "deu_Latn:fra_Latn", "en:de"]
    )
    assert pairs(found) == [("de", "fr")], "the second is the first, and de is not kept"


def test_only_the_files_that_are_needed_are_read(three: Path) -> None:
    write(three, pol_Latn=b"\xff\xfe not even text", eng_Latn="One.\nTwo.\n")
    reading = open_source("parallel", three, ("de", "fr", "pl"), path=PATH, pairs=["de:fr"])
    assert reading.details["languages"] == ["de", "en", "fr"]
    assert pl.concat(list(reading.frames)).height == 2


def test_without_english_the_number_of_the_line_groups(tmp_path: Path) -> None:
    write(tmp_path, de="Eins.\nZwei.\n", fr="Un.\nDeux.\n")
    found = read("parallel", tmp_path, ("de", "fr"), path=PATH, directions=["all"])
    assert found["group"].to_list() == ["set/*.txt#1", "set/*.txt#2"] * 2
    with pytest.raises(IsoglossError, match="no pair can be made: there are files in de, fr"):
        read("parallel", tmp_path, ("de", "fr"), path=PATH)


def test_what_is_empty_is_rejected_on_either_side_and_shifts_nothing(tmp_path: Path) -> None:
    write(tmp_path, en="One.\n\nThree.\nFour.\n", de="Eins.\nZwei.\n \t\u3000\u200b\nVier.\n")
    found = read("parallel", tmp_path, ("en", "de"), path=PATH)
    assert texts(found, language="de") == [("One.", "Eins."), ("Four.", "Vier.")]
    assert texts(found, language="en") == [("Eins.", "One."), ("Vier.", "Four.")]
    reasons = found.filter(language="de").select("source_id", "reason").rows()[1:3]
    assert reasons == [
        ("set/*.txt#2", "its line is empty"),
        ("set/*.txt#3", "the line of its translation is empty"),
    ]
    assert found.filter(source_id="set/*.txt#2")["group"].to_list() == ["set/*.txt#2"] * 2


def test_the_nearest_file_serves_a_language(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{
            "eng-GB": "Colour\n", "eng-IN": "Colour!\n", "eng-US": "Color\n",
            "por": "Cor\n", "por-BR": "Cor!\n", "zho_Hant": "顏色\n", "zho_Hans": "颜色\n",
        },
    )  # fmt: skip
    found = read("parallel", tmp_path, ("en", "pt", "zh-Hant"), path=PATH)
    assert texts(found, source_language="en") == [("Color", "Cor"), ("Color", "顏色")]
    write(tmp_path, **{"en-US": "Color\n"})
    with pytest.raises(IsoglossError, match=r"two files are in en-US: set/.*txt and set/.*txt"):
        read("parallel", tmp_path, ("en", "pt"), path=PATH)


def test_files_are_named_by_codes_and_locales_of_any_kind(tmp_path: Path) -> None:
    codes = {
        "eng_Latn": "en", "prs_Arab": "fa-AF", "cmn_Hant": "zh-Hant", "ZH_CHS": "zh-Hans",
        "sr@latin": "sr-Latn", "ar-arz": "arz", "apc_Arab_sout3123": "ajp",
    }  # fmt: skip
    write(tmp_path, **{code: f"{code}\n" for code in codes})
    found = read("parallel", tmp_path, ("en", "fa", *codes.values()), path=PATH)
    made = found.filter(source_language="en")["language", "output"].rows()
    assert dict(made) == {tag: code for code, tag in codes.items() if tag != "en"}


def test_unequal_files_are_told_with_both_counts(tmp_path: Path) -> None:
    write(tmp_path, en="a\nb\nc\n", de="A\nB\nC", fr="1\n2\n")
    told = r"fr\.txt: has 2 lines, but .*de\.txt has 3\."
    with pytest.raises(IsoglossError, match=told):
        read("parallel", tmp_path, ("en", "de", "fr"), path=PATH)
    many = "x\n" * (ROWS + 5)
    write(tmp_path, en=many, de=many[: -2 * 3], fr=many)
    with pytest.raises(IsoglossError, match=rf"has {ROWS + 5} lines, but .*has {ROWS + 2}"):
        read("parallel", tmp_path, ("en", "de", "fr"), path=PATH)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"Eins.\nZw\xffei.\n", r"de\.txt:2: is not UTF-8 \(byte 0xff at offset 8\)"),
        ("Eins.\nZwei.\n".encode("utf-16"), r"de\.txt:1: is UTF-16, not UTF-8.*iconv"),
        ("Eins.\nZwei.\n".encode("utf-16-le"), r"de\.txt:1: is UTF-16, not UTF-8.*iconv"),
    ],
)
def test_what_is_not_text_is_told_with_its_line(content: bytes, told: str, tmp_path: Path) -> None:
    write(tmp_path, en="One.\nTwo.\n", de=content)
    with pytest.raises(IsoglossError, match=told):
        read("parallel", tmp_path, ("en", "de"), path=PATH)


def test_a_line_with_a_nul_is_rejected(tmp_path: Path) -> None:
    write(tmp_path, en="One.\nTwo.\n", de=b"Eins.\nZw\0ei.\n")
    found = read("parallel", tmp_path, ("de",), path=PATH)
    assert found["reason"].to_list() == [None, "it holds a NUL character"]


def test_only_line_feeds_end_lines(tmp_path: Path) -> None:
    odd = "a\u2028b\u2029c\x0bd\x0ce\x85f\x1cg\rh"
    write(tmp_path, en=f"\ufeff{odd}\r\nTwo.\r\n", de=f"{odd}\nZwei.")
    found = read("parallel", tmp_path, ("en", "de"), path=PATH)
    assert texts(found, language="de") == [(odd, odd), ("Two.", "Zwei.")]


def test_compressed_files_are_the_same(three: Path) -> None:
    plain = read("parallel", three, ("en", "de"), path=PATH)
    for path in (three / "set").glob("*.txt"):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    packed = read("parallel", three, ("en", "de"), path=f"{PATH}.gz")
    assert packed.drop("source_id").equals(plain.drop("source_id"))
    (three / "set" / "deu_Latn.txt.gz").write_bytes(b"\x1f\x8b\x08 and no more")
    with pytest.raises(IsoglossError, match=r"deu_Latn\.txt\.gz: cannot be read"):
        read("parallel", three, ("en", "de"), path=f"{PATH}.gz")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"path": "set/*.txt"}, "with {language}"),
        ({"path": PATH, "pairs": ["en-de"]}, "is not source:target"),
        ({"path": PATH, "pairs": ["en:klingonish"]}, "is not source:target"),
        ({"path": PATH, "pairs": ["en:de:fr"]}, "is not source:target"),
        ({"path": PATH, "directions": ["sideways"]}, "from-english"),
    ],
)
def test_wrong_options_are_told_when_the_recipe_is_read(
    options: dict[str, object], told: str, three: Path
) -> None:
    with pytest.raises(ValidationError, match=told):
        read("parallel", three, ("en", "de"), **options)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"path": "sat/{language}.txt"}, "there is no such file"),
        ({"path": PATH, "pairs": ["de:de"]}, "'de:de' is a language and itself"),
        ({"path": PATH, "pairs": ["en:fr"]}, "no pair is into a language of the recipe"),
        ({"path": PATH, "pairs": ["pl:de"]}, "pl:de needs a file in pl.*files in de, en"),
        ({"path": PATH, "licence": None}, "the licence of these files is not known"),
    ],
)
def test_what_cannot_be_read_is_told(options: dict[str, object], told: str, three: Path) -> None:
    with pytest.raises(IsoglossError, match=told):
        read("parallel", three, ("en", "de"), **options)


def test_a_recipe_keeps_a_text_and_its_translations_in_one_split(tmp_path: Path) -> None:
    count = 40
    write(tmp_path, **{code: "".join(f"{code} word {n}\n" for n in range(count)) for code in "en de fr".split()})  # fmt: skip
    (tmp_path / "r.toml").write_text(
        'name = "r"\nlanguages = ["en", "de", "fr"]\nsplit = { test = 0.5 }\n[[sources]]\n'
        'name = "set"\nkind = "parallel"\npath = "set/{language}.txt"\n'
        'directions = ["all"]\nlicence = "MIT"\n',
        encoding="utf-8",
    )
    corpus = build(tmp_path / "r.toml", tmp_path / "corpus")
    rows = pl.concat(pl.read_parquet(path) for path in sorted(corpus.rglob("data/**/*.parquet")))
    assert rows.height == 6 * count
    splits = rows.group_by("source_id").agg(pl.col("split").n_unique(), pl.len())
    assert splits.height == count
    assert set(splits["split"]) == {1}
    assert set(rows["split"]) == {"train", "test"}


def test_flores_and_seed_as_published(shared_data: Path) -> None:
    languages = ("en", "de", "zh-Hans", "zh-Hant", "th", "ar")
    path = "flores200/devtest/{language}.devtest"
    found = read("parallel", shared_data, languages, path=path, directions=["all"])
    assert len(pairs(found)) == 30
    assert found.height == 30 * 1012
    assert found["reason"].null_count() == found.height
    assert found["group"].n_unique() == found["source_id"].n_unique() == 1012
    arabic = (shared_data / "flores200/devtest/arb_Arab.devtest").read_bytes().decode()
    thai = (shared_data / "flores200/devtest/tha_Thai.devtest").read_bytes().decode()
    assert texts(found, source_language="th", language="ar") == list(
        zip(thai.split("\n")[:-1], arabic.split("\n")[:-1], strict=True)
    )
    seed = read("parallel", shared_data, ("fur", "mi", "nqo", "en"), path="seed/{language}")
    assert len(pairs(seed)) == 6
    assert seed.height == 6 * 6193


def test_every_language_of_flores_is_found(shared_data: Path) -> None:
    folder = shared_data / "flores200" / "devtest"
    codes = sorted(path.name.split(".")[0] for path in folder.glob("*.devtest"))
    tags = tuple(canonical(code) for code in codes)
    path = "flores200/devtest/{language}.devtest"
    reading = open_source("parallel", shared_data, tags, path=path)
    assert reading.details["languages"] == sorted(tags)
    again = open_source("parallel", shared_data, tags, path=path)
    assert again.sha256 == reading.sha256
    assert pl.concat(list(again.frames)).equals(pl.concat(list(reading.frames)))


LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), max_size=12))


def _expected(written: list[str]) -> list[str]:
    return [line.removesuffix("\r") for line in written]


@given(LINES, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.integers(1, 9))
def test_lines_come_back_as_written(written: list[str], bom: bool, end: str, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.txt"
        # A text that begins with a mark of its own cannot be told from a file with one.
        text = ("\ufeff" if bom else "") + "".join(line + end for line in written)
        path.write_bytes(text.encode())
        expected = _expected(written) if end == "\n" else written
        if not bom and expected and expected[0].startswith("\ufeff"):
            expected = [expected[0][1:], *expected[1:]]
        read_back = [line for part in lines(path, size) for line in part]
        assert read_back == expected


@given(LINES, st.integers(1, 4), st.integers(1, 9))
def test_files_in_step_stay_in_step(written: list[str], files: int, rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("builders.readers.lines.ROWS", rows)
        paths = [Path(folder) / f"{number}.txt" for number in range(files)]
        for number, path in enumerate(paths):
            path.write_bytes("".join(f"{number}{line}\n" for line in written).encode())
        back: list[list[str]] = [[] for _ in paths]
        for first, batch in in_step(paths):
            assert first == len(back[0]) + 1
            for seen, part in zip(back, batch, strict=True):
                seen.extend(part)
        assert back == [
            [f"{number}{line}" for line in _expected(written)] for number in range(files)
        ]
