"""Which of sacrebleu's tokenizers a language needs."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from benchmarks.metrics._text import UNSPACED
from isogloss.languages import describe

_OWN = {
    **dict.fromkeys(("Hans", "Hant", "Hani"), "zh"),
    "Jpan": "ja-mecab",
    "Kore": "ko-mecab",
}


@cache
def tokenizer_of(language: str) -> str:
    """Return sacrebleu's name of the tokenizer that a language's script needs.

    sacrebleu's 13a splits at spaces: on text without any, a sentence would be one word. Chinese,
    Japanese and Korean have tokenizers of their own; the other scripts without spaces take the
    FLORES-200 model (Goyal et al. 2022; NLLB Team 2022) where sacrebleu's folder has it, and
    characters elsewhere. The signature says which.
    """
    script = describe(language).script
    if script in _OWN:
        return _OWN[script]
    if script in UNSPACED:
        return "flores200" if flores_model().is_file() else "char"
    return "13a"


def flores_model() -> Path:
    """Return where sacrebleu keeps the FLORES-200 model, whether it is there or not."""
    from sacrebleu.utils import SACREBLEU_DIR

    return Path(os.path.expanduser(SACREBLEU_DIR)) / "models" / "flores200sacrebleuspm"  # noqa: PTH111
