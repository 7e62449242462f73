"""Models of our own runners as engines: what answers the prompts of a recipe's sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

# What a limit of new tokens is said for; an engine has one for all its prompts.
_TASK = "translation"


def runner_engine(*, trust_remote_code: bool = False) -> Callable[..., list[str]]:
    """Return an engine (`isogloss.chat.Engine`) over the models that ``score`` takes.

    Its call takes a model's name, prompts, and as settings ``temperature``, ``seed``,
    ``max_tokens``, ``system``, ``top_p`` and ``batch_size``. A model is loaded for its
    first prompt, and kept.

    Args:
        trust_remote_code: Run a model's own code; only where its authors are trusted.
    """

    @cache
    def loaded(model: str) -> Any:
        from runners.models import load_model
        from runners.systems import LoadOptions

        options = LoadOptions(trust_remote_code=trust_remote_code, where=f"model {model}")
        return load_model(model, options)

    def answer(
        model: str,
        prompts: Sequence[str],
        *,
        max_tokens: int | None = None,
        seed: int | None = None,
        **settings: Any,
    ) -> list[str]:
        """Return an answer to each prompt, in order; one that was cut off at the limit is empty."""
        from isogloss.settings import validate
        from runners.settings import GenerationSettings
        from runners.systems import Prompt

        table = dict(settings)
        if seed is not None:
            table["seed"] = seed
        if max_tokens is not None:
            table["max_new_tokens"] = {_TASK: max_tokens}
        generation = validate(GenerationSettings, table, where=f"model {model}")
        requests = [
            Prompt(str(number), _TASK, "und", None, text, text)
            for number, text in enumerate(prompts)
        ]
        system, texts = loaded(model), [""] * len(prompts)
        order = system.order(requests)
        size = int(getattr(system, "at_once", generation.batch_size))
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            answers = system.generate([requests[number] for number in batch], generation)
            for number, (first, *_) in zip(batch, answers, strict=True):
                texts[number] = "" if first.stop_reason == "length" else first.text
        return texts

    return answer
