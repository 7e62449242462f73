"""Placeholders and tags of interface strings, which a translation must keep."""

from __future__ import annotations

from collections import Counter

import polars as pl
import regex
from pydantic import Field

from builders.filters._base import FilterOptions, Sweep, because, first_of
from builders.placeholders import differing

DESCRIPTION = "drops translations whose placeholders or tags are not those of their source"

# What has none of these has no placeholder.
_MARKS = r"[%{<$]"

# A message of ICU: its argument and its kind, and where the forms begin that are translated.
_ICU = regex.compile(r"\{\s*(\w+)\s*,\s*(plural|select|selectordinal)\s*,")
# A variable of a shell or of Perl, in capitals or braces: "$5" and "US$" are money.
_VARIABLE = regex.compile(r"\$[A-Z_][A-Z0-9_]*\b|\$\{\w+\}|\{\{[^{}]*\}\}")
# No tag is "%<PRIu64>", an argument of printf.
_TAG = regex.compile(r"(?<!%|%[0-9]{1,2}\$)</?([A-Za-z][\w:-]*)(?:\s[^<>]*)?/?>")


class Options(FilterOptions):
    """How many placeholders may differ."""

    max_differing: int = Field(default=0, ge=0)
    """At most so many may be on one side only."""
    tags: bool = True
    """Compare tags of HTML and XML too, by their names."""
    max_placeholders: int | None = Field(default=None, ge=0)
    """At most so many may be on a side at all: a string that is half code is half translated when
    it is copied. None for any number.
    """


SCORED_BY = ("tags", "max_placeholders")


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``differing``: how many placeholders one side has and the other has not.

    With ``max_placeholders``, ``placeholders`` too: how many the side has that has more.
    """
    found = pl.zeros(frame.height, pl.UInt16, eager=True).alias("differing")
    texts = frame.select(pl.col("input", "output").fill_null(""))
    marked = texts.select(pl.any_horizontal(pl.all().str.contains(_MARKS))).to_series()
    compared = (marked & (frame["task"] == "translation").fill_null(False)).arg_true()
    # Which argument a placeholder stands for hangs on those before it: no column expression. Few
    # rows come here.
    counts = [_differing(*pair, tags=options.tags) for pair in texts[compared].iter_rows()]
    scores = found.scatter(compared, pl.Series(counts, dtype=pl.UInt16)).to_frame()
    if options.max_placeholders is None:
        return scores
    most = [
        max(_differing(text, "", tags=options.tags) for text in pair)
        for pair in texts[compared].iter_rows()
    ]
    number = pl.zeros(frame.height, pl.UInt16, eager=True).alias("placeholders")
    return scores.with_columns(number.scatter(compared, pl.Series(most, dtype=pl.UInt16)))


def verdict(options: Options) -> pl.Expr:
    """Drop where too many placeholders differ."""
    wrong = pl.col("differing") > options.max_differing
    reasons = [because(wrong, pl.format("{} placeholders are on one side only", "differing"))]
    if options.max_placeholders is not None:
        many = pl.col("placeholders") > options.max_placeholders
        reasons.append(because(many, pl.format("it has {} placeholders", "placeholders")))
    return first_of(*reasons)


def sweeps(options: Options) -> list[Sweep]:
    """Return how many may differ, and how many there may be where that is bound."""
    found = [Sweep("max_differing", "differing", options.max_differing, "above")]
    if options.max_placeholders is not None:
        found.append(Sweep("max_placeholders", "placeholders", options.max_placeholders, "above"))
    return found


def _differing(source: str, target: str, *, tags: bool) -> int:
    sides = [_parts(text, tags=tags) for text in (source, target)]
    ours, theirs = (counts for counts, _ in sides)
    rest = differing(sides[0][1], sides[1][1], may_omit=False)
    return min((ours - theirs).total() + (theirs - ours).total() + len(rest), 0xFFFF)


def _parts(text: str, *, tags: bool) -> tuple[Counter[str], str]:
    """Return what is counted here, and the text that is left for printf's and braces' ones."""
    found: Counter[str] = Counter()
    text = _without_icu(text, found)
    for name, pattern in (("variable", _VARIABLE), ("tag", _TAG)):
        if name == "tag" and not tags:
            continue
        for match in pattern.finditer(text):
            closing = match[0].startswith("</")
            found[f"{'/' * closing}{match[1].lower()}" if name == "tag" else match[0]] += 1
        text = pattern.sub(" ", text)
    return found, text


def _without_icu(text: str, found: Counter[str]) -> str:
    """Cut out messages of ICU, whose forms differ by language, and count what they hang on."""
    parts, start = [], 0
    while match := _ICU.search(text, start):
        found[f"{match[1]}, {match[2]}"] += 1
        parts.append(text[start : match.start()])
        start = _closing(text, match.start())
    return " ".join([*parts, text[start:]])


def _closing(text: str, start: int) -> int:
    """Return where the brace that opens at ``start`` has been closed; the end where it is not."""
    depth = 0
    for brace in regex.finditer(r"[{}]", text, pos=start):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(text)
