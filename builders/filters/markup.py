"""What is left of HTML, Markdown and wikis in text: tags, entities, links, marks of emphasis."""

from __future__ import annotations

import html
from typing import Literal

import polars as pl
import regex
from pydantic import Field

from builders.filters._base import TEXT, FilterOptions, Sweep, because, first_of
from isogloss.text import in_lists, mended

DESCRIPTION = "strips remnants of HTML, Markdown and wikis, or drops rows with many of them"

_PROSE = pl.col("task") != "code"

# What has none of these has no markup.
_MARKS = r"[<&*\[]"

# Attributes have values here: "if a <b and c> d" has no tag, nor has "vector<int>".
_ATTRIBUTES = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))*\s*/?"""
# Elements of HTML (WHATWG, HTML Living Standard, section "Index of elements", and four old ones).
_BLOCKS = (
    "address article aside blockquote br caption center dd details div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td "
    "tfoot th thead tr ul"
).split()
_INLINE = (
    "abbr acronym audio bdi bdo big body button canvas cite code col colgroup data datalist del dfn "
    "em embed font head html iframe img input ins kbd label link map mark meta noscript object "
    "option output param picture ref rp rt ruby samp select small source span strike strong sub "
    "summary sup svg textarea time title track tt var video wbr"
).split()
# As type parameters ("List<A>") these are common, so they are tags only where they are closed.
_PAIRED = "(?:a|b|i|q|s|u)"

_BLOCK = rf"</?(?:{'|'.join(_BLOCKS)}){_ATTRIBUTES}>"

# What is taken out, in this order, and what takes its place.
_TAKEN_OUT = (
    (r"(?is)<(?:script|style)\b[^<>]*>.*?</(?:script|style)\s*>", ""),
    (r"(?s)<!--.*?-->|(?i)<!doctype[^<>]*>", ""),
    (rf"(?i)^(?:\s*{_BLOCK})+\s*|\s*(?:{_BLOCK}\s*)+$", ""),
    (rf"(?i){_BLOCK}", "\n"),
    (rf"(?i)</?(?:{'|'.join(_INLINE)}){_ATTRIBUTES}>", ""),
    *[(rf"(?is)<{_PAIRED}{_ATTRIBUTES}>([^<]*)</{_PAIRED}\s*>", "${1}")] * 2,  # one in another
    # Links and images of Markdown, bold; links of wikis that show something else; BBCode.
    (r'!?\[([^\[\]]*)\]\((?:https?://|/|#|mailto:)[^()\s]*(?:\s+"[^"]*")?\)', "${1}"),
    (r"(^|[^0-9A-Za-z_*)\]])\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*", "${1}${2}"),
    (r"\[\[[^\[\]|\n]+\|([^\[\]|\n]+)\]\]", "${1}"),
    (r"(?i)\[/?(?:url|img|quote|size|color|font|spoiler)(?:=[^\[\]]*)?\]", ""),
)
_ENTITY = regex.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


class Options(FilterOptions):
    """Programs (the task code) are left alone, and so are "a < b", templates of C++ and the like."""

    action: Literal["drop", "strip"] = "drop"
    """``drop`` rows, or ``strip`` markup, and then drop rows that still have too much."""
    max_share: float = Field(default=0.1, ge=0, le=1)
    """The greatest share of a text's characters that may be markup."""


def repair(frame: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return the examples without markup, if that is wanted."""
    if options.action == "drop":
        return frame
    references = in_lists(frame["references"], _without)
    return frame.with_columns(
        *(
            pl.when(_PROSE).then(_without(pl.col(name))).otherwise(pl.col(name)).alias(name)
            for name in TEXT
        ),
        pl.when(_PROSE).then(references).otherwise(pl.col("references")).alias("references"),
    )


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``context``, ``input`` and ``output``'s ``_markup``: the share that is markup, 0 to 1."""
    return frame.select(_share(pl.col(name).fill_null("")).alias(f"{name}_markup") for name in TEXT)


def verdict(options: Options) -> pl.Expr:
    """Drop where too much is markup."""
    reasons = []
    for name in TEXT:
        share = pl.col(f"{name}_markup")
        reason = pl.format(f"{{}}% of the {name} is markup", (share * 100).round().cast(pl.Int32))
        reasons.append(because(_PROSE & (share > options.max_share), reason))
    return first_of(*reasons)


def sweeps(options: Options) -> list[Sweep]:
    """Return the greatest share, for each text."""
    return [
        Sweep("max_share", f"{name}_markup", options.max_share, "above", among=_PROSE)
        for name in TEXT
    ]


def _share(text: pl.Expr) -> pl.Expr:
    length, left = text.str.len_chars(), _without(text).str.len_chars()
    return pl.when(length > 0).then(1 - left / length).otherwise(0).cast(pl.Float32)


def _without(text: pl.Expr) -> pl.Expr:
    def mend(marked: pl.Expr) -> pl.Expr:
        for pattern, instead in _TAKEN_OUT:
            marked = marked.str.replace_all(pattern, instead)
        return mended(marked, _ENTITY.pattern, _unescaped)

    return mended(text, _MARKS, mend)


def _unescaped(text: pl.Expr) -> pl.Expr:
    # The standard library knows the names of entities, one text at a time; few have any.
    return text.map_elements(
        lambda one: _ENTITY.sub(lambda found: html.unescape(found[0]), one), return_dtype=pl.String
    )
