"""A finished corpus, opened: see `isogloss.corpora`, whose names these are."""

from __future__ import annotations

from isogloss.corpora import (
    MANIFEST,
    DataFile,
    ListedFile,
    listed_names,
    not_as_listed,
)
from isogloss.corpora import Corpus as Finished
from isogloss.corpora import open_corpus as open_finished

__all__ = [
    "MANIFEST",
    "DataFile",
    "Finished",
    "ListedFile",
    "listed_names",
    "not_as_listed",
    "open_finished",
]
