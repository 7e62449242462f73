"""Loading with transformers: what causal and encoder-decoder models share."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.reasoning import kept
from isogloss.errors import IsoglossError
from runners.models._base import Facts, GenerationSettings, LoadOptions, Prompt
from runners.quiet import quiet
from runners.resolve import Located, locate

_SPARE = 1.25


def device() -> str:
    """Return the device to run on: an accelerator where there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def dtype() -> Any:
    """Return the type to compute in: bfloat16 on an accelerator, float32 on processors."""
    import torch

    return torch.bfloat16 if device() == "cuda" else torch.float32


def configuration(located: Located, options: LoadOptions) -> Any:
    """Return a model's configuration.

    Raises:
        IsoglossError: It is not one that transformers knows, or runs code of its own.
    """
    from transformers import AutoConfig

    if not options.trust_remote_code and _own_code(located.folder):
        raise IsoglossError(
            f"{located.spec} runs code of its own",
            where=options.where,
            remedy="If you trust its authors, say so: --trust-remote-code",
        )
    try:
        with quiet():
            return AutoConfig.from_pretrained(
                located.folder, trust_remote_code=options.trust_remote_code
            )
    except (ValueError, OSError, KeyError) as error:
        first = str(error).strip().splitlines()[0]
        raise IsoglossError(
            f"{located.spec} is not a model that transformers knows ({first})", where=options.where
        ) from error


def _own_code(folder: Path) -> bool:
    path = folder / "config.json"
    try:
        return "auto_map" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # AutoConfig tells what is wrong with it


def generates(config: Any) -> str | None:
    """Return ``seq2seq`` or ``causal``, or None for a model that does not generate text."""
    if getattr(config, "is_encoder_decoder", False):
        return "seq2seq"
    heads = getattr(config, "architectures", None) or []
    if any(head.endswith(("ForCausalLM", "LMHeadModel")) for head in heads):
        return "causal"
    return None


def find(spec: str, options: LoadOptions, wanted: str) -> bool:
    """Tell whether a spec names a model of the wanted kind.

    Raises:
        IsoglossError: There is no such model, or it does not generate text at all.
    """
    located = locate(spec, where=options.where)
    config = configuration(located, options)
    kind = generates(config)
    if kind is None:
        heads = ", ".join(getattr(config, "architectures", None) or [config.model_type])
        raise IsoglossError(
            f"{spec} does not generate text ({heads})",
            where=options.where,
            remedy="Give a causal or an encoder-decoder language model",
        )
    return kind == wanted


def tokenizer_of(located: Located, options: LoadOptions) -> Any:
    """Load a model's tokenizer, padding on the left.

    Raises:
        IsoglossError: It has none.
    """
    from transformers import AutoTokenizer

    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(
                located.folder, trust_remote_code=options.trust_remote_code
            )
    except (ValueError, OSError, KeyError, TypeError) as error:
        first = str(error).strip().splitlines()[0]
        raise IsoglossError(
            f"{located.spec} has no tokenizer that can be loaded ({first})", where=options.where
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    tokenizer.padding_side = "left"
    return tokenizer


def weights_of(located: Located, options: LoadOptions, auto: Any) -> Any:
    """Load a model's weights, with its adapter if it has one, ready to generate.

    Raises:
        IsoglossError: They do not fit into memory, or are broken.
    """
    _check_memory(located, options)
    try:
        with quiet():
            model = auto.from_pretrained(
                located.folder,
                dtype=dtype(),
                use_safetensors=True,
                trust_remote_code=options.trust_remote_code,
            )
            if located.adapter is not None:
                from peft import PeftModel

                model = PeftModel.from_pretrained(model, located.adapter).merge_and_unload()
    except IsoglossError:
        raise
    except (ValueError, OSError, RuntimeError, KeyError) as error:
        first = str(error).strip().splitlines()[0]
        raise IsoglossError(
            f"the weights of {located.spec} cannot be loaded ({first})",
            where=options.where,
            remedy="Fetch or tune it again",
        ) from error
    return model.to(device()).eval()


def parameter_count(folder: Path) -> int | None:
    """Return the number of parameters that a folder's safetensors headers tell, or None."""
    total = 0
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                header = json.loads(file.read(length))
        except (OSError, ValueError, struct.error):
            return None
        for name, entry in header.items():
            if name != "__metadata__":
                size = 1
                for side in entry["shape"]:
                    size *= side
                total += size
    return total or None


def _check_memory(located: Located, options: LoadOptions) -> None:
    import torch

    parameters = parameter_count(located.folder)
    if parameters is None:
        return
    if device() == "cuda":
        free, bytes_each = torch.cuda.mem_get_info()[0], 2
    else:
        import psutil

        free, bytes_each = psutil.virtual_memory().available, 4
    needed = int(parameters * bytes_each * _SPARE)
    if needed > free:
        raise IsoglossError(
            f"{located.spec} does not fit: it needs about {needed / 2**30:.1f} GiB of memory, and "
            f"{free / 2**30:.1f} GiB are free",
            where=options.where,
            remedy="Choose a smaller model or a larger machine",
        )


def facts_of(located: Located, family: str, parameters: int) -> Facts:
    """Return what is known of a loaded model."""
    checkpoint = located.checkpoint
    return Facts(
        family=family,
        model=checkpoint["model"] if checkpoint else located.spec,
        revision=located.revision,
        parameters=parameters,
        licence=located.licence,
        base=checkpoint["model"] if checkpoint else None,
        tuning=_tuning(checkpoint) if checkpoint else None,
    )


def _tuning(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Return how a checkpoint was tuned, and on what: an older one does not say."""
    trained = ("languages_trained", "tasks_trained")
    told = {name: checkpoint[name] for name in trained if name in checkpoint}
    return {**checkpoint["settings"], **told}


def system_of(settings: GenerationSettings, facts: Facts) -> str | None:
    """Return the system message to ask with: the user's, or the one that the model was tuned with."""
    if settings.system is not None or facts.tuning is None:
        return settings.system
    told: str | None = facts.tuning.get("system")
    return told


def chat(tokenizer: Any, text: str, system: str | None) -> str:
    """Return a prompt as the model is asked: by its chat template, else as plain text."""
    if getattr(tokenizer, "chat_template", None):
        messages = [{"role": "system", "content": system}] if system is not None else []
        messages.append({"role": "user", "content": text})
        return str(
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        )
    return f"{system}\n\n{text}\n" if system else f"{text}\n"


def generated(
    model: Any, batch: Any, prompts: Sequence[Prompt], settings: GenerationSettings, **more: Any
) -> Iterator[list[list[int]]]:
    """Yield the rows of tokens that a model answers a batch with, once for each sample.

    Args:
        model: The model.
        batch: The prompts' tokens, as its tokenizer pads them.
        prompts: The prompts.
        settings: How to generate.
        more: Arguments of the model's own ``generate``.

    Samples are drawn one after the other: memory holds one batch however many there are, and the
    first of many are those of few. A sample's seed is of the batch and of the sample, so the
    answers do not hang on what was drawn before; the caller's random state is left as it was.
    """
    import torch

    how: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
    if settings.temperature > 0:
        # 0 is all of the vocabulary; None would be the model's own top_k.
        how = {"do_sample": True, "temperature": settings.temperature, "top_p": settings.top_p}
        how |= {"top_k": 0, "min_p": None}
    how["max_new_tokens"] = max(settings.limit(prompt.task) for prompt in prompts)
    devices = [model.device] if model.device.type == "cuda" else []
    for sample in range(settings.samples):
        with quiet(), torch.inference_mode(), torch.random.fork_rng(devices=devices):
            torch.manual_seed(_seed(settings.seed, sample, prompts))
            output = model.generate(**batch, **how, num_beams=1, **more)
        yield output.tolist()


def _seed(seed: int, sample: int, prompts: Sequence[Prompt]) -> int:
    text = json.dumps([seed, sample, [prompt.id for prompt in prompts]])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


def decoded(tokenizer: Any, tokens: Sequence[int]) -> str:
    """Return the text of tokens without special ones, but for those that mark reasoning."""
    names = tokenizer.convert_ids_to_tokens(list(tokens))
    marks = kept(names)
    if not marks:
        return str(tokenizer.decode(tokens, skip_special_tokens=True))
    special = set(tokenizer.all_special_ids)
    special |= {n for n, token in tokenizer.added_tokens_decoder.items() if token.special}
    shown = [n for n, name in zip(tokens, names, strict=True) if name in marks or n not in special]
    return str(tokenizer.decode(shown, skip_special_tokens=False))


def by_length(prompts: Sequence[Prompt]) -> list[int]:
    """Return an order in which neighbours are of like length: batches then hold little padding."""
    return sorted(range(len(prompts)), key=lambda n: (len(prompts[n].text.encode()), prompts[n].id))
