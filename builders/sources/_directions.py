"""From which language into which: what a recipe says of texts that are there in several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Literal

from pydantic import field_validator

from builders.sources._base import Context, SourceOptions
from isogloss.errors import IsoglossError
from isogloss.languages import is_language, served

Direction = Literal["from-english", "to-english", "all"]
Pair = tuple[str, str]


class PairedOptions(SourceOptions):
    """Which pairs of languages to make."""

    directions: tuple[Direction, ...] = ("from-english", "to-english")
    """``all`` pairs every language of the recipe with every other. English need not be among the
    recipe's languages to be translated from.
    """
    pairs: tuple[str, ...] = ()
    """``source:target``, such as ``en:zh-Hans`` or ``eng_Latn:zho_Hans``, in place of directions.
    Tags hold hyphens and codes underscores; a colon neither does.
    """

    @field_validator("pairs")
    @classmethod
    def _two_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return two_languages(value)


def two_languages(pairs: tuple[str, ...]) -> tuple[str, ...]:
    """Return pairs as given.

    Raises:
        ValueError: One is not ``source:target``.
    """
    for pair in pairs:
        sides = pair.split(":")
        if len(sides) != 2 or not all(is_language(side) for side in sides):
            raise ValueError(
                f"{pair!r} is not source:target with two language tags, such as en:zh-Hans"
            )
    return pairs


def named_pairs(pairs: Sequence[str], context: Context) -> list[Pair]:
    """Return the pairs that a recipe names, as its own tags; those it does not keep go.

    Raises:
        IsoglossError: One is a language and itself, or none is kept though some are named.
    """
    found = []
    for pair in pairs:
        source, target = (served(tag, context.languages) for tag in pair.split(":"))
        if source == target:
            raise IsoglossError(
                f"{pair!r} is a language and itself", where=f"{context.where}.pairs"
            )
        if target in context.languages:
            found.append((source, target))
    if pairs and not found:
        raise IsoglossError(
            "no pair is into a language of the recipe", where=f"{context.where}.pairs"
        )
    return list(dict.fromkeys(found))


def directed(
    directions: Sequence[Direction], known: Sequence[str], english: str, *, has_english: bool
) -> list[Pair]:
    """Return the pairs of directions.

    Args:
        directions: The directions.
        known: The recipe's languages that there is text in, in its order.
        english: The tag of English.
        has_english: Whether there is English text, be it of the recipe's languages or not.
    """
    others = [language for language in known if language != english]
    pairs: list[Pair] = []
    for direction in directions:
        if direction == "all":
            pairs += permutations(known, 2)
        elif has_english and direction == "from-english":
            pairs += [(english, other) for other in others]
        elif english in known:
            pairs += [(other, english) for other in others]
    return list(dict.fromkeys(pairs))
