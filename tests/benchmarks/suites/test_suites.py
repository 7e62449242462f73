"""Suites: from local files, and from a hub of our own laid out as the real one, at the pinned commits."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.hub_server import HubServer
from support.processes import run_forked

import benchmarks
from benchmarks import Selection
from benchmarks.suites.examples import numbered
from isogloss.errors import IsoglossError

SUITES = Path(benchmarks.__file__).parent / "suites"


def pinned(name: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((SUITES / f"{name}.toml").read_text("utf-8"))["hub"][0]
    return table


def parquet(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows).write_parquet(path)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        yield server


def asked(
    hub: HubServer, home: Path, *arguments: str, offline: bool = False
) -> tuple[Any, pl.DataFrame]:
    """Score copies with the real command, by one cheap metric; return the result, and the records."""
    out = home / "run"
    first = ["--offline"] if offline else []
    done = run_forked(
        [
            *first,
            "score",
            "copy",
            "--out",
            out,
            "--metric",
            "empty",
            "--resamples",
            "5",
            *arguments,
        ],
        env=hub.environment(home),
    )
    records = pl.read_parquet(out / "records.parquet") if done.returncode == 0 else pl.DataFrame()
    return done, records


def test_xquad_of_the_hub(hub: HubServer, tmp_path: Path) -> None:
    table = pinned("xquad")
    folder = hub.folder("datasets", table["dataset"])
    rows = [
        {"id": str(n), "context": "Der Zug fährt um acht.", "question": f"Wann ({n})?",
         "answers": {"text": ["um acht", "acht"], "answer_start": [14, 17]}}
        for n in range(3)
    ]  # fmt: skip
    configs = []
    for name in table["config"]:
        parquet(folder, f"{name}/validation-00000-of-00001.parquet", rows)
        configs.append(
            f"- config_name: {name}\n  data_files:\n  - split: validation\n    path: {name}/validation-*"
        )
    (folder / "README.md").write_text("---\nconfigs:\n" + "\n".join(configs) + "\n---\n")
    hub.pinned[table["dataset"]] = table["revision"]
    done, records = asked(hub, tmp_path / "home", "--suite", "xquad", "--language", "de")
    assert done.returncode == 0, done.stderr
    assert records["references"].to_list() == [["um acht", "acht"]] * 3
    assert records["language"].unique().to_list() == ["de"]
    run = json.loads((tmp_path / "home" / "run" / "run.json").read_text("utf-8"))
    assert run["suite"]["sources"][0]["version"] == table["revision"]


def test_mkqa_of_the_hub_tells_at_which_commit_it_was(hub: HubServer, tmp_path: Path) -> None:
    table = pinned("mkqa")
    answers = [{"type": 0, "entity": "Q1", "text": "Berlin", "aliases": ["Berlin, DE", "BE"]}]
    nothing = [{"type": 2, "entity": "", "text": None, "aliases": []}]
    rows = [
        {"example_id": "7", "queries": {"de": "Hauptstadt?", "ar": "?"},
         "answers": {"de": answers, "ar": answers}},
        {"example_id": "8", "queries": {"de": "Warum?", "ar": "?"},
         "answers": {"de": nothing, "ar": nothing}},
    ]  # fmt: skip
    folder = hub.folder("datasets", table["dataset"])
    parquet(folder, "mkqa/train/0000.parquet", rows)
    hub.branches[table["dataset"]] = table["revision"]
    done, records = asked(hub, tmp_path / "home", "--suite", "mkqa", "--language", "de")
    assert done.returncode == 0, done.stderr
    assert records["references"].to_list() == [["Berlin", "Berlin, DE", "BE"]]
    assert "1 rows are left out: it has no output" in done.stderr
    assert hub.commit("datasets", table["dataset"]) in done.stderr


def test_flores_of_the_hub_in_a_pair_that_nobody_listed(hub: HubServer, tmp_path: Path) -> None:
    table = pinned("flores")
    rows = [{"swh_Latn": f"Habari {n}", "yor_Latn": f"Bawo {n}", "deu_Latn": "x"} for n in range(4)]
    folder = hub.folder("datasets", table["dataset"])
    parquet(folder, "data/devtest-00000-of-00001.parquet", rows)
    hub.pinned[table["dataset"]] = table["revision"]
    done, records = asked(hub, tmp_path / "home", "--suite", "flores", "--pair", "sw:yo")
    assert done.returncode == 0, done.stderr
    assert records["output"].to_list() == [f"Bawo {n}" for n in range(4)]
    assert records["source_language"].unique().to_list() == ["sw"]


def test_flores_of_the_hub_calls_languages_as_flores_200_does(
    hub: HubServer, tmp_path: Path
) -> None:
    table = pinned("flores")
    codes = ("eng_Latn", "pes_Arab", "prs_Arab", "est_Latn", "tgl_Latn")
    rows = [{code: f"{code} {n}" for code in codes} for n in range(4)]
    folder = hub.folder("datasets", table["dataset"])
    parquet(folder, "data/devtest-00000-of-00001.parquet", rows)
    hub.pinned[table["dataset"]] = table["revision"]
    named = [part for tag in ("prs", "fa", "et", "fil") for part in ("--pair", f"en:{tag}")]
    done, records = asked(hub, tmp_path / "home", "--suite", "flores", *named)
    assert done.returncode == 0, done.stderr
    found = {tag: output.split()[0] for tag, output in records["language", "output"].iter_rows()}
    assert found == {"fa-AF": "prs_Arab", "fa": "pes_Arab", "et": "est_Latn", "fil": "tgl_Latn"}


def test_xlsum_of_the_hub(hub: HubServer, tmp_path: Path) -> None:
    table = pinned("xlsum")
    folder = hub.folder("datasets", table["dataset"])
    for name in ("serbian_latin", "yoruba"):
        row = {
            "id": f"{name}-1",
            "title": "t",
            "summary": f"summary of {name}",
            "text": "long text",
        }
        parquet(folder, f"{name}/test/0000.parquet", [row])
        parquet(folder, f"{name}/train/0000.parquet", [row | {"summary": "not asked"}])
    hub.pinned[table["dataset"]] = table["revision"]
    done, records = asked(
        hub, tmp_path / "home", "--suite", "xlsum", "--language", "sr-Latn", "--language", "yo"
    )
    assert done.returncode == 0, done.stderr
    assert dict(records["language", "output"].iter_rows()) == {
        "sr-Latn": "summary of serbian_latin", "yo": "summary of yoruba",
    }  # fmt: skip


def test_humaneval_of_the_hub_and_then_without_network(hub: HubServer, tmp_path: Path) -> None:
    spec = pinned("humaneval")["path"].removeprefix("hub:")
    repo, _, rest = spec.partition("@")
    commit, _, path = rest.partition("/")
    row = {
        "task_id": "HumanEval/0", "prompt": 'def one() -> int:\n    """Return 1."""\n',
        "canonical_solution": "    return 1\n", "entry_point": "one",
        "test": "def check(candidate):\n    assert candidate() == 1\n",
    }  # fmt: skip
    parquet(hub.folder("datasets", repo), path, [row])
    hub.pinned[repo] = commit
    done, records = asked(hub, tmp_path / "home", "--suite", "humaneval")
    assert done.returncode == 0, done.stderr
    assert records["tests"].str.contains("check(one)", literal=True).all()
    hub.down = True
    again, _ = asked(hub, tmp_path / "home", "--suite", "humaneval")
    assert again.returncode == 0, again.stderr
    other, _ = asked(hub, tmp_path / "elsewhere", "--suite", "humaneval", offline=True)
    assert other.returncode == 2
    assert other.stderr.splitlines()[-1].startswith("isogloss: error: ")
    assert "--data FOLDER" in other.stderr


def test_every_suite_says_where_its_data_are() -> None:
    assert {"starter", "xquad", "mkqa", "flores", "wmt22", "wmt23", "wmt24", "xlsum", "humaneval",
            "mhumaneval"} <= set(benchmarks.list_suites())  # fmt: skip
    for name in benchmarks.list_suites():
        if name in ("starter", "smoke"):
            assert benchmarks.load_suite(name).records.height > 0
            continue
        with pytest.raises(IsoglossError, match=r"there is no such folder.*--data FOLDER"):
            benchmarks.load_suite(name, Selection(data=Path("nowhere")))


def test_flores_and_xquad_of_local_files(shared_data: Path) -> None:
    flores = benchmarks.load_suite(
        "flores",
        Selection(data=shared_data / "flores200" / "devtest", pairs=("ko:yo", "en:zh-Hant")),
    )
    cells = flores.records.group_by("source_language", "language").len().sort("language")
    assert cells.rows() == [("ko", "yo", 1012), ("en", "zh-Hant", 1012)]
    assert flores.records["id"].is_unique().all()
    lines = (shared_data / "flores200" / "devtest" / "yor_Latn.devtest").read_text("utf-8")
    outputs = flores.records.filter(language="yo")["output"].to_list()
    assert outputs == lines.split("\n")[:-1]
    xquad = benchmarks.load_suite("xquad", Selection(data=shared_data / "xquad"))
    assert set(xquad.records.group_by("language").len()["len"]) == {1190}


def test_prompts_shots_and_limits_are_chosen_alike_in_every_language(shared_data: Path) -> None:
    data = shared_data / "xquad"
    native, english = (
        benchmarks.load_suite("xquad", Selection(data=data, prompts=prompts, shots=2, limit=20))
        for prompts in ("target", "en")
    )
    ids = {
        tag: rows["source_id"].str.split("#").list.last().to_list()
        for (tag,), rows in native.records.group_by("language")
    }
    assert len({tuple(found) for found in ids.values()}) == 1
    assert set(english.records["instruction_language"]) == {"en"}
    assert set(native.records["instruction_language"]) >= {"de", "ar", "es"}
    assert native.sha256 != english.sha256
    plain = benchmarks.load_suite("xquad", Selection(data=data, languages=("de",)))
    shown = native.records.filter(language="de")["instruction"][0]
    assert len(shown.split("\n\n")) == 2 * 4 + 1
    in_shots = plain.records.filter(pl.lit(shown).str.contains(pl.col("input"), literal=True))
    assert in_shots.height == 2
    assert in_shots.join(native.records, on="id", how="semi").is_empty()


def test_what_cannot_be_chosen_is_told(shared_data: Path) -> None:
    data = shared_data / "xquad"
    with pytest.raises(IsoglossError, match=r"unknown language 'sw'"):
        benchmarks.load_suite("xquad", Selection(data=data, languages=("sw",)))
    with pytest.raises(IsoglossError, match=r"there is nothing in el"):
        benchmarks.load_suite("xquad", Selection(data=data, languages=("el", "de")))
    with pytest.raises(IsoglossError, match=r"'en-de' is not a pair of languages.*en:de"):
        benchmarks.load_suite("flores", Selection(data=data, pairs=("en-de",)))
    with pytest.raises(IsoglossError, match=r"ready made; shots cannot be chosen"):
        benchmarks.load_suite("smoke", Selection(shots=1))
    with pytest.raises(IsoglossError, match=r"unknown key 'normalisation'.*Did you mean"):
        benchmarks.with_options(benchmarks.load_suite("smoke"), {"f1": {"normalisation": "squad"}})


def test_a_text_asked_twice_is_two_records(tmp_path: Path) -> None:
    (tmp_path / "src.en").write_text("Thank you.\nYes.\nThank you.\n")
    (tmp_path / "ref.de").write_text("Danke.\nJa.\nDanke.\n")
    (tmp_path / "mine.toml").write_text(
        """name = "mine"
version = "1"
description = "d"
licence = "MIT"
pairs = ["en:de"]
data = "."
[[local]]
kind = "moses"
source = "src.{source_language}"
target = "ref.{language}"
"""
    )
    suite = benchmarks.load_suite(str(tmp_path / "mine.toml"))
    assert suite.records["input"].to_list() == ["Thank you.", "Yes.", "Thank you."]
    assert suite.records["id"].is_unique().all()
    ids = pl.DataFrame({"id": ["a", "b", "a", "a"]}).select(numbered("id"))
    assert ids["id"].to_list() == ["a", "b", "a-2", "a-3"]
    assert suite.version == "1"


WMT = [("de-en", 9), ("de-fr", 6), ("en-ja", 13), ("en-zh", 13), ("sah-ru", 2)]


@pytest.mark.parametrize("pair", [pair for pair, _ in WMT])
def test_published_bleu_and_chrf_of_wmt22(pair: str, shared_data: Path, tmp_path: Path) -> None:
    # Several systems are scored in processes of their own, which one pair is enough for.
    published_of_wmt22(pair, 2 if pair == "de-en" else 1, shared_data / "wmt22", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("pair", "count"), WMT)
def test_every_published_bleu_and_chrf_of_wmt22(
    pair: str, count: int, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "wmt22"
    assert len(list((folder / pair).glob("*.hyp.*"))) == count
    published_of_wmt22(pair, count, folder, tmp_path)


def published_of_wmt22(pair: str, count: int, folder: Path, tmp_path: Path) -> None:
    """Score so many systems through the command, with the suite as it is shipped."""
    from typer.testing import CliRunner

    from isogloss.command.cli import app

    asked_for = pair.replace("-", ":").replace("zh", "zh-Hans")
    command = ["score", "--suite", "wmt22", "--data", str(folder), "--pair", asked_for]
    command += ["--metric", "bleu", "--metric", "chrf", "--resamples", "20"]
    outputs = sorted((folder / pair).glob("*.hyp.*"))[:count]
    for path in outputs:
        command += ["--predictions", str(path)]
    done = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    published = pl.read_csv(
        folder / "automatic-scores.tsv", separator="\t", infer_schema_length=None
    ).filter(pair=pair)
    out = tmp_path / "runs"
    runs = sorted(out.iterdir()) if count > 1 else [out]
    assert len(runs) == len(outputs) == count
    for run in runs:
        facts = json.loads((run / "run.json").read_text("utf-8"))
        system = facts["system"].removeprefix(f"{pair}.hyp.")
        scores = pl.read_parquet(run / "scores.parquet").filter(pl.col("language").is_not_null())
        for metric in ("bleu", "chrf"):
            told = published.filter(system=system, metric=f"{metric}-all")["score"]
            ours = scores.filter(metric=metric)["score"][0]
            assert ours == pytest.approx(float(told.item()), abs=1e-6), (system, metric)
