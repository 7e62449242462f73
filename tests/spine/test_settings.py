"""Settings say what is wrong with them in the way that helps most."""

from __future__ import annotations

import pytest

from isogloss.errors import IsoglossError
from isogloss.settings import Settings, validate


class Table(Settings):
    sources: tuple[str, ...]
    seed: int = 1


def test_a_key_written_wrongly_is_told_before_that_it_is_missing() -> None:
    with pytest.raises(IsoglossError, match=r"unknown key 'source'\. Did you mean 'sources'\?"):
        validate(Table, {"source": ["a"]}, where="recipe.toml")
    with pytest.raises(IsoglossError, match="the key 'sources' is missing"):
        validate(Table, {"seed": 2}, where="recipe.toml")
