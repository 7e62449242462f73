"""Settings say what is wrong with them in the way that helps most."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isogloss.errors import IsoglossError
from isogloss.jsonfiles import parse_json
from isogloss.settings import Settings, parse_toml, read_toml, validate


class Table(Settings):
    sources: tuple[str, ...]
    seed: int = 1


def test_a_key_written_wrongly_is_told_before_that_it_is_missing() -> None:
    with pytest.raises(IsoglossError, match=r"unknown key 'source'\. Did you mean 'sources'\?"):
        validate(Table, {"source": ["a"]}, where="recipe.toml")
    with pytest.raises(IsoglossError, match="the key 'sources' is missing"):
        validate(Table, {"seed": 2}, where="recipe.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a = " + "{b = " * 100_000, "nested too deeply"),
        ("a = " + "[" * 70 + "]" * 70, "nested more than 64 deep"),
        ("a = " + "9" * 5_000, "a number has too many digits"),
        ("a = 99999999999999999999", "passes 64 bits"),
        (".".join("a" * 100_000) + " = 1", "a key has too many parts"),
        ("[" + ".".join(['"a"'] * 100_000) + "]", "a key has too many parts"),
        ("a = inf", "not a finite number"),
        ("a = nan", "not a finite number"),
        ("a = 1e999", "not a finite number"),
        ('a = "\\u0000"', r"holds U\+0000"),
        ('"\\u0000" = 1', r"holds U\+0000"),
        ("a = 2020-99-99", "is not TOML"),
        ("a" * 3_000_000, "is not TOML"),
        ('"' * 3_000_000, "is not TOML"),
    ],
)
def test_toml_that_no_settings_need_is_one_line_at_once(text: str, told: str) -> None:
    began = time.monotonic()
    with pytest.raises(IsoglossError, match=told) as error:
        parse_toml(text, where="recipe.toml")
    assert str(error.value).startswith("recipe.toml: ") and "\n" not in str(error.value)
    assert len(str(error.value)) < 400
    assert time.monotonic() - began < 5


def test_a_file_that_is_no_settings_is_named(tmp_path: Path) -> None:
    with pytest.raises(IsoglossError, match="is a folder"):
        read_toml(tmp_path)
    with pytest.raises(IsoglossError, match="there is no such file"):
        read_toml(tmp_path / "x.toml")
    (tmp_path / "x.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(IsoglossError, match=r"x\.toml: is not TOML"):
        read_toml(tmp_path / "x.toml")
    with (tmp_path / "x.toml").open("r+b") as file:
        file.truncate(1 << 33)
    with pytest.raises(IsoglossError, match="too large for TOML"):
        read_toml(tmp_path / "x.toml")


_PIECES = st.sampled_from(
    ["a", "b", ".", "=", " ", "\n", "[", "]", "{", "}", '"', "'", '"""', ",", "1", "9" * 30, "-", "+",
     "e", "inf", "nan", "true", "0x", "_", "T", ":", "1979-05-27", "#", "\\", "\\u0000", "\\ud800", "é"]
)  # fmt: skip


@pytest.mark.parametrize("examples", [200, pytest.param(20_000, marks=pytest.mark.slow)])
def test_no_text_is_more_than_an_error(examples: int) -> None:
    @settings(max_examples=examples, deadline=5_000, database=None)
    @given(st.lists(_PIECES, max_size=30).map("".join) | st.text(max_size=40))
    def check(text: str) -> None:
        for parse in (parse_toml, parse_json):
            with suppress(IsoglossError):
                json.dumps(parse(text, where="x"), default=str).encode()

    check()
