"""COMET (Rei et al. 2020; 2022), as unbabel-comet computes it."""

from __future__ import annotations

import numpy as np

from benchmarks.metrics._base import Array, Segments, mean_of_rows
from benchmarks.metrics._learned import counted_scores
from isogloss.settings import Settings

LABEL = "COMET"
DESCRIPTION = "quality by a model taught to judge as people do, from source, answer and reference"
UNIT = "points"
TASKS = ("translation",)
HIGHER_IS_BETTER = True
ON_REQUEST = True


class Options(Settings):
    """Which model judges, and how much at once.

    unbabel-comet 2.2.7 runs with transformers 4 and numpy 1 only, so it runs in an interpreter
    of its own, the one that ``$ISOGLOSS_COMET_PYTHON`` names. (The environment names it and a
    suite cannot: what a suite says is data, and is never run.) An accelerator is used where there
    is one.
    """

    model: str = "Unbabel/wmt22-comet-da"
    """A model of the COMET family on the Hugging Face hub, or a folder with its ``hparams.yaml``
    and ``checkpoints/``.
    """
    revision: str | None = None
    """The hub's commit, tag or branch; the main branch where None."""
    batch_size: int = 16
    """Segments at once. It changes speed, and scores by rounding only."""


def statistics(segments: Segments, options: Options) -> Array:
    """Return (score, 1) of each segment: the mean of the scores with each of its references.

    (0, 0) where there is no source text, or the model gives no number. Models give an empty answer
    more than nothing, so read COMET beside the share of `empty` ones.
    """
    from benchmarks.metrics._comet import comet_of

    comet = comet_of(options.model, options.revision)
    rows: list[int] = []
    samples: list[dict[str, str]] = []
    texts = zip(segments.inputs, segments.answers, segments.references, strict=True)
    for row, (source, answer, references) in enumerate(texts):
        if not source.strip():
            continue
        sample = {"src": source, "mt": answer}
        found = [{**sample, "ref": one} for one in references] if comet.needs_references else []
        samples += found or [sample]
        rows += [row] * max(len(found), 1)
    if not samples:
        return np.zeros((len(segments), 2))
    scores = comet.scores(samples, options.batch_size)
    counts = np.bincount(rows, minlength=len(segments))
    sums = np.bincount(rows, weights=scores, minlength=len(segments))
    return counted_scores(
        np.divide(sums, counts, out=np.full(len(segments), np.nan), where=counts > 0)
    )


def combine(sums: Array) -> Array:
    """Return the mean score times 100.

    Models of 2022 and later score 0 to 1; those before them without bounds, around 0.
    """
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return the model, its revision, what becomes of references, and the version."""
    from benchmarks.metrics._comet import comet_of

    comet = comet_of(options.model, options.revision)
    references = "mean" if comet.needs_references else "none"
    return (
        f"comet|model:{comet.model.name}|revision:{comet.model.revision}|refs:{references}"
        f"|x100|unbabel-comet:{comet.version}"
    )
