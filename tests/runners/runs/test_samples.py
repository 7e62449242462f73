"""Several answers to a prompt: drawn, and yet the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.command import command, done, wrong

import benchmarks
import runners
from isogloss.errors import IsoglossError
from isogloss.files import read_json
from isogloss.settings import validate
from runners import GenerationSettings, ScoreSettings
from runners.models import load_model
from runners.systems import LoadOptions, Prompt


def drawing(**more: Any) -> GenerationSettings:
    told = {"batch_size": 4, "max_new_tokens": {"translation": 6}, "temperature": 0.9} | more
    return validate(GenerationSettings, told, where="test")


def score(model: Path, corpus: Path, out: Path, generation: GenerationSettings) -> pl.DataFrame:
    settings = ScoreSettings(resamples=5, generation=generation)
    run = runners.score(str(model), f"corpus:{corpus}", out, settings=settings)
    return pl.read_parquet(run / "predictions" / "*.parquet").drop("seconds")


@pytest.mark.parametrize("family", ["causal", "seq2seq"])
def test_samples_are_drawn_and_the_same_again(
    family: str, corpus: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    import torch

    model = request.getfixturevalue(family)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first = score(model, corpus, tmp_path / "a", drawing(samples=3))
    assert torch.equal(torch.get_rng_state(), state), "the caller's random state is left alone"
    torch.manual_seed(2)
    assert first.equals(score(model, corpus, tmp_path / "b", drawing(samples=3)))
    asked = benchmarks.load_suite(f"corpus:{corpus}").records.height
    assert first.height == 3 * asked
    assert (
        first.group_by("id").agg(pl.col("sample").sort())["sample"].to_list() == [[0, 1, 2]] * asked
    )
    assert first.group_by("id").agg(pl.col("prediction").n_unique())["prediction"].mean() > 2
    fewer = score(model, corpus, tmp_path / "c", drawing(samples=2))
    assert fewer.equals(first.filter(pl.col("sample") < 2)), "fewer are the first of many"
    other = score(model, corpus, tmp_path / "d", drawing(samples=2, seed=1))
    assert not other["prediction"].equals(fewer["prediction"])
    facts = read_json(tmp_path / "a" / "run.json")
    assert (facts["generation"]["samples"], facts["generation"]["temperature"]) == (3, 0.9)
    assert facts["tokens"] == first["tokens"].sum()
    scores = pl.read_parquet(tmp_path / "a" / "scores.parquet")
    whole = scores.filter(pl.col("source_language").is_null(), pl.col("language").is_null())
    assert set(whole["n"].drop_nulls()) <= {0, asked}


@pytest.mark.parametrize("family", ["causal", "seq2seq"])
def test_near_no_temperature_and_the_likeliest_token_only_are_greedy(
    family: str, request: pytest.FixtureRequest
) -> None:
    model = load_model(str(request.getfixturevalue(family)), LoadOptions())
    prompts = [
        Prompt(str(n), "translation", "de", "en", f"the {word}", word)
        for n, word in enumerate(("house", "tree", "fire in the house"))
    ]

    def texts(settings: GenerationSettings) -> list[list[str]]:
        return [[one.text for one in given] for given in model.generate(prompts, settings)]

    greedy = texts(drawing(temperature=0.0))
    assert texts(drawing(temperature=1e-4)) == greedy
    assert texts(drawing(top_p=1e-6, samples=2)) == [given * 2 for given in greedy]
    assert texts(drawing(temperature=3.0)) != greedy


def test_a_run_that_is_interrupted_draws_the_same(
    causal: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runners.models import causal as family

    straight = score(causal, corpus, tmp_path / "a", drawing(samples=2))
    ask, calls = family.Causal.generate, []

    def stopping(self: Any, prompts: Any, settings: Any) -> Any:
        calls.append(len(prompts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return ask(self, prompts, settings)

    monkeypatch.setattr(family.Causal, "generate", stopping)
    with pytest.raises(KeyboardInterrupt):
        score(causal, corpus, tmp_path / "b", drawing(samples=2))
    assert len(list((tmp_path / "b" / "predictions").iterdir())) == 2
    assert straight.equals(score(causal, corpus, tmp_path / "b", drawing(samples=2)))


def test_systems_that_draw_nothing_say_the_same_each_time(corpus: Path, tmp_path: Path) -> None:
    for name in ("copy", "nearest"):
        settings = ScoreSettings(resamples=5, generation=drawing(samples=3))
        run = runners.score(name, f"corpus:{corpus}", tmp_path / name, settings=settings)
        found = pl.read_parquet(run / "predictions" / "*.parquet")
        once = found.group_by("id").agg(pl.len(), pl.col("prediction").n_unique())
        assert once.select("len", "prediction").unique().rows() == [(3, 1)]
        # A record counts once, however often it was answered.
        alone = runners.score(name, f"corpus:{corpus}", tmp_path / f"{name}1",
                              settings=ScoreSettings(resamples=5))  # fmt: skip
        one, many = (pl.read_parquet(path / "scores.parquet") for path in (alone, run))
        chrf = pl.col("metric") == "chrf"
        assert one.filter(chrf)["n"].equals(many.filter(chrf)["n"])
        assert (one.filter(chrf)["score"] - many.filter(chrf)["score"]).abs().max() < 1e-9


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"samples": 3, "temperature": 0}, "3 samples without a temperature"),
        ({"top_p": 0.9, "temperature": 0}, "top_p decides nothing without a temperature"),
        ({"samples": 0}, "samples: "),
        ({"temperature": -1}, "temperature: "),
        ({"temperature": float("nan")}, "temperature: "),
        ({"temperature": float("inf")}, "temperature: "),
        ({"top_p": 0}, "top_p: "),
        ({"top_p": 1.1}, "top_p: "),
    ],
)
def test_settings_that_decide_nothing_or_nonsense_are_told(
    given: dict[str, Any], what: str
) -> None:
    with pytest.raises(IsoglossError, match=what):
        drawing(**given)


def test_the_command_draws_and_pages_show_one(causal: Path, corpus: Path, tmp_path: Path) -> None:
    base = ("score", causal, "--corpus", corpus, "--out", tmp_path / "run", "--resamples", "5",
            "--max-new-tokens", "4")  # fmt: skip
    wrong(command(*base, "--samples", "2"), "2 samples without a temperature.*Set temperature")
    wrong(command(*base, "--temperature", "-1"), "temperature")
    assert not (tmp_path / "run").exists()
    done(*base, "--samples", "2", "--temperature", "0.8", "--top-p", "0.95", "--seed", "7")
    facts = read_json(tmp_path / "run" / "run.json")
    drawn = {
        name: facts["generation"][name] for name in ("samples", "temperature", "top_p", "seed")
    }
    assert drawn == {"samples": 2, "temperature": 0.8, "top_p": 0.95, "seed": 7}
    site = done("publish", tmp_path / "run", "--out", tmp_path / "site", "--resamples", "5")
    assert Path(site.stdout.strip()).is_file()
