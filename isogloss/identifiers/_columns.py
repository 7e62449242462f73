"""What identifiers say of whole columns of texts, and holding these to what they claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from isogloss.identifiers._claims import alike, base, rivals

#: Languages that a text may be in, with their probabilities, the likeliest first.
Ranking = tuple[tuple[str, float], ...]

#: The columns of `weighed`.
WEIGHED = {"own_probability": pl.Float32, "other": pl.String, "other_probability": pl.Float32}


class Likely(NamedTuple):
    """The languages that each of n texts may be in.

    Attributes:
        names: The languages.
        starts: Where what is said of each text starts, and that of the last one ends; shape (n + 1,).
        labels: End to end, the likeliest language of a text first; indexes of ``names``.
        probabilities: One for each label.
    """

    names: Sequence[str]
    starts: NDArray[np.int64]
    labels: NDArray[np.integer[Any]]
    probabilities: NDArray[np.floating[Any]]

    @classmethod
    def of(cls, rankings: Iterable[Ranking]) -> Likely:
        """Return rankings as columns."""
        numbers: dict[str, int] = {}
        starts, labels, probabilities = [0], [], []
        for ranking in rankings:
            for name, probability in ranking:
                labels.append(numbers.setdefault(name, len(numbers)))
                probabilities.append(probability)
            starts.append(len(labels))
        return cls(
            list(numbers),
            np.array(starts, np.int64),
            np.array(labels, np.int64),
            np.array(probabilities, np.float64),
        )

    def rankings(self) -> list[Ranking]:
        """Return the ranking of each text."""
        names = (self.names[label] for label in self.labels.tolist())
        pairs = list(zip(names, self.probabilities.tolist(), strict=True))
        return [tuple(pairs[start:end]) for start, end in pairwise(self.starts.tolist())]


def column(texts: Sequence[str]) -> pl.Series:
    """Return texts as a column; halves of surrogate pairs, which JSON can hold, are no UTF-8."""
    whole = (text.encode("utf-8", "replace").decode("utf-8") for text in texts)
    return pl.Series(list(whole), dtype=pl.String)


def weighed(
    said: Likely, name: str, claims: Sequence[tuple[str, str]], claimed: NDArray[np.integer[Any]]
) -> pl.DataFrame:
    """Hold texts to the languages that they claim: `weigh` each of them, against the claim's `rivals`.

    Args:
        said: What an identifier says of the texts.
        name: The identifier's.
        claims: Languages, each with the Unicode script that it is written in.
        claimed: Which of them is each text's; shape (n,).

    Returns:
        What `weigh` does, a row for each text, in the columns `WEIGHED`.
    """
    own, against = _tables(said.names, name, claims)
    kin = np.unique([min(alike(one)) for one in said.names], return_inverse=True)[1]
    count = said.starts.size - 1
    rows = np.repeat(np.arange(count), np.diff(said.starts))
    claim, labels, likely = claimed[rows], said.labels, said.probabilities.astype(np.float64)
    mine = np.bincount(rows, likely * own[claim, labels], count)
    rival = against[claim, labels]
    rows, labels, likely = rows[rival], labels[rival], likely[rival]
    first = np.diff(rows, prepend=-1) > 0
    other = np.full(count, len(said.names))
    other[rows[first]] = labels[first]
    evidence = np.bincount(rows, likely * (kin[labels] == kin[other[rows]]), count)
    names = pl.Series([*said.names, ""], dtype=pl.String).gather(other)
    return pl.DataFrame([mine, names, evidence], schema=WEIGHED)


def _tables(
    names: Sequence[str], name: str, claims: Sequence[tuple[str, str]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which languages count as each claimed one, and which as others; shape (claims, names)."""
    own, against = np.zeros((2, len(claims), len(names)), np.bool_)
    for row, (tag, script) in enumerate(claims):
        mine, others = alike(base(tag)), rivals(name, tag, script)
        own[row] = [one in mine for one in names]
        against[row] = [one in others for one in names]
    return own, against
