"""Pushing to the hub with the hub's own client, against a hub of ours on the loopback interface."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.corpora import row, write_corpus
from support.hub_server import HubServer
from support.processes import run_forked
from support.recipes import little_recipe

PUSH = """
import json, sys
import builders
from isogloss.errors import IsoglossError
corpus, repo, options = sys.argv[1:]
try:
    print(builders.push(corpus, repo, **json.loads(options)))
except IsoglossError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""

LOAD = """
import sys
from datasets import load_dataset
opened = load_dataset(sys.argv[1])
print(sorted((split, one["id"]) for split in opened for one in opened[split]))
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        server.users["secret"] = "ada"
        yield server


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", rows(20), rows_per_file=4)


def rows(count: int) -> list[dict[str, Any]]:
    train = [row(f"Satz {number}") for number in range(count)]
    return [*train, row("Phrase", language="fr"), row("Probe", split="test")]


def run(
    hub: HubServer, code: str | None, *arguments: str, token: str | None = "secret", **more: str
) -> Any:
    login = {} if token is None else {"HF_TOKEN": token}
    return run_forked(
        arguments, code=code, env=hub.environment(hub.root.parent / "home", **login, **more)
    )


def pushed(hub: HubServer, corpus: Path, repo: str = "ada/little", **options: Any) -> str:
    done = run(hub, PUSH, str(corpus), repo, json.dumps(options))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{hub.url}/datasets/{repo}\n"
    return str(done.stderr)


def refused(
    hub: HubServer, corpus: Path, repo: str = "ada/little", *, token: str | None = "secret",
    environment: dict[str, str] | None = None, **options: Any,
) -> str:  # fmt: skip
    done = run(hub, PUSH, str(corpus), repo, json.dumps(options), token=token, **environment or {})
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    told = str(done.stderr.rstrip("\n").split("\n")[-1])
    assert told.startswith(("IsoglossError: ", "Unavailable: ")), done.stderr
    return told


def there(hub: HubServer, repo: str = "ada/little") -> dict[str, str]:
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in hub.files("datasets", repo).items()
        if name != ".gitattributes"
    }


_REPORTS = ("report.html", "thresholds.parquet")


def here(corpus: Path, *, everything: bool = False) -> dict[str, str]:
    return {
        path.relative_to(corpus).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in corpus.rglob("*")
        if path.is_file()
        and (everything or (path.parent.name != "rejected" and path.name not in _REPORTS))
    }


def sent(hub: HubServer) -> int:
    return sum(asked.startswith("PUT ") for asked in hub.requests)


def test_a_corpus_is_pushed_privately_in_one_commit_and_opens(hub: HubServer, corpus: Path) -> None:
    (corpus / "report.html").write_text("<html>")
    pushed(hub, corpus)
    assert there(hub) == here(corpus)
    assert hub.private == {"ada/little"}
    assert len(hub.commits) == 1
    assert hub.commits[0][0]["value"]["summary"] == "little: 22 records"
    opened = run(hub, LOAD, "ada/little")
    assert opened.returncode == 0, opened.stderr
    frames = [pl.read_parquet(path) for path in corpus.glob("data/*/*.parquet")]
    expected = sorted(pl.concat(frames).select("split", "id").rows())
    assert opened.stdout == f"{expected}\n"
    elsewhere = str(hub.root.parent / "nobody")
    hidden = run(hub, LOAD, "ada/little", token=None, HF_HOME=elsewhere)
    assert hidden.returncode != 0


def test_what_is_there_is_not_sent_again_and_what_is_stale_goes(
    hub: HubServer, corpus: Path, tmp_path: Path
) -> None:
    assert "made the public data set" in pushed(hub, corpus, private=False)
    assert hub.private == set()
    before = hub.commit("datasets", "ada/little")
    hub.requests.clear()
    assert "is up to date" in pushed(hub, corpus, private=False)
    assert hub.commit("datasets", "ada/little") == before
    assert sent(hub) == 0
    (hub.folder("datasets", "ada/little") / "LICENSE").write_text("mine")
    smaller = write_corpus(tmp_path / "smaller", rows(20)[:-1], rows_per_file=7)
    told = pushed(hub, smaller, private=False)
    # French is as it was; German has fewer and larger files, and there is no test split now.
    assert "5 of 6 files sent, 3 deleted" in told
    assert sent(hub) == 3
    assert there(hub).keys() - {"LICENSE"} == here(smaller).keys()
    assert there(hub).items() >= here(smaller).items()
    assert len(hub.commits) == 2


def test_rejected_rows_go_only_where_asked(hub: HubServer, corpus: Path) -> None:
    pushed(hub, corpus, everything=True)
    assert there(hub) == here(corpus, everything=True)
    assert "0 of 9 files sent, 1 deleted" in pushed(hub, corpus)
    assert there(hub) == here(corpus)


def test_an_interrupted_push_goes_on(hub: HubServer, corpus: Path) -> None:
    hub.uploads_left = 3
    assert "Insufficient storage" in refused(hub, corpus)
    assert there(hub) == {}, "nobody sees half a corpus"
    assert hub.commits == []
    assert len(hub.objects) == 3
    hub.uploads_left = None
    hub.requests.clear()
    pushed(hub, corpus)
    assert sent(hub) == len(list(corpus.glob("data/*/*"))) - 3
    assert there(hub) == here(corpus)


def test_nobody_elses_data_set_is_overwritten(hub: HubServer, corpus: Path) -> None:
    folder = hub.folder("datasets", "ada/little")
    folder.mkdir(parents=True)
    hub.private.add("ada/little")
    for name, text in (("train.csv", "a,b\n"), ("manifest.json", '{"files": ["train.csv"]}')):
        (folder / name).write_text(text)
        told = refused(hub, corpus)
        assert "holds a data set that is no corpus of isogloss" in told
    assert set(there(hub)) == {"train.csv", "manifest.json"}
    assert hub.objects == {}


def test_a_public_repository_needs_a_word_and_a_private_one_stays_so(
    hub: HubServer, corpus: Path
) -> None:
    pushed(hub, corpus, "ada/open", private=False)
    assert "is a public repository. Say --public" in refused(hub, corpus, "ada/open")
    pushed(hub, corpus, "ada/closed")
    told = pushed(hub, corpus, "ada/closed", private=False)
    assert "ada/closed stays private" in told
    assert hub.private == {"ada/closed"}


def test_what_hinders_is_told_in_one_line(hub: HubServer, corpus: Path) -> None:
    nobody = refused(hub, corpus, token=None)
    assert "nobody is logged in" in nobody and "hf auth login" in nobody
    assert "does not accept this login" in refused(hub, corpus, token="wrong")
    assert "is no name of a repository" in refused(hub, corpus, "ada/a/b")
    assert "says no user or organization" in refused(hub, corpus, "little")
    assert "forbids it (You have no rights to the namespace bob" in refused(
        hub, corpus, "bob/little"
    )
    for name in ("ISOGLOSS_OFFLINE", "HF_HUB_OFFLINE"):
        told = refused(hub, corpus, environment={name: "1"})
        assert told.startswith("Unavailable: ") and "network is forbidden" in told
    hub.readers.add("ada")
    assert "may only read" in refused(hub, corpus)
    hub.readers.clear()
    assert not (hub.root / "datasets").exists()
    hub.down = True
    assert refused(hub, corpus).startswith("Unavailable: ada/little: the hub cannot take it now")


def test_a_hub_that_is_not_there_is_told(hub: HubServer, corpus: Path) -> None:
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9"}
    told = refused(hub, corpus, environment=nowhere)
    assert told.startswith("Unavailable: ada/little: the hub does not answer")


def test_somebody_elses_repository_cannot_be_written(hub: HubServer, corpus: Path) -> None:
    hub.users["other"] = "bob"
    pushed(hub, corpus, private=False)
    (hub.folder("datasets", "ada/little") / "README.md").write_text("older")
    assert "forbids it (Forbidden: you must have write access" in refused(
        hub, corpus, token="other", private=False
    )


def test_what_somebody_else_commits_meanwhile_is_not_lost(hub: HubServer, corpus: Path) -> None:
    theirs = hub.folder("datasets", "ada/little") / "notes.md"
    hub.before_commit = lambda: theirs.write_text("theirs")
    assert "somebody else changed the repository meanwhile" in refused(hub, corpus)
    assert set(there(hub)) == {"notes.md"}
    assert "is no corpus of isogloss (notes.md)" in refused(hub, corpus)


def test_files_that_a_gitignore_there_keeps_out_are_missed(hub: HubServer, corpus: Path) -> None:
    hub.ignored.append("data/fr/*")
    assert "left out data/fr/translation-train-00000.parquet" in refused(hub, corpus)


def test_a_corpus_changed_by_hand_is_not_pushed(hub: HubServer, corpus: Path) -> None:
    path = corpus / "data" / "fr" / "translation-train-00000.parquet"
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data)
    assert "is not the file that manifest.json lists" in refused(hub, corpus)
    assert hub.objects == {}
    (corpus / "manifest.json").unlink()
    assert "is not a finished corpus" in refused(hub, corpus)


def test_build_pushes_after_having_checked_that_it_may(hub: HubServer, tmp_path: Path) -> None:
    pairs = [(f"the house number {n}", f"das Haus Nummer {n}", "de") for n in range(9)]
    recipe = little_recipe(tmp_path, pairs)
    out = tmp_path / "built"

    def build(*more: str) -> Any:
        arguments = ("build", str(recipe), "--out", str(out))
        return run(hub, None, *arguments, *more)

    denied = build("--push", "bad name")
    assert denied.returncode == 2
    assert "is no name of a repository" in denied.stderr
    nowhere = build("--public")
    assert nowhere.returncode == 2
    assert "--push USER/NAME" in nowhere.stderr
    assert not out.exists(), "told before anything is built"
    done = build("--push", "ada/built")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out}\n{hub.url}/datasets/ada/built\n"
    assert hub.private == {"ada/built"}
    assert there(hub, "ada/built") == here(out)
