"""bert-score with a model of a known revision."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.metrics._base import Array
from benchmarks.metrics._learned import Model, model_of
from isogloss.environment import library_versions
from isogloss.errors import IsoglossError, Unavailable

_WHERE = "metrics: bertscore"
# The file of a model with one part; of more, they are numbered.
_WEIGHTS = "*.safetensors"
_BESIDE = ("*.json", "*.txt", "*.model")
# Tokenizers that know no limit say a number beyond any model's.
_NO_LIMIT = 1 << 20


@dataclass(frozen=True)
class Scorer:
    """bert-score's scorer, and what a signature says of it."""

    model: Model
    layer: int
    versions: str
    inner: Any

    def scores(
        self, answers: Sequence[str], references: Sequence[Sequence[str]], batch_size: int
    ) -> Array:
        """Return the best F1 over the references of each answer, shape (n,); no text is empty."""
        pairs = [list(one) for one in references]
        *_, best = self.inner.score(list(answers), pairs, batch_size=batch_size)
        return np.asarray(best.tolist(), dtype=np.float64)


@cache
def scorer_of(name: str, revision: str | None, layer: int | None) -> Scorer:
    """Return the scorer of a model, its weights loaded.

    Raises:
        IsoglossError: The model is not there, does not load, or its layer is not known.
        Unavailable: bert-score is missing, or the model cannot be fetched.
    """
    package, recommended = _package()
    if layer is None:
        layer = recommended.get(name)
    if layer is None:
        raise IsoglossError(
            f"bert-score recommends no layer of {name!r}",
            where=_WHERE,
            remedy="Say which: layer = NUMBER",
        )
    model = model_of(name, revision, weights=_WEIGHTS, beside=_BESIDE, where=_WHERE)
    try:
        # bert-score takes any path with "t5" in it for a T5 model: show it the last part only.
        with contextlib.chdir(model.folder.parent):
            inner = package.BERTScorer(model_type=model.folder.name, num_layers=layer)
    except (AssertionError, ValueError, OSError, KeyError) as error:
        raise IsoglossError(f"{name!r} does not load ({error})", where=_WHERE) from error
    _limit(inner)
    libraries = library_versions(("bert-score", "transformers"))
    versions = "|".join(f"{package}:{version}" for package, version in libraries.items())
    return Scorer(model, layer, versions, inner)


def _package() -> tuple[Any, dict[str, int]]:
    try:
        return import_module("bert_score"), import_module("bert_score.utils").model2layers
    except ImportError as error:
        raise Unavailable(
            f"bert-score is not installed ({error})",
            where=_WHERE,
            remedy="pip install 'isogloss[bertscore]'",
        ) from error


def _limit(inner: Any) -> None:
    """Cut text where the model ends: bert-score asks its tokenizer, and not all of them know."""
    tokenizer, model = inner._tokenizer, inner._model
    positions = getattr(model.config, "max_position_embeddings", None)
    if tokenizer.model_max_length > _NO_LIMIT and positions is not None:
        # Positions of RoBERTa's kin begin after the padding token's, which is 1.
        tokenizer.model_max_length = positions - 2
