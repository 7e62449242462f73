"""`isogloss.hub` against a hub of ours: revisions, files, snapshots, the cache, and errors in one line.

In another process each time, since the hub's client reads its endpoint when it is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.hub_server import HubServer
from support.processes import run_forked

HEAD = """
from pathlib import Path
from isogloss import hub
from isogloss.errors import IsoglossError

def tried(make, *arguments, **more):
    try:
        print(make(*arguments, **more))
    except IsoglossError as error:
        print(type(error).__name__, error)
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    folder = tmp_path / "hub" / "models" / "org" / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_text("weights")
    (folder / "pytorch_model.bin").write_text("pickle")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    with HubServer(tmp_path / "hub") as server:
        yield server


def lines(hub: HubServer, home: Path, code: str, **more: str) -> list[str]:
    done = run_forked([], code=HEAD + code, env=hub.environment(home, **more))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


SNAPSHOT = """
folder = None
def snapshot(repo, revision=None, **more):
    global folder
    folder = hub.snapshot(repo, revision, "here", kind="model", **more)
    return sorted(path.name for path in folder.iterdir())
"""


def test_a_snapshot_has_the_wanted_files_and_is_there_without_network(
    hub: HubServer, tmp_path: Path
) -> None:
    commit = hub.commit("models", "org/tiny")
    code = SNAPSHOT + (
        'tried(snapshot, "org/tiny", patterns=["*.json", "*.safetensors"])\n'
        "print(folder.name)\n"
        'tried(snapshot, "org/tiny", "v9")\n'
        'tried(snapshot, "org/none")\n'
    )
    files, name, revision, none = lines(hub, tmp_path / "home", code)
    assert files == "['config.json', 'model.safetensors']"
    assert name == commit
    assert revision == "IsoglossError here: the model 'org/tiny' has no revision 'v9'"
    assert none.startswith("IsoglossError here: there is no model 'org/none' on the Hugging Face")
    hub.requests.clear()
    again = lines(hub, tmp_path / "home", code, ISOGLOSS_OFFLINE="1")
    assert again[:2] == [files, commit]
    assert again[2].startswith(
        "Unavailable here: 'org/tiny' is not, or not all of it, in the cache"
    )
    assert again[2].endswith("first: hf download --repo-type model org/tiny --revision v9")
    assert hub.requests == []


def test_a_branch_is_looked_at_again_unless_what_is_there_is_enough(
    hub: HubServer, tmp_path: Path
) -> None:
    first = lines(hub, tmp_path / "home", SNAPSHOT + 'tried(snapshot, "org/tiny")\n')
    (hub.folder("models", "org/tiny") / "added.json").write_text("{}")
    code = SNAPSHOT + (
        'tried(snapshot, "org/tiny", enough="*.safetensors")\n'
        'tried(snapshot, "org/tiny", enough="*.nothing")\n'
    )
    kept, newest = lines(hub, tmp_path / "home", code)
    assert kept == first[0]
    assert "added.json" in newest


def test_a_revision_is_a_commit_with_the_licence_of_its_card(
    hub: HubServer, tmp_path: Path
) -> None:
    commit = hub.commit("models", "org/tiny")
    code = (
        'tried(hub.resolve, "org/tiny", None, "here", kind="model")\n'
        'tried(hub.resolve, "no name", None, "here", kind="model")\n'
    )
    found, invalid = lines(hub, tmp_path / "home", code)
    assert found == f"Revision(commit='{commit}', licence='mit')"
    assert invalid.startswith("IsoglossError here: there is no model 'no name'")
    (forbidden, _) = lines(hub, tmp_path / "home", code, ISOGLOSS_OFFLINE="1")
    assert forbidden.startswith("Unavailable here: 'org/tiny' is not")


DOWNLOAD = 'tried(hub.download, "org/tiny", "main", "config.json", "here", kind="model")\n'
RESOLVE = 'tried(hub.resolve, "org/tiny", None, "here", kind="model")\n'


def test_a_gated_model_is_one_line_with_a_remedy(hub: HubServer, tmp_path: Path) -> None:
    hub.gated.add("org/tiny")
    (gated,) = lines(hub, tmp_path / "home", DOWNLOAD)
    assert gated.startswith("IsoglossError here: the model 'org/tiny' is gated. Accept its terms")


# The hub's client tries to download again and again, for half a minute.
@pytest.mark.parametrize("code", [RESOLVE, pytest.param(DOWNLOAD, marks=pytest.mark.slow)])
def test_a_hub_that_does_not_answer_is_one_line_with_a_remedy(
    code: str, hub: HubServer, tmp_path: Path
) -> None:
    hub.down = True
    (down,) = lines(hub, tmp_path / "home", code)
    assert down.startswith("Unavailable here: the hub ")
    (nowhere,) = lines(hub, tmp_path / "home", code, HF_ENDPOINT="http://127.0.0.1:9")
    assert nowhere.startswith("Unavailable here: the hub does not answer")
    assert nowhere.endswith("Check the network and HF_ENDPOINT, and run the same command again")


def test_a_card_whose_head_is_no_yaml_says_no_licence(hub: HubServer, tmp_path: Path) -> None:
    card = hub.folder("models", "org/tiny") / "README.md"
    card.write_text("---\nlicense: [mit\n---\n")
    code = f"tried(hub.licence_of, Path({str(card)!r}))\n"
    assert lines(hub, tmp_path / "home", code) == ["None"]
    card.write_text("---\nlicense: [mit, cc-by-4.0]\n---\n")
    assert lines(hub, tmp_path / "home", code) == ["['mit', 'cc-by-4.0']"]


def test_a_model_is_not_looked_for_at_the_hub_where_the_network_is_forbidden(
    hub: HubServer, tmp_path: Path
) -> None:
    """Not by Python either, where the command has set nothing for the hub's client."""
    code = (
        "from runners.loading.location import locate\n"
        "from builders.embedders.huggingface import load\n"
        'tried(locate, "org/tiny")\n'
        'tried(load, "org/tiny", None)\n'
    )
    model, encoder = lines(hub, tmp_path / "home", code, ISOGLOSS_OFFLINE="1")
    assert model.startswith("Unavailable model: 'org/tiny' is not")
    assert encoder.startswith("Unavailable the filter similarity: model: 'org/tiny' is not")
    assert hub.requests == []
