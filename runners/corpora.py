"""Reading what builders wrote: a split of a corpus folder."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from isogloss.corpora import Corpus, open_corpus


def read_split(corpus: Path | Corpus, split: str) -> pl.DataFrame:
    """Return the records of a split, in the corpus's order.

    Args:
        corpus: A corpus folder; or one that is opened, whose files must be as they were then.
        split: The split.

    Raises:
        IsoglossError: The corpus is unfinished, has no such split, or a file is not the one that
            its manifest lists.
    """
    opened = corpus if isinstance(corpus, Corpus) else open_corpus(corpus)
    return opened.records(split)


def corpus_hash(corpus: Path) -> str:
    """Return the hash of a finished corpus: of its files' hashes.

    Raises:
        IsoglossError: There is no manifest, or it is broken.
    """
    return open_corpus(corpus).sha256
