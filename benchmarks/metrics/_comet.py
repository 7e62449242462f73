"""Asking COMET, which lives in an interpreter of its own."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.metrics._base import Array
from benchmarks.metrics._learned import Model, model_of
from isogloss.errors import IsoglossError, Unavailable

#: The environment variable that names the interpreter that has unbabel-comet.
PYTHON = "ISOGLOSS_COMET_PYTHON"
WHERE = "metrics: comet"

_CHECKPOINT = "checkpoints/*.ckpt"
# Of the encoder that a checkpoint was trained from, only what its weights do not hold.
_ENCODER = ("*.json", "*.model", "*.txt")


class Comet:
    """A COMET model, loaded once in a process beside this one.

    Attributes:
        model: Which it is.
        version: The version of unbabel-comet.
        needs_references: Whether it holds answers against references.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._process = _started()
        atexit.register(self._process.kill)
        self.version = str(self._read("version"))
        checkpoint = sorted(model.folder.glob(_CHECKPOINT))[0]
        self.needs_references = bool(self._request({"checkpoint": str(checkpoint)}, "references"))

    def scores(self, samples: Sequence[dict[str, str]], batch_size: int) -> Array:
        """Return the score of each sample (``src``, ``mt`` and perhaps ``ref``), shape (n,)."""
        batch = {"samples": list(samples), "batch_size": batch_size}
        return np.asarray(self._request(batch, "scores"), dtype=np.float64)

    def _request(self, request: dict[str, Any], answer: str) -> Any:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # what it said before it ended, if anything, is read next
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        return self._read(answer)

    def _read(self, answer: str) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise IsoglossError(
                f"COMET ended without an answer (status {self._process.wait()})", where=WHERE
            )
        answered = json.loads(line)
        if "error" not in answered:
            return answered[answer]
        if answered["error"].startswith(("ModuleNotFoundError", "ImportError", "PackageNotFound")):
            raise Unavailable(
                f"{_python()} cannot import unbabel-comet ({answered['error']})",
                where=WHERE,
                remedy="It needs older libraries than isogloss (transformers<5, numpy<2), so give "
                "it an environment of its own: python -m venv comet; comet/bin/pip install "
                f"unbabel-comet 'setuptools<81'; export {PYTHON}=comet/bin/python",
            )
        raise IsoglossError(f"COMET failed ({answered['error']})", where=WHERE)


def _python() -> str:
    return os.environ.get(PYTHON) or sys.executable


def _started() -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            # Isolated, so that no module beside us or in the current folder passes for another.
            [
                _python(),
                "-I",
                "-c",
                Path(__file__).with_name("_comet_worker.py").read_text("utf-8"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            # A checkpoint is a pickle: it may hold weights, and run nothing.
            env={**os.environ, "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1", "HF_HUB_OFFLINE": "1"},
        )
    except OSError as error:
        raise IsoglossError(
            f"{_python()!r} does not run ({error.strerror})",
            where=PYTHON,
            remedy="Name the Python of an environment with unbabel-comet",
        ) from error


@cache
def comet_of(name: str, revision: str | None) -> Comet:
    """Return the model of a name, its process started and its weights loaded.

    Raises:
        IsoglossError: It is not there, or is no COMET model.
        Unavailable: unbabel-comet is missing, or the model cannot be fetched.
    """
    model = model_of(name, revision, weights=_CHECKPOINT, beside=("hparams.yaml",), where=WHERE)
    try:
        settings = yaml.safe_load((model.folder / "hparams.yaml").read_text(encoding="utf-8"))
        encoder = str(settings["pretrained_model"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise IsoglossError(
            f"{name!r} is not a COMET model (its hparams.yaml names no pretrained_model)",
            where=WHERE,
        ) from error
    model_of(encoder, None, weights="config.json", beside=_ENCODER, where=WHERE)
    return Comet(model)
