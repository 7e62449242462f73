"""Checkpoint folders: the one reader and writer of ``checkpoint.json``, and of an unfinished state.

A checkpoint folder holds ``checkpoint.json`` (the facts, with a hash of each file), ``model/`` and
``dropped.parquet``; while it is unfinished, ``.state/`` instead of the facts.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from isogloss.console import warn
from isogloss.errors import IsoglossError, remedied
from isogloss.files import (
    cached_sha256s,
    check_seal,
    damage_in,
    read_json,
    remove_partials_in,
    sealed,
    sha256_file,
    sha256_json,
    write_json,
)
from isogloss.settings import validate

#: The manifest of a checkpoint that `runners.tune` wrote.
CHECKPOINT = "checkpoint.json"
#: The folder of the state from which an interrupted tuning goes on.
STATE = ".state"

_RECORD = "state.json"
_REMEDY = "Tune it again, or fetch it again from where it came"
# What no two tunings of the same share.
_MEASURED = ("seconds",)
_OF_STATE = re.compile(r"state\.json|weights-\d+\.safetensors|optimizer-\d+\.pt")
_PARTIAL_MODEL = ".model.partial"

_Text = Annotated[str, StringConstraints(max_length=10_000)]
_Name = Annotated[str, StringConstraints(pattern=r"^[^/\\\x00-\x1f]+$", max_length=255)]
_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Path = Annotated[
    str,
    StringConstraints(pattern=r"^(dropped\.parquet|model(/[^/\\\x00-\x1f.][^/\\\x00-\x1f]*)+)$"),
]
_Count = Annotated[int, Field(ge=0, lt=1 << 53)]
_Measure = Annotated[float, Field(ge=0, lt=1e12)]


class _Known(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _Settings(_Known):
    method: Literal["lora", "full"]
    system: str | None = None


class _Facts(_Known):
    format: Literal[1] = 1
    key: dict[str, Any]
    model: _Text
    settings: _Settings
    base_revision: _Text | None = None
    licence: _Text | None = None
    languages_trained: list[_Text] = []
    tasks_trained: list[_Text] = []
    steps: _Count | None = None
    examples: _Count | None = None
    dropped: _Count | None = None
    trained_parameters: _Count | None = None
    losses: list[float] = []
    seconds: _Measure | None = None
    weights_sha256: _Hash
    files: dict[_Path, _Hash] | None = None
    facts_sha256: _Hash | None = None


class State(_Known):
    """A saved state of an unfinished tuning.

    Attributes:
        key: What the tuning hangs on.
        step: Steps done.
        seconds: Seconds spent on them.
        losses: The loss of each.
        files: The hash of each file of the state.
    """

    key: str
    step: _Count = 0
    seconds: _Measure = 0.0
    losses: list[float] = []
    files: dict[_Name, _Hash] = {}


def is_checkpoint(folder: Path) -> bool:
    """Tell whether a folder is a checkpoint of ours, finished or not, sound or broken."""
    with suppress(IsoglossError, OSError):
        found = read_json(folder / CHECKPOINT)
        if isinstance(found, dict) and found.keys() >= {"key", "weights_sha256"}:
            return True
    state = folder / STATE
    # Its record may be broken, or not written yet; what lies there is known by its name.
    return state.is_dir() and all(
        _OF_STATE.fullmatch(path.name) or path.name.endswith(".partial") for path in state.iterdir()
    )


def read_checkpoint(folder: Path) -> dict[str, Any]:
    """Read a finished checkpoint's facts, and hold its files to them.

    Raises:
        IsoglossError: A fact or a file is not as it was written; a file is missing, or is there
            beside those that were written.
    """
    path = folder / CHECKPOINT
    with remedied(_REMEDY):
        facts = read_json(path)
        validate(_Facts, facts, where=str(path))
        check_seal(facts, where=path, needed="files" in facts, measured=_MEASURED)
    if "files" not in facts:  # an older version listed none
        weights = sorted((folder / "model").glob("*.safetensors"))
        if sha256_json(cached_sha256s(weights)) != facts["weights_sha256"]:
            raise IsoglossError(
                "its weights are not as they were written", where=folder, remedy=_REMEDY
            )
        return dict(facts)
    wrong = damage_in(folder, facts["files"])
    if wrong is not None:
        raise IsoglossError(wrong, where=folder, remedy=_REMEDY)
    beside = sorted(set(_files(folder)) - facts["files"].keys())
    if beside:
        raise IsoglossError(
            f"{beside[0]} is not a file that tuning wrote", where=folder, remedy="Move it away"
        )
    return dict(facts)


def write_checkpoint(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the facts of a checkpoint whose files are in place."""
    weights = sorted((folder / "model").glob("*.safetensors"))
    listed = {name: sha256_file(folder / name) for name in _files(folder)}
    hashed = {"weights_sha256": sha256_json([sha256_file(path) for path in weights])}
    write_json(
        folder / CHECKPOINT, sealed({**facts, **hashed, "files": listed}, measured=_MEASURED)
    )


def _files(folder: Path) -> list[str]:
    """Return the paths of a checkpoint's files; hidden ones are not ours."""
    found = [path for path in (folder / "model").rglob("*") if path.is_file()]
    if (folder / "dropped.parquet").is_file():
        found.append(folder / "dropped.parquet")
    names = [path.relative_to(folder) for path in found]
    return sorted(
        name.as_posix() for name in names if not any(one.startswith(".") for one in name.parts)
    )


def begin(folder: Path, key: str) -> State:
    """Mark a folder as an unfinished checkpoint; return the state to go on from.

    What is saved under another key, or is not as it was saved, is begun anew.
    """
    remove_partials_in(folder, folder / STATE)
    shutil.rmtree(folder / _PARTIAL_MODEL, ignore_errors=True)
    try:
        state = _saved(folder / STATE, key)
    except IsoglossError as error:
        warn(f"{error.where}: {error.problem}; tuning begins anew")
        state = None
    if state is None:
        shutil.rmtree(folder / STATE, ignore_errors=True)
        state = save(folder, State(key=key), ())
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return state


def _saved(folder: Path, key: str) -> State | None:
    path = folder / _RECORD
    if not path.is_file():
        return None
    facts = read_json(path)
    if isinstance(facts, dict) and facts.get("key") != key:
        return None
    state = validate(State, facts, where=str(path))
    check_seal(facts, where=path, needed=True)
    wrong = damage_in(folder, state.files)
    if wrong is not None:
        raise IsoglossError(wrong, where=folder)
    return state


def save(folder: Path, state: State, files: Iterable[Path]) -> State:
    """Write the record of a state whose files are in place, and remove those of earlier ones."""
    listed = {path.name: sha256_file(path) for path in files}
    saved = state.model_copy(update={"files": listed})
    write_json(folder / STATE / _RECORD, sealed(saved.model_dump()))
    for path in (folder / STATE).iterdir():
        if path.name != _RECORD and path.name not in listed:
            path.unlink()
    return saved


def end(folder: Path) -> None:
    """Forget the state of a tuning that is finished."""
    shutil.rmtree(folder / STATE, ignore_errors=True)
    shutil.rmtree(folder / _PARTIAL_MODEL, ignore_errors=True)
    remove_partials_in(folder)
