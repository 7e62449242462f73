"""From the columns of somebody's table to the columns of a source example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl
from pydantic import model_validator

from builders.example import conformed, is_blank
from builders.readers.json import holds_fields, holds_lists
from builders.sources._base import Context, SourceOptions
from isogloss.errors import IsoglossError
from isogloss.languages import canonical, is_language, served
from isogloss.settings import Settings, unknown

# What tables call the three splits.
_SPLITS = {
    "train": "train", "training": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation",
    "test": "test",
}  # fmt: skip

# What may hold a list of texts.
_SEVERAL = ("output", "references", "tags")

# Types that are text, or that have one way to be written as such.
_TEXTUAL = (
    pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Decimal, pl.Date, pl.Datetime, pl.Time, pl.Null,
)  # fmt: skip

_MAP = getattr(pl, "Map", ())


class Columns(Settings):
    """Which column holds what.

    A dot goes inside: ``translation.de`` is a field of a struct, ``answers.text`` that field of
    every element of a list, ``messages.0.content`` an element by its number. Of a list, ``output``
    takes the first element and ``references`` all, of one column or several; ``tests`` is
    the program that checks an answer which is one; ``group`` says what must never straddle train
    and test (by default the passage, or the English side of a translation, or the input).
    ``instruction`` is the data's own, used in place of templates; the input may then be empty. An
    empty name (``instruction = ""``) says that the input is the whole prompt.
    """

    input: str
    output: str
    instruction: str | None = None
    language: str | None = None
    source_language: str | None = None
    context: str | None = None
    references: str | tuple[str, ...] | None = None
    tests: str | None = None
    id: str | None = None
    group: str | None = None
    split: str | None = None
    licence: str | None = None
    tags: str | None = None

    def wanted(self) -> list[tuple[str, bool]]:
        """Return the names of the columns, each with whether it may hold several texts."""
        return [
            (name, role in _SEVERAL)
            for role, given in self.model_dump().items()
            for name in ((given,) if isinstance(given, str) else given or ())
            if name
        ]


class MappedOptions(SourceOptions):
    """Options of a source whose rows are the columns of a table."""

    task: str
    """The task of every row."""
    columns: Columns
    """Which column holds what."""
    language: str | None = None
    """The language of every output, where no column says it."""
    source_language: str | None = None
    """The language of every input, where no column says it."""
    split: Literal["train", "validation", "test"] | None = None
    """The split of every row; by default the pipeline draws it."""

    @model_validator(mode="after")
    def _each_said_once(self) -> MappedOptions:
        for key in ("language", "source_language", "split"):
            if getattr(self, key) is not None and getattr(self.columns, key) is not None:
                raise ValueError(f"give either {key} or columns.{key}, not both")
        if self.columns.language is None and self.language is None and not self._languages_given():
            raise ValueError('say the outputs\' language: language = "de" or columns.language')
        return self

    def _languages_given(self) -> bool:
        """Tell whether something else than a constant or a column says the language."""
        return False


def constants(options: MappedOptions, context: Context) -> dict[str, str | None]:
    """Return the recipe's constant languages as canonical tags.

    Raises:
        IsoglossError: One of them is not a language tag.
    """
    return {
        key: canonical(value, where=f"{context.where}.{key}") if value else None
        for key in ("language", "source_language")
        for value in [getattr(options, key)]
    }


def mapped(
    frame: pl.DataFrame,
    options: MappedOptions,
    context: Context,
    *,
    where: str,
    ids: pl.Series,
    languages: Mapping[str, str | None],
    broken: pl.Series | None = None,
) -> pl.DataFrame:
    """Return a batch as examples.

    Args:
        frame: Rows with at least the mapped columns.
        options: The mapping.
        context: The recipe.
        where: The file or data set, to name in an error.
        ids: What identifies each row where no column does.
        languages: ``language`` and ``source_language`` of all rows, where no column says them.
        broken: Of each row, what is wrong with it; null where nothing is.

    Returns:
        As many rows in ``SCHEMA``; those without an input, output or valid language have a reason.

    Raises:
        IsoglossError: A mapped column is not there, or cannot be read as text.
    """
    picked = _picked(frame, options, where, ids, languages)
    picked = picked.with_columns(
        (
            pl.lit(_served(languages[side], context), dtype=pl.String)
            if getattr(options.columns, side) is None
            else _tags(picked[side], context)
        ).alias(f"_{side}")
        for side in ("language", "source_language")
    )
    split = pl.col("split")
    if options.columns.split is not None:
        split = split.str.to_lowercase().replace_strict(_SPLITS, default=None)
    reason = _reason(options, split)
    if broken is not None:
        reason = pl.coalesce(broken, reason)
    picked = picked.with_columns(reason.alias("reason"))
    filled = picked.with_columns(
        pl.lit(options.task).alias("task"),
        # A reason says what the tag was; the row keeps it too.
        *(pl.coalesce(f"_{side}", side).alias(side) for side in ("language", "source_language")),
        pl.col("input").fill_null(""),
        pl.col("output").fill_null(""),
        _references(options).alias("references"),
        split.alias("split"),
        pl.when(pl.col("reason").is_not_null()).then(pl.lit("source")).alias("rejected_by"),
    )
    filled = filled.with_columns(pl.col("language").fill_null("und"), _group().alias("group"))
    return conformed(filled)


def _served(tag: str | None, context: Context) -> str | None:
    return served(tag, context.languages) if tag else None


def _picked(
    frame: pl.DataFrame,
    options: MappedOptions,
    where: str,
    ids: pl.Series,
    languages: Mapping[str, str | None],
) -> pl.DataFrame:
    """Pick the mapped columns and cast them to text, or lists of text."""
    made: list[pl.Expr] = []
    for role, name in options.columns.model_dump().items():
        if role in ("references", "tags"):
            names = [name] if isinstance(name, str) else name or ()
            parts = [_texts(frame, one, where) for one in names]
            nothing = pl.lit([], dtype=pl.List(pl.String))
            made.append((pl.concat_list(parts) if parts else nothing).alias(role))
        elif role == "instruction" and name is not None:
            own = _text(frame, name, where, first=False) if name else pl.lit("")
            made.append(own.fill_null("").alias(role))  # empty: the input says all
        elif name is not None:
            made.append(_text(frame, name, where, first=role == "output").alias(role))
        else:
            constant = {**languages, "split": options.split}.get(role)
            made.append(pl.lit(constant, dtype=pl.String).alias(role))
    picked = frame.select(made)
    return picked.with_columns(pl.coalesce("id", ids.cast(pl.String)).alias("source_id"))


def _pick(frame: pl.DataFrame, name: str, where: str) -> tuple[pl.Expr, pl.DataType]:
    """Return the expression and type of a column, or of what a dotted name finds inside one."""
    if name in frame.columns:
        return pl.col(name), frame.schema[name]
    top, *parts = name.split(".")
    if top not in frame.columns:
        raise unknown("column", name, frame.columns, where=where)
    expr, kind = pl.col(top), frame.schema[top]
    for part in parts:
        if isinstance(kind, pl.Null):  # no row of this batch has any
            return pl.lit(None), kind
        if isinstance(kind, pl.List) and part.isdecimal():
            expr, kind = expr.list.get(int(part), null_on_oob=True), _inner(kind)
            continue
        struct = _inner(kind) if isinstance(kind, pl.List) else kind
        if isinstance(struct, _MAP):
            _check(struct, name, where)
        fields = {field.name: field.dtype for field in getattr(struct, "fields", [])}
        if part not in fields:
            raise unknown("field", part, [str(field) for field in fields], where=f"{where}: {name}")
        found = _instance(fields[part])
        if isinstance(kind, pl.List):
            expr = expr.list.eval(pl.element().struct.field(part))
            kind = pl.List(found)
        else:
            expr, kind = expr.struct.field(part), found
    return expr, kind


def _inner(kind: pl.List) -> pl.DataType:
    return _instance(kind.inner)


def _instance(kind: object) -> pl.DataType:
    return kind if isinstance(kind, pl.DataType) else kind()  # type: ignore[operator]


def _text(frame: pl.DataFrame, name: str, where: str, *, first: bool) -> pl.Expr:
    expr, kind = _pick(frame, name, where)
    if first and isinstance(kind, pl.List):
        inner = _inner(kind)
        _check(inner, name, where)
        return expr.list.eval(_filled(pl.element(), inner)).list.first()
    _check(kind, name, where)
    text = _cast(expr, kind)
    # Blank is missing, as null is.
    return pl.when(~is_blank(text)).then(text)


def _texts(frame: pl.DataFrame, name: str, where: str) -> pl.Expr:
    expr, kind = _pick(frame, name, where)
    if isinstance(kind, pl.List) and isinstance(_inner(kind), pl.List):
        flat = pl.element().list.explode(keep_nulls=False, empty_as_null=False)
        expr, kind = expr.list.eval(flat), _inner(kind)
    inner = _inner(kind) if isinstance(kind, pl.List) else kind
    _check(inner, name, where)
    listed = expr if isinstance(kind, pl.List) else pl.concat_list(expr)
    filled = listed.list.eval(_filled(pl.element(), inner))
    return filled.fill_null(pl.lit([], dtype=pl.List(pl.String)))


def _filled(element: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Return the elements of a list that are not blank, as text."""
    text = _cast(element, kind)
    return text.filter(~is_blank(text).fill_null(True))


def _cast(expr: pl.Expr, kind: pl.DataType) -> pl.Expr:
    # pandas writes NaN for what is missing.
    return (expr.fill_nan(None) if kind.is_float() else expr).cast(pl.String)


def _check(kind: pl.DataType, name: str, where: str) -> None:
    if isinstance(kind, pl.Struct):
        raise holds_fields([field.name for field in kind.fields], name, where)
    if isinstance(kind, (pl.List, pl.Array)):
        raise holds_lists(name, where)
    if isinstance(kind, _MAP):
        raise IsoglossError(
            f"the column {name!r} holds a map, not texts",
            where=where,
            remedy="Write its values as columns of their own",
        )
    if isinstance(kind, (pl.Binary, pl.Object)):
        raise IsoglossError(f"the column {name!r} holds bytes, not text", where=where)
    if not kind.is_numeric() and not isinstance(kind, _TEXTUAL):
        raise IsoglossError(f"the column {name!r} holds {kind}, not texts", where=where)


def _tags(values: pl.Series, context: Context) -> pl.Series:
    """Return the recipe's tag for every tag or code; null where it is not one."""
    known = {
        tag: served(tag, context.languages)
        for tag in values.unique().drop_nulls().to_list()
        if is_language(tag)
    }
    if not known:
        return pl.Series(values.name, [None] * len(values), dtype=pl.String)
    return values.replace_strict(known, default=None, return_dtype=pl.String)


def _reason(options: MappedOptions, split: pl.Expr) -> pl.Expr:
    columns = options.columns
    reasons = [pl.when(pl.col("language").is_null()).then(pl.lit("it has no language"))]
    if options.task == "translation":
        missing = pl.when(pl.col("source_language").is_null())
        reasons.append(missing.then(pl.lit("it has no source language")))
    for side in ("language", "source_language"):
        if getattr(columns, side) is not None:
            wrong = pl.col(side).is_not_null() & pl.col(f"_{side}").is_null()
            reason = f"its {side.replace('_', ' ')} '{{}}' is not a language tag"
            reasons.append(pl.when(wrong).then(pl.format(reason, pl.col(side))))
    silent = pl.col("input").is_null()
    if columns.instruction is not None:
        # An instruction of its own may say all, but something must.
        silent = (pl.col("instruction") == "") & pl.col("input").is_null()
    reasons.append(pl.when(silent).then(pl.lit("it has no input")))
    reasons.append(pl.when(pl.col("output").is_null()).then(pl.lit("it has no output")))
    if columns.split is not None:
        wrong = pl.col("split").is_not_null() & split.is_null()
        reason = "its split '{}' is not train, validation or test"
        reasons.append(pl.when(wrong).then(pl.format(reason, pl.col("split"))))
    return pl.coalesce(reasons)


def _references(options: MappedOptions) -> pl.Expr:
    """Return the output first, then the other references."""
    output = pl.concat_list(pl.col("output").fill_null(""))
    if options.columns.references is None:
        return output
    return output.list.concat("references").list.unique(maintain_order=True)


def _group() -> pl.Expr:
    """Return what keeps texts that belong together in one split."""
    own = pl.col("instruction").fill_null("")
    english = pl.col("language").str.split("-").list.first() == "en"
    translated = pl.col("source_language").is_not_null() & english
    default = (
        pl.when(pl.col("context").is_not_null())
        .then(pl.col("context"))
        # A pair both ways round, or one English text in many languages, is one group.
        .when((pl.col("task") == "translation") & translated)
        .then(pl.col("output"))
        .when(own != "")
        .then(pl.concat_str(own, "input", separator="\n"))
        .otherwise(pl.col("input"))
    )
    return pl.coalesce("group", default)
