"""What goes wrong in other suites: each error that ships in one of them is a test of ours."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import rouge_score.rouge_scorer
import sacrebleu
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st
from support.metrics import METRICS, signature, statistics, total

import benchmarks
from benchmarks.metrics._base import Segments
from benchmarks.metrics._text import UNSPACED
from benchmarks.scores.statistics import draws
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, describe

#: Of a language each, in as many scripts as CLDR has the months of.
LANGUAGES = (
    "am ar as az be bg bn bo ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it "
    "ja ka kk km kn ko ky lo lt lv mk ml mn mr ms my nb ne nl or pa pl ps pt ro ru si sk sl sq "
    "sr-Cyrl sr-Latn sv sw ta te th tr ug uk ur uz vi yo yue zh-Hans zh-Hant zu chr ti"
).split()
ALIKE = [name for name, one in METRICS.items() if one.HIGHER_IS_BETTER and name != "code_match"]


def months(language: str) -> list[str]:
    """Return the twelve names of months in a language, from CLDR: real words of every script."""
    return list(Locale.parse(language, sep="-").months["format"]["wide"].values())


def prose(name: str) -> bool:
    return any(
        task in benchmarks.list_metrics()[name].tasks
        for task in ("translation", "qa", "summarization")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_identical_text_scores_100_in_every_script(language: str) -> None:
    texts = [", ".join(months(language)[n:] + months(language)[:n]) for n in range(3)]
    for name in ALIKE:
        if prose(name) and not METRICS[name].__dict__.get("ON_REQUEST"):
            score = total(name, texts, [[text] for text in texts], language)
            assert score == pytest.approx(100), (name, language)
    assert total("ter", texts, [[text] for text in texts], language) == 0


def test_the_languages_above_are_of_many_scripts() -> None:
    assert len(LANGUAGES) > 60
    assert len({describe(tag).script for tag in LANGUAGES}) > 25


@pytest.mark.parametrize("name", [name for name in METRICS if prose(name)])
def test_wrong_shapes_raise(name: str) -> None:
    answers = ["one", "two", "three"]
    with pytest.raises(IsoglossError, match="3 predictions but references for 1"):
        statistics(name, answers, [["one", "two", "three"]], "en")
    with pytest.raises(IsoglossError, match="row 0: references must be a list"):
        statistics(name, answers, ["one", "two", "three"], "en")  # type: ignore[arg-type]
    with pytest.raises(IsoglossError, match="row 1: references must be a list of at least one"):
        statistics(name, answers, [["one"], [], ["three"]], "en")


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if describe(tag).script != "Latn"])
def test_bleu_cuts_up_what_has_no_spaces(language: str) -> None:
    script = describe(language).script
    unspaced = script in UNSPACED or script in ("Hans", "Hant", "Jpan", "Kore")
    assert ("tok:13a" in signature("bleu", language)) is not unspaced


def test_answers_without_spaces_are_not_all_or_nothing() -> None:
    for language, answer, gold in (
        ("zh-Hans", "一九八五年", "一九八六年"),
        ("th", "กรุงเทพ", "กรุงเทพฯ"),
    ):
        assert 0 < total("f1", [answer], [[gold]], language) < 100
        assert total("exact_match", [answer], [["nothing", answer]], language) == 100


def test_the_bootstraps_standard_error_is_that_of_a_mean() -> None:
    generator = np.random.default_rng(0)
    rows = np.stack([(generator.random(400) < 0.4).astype(float), np.ones(400)], axis=1)
    share = rows[:, 0].mean()
    drawn = draws(rows, lambda sums: sums[..., 0] / sums[..., 1], resamples=20_000, seed=1)
    assert drawn.std() == pytest.approx(np.sqrt(share * (1 - share) / 400), rel=0.05)


def test_no_number_is_of_languages_pooled() -> None:
    """Ten times the records do not weigh a language ten times."""
    records = benchmarks.load_suite("smoke").records.filter(pl.col("language").is_in(["de", "fr"]))
    many = [
        records.filter(language="de").with_columns(id=pl.format("{}-{}", "id", pl.lit(n)))
        for n in range(10)
    ]
    records = pl.concat([records.filter(language="fr"), *many])
    answers = records.select(
        "id", prediction=pl.when(language="fr").then("output").otherwise(pl.lit("-"))
    )
    scores = benchmarks.score(answers, records, metrics=["chrf"], resamples=20)
    mean = scores.filter(pl.col("language").is_null())["score"].item()
    assert mean == pytest.approx(50, abs=1)


def test_an_off_target_rate_stands_beside_the_judges_own_error() -> None:
    records = benchmarks.load_suite("smoke").records
    answers = records.select("id", prediction=pl.lit("This is plainly an English sentence."))
    scores = benchmarks.score(answers, records, resamples=20)
    found = {
        name: dict(scores.filter(metric=name).filter(pl.col("source_language").is_null())["language", "score"].iter_rows())
        for name in ("wrong_language", "wrong_language_reference")
    }  # fmt: skip
    assert found["wrong_language"].keys() == found["wrong_language_reference"].keys()
    assert all(
        rate == 100 for tag, rate in found["wrong_language"].items() if tag not in ("en", None)
    )
    assert found["wrong_language"]["en"] == 0
    assert found["wrong_language_reference"][None] == 0


def official(text: str) -> str:
    """SQuAD's normalization, as its script does it."""
    text = "".join(char for char in text.lower() if char not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def official_f1(answer: str, gold: str) -> float:
    ours, theirs = official(answer).split(), official(gold).split()
    same = sum((Counter(ours) & Counter(theirs)).values())
    if not ours or not theirs:
        return float(ours == theirs)
    if same == 0:
        return 0.0
    precision, recall = same / len(ours), same / len(theirs)
    return 2 * precision * recall / (precision + recall)


WORDS = st.text(alphabet="abt heAn.,'-–“”½É 12\u00a0", max_size=24)


@given(answer=WORDS, golds=st.lists(WORDS, min_size=1, max_size=3))
@settings(deadline=None)
def test_english_answers_are_scored_as_squads_script_does(answer: str, golds: list[str]) -> None:
    exact = max(float(official(answer) == official(gold)) for gold in golds)
    overlap = max(official_f1(answer, gold) for gold in golds)
    assert total("exact_match", [answer], [golds], "en") == 100 * exact
    assert total("f1", [answer], [golds], "en") == pytest.approx(100 * overlap)


def xquad(path: Path) -> Iterator[str]:
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            for one in paragraph["qas"]:
                yield one["answers"][0]["text"]


@pytest.mark.parametrize("language", ["en", "de", "es", "zh", "ar", "th"])
def test_xquads_gold_answers_are_right_and_shuffled_ones_as_officially(
    language: str, shared_data: Path
) -> None:
    gold = list(xquad(shared_data / "xquad" / f"xquad.{language}.json"))
    tag = {"zh": "zh-Hans"}.get(language, language)
    references = [[one] for one in gold]
    assert total("exact_match", gold, references, tag) == 100
    assert total("f1", gold, references, tag) == pytest.approx(100)
    moved = gold[1:] + gold[:1]
    exact = [official(one) == official(other) for one, other in zip(moved, gold, strict=True)]
    overlap = [official_f1(one, other) for one, other in zip(moved, gold, strict=True)]
    told: dict[str, Any] = {"normalization": "squad"}
    assert total("exact_match", moved, references, tag, **told) == pytest.approx(
        100 * np.mean(exact)
    )
    assert total("f1", moved, references, tag, **told) == pytest.approx(100 * np.mean(overlap))


SENTENCE = st.lists(
    st.sampled_from("the cat sat on a mat , and slept . Ü 狗 ".split(" ")), max_size=8
).map(" ".join)


@given(
    pairs=st.lists(
        st.tuples(SENTENCE, st.lists(SENTENCE, min_size=2, max_size=2)), min_size=1, max_size=5
    )
)
@settings(deadline=None, max_examples=60)
def test_translations_are_scored_as_sacrebleu_does(pairs: list[tuple[str, list[str]]]) -> None:
    """Empty answers and references, single words, and several references among them."""
    answers, references = [one for one, _ in pairs], [two for _, two in pairs]
    streams = [list(one) for one in zip(*references, strict=True)]
    peers = {
        "bleu": sacrebleu.BLEU(force=True), "chrf": sacrebleu.CHRF(),
        "chrf++": sacrebleu.CHRF(word_order=2), "ter": sacrebleu.TER(),
    }  # fmt: skip
    for name, peer in peers.items():
        theirs = peer.corpus_score(answers, streams).score
        assert total(name, answers, references, "en") == pytest.approx(theirs, abs=1e-9), name


@given(answer=SENTENCE, reference=SENTENCE)
@settings(deadline=None, max_examples=60)
def test_summaries_are_scored_as_rouge_score_does(answer: str, reference: str) -> None:
    for stemmer in (False, True):
        kinds = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
        peer = rouge_score.rouge_scorer.RougeScorer(kinds, use_stemmer=stemmer)
        theirs = peer.score(reference, answer)
        for kind in kinds:
            ours = total(
                kind, [answer], [[reference]], "en", stemmer=stemmer, tokenizer="rouge-score"
            )
            assert ours == 100 * theirs[kind].fmeasure, (kind, stemmer)


def test_summaries_of_real_english_are_scored_as_rouge_score_does(shared_data: Path) -> None:
    folder = shared_data / "wmt22" / "de-en"
    read = [
        path.read_text("utf-8").split("\n")[:200] for path in sorted(folder.glob("*.[rh]*"))[:2]
    ]
    for kind in ("rouge1", "rouge2", "rougeL", "rougeLsum"):
        peer = rouge_score.rouge_scorer.RougeScorer([kind], use_stemmer=True)
        theirs = [peer.score(two, one)[kind].fmeasure for one, two in zip(*read, strict=True)]
        ours = statistics(
            kind, read[0], [[two] for two in read[1]], "en", stemmer=True, tokenizer="rouge-score"
        )
        assert ours[:, 0].tolist() == theirs


def test_several_answers_to_one_record_are_one_record() -> None:
    segments = Segments(["a", "b"], [["a"], ["a"]], "en", ids=["x", "x"])
    assert len(segments) == 2
    records = benchmarks.load_suite("smoke").records.head(1)
    twice = pl.DataFrame(
        {"id": [records["id"][0]] * 2, "sample": [0, 1], "prediction": [records["output"][0], ""]}
    )
    scores = benchmarks.score(twice, records, metrics=["empty"], resamples=10)
    assert scores["score"].to_list()[0] == 50
    assert scores["n"].to_list()[0] == 1


def test_flores_codes_and_tags_are_one_language() -> None:
    assert [canonical(code) for code in ("yor_Latn", "kor_Hang", "zho_Hans", "srp_Cyrl")] == [
        "yo", "ko", "zh-Hans", "sr-Cyrl",
    ]  # fmt: skip


def test_statistics_do_not_hang_on_how_many_are_counted_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from benchmarks.metrics import _ngrams, bleu, chrf

    texts = [f"the {n} cats sat on {n % 7} mats, {'and slept ' * (n % 5)}" for n in range(200)]
    references = [[text.replace("cats", "dogs"), text[: n % 30]] for n, text in enumerate(texts)]
    names = ("bleu", "chrf", "chrf++")
    whole = {name: statistics(name, texts, references, "en") for name in names}
    monkeypatch.setattr(_ngrams, "_BLOCK", 500)
    for cached in (chrf._references, bleu._references):
        cached.cache_clear()
    for name in names:
        assert statistics(name, texts, references, "en").tolist() == whole[name].tolist()
    for cached in (chrf._references, bleu._references):
        cached.cache_clear()
