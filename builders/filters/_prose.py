"""What of a text is words: placeholders, tags and addresses are in no language."""

from __future__ import annotations

import polars as pl

# In order: addresses and e-mail; tags and entities of HTML; printf's placeholders, without its
# flag of a space ("100% sure"); then those in braces, of Python, JavaScript and Jinja.
_NOT_WORDS = "|".join(
    (
        r"(?:https?|ftp)://\S+",
        r"\bwww\.\S+",
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        r"</?[A-Za-z][^<>]*>",
        r"&#?\w+;",
        r"%(?:\(\w+\)|\d+\$)?[-+#0]*\d*(?:\.\d+)?(?:hh?|ll?|[Lqjzt])?[diouxXeEfFgGcrsa]",
        r"\{\{[^{}]*\}\}",
        r"\$?\{[^{}\s]*\}",
    )
)
# Every one of these has one of those, and few texts have: looking for them is a hundred times as
# quick.
_MARKED = r"[<&%@{]|://|www\."


def words(text: pl.Expr) -> pl.Expr:
    """Return text with all that is not written in a language replaced by spaces."""
    return text.map_batches(_words, return_dtype=pl.String, is_elementwise=True)


def _words(texts: pl.Series) -> pl.Series:
    marked = texts.str.contains(_MARKED).fill_null(False)
    if not marked.any():
        return texts
    cleaned = texts.filter(marked).str.replace_all(_NOT_WORDS, " ")
    return texts.clone().scatter(marked.arg_true(), cleaned)
