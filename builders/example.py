"""Examples: what sources give, and what the steps of a recipe work on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import regex

from isogloss.hashing import xxh64

#: Columns of a source example: what a source gives before a template makes a record of it. Where a
#: source has its own ``instruction``, no template is used.
SCHEMA: dict[str, pl.DataType] = {
    "task": pl.String(),
    "language": pl.String(),
    "source_language": pl.String(),
    "instruction": pl.String(),
    "context": pl.String(),
    "input": pl.String(),
    "output": pl.String(),
    "references": pl.List(pl.String()),
    "tests": pl.String(),
    "source_id": pl.String(),
    "group": pl.String(),
    "split": pl.String(),
    "tags": pl.List(pl.String()),
    "licence": pl.String(),
    "rejected_by": pl.String(),
    "reason": pl.String(),
}


_SURROGATES = re.compile("[\ud800-\udfff]")


# A character that shows: no white space, control, joiner or filler, and not Braille's empty cell.
_SHOWN = "[^\\s\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\u2800]"


_SHOWN_IN = regex.compile(_SHOWN)


#: The tag of examples whose output is a line, such as a title: templates have words of their own for them.
SHORT = "output:title"


def examples(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return a frame of examples from rows that may leave columns out.

    ``references`` defaults to the output alone and ``tags`` to none. Half surrogate pairs, which are
    no text but can be written in JSON and YAML, are shown as the damage they are: U+FFFD.
    """
    filled = [{"references": [row["output"]], "tags": [], **row} for row in rows]
    made = pl.DataFrame(
        [column(name, [row.get(name) for row in filled], kind) for name, kind in SCHEMA.items()]
    )
    return _checked(made)


def column(name: str, values: Sequence[Any], kind: pl.DataType) -> pl.Series:
    """Return texts, or lists of them, as a column; half surrogate pairs become U+FFFD."""
    listed = isinstance(kind, pl.List)
    arrow = pa.large_list(pa.large_string()) if listed else pa.large_string()
    try:
        # Of lists, Arrow makes a column sixty times as fast as polars.
        return pl.Series(name, pl.from_arrow(pa.array(values, arrow)))
    except UnicodeEncodeError:
        return column(name, [_whole(value) for value in values], kind)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    return [_whole(one) for one in value] if isinstance(value, list) else value


def conformed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with exactly the columns of `SCHEMA`; those that it lacks are null."""
    made = frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in SCHEMA.items()
    )
    return _checked(made)


def is_blank(text: pl.Expr) -> pl.Expr:
    """Tell of each text whether nothing of it shows; null where there is none."""
    return ~text.str.contains(_SHOWN)


def blank(text: str | None) -> bool:
    """Tell whether nothing of a text shows, or there is none: `is_blank` of one text."""
    return text is None or _SHOWN_IN.search(text) is None


def _checked(frame: pl.DataFrame) -> pl.DataFrame:
    """Take what is blank for missing, whatever the source, and reject rows that lack a text.

    The answer to a question may be empty: so a source keeps one that has none, where its options say
    so.
    U+0000 is in no text, and ends one for many a program.
    """
    texts = ("instruction", "context", "input", "output")
    output, references = pl.col("output"), pl.col("references")
    nul = pl.any_horizontal(pl.col(name).str.contains("\0", literal=True) for name in texts)
    # An instruction of its own may say all, but something must.
    silent = is_blank(pl.col("input")).fill_null(True)
    silent &= is_blank(pl.col("instruction")).fill_null(True)
    unanswerable = (pl.col("task") == "qa") & (output.fill_null(" ") == "")
    kept = pl.col("rejected_by").is_null()
    found = frame.select(
        context=is_blank(pl.col("context")).fill_null(False),
        references=references.list.eval(is_blank(pl.element()).fill_null(True)).list.any(),
        nul=kept & nul.fill_null(False),
        silent=kept & silent,
        unanswered=kept & ~unanswerable & is_blank(output).fill_null(True),
    )
    if found["context"].any():
        context = pl.when(~found["context"]).then(pl.col("context"))
        frame = frame.with_columns(context.alias("context"))
    if found["references"].any():
        element = pl.element()
        good = references.list.eval(element.filter(~is_blank(element).fill_null(True)))
        left = pl.when(good.list.len() > 0).then(good).otherwise(references)
        frame = frame.with_columns(left.alias("references"))
    reasons = {
        "nul": "it holds a NUL character",
        "silent": "it has no input",
        "unanswered": "it has no output",
    }
    for name, reason in reasons.items():
        if found[name].any():
            row = {"rejected_by": "source", "reason": reason}
            frame = frame.with_columns(
                pl.when(found[name] & pl.col("rejected_by").is_null())
                .then(pl.lit(text))
                .otherwise(key)
                .alias(key)
                for key, text in row.items()
            )
    return frame


def rank(seed: int, text: pl.Expr) -> pl.Expr:
    """Return the seeded rank of a text: 64 bits of XXH64, the same on every machine for years.

    All sampling and shuffling go by it, never by the order in which examples come.
    """
    return xxh64(pl.concat_str(pl.lit(f"{seed}:"), text))
