"""The language that a text claims, against its script and a language identifier."""

from __future__ import annotations

from functools import cache

import polars as pl
from pydantic import Field, field_validator

from builders.filters import _script
from builders.filters._base import FilterOptions, Sweep, because, first_of
from isogloss import identifiers
from isogloss.scripts import written_in

DESCRIPTION = "drops rows with a side that is in another script or, as identified, language"
COST = 1
SCORED_BY = ("backend", "max_chars", "sides")

# An identifier is used where at least so much of a text is in a script of its language: of the
# rest it says what the other script is used for.
_LEAST_IN_SCRIPT = 0.2

# The scores of an empty text.
_NOTHING = {
    **_script.NO_LETTERS,
    "judge": "script",
    "own_probability": float("nan"),
    "other": "",
    "other_probability": 0.0,
}

# What a text claims to be in, and the script of that which most of its letters are of.
_CLAIM = ["tag", "own"]


class Options(FilterOptions):
    """Which identifier, of how much of a text, and what is believed of what it says."""

    backend: str = "best"
    """``best``, for each language the identifier that was measured to judge it best, or one of
    `isogloss.identifiers` for all (``isogloss[lingua]`` adds one).
    """
    max_chars: int = Field(default=200, ge=20)
    """An identifier is shown so many characters: what a text is in shows early."""
    min_letters: int = Field(default=40, ge=1)
    """Shorter texts are only held to their script: identifiers guess there."""
    min_probability: float = Field(default=0.5, gt=0, le=1)
    """So likely must another language be …"""
    max_own_probability: float = Field(default=0.1, ge=0, lt=1)
    """… and its own at most, for a row to be dropped."""
    min_script_share: float = Field(default=0.4, ge=0, le=1)
    """The share of letters that must be in a script of the language; an ideograph or a syllable of
    Chinese, Japanese or Korean is as much as three letters.
    """
    sides: tuple[_script.Side, ...] = Field(default=("context", "input", "output"), min_length=1)
    """The sides to check."""

    @field_validator("backend")
    @classmethod
    def _there(cls, name: str) -> str:
        known = ["best", *identifiers.names()]
        if name not in known:
            raise ValueError(f"there is no language identifier {name!r}, only {', '.join(known)}")
        return name


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return six scores of each side.

    ``letters``, ``script_share`` and ``script`` are as the filter ``script`` has them. ``judge``
    says who decides: an identifier, or ``script`` where that does not know the language, or no other
    one in the script, or most of the text is in another script. ``own_probability`` is that of the claimed
    language (NaN where no identifier was used); ``other`` the likeliest other language, without
    those that the identifier is known to take this one for ("" for none), and
    ``other_probability`` its probability.

    Raises:
        Unavailable: The identifier that the options name is not installed.
    """
    given = _script.there(frame, options.sides)
    texts = _script.claims(frame, given)
    whole = pl.concat([texts, _script.counted(texts)], how="horizontal").with_row_index("row")
    claims = whole.select(_CLAIM).unique(maintain_order=True).with_row_index("claim")
    whole = _with_identifiers(whole, claims, options.backend)
    identified = whole.filter(pl.col("judge") != "script").with_columns(
        pl.col("text").str.head(options.max_chars)
    )
    weighed = [
        _weighed(part, claims, str(name), workers)
        for (name,), part in identified.group_by("judge", maintain_order=True)
    ]
    found = pl.concat([pl.DataFrame(schema={"row": pl.UInt32, **identifiers.WEIGHED}), *weighed])
    scores = whole.join(found, on="row", how="left", maintain_order="left").with_columns(
        pl.col("own_probability").fill_null(float("nan")),
        pl.col("other").fill_null(""),
        pl.col("other_probability").fill_null(0.0),
    )
    columns = scores.drop("row", "claim", "tag", "text", "own")
    return _script.beside(columns, given, options.sides, _NOTHING)


def verdict(options: Options) -> pl.Expr:
    """Drop where a side is in another script or language; the script has the first word."""
    reasons = []
    for side in options.sides:
        other, likely = pl.col(f"{side}_other"), pl.col(f"{side}_other_probability")
        believed = _doubted(side, options) & (likely >= options.min_probability)
        reason = pl.format(
            "the {} looks like {}, not {} (p={})",
            pl.lit(side), other, _script.claim(side), likely.cast(pl.Decimal(3, 2)),
        )  # fmt: skip
        reasons.append(_script.wrong_script(side, options.min_script_share))
        reasons.append(because(believed, reason))
    return first_of(*reasons)


def sweeps(options: Options) -> list[Sweep]:
    """Return the bounds of the script's share and the probabilities, for each side."""
    found = []
    for side in options.sides:
        share, likely = f"{side}_script_share", f"{side}_other_probability"
        held = _script.checked(side)
        found.append(
            Sweep("min_script_share", share, options.min_script_share, "below", among=held)
        )
        found.append(
            Sweep(
                "min_probability",
                likely,
                options.min_probability,
                "above",
                inclusive=True,
                among=_doubted(side, options),
            )
        )
    return found


def _doubted(side: str, options: Options) -> pl.Expr:
    """Tell which sides are likely in another language, if that is likely enough."""
    return (
        (pl.col(f"{side}_other") != "")
        & (pl.col(f"{side}_own_probability") <= options.max_own_probability)
        & (pl.col(f"{side}_letters") >= options.min_letters)
    )


def alone(options: Options) -> bool:
    """Tell whether batches are scored one after another: langdetect holds the interpreter."""
    return options.backend == "langdetect"


def __getattr__(name: str) -> str:
    """Return ``VERSION``: what the scores hang on besides text and options."""
    if name == "VERSION":
        # Found when it is needed: the distributions are searched for.
        return f"5 {identifiers.versions()}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _with_identifiers(texts: pl.DataFrame, claims: pl.DataFrame, backend: str) -> pl.DataFrame:
    """Return texts with ``claim``, the number of each one's, and ``judge``, the identifier that decides on it."""
    names = [_identifier(backend, tag, own) for tag, own in claims.select(_CLAIM).iter_rows()]
    known = claims.with_columns(pl.Series("judge", names, pl.String))
    texts = texts.join(known, on=_CLAIM, how="left", maintain_order="left")
    enough = (pl.col("letters") > 0) & (pl.col("script_share") >= _LEAST_IN_SCRIPT)
    undecided = enough & ~is_chinese(texts, texts["own"])
    return texts.with_columns(pl.when(undecided).then("judge").otherwise(pl.lit("script")))


def is_chinese(claims: pl.DataFrame, own: pl.Series) -> pl.Series:
    """Tell which texts are in Han characters without kana, of a language that has no kana.

    Japanese is the only other language that identifiers know in these characters, and its sentences
    have kana.

    Args:
        claims: Texts with the tags that they claim: ``text`` and ``tag``.
        own: The script of most of their letters that is one of their language's.
    """
    chinese = own == "Hani"
    rows = chinese.arg_true()
    japanese = [tag for tag in claims["tag"].gather(rows).unique() if "Hira" in written_in(tag)]
    kana = claims["text"].gather(rows).str.contains(r"[\p{Hiragana}\p{Katakana}]")
    return chinese.scatter(rows, ~kana & ~claims["tag"].gather(rows).is_in(japanese))


@cache
def _identifier(backend: str, tag: str, script: str) -> str:
    """Return the identifier of texts in a script, or ``script`` where that alone decides."""
    name = identifiers.best(tag) if backend == "best" else backend
    if name is None or not identifiers.knows(name, tag):
        return "script"
    return name if identifiers.rivals(name, tag, script) else "script"


def _weighed(texts: pl.DataFrame, claims: pl.DataFrame, name: str, workers: int) -> pl.DataFrame:
    """Return the rows of texts that an identifier decides on, with what it says for and against."""
    kinds = claims.select(_CLAIM).rows()
    found = identifiers.weighed(texts["text"], kinds, texts["claim"].to_numpy(), name, workers)
    return texts.select("row").hstack(found)
