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


def words(text: pl.Expr) -> pl.Expr:
    """Return text with all that is not written in a language replaced by spaces."""
    return text.str.replace_all(_NOT_WORDS, " ")
