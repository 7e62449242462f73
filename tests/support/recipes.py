"""Little recipes: a table of pairs, and a recipe that reads it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

_RECIPE = """{head}name = "{name}"
languages = [{languages}]
tasks = ["translation"]
[[sources]]
name = "ours"
kind = "files"
path = "pairs.csv"
task = "translation"
columns = {{ {columns} }}
source_language = "en"
{source}
{more}
"""


def little_recipe(
    folder: Path,
    pairs: Iterable[tuple[str, ...]],
    more: str = "",
    *,
    name: str = "little",
    languages: Iterable[str] | None = None,
    head: str = "",
    source: str = 'licence = "CC0-1.0"',
) -> Path:
    """Write ``pairs.csv`` and a ``recipe.toml`` of translations from English; return the recipe.

    Args:
        folder: Where to.
        pairs: An English text, its translation and the language of that; a fourth text of each, if
            there is one, is the pair's licence (give ``source=""`` then).
        more: What stands after the source: filters, split, mixture …
        name: The recipe's name.
        languages: Its languages, if not those of the pairs in the order they come in.
        head: Further keys of the recipe.
        source: Further keys of the source.
    """
    rows = list(pairs)
    names = ["en", "text", "lang", "licence"][: len(rows[0])]
    columns = {"input": "en", "output": "text", "language": "lang"} | {
        name: name for name in names[3:]
    }
    pl.DataFrame(rows, schema=names, orient="row").write_csv(folder / "pairs.csv")
    path = folder / "recipe.toml"
    text = _RECIPE.format(
        head=f"{head}\n" if head else "",
        name=name,
        languages=", ".join(f'"{one}"' for one in languages or dict.fromkeys(r[2] for r in rows)),
        columns=", ".join(f'{key} = "{column}"' for key, column in columns.items()),
        source=source,
        more=more,
    )
    path.write_text(text, encoding="utf-8")
    return path
