"""Language identifiers, the script histogram, and the two filters that judge by them."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from support.filters import run

from builders.filters import language, script
from builders.filters._prose import _NOT_WORDS, words
from builders.filters.language import Options
from isogloss import identifiers, scripts
from isogloss.errors import Unavailable
from isogloss.identifiers import _columns, alphabets, fasttext, langdetect, lingua
from isogloss.languages import canonical

SENTENCES = {
    "de": "Die angeforderte Seite wurde auf diesem Server leider nicht gefunden.",
    "fr": "La page que vous avez demandée est introuvable sur ce serveur.",
    "ru": "Запрошенная страница не найдена на этом сервере, попробуйте позже.",
    "el": "Η σελίδα που ζητήσατε δεν βρέθηκε σε αυτόν τον διακομιστή.",
    "fi": "Pyytämääsi sivua ei valitettavasti löytynyt tältä palvelimelta.",
}
SERBIAN = "Stranica koju ste tražili nije pronađena na ovom serveru, pokušajte ponovo kasnije."
ENGLISH = "The page that you asked for could not be found on this server, so try again later."


def judged(rows: list[tuple[str, str]], **options: Any) -> pl.DataFrame:
    """Return texts that claim a language with their scores and the reason against them."""
    frame = pl.DataFrame(rows, schema=["language", "output"], orient="row").with_columns(
        pl.lit("translation").alias("task"), pl.lit("en").alias("source_language")
    )
    given = Options(name="language", sides=("output",), **options)
    scores = language.score(frame, given, 1)
    whole = pl.concat([frame, scores], how="horizontal")
    return whole.with_columns(language.verdict(given))


def reasons(*rows: tuple[str, str], **options: Any) -> list[str | None]:
    return judged(list(rows), **options)["reason"].to_list()


# ---------------------------------------------------------------------------------------- identifiers


def test_langdetect_answers_as_langdetect_itself_does_with_the_seed() -> None:
    from langdetect import DetectorFactory, detect_langs

    langdetect.languages()  # sets the seed
    assert DetectorFactory.seed == 0
    texts = [*SENTENCES.values(), "Siden, du bad om, blev desværre ikke fundet.", "1234", ""]
    for text, ranking in zip(texts, langdetect.rankings(texts), strict=True):
        try:
            theirs = [(one.lang, one.prob) for one in detect_langs(text)]
        except Exception:
            theirs = []
        assert list(ranking) == theirs


def test_fasttext_reads_any_string_and_names_languages_as_tags() -> None:
    odd = ["", "\n", "a\x00b", "\ud800 half of a pair", "𓀀", *SENTENCES.values()]
    rankings = fasttext.rankings(odd)
    assert [ranking[0][0] for ranking in rankings[-len(SENTENCES) :]] == list(SENTENCES)
    for ranking in rankings:
        shares = [share for _, share in ranking]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1.01
    assert {"gsw", "fil", "bho"} <= fasttext.languages()
    assert not {"als", "tl", "bh"} & fasttext.languages()


def test_threads_change_no_answer_of_fasttext() -> None:
    texts = [f"{text} {number}" for number in range(2000) for text in SENTENCES.values()]
    alone = identifiers.identify(texts, "fasttext")
    assert [ranking[0][0] for ranking in alone[-len(SENTENCES) :]] == list(SENTENCES)
    assert identifiers.identify(texts, "fasttext", 3) == alone
    assert identifiers.identify(texts[7:8], "fasttext") == alone[7:8]


def test_langdetect_is_used_by_name_without_other_processes() -> None:
    texts = [*SENTENCES.values(), SENTENCES["de"]]
    alone = identifiers.identify(texts, "langdetect")
    assert [ranking[0][0] for ranking in alone[: len(SENTENCES)]] == list(SENTENCES)
    assert identifiers.identify(texts, "langdetect", 2) == alone
    assert not multiprocessing.active_children()
    frame = judged([(tag, SENTENCES["fr"]) for tag in ("de", "fr")], backend="langdetect")
    assert frame["output_judge"].to_list() == ["langdetect", "langdetect"]
    assert frame["reason"].is_null().to_list() == [False, True]
    assert language.alone(Options(name="language", backend="langdetect"))
    assert not language.alone(Options(name="language"))


# ------------------------------------------------------------------------------------------- alphabets

BULGARIAN = "Телевизионните репортажи показват бял дим, който идва от завода."
UKRAINIAN = "Вчора в місті відкрили нову бібліотеку."
RUSSIAN = "Вчера в городе открыли новую библиотеку."
BELARUSIAN = "Учора ў горадзе адкрылі новую бібліятэку."


def named(text: str) -> dict[str, float]:
    return dict(alphabets.rankings([text])[0])


def test_slavic_languages_in_cyrillic_are_known_by_what_they_never_write() -> None:
    texts = {
        "bg": BULGARIAN,
        "uk": UKRAINIAN,
        "ru": RUSSIAN,
        "be": BELARUSIAN,
        "sr": "Јуче је у граду отворена нова библиотека.",
    }
    for tag, text in texts.items():
        assert next(iter(named(text))) == tag
        assert not set(named(text)) & (texts.keys() - {tag}), text
    assert named("Хората опитвали да стигнат до къщата в гората.").keys().isdisjoint({"ru", "uk"})
    # Russian has ъ, and an е by itself, too.
    assert "ru" in named("Объект не найден, т. е. его нет.")
    assert named("НИКОЛАЙ ІІ, император всероссийский") == dict(
        fasttext.rankings(["НИКОЛАЙ ІІ, император всероссийский"])[0]
    )


def test_alphabets_move_what_fasttext_gives_to_these_languages_and_nothing_else() -> None:
    quoting = f"{RUSSIAN} {UKRAINIAN}"
    texts = [*SENTENCES.values(), quoting, "", "123", BULGARIAN, UKRAINIAN]
    for text, ours, theirs in zip(
        texts, alphabets.rankings(texts), fasttext.rankings(texts), strict=True
    ):
        shares = [share for _, share in ours]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(sum(share for _, share in theirs))
        others = [pair for pair in theirs if pair[0] not in alphabets.WRITTEN]
        assert [pair for pair in ours if pair[0] not in alphabets.WRITTEN] == others
        if text not in (BULGARIAN, UKRAINIAN, SENTENCES["ru"]):
            assert ours == theirs, text


def test_what_alphabets_say_hangs_on_the_text_alone() -> None:
    texts = [BULGARIAN, UKRAINIAN, RUSSIAN, BELARUSIAN, *SENTENCES.values(), ""]
    every = alphabets.rankings(texts)
    assert alphabets.rankings(texts[::-1]) == every[::-1]
    assert [alphabets.rankings([text])[0] for text in texts] == every
    assert alphabets.rankings([]) == []


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, builders.filters.language, builders.filters.script\n"
        "builders.filters.language.Options(name='language')\n"
        "print({'numba', 'fasttext', 'langdetect', 'lingua'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_identifier_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(
        ValueError, match="no language identifier 'cld3', only best, alphabets, fasttext"
    ):
        Options(name="language", backend="cld3")
    try:
        import lingua as package  # noqa: F401
    except ImportError:
        with pytest.raises(Unavailable, match=r"isogloss\[lingua\]"):
            reasons(("de", ENGLISH), backend="lingua")
    else:
        assert lingua.rankings([ENGLISH])[0][0][0] == "en"


# ------------------------------------------------------------------------------------------ knowledge


def test_who_judges_hangs_on_what_identifiers_know() -> None:
    assert identifiers.best("fi") == identifiers.best("so") == "fasttext"
    assert identifiers.best("ru") == identifiers.best("sr-Latn") == "alphabets"
    assert identifiers.best("nqo") is None
    assert identifiers.knows("fasttext", "nb")
    assert identifiers.knows("fasttext", "cnr"), "Montenegrin is named Serbian"
    assert identifiers.knows("fasttext", "sr-Latn")
    assert not identifiers.knows("fasttext", "fr-Cyrl"), "it never saw French in Cyrillic"
    assert not identifiers.knows("langdetect", "is")


@pytest.mark.parametrize("tag", ["el", "hy", "th", "lo", "ta", "te", "km", "my", "am", "ko"])
def test_scripts_of_one_known_language_settle_it(tag: str) -> None:
    (written,) = scripts.written_in(tag)
    assert not identifiers.rivals("fasttext", tag, written)


@pytest.mark.parametrize(
    ("tag", "written", "rival"),
    [("he", "Hebr", "yi"), ("yi", "Hebr", "he"), ("ja", "Hani", "zh"), ("zh-Hant", "Hani", "ja"),
     ("sr", "Latn", "de"), ("sr", "Cyrl", "ru"), ("ur", "Arab", "ar"), ("hi", "Deva", "ne")],
)  # fmt: skip
def test_scripts_of_several_known_languages_do_not(tag: str, written: str, rival: str) -> None:
    rivals = identifiers.rivals("fasttext", tag, written)
    assert rival in rivals
    assert not rivals & identifiers.alike(identifiers.base(tag))


def test_alike_languages_are_weighed_as_one() -> None:
    ranking = (("hr", 0.4), ("sl", 0.3), ("sr", 0.2), ("bs", 0.05))
    against = frozenset({"hr", "sr", "bs", "de"})
    assert identifiers.weigh(ranking, "sr", frozenset({"sl"})) == (
        pytest.approx(0.65), "sl", pytest.approx(0.3)
    )  # fmt: skip
    assert identifiers.weigh(ranking, "sl", against) == (
        pytest.approx(0.3), "hr", pytest.approx(0.65)
    )  # fmt: skip
    assert identifiers.weigh((), "sl", against) == (0.0, "", 0.0)


CLAIMS = [
    ("sr", "Latn"),
    ("sr", "Cyrl"),
    ("sl", "Latn"),
    ("nb", "Latn"),
    ("he", "Hebr"),
    ("fr", "Latn"),
]
RANKINGS = st.lists(
    st.tuples(
        st.sampled_from(["hr", "sr", "bs", "sl", "no", "nn", "de", "ru", "yi", "gsw", "eo"]),
        st.floats(0.01, 1),
    ),
    unique_by=lambda pair: pair[0],
    max_size=6,
).map(lambda pairs: tuple(sorted(pairs, key=lambda pair: -pair[1])))


@given(st.lists(st.tuples(st.sampled_from(range(len(CLAIMS))), RANKINGS)))
def test_columns_are_weighed_as_each_text_is(rows: list[tuple[int, identifiers.Ranking]]) -> None:
    rankings = [ranking for _, ranking in rows]
    said = identifiers.Likely.of(rankings)
    assert said.rankings() == rankings
    claimed = np.array([claim for claim, _ in rows], np.int64)
    found = _columns.weighed(said, "fasttext", CLAIMS, claimed)
    for (claim, ranking), weights in zip(rows, found.iter_rows(), strict=True):
        tag, written = CLAIMS[claim]
        own, other, likely = identifiers.weigh(
            ranking, tag, identifiers.rivals("fasttext", tag, written)
        )
        assert weights == (np.float32(own), other, np.float32(likely))


@pytest.mark.parametrize("name", ["fasttext", "alphabets", "langdetect"])
def test_columns_are_held_to_their_claims_by_every_identifier(name: str) -> None:
    texts = [SENTENCES["de"], ENGLISH, SENTENCES["de"], "123", SENTENCES["fr"]]
    claims = [("de", "Latn"), ("fr", "Latn")]
    claimed = np.array([0, 0, 1, 0, 1])
    found = identifiers.weighed(pl.Series(texts), claims, claimed, name)
    assert found["other"].to_list()[1:3] == ["en", "de"]
    rankings = identifiers.identify(texts, name)
    for ranking, claim, weights in zip(rankings, claimed, found.iter_rows(), strict=True):
        own, other, likely = identifiers.weigh(
            ranking, claims[claim][0], identifiers.rivals(name, *claims[claim])
        )
        assert weights == (np.float32(own), other, np.float32(likely))
    assert identifiers.weighed(pl.Series([], dtype=pl.String), [], claimed[:0], name).is_empty()


# -------------------------------------------------------------------------------------------- scripts

LETTER = regex.compile(r"[\p{L}--[\p{Script=Common}\p{Script=Inherited}]]", regex.V1)
OF_SCRIPT = {
    tag: regex.compile(rf"[\p{{L}}&&[{inside}]]", regex.V1)
    for tag, inside in {
        "de": r"\p{Latin}",
        "ja": r"\p{Han}\p{Hiragana}\p{Katakana}",
        "sr": r"\p{Cyrillic}\p{Latin}",
        "ff-Adlm": r"\p{Adlam}",
    }.items()
}
CHARACTERS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from("aßЖλ中のアー가ठ𞤀𓀀𠀀ɐ́ʰ 1.\n\x00"),
)


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.sampled_from(sorted(OF_SCRIPT)), st.text(CHARACTERS)), min_size=1))
def test_letters_are_counted_as_regular_expressions_count_them(rows: list[tuple[str, str]]) -> None:
    tags, texts = (pl.Series(column, dtype=pl.String) for column in zip(*rows, strict=True))
    found = scripts.count(texts, tags)
    assert found["letters"].to_list() == [len(LETTER.findall(text)) for text in texts]
    inside = [len(OF_SCRIPT[tag].findall(text)) for tag, text in rows]
    assert found["inside"].to_list() == inside
    for (tag, text), most, own in zip(rows, found["script"], found["own"], strict=True):
        assert (most == "") == (not LETTER.search(text))
        assert own == "" or own in scripts.written_in(tag)
    # A slice of a column is counted as the same rows alone.
    half = len(rows) // 2
    assert scripts.count(texts[half:], tags[half:]).equals(found[half:])


def test_the_script_of_most_letters_is_told() -> None:
    texts = ["Привет, world and all", "Ελλάδα", "123", "漢字かなカナ仮名交じり文"]
    found = scripts.count(pl.Series(texts), pl.Series(["ru", "ru", "ru", "ja"]))
    assert found["script"].to_list() == ["Latn", "Grek", "", "Hani"]
    assert found["own"].to_list() == ["Cyrl", "", "", "Hani"]


@given(st.text(st.sampled_from("ab @.%s{}<>&;:/w")))
def test_looking_for_marks_first_changes_nothing(text: str) -> None:
    whole = pl.DataFrame({"t": [text, "plain", None]})
    quick = whole.select(words(pl.col("t")))["t"].to_list()
    assert quick == whole.select(pl.col("t").str.replace_all(_NOT_WORDS, " "))["t"].to_list()


def test_the_filter_script_drops_by_the_share_of_letters_and_spares_short_text() -> None:
    frame = pl.DataFrame(
        {
            "task": ["translation"] * 5 + ["code"],
            "language": ["ru", "ru", "sr", "ja", "ru", "ru"],
            "source_language": ["en", "en", "en", None, "el", None],
            "context": [None] * 6,
            "input": ["Hello there"] * 3 + ["ページの一覧"] + ["Hello there", "print('x')"],
            "output": ["Привет всем", ENGLISH, SERBIAN, "Django の設定", "Привет всем", "print(1)"],
        }
    )
    given = script.Options(name="script")
    made = run(script, given, frame)
    told = made["reason"].to_list()
    assert [reason is None for reason in told] == [True, False, True, True, False, True]
    assert told[1] == (
        "the output is not in the script of ru: 0 % of its letters are, most are Latn"
    )
    assert told[4] == "the input is not in the script of el: 0 % of its letters are, most are Latn"
    lax = script.Options(name="script", min_share=0.0)
    assert run(script, lax, frame)["reason"].null_count() == 6


# ----------------------------------------------------------------------------------------- the filter


def test_serbian_in_latin_is_serbian_and_english_is_not() -> None:
    told = reasons(("sr", SERBIAN), ("sr", ENGLISH), ("sr-Cyrl", SERBIAN))
    assert told[0] is None
    assert told[1] is not None and "looks like en, not sr" in told[1]
    assert told[2] is not None and "is not in the script of sr-Cyrl" in told[2]


def test_kana_tells_japanese_from_chinese() -> None:
    chinese = "请求的页面无法在此服务器上找到，请稍后再试，或者联系网站管理员。"
    japanese = "お探しのページはこのサーバーでは見つかりませんでした。後でもう一度お試しください。"
    frame = judged([(tag, text) for tag in ("zh-Hans", "ja") for text in (chinese, japanese)])
    assert frame["output_judge"].to_list() == ["script", "fasttext", "fasttext", "script"]
    assert frame["reason"].is_null().to_list() == [True, False, False, True]


def test_languages_that_nobody_knows_and_other_scripts_of_those_known_are_left_alone() -> None:
    assert reasons(("fur", SENTENCES["fr"]), ("fr-Cyrl", SENTENCES["ru"])) == [None, None]


def test_scores_are_whole_and_another_threshold_decides_without_them_made_again() -> None:
    rows = [
        ("de", SENTENCES["fr"]),
        ("de", SENTENCES["de"]),
        ("de", "La page est introuvable."),
        ("el", SENTENCES["el"]),
    ]
    frame = judged([*rows, ("de", "")])
    scores = frame.select(pl.col("^output_.*$"))
    assert frame["output_judge"].to_list()[-2:] == ["script", "script"]
    assert scores.null_count().row(0) == (0,) * scores.width
    assert frame["reason"].is_not_null().to_list() == [True, False, False, False, False]
    for change, dropped in (
        ({"min_probability": 1.0}, 0),
        ({"min_letters": 1}, 2),
        ({"min_letters": 500}, 0),
        ({"max_own_probability": 0.0, "min_probability": 0.01}, 1),
    ):
        given = Options(name="language", sides=("output",), **change)
        again = frame.select(language.verdict(given)).to_series()
        assert again.len() - again.null_count() >= dropped, change
        if not dropped:
            assert again.null_count() == again.len(), change
    assert not set(language.SCORED_BY) & {sweep.option for sweep in language.sweeps(given)}


def test_scores_hang_on_nothing_but_the_text_and_its_claim() -> None:
    texts = [*SENTENCES.values(), SERBIAN, ENGLISH, "", "123", "Hallo Welt", "ページの一覧"]
    rows = [(tag, text) for tag in ("de", "ru", "sr", "ja", "nqo") for text in texts]
    frame = judged(rows * 2)
    scores = frame.select(pl.col("^output_.*$"))
    half = len(rows)
    assert scores[:half].equals(scores[half:])
    assert judged(rows[::-1]).select(scores.columns).equals(scores[:half].reverse())
    assert judged(rows[3:4]).select(scores.columns).equals(scores[3:4])


def test_programs_and_missing_sides_have_no_letters() -> None:
    frame = pl.DataFrame(
        {
            "task": ["code", "qa"],
            "language": ["hi", "hi"],
            "source_language": pl.Series([None, None], dtype=pl.String),
            "context": [SENTENCES["de"], None],
            "input": ["def f(): pass", None],
            "output": ["return 1", "नमस्ते दुनिया"],
        }
    )
    made = language.score(frame, Options(name="language"), 1)
    assert made["output_letters"].to_list() == [0, 7]
    assert made["context_letters"].to_list() == made["input_letters"].to_list() == [0, 0]
    assert made.height == 2


def test_only_the_first_characters_are_shown_to_an_identifier() -> None:
    text = " ".join([SENTENCES["de"]] * 4 + [SENTENCES["fr"]] * 40)
    assert reasons(("de", text)) == [None]
    assert reasons(("de", text), max_chars=2000) != [None]


def test_the_version_says_which_models_were_asked() -> None:
    assert fasttext.signature() in language.VERSION
    assert langdetect.signature() in language.VERSION


@pytest.fixture(scope="module")
def flores(shared_data: Path) -> dict[str, list[str]]:
    folder = shared_data / "flores200" / "devtest"
    return {
        canonical(path.stem): path.read_text("utf-8").split("\n")[3:1000:25]
        for path in sorted(folder.glob("*.devtest"))
    }


def test_right_text_of_forty_languages_stays(flores: dict[str, list[str]]) -> None:
    rows = [(tag, line) for tag, lines in flores.items() for line in lines]
    told = [reason for reason in reasons(*rows) if reason]
    assert len(told) <= 0.002 * len(rows), told


def test_english_and_other_languages_under_a_tag_are_found(flores: dict[str, list[str]]) -> None:
    known = [tag for tag in flores if identifiers.best(tag) and tag != "en"]
    english = [(tag, line) for tag in known for line in flores["en"][:10]]
    assert reasons(*english).count(None) <= 0.01 * len(english)
    shifted = [*known[7:], *known[:7]]
    others = [
        (tag, line)
        for tag, other in zip(known, shifted, strict=True)
        for line in flores[other][:10]
        if not tag.startswith(other[:2])
    ]
    assert reasons(*others).count(None) <= 0.03 * len(others)


def test_bulgarian_russian_and_ukrainian_are_found_under_each_others_tags(
    flores: dict[str, list[str]],
) -> None:
    tags = ("bg", "ru", "uk")
    for tag in tags:
        found = reasons(*((tag, line) for other in tags if other != tag for line in flores[other]))
        assert found.count(None) <= 0.05 * len(found)
