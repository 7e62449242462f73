"""What changed between two corpora: recipe, sources, steps, counts, libraries and rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from builders.corpus._rowdiff import RowDifference, compare_rows
from isogloss.corpora import OWN_HASH, open_corpus

# In this order, then what else a manifest has.
_FIRST = ("name", "format", "recipe", "sources", "steps", "counts", "libraries")
# These follow from the rest, or are compared row by row.
_LEFT_OUT = ("files", "inputs_sha256", "recipe_sha256", OWN_HASH)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
# What tells a table of a list from the others, and where two have the same, its place among them:
# of steps their source, too, of shares their cell, of leaks where the text is from, and of all else
# the name (a source of bitext has a key "source").
_NAMING = {
    "step": ("source", "step"),
    "origin": ("split", "language", "task", "origin"),
    "name": ("name",),
}


@dataclass(frozen=True)
class Change:
    """One value of the manifests that differs.

    Attributes:
        key: Its dotted path; a table of a list goes by its name, as ``filters.length.max_chars``.
        kind: ``added``, ``removed`` or ``changed``.
        before: The value in the first corpus, None where it is absent there.
        after: The value in the second corpus, likewise.
    """

    key: str
    kind: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """What differs between two corpora.

    Attributes:
        a: The folder of the first.
        b: The folder of the second.
        sections: For each key of the manifests, such as ``recipe`` or ``counts``, its changes;
            those without any are left out.
        rows: How the records differ.
    """

    a: str
    b: str
    sections: dict[str, tuple[Change, ...]]
    rows: RowDifference

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.sections and self.rows.same

    def table(self) -> dict[str, Any]:
        """Return all of it as plain values, for JSON."""
        return {"same": self.same, **asdict(self)}


def diff(a: Path | str, b: Path | str, *, examples: int = 3) -> Difference:
    """Compare two corpora.

    Records are the same where their ids are, which are hashes of prompt and answer.
    All files of records are hashed; those whose hashes are equal are not looked into. Memory is
    bounded by a file of each, and some numbers for each of a million rows.

    Args:
        a: A finished corpus folder, such as the one before.
        b: Another one.
        examples: The most examples of each kind of difference between rows.

    Raises:
        IsoglossError: One of them is no finished corpus, or its files are not those in its
            manifest.
    """
    one, two = open_corpus(a), open_corpus(b)
    names = dict.fromkeys([*_FIRST, *sorted({**one.manifest, **two.manifest})])
    sections = {
        name: found
        for name in names
        if name not in _LEFT_OUT and (found := _changes(one.manifest, two.manifest, name))
    }
    return Difference(str(a), str(b), sections, compare_rows(one, two, examples=examples))


def _changes(one: Mapping[str, Any], two: Mapping[str, Any], section: str) -> tuple[Change, ...]:
    before, after = (
        dict(_leaves(manifest[section])) if section in manifest else {} for manifest in (one, two)
    )
    found = []
    for key in [*before, *(key for key in after if key not in before)]:
        if key not in before:
            found.append(Change(key, "added", None, after[key]))
        elif key not in after:
            found.append(Change(key, "removed", before[key], None))
        elif before[key] != after[key]:
            found.append(Change(key, "changed", before[key], after[key]))
    return tuple(found)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every value below a value with its dotted path; a list of plain values is one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, _below(path, str(key)))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        seen: dict[str, int] = {}
        for number, item in enumerate(value, 1):
            place = path
            for part in _named(item) or [str(number)]:
                place = _below(place, part)
            seen[place] = seen.get(place, 0) + 1
            yield from _leaves(item, place if seen[place] == 1 else f"{place}#{seen[place]}")
    elif path or value != []:
        yield path, value


def _named(item: Any) -> list[str]:
    """Return what a table in a list goes by, as `_NAMING` says: its name, or its source and step."""
    if not isinstance(item, dict):
        return []
    naming = next((keys for kind, keys in _NAMING.items() if kind in item), ())
    return [item[key] for key in naming if isinstance(item.get(key), str)]


def _below(path: str, key: str) -> str:
    plain = key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)
    return f"{path}.{plain}" if path else plain
