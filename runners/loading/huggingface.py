"""Loading with transformers: what causal and encoder-decoder models share."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.reasoning import kept
from isogloss.errors import IsoglossError
from isogloss.files import read_json
from runners.loading.location import Located, locate
from runners.loading.notices import quiet
from runners.settings import GenerationSettings
from runners.systems import Facts, LoadOptions, Prompt

_SPARE = 1.25
_ADAPTER = "adapter_model.safetensors"


def device() -> str:
    """Return the device to run on: an accelerator where there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def dtype(name: str = "auto") -> Any:
    """Return the type to compute in: bfloat16 on an accelerator, float32 on processors, or as named."""
    import torch

    if name == "auto":
        name = "bfloat16" if device() == "cuda" else "float32"
    return getattr(torch, name)


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
            config = AutoConfig.from_pretrained(
                located.folder, trust_remote_code=options.trust_remote_code
            )
    except Exception as error:  # transformers raises anything for a broken file
        raise IsoglossError(
            f"{located.spec} is not a model that transformers knows ({_first_line(error)})",
            where=options.where,
        ) from error
    heads = getattr(config, "architectures", None)
    if heads is not None and not (
        isinstance(heads, list) and all(isinstance(head, str) for head in heads)
    ):
        raise IsoglossError(
            "architectures is no list of names", where=located.folder / "config.json"
        )
    window_of(config, located.folder)
    return config


def window_of(config: Any, folder: Path) -> int | None:
    """Return how many tokens a model takes with its answer; None where its configuration is silent.

    Raises:
        IsoglossError: What the configuration says is no number of tokens.
    """
    window = getattr(config, "max_position_embeddings", None)
    if window is None:
        return None
    if isinstance(window, bool) or not isinstance(window, int):
        raise IsoglossError(
            f"max_position_embeddings is {window!r}, no number of tokens",
            where=folder / "config.json",
        )
    return window or None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _own_code(folder: Path) -> bool:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False  # AutoConfig tells what is wrong with it
    return isinstance(config, dict) and "auto_map" in config


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
    except Exception as error:  # transformers raises anything for a broken file
        raise IsoglossError(
            f"{located.spec} has no tokenizer that can be loaded ({_first_line(error)})",
            where=options.where,
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    tokenizer.padding_side = "left"
    return tokenizer


def tokens_of(tokenizer: Any, text: Any, where: str, **more: Any) -> Any:
    """Cut a text, or each of a list, into token ids.

    Raises:
        IsoglossError: The tokenizer fails on it.
    """
    try:
        return tokenizer(text, **more)["input_ids"]
    except (
        Exception
    ) as error:  # a tokenizer's configuration can be wrong in ways that show only now
        raise IsoglossError(
            f"its tokenizer fails ({_first_line(error)})",
            where=where,
            remedy="Check tokenizer.json and tokenizer_config.json in its folder",
        ) from error


def weights_of(located: Located, options: LoadOptions, auto: Any) -> Any:
    """Load a model's weights, with its adapter if it has one, ready to generate.

    Raises:
        IsoglossError: They do not fit into memory, or are broken.
    """
    _check_memory(located, options)
    _check_adapter(located)
    try:
        with quiet():
            model = auto.from_pretrained(
                located.folder,
                dtype=dtype(options.generation.dtype),
                use_safetensors=True,
                trust_remote_code=options.trust_remote_code,
            )
            if located.adapter is not None:
                from peft import PeftModel

                model = PeftModel.from_pretrained(model, located.adapter).merge_and_unload()
    except IsoglossError:
        raise
    except Exception as error:  # transformers, peft and torch raise anything for a broken file
        raise IsoglossError(
            f"the weights of {located.spec} cannot be loaded ({_first_line(error)})",
            where=options.where,
            remedy="Fetch or tune it again",
        ) from error
    head = model.get_output_embeddings()
    if head is not None:
        head.register_forward_pre_hook(_contiguous)
    return model.to(device()).eval()


def _contiguous(_: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copy the last positions that an output layer is run on, where they are a part of all positions.

    Torch multiplies such a part by frozen weights (an adapter's base, merged or not) one row of the
    batch at a time, and copies the weights for each: gigabytes, and most of the time.
    """
    return (given[0].contiguous(), *given[1:])


def _check_adapter(located: Located) -> None:
    """Refuse an adapter that is pickled, and one that transformers would load beside it."""
    if located.adapter is not None and not (located.adapter / _ADAPTER).is_file():
        raise IsoglossError(
            f"has no {_ADAPTER}",
            where=located.adapter,
            remedy="Pickled weights are never loaded; tune it again, or convert the adapter",
        )
    if (located.folder / "adapter_config.json").exists():
        raise IsoglossError(
            "holds an adapter beside its weights (adapter_config.json)",
            where=located.folder,
            remedy="Merge the adapter into the weights, or take its files out of the folder",
        )


def weight_files(folder: Path) -> list[Path]:
    """Return the files of a model's weights, as transformers takes them.

    Raises:
        IsoglossError: The index of the weights cannot be read, or names a file that is not there.
    """
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return sorted(folder.glob("*.safetensors"))
    table = read_json(index)
    parts = table.get("weight_map") if isinstance(table, dict) else None
    if not isinstance(parts, dict) or not all(isinstance(name, str) for name in parts.values()):
        raise IsoglossError("has no weight_map of names to files", where=index)
    names = sorted(set(parts.values()))
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise IsoglossError(
                f"names {name!r}, which is no file in its folder",
                where=index,
                remedy="Fetch the model again",
            )
    return [folder / name for name in names]


def parameter_count(folder: Path) -> int | None:
    """Return the number of parameters that a folder's safetensors headers tell; None for no file.

    Raises:
        IsoglossError: A file is cut short, or its header does not fit it.
    """
    from safetensors import SafetensorError, safe_open

    total = 0
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="numpy") as weights:
                for name in weights.keys():  # noqa: SIM118 (it is no mapping)
                    total += math.prod(weights.get_slice(name).get_shape())
        except (SafetensorError, OSError, ValueError) as error:
            raise IsoglossError(
                f"is not a whole file of weights ({_first_line(error)})",
                where=path,
                remedy="Fetch the model again",
            ) from error
    return total or None


def _check_memory(located: Located, options: LoadOptions) -> None:
    import torch

    parameters = parameter_count(located.folder)
    if parameters is None:
        return
    bytes_each = dtype(options.generation.dtype).itemsize
    if device() == "cuda":
        free = torch.cuda.mem_get_info()[0]
    else:
        import psutil

        free = psutil.virtual_memory().available
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
    on = {name: checkpoint[name] for name in trained if name in checkpoint}
    return {**checkpoint["settings"], **on}


def system_of(settings: GenerationSettings, facts: Facts) -> str | None:
    """Return the system message of a prompt: the user's, or the one that the model was tuned with."""
    if settings.system is not None or facts.tuning is None:
        return settings.system
    system: str | None = facts.tuning.get("system")
    return system


def generated(
    model: Any,
    batch: Any,
    prompts: Sequence[Prompt],
    settings: GenerationSettings,
    *,
    where: str,
    **more: Any,
) -> Iterator[list[list[int]]]:
    """Yield the rows of tokens that a model answers a batch with, once for each sample.

    Args:
        model: The model.
        batch: The prompts' tokens, as its tokenizer pads them.
        prompts: The prompts.
        settings: How to generate.
        where: The place to name in an error.
        more: Arguments of the model's own ``generate``.

    Samples are drawn one after the other: memory holds one batch however many there are, and the
    first of many are those of few. A sample's seed is of the batch and of the sample, so the
    answers do not hang on what was drawn before; the caller's random state is left as it was.

    Raises:
        IsoglossError: The model fails on the batch.
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
            try:
                output = model.generate(**batch, **how, num_beams=1, **more)
            except Exception as error:  # a configuration can be wrong in ways that show only now
                raise IsoglossError(
                    f"it fails while it answers ({_first_line(error)})",
                    where=where,
                    remedy="Check its configuration; a smaller --batch-size takes less memory",
                ) from error
        yield output.tolist()


def _seed(seed: int, sample: int, prompts: Sequence[Prompt]) -> int:
    text = json.dumps([seed, sample, [prompt.id for prompt in prompts]])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


def decoded(tokenizer: Any, tokens: Sequence[int]) -> str:
    """Return the text of tokens without special ones, but for those that mark reasoning."""
    names = tokenizer.convert_ids_to_tokens(list(tokens))
    # Many models have more numbers than their tokenizer has tokens: such a one has no text.
    named = [(n, name) for n, name in zip(tokens, names, strict=True) if name is not None]
    marks = kept([name for _, name in named])
    if not marks:
        return str(tokenizer.decode([n for n, _ in named], skip_special_tokens=True))
    special = set(tokenizer.all_special_ids)
    special |= {n for n, token in tokenizer.added_tokens_decoder.items() if token.special}
    shown = [n for n, name in named if name in marks or n not in special]
    return str(tokenizer.decode(shown, skip_special_tokens=False))


def by_length(prompts: Sequence[Prompt]) -> list[int]:
    """Return an order in which neighbours are of like length: batches then hold little padding."""
    return sorted(range(len(prompts)), key=lambda n: (len(prompts[n].text.encode()), prompts[n].id))
