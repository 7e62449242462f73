"""Exports of a corpus for trainers that read JSON Lines."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import polars as pl

from isogloss.errors import IsoglossError
from isogloss.provenance import writing
from isogloss.records import SPLITS, prompt_expr
from isogloss.settings import unknown

Layout = Literal["messages", "prompt-completion", "input-output"]


def export(corpus: Path | str, out: Path | str, *, layout: Layout, split: str = "train") -> int:
    """Write one split of a corpus as JSON Lines.

    Args:
        corpus: A finished corpus folder.
        out: The file to write.
        layout: ``messages`` (chat turns with ``role`` and ``content``), ``prompt-completion``,
            or ``input-output`` (the two keys that NVIDIA NeMo reads).
        split: The split to export.

    Returns:
        The number of rows.

    Raises:
        IsoglossError: The corpus is unfinished, or has no such split or layout.
    """
    corpus, out = Path(corpus), Path(out)
    if layout not in get_args(Layout):
        raise unknown("layout", layout, list(get_args(Layout)), where="export")
    if split not in SPLITS:
        raise unknown("split", split, list(SPLITS), where="export")
    if not (corpus / "manifest.json").is_file():
        raise IsoglossError("is not a finished corpus (no manifest.json)", where=corpus)
    files = sorted((corpus / "data").glob(f"*/*-{split}-*.parquet"))
    if not files:
        raise IsoglossError(f"has no {split} split", where=corpus)
    rows = 0
    with writing(out) as partial, partial.open("wb") as sink:
        for file in files:
            frame = pl.read_parquet(file).select(prompt_expr(), "output")
            _arranged(frame, layout).write_ndjson(sink)
            rows += frame.height
    return rows


def _arranged(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    if layout == "prompt-completion":
        return frame.rename({"output": "completion"})
    if layout == "input-output":
        return frame.rename({"prompt": "input"})
    turns = [
        pl.struct(pl.lit(role).alias("role"), pl.col(column).alias("content"))
        for role, column in (("user", "prompt"), ("assistant", "output"))
    ]
    return frame.select(pl.concat_list(turns).alias("messages"))
