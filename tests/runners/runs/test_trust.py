"""What lies on disk is held to its hashes: broken, it is made again with a warning, or refused."""

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
from support.folders import empty, flip, half

import runners
from isogloss.corpora import open_corpus
from isogloss.errors import IsoglossError
from isogloss.files import LOCK, read_json, sealed, sha256_file, write_json
from isogloss.locks import held
from isogloss.runs import read_run
from runners.checkpoints import begin, is_checkpoint, read_checkpoint
from runners.loading.location import locate
from runners.runs.generate import generate
from runners.settings import GenerationSettings
from runners.systems import Generation
from runners.tuning import loop as tuning_module

SHORT = runners.ScoreSettings(
    resamples=5, generation=GenerationSettings(batch_size=2, max_new_tokens={"translation": 3})
)
STEPS = {"method": "full", "max_steps": 6, "epochs": 9, "batch_size": 4, "save_every": 2}


class Letter:
    """A system that answers everything with its letter."""

    def __init__(self, letter: str) -> None:
        self.letter, self.asked = letter, 0

    def order(self, prompts: Any) -> list[int]:
        return list(range(len(prompts)))

    def generate(self, prompts: Any, settings: Any) -> list[list[Generation]]:
        self.asked += len(prompts)
        return [[Generation(self.letter, "eos", 1, 0.0)] for _ in prompts]


def gone(path: Path) -> None:
    path.unlink()


BREAKS = [flip, half, empty, gone]


def contents(folder: Path) -> dict[str, str]:
    """Return the hash of every file, of a table its rows', without what was measured."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            found[name] = sha256_file(path)
            if path.name.startswith("part-"):
                found[name] = pl.read_parquet(path).drop("seconds").write_json()
            if path.suffix == ".json" and path.parent == folder:
                measured = ("seconds", "tokens_per_second", "predictions_sha256")
                facts = {k: v for k, v in read_json(path).items() if k not in measured}
                found[name] = str(facts)
    return found


def test_a_folder_is_written_by_one_system_at_a_time(corpus: Path, tmp_path: Path) -> None:
    records, out = open_corpus(corpus).records("test"), tmp_path / "run"
    with held(out):
        with pytest.raises(IsoglossError, match="another process is writing it"):
            generate(Letter("B"), records, out, GenerationSettings(), "B")
        with pytest.raises(IsoglossError, match="another process is writing it"):
            runners.score("copy", f"corpus:{corpus}", out, settings=SHORT)


def test_the_lock_of_systems_that_cannot_lock_a_folder_is_nobodys_file(
    corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / LOCK).touch()
    runners.score("copy", f"corpus:{corpus}", tmp_path, settings=SHORT)
    assert read_run(tmp_path).name == "copy"


def test_answers_of_another_system_are_never_taken(corpus: Path, tmp_path: Path) -> None:
    records, out = open_corpus(corpus).records("test"), tmp_path / "run"
    settings = GenerationSettings(batch_size=2)
    assert set(generate(Letter("A"), records, out, settings, "A")["prediction"]) == {"A"}
    # As if the state were that of another: the parts say themselves what they answer.
    shutil.copy(out / "progress.json", tmp_path / "state")
    generate(Letter("B"), records, tmp_path / "b", settings, "B")
    shutil.copy(tmp_path / "b" / "predictions" / "part-00001.parquet", out / "predictions")
    again = Letter("A")
    assert set(generate(again, records, out, settings, "A")["prediction"]) == {"A"}
    assert again.asked == 2, "the other parts are taken"


@pytest.mark.parametrize("breaking", BREAKS)
def test_an_unfinished_run_with_a_broken_part_asks_it_again(
    breaking: Any, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records, out = open_corpus(corpus).records("test"), tmp_path / "run"
    settings = GenerationSettings(batch_size=2)
    first = generate(Letter("A"), records, out, settings, "A")
    part = out / "predictions" / "part-00000.parquet"
    sound = part.read_bytes()
    breaking(part)
    (out / ".run.json.123.partial").write_text("x")
    again = Letter("A")
    assert generate(again, records, out, settings, "A").equals(first)
    if breaking is not flip:  # which may hit what no reader looks at
        assert again.asked == 2
        assert ("its records are answered again" in capsys.readouterr().err) == (
            breaking is not gone
        )
    assert part.read_bytes() == sound
    assert not list(out.rglob("*.partial"))


@pytest.mark.parametrize("breaking", BREAKS)
@pytest.mark.parametrize(
    "name", ["run.json", "records.parquet", "scores.parquet", "predictions/part-00000.parquet"]
)
def test_a_finished_run_with_a_broken_file_is_made_again(
    name: str, breaking: Any, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, suite = tmp_path / "run", f"corpus:{corpus}"
    runners.score("copy", suite, out, settings=SHORT)
    sound = contents(out)
    capsys.readouterr()
    breaking(out / name)
    runners.score("copy", suite, out, settings=SHORT)
    assert contents(out) == sound
    read_run(out)
    told = capsys.readouterr().err
    assert "is up to date" not in told
    assert "warning: " in told or name == "run.json"


def interrupted_at(step: int, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    kept = tuning_module.Trainer.step

    def stopping(self: Any, batch: Any, number: int, total: int) -> None:
        if number == step:
            raise KeyboardInterrupt
        kept(self, batch, number, total)

    monkeypatch.setattr(tuning_module.Trainer, "step", stopping)
    return monkeypatch


@pytest.fixture(scope="module")
def straight(causal: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nothing has disturbed."""
    settings = runners.TuneSettings(**STEPS)
    return runners.tune(
        str(causal), corpus, tmp_path_factory.mktemp("straight") / "out", settings=settings
    )


@pytest.fixture(scope="module")
def halfway(causal: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that stopped at step 5 of 6, its last state of step 4."""
    out = tmp_path_factory.mktemp("halfway") / "out"
    with pytest.MonkeyPatch.context() as patched, pytest.raises(KeyboardInterrupt):
        interrupted_at(5, patched)
        runners.tune(str(causal), corpus, out, settings=runners.TuneSettings(**STEPS))
    assert read_json(out / ".state" / "state.json")["step"] == 4
    return out


@pytest.mark.parametrize(
    ("name", "breaking"),
    [
        ("weights-4.safetensors", flip),
        ("optimizer-4.pt", half),
        ("state.json", empty),
    ],
)
def test_tuning_from_a_broken_state_ends_with_the_same_bytes(
    name: str, breaking: Any, halfway: Path, straight: Path, causal: Path, corpus: Path,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = Path(shutil.copytree(halfway, tmp_path / "out"))
    breaking(out / ".state" / name)
    runners.tune(str(causal), corpus, out, settings=runners.TuneSettings(**STEPS))
    assert contents(out) == contents(straight)
    told = capsys.readouterr().err
    assert "tuning begins anew" in told and "going on with tuning" not in told


def test_a_tuning_killed_before_its_first_record_is_gone_on_with(
    straight: Path, causal: Path, corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / ".state").mkdir(parents=True)
    (out / ".state" / ".state.json.1234.partial").write_text("{")
    runners.tune(str(causal), corpus, out, settings=runners.TuneSettings(**STEPS))
    assert contents(out) == contents(straight)


def test_a_number_changed_in_a_state_is_found(
    halfway: Path, straight: Path, causal: Path, corpus: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = Path(shutil.copytree(halfway, tmp_path / "out"))
    state = read_json(out / ".state" / "state.json")
    write_json(out / ".state" / "state.json", state | {"losses": [0.5, *state["losses"][1:]]})
    runners.tune(str(causal), corpus, out, settings=runners.TuneSettings(**STEPS))
    assert contents(out) == contents(straight)
    assert "was changed after it was written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "breaking"),
    [
        ("model/model.safetensors", flip),
        ("model/config.json", half),
        ("model/tokenizer.json", gone),
    ],
)
def test_a_broken_checkpoint_is_refused_and_tuned_again(
    name: str, breaking: Any, straight: Path, causal: Path, corpus: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = Path(shutil.copytree(straight, tmp_path / "out"))
    breaking(out / name)
    with pytest.raises(IsoglossError, match=r"is not as it was written|is missing"):
        locate(str(out))
    if name.startswith("model/model"):
        runners.tune(str(causal), corpus, out, settings=runners.TuneSettings(**STEPS))
        assert contents(out) == contents(straight)
        assert "the checkpoint is made again" in capsys.readouterr().err


def test_a_file_put_beside_a_checkpoints_weights_is_refused(straight: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(straight, tmp_path / "out"))
    (out / "model" / "chat_template.jinja").write_text("{{ messages }}")
    with pytest.raises(
        IsoglossError, match=r"chat_template\.jinja is not a file that tuning wrote"
    ):
        locate(str(out))


@pytest.mark.parametrize(
    "change",
    [
        {"model": 7}, {"settings": []}, {"settings": {"method": "both"}}, {"losses": "x"},
        {"files": {"../x": "0" * 64}}, {"files": {"model/../../x": "0" * 64}}, {"key": "x"},
        {"weights_sha256": "x"}, {"model": "another"},
    ],
)  # fmt: skip
def test_facts_of_a_checkpoint_of_another_kind_are_refused(
    change: dict[str, Any], straight: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(straight, tmp_path / "out"))
    write_json(out / "checkpoint.json", read_json(out / "checkpoint.json") | change)
    with pytest.raises(IsoglossError) as caught:
        locate(str(out))
    assert caught.value.remedy == "Tune it again, or fetch it again from where it came"


@pytest.mark.parametrize("text", ["", "{", "[]", "\0"])
def test_a_checkpoint_json_that_is_none_says_what_to_do(
    text: str, straight: Path, corpus: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(straight, tmp_path / "out"))
    (out / "checkpoint.json").write_text(text)
    result = command("score", out, "--suite", f"corpus:{corpus}", "--out", tmp_path / "run")
    wrong(result, r"checkpoint\.json: .*Tune it again")


def test_an_older_checkpoint_is_held_to_its_weights(straight: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(straight, tmp_path / "out"))
    facts = read_json(out / "checkpoint.json")
    del facts["files"], facts["facts_sha256"]
    write_json(out / "checkpoint.json", facts)
    locate(str(out))
    flip(out / "model" / "model.safetensors")
    with pytest.raises(IsoglossError, match="its weights are not as they were written"):
        locate(str(out))


def test_an_adapter_cannot_stand_on_an_adapter(causal: Path, corpus: Path, tmp_path: Path) -> None:
    """The first one would be left out of what is scored."""
    quick = runners.TuneSettings(max_steps=1, rank=2, batch_size=4)
    one = runners.tune(str(causal), corpus, tmp_path / "one", settings=quick)
    with pytest.raises(IsoglossError, match="another one cannot stand on it"):
        runners.tune(str(one), corpus, tmp_path / "two", settings=quick)
    facts = read_json(one / "checkpoint.json")
    for name in ("files", "facts_sha256"):
        del facts[name]
    write_json(one / "checkpoint.json", facts | {"model": str(one)})
    with pytest.raises(IsoglossError, match="another one cannot stand on it"):
        locate(str(one))


def test_two_tunings_of_one_folder_are_refused(causal: Path, corpus: Path, tmp_path: Path) -> None:
    with held(tmp_path / "out"), pytest.raises(IsoglossError, match="another process is writing"):
        runners.tune(str(causal), corpus, tmp_path / "out")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("examples", [100, pytest.param(20_000, marks=pytest.mark.slow)])
def test_no_shape_of_a_checkpoints_facts_is_more_than_an_error(
    examples: int, straight: Path, halfway: Path, tmp_path: Path
) -> None:
    """Nor of an unfinished state's."""
    whole = Path(shutil.copytree(straight, tmp_path / "whole"))
    facts = read_json(whole / "checkpoint.json")
    state = read_json(halfway / ".state" / "state.json")
    names = st.sampled_from(sorted({*facts, *state}))

    @settings(max_examples=examples, deadline=None, database=None)
    @given(st.dictionaries(names, _VALUES, max_size=3), st.booleans())
    def check(change: dict[str, Any], sealing: bool) -> None:
        for folder, name, told in (
            (whole, "checkpoint.json", facts),
            (tmp_path / "half", ".state/state.json", state),
        ):
            changed = {key: one for key, one in told.items() if key != "facts_sha256"} | change
            with suppress(UnicodeEncodeError):
                changed = sealed(changed, measured=("seconds",)) if sealing else changed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(json.dumps(changed), "utf-8", "surrogatepass")
        is_checkpoint(whole)
        with suppress(IsoglossError):
            read_checkpoint(whole)
        begin(tmp_path / "half", "key")

    check()
