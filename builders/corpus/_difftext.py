"""The difference between two corpora in words, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from builders.corpus._rowdiff import Example, RowDifference
from builders.corpus.diff import Change, Difference
from isogloss.console import printable

# Of each section; JSON has all.
_MOST_CHANGES = 20
_WIDEST = 60
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_KINDS = {
    "only_a": ("-", "only in the first"),
    "only_b": ("+", "only in the second"),
    "changed": ("~", "in both, but not the same"),
}


def as_json(found: Difference) -> str:
    """Return a difference as one JSON object."""
    return json.dumps(found.table(), ensure_ascii=False, indent=2, default=str)


def as_text(found: Difference) -> str:
    """Return a difference as lines to read: ``-`` is of the first corpus, ``+`` of the second."""
    return "\n".join(_lines(found))


def _lines(found: Difference) -> Iterator[str]:
    yield f"- {printable(found.a)}"
    yield f"+ {printable(found.b)}"
    if found.same:
        yield "nothing differs"
        return
    for name, changes in found.sections.items():
        yield ""
        yield printable(name)
        yield from (_change(change) for change in changes[:_MOST_CHANGES])
        if len(changes) > _MOST_CHANGES:
            yield f"  … and {len(changes) - _MOST_CHANGES} more (--json tells all)"
    yield ""
    yield "rows"
    yield from _rows(found.rows)


def _change(change: Change) -> str:
    sign, key = _SIGNS[change.kind], printable(change.key)
    if change.kind == "added":
        text = _value(change.after)
    elif change.kind == "removed":
        text = _value(change.before)
    else:
        text = _step(change.before, change.after)
    return f"  {sign} {key + ': ' if key else ''}{text}"


def _step(before: Any, after: Any) -> str:
    """Return how one value became another: what was added to a list, and how far a number went."""
    if isinstance(before, list) and isinstance(after, list):
        gone = [f"-{_value(one)}" for one in before if one not in after]
        new = [f"+{_value(one)}" for one in after if one not in before]
        if gone or new:
            return " ".join([*gone, *new])
        return "in another order, or other numbers of times"
    text = f"{_value(before)} → {_value(after)}"
    if _is_number(before) and _is_number(after):
        delta = after - before
        return f"{text} ({delta:+,})" if isinstance(delta, int) else f"{text} ({delta:+g})"
    return text


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _short(text)


def _short(text: str) -> str:
    cut = text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
    return printable(" ".join(cut.split()))


def _rows(rows: RowDifference) -> Iterator[str]:
    yield f"    {rows.equal:,} the same in both"
    for kind, (sign, verb) in _KINDS.items():
        count = getattr(rows, kind)
        parts = (f"{printable(name)} {n:,}" for name, n in rows.by_column.items())
        by = f": {', '.join(parts)}" if kind == "changed" and rows.by_column else ""
        yield f"  {sign} {count:,} {verb}{by}"
        yield from (f"      {_example(one)}" for one in rows.examples.get(kind, ()))
    for sign, columns in (("-", rows.columns_only_a), ("+", rows.columns_only_b)):
        yield from (f"  {sign} column {printable(name)}" for name in columns)


def _example(example: Example) -> str:
    place = " ".join((example.id, example.language, example.task, example.split))
    if example.columns:
        changes = (f"{name}: {_step(*values)}" for name, values in example.columns.items())
        return printable(f"{place}  {'; '.join(changes)}")
    prompt = [example.text[name] for name in ("instruction", "input") if name in example.text]
    answered = example.text.get("output", "")
    return printable(f"{place}  ") + f"{_short(' '.join(prompt))} → {_short(answered)}"
