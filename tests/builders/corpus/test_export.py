"""Exports: what each trainer reads, whatever the text is; one file or one a language."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import command, done, wrong
from support.corpora import row, write_corpus

import builders
from isogloss.errors import IsoglossError
from isogloss.files import read_json
from isogloss.locks import held

HOSTILE = 'Zitat " \\ \n\r\t\x00\x1b[2J \u202e\u2028\u0085 😀 </script> \ufeff'


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows = [row(f"Satz {number}") for number in range(5)]
    rows += [row(f"Satz {number}", language="fr", task="qa") for number in range(3)]
    rows += [row(f"Frage {number}", task="qa", source_language=None) for number in range(2)]
    rows += [row("Probe", split="test"), row("Phrase", language="de-AT")]
    return write_corpus(tmp_path / "corpus", rows, rows_per_file=2)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def test_each_layout_has_what_its_trainer_reads(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    prompt = "Übersetze:\n\nSatz 0 (en)"

    def first(layout: Any) -> dict[str, Any]:
        assert builders.export(corpus, out, layout=layout) == 11
        found = lines(out)
        assert len(found) == 11
        return next(row for row in found if "Satz 0" in json.dumps(row))

    user, assistant = (
        {"role": "user", "content": prompt},
        {"role": "assistant", "content": "Satz 0"},
    )
    assert first("messages") == {"messages": [user, assistant]}
    assert first("prompt-completion") == {"prompt": prompt, "completion": "Satz 0"}
    assert first("input-output") == {"input": prompt, "output": "Satz 0"}
    assert first("trl") == {"prompt": [user], "completion": [assistant]}


@pytest.mark.parametrize("layout", ["messages", "trl"])
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_datasets_opens_what_trl_trains_on(
    layout: Any, suffix: str, corpus: Path, tmp_path: Path
) -> None:
    from datasets import load_dataset

    out = tmp_path / f"x.{suffix}"
    builders.export(corpus, out, layout=layout, columns=["id", "source_language"])
    kind = "json" if suffix == "jsonl" else suffix
    opened = load_dataset(kind, data_files=str(out), split="train", cache_dir=str(tmp_path / "c"))
    assert opened.num_rows == 11
    for key in ("messages",) if layout == "messages" else ("prompt", "completion"):
        turns = opened[0][key]
        assert [set(turn) for turn in turns] == [{"role", "content"}] * len(turns)
    assert all(len(id_) == 16 for id_ in opened["id"])
    assert set(opened["source_language"]) == {"en", None}


def test_one_file_a_language(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done("export", corpus, out, "--by-language", "--column", "language", "--column", "task")
    files = {path.name: lines(path) for path in out.iterdir()}
    assert {name: len(rows) for name, rows in files.items()} == {
        "de.jsonl": 7, "de-AT.jsonl": 1, "fr.jsonl": 3,
    }  # fmt: skip
    for name, rows in files.items():
        assert {row["language"] for row in rows} == {name.removesuffix(".jsonl")}
    done("export", corpus, out, "--by-language")
    assert all(set(one) == {"messages"} for path in out.iterdir() for one in lines(path))


def test_a_language_of_an_earlier_export_is_not_left_among_the_others(
    corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done("export", corpus, out, "--by-language")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    wrong(
        command("export", corpus, out, "--by-language", "--language", "de"),
        "holds de-AT.jsonl, which this export does not write",
    )
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_folder_that_another_process_writes_is_not_exported_to(
    corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    with held(folder), pytest.raises(IsoglossError, match="another process is writing it"):
        builders.export(corpus, folder, layout="messages", by_language=True)
    assert not folder.exists()
    (tmp_path / "file").touch()
    with pytest.raises(IsoglossError, match="is a file"):
        builders.export(corpus, tmp_path / "file", layout="messages", by_language=True)


def test_languages_and_tasks_can_be_chosen(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.jsonl"
    asked = ["--language", "deu", "--task", "qa", "--column", "task", "--column", "language"]
    done("export", corpus, out, *asked)
    assert [(one["language"], one["task"]) for one in lines(out)] == [("de", "qa")] * 2
    done("export", corpus, out, "--split", "test", "--layout", "input-output")
    assert [one["output"] for one in lines(out)] == ["Probe"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--layout", "chatml"], "unknown layout 'chatml'"),
        (["--split", "dev"], "unknown split 'dev'"),
        (["--task", "translate"], "unknown task 'translate'.*Did you mean 'translation'"),
        (["--language", "it"], "has no 'it' in its train split. It has de, de-AT, fr"),
        (["--language", "xx-nope"], "not a language tag"),
        (["--language", "fr", "--task", "code"], "has no code of that"),
        (["--split", "validation"], "has no validation split"),
        (["--column", "langage"], "unknown column 'langage'.*Did you mean 'language'"),
        (["--column", "output", "--layout", "input-output"], "unknown column 'output'"),
        (["--column", "id", "--column", "id"], "named twice"),
    ],
)
def test_what_is_wrong_is_told(options: list[str], told: str, corpus: Path, tmp_path: Path) -> None:
    wrong(command("export", corpus, tmp_path / "x.jsonl", *options), told)
    assert not (tmp_path / "x.jsonl").exists()


def test_only_a_corpus_that_is_as_its_manifest_says_is_exported(
    corpus: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (corpus / "data" / "fr" / "qa-train-00000.parquet").write_bytes(b"PAR1")
    for more in ([], ["--by-language"]):
        wrong(command("export", corpus, out, *more), r"fr/qa-train-00000.parquet: is not the file")
        assert not list(tmp_path.glob("**/*.jsonl")) and not out.is_file()
    (corpus / "manifest.json").unlink()
    wrong(command("export", corpus, out), "is not a finished corpus")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 99}, "is of format 99"),
        ({"files": {"../../secret": {"sha256": "0" * 64, "bytes": 1}}}, "is no name in it"),
        ({"files": {"/etc/passwd": {"sha256": "0" * 64, "bytes": 1}}}, "is no name in it"),
        ({"files": {"data/de/qa-train-0.parquet": {"sha256": "0" * 64, "bytes": 1}}}, "how many"),
        ({"files": {"x": {"sha256": "short", "bytes": 1}}}, "files.x.sha256"),
        ({"files": 7}, "files"),
    ],
)
def test_manifests_from_outside_are_checked(
    change: dict[str, Any], told: str, corpus: Path, tmp_path: Path
) -> None:
    path = corpus / "manifest.json"
    path.write_text(json.dumps(read_json(path) | change))
    with pytest.raises(IsoglossError, match=told):
        builders.export(corpus, tmp_path / "x.jsonl", layout="messages")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=4))
def test_any_text_comes_back_as_it_was(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    texts = [*texts, HOSTILE]
    corpus = write_corpus(folder / "c", [row(text, instruction=text) for text in texts])
    builders.export(corpus, folder / "x.jsonl", layout="input-output", columns=["instruction"])
    found = lines(folder / "x.jsonl")
    assert sorted(one["output"] for one in found) == sorted(texts)
    for one in found:
        parts = [text for text in (one["output"], f"{one['output']} (en)") if text]
        assert one["input"] == "\n\n".join(parts)


def test_rows_keep_the_order_of_the_corpus(tmp_path: Path) -> None:
    corpus = write_corpus(
        tmp_path / "c", [row(f"Satz {number}") for number in range(500)], rows_per_file=60
    )
    files = sorted(corpus.glob("data/de/*.parquet"))
    ids = pl.concat(pl.read_parquet(path) for path in files)["id"].to_list()
    builders.export(corpus, tmp_path / "x.jsonl", layout="messages", columns=["id"])
    assert [one["id"] for one in lines(tmp_path / "x.jsonl")] == ids
    builders.export(corpus, tmp_path / "x.parquet", layout="messages", columns=["id"])
    assert pl.read_parquet(tmp_path / "x.parquet")["id"].to_list() == ids


@pytest.mark.parametrize("layout", ["prompt-completion", "trl", "messages"])
def test_answers_that_are_all_dates_are_told(
    layout: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import datasets

    rows = [row(f"19{number:02d}-02-12", task="qa", source_language=None) for number in range(3)]
    corpus = write_corpus(tmp_path / "corpus", rows)
    builders.export(corpus, tmp_path / "x.jsonl", layout=layout)
    told = "as timestamps" in capsys.readouterr().err
    cache = str(tmp_path / "cache")
    found = datasets.load_dataset(
        "json", data_files=str(tmp_path / "x.jsonl"), split="train", cache_dir=cache
    )
    assert told == ("timestamp" in str(found.features))
    assert told == (layout != "messages"), "what is asked there is no date, in the same column"
    builders.export(corpus, tmp_path / "x.parquet", layout=layout)
    assert "as timestamps" not in capsys.readouterr().err


def test_what_a_killed_export_has_left_goes(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / ".x.jsonl.4194305.partial").write_text("half")
    (tmp_path / ".x.jsonl.mine").write_text("whole")
    builders.export(corpus, tmp_path / "x.jsonl", layout="messages")
    assert sorted(path.name for path in tmp_path.glob(".x*")) == [".x.jsonl.mine"]
