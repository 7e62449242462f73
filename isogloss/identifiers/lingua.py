"""Language identification by lingua (Stahl): 75 languages, made for short text.

Its models make a package of 96 MB, so it is asked for by name only: ``isogloss[lingua]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from isogloss.errors import Unavailable

DESCRIPTION = "lingua: 75 languages, made for short text (needs the extra isogloss[lingua])"
A_SECOND = 400

_PACKAGE = "lingua-language-detector"
_NAMES = {"tl": "fil"}
# As for lid.176: what is less likely decides nothing.
_LEAST = 0.01


@cache
def languages() -> frozenset[str]:
    """Return the base languages that lingua knows.

    Raises:
        Unavailable: lingua is not installed.
    """
    return frozenset(_name(language) for language in _lingua().Language.all())


def rankings(texts: Sequence[str]) -> list[tuple[tuple[str, float], ...]]:
    """Return the base languages of at least 1 % for each text, the likeliest first.

    Raises:
        Unavailable: lingua is not installed.
    """
    found = _detector().compute_language_confidence_values_in_parallel(list(texts))
    return [_ranked(confidences) for confidences in found]


def signature() -> str:
    """Return its name and version.

    Raises:
        Unavailable: lingua is not installed.
    """
    _lingua()
    return f"lingua/{version(_PACKAGE)}"


def _ranked(confidences: Sequence[Any]) -> tuple[tuple[str, float], ...]:
    likely = (one for one in confidences if one.value >= _LEAST)
    return tuple((_name(one.language), float(one.value)) for one in likely)


def _name(language: Any) -> str:
    code: str = language.iso_code_639_1.name.lower()
    return _NAMES.get(code, code)


@cache
def _detector() -> Any:
    return _lingua().LanguageDetectorBuilder.from_all_languages().build()


@cache
def _lingua() -> Any:
    try:
        version(_PACKAGE)  # a folder of that name would be imported, too
        import lingua
    except ImportError as error:
        raise Unavailable(
            "the language identifier lingua is not installed",
            remedy="pip install 'isogloss[lingua]', or choose the backend best",
        ) from error
    return lingua
