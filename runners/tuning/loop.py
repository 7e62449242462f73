"""Tuning: teaching a model to answer a corpus's instructions, with LoRA or in full."""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isogloss.console import progress, say, warn
from isogloss.corpora import open_corpus
from isogloss.environment import hardware, library_versions
from isogloss.errors import IsoglossError
from isogloss.files import check_ours, disk_errors, sha256_json, writing
from isogloss.locks import held
from runners.checkpoints import (
    CHECKPOINT,
    STATE,
    State,
    begin,
    end,
    is_checkpoint,
    read_checkpoint,
    save,
    write_checkpoint,
)
from runners.loading import huggingface as hf
from runners.loading.location import Located, locate
from runners.loading.notices import quiet
from runners.settings import GenerationSettings, TuneSettings
from runners.systems import LoadOptions
from runners.tuning.examples import Batch, Examples, examples_of

_LIBRARIES = ("isogloss", "torch", "transformers", "peft", "tokenizers", "polars")


def tune(
    model: str,
    corpus: Path | str,
    out: Path | str,
    *,
    settings: TuneSettings | None = None,
    licence: str | None = None,
    trust_remote_code: bool = False,
) -> Path:
    """Tune a model on the train split of a corpus; the loss is on the answers only.

    Args:
        model: A causal or encoder-decoder model, as `runners.score` names them.
        corpus: A finished corpus folder.
        out: The checkpoint folder. A finished one of the same model, corpus and settings is left
            as it is; an unfinished one goes on from its last saved state, and ends with the same
            weights as if it had not been interrupted.
        settings: How to tune.
        licence: The base model's licence, for the record.
        trust_remote_code: Run the model's own code; only where its authors are trusted.

    Returns:
        The checkpoint folder, which `runners.score` takes as a model.

    Raises:
        IsoglossError: The model or corpus is missing, broken or does not fit; the checkpoint
            folder holds something else, or the base model.
    """
    settings = settings or TuneSettings()
    options = LoadOptions(Path(corpus), trust_remote_code, where=f"model {model}")
    with held(Path(out)):
        return _tune(model, Path(corpus), Path(out), settings, licence, options)


def _tune(
    model: str,
    corpus: Path,
    out: Path,
    settings: TuneSettings,
    licence: str | None,
    options: LoadOptions,
) -> Path:
    _check_folder(out, model)
    # Opened once: what is trained on is what the key names, whoever builds it again meanwhile.
    opened = open_corpus(corpus)
    located = locate(model, where=options.where)
    key = {
        "model": model,
        "revision": located.revision,
        "corpus": opened.sha256,
        "settings": settings.model_dump(mode="json"),
        "libraries": library_versions(_LIBRARIES),
    }
    if settings.method == "lora" and located.adapter is not None:
        raise IsoglossError(
            f"{model} is a LoRA adapter, and another one cannot stand on it",
            where=options.where,
            remedy='Tune it with method = "full", or tune its base on both corpora',
        )
    if _is_tuned(out, key):
        end(out)
        say(f"the checkpoint {out} is up to date")
        return out
    tokenizer = hf.tokenizer_of(located, options)
    config = hf.configuration(located, options)
    kind = hf.generates(config)
    if kind is None:
        raise IsoglossError(f"{model} does not generate text", where=options.where)
    examples = examples_of(opened.records("train"), tokenizer, settings, kind, where=options.where)
    if not examples.rows:
        raise IsoglossError(
            "no example is left to train on",
            where=corpus,
            remedy="Raise max_length, or train on other tasks and languages",
        )
    trainer = Trainer(trainable(located, options, settings, kind), examples, settings, kind)
    seconds = trainer.run(out, begin(out, sha256_json(key)))
    _finish(out, trainer, tokenizer, located, key, seconds, licence)
    return out


def _check_folder(out: Path, model: str) -> None:
    """Refuse to write a checkpoint over the base model, or over anything but a checkpoint."""
    base, target = Path(model).expanduser().resolve(), (out / "model").resolve()
    if base.exists() and (base == target or base in target.parents or target in base.parents):
        raise IsoglossError(
            f"the checkpoint would be written into the base model's own folder, {model}",
            where=out,
            remedy="Name another folder for it: --out FOLDER",
        )
    check_ours(out, is_checkpoint, kind="a checkpoint")


def _is_tuned(out: Path, key: dict[str, Any]) -> bool:
    """Tell whether a folder's checkpoint is finished, of the same key, and as it was written."""
    if not (out / CHECKPOINT).is_file():
        return False
    try:
        return bool(read_checkpoint(out)["key"] == key)
    except IsoglossError as error:
        warn(f"{error.where}: {error.problem}; the checkpoint is made again")
        return False


def trainable(located: Located, options: LoadOptions, settings: TuneSettings, kind: str) -> Any:
    """Load a model ready to train: whole in float32, or frozen with LoRA's additions."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    auto = AutoModelForCausalLM if kind == "causal" else AutoModelForSeq2SeqLM
    # Weights that are trained are kept in float32: their updates would be rounded away.
    as_loaded = settings.method == "lora" and settings.dtype == "auto"
    generation = GenerationSettings(dtype="auto" if as_loaded else "float32")
    options = replace(options, generation=generation)
    model = hf.weights_of(located, options, auto)
    torch.manual_seed(settings.seed)
    tops = _top(model, settings.top_layers, options.where)
    if settings.method == "full":
        model = model.requires_grad_(settings.top_layers is None)
        for name, module in model.named_modules():
            if name in tops:
                module.requires_grad_(True)
        return model
    from peft import LoraConfig, get_peft_model

    with quiet():
        return get_peft_model(
            model,
            LoraConfig(
                r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.dropout,
                target_modules=tops or "all-linear",
                task_type="CAUSAL_LM" if kind == "causal" else "SEQ_2_SEQ_LM",
            ),
        )


def _top(model: Any, count: int | None, where: str) -> list[str]:
    """Return the names of the linear modules in the last layers; none for a model as a whole."""
    import torch

    if count is None:
        return []
    stacks = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) > 1
    ]
    # Layers stand in the model's longest list; of an encoder-decoder's two, the last decodes.
    longest = max((len(module) for _, module in stacks), default=0)
    if count > longest:
        raise IsoglossError(
            f"top_layers is {count}, and the model has {longest} layers", where=where
        )
    stack, layers = [(name, module) for name, module in stacks if len(module) == longest][-1]
    tops = tuple(f"{stack}.{number}." for number in range(len(layers) - count, len(layers)))
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.startswith(tops)
    ]


@dataclass
class Trainer:
    """A loop of our own: transformers' computes every position's logits and cannot stop exactly.

    Only answers are learned, and in a batch padded on the left they stand at the end: the output
    layer, a quarter of a small multilingual model's work, is run on those positions alone.
    """

    model: Any
    examples: Examples
    settings: TuneSettings
    kind: str

    def __post_init__(self) -> None:
        import torch

        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=self.settings.peak, weight_decay=0.0)
        self.losses: list[float] = []
        self.batches = self.examples.batches(self.settings)

    def run(self, out: Path, state: State) -> float:
        """Train to the end, from a saved state; return the seconds spent."""
        import torch

        step, seconds = state.step, state.seconds
        if step:
            self._restore(out / STATE, state)
        self.model.train()
        total = len(self.batches)
        with progress("tuning", total) as bar:
            bar.advance(step)
            while step < total:
                began = time.perf_counter()
                # Dropout draws anew from each step's own seed: a resumed run draws the same.
                torch.manual_seed(self.settings.seed * 1_000_003 + step)
                self.step(self.batches[step], step, total)
                step += 1
                seconds += time.perf_counter() - began
                bar.advance(1, f"loss {self.losses[-1]:.3f}")
                if step % self.settings.save_every == 0 and step < total:
                    self._save(out, state.key, step, seconds)
        self.model.eval()
        return seconds

    def step(self, batch: Batch, step: int, total: int) -> None:
        """Train on a batch, as step number ``step``, from 0, of so many.

        Raises:
            IsoglossError: The loss is not finite.
        """
        import torch

        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.peak * _rate(step, total, self.settings.warmup)
        mixed = self.settings.dtype == "bfloat16"
        with torch.autocast(hf.device(), torch.bfloat16, enabled=mixed):
            loss = self.loss(batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, self.settings.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.losses.append(float(loss.detach()))
        if not math.isfinite(self.losses[-1]):
            raise IsoglossError(
                f"the loss is {self.losses[-1]} at step {step + 1}",
                where="tune",
                remedy="Lower learning_rate",
            )

    def loss(self, batch: Batch) -> Any:
        """Return the mean cross-entropy, in nats, of the answers' tokens in a batch: a scalar tensor."""
        import torch

        place = next(self.model.parameters()).device
        given = {name: value.to(place) for name, value in batch.inputs.items()}
        labels = batch.labels.to(place)
        if self.kind == "seq2seq":
            return self.model(**given, labels=labels).loss
        # The logits of a position foretell the token after it: one more than the answers' tokens.
        kept = labels.shape[1] + 1
        logits = self.model(**given, logits_to_keep=kept, use_cache=False).logits
        logits = logits[:, -kept:-1].float()
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())

    def weights(self) -> dict[str, Any]:
        """Return what was trained, by name."""
        return {
            name: value.detach().cpu().contiguous()
            for name, value in self.model.named_parameters()
            if value.requires_grad
        }

    def _save(self, out: Path, key: str, step: int, seconds: float) -> None:
        import torch
        from safetensors.torch import save_file

        weights, optimizer = _files(out / STATE, step)
        with writing(weights) as partial:
            save_file(self.weights(), partial)
        with writing(optimizer) as partial:
            torch.save(self.optimizer.state_dict(), partial)
        state = State(key=key, step=step, seconds=seconds, losses=self.losses)
        save(out, state, (weights, optimizer))

    def _restore(self, folder: Path, state: State) -> None:
        import torch
        from safetensors.torch import load_file

        weights, optimizer = _files(folder, state.step)
        saved = load_file(weights)
        with torch.no_grad():
            for name, value in self.model.named_parameters():
                if value.requires_grad:
                    value.copy_(saved[name])
        # Tensors and plain values only: nothing that is unpickled may run.
        self.optimizer.load_state_dict(torch.load(optimizer, weights_only=True))
        self.losses = list(state.losses)
        say(f"going on with tuning from step {state.step}")


def _files(folder: Path, step: int) -> tuple[Path, Path]:
    """Return the paths of a state's weights and of its optimizer."""
    return folder / f"weights-{step}.safetensors", folder / f"optimizer-{step}.pt"


def _rate(step: int, total: int, warmup: float) -> float:
    """Return the share of the peak learning rate: up a line, then down a cosine."""
    rising = max(1, round(total * warmup))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


def _finish(
    out: Path,
    trainer: Trainer,
    tokenizer: Any,
    located: Located,
    key: dict[str, Any],
    seconds: float,
    licence: str | None,
) -> None:
    """Write the checkpoint; its manifest last."""
    partial = out / ".model.partial"
    shutil.rmtree(partial, ignore_errors=True)
    for adapter in getattr(trainer.model, "peft_config", {}).values():
        # A set is written in another order by every process, and the checkpoint's hash with it.
        if isinstance(adapter.target_modules, set):
            adapter.target_modules = sorted(adapter.target_modules)
    with quiet(), disk_errors(partial):
        trainer.model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
    shutil.rmtree(out / "model", ignore_errors=True)
    partial.rename(out / "model")
    with writing(out / "dropped.parquet") as beside:
        trainer.examples.dropped.write_parquet(beside)
    write_checkpoint(
        out,
        {
            "format": 1,
            **{name: key[name] for name in ("model", "settings", "libraries")},
            "key": key,
            "base_revision": located.revision,
            "licence": licence or located.licence,
            **trainer.examples.trained(trainer.settings),
            "steps": len(trainer.batches),
            "examples": len(trainer.examples.rows),
            "dropped": trainer.examples.dropped.height,
            "trained_parameters": sum(p.numel() for p in trainer.trained),
            "losses": [round(loss, 6) for loss in trainer.losses],
            "seconds": round(seconds, 1),
            "hardware": hardware(),
        },
    )
    end(out)
