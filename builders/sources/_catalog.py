"""Entries of a gettext catalog, as a translator would have them read."""

from __future__ import annotations

import gettext as plural_rules
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import regex

SCHEMA: dict[str, Any] = {
    "msgid": pl.String,
    "msgstr": pl.String,
    "forms": pl.List(pl.String),
    "source_id": pl.String,
    "group": pl.String,
    "tags": pl.List(pl.String),
    "reason": pl.String,
}

# printf conversions as GNU gettext's python-format knows them; without the space flag, which
# would take the "% s" out of "100 % sicher".
_PRINTF = regex.compile(r"%(?:\((\w+)\))?[#0+-]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]|%%")
_BRACE = regex.compile(r"\{(\w*)(?:![rsa])?(?::[^{}]*)?\}")

# A mnemonic mark before the letter it underlines; in CJK, "(&O)" after the text.
_TRAILING_MNEMONIC = regex.compile(r"\s*[(（][&_]\w[)）]")
_MNEMONIC = regex.compile(r"(?<![&_])[&_](?=\p{L}|\p{N})(?!\w+;)")
_WORD = regex.compile(r"[\w&]+")
_NOT_TEXT = regex.compile(r"[^\p{L}\p{M}\p{N}]+")

# Numbers whose plural forms stand for all others; CLDR's rules never look past the last three
# digits of a whole number but for the millions of some Romance languages.
_NUMBERS = range(2, 201)
_MANY = 5


def entries(catalog: Any, name: str, *, fuzzy: bool) -> pl.DataFrame:
    """Return the entries of a catalog, one row each, plurals as two.

    Args:
        catalog: What polib read.
        name: The catalog's name, the same in every locale.
        fuzzy: Whether to keep entries marked as fuzzy.

    Returns:
        Columns ``msgid`` and ``msgstr``, ``forms`` (every acceptable translation, the best
        first), ``source_id`` (the same in every locale), ``group`` (the English text, so that
        all its translations stay in one split), ``tags`` and ``reason`` (null if it is kept).
    """
    rule = _plural_rule(catalog.metadata.get("Plural-Forms", ""))
    rows: dict[str, list[Any]] = {column: [] for column in SCHEMA}
    # polib gives objects, not columns.
    for entry in catalog:
        if not entry.msgid:
            continue
        for source, forms, number in _sides(entry, rule):
            row = _row(entry, name, source, forms, number, fuzzy=fuzzy)
            for column, value in zip(SCHEMA, row, strict=True):
                rows[column].append(value)
    return pl.DataFrame(rows, schema=SCHEMA)


def _plural_rule(header: str) -> Callable[[int], int]:
    """Return the function from a number to its form, by the catalog's own header."""
    expression = header.partition("plural=")[2].strip().rstrip(";") or "n != 1"
    try:
        return plural_rules.c2py(expression)
    except ValueError:
        return lambda n: int(n != 1)


def _sides(entry: Any, rule: Callable[[int], int]) -> Iterator[tuple[str, list[str], str | None]]:
    """Yield (source text, acceptable translations, grammatical number) of an entry."""
    if not entry.msgid_plural:
        yield entry.msgid, [entry.msgstr], None
        return
    forms = {int(index): text for index, text in entry.msgstr_plural.items()}
    yield entry.msgid, [forms.get(rule(1), "")], "singular"
    order = [rule(_MANY), *(rule(n) for n in _NUMBERS)]
    texts = [forms.get(index, "") for index in dict.fromkeys(order)]
    yield entry.msgid_plural, list(dict.fromkeys(texts)), "plural"


def _row(
    entry: Any, name: str, source: str, forms: list[str], number: str | None, *, fuzzy: bool
) -> tuple[Any, ...]:
    tags = [f"context:{entry.msgctxt}"] if entry.msgctxt else []
    tags += [number] if number else []
    plain = [without_mnemonic(source, form) for form in forms]
    if any(was_there for _, _, was_there in plain):
        source = plain[0][0]
        forms = [form for _, form, _ in plain]
        tags.append("accelerator")
    key = f"{entry.msgctxt or ''}\x04{entry.msgid}\x04{number or ''}"
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    folded = _NOT_TEXT.sub(" ", entry.msgid.casefold()).strip() or entry.msgid
    return (
        source,
        forms[0],
        forms,
        f"{name}:{digest}",
        folded,
        tags,
        _fault(entry, source, forms, number, fuzzy=fuzzy),
    )


def _fault(
    entry: Any, source: str, forms: list[str], number: str | None, *, fuzzy: bool
) -> str | None:
    """Return why an entry is not a good example, or None."""
    if entry.obsolete:
        return "obsolete: its program no longer has it"
    if not all(form.strip() for form in forms):
        return "untranslated"
    if "fuzzy" in entry.flags and not fuzzy:
        return "fuzzy: its translator was not certain"
    for form in forms:
        lost = misplaced(source, form, may_omit=number is not None)
        if lost:
            return f"its placeholders differ: {lost}"
    return None


def placeholders(text: str) -> Counter[str]:
    """Return the placeholders of a text, printf and brace, with how often each is there."""
    found = Counter(match[0] for match in _PRINTF.finditer(text))
    found.update(match[0] for match in _BRACE.finditer(text))
    return found


def misplaced(source: str, target: str, *, may_omit: bool) -> str:
    """Return the placeholders that only one side has, or an empty string.

    A named one may be said twice. Where ``may_omit`` holds, the translation may leave one out: a
    form for one number ("one day", "two days" in Arabic) need not repeat it.
    """
    ours, theirs = placeholders(source), placeholders(target)
    added, lost = theirs - ours, ours - theirs
    repeated = {name for name in added if name in ours and _named(name)}
    lost_for_good = (
        [] if may_omit and len(lost) <= 1 else [n for n in lost if n not in theirs or not _named(n)]
    )
    wrong = sorted({name for name in added if name not in repeated} | set(lost_for_good))
    return ", ".join(wrong)


def _named(placeholder: str) -> bool:
    return "(" in placeholder or (placeholder.startswith("{") and placeholder != "{}")


def without_mnemonic(source: str, target: str) -> tuple[str, str, bool]:
    """Return both sides without their keyboard mnemonics, and whether there were any.

    A mark is a mnemonic only where both sides have exactly one, outside placeholders, and not in
    a word that both share (``AT&T``, ``max_length``).
    """
    marks = _mnemonic(source), _mnemonic(target)
    if marks[0] is None or marks[1] is None:
        return source, target, False
    ours, theirs = _word_at(source, marks[0]), _word_at(target, marks[1])
    if ours is not None and ours == theirs and not ours.startswith("&"):
        return source, target, False
    stripped = [
        text[: span[0]] + text[span[1] :] for text, span in ((source, marks[0]), (target, marks[1]))
    ]
    return stripped[0], stripped[1], True


def _mnemonic(text: str) -> tuple[int, int] | None:
    trailing = _TRAILING_MNEMONIC.search(text)
    if trailing:
        return trailing.span()
    taken = [match.span() for match in (*_PRINTF.finditer(text), *_BRACE.finditer(text))]
    found = [
        match.span()
        for match in _MNEMONIC.finditer(text)
        if not any(start <= match.start() < end for start, end in taken)
    ]
    return found[0] if len(found) == 1 else None


def _word_at(text: str, span: tuple[int, int]) -> str | None:
    for match in _WORD.finditer(text):
        if match.start() <= span[0] < match.end():
            return match[0]
    return None
