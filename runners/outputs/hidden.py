"""Characters in other people's answers that nobody sees: they are scored, and the user is warned."""

from __future__ import annotations

import polars as pl

from isogloss.console import printable, warn
from runners.outputs._lines import shown

# What a kind is called, and what finds it. Tabs and the ends of lines (a carriage return among
# them, if a line feed follows) are ordinary text.
_KINDS = {
    "control characters": r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]|\r(?:[^\n]|\z)",
    # Unicode UAX #9: embeddings, overrides and isolates, which turn the text around them.
    "bidirectional controls (U+202A to U+202E, U+2066 to U+2069)": (
        r"[\x{202A}-\x{202E}\x{2066}-\x{2069}]"
    ),
    "U+FFFD, which stands for a lone surrogate or for bytes that were no text": r"\x{FFFD}",
}


def warn_of_hidden(answers: pl.DataFrame) -> None:
    """Tell which kinds of hidden characters answers hold: a line a kind, with the first's place.

    Args:
        answers: Columns ``prediction``; ``file``, the path it is from; ``named``, the id that it
            has there; and ``line``, where it has no id.
    """
    for kind, pattern in _KINDS.items():
        with_it = answers.filter(pl.col("prediction").str.contains(pattern))
        if with_it.height:
            first = with_it.row(0, named=True)
            # An id may hold such characters itself, and so may a file's name.
            at = f":{first['line']}" if first["named"] is None else f": {shown(first['named'])}"
            place = printable(str(first["file"])) + at
            warn(
                f"{with_it.height:,} of {answers.height:,} answers hold {kind}; the first is "
                f"{place}; they are scored as they are"
            )
