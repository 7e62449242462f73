"""Exports of a corpus for trainers that read JSON Lines or Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from builders.templates.loading import template_tasks
from isogloss.console import Progress, progress, warn
from isogloss.corpora import Corpus, DataFile, open_corpus
from isogloss.errors import IsoglossError
from isogloss.files import remove_partials_of, writing
from isogloss.languages import canonical
from isogloss.locks import held
from isogloss.records import SCHEMA, SPLITS, prompt_expr
from isogloss.settings import unknown

Layout = Literal["messages", "prompt-completion", "input-output", "trl"]

# The keys of a row, by layout.
_KEYS = {
    "messages": ("messages",),
    "prompt-completion": ("prompt", "completion"),
    "input-output": ("input", "output"),
    "trl": ("prompt", "completion"),
}

# What `datasets` reads at once of JSON Lines (5.2, packaged_modules/json), and infers types for.
_CHUNK = 10 << 20


def export(
    corpus: Path | str,
    out: Path | str,
    *,
    layout: Layout,
    split: str = "train",
    languages: Sequence[str] = (),
    tasks: Sequence[str] = (),
    columns: Sequence[str] = (),
    by_language: bool = False,
) -> int:
    """Write one split of a corpus for another trainer.

    Rows are in the corpus's order, by language and task: trainers shuffle. Memory is bounded by a
    file of the corpus.

    Args:
        corpus: A finished corpus folder.
        out: The file to write: Parquet where its name ends with ``.parquet``, otherwise JSON
            Lines. With ``by_language``, the folder to write to.
        layout: ``messages`` (chat turns with ``role`` and ``content``), ``prompt-completion`` (two
            texts), ``input-output`` (the two keys that NVIDIA NeMo reads), or ``trl`` (prompt and
            completion as chat turns: TRL's SFTTrainer then applies the chat template and puts the
            loss on the completion only).
        split: The split to export.
        languages: Only these; all where there are none.
        tasks: Only these; all where there are none.
        columns: Columns of the record to keep beside, such as ``id`` and ``language``.
        by_language: Write one file a language, as ``de.jsonl``.

    Returns:
        The number of rows. Where `datasets` would read dates in JSON Lines as timestamps, a warning
        is printed.

    Raises:
        IsoglossError: The corpus is unfinished or has nothing of what is wanted, an argument is
            wrong, or the output folder holds files that this export would not write, or another
            process is writing it.
    """
    out = Path(out)
    if layout not in get_args(Layout):
        raise unknown("layout", layout, list(get_args(Layout)), where="export")
    _check_columns(columns, layout)
    opened = open_corpus(corpus)
    wanted = _wanted(opened, split, languages, tasks)
    parts = {out: wanted}
    if by_language:
        # Files are by name, so those of a language stand together.
        groups = groupby(wanted, key=lambda file: file.language)
        parts = {out / f"{language}.jsonl": list(files) for language, files in groups}
    shown = [*_arranged(layout), *map(pl.col, columns)]
    with ExitStack() as stack:
        if by_language:
            # Two exports at once would leave languages of both.
            stack.enter_context(held(out))
            _check_folder(out, parts)
        for path in parts:
            remove_partials_of(path)
        bar = stack.enter_context(progress("exporting", sum(file.rows for file in wanted)))
        for path, files in parts.items():
            # None is renamed into place before all are written.
            partial = stack.enter_context(writing(path))
            parquet = path.suffix == ".parquet"
            _write(opened, files, shown, partial, bar, parquet=parquet)
            if not parquet and (times := _read_as_times(partial)):
                warn(
                    f"{path}: datasets.load_dataset reads {' and '.join(times)} as timestamps, not "
                    "as text, since all its texts are dates (JSON Lines cannot say which it is); "
                    "for text as it is, export to a name that ends in .parquet"
                )
    return sum(file.rows for file in wanted)


def _check_columns(columns: Sequence[str], layout: str) -> None:
    free = [name for name in SCHEMA if name not in _KEYS[layout]]
    for name in columns:
        if name not in free:
            raise unknown("column", name, free, where=f"export as {layout}")
    if len(set(columns)) < len(columns):
        raise IsoglossError("a column is named twice", where="export")


def _wanted(
    opened: Corpus, split: str, languages: Sequence[str], tasks: Sequence[str]
) -> list[DataFile]:
    if split not in SPLITS:
        raise unknown("split", split, list(SPLITS), where="export")
    known = {*template_tasks(), *(file.task for file in opened.data)}
    for task in tasks:
        if task not in known:
            raise unknown("task", task, sorted(known), where="export")
    tags = {canonical(tag, where="export") for tag in languages}
    files = [file for file in opened.data if file.split == split]
    if not files:
        raise IsoglossError(f"has no {split} split", where=opened.folder)
    present = {file.language for file in files}
    if absent := sorted(tags - present):
        raise IsoglossError(
            f"has no {absent[0]!r} in its {split} split",
            where=opened.folder,
            remedy=f"It has {', '.join(sorted(present))}",
        )
    files = [
        file
        for file in files
        if (not tags or file.language in tags) and (not tasks or file.task in tasks)
    ]
    if not files:
        named = " or ".join(tasks)
        raise IsoglossError(f"has no {named} of that in its {split} split", where=opened.folder)
    return files


def _check_folder(out: Path, parts: Iterable[Path]) -> None:
    ours = {path.name for path in parts}
    found = sorted(path.name for path in out.iterdir())
    # A language that an earlier export left there would be trained on with the others.
    others = [name for name in found if not name.startswith(".") and name not in ours]
    if others:
        raise IsoglossError(
            f"holds {others[0]}, which this export does not write",
            where=out,
            remedy="Remove it, or name another folder",
        )


def _write(
    opened: Corpus,
    files: Sequence[DataFile],
    shown: Sequence[pl.Expr],
    partial: Path,
    bar: Progress,
    *,
    parquet: bool,
) -> None:
    if parquet:
        _write_parquet(_frames(opened, files, shown, bar), partial)
        return
    with partial.open("wb") as sink:
        for frame in _frames(opened, files, shown, bar):
            frame.write_ndjson(sink)


def _read_as_times(path: Path) -> list[str]:
    """Return the names of texts that a reader which infers types takes for timestamps.

    Arrow's does where each text of a chunk is a date, with a time or without (`pyarrow.json`).
    """
    import pyarrow.json as paj

    found: dict[str, None] = {}
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            chunk += file.readline()
            options = paj.ReadOptions(block_size=len(chunk) + 1)
            schema = paj.read_json(io.BytesIO(chunk), read_options=options).schema
            found.update((name, None) for field in schema for name in _times(field, field.name))
    return list(found)


def _times(field: Any, name: str) -> Iterator[str]:
    import pyarrow as pa

    kind = field.type
    if pa.types.is_timestamp(kind):
        yield repr(name)
    elif pa.types.is_list(kind):
        yield from _times(kind.value_field, name)
    elif pa.types.is_struct(kind):
        for inner in kind:
            yield from _times(inner, f"{name}.{inner.name}")


def _frames(
    opened: Corpus, files: Sequence[DataFile], shown: Sequence[pl.Expr], bar: Progress
) -> Iterator[pl.DataFrame]:
    """Give the rows file by file: no more than one file of the corpus is ever held."""
    for file in files:
        yield opened.frame(file).select(shown)
        bar.advance(file.rows, file.language)


def _write_parquet(frames: Iterator[pl.DataFrame], partial: Path) -> None:
    import pyarrow.parquet as pq

    oldest = pl.CompatLevel.oldest()  # every reader of Parquet knows these types
    first = next(frames).to_arrow(compat_level=oldest)
    with pq.ParquetWriter(partial, first.schema, compression="zstd") as sink:
        sink.write_table(first)
        for frame in frames:
            sink.write_table(frame.to_arrow(compat_level=oldest).cast(first.schema))


def _arranged(layout: Layout) -> tuple[pl.Expr, ...]:
    """Return the expressions of a layout's keys over a record."""
    prompt, answer = prompt_expr(), pl.col("output")
    turns = [_turn("user", prompt), _turn("assistant", answer)]
    match layout:
        case "messages":
            return (pl.concat_list(turns).alias("messages"),)
        case "prompt-completion":
            return prompt, answer.alias("completion")
        case "input-output":
            return prompt.alias("input"), answer
        case "trl":
            lists = [pl.concat_list(turn) for turn in turns]
            return lists[0].alias("prompt"), lists[1].alias("completion")


def _turn(role: str, content: pl.Expr) -> pl.Expr:
    return pl.struct(pl.lit(role).alias("role"), content.alias("content"))
