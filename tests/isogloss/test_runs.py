"""Run folders from anywhere: every field, file and answer is checked, and what is wrong is one line."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import command, wrong
from support.runs import resealed

import leaderboard
import runners
from isogloss.errors import IsoglossError
from isogloss.files import read_json, sha256_file, write_json
from isogloss.runs import LONGEST, PREDICTIONS, read_facts, read_run, take_part, write_part


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    quick = runners.ScoreSettings(resamples=5, limit=1)
    return runners.score("copy", "smoke", tmp_path_factory.mktemp("made") / "run", settings=quick)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


def test_every_digit_of_run_json_counts(run: Path) -> None:
    """Whatever digit is another, the run is refused: by its shape, its seal or its files."""
    path = run / "run.json"
    text = path.read_text()
    for place, one in enumerate(text):
        if one.isdigit():
            path.write_text(text[:place] + str((int(one) + 1) % 10) + text[place + 1 :])
            with pytest.raises(IsoglossError):
                read_run(run)
    path.write_text(text)
    assert read_run(run).name == "copy"


@pytest.mark.parametrize(
    "change",
    [
        {"system": "GPT-9"}, {"system": ""}, {"system": 7}, {"system": "x" * 5000}, {"kind": "best"},
        {"seconds": -5}, {"seconds": "1"}, {"tokens": 10**12}, {"tokens": -1}, {"tokens": True},
        {"parameters": "7B"}, {"hardware": "x"}, {"libraries": []}, {"resamples": "many"},
        {"resamples": 10**12}, {"metrics": "chrf"}, {"metrics": [1]}, {"suite": []}, {"suite": {}},
        {"tuning": {"languages_trained": "de"}}, {"generation": 3}, {"format": 2}, {"base": []},
        {"predictions_sha256": {}}, {"predictions_sha256": {"../x.parquet": "0" * 64}},
        {"predictions_sha256": {"/etc/passwd": "0" * 64}}, {"records_sha256": None},
    ],
)  # fmt: skip
def test_facts_of_another_kind_are_refused(change: dict[str, Any], run: Path) -> None:
    write_json(run / "run.json", read_json(run / "run.json") | change)
    with pytest.raises(IsoglossError):
        read_run(run)


def test_unknown_facts_and_older_runs_are_read(run: Path) -> None:
    resealed(run, colour="blue")
    assert read_run(run).facts["colour"] == "blue"
    facts = read_json(run / "run.json")
    for name in ("facts_sha256", "scores_sha256", "kind", "tokens"):
        del facts[name]
    write_json(run / "run.json", facts)
    assert read_run(run).facts == facts


@pytest.mark.parametrize("name", ["part-00009.parquet", "part-00009.parquet.old", "mine.jsonl"])
def test_what_a_run_does_not_list_is_named_and_refused(
    name: str, run: Path, tmp_path: Path
) -> None:
    """Whoever reads the folder's predictions by a pattern would take it for an answer."""
    shutil.copy(run / "predictions" / "part-00000.parquet", run / "predictions" / name)
    for read in (
        lambda: read_run(run),
        lambda: runners.rescore(run),
        lambda: runners.compare_runs(run, run),
        lambda: runners.score_predictions(run, "smoke", tmp_path / "scored", name="theirs"),
        lambda: leaderboard.publish([run], tmp_path / "site"),
    ):
        with pytest.raises(IsoglossError, match=rf"{name}: lies among the predictions of a run"):
            read()
    (run / "predictions" / name).rename(run / "predictions" / ".hidden")  # which nobody reads
    assert read_run(run).name == "copy"


def test_a_folder_that_is_not_there_is_said_to_be_not_there(run: Path, tmp_path: Path) -> None:
    with pytest.raises(IsoglossError, match="nowhere: there is no such folder"):
        read_run(tmp_path / "nowhere")
    wrong(command("compare", run, tmp_path / "nowhere"), "nowhere: there is no such folder")
    (tmp_path / "empty").mkdir()
    wrong(command("compare", run, tmp_path / "empty"), "is not a finished run")


def test_equal_work_has_an_equal_seal(run: Path, tmp_path: Path) -> None:
    seal = read_facts(run)["facts_sha256"]
    part = run / "predictions" / "part-00000.parquet"
    slower = pl.read_parquet(part).with_columns(seconds=pl.lit(0.5))
    slower.write_parquet(part)
    seconds = 0.5 * slower.height
    resealed(run, seconds=seconds, predictions_sha256={part.name: sha256_file(part)})
    assert read_run(run).facts["seconds"] == seconds
    assert read_facts(run)["facts_sha256"] == seal


def replaced(run: Path, answers: pl.DataFrame) -> Path:
    part = run / "predictions" / "part-00000.parquet"
    answers.write_parquet(part)
    return resealed(run, predictions_sha256={part.name: sha256_file(part)})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (pl.col("id").str.replace("^.", "x"), "no record has the id"),
        (pl.col("id").first(), "is answered twice"),
        (pl.lit(None, pl.String).alias("prediction"), "lacks its id or its text"),
        (pl.lit(1.5).alias("prediction"), "the column prediction holds Float64"),
        (pl.lit("a").alias("tokens"), "the column tokens holds String"),
        (pl.lit("a" * (LONGEST + 1)).alias("prediction"), "longer than 100,000 characters"),
    ],
)
def test_answers_that_no_run_has_are_refused(change: pl.Expr, told: str, run: Path) -> None:
    part = run / "predictions" / "part-00000.parquet"
    replaced(run, pl.read_parquet(part).with_columns(change))
    with pytest.raises(IsoglossError, match=told):
        read_run(run)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("examples", [100, pytest.param(20_000, marks=pytest.mark.slow)])
def test_no_shape_of_run_json_is_more_than_an_error(examples: int, made: Path) -> None:
    folder = made.parent / "fuzzed"
    shutil.copytree(made, folder, dirs_exist_ok=True)
    facts = read_json(made / "run.json")
    names = st.sampled_from([*facts, "suite.sha256", "suite.metrics", "tuning.languages_trained"])

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.dictionaries(names, _VALUES, max_size=3), st.booleans())
    def check(change: dict[str, Any], whole: bool) -> None:
        told = json.loads(json.dumps(facts))
        for name, value in change.items():
            first, _, second = name.partition(".")
            if second and isinstance(told.get(first), dict):
                told[first][second] = value
            else:
                told[first] = value
        if not whole:
            told.pop("facts_sha256", None)
        (folder / "run.json").write_text(json.dumps(told), "utf-8", "surrogatepass")
        with suppress(IsoglossError):
            read_run(folder)

    check()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"system": ' + "9" * 5000 + "}", '{"a": NaN}',
             '{"a": 1, "a": 2}', '"\\ud800"', "", "\ufeff{}", "null", "1e999"],
)  # fmt: skip
def test_text_that_is_no_run_json_is_one_line(text: str, run: Path) -> None:
    (run / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(IsoglossError) as error:
        read_run(run)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("examples", [40, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_flipped_bit_in_a_part_is_found(examples: int, tmp_path: Path) -> None:
    """What a part gives back is what was written, or nothing."""
    rows = [[f"{n:016x}", 0, "p", f"Antwort {n}", ["a", "ä"], "eos", 3, 0.25] for n in range(30)]
    written = pl.DataFrame(rows, schema=PREDICTIONS, orient="row")
    path = tmp_path / "part-00000.parquet"
    write_part(path, written, "key")
    good = path.read_bytes()
    found = take_part(path, "key")
    assert found is not None and found.equals(written)
    assert take_part(path, "another key") is None
    assert path.read_bytes() == good

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.integers(0, 8 * len(good) - 1))
    def check(bit: int) -> None:
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            read = take_part(path, "key")
        except IsoglossError:
            return
        assert read is None or (read.equals(written) and path.read_bytes() == good)

    check()


def test_a_part_at_the_place_of_another_is_not_taken(tmp_path: Path) -> None:
    written = pl.DataFrame(
        [["a", 0, "p", "x", ["y"], "eos", 1, 0.1]], schema=PREDICTIONS, orient="row"
    )
    write_part(tmp_path / "part-00000.parquet", written, "key")
    shutil.copy(tmp_path / "part-00000.parquet", tmp_path / "part-00001.parquet")
    assert take_part(tmp_path / "part-00001.parquet", "key") is None
