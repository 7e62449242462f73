"""Hashes of whole columns that are the same on every machine for years.

polars' own hashes may change between its versions; those of polars-hash are by published
specifications: SHA-256 (FIPS 180-4), and XXH64 (Collet, xxHash specification 0.1.1) where an
adversary gains nothing.
"""

from __future__ import annotations

from typing import Any, cast

import polars as pl


def _hashable(text: pl.Expr) -> Any:
    import polars_hash  # noqa: F401  # it registers the namespaces

    return text


def sha256(text: pl.Expr) -> pl.Expr:
    """Return the SHA-256 of each text's UTF-8, as hex; null of null."""
    return cast(pl.Expr, _hashable(text).chash.sha2_256())


def xxh64(text: pl.Expr, seed: int = 0) -> pl.Expr:
    """Return the XXH64 of each text's UTF-8, as ``UInt64``; null of null."""
    return cast(pl.Expr, _hashable(text).nchash.xxhash64(seed=seed))
