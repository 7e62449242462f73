"""Encoders of the Hugging Face hub, pooled as sentence-transformers pools them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isogloss import hub
from isogloss.errors import IsoglossError
from isogloss.text import one_line

DESCRIPTION = "a folder or a name on the Hugging Face hub, such as intfloat/multilingual-e5-small"

_WHERE = "the filter similarity: model"
# Weights are safetensors only: a pickle runs whatever its writer put into it. Folders of other
# frameworks (onnx/, openvino/) hold copies of the weights, and no file of these names.
_PATTERNS = ("*.json", "*.safetensors", "*.model", "*.txt")
_BATCH = 32
_LONGEST = 512  # tokens, for models that name no limit
# What models of sentence-transformers may be made of here; others change the vectors.
_MODULES = {"Transformer", "Pooling", "Normalize"}


def load(model: str, revision: str | None) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Load an encoder; no code that it brings along is run.

    Args:
        model: A folder, or a name on the hub.
        revision: A commit, tag or branch of the hub.

    Raises:
        IsoglossError: It is no encoder, or one that takes more than pooling to embed.
        Unavailable: It is not in the cache, and cannot be fetched.
    """
    from transformers import AutoModel, AutoTokenizer

    folder = Path(model)
    if not folder.is_dir():
        folder = hub.snapshot(model, revision, _WHERE, kind="model", patterns=_PATTERNS)
    try:
        pooling = _pooling(folder, model)
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        encoder: Any = AutoModel.from_pretrained(
            folder, trust_remote_code=False, use_safetensors=True
        ).eval()
    except (OSError, ValueError) as error:
        raise IsoglossError(
            f"the model {model!r} cannot be loaded ({one_line(error)})",
            where=_WHERE,
            remedy="Give an encoder with safetensors weights: a folder, or its name on the hub",
        ) from error
    limit = min(
        tokenizer.model_max_length, getattr(encoder.config, "max_position_embeddings", _LONGEST)
    )

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        order = sorted(range(len(texts)), key=lambda index: (len(texts[index]), texts[index]))
        found: NDArray[np.float32] | None = None
        for start in range(0, len(order), _BATCH):
            some = order[start : start + _BATCH]
            rows = _embed([texts[index] for index in some], tokenizer, encoder, limit, pooling)
            if found is None:
                found = np.zeros((len(texts), rows.shape[1]), dtype=np.float32)
            found[some] = rows
        return np.zeros((0, 1), dtype=np.float32) if found is None else found

    return embed


def _embed(
    texts: list[str], tokenizer: Any, encoder: Any, limit: int, pooling: str
) -> NDArray[np.float32]:
    import torch

    # Some models count positions from the padding's number on (RoBERTa): two are left.
    tokens = tokenizer(
        texts, padding=True, truncation=True, max_length=max(limit - 2, 1), return_tensors="pt"
    )
    with torch.inference_mode():
        states = encoder(**tokens).last_hidden_state
        if pooling == "cls":
            pooled = states[:, 0]
        else:
            mask = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
            pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        vectors = torch.nn.functional.normalize(pooled.float(), dim=1)
    return np.asarray(vectors.cpu().numpy(), dtype=np.float32)


def _pooling(folder: Path, model: str) -> str:
    """Return how states are pooled: ``mean`` unless the model's own files say ``cls``."""
    modules = _read(folder / "modules.json")
    if modules is None:
        return "mean"
    kinds = {str(module["type"]).rpartition(".")[2]: str(module["path"]) for module in modules}
    strange = sorted(set(kinds) - _MODULES)
    if strange:
        raise IsoglossError(
            f"the model {model!r} has layers of sentence-transformers besides its encoder "
            f"({', '.join(strange)})",
            where=_WHERE,
            remedy="Use another model, or write an embedder (see builders/embedders/__init__.py)",
        )
    settings = _read(folder / kinds.get("Pooling", "1_Pooling") / "config.json") or {}
    modes = {
        key for key, value in settings.items() if key.startswith("pooling_mode_") and value is True
    }
    if modes <= {"pooling_mode_mean_tokens"}:
        return "mean"
    if modes == {"pooling_mode_cls_token"}:
        return "cls"
    raise IsoglossError(
        f"the model {model!r} pools in a way that is not known here ({', '.join(sorted(modes))})",
        where=_WHERE,
        remedy="Use a model with mean or cls pooling",
    )


def _read(path: Path) -> Any:
    """Return a JSON file of the model, or None where it has none."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else None
