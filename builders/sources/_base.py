"""What every kind of source shares: its options, its examples, and what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow as pa
import regex
from pydantic import Field

from isogloss.hashing import xxh64
from isogloss.settings import Settings

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


class Engine(Protocol):
    """What answers prompts: a model, near or far."""

    def __call__(self, model: str, prompts: Sequence[str], **settings: Any) -> list[str]:
        """Return an answer to each prompt, in order.

        Args:
            model: What users name a model by.
            prompts: Prompts.
            settings: How it answers: see `builders.engines`.
        """


class SourceOptions(Settings):
    """Options every kind of source has; a kind's ``Options`` adds its own.

    Attributes:
        name: The source's name in the records.
        kind: The kind: a module of ``builders.sources``.
        optional: Whether the recipe goes on without it where it is unavailable.
        limit: At most so many groups per (task, language, source language); None for all.
        licence: An SPDX expression or a name; required where the kind does not know it.
        version: The publisher's name for the version, where the kind does not know it (files).
        citation: What to cite, for the manifest and the card, where the kind does not know it.
        tags: Tags of all its rows. ``translated`` and ``synthetic`` say that a machine wrote them.
    """

    name: str
    kind: str
    optional: bool = False
    limit: int | None = Field(default=None, gt=0)
    licence: str | None = None
    version: str | None = None
    citation: str | None = None
    tags: tuple[str, ...] = ()


#: The tag of examples whose output is a line, such as a title: they are asked for in words of their own.
SHORT = "output:title"

#: Examples of an earlier source of the recipe, batch by batch, as its filters have let them through.
Earlier = Mapping[str, Callable[[], Iterator[pl.DataFrame]]]


@dataclass(frozen=True)
class Context:
    """What a source may need to know of the recipe it is read for.

    Attributes:
        languages: Canonical tags the recipe keeps; examples in others need not be made.
        tasks: Tasks the recipe keeps.
        folder: The folder of the recipe file, which relative paths start from.
        where: The place to name in an error, such as ``starter.toml: sources[0]``.
        seed: The recipe's seed.
        earlier: The sources before this one, for those that are made of others (a pivot, a
            back-translation). It is filled while they are read: ask it in ``frames`` only.
        engine: Answers prompts with a model, for sources that make text; None where there is none.
    """

    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    folder: Path
    where: str
    seed: int
    earlier: Earlier = field(default_factory=dict)
    engine: Engine | None = None


@dataclass(frozen=True)
class Reading:
    """An opened source.

    Attributes:
        version: The source's version as its publisher names it, or a revision.
        licence: An SPDX expression or a name.
        sha256: The hash of the content that was read.
        frames: Batches of examples in `SCHEMA`, in a fixed order.
        details: Anything else for the manifest (must be the same at every reading).
        citation: What its publisher asks to cite: BibTeX, a line or an address.
    """

    version: str
    licence: str
    sha256: str
    frames: Iterator[pl.DataFrame]
    details: dict[str, Any] = field(default_factory=dict)
    citation: str = ""


class SourceModule(Protocol):
    """What a module of ``builders.sources`` defines.

    ``LANGUAGES`` and ``LICENCE`` tell users in a line which languages it has and under what licence.
    Where ``MADE = True`` stands, too, the content is made while it is first read: it is opened again
    after that, for its hash.
    """

    Options: type[SourceOptions]
    DESCRIPTION: str
    EXAMPLE: str
    LANGUAGES: str
    LICENCE: str

    def read(self, options: Any, context: Context) -> Reading:
        """Open the source."""


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
