"""Code: reading a program from what a model writes, and scoring it by its tests."""

from __future__ import annotations

import ast
import gzip
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.metrics import METRICS, signature

import benchmarks
from benchmarks import sandbox
from benchmarks.catalog import list_metrics, list_tasks, options_of
from benchmarks.metrics._base import Array, Segments
from benchmarks.metrics.pass_at import pass_at
from benchmarks.tasks.code import read_answer
from isogloss.errors import IsoglossError
from isogloss.records import SCHEMA

STUB = '''import math
from typing import List


def half(x: float) -> float:
    return x / 2


def areas(radii: List[float]) -> List[float]:
    """Return the areas of circles.
    >>> areas([1.0])
    [3.141592653589793]
    """
'''
BODY = "    return [math.pi * r**2 for r in radii]\n"
WHOLE = STUB + BODY
ALONE = f"def areas(radii):\n{BODY}"
CHECK = "assert areas([2]) == [math.pi * 4] and areas([]) == [] and half(4) == 2"


def means_the_same(program: str, other: str) -> bool:
    return ast.dump(ast.parse(program)) == ast.dump(ast.parse(other))


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        BODY,
        f"\n{BODY}",
        BODY.strip(),
        f"{BODY}\ndef other(x):\n    return x\n",
        f"{BODY}\nprint(areas([1]))",
        f"{BODY}\nif __name__ == '__main__':\n    areas([])",
        f"{BODY}\n# That is all.",
        f"{BODY}\nclass Circle:\n    pass",
        f"Of course:\n\n```python\n{WHOLE}```\n\nIt squares each radius.",
        f"```\n{WHOLE}\n```",
        f"~~~py\n{WHOLE}~~~",
        f"````python\n{WHOLE}````\n",
        f"```python title='a`b'\nnonsense\n~~~\n{WHOLE}",
        f"```python\n{WHOLE}",
        f"```Python\r\n{BODY}```",
        f"```python\n{BODY.strip()}\n```",
        f"```python\n{WHOLE}```\nor shorter:\n```python\nareas = None\n```",
    ],
)
def test_answers_as_models_give_them_become_whole_programs(answer: str) -> None:
    for asked in (STUB, STUB.strip(), STUB.rstrip()):
        assert means_the_same(read_answer(answer, given=asked), WHOLE)


def test_an_answer_that_defines_the_function_gets_what_stands_before_it() -> None:
    program = read_answer(f"```python\n{ALONE}```", given=STUB)
    assert sandbox.run(program, CHECK).passed
    assert program.startswith("import math\nfrom typing import List\n")
    assert program.count("def areas") == 1
    future = read_answer(f"from __future__ import annotations\n{ALONE}", given=STUB)
    assert sandbox.run(future, CHECK).passed
    cut = read_answer(ALONE[:-8], given=STUB)
    assert "import math" in cut
    assert cut.count("def areas") == 1, "an answer that was cut off is no body"
    bound = read_answer("areas = lambda radii: [math.pi * r**2 for r in radii]", given=STUB)
    assert sandbox.run(bound, CHECK).passed
    indented = read_answer(
        f"1. So:\n   ```\n   {ALONE.replace(chr(10), chr(10) + '   ')}\n   ```", given=STUB
    )
    assert sandbox.run(indented, CHECK).passed


def test_decorators_imports_within_and_stubs_without_a_docstring() -> None:
    decorated = "import functools\n\n@functools.cache\ndef f(x):\n    ...\n"
    assert read_answer("def f(x):\n    return x", given=decorated).startswith(
        "import functools\n\ndef"
    )
    assert read_answer("    return x", given="def f(x):\n") == "def f(x):\n    return x"
    within = 'def f(x):\n\timport math\n\t"""Double."""\n'
    assert read_answer("return 2 * x", given=within) == f"{within}\treturn 2 * x\n"
    assert read_answer("return x", given="async def f(x):\n  # the same\n").endswith(
        "\n  # the same\n    return x\n"
    )


@pytest.mark.parametrize(
    "asked",
    ["", "Write a function that adds.", "def f(:", "def f():\n    return 1\n", "x = 1", "\0"],
)
def test_where_no_stub_is_asked_the_answer_is_the_program(asked: str) -> None:
    assert read_answer(f"{ALONE}\n# end", given=asked) == f"{ALONE}\n# end"
    assert read_answer(f"x\n```\n{BODY}```", given=asked) == BODY.rstrip("\n")


def test_a_fence_is_one_only_where_it_stands_by_itself() -> None:
    assert read_answer("use ```x``` here") == "use ```x``` here"
    assert read_answer("```a`b\nx") == "```a`b\nx"
    assert read_answer("a\n    ```\n    b") == "a\n    ```\n    b"


@given(text=st.text(), asked=st.sampled_from([STUB, STUB.strip(), "", "def f(x):\n"]))
@example("(" * 500, STUB)
@example("def areas" + "[" * 300, STUB)
def test_any_text_is_read(text: str, asked: str) -> None:
    read = read_answer(text, given=asked)
    assert read == read_answer(text, given=asked)
    fenced = read_answer(f"```\n{text}\n```", given="")
    if "```" not in text and "\r" not in text:
        assert fenced == text.strip("\n")


@given(samples=st.integers(1, 60), passed=st.integers(0, 60), k=st.integers(1, 60))
def test_pass_at_k_is_the_unbiased_estimator(samples: int, passed: int, k: int) -> None:
    passed, k = min(passed, samples), min(k, samples)
    exact = 1 - math.comb(samples - passed, k) / math.comb(samples, k)
    assert pass_at(k, samples, passed) == pytest.approx(exact, abs=1e-12)


def test_pass_at_k_is_the_mean_over_all_choices_and_does_not_overflow() -> None:
    right = [True, False, False, True, False, False]
    chosen = [any(one) for one in itertools.combinations(right, 3)]
    assert pass_at(3, 6, 2) == pytest.approx(np.mean(chosen))
    assert 0 < pass_at(100, 100_000, 3) < 0.01


def judged(name: str, segments: Segments, **options: Any) -> Array:
    found: Array = METRICS[name].statistics(segments, options_of(name, "en", {name: options}))
    return found


def test_samples_of_a_record_count_as_one() -> None:
    good, bad = "x = 1", "x = 2"
    answers = [bad, good, bad, bad, good, good] + [good] + [bad] * 9
    ids = ["a"] * 4 + ["b", "c"] + ["d"] * 10
    tests = ["assert x == 1"] * 4 + ["assert x == 1", None] + ["assert x == 1"] * 10
    segments = Segments(answers, [["x"]] * 16, "en", tests=tests, ids=ids)
    one = judged("pass@1", segments)
    assert one[[0, 4, 5, 6]] == pytest.approx(np.array([[0.25, 1], [1, 1], [0, 0], [0.1, 1]]))
    assert not one[[1, 2, 3, 7, 8]].any()
    ten = judged("pass@10", segments)
    assert ten.tolist() == [[0, 0]] * 6 + [[1, 1]] + [[0, 0]] * 9
    assert math.isnan(METRICS["pass@100"].combine(judged("pass@100", segments).sum(axis=0)))


def test_equal_programs_run_once_for_all_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    real = sandbox.run_all

    def counted(jobs: Any, limits: Any) -> Any:
        asked.extend(jobs)
        return real(jobs, limits)

    monkeypatch.setattr(sandbox, "run_all", counted)
    answers = ["only_here = 1"] * 12
    segments = Segments(
        answers, [["x"]] * 12, "en", tests=["assert only_here"] * 12, ids=["a"] * 12
    )
    for name in ("pass@1", "pass@10", "pass@1"):
        assert METRICS[name].combine(judged(name, segments).sum(axis=0)) == 100
    assert asked == [("only_here = 1", "assert only_here")]
    judged("pass@1", segments, seconds=5)
    assert len(asked) == 2, "other limits, another outcome"


def test_helpers_that_the_prompt_gives_are_not_the_answers_to_change() -> None:
    prompt = (
        "import math\n\ndef at(poly, x):\n    return math.fabs(sum(c * x**n for n, c in enumerate(poly)))\n\n"
        'def root(poly):\n    """Return a root."""\n'
    )
    tests = (
        "def check(candidate):\n    assert at([-2, 1], candidate([-2, 1])) < 1e-6\ncheck(root)\n"
    )
    right = f"{prompt}    return -poly[0] / poly[1]\n"
    forged = f"{prompt}    return 0\n\ndef at(poly, x):\n    return 0\n"
    answers = [right, forged, right.replace("def at", "def unused")]
    segments = Segments(answers, [["x"]] * 3, "en", inputs=[prompt] * 3, tests=[tests] * 3)
    assert judged("pass@1", segments)[:, 0].tolist() == [1, 0, 1]


def test_limits_are_options_and_part_of_the_signature() -> None:
    segments = Segments(["import time; time.sleep(3)"], [["x"]], "en", tests=["pass"])
    assert judged("pass@1", segments, seconds=0.3)[0].tolist() == [0, 1]
    told = signature("pass@1", "en", seconds=0.5, memory_mib=256)
    assert "|seconds:0.5|" in told
    assert "|memory:256MiB|" in told
    assert "|estimator:unbiased|" in told
    assert "|python:3." in told
    assert told != signature("pass@10", "en", seconds=0.5, memory_mib=256)
    with pytest.raises(IsoglossError, match="secs"):
        options_of("pass@1", "en", {"pass@1": {"secs": 1}})


def test_without_tests_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "run", None)
    segments = Segments(["x", "y"], [["x"], ["y"]], "en", tests=[None, " \n"])
    assert not judged("pass@1", segments).any()
    assert math.isnan(METRICS["pass@1"].combine(np.zeros(2)))


def test_the_task_is_ranked_by_pass_at_1() -> None:
    assert list_tasks()["code"].main == "pass@1"
    assert list_metrics()["pass@1"].tasks == ("code",)


def records(rows: list[dict[str, Any]]) -> pl.DataFrame:
    plain = dict.fromkeys(SCHEMA) | {"task": "code", "tags": []}
    columns = {name: [(plain | row)[name] for row in rows] for name in SCHEMA}
    return pl.DataFrame(columns, schema=SCHEMA)


def human_eval(folder: Path, every: int) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    with gzip.open(folder / "humaneval" / "HumanEval.jsonl.gz", "rt", encoding="utf-8") as file:
        problems = [json.loads(line) for line in file][::every]
    rows = [
        {
            "id": one["task_id"], "language": "en", "input": one["prompt"],
            "references": [one["prompt"] + one["canonical_solution"].lstrip("\n")],
            "tests": f"{one['test']}\ncheck({one['entry_point']})\n",
        }
        for one in problems
    ]  # fmt: skip
    return records(rows), problems


def scores(frame: pl.DataFrame, rows: list[tuple[str, int, str]], **more: Any) -> dict[str, Any]:
    predictions = pl.DataFrame(rows, schema=["id", "sample", "prediction"], orient="row")
    found = benchmarks.score(predictions, frame, resamples=20, **more)
    return {row["metric"]: row for row in found.filter(language="en").iter_rows(named=True)}


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_solutions_of_human_eval_score_100(every: int, shared_data: Path) -> None:
    frame, problems = human_eval(shared_data, every)
    chatty = "Here is `{0}`:\n\n```python\n{1}```\n\nIt does what the docstring says."
    for rows in (
        [(one["task_id"], 0, one["canonical_solution"]) for one in problems],
        [
            (
                one["task_id"], 0,
                chatty.format(one["entry_point"], one["prompt"] + one["canonical_solution"].lstrip("\n")),
            )
            for one in problems
        ],
    ):  # fmt: skip
        found = scores(frame, rows)
        assert found["pass@1"]["score"] == 100
        assert found["pass@1"]["n"] == len(problems)
        assert found["code_match"]["score"] == 100
        assert math.isnan(found["pass@10"]["score"])


def test_scores_of_samples_and_of_wrong_answers(shared_data: Path) -> None:
    frame, problems = human_eval(shared_data, 55)
    rows = [
        (one["task_id"], sample, one["canonical_solution"] if sample < 3 else "    return None\n")
        for one in problems
        for sample in range(10)
    ]
    found = scores(frame, rows)
    assert found["pass@1"]["score"] == pytest.approx(30)
    assert found["pass@10"]["score"] == pytest.approx(100)
    assert math.isnan(found["pass@100"]["score"])
    assert found["pass@1"]["n"] == len(problems)
    nothing = scores(frame, [(problems[0]["task_id"], 0, "")])
    assert nothing["pass@1"]["score"] == 0
