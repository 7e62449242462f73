"""What is asked and how it is judged: languages and pairs as chosen, options by language, segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.command import command, done, wrong
from support.corpora import write_corpus
from support.outputs import suite, words

import benchmarks
from benchmarks.catalog import check_metrics, options_of
from benchmarks.metrics._base import Segments
from benchmarks.suites.file import Selection
from isogloss.command.options import metric_options
from isogloss.errors import IsoglossError


@pytest.fixture
def several(tmp_path: Path) -> str:
    """A suite of translations from English into German and Chinese, and of German questions."""
    return str(
        suite(
            tmp_path,
            *words(2),
            *words(2, language="zh-Hans"),
            *words(2, task="qa", source_language=None),
        )
    )


def corpus(spec: str, folder: Path) -> str:
    """Write a suite's records as the test split of a corpus."""
    records = benchmarks.load_suite(spec).records.with_columns(split=pl.lit("test"))
    return f"corpus:{write_corpus(folder, records.to_dicts())}"


@pytest.mark.parametrize("kind", ["file", "corpus"])
def test_what_is_chosen_and_not_there_is_told(kind: str, several: str, tmp_path: Path) -> None:
    spec = several if kind == "file" else corpus(several, tmp_path / "corpus")

    def refused(what: str, **choice: Any) -> None:
        with pytest.raises(IsoglossError, match=what):
            benchmarks.load_suite(spec, Selection(**choice))

    refused("there is nothing in fi", languages=("de", "fi"))
    refused("there is nothing in fi, sw", languages=("de", "fi", "sw"))
    refused("there is nothing in en:fi", pairs=("en:de", "en:fi"))
    refused(
        "the pair en:zh-Hans is not into any of the languages de",
        pairs=("en:zh-Hans",),
        languages=("de",),
    )
    found = benchmarks.load_suite(spec, Selection(pairs=("en:de",), languages=("deu_Latn",)))
    assert set(found.records["task"]) == {"translation", "qa"}
    assert found.records.height == 4
    both = benchmarks.load_suite(spec, Selection(languages=("en", "de", "zh-Hans")))
    assert both.records.height == 6


def test_a_language_in_none_of_a_suites_pairs_is_told(tmp_path: Path) -> None:
    def refused(what: str, **choice: Any) -> None:
        with pytest.raises(IsoglossError, match=what):
            benchmarks.load_suite("wmt24", Selection(data=tmp_path, **choice))

    refused("no pair that is asked of wmt24 is from or into fi", languages=("en", "de", "fi"))
    refused("from or into ja", pairs=("en:de",), languages=("de", "ja"))
    refused("the pair en:fr is not into any of", pairs=("en:fr",), languages=("de",))


def test_the_command_drops_no_language_without_a_word(tmp_path: Path) -> None:
    chosen = ["--language", "de", "--language", "fi", "--out", tmp_path / "run"]
    wrong(command("score", "copy", "--suite", "starter", *chosen), "there is nothing in fi")
    assert not (tmp_path / "run").exists()


def tokenizer(language: str, by_language: dict[str, Any]) -> Any:
    options = {"bleu": {"by_language": by_language}}
    check_metrics((), options, where="here")
    return options_of("bleu", language, options).tokenizer


@pytest.mark.parametrize(
    ("key", "language", "serves"),
    [
        ("zh", "zh-Hans", True),
        ("zh", "zh-Hant", False),
        ("zh_hans", "zh-Hans", True),
        ("deu_Latn", "de", True),
        ("de", "de-AT", True),
        ("sr-Latn", "sr", False),
    ],
)
def test_options_of_a_language_serve_it_however_it_is_written(
    key: str, language: str, serves: bool
) -> None:
    assert (tokenizer(language, {key: {"tokenizer": "char"}}) == "char") is serves


def test_the_nearest_language_serves() -> None:
    both = {"pt": {"tokenizer": "char"}, "pt-BR": {"tokenizer": "13a"}}
    assert tokenizer("pt-BR", both) == "13a"
    assert tokenizer("pt-PT", both) == "char"


def test_options_by_language_that_will_not_do_are_told() -> None:
    for given, what in [
        ({"xx-notalang": {}}, "not a language tag"),
        ("squad", "no table of languages"),
        ({"de": "squad"}, "by_language.de: is no table of options"),
        ({"zh-Hans": {}, "zh_hans": {}}, "zh-Hans is there twice"),
        ({"de": {"normalisation": "squad"}}, "unknown key 'normalisation'"),
    ]:
        with pytest.raises(IsoglossError, match=what):
            check_metrics((), {"f1": {"by_language": given}}, where="here")


def test_options_are_read_as_typed() -> None:
    texts = [
        "f1.normalization=squad",
        "f1.by_language.de.normalization=language",
        "f1.by_language.zh-Hans.normalization=squad",
        "pass@1.timeout_s=2",
        "chrf++.x=a.b=c",
    ]
    assert metric_options(texts) == {
        "f1": {
            "normalization": "squad",
            "by_language": {
                "de": {"normalization": "language"}, "zh-Hans": {"normalization": "squad"},
            },
        },
        "pass@1": {"timeout_s": 2},
        "chrf++": {"x": "a.b=c"},
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["f1.by_language=squad", "f1.by_language.de=squad", "f1.de.by_language.x=1", "f1.a.b=1",
     "f1.by_language..normalization=squad", "f1.by_language.de.normalization=", ".x=1"],
)  # fmt: skip
def test_options_that_are_none_are_told(text: str) -> None:
    with pytest.raises(IsoglossError, match=r"by_language\.LANGUAGE\.OPTION=VALUE"):
        metric_options([text])


def test_options_of_one_language_leave_the_suites_for_others(several: str) -> None:
    first = benchmarks.with_options(
        benchmarks.load_suite(several),
        {
            "f1": {
                "normalization": "language",
                "by_language": {"zh-Hans": {"normalization": "squad"}},
            }
        },
    )
    then = benchmarks.with_options(
        first, metric_options(["f1.by_language.deu_Latn.normalization=squad"])
    )
    assert options_of("f1", "de", then.metrics).normalization == "squad"
    assert options_of("f1", "zh-Hans", then.metrics).normalization == "squad"
    assert options_of("f1", "fr", then.metrics).normalization == "language"
    assert then.sha256 != first.sha256


def test_an_option_of_one_language_goes_through_the_command(several: str, tmp_path: Path) -> None:
    option = ["--metric", "f1", "--metric-option"]
    score = ["score", "copy", "--suite", several, "--resamples", "5", "--out", tmp_path / "run"]
    wrong(command(*score, *option, "f1.by_language=squad"), "is not METRIC.OPTION=VALUE")
    wrong(command(*score, *option, "f1.by_language.q0.normalization=squad"), "not a language tag")
    done(*score, *option, "f1.by_language.de.normalization=squad")


def segments(**more: Any) -> Segments:
    plain: dict[str, Any] = {
        "answers": ["a", "b"],
        "references": [["a"], ["b", "c"]],
        "language": "de",
    }
    return Segments(**(plain | more))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"answers": "ab"}, "answers must be a list of texts, not str"),
        ({"answers": ["a", None]}, "row 1: answers must be texts, not NoneType"),
        ({"answers": [3, "b"]}, "row 0: answers must be texts, not int"),
        ({"inputs": "ab"}, "inputs must be a list of texts, not str"),
        ({"inputs": ["a", 1]}, "row 1: inputs must be texts, not int"),
        ({"texts": ["a", None]}, "row 1: texts must be texts, not NoneType"),
        ({"tests": ["a", 1]}, "row 1: tests must be texts, not int"),
        ({"references": "ab"}, "references must be a list of texts, not str"),
        ({"references": [["a"], "b"]}, "row 1: references must be a list of texts, not str"),
        ({"references": [["a"], None]}, "row 1: references must be a list of texts, not NoneType"),
        ({"references": [["a"], ["b", None]]}, "row 1: references must be texts, not NoneType"),
        ({"references": [["a"], []]}, "row 1: references must be a list of at least one text"),
        ({"language": "xx-notalang"}, "language: 'xx-notalang' is not a language tag"),
    ],
)
def test_segments_of_the_wrong_kind_are_told(more: dict[str, Any], what: str) -> None:
    with pytest.raises(IsoglossError) as told:
        segments(**more)
    assert what in str(told.value)


def test_segments_are_of_canonical_languages_and_may_lack_programs() -> None:
    made = segments(language="deu_Latn", tests=["x", None], references=(("a",), ("b",)))
    assert made.language == "de"
    assert list(made.inputs) == ["", ""]
