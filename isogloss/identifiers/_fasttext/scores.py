"""The native loops that tell labels by fastText's vectors of texts.

Importing this imports numba: do so inside functions. See `isogloss.identifiers._fasttext.kernel`.

With the hierarchical softmax (Joulin et al. 2016, "Bag of Tricks for Efficient Text Classification",
arXiv:1607.01759) a label is a leaf of a binary tree, and its probability the product of those of the
turns on the way to it: where the likelier turn is taken first, most of the tree need not be looked at.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from isogloss.identifiers._fasttext.arrays import Array, Output
from isogloss.identifiers._fasttext.file import HIERARCHICAL, SOFTMAX
from isogloss.native import native

#: The library adds this to a probability before it takes its logarithm, and what it tells is a power.
EPSILON = 1e-5
# Its table of the logistic function: so many steps from -_FAR to _FAR.
_STEPS, _FAR = 512, 8


class Desk(NamedTuple):
    """Room for one text.

    Attributes:
        scores: Of labels or inner nodes, shape (labels,), ``float32``.
        nodes: Those yet to be looked at, coded as children are; shape (labels + 1,), ``int64``.
        chances: The probability of coming to each; shape (labels + 1,), ``float64``.
        labels: The likeliest, shape (k,), ``int32``.
        values: Their probabilities, ``float64``.
    """

    scores: Array
    nodes: Array
    chances: Array
    labels: Array
    values: Array


@native
def _desk(output: Output, k: int) -> Desk:
    labels = output.weights.shape[1]
    return Desk(
        np.empty(labels, np.float32),
        np.empty(labels + 1, np.int64),
        np.empty(labels + 1, np.float64),
        np.empty(k, np.int32),
        np.empty(k, np.float64),
    )


@native
def _score(output: Output, vector: Array, scores: Array) -> None:
    """Write the products of a vector with all weights, added up in the order of dimensions."""
    scores[:] = 0
    for dimension in range(vector.size):
        by = vector[dimension]
        weights = output.weights[dimension]
        for index in range(scores.size):
            scores[index] += by * weights[index]
    if output.loss != HIERARCHICAL:
        _flatten(output, scores)


@native
def _flatten(output: Output, scores: Array) -> None:
    """Make probabilities of the scores of labels."""
    if output.loss != SOFTMAX:
        for label in range(scores.size):
            scores[label] = _tabled(scores[label])
        return
    most = scores.max()
    total = np.float32(0)
    for label in range(scores.size):
        scores[label] = math.exp(np.float64(scores[label] - most))
        total += scores[label]
    for label in range(scores.size):
        scores[label] /= total


@native
def _logistic(score: np.float32) -> np.float32:
    return np.float32(1.0 / (1.0 + math.exp(-np.float64(score))))


@native
def _tabled(score: np.float32) -> np.float32:
    """Return the logistic function of a score as of the library's table."""
    if abs(score) > _FAR:
        return np.float32(score > 0)
    step = np.int64((score + _FAR) * (_STEPS / _FAR / 2))
    return _logistic(np.float32(step * (2 * _FAR / _STEPS) - _FAR))


@native
def _turned(share: np.float32, right: int) -> float:
    """Return the probability of a turn, as the library counts it."""
    return np.float64(share if right else np.float32(1.0 - np.float64(share))) + EPSILON


@native
def _put(desk: Desk, count: int, label: int, value: float) -> int:
    """Put a label where it belongs among the likeliest so far; return how many there are then."""
    place = min(count, desk.labels.size - 1)
    while place > 0 and desk.values[place - 1] < value:
        desk.labels[place] = desk.labels[place - 1]
        desk.values[place] = desk.values[place - 1]
        place -= 1
    desk.labels[place] = label
    desk.values[place] = value
    return min(count + 1, desk.labels.size)


@native
def _descend(output: Output, desk: Desk, least: float) -> int:
    """Find the likeliest leaves of the tree; see `_choose`."""
    k = desk.labels.size
    found, open_nodes = 0, 1
    desk.nodes[0] = -output.children.shape[0]
    desk.chances[0] = 1.0
    while open_nodes:
        open_nodes -= 1
        node, chance = desk.nodes[open_nodes], desk.chances[open_nodes]
        if chance < least or (found == k and chance <= desk.values[k - 1]):
            continue
        if node >= 0:
            found = _put(desk, found, node, chance)
            continue
        inner = -1 - node
        share = _logistic(desk.scores[inner])
        likelier = 1 if share >= 0.5 else 0
        for turn in range(2):  # the one that is looked at next goes in last
            right = likelier ^ 1 ^ turn
            desk.nodes[open_nodes] = output.children[inner, right]
            desk.chances[open_nodes] = chance * _turned(share, right)
            open_nodes += 1
    return found


@native
def _choose(output: Output, desk: Desk, least: float) -> int:
    """Find the likeliest labels by their scores, at most as many as the desk has room for.

    Args:
        output: The model's.
        desk: Holds the scores; takes the labels, the likeliest first.
        least: Less likely ones are none.

    Returns:
        How many were found.
    """
    bound = least + EPSILON
    if output.loss == HIERARCHICAL:
        return _descend(output, desk, bound)
    found = 0
    k = desk.labels.size
    for label in range(desk.scores.size):
        value = np.float64(desk.scores[label]) + EPSILON
        if value >= bound and (found < k or value > desk.values[k - 1]):
            found = _put(desk, found, label, value)
    return found


@native
def best(output: Output, means: Array, counts: Array, k: int) -> tuple[Array, Array]:
    """Return the likeliest labels of vectors.

    Args:
        output: The model's.
        means: The vectors; shape (n, width).
        counts: How many vectors each is the mean of: 0 has no labels; shape (n,).
        k: How many labels, as many as there are at most.

    Returns:
        Labels, -1 for none, shape (n, k), ``int32``; their probabilities, 0 for none, ``float32``.
    """
    rows = counts.size
    labels = np.full((rows, k), -1, np.int32)
    values = np.zeros((rows, k), np.float32)
    desk = _desk(output, k)
    for row in range(rows):
        if counts[row]:
            _score(output, means[row], desk.scores)
            for place in range(_choose(output, desk, -1.0)):
                labels[row, place] = desk.labels[place]
                values[row, place] = min(desk.values[place], 1.0)
    return labels, values


@native
def likely(output: Output, means: Array, counts: Array, least: float) -> tuple[Array, Array, Array]:
    """Return all labels of vectors that are likely enough.

    Args:
        output: The model's.
        means: The vectors; shape (n, width).
        counts: How many vectors each is the mean of: 0 has no labels; shape (n,).
        least: The least probability.

    Returns:
        How many there are of each vector, shape (n,), ``int64``; the labels, end to end, the likeliest
        first, ``int32``; their probabilities, ``float32``.
    """
    rows = counts.size
    sizes = np.zeros(rows, np.int64)
    labels = np.empty(4 * rows, np.int32)
    values = np.empty(4 * rows, np.float32)
    desk = _desk(output, output.weights.shape[1])
    filled = 0
    for row in range(rows):
        if counts[row]:
            _score(output, means[row], desk.scores)
            sizes[row] = _choose(output, desk, least)
            if filled + sizes[row] > labels.size:
                more = labels.size + sizes[row]
                labels = np.append(labels, np.empty(more, np.int32))
                values = np.append(values, np.empty(more, np.float32))
            for place in range(sizes[row]):
                labels[filled] = desk.labels[place]
                values[filled] = min(desk.values[place], 1.0)
                filled += 1
    return sizes, labels[:filled], values[:filled]
