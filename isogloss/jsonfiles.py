"""Reading JSON and text from anywhere within limits: no file makes a reader wait or run out of stack."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from isogloss.errors import IsoglossError

# What a manifest or a table of settings never reaches; beyond it a reader waits or runs out of stack.
_LARGEST = 256 << 20
_DEEPEST = 64
_DIGITS = 20


def read_json(path: Path) -> Any:
    """Read a JSON file, whoever wrote it.

    Raises:
        IsoglossError: There is no such file; it is not JSON, or holds what no writer of ours writes
            (see `parse_json`).
    """
    return parse_json(read_limited(path, "JSON"), where=path)


def read_limited(path: Path, kind: str, *, largest: int = _LARGEST) -> str:
    """Return the text of a UTF-8 file of no more than so many bytes.

    Raises:
        IsoglossError: There is no such file, it is too large, or it is not UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            named = "folder" if path.is_dir() else "file"
            raise IsoglossError(f"is a {named} that is not {kind}", where=path)
        size = path.stat().st_size
        if size > largest:
            raise IsoglossError(f"is too large for {kind} ({size >> 20:,} MiB)", where=path)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise IsoglossError("there is no such file", where=path) from error
    except UnicodeDecodeError as error:
        raise IsoglossError(f"is not {kind} ({error})", where=path) from error


def parse_json(text: str, *, where: Path | str) -> Any:
    """Read JSON as RFC 8259 has it: each key once, no NaN, whole numbers of 64 bits, not too deep.

    Raises:
        IsoglossError: It is not JSON, or passes one of these limits.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer
        )
    except RecursionError as error:
        raise IsoglossError(f"is nested more than {_DEEPEST} deep", where=where) from error
    except ValueError as error:
        raise IsoglossError(f"is not JSON ({error})", where=where) from error
    check_values(value, where=where)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:60]!r} is there twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"a whole number has {len(text):,} digits")
    return int(text)


def check_values(value: Any, *, where: Path | str, texts_without_nul: bool = False) -> None:
    """Refuse what was read from JSON or TOML where it cannot be stored, shown or reckoned with.

    Raises:
        IsoglossError: It is nested too deeply, holds a number that is not finite or not of 64 bits,
            or a text that is not UTF-8 (with ``texts_without_nul`` also one with U+0000 in it).
    """
    level, depth = [value], 0
    # Level by level: nothing here depends on the interpreter's stack.
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise IsoglossError(f"is nested more than {_DEEPEST} deep", where=where)
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one.keys()
                below += one.values()
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str):
                if not one.isascii() and not _is_utf8(one):
                    raise IsoglossError(f"{one[:60]!r} is not UTF-8", where=where)
                if texts_without_nul and "\0" in one:
                    raise IsoglossError(f"{one[:60]!r} holds U+0000", where=where)
            elif isinstance(one, int):
                if not -(1 << 63) <= one < 1 << 64:
                    raise IsoglossError("a whole number passes 64 bits", where=where)
            elif isinstance(one, float) and not math.isfinite(one):
                raise IsoglossError(f"{one} is not a finite number", where=where)
        level = below


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
