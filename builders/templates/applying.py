"""Making instructions of examples: each gets a template, drawn by its rank."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from builders.example import SHORT, rank
from builders.rows.rows import POSITION, Rows
from builders.templates.loading import FALLBACK, OWN, Templates
from isogloss.errors import IsoglossError
from isogloss.inorder import in_order
from isogloss.languages import describe, display_name
from isogloss.records import conform, with_ids


def template(
    rows: Rows,
    times: pl.DataFrame,
    templates: Templates,
    *,
    instruction_language: str,
    seed: int,
    where: str,
) -> Iterator[pl.DataFrame]:
    """Make the records of rows, part by part, in the order of the rows.

    Args:
        rows: The rows.
        times: ``position``, ``split`` and ``times``: how many records each row makes.
        templates: The templates.
        instruction_language: As `apply` has it.
        seed: The recipe's seed.
        where: The place to name in an error.
    """

    def make(frame: pl.DataFrame) -> list[pl.DataFrame]:
        here = times.filter(pl.col(POSITION).is_between(frame[POSITION][0], frame[POSITION][-1]))
        part = frame.drop("split").join(here, on=POSITION, maintain_order="left")
        most = int(here["times"].max() or 0)  # type: ignore[arg-type]
        return [records(part.filter(pl.col("times") > epoch), epoch) for epoch in range(most)]

    def records(part: pl.DataFrame, epoch: int) -> pl.DataFrame:
        applied = apply(
            part, templates, instruction_language=instruction_language, seed=seed, epoch=epoch
        )
        made = with_ids(conform(applied.with_columns(id=pl.lit("")), where=where))
        return made.with_columns(_distinct_ids(applied["again"]))

    for made in in_order(make, rows.batches(), rows.workers):
        yield from made


def _distinct_ids(again: pl.Series) -> pl.Expr:
    """Return ids with ``-2``, ``-3`` … where a record is there again, in the same words."""
    number = pl.lit(again + 1)
    return (
        pl.when(number > 1)
        .then(pl.format("{}-{}", pl.col("id"), number))
        .otherwise("id")
        .alias("id")
    )


def apply(
    frame: pl.DataFrame,
    templates: Templates,
    *,
    instruction_language: str,
    seed: int,
    epoch: int = 0,
) -> pl.DataFrame:
    """Make records' instructions of examples.

    Args:
        frame: Examples with the columns of ``builders.example.SCHEMA``.
        templates: The templates.
        instruction_language: ``target`` (the language of the output), ``source`` (of the input),
            or a tag.
        seed: Decides, with the example's source id and languages, which phrasing it gets: the
            same one whatever other examples there are.
        epoch: How often these examples were there before: each time they get another phrasing.

    Returns:
        The frame with instruction_language, instruction, input (with its passage), template, and
        ``again``: how often the same phrasing was there before. An example that brings its own
        instruction keeps it, and its template is ``SOURCE/own``.
    """
    own = frame["instruction"].is_not_null()
    if own.any():
        parts = [_own(frame.filter(own), epoch)]
        if not own.all():
            parts.append(
                apply(
                    frame.filter(~own),
                    templates,
                    instruction_language=instruction_language,
                    seed=seed,
                    epoch=epoch,
                )
            )
        return pl.concat(parts, how="diagonal")
    frame = frame.drop("instruction")
    wanted = {
        "target": pl.col("language"),
        "source": pl.coalesce("source_language", "language"),
    }.get(instruction_language, pl.lit(instruction_language))
    frame = frame.with_columns(
        wanted.alias("_wanted"),
        pl.when(pl.col("context").is_not_null())
        .then(pl.lit("with_context"))
        .when(pl.col("tags").list.contains(SHORT))
        .then(pl.lit("short"))
        .otherwise(pl.lit("plain"))
        .alias("kind"),
    )
    frame = frame.join(
        _served(frame, templates), on=["task", "_wanted", "kind"], how="left", maintain_order="left"
    )
    frame = frame.with_columns(
        ((_draw(seed) % pl.col("count") + epoch) % pl.col("count")).cast(pl.Int64).alias("number"),
        (epoch // pl.col("count")).cast(pl.Int64).alias("again"),
    )
    joined = frame.join(
        templates.table.drop("count"),
        left_on=["task", "instruction_language", "_served", "number"],
        right_on=["task", "language", "kind", "number"],
        how="left",
        maintain_order="left",
    )
    return (
        _named(joined)
        .with_columns(_filled("layout").alias("input"))
        .drop(
            "_wanted", "_served", "kind", "count", "number", "layout", "source_name", "target_name"
        )
    )


def _served(frame: pl.DataFrame, templates: Templates) -> pl.DataFrame:
    """Say for every (task, wanted language, kind) which language's and kind's serve, and how many.

    Where a language has none for a line, those for a text serve.
    """
    counts = {
        row[:3]: row[3]
        for row in templates.table.select("task", "language", "kind", "count").iter_rows()
    }
    rows = []
    for task, wanted, kind in frame.select("task", "_wanted", "kind").unique().iter_rows():
        kinds = ("short", "plain") if kind == "short" else (kind,)
        cells = ((task, tag, one) for tag in _candidates(wanted) for one in kinds)
        cell = next((cell for cell in cells if cell in counts), None)
        if cell is None:
            raise IsoglossError(
                f"no template for the task {task!r} ({kind}) in {wanted} or {FALLBACK}",
                remedy="Add one in a TOML file that the recipe names under templates",
            )
        rows.append((task, wanted, kind, *cell[1:], counts[cell]))
    return pl.DataFrame(
        rows,
        schema=["task", "_wanted", "kind", "instruction_language", "_served", "count"],
        orient="row",
        schema_overrides={"count": pl.UInt64},
    )


def _candidates(wanted: str) -> Iterator[str]:
    """Yield the languages whose templates may serve for a language, the best first."""
    yield wanted
    base, script = wanted.split("-")[0], describe(wanted).script
    yield f"{base}-{script}"
    # Norwegian is the two standards' common name, and most of it is written in this one.
    plain = "nb" if base == "no" else base
    if describe(plain).script == script:
        yield plain
    yield FALLBACK


def _own(frame: pl.DataFrame, epoch: int) -> pl.DataFrame:
    """Return examples that bring their own instruction: only the passage is put before the input."""
    passage = pl.col("context").is_not_null()
    return frame.with_columns(
        pl.col("language").alias("instruction_language"),
        pl.concat_str("source", pl.lit(OWN)).alias("template"),
        pl.when(passage)
        .then(pl.concat_str("context", "input", separator="\n\n"))
        .otherwise("input")
        .alias("input"),
        pl.lit(epoch, pl.Int64).alias("again"),
    )


def _draw(seed: int) -> pl.Expr:
    source = pl.col("source_language").fill_null("")
    key = pl.concat_str("source_id", "language", source, separator="\x1f", ignore_nulls=True)
    return rank(seed, key)


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill the languages' names, in the instruction's language, into the instructions."""
    keys = ["source_language", "language", "instruction_language"]
    pairs = frame.select(keys).unique()
    names = pairs.with_columns(
        pl.Series(
            f"{side}_name",
            [
                display_name(tag, instruction) if tag else ""
                for tag, instruction in pairs.select(column, "instruction_language").iter_rows()
            ],
            dtype=pl.String,
        )
        for side, column in (("source", "source_language"), ("target", "language"))
    )
    joined = frame.join(names, on=keys, how="left", nulls_equal=True, maintain_order="left")
    # Templates are ours or the user's, names are CLDR's: neither holds the other's placeholders.
    text = pl.col("instruction")
    for side in ("source", "target"):
        text = text.str.replace_all(f"{{{side}_language}}", pl.col(f"{side}_name"), literal=True)
    return joined.with_columns(text.alias("instruction"))


def _filled(layout: str) -> pl.Expr:
    """Fill an example's texts into a layout; braces inside the texts mean nothing.

    The layout is cut at its placeholders before anything is filled in.
    """
    before = pl.col(layout).str.split("{input}").list.first()
    after = pl.col(layout).str.split("{input}").list.last()
    head = before.str.split("{context}")
    passage = (
        pl.when(head.list.len() > 1)
        .then(pl.concat_str(head.list.first(), pl.col("context"), head.list.last()))
        .otherwise(before)
    )
    return pl.concat_str(passage, pl.col("input"), after)
