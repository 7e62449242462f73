"""Looking at a model before spending anything on it: its size, and how it cuts up each language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from isogloss.errors import IsoglossError
from runners.loading import huggingface as hf
from runners.loading.location import locate
from runners.systems import LoadOptions

#: Columns of `Inspection.languages`.
LANGUAGES: dict[str, Any] = {
    "language": pl.String,
    "characters": pl.Int64,
    "tokens": pl.Int64,
    "tokens_per_character": pl.Float64,
    "unknown_percent": pl.Float64,
}


@dataclass(frozen=True)
class Inspection:
    """What is known of a model without running it.

    Attributes:
        model: What the user called it.
        revision: Its commit, version or hash.
        licence: The licence it says it has, or None.
        family: ``causal`` or ``seq2seq``.
        architecture: Its class in transformers.
        parameters: How many, or None where the weights do not tell.
        window: The longest prompt with its answer, in tokens, or None.
        vocabulary: The number of tokens.
        memory_gib: The weights' memory in float32, in GiB, or None.
        languages: One row a language, with the columns of `LANGUAGES`: the more tokens a character
            takes, the more the language costs and the more foreign it is to the model.
    """

    model: str
    revision: str | None
    licence: str | None
    family: str
    architecture: str
    parameters: int | None
    window: int | None
    vocabulary: int
    memory_gib: float | None
    languages: pl.DataFrame


def inspect(
    model: str,
    *,
    suite: str = "smoke",
    languages: Sequence[str] = (),
    trust_remote_code: bool = False,
) -> Inspection:
    """Look at a language model without loading its weights.

    Args:
        model: A hub name, a folder, a ``.gguf`` file, ``pypi:…`` or a checkpoint.
        suite: The suite whose references its tokenizer is tried on.
        languages: Only these, as canonical tags; all of the suite where empty.
        trust_remote_code: Allow the model's own code.

    Raises:
        IsoglossError: There is no such model, or it does not generate text.
    """
    from benchmarks import load_suite

    options = LoadOptions(trust_remote_code=trust_remote_code, where=f"model {model}")
    located = locate(model, where=options.where)
    config = hf.configuration(located, options)
    family = hf.generates(config)
    if family is None:
        raise IsoglossError(f"{model} does not generate text", where=options.where)
    tokenizer = hf.tokenizer_of(located, options)
    records = load_suite(suite).records
    if languages:
        records = records.filter(pl.col("language").is_in(languages))
    parameters = hf.parameter_count(located.folder)
    window = hf.window_of(config, located.folder)
    return Inspection(
        model,
        located.revision,
        located.licence,
        family,
        ", ".join(getattr(config, "architectures", None) or [config.model_type]),
        parameters,
        window,
        len(tokenizer),
        None if parameters is None else parameters * 4 / 2**30,
        _cut(tokenizer, records, options.where),
    )


def _cut(tokenizer: Any, records: pl.DataFrame, where: str) -> pl.DataFrame:
    """Cut each language's references into tokens and count."""
    rows = []
    for (language,), part in records.group_by("language", maintain_order=True):
        texts = part["references"].list.first().to_list()
        ids = hf.tokens_of(tokenizer, texts, where, add_special_tokens=False)
        characters, tokens = sum(map(len, texts)), sum(map(len, ids))
        strange = sum(row.count(tokenizer.unk_token_id) for row in ids)
        if tokenizer.unk_token_id in (None, tokenizer.eos_token_id):
            strange = 0  # a byte-level vocabulary has a token for everything
        rows.append(
            (
                language,
                characters,
                tokens,
                tokens / max(characters, 1),
                100 * strange / max(tokens, 1),
            )
        )
    return pl.DataFrame(rows, schema=LANGUAGES, orient="row").sort(
        "tokens_per_character", "language"
    )
