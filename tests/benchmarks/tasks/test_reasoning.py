"""Reasoning before an answer: taken off, counted, and told from text about its marks."""

from __future__ import annotations

import json
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import done
from support.outputs import HEAD, answers, records, suite

import benchmarks
from benchmarks.reasoning import begun, kept, split

FENCE = "```"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # As Qwen3, DeepSeek-R1 and most write it; opened by the prompt; empty; several; nested.
        ("<think>\nHm, a house.\n</think>\n\nHaus", "Haus"),
        ("\n <think>Hm.</think>Haus", "Haus"),
        ("Hm, a house.\n</think>\n\nHaus", "Haus"),
        ("Hm, a house.</think>Haus", "Haus"),
        ("\n\n</think>\n\nHaus", "Haus"),
        ("<think>\n\n</think>\n\nHaus", "Haus"),
        ("<think>a</think>\n<think>b</think>\nHaus", "Haus"),
        ("<think>a <think>b</think> c</think>Haus", "Haus"),
        ('He says "Haus"</think>"Haus"', '"Haus"'),
        (f"{FENCE}\ndraft\n{FENCE}\nBetter.</think>{FENCE}\nx\n{FENCE}", f"{FENCE}\nx\n{FENCE}"),
        (f"{FENCE}python\ndraft\n</think>\n{FENCE}python\nx\n{FENCE}", f"{FENCE}python\nx\n{FENCE}"),
        # Cut off before there was an answer.
        ("<think>\nHm, a house", ""),
        ("<|channel|>analysis<|message|>Hm, a", ""),
        ("[THINK]Hm", ""),
        # Other marks: Claude-like, Reflection, Marco-o1, Seed-OSS, Magistral, Kimi-VL, OpenThinker,
        # Command A, Apertus, MedGemma, Gemma 4, Granite, Hunyuan.
        ("<thinking>Hm.</thinking>\nHaus", "Haus"),
        ("<THINKING>Hm.</Thinking>\nHaus", "Haus"),
        ("<reasoning>Hm.</reasoning><answer>\nHaus\n</answer>", "Haus"),
        ("<Thought>Hm.</Thought>\n<Output>Haus</Output>", "Haus"),
        ("<seed:think>Hm.</seed:think>Haus", "Haus"),
        ("[THINK]Hm.[/THINK]Haus", "Haus"),
        ("◁think▷Hm.◁/think▷Haus", "Haus"),
        ("<|begin_of_thought|>Hm.<|end_of_thought|>\n\n<|begin_of_solution|>Haus<|end_of_solution|>", "Haus"),
        ("<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Haus<|END_RESPONSE|>", "Haus"),
        ("<|inner_prefix|>Hm.<|inner_suffix|>Haus", "Haus"),
        ("<unused94>thought\nHm.<unused95>Haus", "Haus"),
        ("<|channel>thought\nHm.<channel|>Haus", "Haus"),
        ("Here is my thought process:\nHm.\n\nHere is my response:\nHaus", "Haus"),
        ("<think>\nHm.\n</think>\n<answer>\nHaus\n</answer>", "Haus"),
        # GPT-OSS: whole, begun by the prompt, and decoded without its special tokens.
        (
            "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Haus<|return|>",
            "Haus",
        ),
        ("Hm.<|end|><|start|>assistant<|channel|>final<|message|>Haus", "Haus"),
        ("analysisHm, a house.assistantfinalHaus", "Haus"),
    ],
)  # fmt: skip
def test_reasoning_is_taken_off(text: str, answer: str) -> None:
    reasoning, said = split(text)
    assert said.strip() == answer
    assert reasoning
    assert text.startswith(reasoning)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>a</think>Haus<think>b</think>", "Haus"),
        ("<think>a</think>Ein <think>b</think>Haus", "Ein Haus"),
        ("<think>a</think>\n</think>\nHaus", "Haus"),
        ("Gladly:\n<think>a</think>\nHaus", "Gladly:\n\nHaus"),
        ("Haus\n\n<thinking>Is it?\nIt is.</thinking>", "Haus"),
        ("a</think>Haus\n<think>b</think>", "Haus"),
        (f"<think>a</think>\n{FENCE}python\nx = '<think>b</think>'\n{FENCE}", f"{FENCE}python\nx = '<think>b</think>'\n{FENCE}"),
        ("<think>a</think>\nx = '<think>b</think>'", "x = '<think>b</think>'"),
        ("<think>a</think>Write `<think>b</think>`.", "Write `<think>b</think>`."),
    ],
)  # fmt: skip
def test_reasoning_that_goes_on_later_is_taken_off_too(text: str, answer: str) -> None:
    reasoning, said = split(text)
    assert said.strip() == answer
    assert reasoning


@pytest.mark.parametrize(
    "text",
    [
        "Haus",
        "",
        "I <think> so. </think> Really.",
        "`</think>` ends what <think> began.",
        'The mark is "</think>".',
        '    return text.split("</think>")[-1]\n',
        '    """Return what stands behind </think>."""\n    return text\n',
        "import re\n\ndef f(text):\n    # up to </think>\n    return text\n",
        f"{FENCE}python\ndef f(text):\n    # up to </think>\n    return text\n{FENCE}",
        f"So:\n{FENCE}python\nre.sub('<think>.*?</think>', '', text)\n{FENCE}",
        "<thinker>Haus</thinker>",
        "Here is my thought process: none.",
        "analysis of a house",
    ],
)
def test_text_about_marks_is_an_answer(text: str) -> None:
    assert split(text) == ("", text)


def test_a_mark_that_was_asked_about_is_text() -> None:
    for asked, text in [
        ("<think> is a mark.", "<think> ist ein Zeichen."),
        ("<think>Hello</think>", "<think>Hallo</think>"),
        ("It ends at </think>.", "Es endet bei </think>."),
        ("<|channel|>final<|message|>Hello", "<|channel|>final<|message|>Hallo"),
    ]:
        assert split(text, asked) == ("", text)
        assert split(f"<think>\nHm.\n</think>\n{text}", asked)[1].strip() == text
    assert split("Hm.\n</think>\nEs endet bei </think>.", "It ends at </think>.")[1].strip() == (
        "Es endet bei </think>."
    )


@given(st.text(), st.text(), st.text())
def test_nothing_but_reasoning_is_lost(before: str, text: str, asked: str) -> None:
    assert split(text) == ("", text) or text.startswith(split(text)[0])
    if "<" not in before + text:
        assert split(f"<think>{before}</think>{text}", asked) == (f"<think>{before}</think>", text)
        assert split(f"<think>{before}") == (f"<think>{before}", "")


@pytest.mark.parametrize(
    "text",
    ["</think>` " * 9000, "`</think>` " * 9000, "<think>" * 14_000, "<think></think>" * 6000,
     "<|channel|>final" * 6000, "x\n<think>" * 9000, "x\n<think></think>" * 6000, "[" * 100_000 + "</think>", "<think>" * 7000 + "</think>" * 7000],
)  # fmt: skip
def test_hostile_text_is_read_at_once(text: str) -> None:
    began = time.process_time()
    split(text)
    assert time.process_time() - began < 5


def test_what_a_prompt_begins_and_what_decoding_keeps() -> None:
    assert begun("<|im_start|>assistant\n<think>\n") == "<think>"
    assert begun("Is <think> a mark?\n") == ""
    assert begun("<think>\n\n</think>\n\n") == ""
    assert kept(["a", "<|end|>"]) == set()
    assert kept(["[THINK]", "a", "[/THINK]", "</s>"]) == {"[THINK]", "[/THINK]"}


ROWS = [
    {"input": "house", "output": "Haus"},
    {"task": "qa", "source_language": None, "input": "Where?", "output": "Berlin"},
    {"task": "summarization", "source_language": None, "input": "Long.", "output": "Kurz."},
    {
        "task": "code", "source_language": None, "input": 'def f(x):\n    """Double."""\n',
        "output": 'def f(x):\n    """Double."""\n    return 2 * x\n', "tests": "assert f(2) == 4",
    },
]  # fmt: skip


def test_every_task_is_scored_without_it_and_counts_it(tmp_path: Path) -> None:
    plain = {"instruction_language": "en", "instruction": "x", "references": None, "tests": None}
    spec = suite(tmp_path, *[plain | row | {"references": [row["output"]]} for row in ROWS])
    asked = records(spec)
    texts = [f"<think>\nIs it {text}?\n</think>\n\n{text}" for text in asked["output"]]
    path = tmp_path / "theirs.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": name, "prediction": text}) + "\n"
            for name, text in zip(asked["id"], texts, strict=True)
        )
    )
    run = tmp_path / "run"
    metrics = ("chrf", "f1", "exact_match", "answer_in_text", "rougeL", "pass@1", "code_match")
    named = [word for name in (*metrics, "reasoning", "empty") for word in ("--metric", name)]
    done("score", "--predictions", path, "--suite", spec, "--out", run, "--resamples", "5", *named)
    assert sorted(answers(run).values()) == sorted(texts), "what was written stays as it was"
    scores = pl.read_parquet(run / "scores.parquet").filter(pl.col("language") == "de")
    found = {(row["task"], row["metric"]): row["score"] for row in scores.iter_rows(named=True)}
    for task, main in [
        ("translation", "chrf"), ("qa", "f1"), ("qa", "exact_match"), ("qa", "answer_in_text"),
        ("summarization", "rougeL"), ("code", "pass@1"), ("code", "code_match"),
    ]:  # fmt: skip
        assert found[task, main] == pytest.approx(100), (task, main)
    for task in ("translation", "qa", "summarization", "code"):
        assert found[task, "reasoning"] == 100
        assert found[task, "empty"] == 0


def test_cut_off_reasoning_is_an_empty_answer_and_what_it_says_counts_for_nothing() -> None:
    asked = benchmarks.load_suite("smoke").records.filter(language="de")
    texts = ["<think>" + asked["output"][0], *asked["output"][1:]]
    predictions = asked.select("id", prediction=pl.Series(texts))
    found = benchmarks.score(predictions, asked, resamples=5).filter(pl.col("language") == "de")
    scores = dict(
        found.filter(pl.col("source_language").is_null()).select("metric", "score").rows()
    )
    share = 100 / asked.height
    assert scores["empty"] == scores["reasoning"] == pytest.approx(share)
    assert scores["chrf"] < 100


def test_answers_by_position_reason_too(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text(
        json.dumps({"task": "translation", "language": "de", "source_language": "en",
                    "instruction": "x", "input": "house", "output": "Haus"}) + "\n"
    )  # fmt: skip
    (tmp_path / "s.toml").write_text(HEAD + 'records = "s.jsonl"\n')
    (tmp_path / "o.txt").write_text("<think>Hm.</think> Haus\n")
    done("score", "--predictions", tmp_path / "o.txt", "--suite", tmp_path / "s.toml",
         "--out", tmp_path / "run", "--metric", "chrf", "--metric", "reasoning")  # fmt: skip
    scores = pl.read_parquet(tmp_path / "run" / "scores.parquet")
    assert set(scores["score"]) == {100.0}
