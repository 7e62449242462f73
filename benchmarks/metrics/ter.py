"""Translation edit rate (Snover et al. 2006), as sacrebleu computes it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.metrics._base import Array, Segments, sacrebleu_signature, streams
from benchmarks.metrics._text import UNSPACED
from benchmarks.metrics._text import segments as cut
from isogloss.languages import describe
from isogloss.settings import Settings

LABEL = "TER"
DESCRIPTION = "edits (words changed, moved, left out, put in) a word of the reference"
UNIT = "%"
TASKS = ("translation",)
HIGHER_IS_BETTER = False
WITHIN = (0.0, None)
NUMBERS_REFERENCES = True

_REMEMBERED = 4
# Scripts that tercom's tokenizer can cut between characters.
_ASIAN = ("Hans", "Hant", "Hani", "Jpan")


class Options(Settings):
    """How text is cut up; tercom's own defaults but for scripts without spaces."""

    case_sensitive: bool = False
    """Whether case counts."""
    no_punct: bool = False
    """Whether punctuation is taken out."""
    normalized: bool | None = None
    """Whether tercom's normalization is applied; None for where the script needs it."""
    asian_support: bool | None = None
    """Whether its rules for Chinese and Japanese are; None likewise."""


@lru_cache(maxsize=_REMEMBERED)
def _ter(given: tuple[tuple[str, bool], ...], references: tuple[tuple[Any, ...], ...]) -> Any:
    from sacrebleu.metrics.ter import TER

    return TER(**dict(given), references=[list(one) for one in references])


def statistics(segments: Segments, options: Options) -> Array:
    """Return (edits, length of the reference in words) of each segment, for the best reference."""
    if not len(segments):
        return np.zeros((0, 2))
    answers, references = list(segments.answers), streams(segments.references)
    if _by_character(segments.language):
        answers = [" ".join(cut(text)) for text in answers]
        references = [
            [None if text is None else " ".join(cut(text)) for text in one] for one in references
        ]
    metric = _ter(
        tuple(_given(segments.language, options).items()), tuple(tuple(one) for one in references)
    )
    rows = metric._extract_corpus_statistics(answers, None)
    return np.asarray(rows, dtype=np.float64).reshape(-1, 2)


def combine(sums: Array) -> Array:
    """Return edits a word, in percent; 100 for edits against a reference without a word."""
    edits, words = sums[..., 0], sums[..., 1]
    rate = np.divide(edits, words, out=np.where(edits > 0, 1.0, 0.0), where=words > 0)
    return np.asarray(100.0 * rate)


def signature(language: str, options: Options) -> str:
    """Return sacrebleu's own signature, and whether text was cut into characters before."""
    given = _given(language, options)
    return sacrebleu_signature(
        "ter",
        case="mixed" if given["case_sensitive"] else "lc",
        tok="characters-v2+tercom" if _by_character(language) else "tercom",
        norm="yes" if given["normalized"] else "no",
        punct="no" if given["no_punct"] else "yes",
        asian="yes" if given["asian_support"] else "no",
    )


def _given(language: str, options: Options) -> dict[str, bool]:
    asian = describe(language).script in _ASIAN
    return {
        "normalized": asian if options.normalized is None else options.normalized,
        "no_punct": options.no_punct,
        "asian_support": asian if options.asian_support is None else options.asian_support,
        "case_sensitive": options.case_sensitive,
    }


def _by_character(language: str) -> bool:
    """Tell whether a language has neither spaces between words nor tercom's help."""
    script = describe(language).script
    return script in UNSPACED and script not in _ASIAN
