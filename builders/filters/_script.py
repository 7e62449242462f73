"""Which script the words of each side are written in: scores that two filters share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import polars as pl

from builders.filters._base import because
from builders.filters._prose import words
from isogloss import scripts

Side = Literal["context", "input", "output"]

#: What `counted` returns of an empty text, but for ``own``.
NO_LETTERS = {"letters": 0, "script_share": 1.0, "script": ""}

# Names of programs and placeholders stay Latin in every script: some of the language's own letters
# among few others will do for a short text.
_FEW = 12


def claim(side: str) -> pl.Expr:
    """Return the tag of the language that a side claims to be in."""
    return pl.col("language") if side == "output" else pl.coalesce("source_language", "language")


def there(frame: pl.DataFrame, sides: Sequence[Side]) -> list[Side]:
    """Return the sides of which any row has a text; the first where none has."""
    found = [side for side in sides if frame[side].null_count() < frame.height]
    return found or list(sides[:1])


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


def beside(
    scores: pl.DataFrame, given: Sequence[str], sides: Sequence[str], nothing: Mapping[str, Any]
) -> pl.DataFrame:
    """Return scores of `claims`, one side's below the other's, as columns beside each other.

    Args:
        scores: The scores.
        given: The sides that they are of.
        sides: Those to return.
        nothing: The scores of an empty text, for the others.
    """
    rows = scores.height // len(given)
    parts = [
        (
            scores.slice(given.index(side) * rows, rows)
            if side in given
            else pl.select(
                pl.repeat(nothing[name], rows, dtype=kind).alias(name)
                for name, kind in scores.schema.items()
            )
        ).select(pl.all().name.prefix(f"{side}_"))
        for side in sides
    ]
    return pl.concat(parts, how="horizontal")


def wrong_script(side: str, least: float) -> pl.Expr:
    """Return the reason where less than a share of a side's letters is in its language's script."""
    share = pl.col(f"{side}_script_share")
    reason = pl.format(
        "the {} is not in the script of {}: {} % of its letters are, most are {}",
        pl.lit(side),
        claim(side),
        (share * 100).floor().cast(pl.Int8),
        pl.col(f"{side}_script"),
    )
    return because((share < least) & checked(side), reason)


def checked(side: str) -> pl.Expr:
    """Tell which sides have letters enough to be held to their script, or none of its own."""
    enough = pl.col(f"{side}_letters") >= _FEW
    none = pl.col(f"{side}_script_share") == 0
    # A short answer is often a name, which stays in its own script.
    return enough | (none & (pl.col("task") != "qa")) if side == "output" else enough | none
