"""BERTScore (Zhang et al. 2020), as bert-score computes it."""

from __future__ import annotations

import numpy as np

from benchmarks.metrics._base import Array, Segments, mean_of_rows
from benchmarks.metrics._learned import counted_scores
from isogloss.settings import Settings

LABEL = "BERTScore"
DESCRIPTION = "how alike the words of answer and reference are in a language model's eyes (F1)"
UNIT = "points"
TASKS = ("summarization",)
HIGHER_IS_BETTER = True
NUMBERS_REFERENCES = True
ON_REQUEST = True


class Options(Settings):
    """Which model reads, and how much at once. It takes the extra ``isogloss[bertscore]``.

    One multilingual model reads every language, so that languages are measured alike; bert-score's
    own choices (roberta-large for English, say) are a matter of ``by_language``. An accelerator is
    used where there is one.
    """

    model: str = "bert-base-multilingual-cased"
    """A model on the Hugging Face hub, or a folder; safetensors only."""
    revision: str | None = None
    """The hub's commit, tag or branch; the main branch where None."""
    layer: int | None = None
    """The layer whose vectors are compared; the one that bert-score recommends for the model where
    None.
    """
    batch_size: int = 64
    """Pairs at once. It changes speed, and scores by rounding only."""


def statistics(segments: Segments, options: Options) -> Array:
    """Return (best F1 over the references, 1) of each segment; 0 for an empty answer or reference.

    Raises:
        Unavailable: bert-score is missing, or the model cannot be fetched.
        IsoglossError: The model is not there, or its layer not known.
    """
    from benchmarks.metrics._bertscore import scorer_of

    found = np.zeros(len(segments))
    texts: dict[int, list[str]] = {}
    for row, references in enumerate(segments.references):
        kept = [one for one in references if one.strip()]
        if kept and segments.answers[row].strip():
            texts[row] = kept
    scorer = scorer_of(options.model, options.revision, options.layer)
    if texts:
        answers = [segments.answers[row] for row in texts]
        found[list(texts)] = scorer.scores(answers, list(texts.values()), options.batch_size)
    return counted_scores(found)


def combine(sums: Array) -> Array:
    """Return the mean F1 times 100: a mean of cosines, not rescaled with a baseline."""
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return the model, its revision and layer, what becomes of references, and the versions."""
    from benchmarks.metrics._bertscore import scorer_of

    scorer = scorer_of(options.model, options.revision, options.layer)
    return (
        f"bertscore|F1|model:{scorer.model.name}|revision:{scorer.model.revision}"
        f"|layer:{scorer.layer}|idf:no|rescale:no|refs:max|{scorer.versions}"
    )
