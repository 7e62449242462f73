"""Entries of a gettext catalog, as a translator would have them read."""

from __future__ import annotations

import gettext as plural_rules
import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl
import regex

from builders.placeholders import misplaced
from builders.readers import mnemonics
from builders.readers.contexts import IN_ONE_STRING, parted, without_context
from builders.readers.credits import names_translators
from builders.readers.mnemonics import without_mnemonic
from builders.readers.po import Catalog, Entry
from isogloss.text import comparable

SCHEMA: dict[str, Any] = {
    "msgid": pl.String,
    "msgstr": pl.String,
    "forms": pl.List(pl.String),
    "source_id": pl.String,
    "group": pl.String,
    "tags": pl.List(pl.String),
    "msgctxt": pl.String,
    "reason": pl.String,
}

_HANGING = "its answer hangs on a context that the prompt does not show: {}"

_NOT_TEXT = regex.compile(r"[^\p{L}\p{M}\p{N}]+")

# Numbers whose plural forms stand for all others; CLDR's rules never look past the last three
# digits of a whole number but for the millions of some Romance languages.
_NUMBERS = range(2, 201)
_MANY = 5


class _Plurals(NamedTuple):
    """The form of one, and the forms of all other numbers, the commonest first."""

    one: int
    others: tuple[int, ...]


# GNU gettext's rule where a header has none: the Germanic one.
_GERMANIC = _Plurals(0, (1,))


def entries(catalog: Catalog, name: str, *, where: str, fuzzy: bool) -> pl.DataFrame:
    """Return the entries of a catalog, one row each, plurals as two.

    Args:
        catalog: A catalog.
        name: The catalog's name, the same in every locale.
        where: Its file, to name in a reason.
        fuzzy: Whether to keep entries marked as fuzzy.

    Returns:
        Columns ``msgid`` and ``msgstr``, ``forms`` (every acceptable translation, the best
        first), ``source_id`` (the same in every locale), ``group`` (the English text, so that
        all its translations stay in one split), ``tags``, ``msgctxt`` (null where there is none)
        and ``reason`` (null if it is kept).
    """
    plurals = _plurals(catalog.header.get("plural-forms", ""))
    rows: dict[str, list[Any]] = {column: [] for column in SCHEMA}
    # A catalog gives objects, not columns.
    for entry in catalog.entries:
        if not (entry.msgid or entry.fault):  # the header
            continue
        plain = parted(entry)
        for source, forms, number in _sides(plain, plurals or _GERMANIC):
            fault = _fault(plain, source, forms, number, fuzzy=fuzzy)
            if entry.fault:
                place = f"{where}:{entry.line}" if entry.line else where
                fault = f"broken: {entry.fault}, at {place}"
            elif number and plurals is None:
                fault = fault or "the Plural-Forms of its catalog cannot be read"
            row = _row(entry, plain, name, source, forms, number)
            for column, value in zip(SCHEMA, (*row, fault), strict=True):
                rows[column].append(value)
    return pl.DataFrame(rows, schema=SCHEMA)


def hanging(entries: pl.DataFrame, given: str, answer: str) -> pl.DataFrame:
    """Reject the entries whose answer depends on a context, which no prompt shows.

    Args:
        entries: Columns ``msgctxt``, ``reason`` and those of the two sides.
        given: The column of the text that is given.
        answer: The column of the answer.

    Returns:
        The entries, with a ``reason`` for those whose answer is not met in every context that
        their text is met in (no context being one too), case and punctuation aside.
    """
    kept, context = pl.col("reason").is_null(), pl.col("msgctxt").fill_null("none")
    keyed = entries.with_columns(
        comparable(pl.col(given)).alias("_given"), comparable(pl.col(answer)).alias("_answer")
    )
    met = context.filter(kept).unique()
    everywhere = met.len().over("_given") == met.len().over("_given", "_answer")
    names = met.sort().str.join(", ").over("_given")
    reason = pl.when(kept & ~everywhere).then(pl.format(_HANGING, names)).otherwise("reason")
    return keyed.with_columns(reason.alias("reason")).drop("_given", "_answer")


def _plurals(header: str) -> _Plurals | None:
    """Return which forms a catalog's header gives to which numbers, or None if it is broken."""
    _, named, rest = header.partition("plural=")
    if not named:
        return _GERMANIC
    try:
        rule = plural_rules.c2py(rest.partition(";")[0].strip())
        others = dict.fromkeys([rule(_MANY), *(rule(n) for n in _NUMBERS)])
        return _Plurals(rule(1), tuple(others))
    except (ValueError, ArithmeticError, RecursionError):
        return None


def _sides(entry: Entry, plurals: _Plurals) -> Iterator[tuple[str, list[str], str | None]]:
    """Yield (source text, acceptable translations, grammatical number) of an entry."""
    forms = dict(enumerate(entry.forms))
    if not entry.msgid_plural:
        yield entry.msgid, [forms.get(0, "")], None
        return
    yield entry.msgid, [forms.get(plurals.one, "")], "singular"
    texts = [forms.get(index, "") for index in plurals.others]
    yield entry.msgid_plural, list(dict.fromkeys(texts)), "plural"


def _row(
    entry: Entry, plain: Entry, name: str, source: str, forms: list[str], number: str | None
) -> tuple[Any, ...]:
    """Return the columns of an entry up to its ``reason``."""
    tags = [f"context:{plain.msgctxt}"] if plain.msgctxt else []
    tags += [number] if number else []
    unmarked = [without_mnemonic(source, form) for form in forms]
    if any(was_there for _, _, was_there in unmarked):
        source = min((text for text, _, _ in unmarked), key=len)
        forms = [form for _, form, _ in unmarked]
        tags.append("accelerator")
    key = f"{entry.msgctxt or ''}\x04{entry.msgid}\x04{number or ''}"
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    # Without marks and contexts, so that the group is the same in every locale.
    text = without_context(entry.msgid)
    folded = _NOT_TEXT.sub(" ", mnemonics.folded(text).casefold()).strip()
    return (
        source,
        forms[0],
        forms,
        f"{name}:{digest}",
        folded or entry.msgid or name,
        tags,
        plain.msgctxt or None,
    )


def _fault(
    entry: Entry, source: str, forms: list[str], number: str | None, *, fuzzy: bool
) -> str | None:
    """Return why an entry is not a good example, or None."""
    if entry.obsolete:
        return "obsolete: its program no longer has it"
    if not all(form.strip() for form in forms):
        return "untranslated"
    if names_translators(entry, forms):
        return "names its translators, and is no translation"
    if "fuzzy" in entry.flags and not fuzzy:
        return "fuzzy: its translator was not certain"
    if entry.msgid.startswith(IN_ONE_STRING):
        return "its plural forms are in one string, as KDE 3 had them"
    for form in forms:
        lost = misplaced(source, form, may_omit=number is not None, flags=entry.flags)
        if lost:
            return f"its placeholders differ: {lost}"
    return None
