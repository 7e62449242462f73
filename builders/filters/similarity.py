"""Translations that do not mean the same, by the embeddings of both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from builders.filters._base import FilterOptions, Sweep, because, first_of
from isogloss.plugins import discover, lookup
from isogloss.settings import unknown

DESCRIPTION = (
    "drops translations whose sides differ in meaning, by an encoder that the recipe names"
)

COST = 1
SCORED_BY = ("model", "revision", "embedder", "prefix")

# An encoder takes all processors, and a batch's memory, for one batch.
_alone = threading.Lock()

# Sums over batches of other sizes differ in the last digits: scores have these.
_DIGITS = 3


class Options(FilterOptions):
    """Which encoder, and how alike the sides must be."""

    model: str = Field(min_length=1)
    """What the embedder calls its model: for ``huggingface`` a folder or a name on the hub."""
    min_similarity: float = Field(default=0.5, ge=-1, le=1)
    """The least cosine of both embeddings. Each model has a scale of its own: choose it by the
    report, which shows what each threshold would drop.
    """
    revision: str | None = None
    """The model's revision; name a commit, for the same bytes next year."""
    embedder: str = "huggingface"
    """The module of ``builders.embedders`` that loads it."""
    prefix: str = ""
    """What the model wants before each text, such as ``"query: "``."""


def score(frame: pl.DataFrame, options: Options, workers: int) -> pl.DataFrame:
    """Return ``similarity``, from -1 to 1; NaN of other tasks than translation."""
    compared = (frame["task"] == "translation").fill_null(False).arg_true()
    found = pl.Series("similarity", [float("nan")], dtype=pl.Float32).new_from_index(
        0, frame.height
    )
    if compared.is_empty():
        return found.to_frame()
    pairs = frame[compared].select(pl.col("input", "output").fill_null(""))
    # Pairs that go both ways round hold every text twice.
    texts = pl.concat([pairs["input"], pairs["output"]]).unique(maintain_order=True)
    with _alone:
        embed = _embedder(options.embedder, options.model, options.revision)
        vectors = embed([options.prefix + text for text in texts])
    numbers = pl.DataFrame({"text": texts}).with_row_index("number")
    left, right = (
        pairs.join(numbers, left_on=side, right_on="text", how="left", maintain_order="left")[
            "number"
        ]
        for side in ("input", "output")
    )
    cosines = np.einsum("ij,ij->i", vectors[left.to_numpy()], vectors[right.to_numpy()])
    return found.scatter(compared, pl.Series(cosines).cast(pl.Float32).round(_DIGITS)).to_frame()


def verdict(options: Options) -> pl.Expr:
    """Drop where the sides are too little alike."""
    # NaN is below nothing.
    unlike = pl.col("similarity") < options.min_similarity
    return first_of(
        because(unlike, pl.format("the sides are only {} alike", pl.col("similarity").round(2)))
    )


def sweeps(options: Options) -> list[Sweep]:
    """Return the least similarity."""
    return [Sweep("min_similarity", "similarity", options.min_similarity, "below")]


@cache
def _embedder(
    name: str, model: str, revision: str | None
) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    module = lookup("builders.embedders", name)
    if module is None:
        known = list(discover("builders.embedders"))
        raise unknown("embedder", name, known, where="the filter similarity")
    embed: Callable[[Sequence[str]], NDArray[np.float32]] = module.load(model, revision)
    return embed
