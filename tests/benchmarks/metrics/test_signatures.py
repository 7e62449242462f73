"""Signatures say all that sacrebleu's do."""

from __future__ import annotations

import polars as pl
import pytest
import sacrebleu

import benchmarks
from isogloss.records import SCHEMA, with_ids


@pytest.mark.parametrize("language", ["de", "zh-Hans", "ja", "ko", "th"])
@pytest.mark.parametrize("several", [[1, 1], [2, 2], [1, 2]])
def test_signatures_say_all_that_sacrebleus_say(language: str, several: list[int]) -> None:
    words = {
        "de": "ein Hund",
        "zh-Hans": "一只狗",
        "ja": "犬がいる",
        "ko": "개가 있다",
        "th": "มีหมา",
    }
    text = words[language]
    rows = [
        {
            "task": "translation", "language": language, "source_language": "en",
            "input": f"a dog {number}", "references": [text] * count,
        }
        for number, count in enumerate(several)
    ]  # fmt: skip
    records = with_ids(pl.DataFrame(rows, schema=SCHEMA))
    answers = records.select("id", prediction=pl.lit(text))
    options = {"bleu": {"lowercase": True}, "ter": {"case_sensitive": True}}
    names = ["bleu", "chrf", "chrf++", "ter"]
    scores = benchmarks.score(answers, records, metrics=names, options=options, resamples=5)
    ours = {
        row["metric"]: row["signature"] for row in scores.iter_rows(named=True) if row["language"]
    }
    asian = language in ("zh-Hans", "ja")
    tokenizers = {"zh-Hans": "zh", "ja": "ja-mecab", "ko": "ko-mecab", "th": "char"}
    theirs = {
        "bleu": sacrebleu.BLEU(lowercase=True, tokenize=tokenizers.get(language, "13a")),
        "chrf": sacrebleu.CHRF(),
        "chrf++": sacrebleu.CHRF(word_order=2),
        "ter": sacrebleu.TER(case_sensitive=True, normalized=asian, asian_support=asian),
    }
    streams = [[text if n < count else None for count in several] for n in range(max(several))]
    for name, metric in theirs.items():
        metric.corpus_score([text] * len(several), streams)
        said = set(metric.get_signature().format().split("|"))
        if (language, name) in (("th", "ter"), ("th", "bleu")):
            # Cut into characters beforehand; and the FLORES-200 model may be there.
            said = {one for one in said if not one.startswith("tok:")}
        assert said <= set(ours[name].split("|")), ours[name]


def test_a_pair_of_languages_tells_its_own_number_of_references() -> None:
    rows = [
        {
            "task": "translation", "language": "de", "source_language": source,
            "input": f"{source} {number}", "references": ["ja"] * count,
        }
        for source, count in (("en", 1), ("fr", 2))
        for number in range(3)
    ]  # fmt: skip
    records = with_ids(pl.DataFrame(rows, schema=SCHEMA))
    answers = records.select("id", prediction=pl.lit("ja"))
    table = benchmarks.score(answers, records, metrics=["chrf"], resamples=5)
    told = {
        row["source_language"]: row["signature"].split("|nrefs:")[1].split("|")[0]
        for row in table.iter_rows(named=True)
        if row["language"]
    }
    assert told == {None: "var", "en": "1", "fr": "2"}
