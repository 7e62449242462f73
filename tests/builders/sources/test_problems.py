"""Programming problems: HumanEval's, MBPP's and mHumanEval's files become examples with tests."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sources import read, texts

from benchmarks.sandbox import run_all
from benchmarks.tasks.code import read_answer
from builders.readers.programs import is_masked, undoubled
from builders.templates.loading import list_templates, load_templates
from isogloss.errors import IsoglossError

STUB = 'from typing import List\n\n\ndef add_all(xs: List[int]) -> int:\n    """{}"""\n'
BODY = "    total = 0\n    for x in xs:\n        total += x\n    return total\n"
TEST = "def check(candidate):\n    assert candidate([1, 2]) == 3\n"
PROBLEM = {
    "task_id": "T/0", "prompt": STUB.format("Add."), "canonical_solution": BODY,
    "entry_point": "add_all", "test": TEST,
}  # fmt: skip


def write(path: Path, *problems: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in problems), encoding="utf-8")


def problems(folder: Path, *rows: dict[str, Any], **options: Any) -> pl.DataFrame:
    write(folder / "p.jsonl", *rows)
    return read("problems", folder, ("en", "de", "ar"), path="p.jsonl", **options)


def twice_encoded(text: str) -> str:
    return text.encode().decode("latin-1")


def test_a_problem_of_human_eval_is_a_stub_a_program_and_its_tests(tmp_path: Path) -> None:
    found = problems(tmp_path, PROBLEM, language="en", split="test")
    row = found.row(0, named=True)
    assert row["input"] == PROBLEM["prompt"]
    assert row["output"] == PROBLEM["prompt"] + BODY
    assert row["references"] == [row["output"]]
    assert row["tests"] == f"{TEST}\ncheck(add_all)\n"
    assert (row["task"], row["language"], row["split"]) == ("code", "en", "test")
    assert row["source_id"] == "p.jsonl#T/0"
    assert row["rejected_by"] is None
    assert read_answer(BODY, given=row["input"]) == row["output"].rstrip("\n")


def test_a_problem_of_mbpp_shows_its_tests(tmp_path: Path) -> None:
    mbpp = {
        "task_id": 11, "text": "Remove the first x.", "code": "import re\r\ndef f(s):\r\n  return s",
        "test_list": ["assert f('a') == 'a'", "assert y == 1"], "test_setup_code": "y = 1",
    }  # fmt: skip
    later = {
        "prompt": "Write one.", "code": "def g():\n    return 1\n", "test_list": ["assert g() == 1"],
        "test_imports": ["import math"],
    }  # fmt: skip
    found = problems(tmp_path, mbpp, later, language="en")
    first, second = found.rows(named=True)
    assert first["input"] == "Remove the first x.\n\nassert f('a') == 'a'\nassert y == 1"
    assert first["output"] == "import re\ndef f(s):\n  return s\n"
    assert first["tests"] == "y = 1\nassert f('a') == 'a'\nassert y == 1\n"
    assert second["tests"] == "import math\nassert g() == 1\n"
    assert [row["source_id"] for row in (first, second)] == ["p.jsonl#11", "p.jsonl#2"]
    jobs = [(row["output"], row["tests"]) for row in (first, second)]
    assert all(outcome.passed for outcome in run_all(jobs))


def test_languages_are_told_by_a_column_a_name_or_the_options(tmp_path: Path) -> None:
    rows = [PROBLEM | {"nl": code} for code in ("deu_Latn", "fra_Latn", "arb_Arab")]
    assert problems(tmp_path, *rows)["language"].to_list() == ["de", "ar"]
    write(tmp_path / "code-deu_Latn.jsonl", PROBLEM)
    named = read("problems", tmp_path, ("en", "de"), path="code-{language}.jsonl")
    assert named["language"].to_list() == ["de"]
    with pytest.raises(IsoglossError, match=r"p\.jsonl:1: nothing says the language"):
        problems(tmp_path, PROBLEM)
    with pytest.raises(IsoglossError, match=r"p\.jsonl:1: 'klingonish' is not a language tag"):
        problems(tmp_path, PROBLEM | {"nl": "klingonish"})


def test_translations_of_a_problem_are_one_group(tmp_path: Path) -> None:
    german = PROBLEM | {"prompt": STUB.format("Addiere."), "nl": "de", "task_id": None}
    spaced = german | {"canonical_solution": BODY.replace("total = 0", "total  =  0  # start")}
    other = german | {"canonical_solution": "    return sum(xs)\n"}
    found = problems(tmp_path, PROBLEM, german, spaced, other, language="en")
    first, *rest = found["group"].to_list()
    assert [group == first for group in rest] == [True, True, False]


def test_the_function_is_the_last_where_none_is_named(tmp_path: Path) -> None:
    prompt = 'def one():\n    return 1\n\ndef two():\n    """Two."""\n'
    row = {"prompt": prompt, "canonical_solution": "    return 2 * one()", "test": TEST}
    found = problems(tmp_path, row, language="en").row(0, named=True)
    assert found["tests"].endswith("check(two)\n")
    named = problems(tmp_path, row | {"entry_point": "one"}, language="en").row(0, named=True)
    assert named["tests"].endswith("check(one)\n")


def test_a_stub_without_a_docstring_will_do(tmp_path: Path) -> None:
    row = PROBLEM | {"prompt": "def add_all(xs):\n", "canonical_solution": "    return sum(xs)"}
    assert texts(problems(tmp_path, row, language="en")) == [
        ("def add_all(xs):\n", "def add_all(xs):\n    return sum(xs)\n")
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"prompt": "def add_all(xs:\n"}, "its prompt is not Python"),
        ({"prompt": "x = 1\n", "entry_point": None}, "it has no entry point"),
        ({"entry_point": "sub"}, "its prompt defines no function sub"),
        ({"canonical_solution": ""}, "its solution does not complete its prompt"),
        ({"canonical_solution": "    return ("}, "its solution does not complete its prompt"),
        ({"canonical_solution": "def f():\n    pass\nreturn"}, None),
        ({"test": "assert add_all([]) == 0"}, "its tests define no function check"),
        ({"test": "def check("}, "its tests define no function check"),
        ({"prompt": STUB.format("___ ____ __ a_ x")}, "letters of its text are masked"),
        (
            {"prompt": twice_encoded(STUB.format("Größe über Äpfel")).replace("\xc3", "")},
            "its text was encoded twice, and parts of it are lost",
        ),
    ],
)
def test_broken_problems_are_rejected_with_a_reason(
    change: dict[str, Any], reason: str | None, tmp_path: Path
) -> None:
    found = problems(tmp_path, PROBLEM | change, language="en").row(0, named=True)
    if reason is None:
        assert found["tags"] == ["mended:indentation"]
        return
    assert found["rejected_by"] == "source"
    assert found["reason"].startswith(reason)
    assert found["input"] is not None, "a broken row is shown, not lost"


def test_what_can_be_mended_is_and_is_tagged(tmp_path: Path) -> None:
    arabic = STUB.format("اجمع كل الأعداد")
    flush = "total = 0\nfor x in xs:\n    total += x\nreturn total\n"
    rows = [
        PROBLEM | {"prompt": arabic, "nl": "ar"},
        PROBLEM | {"prompt": twice_encoded(arabic), "nl": "ar"},
        PROBLEM | {"canonical_solution": flush, "nl": "en"},
    ]
    found = problems(tmp_path, *rows)
    assert found["input"].to_list() == [arabic, arabic, PROBLEM["prompt"]]
    assert found["tags"].to_list() == [[], ["mended:double-encoding"], ["mended:indentation"]]
    assert found["output"][2] == PROBLEM["prompt"] + BODY
    assert found["group"].n_unique() == 1


@given(st.text())
def test_text_encoded_twice_comes_back_and_other_text_stays(text: str) -> None:
    assert undoubled(twice_encoded(text)) == text
    if any(ord(character) > 255 for character in text):
        assert undoubled(text) in (text, None)
    if text.isascii():
        assert undoubled(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Größe",
        "«Élan» à côté",
        "CAFÉ",
        "São João",
        "Đặng",
        "日本語",
        "naïve ½ £",
        "ÅÄÖ åäö",
        "Ã",
        "",
    ],
)
def test_words_with_accents_are_not_taken_for_damage(text: str) -> None:
    assert undoubled(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Give is_prime(x) and min_sub_array", False),
        ("replace spaces: fix_spaces(' a_b') == '_a__b_' and \"__x__\"", False),
        ("call _helper and __init__", False),
        ("one _ alone", False),
        ("Napisz funkcj_, kt_ra __czy li_cie", True),
        ("___ _____ ______", True),
    ],
)
def test_masks_are_told_from_names(text: str, masked: bool) -> None:
    assert is_masked(text, {"_helper", "__init__"}) is masked


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{broken", r"p\.jsonl:2: Invalid JSON"),
        ("[1]", r"p\.jsonl:2: Input should be an object"),
        ('{"prompt": 3}', r"p\.jsonl:2: prompt: Input should be a valid string"),
        ('{"prompt": "def f(): ..."}', r"p\.jsonl:2: is no problem with a solution and tests"),
    ],
)
def test_broken_lines_are_rejected_with_their_place(line: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(f"{json.dumps(PROBLEM)}\n{line}\n")
    good, broken = read("problems", tmp_path, ("en",), path="p.jsonl", language="en").to_dicts()
    assert good["reason"] is None
    assert re.match(told, broken["reason"])
    (tmp_path / "p.jsonl").write_text(f"\n{line}\n")
    with pytest.raises(IsoglossError, match=told):
        read("problems", tmp_path, ("en",), path="p.jsonl", language="en")


def test_what_the_layout_of_a_problem_does_not_have_may_be_anything(tmp_path: Path) -> None:
    strange = {"text": 3, "test_list": "no list", "test_imports": None, "extra": {"a": [1]}}
    plain = problems(tmp_path, PROBLEM, language="en")
    assert problems(tmp_path, PROBLEM | strange, language="en").equals(plain)
    mbpp = {"task_id": 1, "text": "One.", "code": "def f():\n    return 1\n",
            "test_list": ["assert f() == 1"], "test_imports": None}  # fmt: skip
    plain = problems(tmp_path, mbpp, language="en")
    assert plain["reason"].to_list() == [None]
    more = {"prompt": 5, "test": ["x"], "entry_point": 3}
    assert problems(tmp_path, mbpp | more, language="en").equals(plain)
    write(tmp_path / "p-deu_Latn.jsonl", PROBLEM | {"nl": 3})
    named = read("problems", tmp_path, ("de",), path="p-{language}.jsonl")
    assert named["reason"].to_list() == [None]


def test_compressed_files_are_the_same(tmp_path: Path) -> None:
    plain = problems(tmp_path, PROBLEM, language="en")
    packed = gzip.compress((tmp_path / "p.jsonl").read_bytes())
    (tmp_path / "p.jsonl.gz").write_bytes(packed)
    other = read("problems", tmp_path, ("en",), path="p.jsonl.gz", language="en")
    assert other.drop("source_id").equals(plain.drop("source_id"))


def test_all_of_human_eval_is_kept(shared_data: Path) -> None:
    folder = shared_data / "humaneval"
    found = read("problems", folder, ("en",), path="HumanEval.jsonl.gz", language="en")
    assert found.height == 164
    assert found["reason"].null_count() == 164
    assert found["group"].n_unique() == 164


def test_of_mhumaneval_what_is_masked_or_lost_is_rejected(shared_data: Path) -> None:
    suite = Path(__file__).parents[3] / "benchmarks" / "suites" / "mhumaneval.toml"
    languages = tuple(tomllib.loads(suite.read_text(encoding="utf-8"))["languages"])
    folder = shared_data / "humaneval"
    found = read("problems", folder, languages, path="mHumanEval-mini.json")
    assert found.height == 203
    kept = found.filter(pl.col("reason").is_null())
    assert kept.height == kept["language"].n_unique() == 190
    assert kept["tags"].list.contains("mended:double-encoding").sum() == 151
    rejected = dict(
        found.filter(pl.col("reason").is_not_null()).select("language", "reason").rows()
    )
    assert rejected["el"] == "letters of its text are masked with underscores"
    assert rejected["pl"] == "its text was encoded twice, and parts of it are lost"
    english = read("problems", folder, ("en",), path="HumanEval.jsonl.gz", language="en")
    assert kept["group"].is_in(english["group"].implode()).all(), "one split for all languages"
    some = kept.gather_every(10)
    jobs = [
        (read_answer(f"```python\n{answer}```", given=asked), tests)
        for asked, answer, tests in some.select("input", "output", "tests").rows()
    ]
    assert all(outcome.passed for outcome in run_all(jobs))


def test_the_task_is_asked_in_every_language_of_the_others() -> None:
    known = list_templates()
    assert known["code"] == known["translation"]
    table = load_templates().table.filter(task="code")
    assert table["count"].unique().to_list() == [3]
    assert table["instruction"].n_unique() == table.height
