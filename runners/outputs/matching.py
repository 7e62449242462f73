"""Which record each of other people's answers is for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from isogloss.console import warn
from isogloss.errors import IsoglossError
from isogloss.files import sha256_file
from isogloss.runs import files_of, is_run, read_run
from runners.outputs._lines import shown, some
from runners.outputs.hidden import warn_of_hidden
from runners.outputs.places import Part, parts
from runners.outputs.positional import Places, read_lines
from runners.outputs.tables import ANSWERS, read_table

#: Columns of answers matched to records: ``sample`` counts the answers to a record from 0.
MATCHED: dict[str, pl.DataType] = {
    "id": pl.String(),
    "sample": pl.Int64(),
    "prediction": pl.String(),
    "stop_reason": pl.String(),
}


def read_outputs(
    path: Path, records: pl.DataFrame, lines: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Read other people's answers to the records of a suite.

    Args:
        path: A text file with an answer a line (for a suite of one task and languages): one for
            each record, in the records' order, or one for each line of the data; a file of ids and answers (see `runners.outputs.tables.read_table`); a
            pattern or a folder of such files (see `runners.outputs.places.parts`); or a run folder,
            whose predictions are read. An id is a record's ``id``, or where none of a file's ids
            is one, its ``source_id``: the one that the data set itself gives it, with or without
            the file's name before ``#``.
        records: The suite's records, in `isogloss.records.SCHEMA`.
        lines: Every row of the data, those among them that the suite leaves out or does not ask;
            see `benchmarks.suites.records.Asked`. Without it a text file has a line for each record.

    Returns:
        Columns as in `MATCHED`, in the records' order, then by sample. Every record has an answer.
        The user is warned of characters that nobody sees; see `runners.outputs.hidden`.

    Raises:
        IsoglossError: A file is missing or broken; an id is unknown, or there twice; a record has
            no answer; a file by place has not as many lines as there are records.
    """
    if is_run(path):
        whole = Part(path, (), records)
        found = _by_id(whole, read_run(path).predictions)
    else:
        found = pl.concat(_answers(part, lines) for part in parts(path, records))
    _check_complete(found, records, path)
    warn_of_hidden(found)
    ordered = records.select("id").with_row_index("row").join(found, on="id", how="left")
    ordered = ordered.with_columns(
        (pl.col("sample").rank("ordinal").over("id") - 1).cast(pl.Int64).alias("sample")
    )
    _warn_of_ragged(ordered, path)
    return ordered.sort("row", "sample").select(list(MATCHED))


def fingerprint(path: Path, records: pl.DataFrame) -> dict[str, str]:
    """Return the SHA-256 of each file that `read_outputs` would read, by path.

    Raises:
        IsoglossError: A file is missing, or the run is broken.
    """
    if is_run(path):
        files: Iterable[Path] = files_of(path)
    else:
        files = [part.path for part in parts(path, records)]
    return {str(file): sha256_file(file) for file in files}


def _answers(part: Part, lines: pl.DataFrame | None) -> pl.DataFrame:
    if not part.positional:
        return _by_id(part, read_table(part.path))
    found = read_lines(part.path, Places.of(part.records, lines, part.cells[0]))
    return found.select(
        "id",
        sample=pl.lit(0, dtype=pl.Int64),
        prediction="text",
        stop_reason=pl.lit("none"),
        file=pl.lit(str(part.path)),
        named=pl.lit(None, dtype=pl.String),
        line="line",
    )


def _by_id(part: Part, answers: pl.DataFrame) -> pl.DataFrame:
    """Give answers the ids of their records."""
    given = answers.with_columns(
        pl.lit(None, dtype=kind).alias(name)
        for name, kind in ANSWERS.items()
        if name not in answers.columns
    ).select(list(ANSWERS))
    given = given.with_columns(
        pl.col("sample").fill_null(0), pl.col("stop_reason").fill_null("none")
    )
    _check_unique(given, part.path)
    names = _names(part, given)
    strange = given.join(names, on="id", how="anti")["id"].unique(maintain_order=True)
    if strange.len():
        raise IsoglossError(
            f"{strange.len():,} ids are not in the suite: {some(strange.head(4).to_list())}",
            where=part.path,
            remedy="Score these outputs on the suite whose records they answer",
        )
    return given.join(names, on="id", how="left", maintain_order="left").select(
        pl.col("record").alias("id"),
        "sample",
        "prediction",
        "stop_reason",
        pl.lit(str(part.path)).alias("file"),
        pl.col("id").alias("named"),
        pl.col("place").alias("line"),
    )


def _check_unique(answers: pl.DataFrame, path: Path) -> None:
    twice = answers.filter(pl.struct("id", "sample").is_duplicated())
    if twice.is_empty():
        return
    first = twice.row(0, named=True)
    places = twice.filter(id=first["id"], sample=first["sample"])["place"].drop_nulls().head(2)
    at = f" (at {places[0]:,} and {places[1]:,})" if places.len() == 2 else ""
    raise IsoglossError(
        f"the id {shown(first['id'])} is there twice{at}, and {twice['id'].n_unique() - 1:,} others",
        where=path,
        remedy="Several answers to one record are told apart by a whole number in 'sample'",
    )


def _names(part: Part, answers: pl.DataFrame) -> pl.DataFrame:
    """Return which record each id names: columns ``id`` and ``record``."""
    own = part.records.select("id", record="id")
    if answers.is_empty() or answers.join(own, on="id", how="semi").height:
        return own
    source = pl.col("source_id")
    for name in (source, source.str.split("#").list.last()):
        theirs = part.records.select(id=name, record="id").filter(pl.col("id").is_not_null())
        found = theirs.join(answers, on="id", how="semi")
        shared = found.filter(pl.col("id").is_duplicated())["id"]
        if shared.len():
            raise IsoglossError(
                f"the id {shown(shared[0])} is that of several records of the suite",
                where=part.path,
                remedy="Give a file for each language and a pattern, such as FOLDER/{language}.json,"
                " or the ids of the suite",
            )
        if found.height:
            return theirs.unique("id", keep="none")
    return own


def _check_complete(answers: pl.DataFrame, records: pl.DataFrame, path: Path) -> None:
    twice = answers.filter(pl.struct("id", "sample").is_duplicated())["id"]
    if twice.len():
        raise IsoglossError(f"two files answer the record {shown(twice[0])}", where=path)
    missing = records.join(answers, on="id", how="anti")
    if missing.is_empty():
        return
    count = records.group_by("language", maintain_order=True).len()
    left = missing.group_by("language", maintain_order=True).len()
    without = count.join(left, on=["language", "len"], how="semi", maintain_order="left")
    none = (
        f"; there is no prediction at all for {', '.join(without['language'])}"
        if without.height
        else ""
    )
    raise IsoglossError(
        f"{missing.height:,} of the suite's {records.height:,} records have no prediction: "
        f"{some(missing['id'].head(4).to_list())}{none}",
        where=path,
        remedy="Give every record a prediction; an empty text if there is none",
    )


def _warn_of_ragged(answers: pl.DataFrame, path: Path) -> None:
    counts = answers.group_by("id").len()["len"]
    if counts.n_unique() > 1:
        few, *_, many = sorted(counts.to_list())
        warn(f"{path}: records have {few} to {many} answers each")
