"""ROUGE (Lin 2004) by Google's rouge-score, with a tokenizer for every script."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Literal

from benchmarks.metrics._base import Array, Segments, counted, mean_of_rows
from benchmarks.metrics._text import tokens
from isogloss.languages import describe
from isogloss.settings import Settings


class RougeOptions(Settings):
    """How words are compared."""

    stemmer: bool = False
    """Whether words are stemmed, where there is a stemmer for the language: Porter's for English,
    as rouge-score has it, and Snowball's for fourteen others.
    """
    tokenizer: Literal["unicode", "rouge-score"] = "unicode"
    """``unicode`` keeps words of every script, and characters where there are no spaces;
    ``rouge-score`` is that package's own, which keeps a-z and 0-9 only.
    """


# Languages of NLTK's Snowball stemmers, by base language.
_SNOWBALL = {
    "ar": "arabic", "da": "danish", "de": "german", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nb": "norwegian", "nn": "norwegian",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish",
}  # fmt: skip
# rouge-score stems no word of English shorter than this.
_SHORT = 3


class _Tokenizer:
    """rouge-score's own keeps only a-z and 0-9: every other script would score 0."""

    def __init__(self, stem: Any) -> None:
        self._stem = stem

    def tokenize(self, text: str) -> list[str]:
        found = tokens(text)
        return [self._stem(token) for token in found] if self._stem else found


def stemmer_of(language: str) -> str:
    """Return the name of the stemmer for a language, or an empty string where there is none."""
    base = language.split("-")[0]
    script = describe(language).script
    if base == "en":
        return "porter"
    # Snowball's rules are for the script that the language is mostly written in.
    return _SNOWBALL.get(base, "") if script in ("Latn", "Cyrl", "Arab") else ""


def _stemmer(language: str, options: RougeOptions) -> str:
    if not options.stemmer:
        return ""
    # rouge-score's own tokenizer has Porter's, whatever the language.
    return "porter" if options.tokenizer == "rouge-score" else stemmer_of(language)


@cache
def _stemming(name: str) -> Any:
    if not name:
        return None
    from nltk.stem import porter, snowball

    if name == "porter":
        stem = porter.PorterStemmer().stem
        return lambda token: stem(token) if len(token) > _SHORT else token
    return snowball.SnowballStemmer(name).stem


@cache
def _scorer(kind: str, tokenizer: str, stemmer: str) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    if tokenizer == "rouge-score":
        return RougeScorer([kind], use_stemmer=bool(stemmer))
    return RougeScorer([kind], tokenizer=_Tokenizer(_stemming(stemmer)))


@dataclass(frozen=True)
class _Rouge:
    """One of them: rouge-score knows it by its name."""

    NAME: str
    LABEL: str
    DESCRIPTION: str

    UNIT = "points"
    TASKS = ("summarization",)
    HIGHER_IS_BETTER = True
    WITHIN = (0.0, 100.0)
    NUMBERS_REFERENCES = True
    Options = RougeOptions

    def statistics(self, segments: Segments, options: RougeOptions) -> Array:
        """Return (best F-measure over the references, 1) of each segment, shape (n, 2)."""
        scorer = _scorer(self.NAME, options.tokenizer, _stemmer(segments.language, options))
        return counted(
            [
                max(scorer.score(reference, answer)[self.NAME].fmeasure for reference in accepted)
                for answer, accepted in zip(segments.answers, segments.references, strict=True)
            ]
        )

    def combine(self, sums: Array) -> Array:
        """Return the mean F-measure, in percent."""
        return mean_of_rows(sums)

    def signature(self, language: str, options: RougeOptions) -> str:
        """Return stemmer, case, normalization, tokenizer and version."""
        stem = (_stemmer(language, options) or "none-for-language") if options.stemmer else "no"
        words = {
            "unicode": "case:fold|norm:NFKC|tok:unicode-words+chars-where-unspaced-v2",
            "rouge-score": "case:lower|tok:rouge-score",
        }[options.tokenizer]
        return f"{self.NAME}|F1|stem:{stem}|{words}|refs:max|rouge-score:{version('rouge-score')}"


PLUGINS = (
    _Rouge("rouge1", "ROUGE-1", "words shared with the best reference, F-measure"),
    _Rouge("rouge2", "ROUGE-2", "pairs of words shared with the best reference, F-measure"),
    _Rouge(
        "rougeL",
        "ROUGE-L",
        "longest common subsequence shared with the best reference, F-measure",
    ),
    _Rouge(
        "rougeLsum",
        "ROUGE-Lsum",
        "longest common subsequences line by line, shared with the best reference, F-measure",
    ),
)
