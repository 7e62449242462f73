"""Pivoting: two translations of one English text are translations of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import permutations

import polars as pl
from pydantic import Field, field_validator

from builders.example import conformed, is_blank
from builders.sources._base import Context, Earlier, Reading, SourceOptions
from builders.sources._directions import Pair, named_pairs, two_languages
from builders.sources._earlier import named
from isogloss.errors import IsoglossError
from isogloss.files import sha256_json
from isogloss.hashing import xxh64
from isogloss.languages import canonical, served

DESCRIPTION = "pairs of earlier sources joined through a language that both share: translation"
LANGUAGES = "those of the sources that it is made of"
LICENCE = "those of both halves (A AND B)"
EXAMPLE = """[[sources]]
name = "pivoted"
kind = "pivot"
of = ["memory", "bitext"]     # sources that stand above this one
through = "en"
pairs = ["bho:nqo"]           # all pairs of the recipe's languages where left out
both_directions = true
"""

#: Bytes of text that are joined at once.
_BUDGET = 256 << 20


class Options(SourceOptions):
    """Which sources, and which pairs to make of them.

    Halves that may be in different splits (their groups differ) make a pair that is rejected. The
    tag is ``pivoted``, beside those of both halves. Texts are the same where they are so to the
    letter.
    """

    of: tuple[str, ...] = Field(min_length=1)
    """The names of sources that stand before this one in the recipe; of them, the pairs with the
    language between are taken, whichever side it is on.
    """
    through: str = "en"
    """The language between."""
    pairs: tuple[str, ...] = ()
    """``source:target``; all pairs of the recipe's languages where left out."""
    both_directions: bool = True
    """Make each of these pairs the other way, too."""
    alternatives: int = Field(default=1, gt=0)
    """Of several translations of one text into a language, take the first ones, so many. Each of
    them makes a pair with each of the other language, and the more there are of a text, the less
    they mean the same.
    """

    @field_validator("pairs")
    @classmethod
    def _two_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return two_languages(value)


def read(options: Options, context: Context) -> Reading:
    """Open the source; the others are read when its examples are.

    Raises:
        IsoglossError: A language is wrong, or none of the pairs is of the recipe's languages.
    """
    tag = canonical(options.through, where=f"{context.where}.through")
    through = served(tag, context.languages)
    pairs = _pairs(options, context, through)
    # What it is made of is in the recipe's other sources, whose content is known by their hashes.
    made_by = options.model_dump(mode="json", exclude={"optional", "limit"})
    details = {"of": list(options.of), "pairs": [":".join(pair) for pair in pairs]}

    def frames(earlier: Earlier) -> Iterator[pl.DataFrame]:
        return _frames(pairs, through, options, named(options.of, earlier, context.where))

    return Reading("made here", options.licence or "", sha256_json(made_by), frames, details)


def _pairs(options: Options, context: Context, through: str) -> list[Pair]:
    if not options.pairs:
        kept = [language for language in context.languages if language != through]
        if len(kept) < 2:
            raise IsoglossError(
                f"the recipe has no two languages besides {through}", where=context.where
            )
        return list(permutations(kept, 2))
    wanted = named_pairs(options.pairs, context)
    if options.both_directions:
        wanted += [pair[::-1] for pair in wanted if pair[0] in context.languages]
    for pair in wanted:
        if through in pair:
            raise IsoglossError(
                f"{':'.join(pair)} needs no language between",
                where=f"{context.where}.pairs",
                remedy=f"Name pairs without {through}",
            )
    return list(dict.fromkeys(wanted))


def _frames(
    pairs: Sequence[Pair],
    through: str,
    options: Options,
    sources: Sequence[Callable[[], Iterator[pl.DataFrame]]],
) -> Iterator[pl.DataFrame]:
    sides = frozenset(side for pair in pairs for side in pair)

    def halves() -> Iterator[pl.DataFrame]:
        for source in sources:
            for frame in source():
                yield _halves(frame, through, sides)

    # The texts are read as often as it takes to join all of them in parts that fit into memory;
    # a text's hash says which part it is in.
    parts = 1 + sum(int(half.estimated_size()) for half in halves()) // _BUDGET
    for part in range(parts):
        here = [half.filter(pl.col("_hash") % parts == part) for half in halves()]
        joined = pl.concat(here) if here else pl.DataFrame()
        if joined.is_empty():
            continue
        first = pl.int_range(pl.len()).over("_through", "language") < options.alternatives
        distinct = joined.unique(["_through", "language", "_text"], maintain_order=True)
        by_language = distinct.filter(first).drop("_hash").partition_by("language", as_dict=True)
        for source, target in pairs:
            if (source,) in by_language and (target,) in by_language:
                made = _joined(by_language[source,], by_language[target,], options.licence)
                if made.height:
                    yield made


def _halves(frame: pl.DataFrame, through: str, sides: frozenset[str]) -> pl.DataFrame:
    """Return the pairs of a batch that have the language between on one side, as halves to join."""
    into = pl.col("language") == through
    shared = pl.when(into).then("output").otherwise("input")
    pairs = frame.filter(
        ~is_blank(shared)
        & (pl.col("task") == "translation")
        & (into != (pl.col("source_language") == through))
        & pl.when(into).then("source_language").otherwise("language").is_in(sides)
    )
    return pairs.select(
        shared.alias("_through"),
        xxh64(shared).alias("_hash"),
        pl.when(into).then("input").otherwise("output").alias("_text"),
        pl.when(into).then("source_language").otherwise("language").alias("language"),
        "licence",
        pl.format("{}:{}", "source", "source_id").alias("source_id"),
        "group",
        "split",
        "tags",
    )


def _joined(ours: pl.DataFrame, theirs: pl.DataFrame, licence: str | None) -> pl.DataFrame:
    """Return the examples of a pair: the texts of two languages that share the one between.

    Args:
        ours: The halves of the language to translate from.
        theirs: Those of the language to translate into.
        licence: The licence that the recipe gives to all, if it does.
    """
    both = ours.join(theirs, on="_through", how="inner", maintain_order="left_right")
    # A group is known by its own name where both halves are of it, and so is its split.
    same = pl.col("group") == pl.col("group_right")
    split = pl.col("split").eq_missing(pl.col("split_right"))
    reason = pl.when(~split | (~same & pl.col("split").is_null())).then(
        pl.lit("its halves are of different groups, which may be in different splits")
    )
    made = both.with_columns(
        pl.lit("translation").alias("task"),
        pl.col("language").alias("source_language"),
        pl.col("language_right").alias("language"),
        pl.col("_text").alias("input"),
        pl.col("_text_right").alias("output"),
        pl.concat_list("_text_right").alias("references"),
        pl.format("{}+{}", "source_id", "source_id_right").alias("source_id"),
        pl.concat_list(pl.lit(["pivoted"], dtype=pl.List(pl.String)), "tags", "tags_right")
        .list.unique(maintain_order=True)
        .alias("tags"),
        (_licence(both) if licence is None else pl.lit(None, pl.String)).alias("licence"),
        reason.alias("reason"),
        pl.when(reason.is_not_null()).then(pl.lit("source")).alias("rejected_by"),
    )
    return conformed(made)


def _licence(both: pl.DataFrame) -> pl.Series:
    """Return the licence of each pair: that of both halves, for it is made of both."""
    found = both.select("licence", "licence_right").unique()
    table = found.with_columns(
        pl.Series("_both", [_together(*row) for row in found.rows()], dtype=pl.String)
    )
    on = ["licence", "licence_right"]
    return both.select(on).join(table, on=on, how="left", nulls_equal=True, maintain_order="left")[
        "_both"
    ]


@cache
def _together(one: str | None, other: str | None) -> str | None:
    """Return two licences as one expression (SPDX 3.0, annex B): both are to be obeyed."""
    from license_expression import ExpressionError, ExpressionParseError, Licensing

    if not one or not other or one == other:
        return one or other
    low, high = sorted((one, other))
    try:
        return str(Licensing().parse(f"({low}) AND ({high})").simplify())
    except (ExpressionError, ExpressionParseError):  # names, not expressions
        return f"{low} AND {high}"
