"""The nearest-neighbour baseline: a translation memory, looked up in the training corpus."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from isogloss.corpora import Corpus, open_corpus
from isogloss.errors import IsoglossError
from runners.settings import GenerationSettings
from runners.systems import AT_ONCE, Facts, Generation, LoadOptions, Prompt

DESCRIPTION = "nearest: the output of the training example with the most similar input"
PRIORITY = 0

# Character n-grams find near matches in every script, spaces or none.
_NGRAMS = (2, 4)
_KEY = ("task", "language", "source_language")


class Nearest:
    """The baseline that looks answers up."""

    at_once = AT_ONCE
    facts = Facts(family="nearest", model="nearest", licence="Apache-2.0")

    def __init__(self, train: pl.DataFrame) -> None:
        self._memories: dict[tuple[Any, ...], tuple[Any, Any, list[str]]] = {}
        for key, rows in train.sort("id").group_by(_KEY, maintain_order=True):
            self._memories[key] = _memory(rows["input"].to_list(), rows["output"].to_list())

    def order(self, prompts: Sequence[Prompt]) -> list[int]:
        """Return the prompts' order: as they are."""
        return list(range(len(prompts)))

    def generate(
        self, prompts: Sequence[Prompt], settings: GenerationSettings
    ) -> list[list[Generation]]:
        """Answer a batch of prompts; see `runners.systems.Model`."""
        began = time.perf_counter()
        texts = [self._look_up(prompt) for prompt in prompts]
        seconds = (time.perf_counter() - began) / max(len(prompts) * settings.samples, 1)
        return [[Generation(text, "none", 0, seconds)] * settings.samples for text in texts]

    def _look_up(self, prompt: Prompt) -> str:
        memory = self._memories.get((prompt.task, prompt.language, prompt.source_language))
        if memory is None:  # nothing of the kind was trained on: no answer
            return ""
        vectorizer, matrix, outputs = memory
        likeness = (matrix @ vectorizer.transform([prompt.input]).T).toarray().ravel()
        # The first of equals: argmax's rule, over rows sorted by id.
        return outputs[int(np.argmax(likeness.round(9)))]


def _memory(inputs: list[str], outputs: list[str]) -> tuple[Any, Any, list[str]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=_NGRAMS, sublinear_tf=True)
    return vectorizer, vectorizer.fit_transform([text or " " for text in inputs]), outputs


def accepts(spec: str, options: LoadOptions) -> bool:
    """Tell whether the spec is ``nearest``."""
    return spec == "nearest"


def load(spec: str, options: LoadOptions) -> Nearest:
    """Index the train split of the corpus.

    Raises:
        IsoglossError: No corpus is given, or it has no train split.
    """
    if options.corpus is None:
        raise IsoglossError(
            "the system 'nearest' looks answers up in a training corpus, and none is given",
            where=options.where,
            remedy="Give one: --corpus FOLDER",
        )
    given = options.corpus
    corpus = given if isinstance(given, Corpus) else open_corpus(given)
    return Nearest(corpus.records("train"))
