"""Back-translation: a model is asked once, its answers are kept, and nothing is asked again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.chat_server import ChatServer
from support.sources import texts

from builders.example import SCHEMA, rank
from builders.sources import backtranslation
from builders.sources._base import Context, Reading
from isogloss.errors import IsoglossError

LANGUAGES = ("en", "bho", "nqo")
TEXTS = {"bho": ["एक", "दो", "तीन"], "nqo": ["ߞߋߟߋ߲", "ߝߌ߬ߟߊ"]}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let retries wait for nothing, and tell how long they would have."""
    waited: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waited.append)
    return waited


class Parrot:
    """An engine that says texts back, and remembers what it was asked."""

    def __init__(self, *, breaks_after: int | None = None) -> None:
        self.asked: list[str] = []
        self.settings: dict[str, Any] = {}
        self._left = breaks_after

    def __call__(self, model: str, prompts: Sequence[str], **settings: Any) -> list[str]:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
        self.asked += prompts
        self.settings = settings
        return [f"[{prompt.rpartition(chr(10))[2]}]" for prompt in prompts]


def earlier(**more: Any) -> dict[str, Any]:
    rows = [
        {"language": tag, "source_language": "en", "output": text, "source_id": f"{tag}{n}",
         "group": f"group of {text}", "task": "translation", "input": "x", "source": "seed",
         "licence": "CC-BY-SA-4.0", "tags": ["t"], **more}
        for tag, texts_ in TEXTS.items() for n, text in enumerate(texts_)
    ]  # fmt: skip
    rows.append(rows[0] | {"source_id": "again"})
    rows.append(rows[0] | {"language": "en", "output": "One"})
    frame = pl.DataFrame(rows, schema={**SCHEMA, "source": pl.String, "row": pl.Int64})

    def frames() -> Iterator[pl.DataFrame]:
        yield from (frame.slice(start, 3) for start in range(0, frame.height, 3))

    return {"seed": frames}


def opened(folder: Path, engine: Any = None, **options: Any) -> Reading:
    context = Context(LANGUAGES, ("translation",), folder, "r.toml: sources[1]", 42, engine)
    table = {"name": "back", "kind": "back-translation", "model": "m", "of": ["seed"], **options}
    return backtranslation.read(backtranslation.Options.model_validate(table), context)


def read(folder: Path, engine: Any = None, **options: Any) -> pl.DataFrame:
    frames = list(opened(folder, engine, **options).examples(earlier()))
    assert all(frame.schema == SCHEMA for frame in frames)
    return pl.concat(frames)


def lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "back.answers.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_native_texts_are_asked_for_and_the_models_are_given(tmp_path: Path) -> None:
    parrot = Parrot()
    found = read(tmp_path, parrot, temperature=0.5, request={"top_p": 0.9})
    assert texts(found, language="bho") == [("[एक]", "एक"), ("[दो]", "दो"), ("[तीन]", "तीन")]
    assert set(found["source_language"]) == {"en"}
    one = found.row(0, named=True)
    assert one["tags"] == ["synthetic", "back-translation", "model:m", "t"]
    assert (one["licence"], one["group"], one["source_id"]) == (
        "CC-BY-SA-4.0", "group of एक", "seed:bho0",
    )  # fmt: skip
    assert parrot.asked[0] == (
        "Translate this Bhojpuri text into English. Answer with the translation alone.\n\nएक"
    )
    assert len(parrot.asked) == 5, "a text that is there twice is asked once"
    assert parrot.settings == {
        "temperature": 0.5, "seed": 42, "max_tokens": 1024, "system": None, "top_p": 0.9,
    }  # fmt: skip


def test_answers_lie_beside_the_recipe_whatever_the_source_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    read(folder, Parrot(), name="../../back")
    assert [path.name for path in tmp_path.rglob("*.jsonl")] == ["..-..-back.answers.jsonl"]
    assert not list(tmp_path.glob("*.jsonl"))


def test_answers_are_the_content_once_they_are_made(tmp_path: Path) -> None:
    before = opened(tmp_path, Parrot()).sha256
    found = read(tmp_path, Parrot())
    whole = (tmp_path / "back.answers.jsonl").read_bytes()
    after = opened(tmp_path)
    assert after.sha256 != before
    again = pl.concat(list(after.examples(earlier())))
    assert again.equals(found), "without any engine"
    assert (tmp_path / "back.answers.jsonl").read_bytes() == whole
    assert opened(tmp_path).sha256 == after.sha256
    changed = whole.replace("[एक]".encode(), b"[ek]")
    (tmp_path / "back.answers.jsonl").write_bytes(changed)
    assert opened(tmp_path).sha256 != after.sha256
    assert texts(read(tmp_path))[0] == ("[ek]", "एक")


def test_an_interruption_loses_at_most_a_batch(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        read(tmp_path, Parrot(breaks_after=2), batch=1)
    assert [line["text"] for line in lines(tmp_path)] == ["एक", "दो"]
    assert opened(tmp_path).sha256 == opened(tmp_path / "elsewhere").sha256, "not complete yet"
    path = tmp_path / "back.answers.jsonl"
    path.write_bytes(path.read_bytes() + b'{"key": "half a li')
    rest = Parrot()
    found = read(tmp_path, rest, batch=1)
    assert [prompt.rpartition("\n")[2] for prompt in rest.asked] == ["तीन", *TEXTS["nqo"]]
    whole = tmp_path / "whole"
    whole.mkdir()
    assert found.equals(read(whole, Parrot()))
    assert path.read_bytes() == (whole / "back.answers.jsonl").read_bytes()


def test_another_model_is_asked_anew_and_old_answers_stay(tmp_path: Path) -> None:
    read(tmp_path, Parrot())
    other = Parrot()
    read(tmp_path, other, model="n")
    assert len(other.asked) == 5
    read(tmp_path)
    with pytest.raises(IsoglossError, match=r"back\.answers\.jsonl lacks answers.*no engine"):
        read(tmp_path, prompt="Say {text}")


def test_the_limit_is_on_what_is_asked(tmp_path: Path) -> None:
    parrot = Parrot()
    found = read(tmp_path, parrot, limit=1)
    assert len(parrot.asked) == 2
    for tag, kept in found.group_by("language"):
        groups = pl.DataFrame({"group": [f"group of {text}" for text in TEXTS[str(tag[0])]]})
        ranked = groups.sort(rank(42, pl.col("group")))
        assert kept["group"].to_list() == ranked["group"].to_list()[:1], "as the pipeline limits"


def test_languages_and_files_of_one_language(tmp_path: Path) -> None:
    found = read(tmp_path, Parrot(), languages=["bho_Deva"], into="nqo")
    assert found.select("source_language", "language").unique().rows() == [("nqo", "bho")]
    (tmp_path / "mono.bho.txt").write_text("एक\n\n एक \nदो\n", encoding="utf-8")
    options = {"of": [], "path": "mono.{language}.txt", "licence": "CC0-1.0"}
    found = read(tmp_path, Parrot(), **options)
    assert texts(found) == [("[एक]", "एक"), ("[ एक ]", " एक "), ("[दो]", "दो")]
    assert found["source_id"].to_list()[0] == "mono.bho.txt#1"


def test_an_empty_answer_is_a_rejected_row(tmp_path: Path) -> None:
    found = read(tmp_path, lambda model, prompts, **_: [" " for _ in prompts])
    assert set(found["reason"]) == {"the model gave no whole translation"}
    assert read(tmp_path).equals(found), "and is not asked again"


def test_nothing_in_a_text_is_taken_for_a_placeholder(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("{into} {text} {language}\n", encoding="utf-8")
    parrot = Parrot()
    read(
        tmp_path,
        parrot,
        of=[],
        path="t.txt",
        language="bho",
        licence="MIT",
        prompt="<{into}: {text}>",
    )
    assert parrot.asked == ["<English: {into} {text} {language}>"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"of": []}, "exactly one of of and path"),
        ({"path": "x"}, "exactly one of of and path"),
        ({"prompt": "Translate"}, r"holds no \{text\}"),
        ({"languages": ["en"]}, "no language to translate into en"),
        ({"of": ["other"]}, "unknown earlier source 'other'"),
    ],
)
def test_wrong_options_are_told(options: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises((IsoglossError, ValueError), match=told):
        read(tmp_path, Parrot(), **options)


def test_a_broken_line_of_answers_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "back.answers.jsonl").write_text('{"key": "a", "answer": "b"}\nnonsense\n')
    with pytest.raises(IsoglossError, match=r"back\.answers\.jsonl:2: .*translated again"):
        read(tmp_path, Parrot())


# An endpoint


def test_an_interrupted_endpoint_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with ChatServer() as server:
        server.at_most = 3
        with pytest.raises(IsoglossError, match="the endpoint says 400"):
            read(tmp_path, endpoint=server.url, batch=1)
        assert len(lines(tmp_path)) == 3
        server.at_most = None
        server.asked.clear()
        read(tmp_path, endpoint=server.url, batch=1)
        assert len(server.asked) == 2
    assert read(tmp_path, endpoint="http://127.0.0.1:9/v1").height == 5, "needs no endpoint now"


def test_a_killed_build_keeps_its_answers(tmp_path: Path) -> None:
    script = f"""
import os, signal, sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[2])]!r}
from pathlib import Path
import test_backtranslation as t
def engine(model, prompts, **settings):
    if len(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    calls.append(prompts)
    return ["[" + prompt.rpartition(chr(10))[2] + "]" for prompt in prompts]
calls = []
t.read(Path({str(tmp_path)!r}), engine, batch=1)
"""
    killed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert len(lines(tmp_path)) == 3
    rest = Parrot()
    assert read(tmp_path, rest).height == 5
    assert len(rest.asked) == 2


def test_the_key_comes_from_the_environment_and_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ChatServer() as server:
        with pytest.raises(IsoglossError, match="the environment variable OUR_KEY holds no key"):
            read(tmp_path, endpoint=server.url, api_key_env="OUR_KEY")
        monkeypatch.setenv("OUR_KEY", "sk-secret")
        read(tmp_path, endpoint=server.url, api_key_env="OUR_KEY")
        assert server.headers[0]["Authorization"] == "Bearer sk-secret"
        assert "sk-secret" not in (tmp_path / "back.answers.jsonl").read_text()


def test_our_own_runners_are_engines() -> None:
    from isogloss.command.engine import runner_engine

    engine = runner_engine()
    assert engine("copy", ["eins", "zwei"], temperature=0.0, seed=1, max_tokens=9, system=None) == [
        "eins", "zwei",
    ]  # fmt: skip
    with pytest.raises(IsoglossError, match="unknown key 'top_q'"):
        engine("copy", ["eins"], top_q=1)


# Through the pipeline


RECIPE = """
name = "r"
languages = ["en", "bho", "nqo"]

[[sources]]
name = "seed"
kind = "files"
path = "seed.jsonl"
task = "translation"
columns = {{ input = "bho", output = "en" }}
source_language = "bho"
language = "en"
licence = "CC0-1.0"

[[sources]]
name = "other"
kind = "files"
path = "seed.jsonl"
task = "translation"
columns = {{ input = "en", output = "nqo" }}
source_language = "en"
language = "nqo"
licence = "MIT"

[[sources]]
name = "pivoted"
kind = "pivot"
of = ["seed", "other"]
both_directions = false
pairs = ["bho:nqo"]

[[sources]]
name = "back"
kind = "back-translation"
of = ["other"]
into = "bho"
model = "parrot"
endpoint = "{endpoint}"

[split]
test = 0.3
validation = 0.0
"""


def corpus_of(
    folder: Path, endpoint: str, *, frozen: bool = False, out: str = "corpus"
) -> pl.DataFrame:
    import builders

    (folder / "r.toml").write_text(RECIPE.format(endpoint=endpoint))
    lines_ = [
        {"en": f"Number {n} is here", "bho": f"संख्या {n}", "nqo": f"ߘߊ߰ {n}"} for n in range(40)
    ]
    (folder / "seed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines_))
    builders.build(folder / "r.toml", folder / out, frozen=frozen, workers=1)
    return pl.read_parquet(folder / out / "data" / "**" / "*.parquet")


def test_a_build_asks_once_holds_the_answers_to_its_lock_and_keeps_splits(tmp_path: Path) -> None:
    with ChatServer() as server:
        server.answer = lambda prompt: f"अनुवाद {prompt.rpartition(chr(10))[2]}"
        made = corpus_of(tmp_path, server.url)
        assert len(server.asked) == 40
    assert set(made["source"]) == {"seed", "other", "pivoted", "back"}
    assert made.filter(source="pivoted")["licence"].unique().to_list() == ["CC0-1.0 AND MIT"]
    numbers = made.with_columns(
        number=pl.concat_str("input", "output").str.extract(r"(\d+)").cast(pl.Int64)
    )
    by_number = numbers.group_by("number").agg(pl.col("split").n_unique())
    assert by_number["split"].unique().to_list() == [1], (
        "a text is in one split, whatever came of it"
    )
    assert numbers["split"].n_unique() == 2
    # The server is gone: the answers are the source now, and the lock holds them.
    again = corpus_of(tmp_path, server.url, frozen=True, out="again")
    assert again.equals(made)
    manifest = (tmp_path / "corpus" / "manifest.json").read_bytes()
    assert (tmp_path / "again" / "manifest.json").read_bytes() == manifest
    answers = tmp_path / "back.answers.jsonl"
    answers.write_text(answers.read_text().replace("अनुवाद", "अनुबाद"))
    with pytest.raises(IsoglossError, match="back"):
        corpus_of(tmp_path, server.url, frozen=True, out="third")
