"""Other values than a given one: what an object must not equal, what an assertion must not hold for."""

from __future__ import annotations

import os
from collections import deque
from typing import Any

from .plain import MUTABLE, VALUES

#: How many other values an object is shown beside the expected one.
_DECOYS = 12


def below(most: int) -> int:
    """Return a number that nobody can foretell, from 0 up to but not including another."""
    return int.from_bytes(os.urandom(8), "little") % most


def decoys(value: Any) -> list[Any]:
    """Return values that differ from one, which cannot be told to be their origin.

    Each is altered from one of those before it.
    """
    found = [value]
    different: dict[Any, Any] = {}
    for _ in range(8 * _DECOYS):
        one = altered(found[below(len(found))])
        key = (type(one), repr(one))
        if key not in different and (type(one) is not type(value) or one != value):
            found.append(one)
            different[key] = one
        if len(different) == _DECOYS:
            break
    return list(different.values())


def altered(value: Any, *, far: bool = False) -> Any:
    """Return another value of the same type, or of another one where that has no other.

    Args:
        value: Plain data.
        far: Whether a number is to be far away, beyond any tolerance.
    """
    kind = type(value)
    sign = (-1, 1)[below(2)]
    if kind is bool:
        return not value
    if kind is int:
        return value + sign * ((10**9 + 10 * abs(value)) if far else 1 + below(3))
    if kind is float or kind is complex:
        size = abs(value)
        if not size < float("inf"):
            return kind(0)
        return value + sign * ((1e9 + 10 * size) if far else (1 + below(3)) * max(1.0, size))
    if kind is str:
        return _altered_text(value)
    if kind is bytes or kind is bytearray:
        return kind(_altered_text(value.decode("latin-1")).encode("latin-1", "replace"))
    if kind is list or kind is tuple or kind is deque:
        items = list(value)
        if not items or below(4) == 0:
            items.append(altered(items[-1]) if items else 0)
        else:
            at = below(len(items))
            items[at] = altered(items[at], far=far)
        return kind(items)
    if kind is set or kind is frozenset:
        items = [0]
        while items[0] in value:
            items = [below(1 << 62)]
        return kind([*value, *items])
    if kind in MUTABLE:
        made = value.copy()
        if made:
            key = list(made)[below(len(made))]
            made[key] = altered(made[key], far=far)
        else:
            made[0] = 1
        return made
    if value is None:
        return (0, "", False, [])[below(4)]
    if kind is range:
        return range(value.start, value.stop + value.step * (1 + below(3)), value.step)
    if kind is type:
        others = [one for one in (int, str, list, dict) if one is not value]
        return others[below(len(others))]
    key = (kind.__module__, kind.__name__)
    if key in (("decimal", "Decimal"), ("fractions", "Fraction")):
        finite = kind.__name__ == "Fraction" or value.is_finite()
        return value + (10**9 if far else 1 + below(3)) if finite else kind(0)
    return _altered_parts(kind, VALUES[key](value), far=far) if key in VALUES else None


def _altered_parts(kind: Any, parts: tuple[Any, ...], *, far: bool) -> Any:
    """Make a date, a path and the like of the parts of another one, but for one part."""
    for _ in range(40):
        at = below(len(parts))
        try:
            return kind(*parts[:at], altered(parts[at], far=far), *parts[at + 1 :])
        except (ValueError, TypeError, OverflowError):
            continue  # there is no such one, as no 31st of June
    return None


def _altered_text(text: str) -> str:
    letters = "bcdfgklmnprstvz"
    at = below(len(text) + 1)
    if at == len(text):
        return text + letters[below(len(letters))]
    old = text[at]
    new = old
    while new.lower() == old.lower():
        new = str(below(10)) if old.isdigit() else letters[below(len(letters))]
    return text[:at] + new + text[at + 1 :]
