"""Reading what builders wrote: a split of a corpus folder."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from isogloss.errors import IsoglossError
from isogloss.provenance import read_json, sha256_json
from isogloss.records import conform


def read_split(corpus: Path, split: str) -> pl.DataFrame:
    """Return the records of a split, in the corpus's order.

    Raises:
        IsoglossError: The corpus is unfinished, has no such split, or a file is broken.
    """
    corpus_hash(corpus)
    paths = sorted((corpus / "data").glob(f"*/*-{split}-*.parquet"))
    if not paths:
        raise IsoglossError(f"has no {split} split", where=corpus)
    frames = []
    for path in paths:
        try:
            frames.append(conform(pl.read_parquet(path), where=str(path)))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise IsoglossError(
                f"is not a Parquet file that can be read ({error})",
                where=path,
                remedy="Build the corpus again",
            ) from error
    return pl.concat(frames)


def corpus_hash(corpus: Path) -> str:
    """Return the hash of a finished corpus: of its files' hashes.

    Raises:
        IsoglossError: There is no manifest.
    """
    if not (corpus / "manifest.json").is_file():
        raise IsoglossError(
            "is not a finished corpus (no manifest.json)",
            where=corpus,
            remedy=f"Build it first: isogloss build RECIPE --out {corpus}",
        )
    return sha256_json(read_json(corpus / "manifest.json")["files"])
