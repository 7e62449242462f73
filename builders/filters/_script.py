"""Which script the words of each side are written in: scores that two filters share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from builders.filters._base import because
from builders.filters._prose import words
from isogloss import scripts

Side = Literal["context", "input", "output"]

# Names of programs and placeholders stay Latin in every script: some of the language's own letters
# among few others will do for a short text.
_FEW = 12


def claim(side: str) -> pl.Expr:
    """Return the tag of the language that a side claims to be in."""
    return pl.col("language") if side == "output" else pl.coalesce("source_language", "language")


def claims(frame: pl.DataFrame, sides: Sequence[str]) -> pl.DataFrame:
    """Return ``tag`` and ``text`` of each side, one side's rows below the other's.

    Only words count: placeholders, tags and addresses are left out. Programs (the task code) are in
    no language, and have none.
    """
    code = pl.col("task") == "code"
    parts = [
        frame.select(
            claim(side).alias("tag"),
            pl.when(code.fill_null(False))
            .then(pl.lit(""))
            .otherwise(pl.col(side).fill_null(""))
            .alias("text"),
        )
        for side in sides
    ]
    return pl.concat(parts).with_columns(words(pl.col("text")))


def counted(claims: pl.DataFrame) -> pl.DataFrame:
    """Return ``letters``, ``script_share``, ``script`` and ``own`` of each claim.

    ``letters`` are counted as those of an alphabet: an ideograph or syllable of Chinese, Japanese
    or Korean in a text that claims to be in that language is three. ``script_share`` is the part of
    them that is in a script of the language, 1 where there are no letters; ``script`` the one that
    most letters are of, ``own`` the one among the language's.
    """
    tags = claims["tag"].unique().to_list()
    density = {tag: scripts.density(tag) for tag in tags}
    found = scripts.count(claims["text"], claims["tag"])
    letters, inside = found["letters"], found["inside"]
    if set(density.values()) != {1}:
        weight = claims["tag"].replace_strict(density, return_dtype=pl.UInt32)
        letters = letters - inside + inside * weight
        inside = inside * weight
    share = (inside / letters).fill_nan(1.0).cast(pl.Float32)
    return pl.DataFrame(
        {
            "letters": letters.cast(pl.UInt32),
            "script_share": share,
            "script": found["script"],
            "own": found["own"],
        }
    )


def beside(scores: pl.DataFrame, sides: Sequence[str]) -> pl.DataFrame:
    """Return scores of `claims`, one side's below the other's, as columns beside each other."""
    rows = scores.height // len(sides)
    parts = [
        scores.slice(number * rows, rows).select(pl.all().name.prefix(f"{side}_"))
        for number, side in enumerate(sides)
    ]
    return pl.concat(parts, how="horizontal")


def wrong_script(side: str, least: float) -> pl.Expr:
    """Return the reason where less than a share of a side's letters is in its language's script."""
    share = pl.col(f"{side}_script_share")
    told = pl.format(
        "the {} is not in the script of {}: {} % of its letters are, most are {}",
        pl.lit(side),
        claim(side),
        (share * 100).floor().cast(pl.Int8),
        pl.col(f"{side}_script"),
    )
    return because((share < least) & judged(side), told)


def judged(side: str) -> pl.Expr:
    """Tell which sides have letters enough to be held to their script, or none of its own."""
    enough = pl.col(f"{side}_letters") >= _FEW
    none = pl.col(f"{side}_script_share") == 0
    # A short answer is often a name, which stays in its own script.
    return enough | (none & (pl.col("task") != "qa")) if side == "output" else enough | none
