"""Which licences a recipe takes: patterns held against SPDX licence expressions."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import polars as pl


def verdict(patterns: Sequence[str], frame: pl.DataFrame) -> pl.Expr:
    """Return the reason against rows under another licence than the patterns take.

    Args:
        patterns: What the recipe takes, as ``CC-BY-*``; everything where empty.
        frame: The rows, with ``licence``.
    """
    if not patterns:
        return pl.lit(None, pl.String)
    refused = [
        name
        for name in frame["licence"].unique().to_list()
        if not taken(name or "", tuple(patterns))
    ]
    reason = pl.format("the recipe does not take its licence: {}", pl.col("licence").fill_null("-"))
    return pl.when(pl.col("licence").is_in(refused, nulls_equal=True)).then(reason)


@cache
def taken(licence: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether patterns take a licence.

    Args:
        licence: An SPDX expression (SPDX specification 3.0, annex B) or a name. Of ``A OR B`` one
            will do, of ``A AND B`` both are needed; an exception (``WITH``) adds rights only.
        patterns: As shells match file names, whatever the case; everything where empty. A licence
            without a name is taken by ``*`` alone.
    """
    if not patterns:
        return True
    from license_expression import ExpressionError, ExpressionParseError, Licensing

    try:
        tree = Licensing().parse(licence)
    except (ExpressionError, ExpressionParseError):  # a name, not an expression
        tree = None
    return _matches(licence, patterns) if tree is None else _holds(tree, patterns)


def _holds(tree: Any, patterns: tuple[str, ...]) -> bool:
    from license_expression import AND, OR, LicenseWithExceptionSymbol

    if isinstance(tree, AND):
        return all(_holds(part, patterns) for part in tree.args)
    if isinstance(tree, OR):
        return any(_holds(part, patterns) for part in tree.args)
    if isinstance(tree, LicenseWithExceptionSymbol):
        return _matches(str(tree), patterns) or _holds(tree.license_symbol, patterns)
    return _matches(str(tree.key), patterns)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    plain = _plain(name)
    return any(fnmatchcase(plain, _plain(pattern)) for pattern in patterns)


def _plain(name: str) -> str:
    return "-".join(name.casefold().split())
