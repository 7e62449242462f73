"""Records of JSON: the wanted values of each, as text that is written as it was."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from builders.example import column
from isogloss.errors import IsoglossError
from isogloss.settings import unknown

# Numbers stay as they are written: 5 beside 2.5, 2.50, and more digits than a float has. NaN, which
# JSON does not know and pandas writes for what is missing, is missing.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=lambda name: None)


def record(text: str, where: str) -> dict[str, Any]:
    """Read a record: an object of JSON, with numbers as text.

    Raises:
        IsoglossError: It is not JSON, or not an object.
    """
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise _not_json(text, error, where) from error
    if not isinstance(value, dict):
        raise IsoglossError(
            f"is JSON, but not an object ({text.strip()[:20]})",
            where=where,
            remedy='Every line holds one object, such as {"input": "…", "output": "…"}',
        )
    return value


def records(text: str, where: str, field: str | None) -> list[Any]:
    """Read a list of records that is one JSON text, or the field of an object that has them.

    Raises:
        IsoglossError: It is not JSON, or there is no such list.
    """
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise IsoglossError(f"is not JSON ({problem})", where=where) from error
    if field is not None:
        value = value.get(field) if isinstance(value, dict) else None
    if not isinstance(value, list):
        place = f"its {field!r}" if field is not None else "it"
        raise IsoglossError(f"{place} is no list of records", where=where)
    return value


def _not_json(text: str, error: Exception, where: str) -> IsoglossError:
    if isinstance(error, json.JSONDecodeError):
        problem = f"{error.msg} at character {error.colno}"
    else:
        problem = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
    listed = text.lstrip().startswith("[")
    return IsoglossError(
        f"is not JSON ({problem})",
        where=where,
        remedy="Every line holds one JSON object; jq -c '.[]' makes such lines of a list"
        if listed
        else "Every line holds one JSON object; mend or delete this one",
    )


@dataclass
class Picker:
    """Picks wanted values out of records, and knows what none of them had.

    Attributes:
        wanted: The names of the values, each with whether it may hold several texts; a dot in one
            goes inside. A name that is there twice may hold several only where both may.
        where: The file or data set, to name in an error.
    """

    wanted: Collection[tuple[str, bool]]
    where: str
    _paths: dict[str, tuple[str, ...]] = field(init=False)
    _one: frozenset[str] = field(init=False)
    _absent: set[str] = field(init=False)
    _keys: dict[str, None] = field(default_factory=dict)
    _fields: dict[str, dict[str, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = dict.fromkeys(name for name, _ in self.wanted)
        self._paths = {name: tuple(name.split(".")) for name in names}
        self._one = frozenset(name for name, several in self.wanted if not several)
        self._absent = set(names)

    def pick(self, found: Mapping[str, Any]) -> list[Any]:
        """Return what a record has of each name: a text, a list of texts, or None.

        Raises:
            IsoglossError: It is neither.
        """
        if self._absent:
            self._keys.update(dict.fromkeys(found))
        picked = []
        for name, path in self._paths.items():
            if name in found:
                value, there = found[name], True
            else:
                value, there = self._inside(found, name, path)
            if there and self._absent:
                self._absent.discard(name)
            picked.append(value if value is None or type(value) is str else self._text(value, name))
        return picked

    def check_all_found(self) -> None:
        """Check that each name was in one of the records so far.

        Raises:
            IsoglossError: It was in none.
        """
        for name in self._paths:
            if name not in self._absent or not self._keys:
                continue
            top, *inner = self._paths[name]
            if top not in self._keys:
                raise unknown("column", name, list(self._keys), where=self.where)
            if inner and (known := self._fields.get(name)):
                raise unknown("field", name, list(known), where=f"{self.where}: {name}")

    def frame(self, rows: Iterable[Sequence[Any]]) -> pl.DataFrame:
        """Return picked values as columns: of texts, or of lists of them where one was a list."""
        values = list(zip(*rows, strict=True)) or [() for _ in self._paths]
        made = []
        for name, texts in zip(self._paths, values, strict=True):
            if any(type(text) is list for text in texts):
                lists = [[text] if isinstance(text, str) else text for text in texts]
                made.append(column(name, lists, pl.List(pl.String())))
            else:
                made.append(column(name, texts, pl.String()))
        return pl.DataFrame(made)

    @property
    def nothing(self) -> list[None]:
        """What is picked of a record that is broken."""
        return [None] * len(self._paths)

    def _inside(self, found: Mapping[str, Any], name: str, path: Sequence[str]) -> tuple[Any, bool]:
        """Return what a dotted name finds inside a record, and whether the fields were there."""
        value: Any = found
        there = True
        for number, part in enumerate(path):
            if isinstance(value, list) and part.isdecimal():
                value = value[int(part)] if int(part) < len(value) else None
                continue
            elements = value if isinstance(value, list) else [value]
            objects = [one for one in elements if one is not None]
            if any(not isinstance(one, dict) for one in objects):
                outer = ".".join(path[:number])
                raise IsoglossError(f"its {outer!r} has no {part!r}: it is no object")
            there = any(part in one for one in objects)
            if not there and objects:
                self._fields.setdefault(name, {}).update(dict.fromkeys(objects[0]))
            if not isinstance(value, list):
                value = value.get(part) if value is not None else None
            else:
                value = [one.get(part) for one in objects]
        return value, there

    def _text(self, value: Any, name: str) -> str | list[str]:
        """Return a value as text, or as a list of texts where the name may have several."""
        if isinstance(value, (str, bool)):
            return value if isinstance(value, str) else str(value).lower()
        if isinstance(value, list) and name not in self._one:
            flat = [one for part in value for one in (part if isinstance(part, list) else [part])]
            texts = [self._text(one, name) for one in flat if one is not None]
            if all(isinstance(text, str) for text in texts):
                return texts  # type: ignore[return-value]
        raise _wrong_type(value, name, self.where)


def _wrong_type(value: Any, name: str, where: str) -> IsoglossError:
    """Return the error for a value of JSON that is not text: an object or a list."""
    if isinstance(value, dict):
        return holds_fields(list(value), name, where)
    return holds_lists(name, where)


def holds_fields(fields: Sequence[str], name: str, where: str) -> IsoglossError:
    """Return the error for a column of objects, by the names of their fields."""
    # Names that are shown as they are written, where they can be.
    shown = [field if field.isprintable() else repr(field) for field in fields]
    return IsoglossError(
        f"the column {name!r} holds the fields {', '.join(shown)}",
        where=where,
        remedy=f"Name one of them: {name}.{shown[0]}" if fields else None,
    )


def holds_lists(name: str, where: str) -> IsoglossError:
    """Return the error for a column of lists where one text is wanted."""
    return IsoglossError(
        f"the column {name!r} holds lists, not texts",
        where=where,
        remedy=f"Name an element of them: {name}.0",
    )
