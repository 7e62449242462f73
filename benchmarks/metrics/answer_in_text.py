"""Share of texts in which a right answer stands, whatever stands around it."""

from __future__ import annotations

from benchmarks.metrics._answers import Options as Options
from benchmarks.metrics._answers import contains, normalized, signature_of, words
from benchmarks.metrics._base import Array, Segments, counted, mean_of_rows

LABEL = "answer in text"
DESCRIPTION = "share of texts with a reference among their words, all that the model wrote but its reasoning counted"
UNIT = "%"
TASKS = ("qa",)
HIGHER_IS_BETTER = True
WITHIN = (0.0, 100.0)
SHARES = True
NUMBERS_REFERENCES = True


def statistics(segments: Segments, options: Options) -> Array:
    """Return (1 if a reference stands in the whole text else 0, 1) of each segment."""
    tag, how = segments.language, options.normalization

    def cut(text: str) -> list[str]:
        return words(normalized(text, tag, how), tag, how)

    return counted(
        [
            any(contains(whole, part) for part in map(cut, accepted) if part)
            for whole, accepted in zip(map(cut, segments.texts), segments.references, strict=True)
        ]
    )


def combine(sums: Array) -> Array:
    """Return the share, in percent."""
    return mean_of_rows(sums)


def signature(language: str, options: Options) -> str:
    """Return normalization and tokenizer."""
    return signature_of("answer_in_text", language, options)
