"""Writing gettext catalogs in a test, and reading them as a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from builders.sources import gettext
from builders.sources._base import Context

HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=n != 1;\\n"\n\n'
)
ALL = ("from-english", "to-english", "between")


def read(
    folder: Path,
    directions: tuple[str, ...] = ("from-english",),
    languages: tuple[str, ...] = ("en", "de", "fr", "ar", "pl", "zh-Hant"),
    **options: Any,
) -> pl.DataFrame:
    """Return all examples of the catalogs below a folder."""
    context = Context(languages, ("translation",), folder, "r.toml: sources[0]", 42)
    chosen = gettext.Options.model_validate(
        {"name": "s", "kind": "gettext", "path": ".", "licence": "MIT"}
        | {"directions": directions, **options}
    )
    return pl.concat(list(gettext.read(chosen, context).frames))


def good(frame: pl.DataFrame, **equal: Any) -> list[tuple[str, str]]:
    """Return input and output of the examples that are kept."""
    kept = frame.filter(pl.col("rejected_by").is_null())
    return [tuple(row) for row in kept.filter(**equal).select("input", "output").rows()]


def write(path: Path, text: str | bytes, *, header: str = HEADER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else (header + text).encode())
    return path


def entry(source: str, target: str, context: str = "") -> str:
    told = f'msgctxt "{context}"\n' if context else ""
    return f'{told}msgid "{source}"\nmsgstr "{target}"\n\n'
