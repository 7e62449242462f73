"""What of suites and of the test split is found in training text, beside a plain search for it."""

from __future__ import annotations

import json
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.corpora import row, write_corpus

import benchmarks
import builders
from builders.decontamination.contamination import Contamination, protected, reason, summarise
from builders.decontamination.index import Index, Size
from builders.decontamination.settings import DecontaminationOptions
from builders.decontamination.suites import protected_suites
from builders.example import examples
from isogloss.errors import IsoglossError
from isogloss.text import comparable

ENGLISH = (
    "The archive keeps every letter the astronomer wrote to her sister between the two wars, "
    "but only a dozen of them were ever printed."
)
ARABIC = "يحتفظ الأرشيف بكل رسالة كتبتها عالمة الفلك إلى أختها بين الحربين، لكن لم يطبع منها سوى عدد قليل."
CHINESE = (
    "档案馆保存着这位天文学家在两次大战之间写给妹妹的每一封信,但其中只有十几封曾经印刷出版过。"
)
THAI = "หอจดหมายเหตุเก็บรักษาจดหมายทุกฉบับที่นักดาราศาสตร์เขียนถึงน้องสาวของเธอในช่วงระหว่างสงครามทั้งสองครั้ง"


def rows(*texts: tuple[str, str], **more: Any) -> pl.DataFrame:
    """Return summaries of texts, each with its language, by position."""
    made = [
        {
            "task": "summarization",
            "language": tag,
            "input": text,
            "output": "",
            "source_id": f"t{n}",
        }
        | more
        for n, (tag, text) in enumerate(texts)
    ]
    return examples(made).with_row_index("position")


def read_suite_texts(
    options: DecontaminationOptions, folder: Path, where: str
) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    return protected_suites(options, folder, where, benchmarks.suite_texts)


def search(test: pl.DataFrame, train: pl.DataFrame, **options: Any) -> pl.DataFrame:
    index = Contamination(DecontaminationOptions(**options), [protected(test, "suite")])
    return index.hits(train, workers=1)


@pytest.mark.parametrize(
    ("tag", "test", "train", "text"),
    [
        (
            "en",
            ENGLISH,
            "We read: THE ARCHIVE keeps every letter, the astronomer wrote (to her sister) between"
            " the two wars – and more.",
            "THE ARCHIVE keeps every letter, the astronomer wrote (to her sister) between the two wars",
        ),
        ("ar", ARABIC, "قيل إن " + ARABIC.replace("،", " –") + " انتهى", ARABIC.replace("،", " –")[:-1]),
        ("zh-Hans", CHINESE, "据说" + CHINESE[:12] + " " + CHINESE[12:30] + "等等", CHINESE[:12] + " " + CHINESE[12:30]),
        ("th", THAI, "ว่ากันว่า " + THAI[:40] + "\u200b" + THAI[40:], THAI[:40] + "\u200b" + THAI[40:]),
    ],
)  # fmt: skip
def test_a_leak_is_found_and_shown_whatever_its_case_spaces_and_punctuation(
    tag: str, test: str, train: str, text: str
) -> None:
    found = search(rows((tag, test)), rows((tag, "nothing"), ("fr", train)))
    row = {"position": 1, "column": "input", "kind": "ngram", "origin": "suite", "item": "t0"}
    assert found.drop("similarity").to_dicts() == [row | {"text": text, "count": 1}]


@pytest.mark.parametrize(("tag", "test"), [("en", ENGLISH), ("zh-Hans", CHINESE), ("th", THAI)])
def test_a_phrase_shorter_than_an_ngram_is_common(tag: str, test: str) -> None:
    words = {"en": 12, "zh-Hans": 24, "th": 51}[tag]
    cut = " ".join(test.split()[:words]) if tag == "en" else _letters(test, words)
    more = {"en": " astronomer", "zh-Hans": "星", "th": "ฮ"}[tag]
    assert search(rows((tag, test)), rows((tag, cut + more))).is_empty()
    longer = " ".join(test.split()[: words + 1]) if tag == "en" else _letters(test, words + 1)
    assert search(rows((tag, test)), rows((tag, longer + more)))["kind"].to_list() == ["ngram"]


def _letters(text: str, count: int) -> str:
    """Return as much of a text as holds so many letters, with the marks of the last."""
    found = [match.end() for match in regex.finditer(r"\p{L}[\p{M}\p{P}]*", _plain(text))]
    return _plain(text)[: found[count - 1]]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def test_ignored_phrases_are_no_leaks() -> None:
    train = rows(("en", "x " + ENGLISH), ("en", ENGLISH))
    assert search(rows(("en", ENGLISH)), train).height == 2
    assert search(rows(("en", ENGLISH)), train, ignore=(ENGLISH.upper(),)).is_empty()


def test_of_several_texts_the_longest_is_told() -> None:
    words = ENGLISH.split()
    train = rows(("en", " ".join(words[:14])), output=" ".join(words[4:20]), context="Yes")
    found = search(rows(("en", ENGLISH)), train.with_columns(references=pl.concat_list("output")))
    assert found.select("column", "text", "count").to_dicts() == [
        {"column": "output", "text": " ".join(words[4:20]), "count": 2}
    ]


def test_an_answer_is_told_only_where_it_is_long() -> None:
    def answer(text: str) -> pl.DataFrame:
        return rows(("en", "Who?"), task="qa", output=text, references=[text])

    assert search(answer("Paris"), answer("Paris").with_columns(input=pl.lit("Where?"))).is_empty()
    assert search(answer(ENGLISH), rows(("en", ENGLISH)))["kind"].to_list() == ["ngram"]


def test_other_references_count_too() -> None:
    test = rows(
        ("de", "Hallo"), references=["Moin", "Servus"], task="translation", source_language="en"
    )
    found = search(test, rows(("de", "servus!")))
    assert found.select("kind", "item", "text").rows() == [("equal", "t0", "servus!")]


def test_small_changes_all_over_a_text_hide_nothing() -> None:
    changed = ENGLISH.replace("letter", "leter").replace("wars", "war")
    found = search(rows(("en", ENGLISH)), rows(("en", changed), ("en", ENGLISH[:60])), tokens=20)
    assert found.select("position", "kind", "text").rows() == [(0, "near", changed)]
    assert 0.7 < found["similarity"][0] < 1
    none = search(rows(("en", ENGLISH)), rows(("en", changed)), tokens=20, near=0)
    assert none.is_empty()


# Short words of few letters share much; marks, full width, sharp s and Thai try the folding.
# A mark may stand by itself.
WORDS = st.sampled_from(
    "ab Ba é e\u0301 ß ss SS 你好 好 ｶ ガ ตำ กำ 9 ½ \u0301 ำ a\u0323\u0301 a\u0301\u0323".split()
)
GAPS = st.sampled_from([" ", "", ", ", "\u00ad", "\u200b", "。"])


def written(parts: list[tuple[str, str]]) -> str:
    return "".join(word + gap for word, gap in parts)


TEXT = st.lists(st.tuples(WORDS, GAPS), min_size=0, max_size=9).map(written)
LONG = st.lists(st.tuples(WORDS, GAPS), min_size=4, max_size=25).map(written)
SIZE = Size(tokens=3, characters=4, letters=5)
_TOKEN = regex.compile(
    r"(?P<dense>[\p{Han}\p{Katakana}]\p{M}*)"
    r"|(?P<letter>[\p{Thai}&&\p{L}]\p{M}*)"
    r"|(?P<word>[[\p{L}\p{N}\p{M}]--[\p{Han}\p{Katakana}[\p{Thai}&&\p{L}]]]+)",
    regex.V1,
)
_WEIGHTS = {"dense": 15, "letter": 12, "word": 20}


def cut(text: str) -> list[tuple[str, int]]:
    """Return tokens with their weights in sixtieths, by regular expressions."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    found = _TOKEN.finditer(folded.replace("\u00ad", ""))
    return [(match[0], _WEIGHTS[str(match.lastgroup)]) for match in found]


def grams(text: str) -> set[tuple[str, ...]]:
    tokens = cut(text)
    found = set()
    for low in range(len(tokens)):
        for high in range(low + 1, len(tokens) + 1):
            if sum(weight for _, weight in tokens[low:high]) >= 60:
                found.add(tuple(token for token, _ in tokens[low:high]))
                break
    return found


def shingles(text: str) -> set[str]:
    tokens = cut(text)
    written = tokens[0][0] if tokens else ""
    for (_, before), (token, weight) in pairwise(tokens):
        written += (" " if 20 in (before, weight) else "") + token
    return {written[at : at + 5] for at in range(len(written) - 4)}


@given(st.lists(TEXT, min_size=0, max_size=6), st.lists(TEXT, min_size=1, max_size=6), TEXT)
@settings(max_examples=300, deadline=None)
def test_ngrams_are_those_that_a_plain_search_finds(
    test: list[str], train: list[str], ignored: str
) -> None:
    yes = pl.Series([True] * len(test), dtype=pl.Boolean)
    index = Index(pl.Series(test, dtype=pl.String), SIZE, [ignored], 0.0, yes)
    found = index.search(pl.Series(train), pl.Series([True] * len(train)), workers=2)
    told = {gram for text in test for gram in grams(text)} - grams(ignored)
    for number, text in enumerate(train):
        assert (found.runs[number] > 0) == bool(grams(text) & told)
        if found.runs[number]:
            run = text.encode()[found.begin[number] : found.end[number]].decode()
            assert grams(run) & grams(test[found.doc[number]]) & told


CHANGES = st.tuples(st.integers(0, 5), st.integers(0, 60), st.sampled_from("aé好ก "))


@given(st.lists(LONG, min_size=1, max_size=6), st.lists(CHANGES, min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_near_texts_are_those_that_a_plain_search_finds(
    test: list[str], changes: list[tuple[int, int, str]]
) -> None:
    texts = [test[number % len(test)] for number, _, _ in changes]
    train = [
        text[: at % len(text)] + put + text[at % len(text) + 1 :] if text else put
        for text, (_, at, put) in zip(texts, changes, strict=True)
    ]
    yes = pl.Series([True] * len(test))
    # All n-grams are ignored, so that all there is to tell is nearness.
    index = Index(pl.Series(test), SIZE, test + train, 0.6, yes)
    found = index.search(pl.Series(train), pl.Series([True] * len(train)), workers=2)
    for number, text in enumerate(train):
        mine = shingles(text)
        best = 0.0
        for other in test:
            theirs = shingles(other)
            if sum(weight for _, weight in cut(other)) >= 30 and mine & theirs:
                best = max(best, len(mine & theirs) / len(mine | theirs))
        assert found.similarity[number] == pytest.approx(best if best >= 0.6 else 0.0)


# A letter of 2025, which polars does not know yet and other libraries do.
@example("0", "0\U0001e6c0")
@given(st.text(max_size=12), st.text(max_size=12))
@settings(max_examples=300, deadline=None)
def test_texts_that_compare_equal_have_equal_hashes(left: str, right: str) -> None:
    frame = pl.DataFrame({"text": [left, right, left.upper(), f" {left}!"]})
    plain = frame.select(comparable(pl.col("text")))["text"].to_list()
    index = Index(frame["text"], SIZE, [], 0.0, pl.Series([True] * 4))
    for one, other in ((0, 1), (0, 2), (0, 3)):
        if plain[one] == plain[other]:
            assert index.whole[one] == index.whole[other]


def test_hits_do_not_hang_on_workers_or_batches() -> None:
    words = ENGLISH.split()
    test = rows(*(("en", " ".join(words[n:])) for n in range(9)), ("th", THAI))
    train = rows(*(("en", " ".join(words[n % 7 : n % 7 + 15])) for n in range(300)), ("th", THAI))
    index = Contamination(DecontaminationOptions(), [protected(test, "suite")])
    whole = index.hits(train, workers=1)
    assert whole.height == 301
    assert index.hits(train, workers=5).equals(whole)
    assert pl.concat([index.hits(part) for part in train.iter_slices(37)]).equals(whole)


def test_without_protected_texts_nothing_is_told() -> None:
    assert search(rows(), rows(("en", ENGLISH))).is_empty()
    assert search(rows(("en", ENGLISH)), rows()).is_empty()


def test_the_summary_tells_a_leak_from_a_common_phrase() -> None:
    phrase = "in the name of the people of the state of the north and south"
    test = rows(("en", ENGLISH), ("en", f"{phrase} he spoke"), ("en", f"they spoke {phrase}"))
    train = rows(*(("en", f"{n}: {phrase}; case {n}.") for n in range(5)), ("en", ENGLISH))
    found = search(test, train)
    assert found.select(reason()).unique().sort("reason")["reason"].to_list() == [
        "its input is in suite",
        "its input shares an n-gram with suite",
    ]
    (told,) = summarise(found, length=40)
    assert {name: told[name] for name in ("rows", "equal", "ngram", "near")} == {
        "rows": 6, "equal": 1, "ngram": 5, "near": 0,
    }  # fmt: skip
    assert [one["rows"] for one in told["examples"]] == [5, 1]
    assert told["examples"][0]["text"] == phrase[:40] + "…"
    assert summarise(found.sample(fraction=1, shuffle=True, seed=3), length=40) == [told]


def test_shipped_suites_are_protected_by_name(tmp_path: Path) -> None:
    texts, told = read_suite_texts(
        DecontaminationOptions(suites=("starter", "smoke")), tmp_path, "r"
    )
    assert [one["name"] for one in told] == ["starter", "smoke"]
    assert all(len(one["sha256"]) == 64 for one in told)
    index = Contamination(DecontaminationOptions(), [texts])
    asked = rows(
        ("en", "Where is the station"), ("de", "Wo ist der Bahnhof"), ("fr", "Bonjour à tous")
    )
    assert index.hits(asked)["position"].to_list() == [0, 1]


def test_a_recipe_that_names_suites_says_what_reads_them(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"q": "Wo ist der Bahnhof?", "a": "Dort."}')
    (tmp_path / "r.toml").write_text(
        'name = "r"\nlanguages = ["de"]\n[decontamination]\nsuites = ["smoke"]\n'
        '[[sources]]\nkind = "files"\nname = "d"\npath = "d.jsonl"\nlicence = "MIT"\n'
        'task = "qa"\nlanguage = "de"\ncolumns = { input = "q", output = "a" }\n'
    )
    for make in (builders.build, builders.clean):
        with pytest.raises(IsoglossError, match=r"named \(smoke\).*suite_texts=benchmarks\.suite"):
            make(tmp_path / "r.toml", tmp_path / "out")
        assert not (tmp_path / "out" / "manifest.json").exists()
        # What it holds is in the suite, so that nothing is left when that is read.
        with pytest.raises(IsoglossError, match="is in smoke"):
            make(tmp_path / "r.toml", tmp_path / "out", suite_texts=benchmarks.suite_texts)


def test_a_corpus_is_protected_by_its_test_split(tmp_path: Path) -> None:
    asked = {"language": "en", "task": "summarization", "input": ENGLISH}
    both = [row(text, split=split, **asked) for text, split in (("A", "train"), ("B", "test"))]
    folder = write_corpus(tmp_path / "corpus", both, name="mine")
    (kept,) = pl.read_parquet(folder / "data/en/summarization-test-00000.parquet")["id"]
    for spec in ("corpus:corpus", "corpus"):
        texts, told = read_suite_texts(DecontaminationOptions(suites=(spec,)), tmp_path, "r")
        assert (told[0]["name"], texts["item"][0]) == ("mine", kept)


def test_a_corpus_is_protected_with_the_instructions_that_its_data_brought(tmp_path: Path) -> None:
    asked = {"language": "en", "task": "qa", "split": "test"}
    own = row("Yes.", instruction=ENGLISH, template="ours/own", **asked)
    ours = row("No.", instruction=ENGLISH.upper() + " Answer:", template="qa/en-1@1", **asked)
    write_corpus(tmp_path / "corpus", [own, ours])
    texts, _ = read_suite_texts(DecontaminationOptions(suites=("corpus",)), tmp_path, "r")
    assert texts.filter(pl.col("text").str.to_lowercase().str.starts_with(ENGLISH.lower()[:40]))[
        "text"
    ].to_list() == [ENGLISH]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"suites": ("strater",)}, "unknown suite 'strater'"),
        ({"suites": ("none.toml",)}, "there is no such file"),
        ({"suites": ("corpus:none",)}, "none: there is no such folder"),
        ({"suites": ("flores",), "data": "none"}, "there is no such folder"),
        ({"suites": ("flores",), "data": {"xquad": "."}}, "unknown suite 'xquad'"),
        ({"suites": ("flores",), "data": "."}, "flores"),
    ],
)
def test_a_suite_that_cannot_be_read_is_an_error(
    tmp_path: Path, options: dict[str, Any], problem: str
) -> None:
    with pytest.raises(IsoglossError, match=problem):
        read_suite_texts(
            DecontaminationOptions(**options), tmp_path, "recipe.toml: decontamination"
        )


@pytest.mark.parametrize(
    ("column", "value"),
    [("input", {"a": 1}), ("output", ["x"]), ("references", {"b": 1}), ("references", [["x"]])],
)
def test_records_of_a_suite_whose_columns_hold_no_texts_are_an_error(
    column: str, value: object, tmp_path: Path
) -> None:
    record = {"task": "qa", "language": "de", "instruction": "", "input": "Was?", "output": "Rot"}
    (tmp_path / "r.jsonl").write_text(json.dumps(record | {column: value}))
    (tmp_path / "s.toml").write_text(
        'name = "mine"\nversion = "1"\ndescription = "d"\nrecords = "r.jsonl"\n'
    )
    options = DecontaminationOptions(suites=("s.toml",))
    with pytest.raises(IsoglossError, match=rf"r\.jsonl: the column '{column}' holds "):
        read_suite_texts(options, tmp_path, "r.toml: decontamination")


def test_all_of_flores_is_found_in_itself_and_nothing_of_it_in_nllb_seed(shared_data: Path) -> None:
    options = DecontaminationOptions(
        suites=("flores", "xquad"),
        data={
            "flores": str(shared_data / "flores200" / "devtest"),
            "xquad": str(shared_data / "xquad"),
        },
    )
    texts, told = read_suite_texts(options, Path(), "r")
    index = Contamination(options, [texts])
    flores = texts.filter(pl.col("origin") == told[0]["name"])
    given = rows(*flores.select("language", "text").iter_rows())
    found = index.hits(given).join(given.select("position", "language"), on="position")
    counts = found.group_by("language").len()
    # One of the Hausa sentences is there twice.
    assert counts.height == 40
    assert found.height == flores.height
    assert set(found["kind"]) == {"equal"}
    seed = [
        (tag, line)
        for tag, code in (("en", "eng_Latn"), ("fur", "fur_Latn"), ("arz", "arz_Arab"))
        for line in (shared_data / "seed" / code).read_text(encoding="utf-8").splitlines()
    ]
    assert index.hits(rows(*seed)).height < len(seed) / 1000
